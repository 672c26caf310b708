//! The port to users, layered.

use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{ByCount, ByHandle, ByTime, FollowedUser, Page, Slice, Suggestion, User, UserId};
use crate::ports::{NewFollow, NewUser, Recount, Role, Touch};
use crate::stores::layer::layered;
use std::collections::{HashMap, HashSet};

layered! {
    UserStore for Role::Users;
    fn users_by_id(&self, ids: &[UserId]) -> HashMap<UserId, User>;
    fn users_by_handle(&self, handles: &[Handle]) -> HashMap<Handle, User>;
    fn users_newest(&self, page: &Page<UserId>) -> Slice<User>;
    fn users_by_handle_order(&self, page: &Page<ByHandle>) -> Slice<User>;
    fn users_most_followed(&self, page: &Page<ByCount>) -> Slice<User>;
    fn count_users(&self) -> u64;
    fn followers(&self, of: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>;
    fn following(&self, by: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>;
    fn mutual_followers(&self, viewer: UserId, of: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<FollowedUser>>;
    fn count_mutual_followers(&self, viewer: UserId, of: &[UserId]) -> HashMap<UserId, u64>;
    fn followed_by(&self, viewer: UserId, users: &[UserId]) -> HashSet<UserId>;
    fn followers_among(&self, viewer: UserId, users: &[UserId]) -> HashSet<UserId>;
    fn followees(&self, user: UserId) -> Vec<UserId>;
    fn suggestions(&self, viewer: UserId, limit: u32) -> Vec<Suggestion>;
    fn mutuals(&self, viewer: UserId, of: &[UserId], limit: u32) -> HashMap<UserId, Vec<User>>;
    fn scan_users(&self, after: Option<UserId>, limit: u32) -> Vec<User>;
    fn recount_users(&self, users: &[UserId]) -> Vec<Recount<UserId>>;
    fn fix_user_counts(&self, users: &[(UserId, Stamp)]) -> ();
    fn touch_users(&self, touches: &[Touch]) -> ();
    fn insert_users(&self, users: &[NewUser]) -> u64;
    fn insert_follows(&self, follows: &[NewFollow]) -> u64;
}
