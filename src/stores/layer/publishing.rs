//! The port to publishing, layered.

use crate::domain::event::Stamp;
use crate::domain::{Post, PostId, Timestamp, UserId};
use crate::ports::{Changed, Idempotency, LikeWish, LikesSet, NewPost, PostChanges, Published, Role};
use crate::stores::layer::layered;

layered! {
    PublishingStore for Role::Posts;
    fn publish(&self, post: &NewPost, idempotency: Option<&Idempotency>, stamp: Stamp) -> Published;
    fn edit(&self, post: PostId, author: UserId, changes: &PostChanges, expected_revision: Option<u32>, stamp: Stamp) -> Changed<Post>;
    fn delete(&self, post: PostId, author: UserId, stamp: Stamp) -> Changed<()>;
    fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> Option<LikesSet>;
    fn close_author(&self, user: UserId) -> ();
    fn sweep_keys(&self, now: Timestamp) -> u64;
}
