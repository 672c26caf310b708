//! What is read of users.

use std::collections::{HashMap, HashSet};
use std::iter::once;

use super::noted;
use crate::domain::Tag::{AnyFollow, Closures, Followers, Following, FreeHandles, HandleOrder, Users};
use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{ByCount, ByHandle, ByTime, FollowedUser, Page, Period, Slice, Suggestion, Tag, User, UserId};
use crate::ports::{NewFollow, NewUser, Recount, Touch};

noted! {
    UserStore;
    read fn users_by_id(&self, ids: &[UserId]) -> HashMap<UserId, User>,
        reads |_| each(ids, Tag::User).chain([Closures]);
    read fn users_by_handle(&self, handles: &[Handle]) -> HashMap<Handle, User>,
        // A handle that is in use is free for nobody else until that user changes.
        reads |found| once(Closures).chain(handles.iter().any(|handle| !found.contains_key(handle)).then_some(FreeHandles));
    read fn users_newest(&self, page: &Page<UserId>) -> Slice<User>,
        reads |_| [Users, Closures];
    read fn users_by_handle_order(&self, page: &Page<ByHandle>) -> Slice<User>,
        reads |_| [Users, HandleOrder, Closures];
    read fn users_most_followed(&self, page: &Page<ByCount>) -> Slice<User>,
        reads |_| [Users, AnyFollow, Closures];
    read fn count_users(&self) -> u64,
        reads |_| [Users, Closures];
    read fn followers(&self, of: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>,
        reads |_| each(of, Followers).chain([Closures]);
    read fn following(&self, by: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>,
        reads |_| each(by, Following).chain([Closures]);
    read fn mutual_followers(&self, viewer: UserId, of: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>,
        reads |_| each(of, Followers).chain([Following(viewer), Closures]);
    read fn count_mutual_followers(&self, viewer: UserId, of: &[UserId]) -> HashMap<UserId, u64>,
        reads |_| each(of, Followers).chain([Following(viewer), Closures]);
    read fn followed_by(&self, viewer: UserId, users: &[UserId]) -> HashSet<UserId>,
        reads |_| [Following(viewer), Closures];
    read fn followers_among(&self, viewer: UserId, users: &[UserId]) -> HashSet<UserId>,
        reads |_| [Followers(viewer), Closures];
    read fn followees(&self, user: UserId) -> Vec<UserId>,
        reads |_| [Following(user), Closures];
    read fn suggestions(&self, viewer: UserId, limit: u32) -> Vec<Suggestion>,
        // Whom those follow whom the viewer follows: the answer does not say who they are.
        reads |_| [AnyFollow, Closures];
    read fn mutuals(&self, viewer: UserId, of: &[UserId], limit: u32) -> HashMap<UserId, Vec<User>>,
        reads |_| each(of, Followers).chain([Following(viewer), Closures]);
    job fn users_with(&self, words: &[String], period: Period, after: Option<UserId>, limit: u32) -> Vec<User>;
    job fn scan_users(&self, after: Option<UserId>, limit: u32) -> Vec<User>;
    job fn recount_users(&self, users: &[UserId]) -> Vec<Recount<UserId>>;
    job fn fix_user_counts(&self, users: &[(UserId, Stamp)]) -> ();
    job fn touch_users(&self, touches: &[Touch]) -> ();
    job fn insert_users(&self, users: &[NewUser]) -> u64;
    job fn insert_follows(&self, follows: &[NewFollow]) -> u64;
}

fn each(users: &[UserId], tag: fn(UserId) -> Tag) -> impl Iterator<Item = Tag> + use<'_> {
    users.iter().copied().map(tag)
}
