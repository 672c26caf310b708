//! The port to users, layered.

use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{ByCount, ByHandle, ByTime, FollowedUser, Page, Period, Slice, Suggestion, User, UserId};
use crate::ports::{NewFollow, NewUser, Recount, Role, Touch};
use crate::stores::layer::layered;
use std::collections::{HashMap, HashSet};

layered! {
    UserStore for Role::Users;
    read fn users_by_id(&self, ids: &[UserId]) -> HashMap<UserId, User>;
    read fn users_by_handle(&self, handles: &[Handle]) -> HashMap<Handle, User>;
    read fn users_newest(&self, page: &Page<UserId>) -> Slice<User>;
    read fn users_by_handle_order(&self, page: &Page<ByHandle>) -> Slice<User>;
    read fn users_most_followed(&self, page: &Page<ByCount>) -> Slice<User>;
    read fn count_users(&self) -> u64;
    read fn followers(&self, of: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>;
    read fn following(&self, by: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>;
    read fn mutual_followers(&self, viewer: UserId, of: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>;
    read fn count_mutual_followers(&self, viewer: UserId, of: &[UserId]) -> HashMap<UserId, u64>;
    read fn followed_by(&self, viewer: UserId, users: &[UserId]) -> HashSet<UserId>;
    read fn followers_among(&self, viewer: UserId, users: &[UserId]) -> HashSet<UserId>;
    read fn followees(&self, user: UserId) -> Vec<UserId>;
    read fn suggestions(&self, viewer: UserId, limit: u32) -> Vec<Suggestion>;
    read fn mutuals(&self, viewer: UserId, of: &[UserId], limit: u32) -> HashMap<UserId, Vec<User>>;
    scan fn users_with(&self, words: &[String], period: Period, after: Option<UserId>, limit: u32) -> Vec<User>;
    read fn scan_users(&self, after: Option<UserId>, limit: u32) -> Vec<User>;
    read fn recount_users(&self, users: &[UserId]) -> Vec<Recount<UserId>>;
    write fn fix_user_counts(&self, users: &[(UserId, Stamp)]) -> ();
    write fn touch_users(&self, touches: &[Touch]) -> ();
    write fn insert_users(&self, users: &[NewUser]) -> u64;
    write fn insert_follows(&self, follows: &[NewFollow]) -> u64;
}
