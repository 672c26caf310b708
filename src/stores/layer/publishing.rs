//! The port to publishing, layered.

use crate::domain::event::Stamp;
use crate::domain::{Post, PostId, Timestamp, UserId};
use crate::ports::{Changed, Idempotency, LikeWish, LikesSet, NewPost, PostChanges, Published, Role};
use crate::stores::layer::layered;

layered! {
    PublishingStore for Role::Posts;
    write fn publish(&self, post: &NewPost, idempotency: Option<&Idempotency>, stamp: Stamp) -> Published;
    write fn edit(&self, post: PostId, author: UserId, changes: &PostChanges, expected_revision: Option<u32>, stamp: Stamp) -> Changed<Post>;
    write fn delete(&self, post: PostId, author: UserId, stamp: Stamp) -> Changed<()>;
    set fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> Option<LikesSet>;
    set fn close_author(&self, user: UserId) -> ();
    set fn sweep_keys(&self, now: Timestamp) -> u64;
}
