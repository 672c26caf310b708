//! The port to the store that owns users and follows.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::{Backend, Recount, StoreResult, Touch};
use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{
    ByCount, ByHandle, ByTime, FollowedUser, Page, Period, Slice, Suggestion, Timestamp, User, UserId,
};

/// Users and follows: one owner of this truth.
///
/// Lists of relations are newest first, ties by the other user's id, descending. Methods that take several users are
/// batches: one round trip for all of them, each with its own page of the same size and position.
#[async_trait]
pub trait UserStore: Backend {
    /// The users with these ids. Ids may repeat; unknown ones are left out.
    async fn users_by_id(&self, ids: &[UserId]) -> StoreResult<HashMap<UserId, User>>;

    /// The users with these handles. Unknown ones are left out.
    async fn users_by_handle(&self, handles: &[Handle]) -> StoreResult<HashMap<Handle, User>>;

    /// A page of all users, newest first (by id, descending).
    async fn users_newest(&self, page: &Page<UserId>) -> StoreResult<Slice<User>>;

    /// A page of all users by handle, ascending, compared byte by byte.
    async fn users_by_handle_order(&self, page: &Page<ByHandle>) -> StoreResult<Slice<User>>;

    /// A page of all users, most followed first, ties by id, descending.
    async fn users_most_followed(&self, page: &Page<ByCount>) -> StoreResult<Slice<User>>;

    /// How many users there are, exactly.
    async fn count_users(&self) -> StoreResult<u64>;

    /// A page of the followers of each user, with their users.
    async fn followers(&self, of: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>>;

    /// A page of those whom each user follows, with their users.
    async fn following(&self, by: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>>;

    /// A page of those followers of each user whom `viewer` follows, by when they followed that user.
    async fn mutual_followers(
        &self,
        viewer: UserId,
        of: &[UserId],
        page: &Page<ByTime>,
    ) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>>;

    /// How many followers of each user `viewer` follows, exactly. Users without any are left out.
    async fn count_mutual_followers(&self, viewer: UserId, of: &[UserId]) -> StoreResult<HashMap<UserId, u64>>;

    /// Which of `users` are followed by `viewer`.
    async fn followed_by(&self, viewer: UserId, users: &[UserId]) -> StoreResult<HashSet<UserId>>;

    /// Which of `users` follow `viewer`.
    async fn followers_among(&self, viewer: UserId, users: &[UserId]) -> StoreResult<HashSet<UserId>>;

    /// The ids of all whom `user` follows, in no particular order.
    async fn followees(&self, user: UserId) -> StoreResult<Vec<UserId>>;

    /// Those followed by those whom `viewer` follows, but not `viewer` nor whom they follow already: by how many,
    /// descending, ties by id, descending; at most `limit`.
    async fn suggestions(&self, viewer: UserId, limit: u32) -> StoreResult<Vec<Suggestion>>;

    /// For each user, those whom `viewer` follows and who follow that user (what makes them a suggestion), newest
    /// follow first; at most `limit` for each.
    async fn mutuals(&self, viewer: UserId, of: &[UserId], limit: u32) -> StoreResult<HashMap<UserId, Vec<User>>>;

    /// Users created in the period in whose handle, name and bio together each of `words` occurs, be it within another
    /// word, newest first; `limit` of them after `after`: what may match a search, where no index is there to say. Case
    /// is ignored, at least that of ASCII letters. It may read all users.
    async fn users_with(
        &self,
        words: &[String],
        period: Period,
        after: Option<UserId>,
        limit: u32,
    ) -> StoreResult<Vec<User>>;

    /// All users in ascending order of id, `limit` of them after `after`: for jobs that walk the whole truth.
    async fn scan_users(&self, after: Option<UserId>, limit: u32) -> StoreResult<Vec<User>>;

    /// Counts the follows of these users again, `followersCount` and `followingCount` of each: to check what is kept.
    async fn recount_users(&self, users: &[UserId]) -> StoreResult<Vec<Recount<UserId>>>;

    /// Sets the counts of these users to what is counted, and leaves `user.updated` for each that is there.
    async fn fix_user_counts(&self, users: &[(UserId, Stamp)]) -> StoreResult<()>;

    /// Leaves these events in the outbox, in one transaction that raises the versions of the users who are there above
    /// what each [`Touch`] says, closed accounts included.
    async fn touch_users(&self, touches: &[Touch]) -> StoreResult<()>;

    /// Adds users that are not there yet (by id), in one transaction. Returns how many were new.
    async fn insert_users(&self, users: &[NewUser]) -> StoreResult<u64>;

    /// Adds follows that are not there yet and counts them on both sides, in one transaction. Returns how many were
    /// new.
    async fn insert_follows(&self, follows: &[NewFollow]) -> StoreResult<u64>;
}

/// A user to be stored.
#[derive(Clone)]
pub struct NewUser {
    /// Their identity.
    pub id: UserId,
    /// Unique.
    pub handle: Handle,
    /// The name they go by.
    pub name: String,
    /// What they say of themselves.
    pub bio: Option<String>,
    /// Unique without regard to case.
    pub email: String,
    /// The password's hash as a PHC string; `None` for those who can't sign in with one.
    pub password_hash: Option<String>,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// A follow to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewFollow {
    /// Who follows.
    pub follower: UserId,
    /// Whom.
    pub followed: UserId,
    /// Since when.
    pub created_at: Timestamp,
}
