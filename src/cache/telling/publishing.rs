//! Posts and likes, told to the cache.

use async_trait::async_trait;

use super::{Telling, tags_of};
use crate::domain::event::{Happened, Stamp};
use crate::domain::tag::Tag;
use crate::domain::{Post, PostId, Timestamp, UserId};
use crate::ports::{
    Backend, Changed, Idempotency, LikeWish, LikesSet, NewPost, PostChanges, Published, PublishingStore, Role,
    StoreResult,
};

#[async_trait]
impl Backend for Telling<dyn PublishingStore> {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.store.check().await
    }
}

#[async_trait]
impl PublishingStore for Telling<dyn PublishingStore> {
    async fn publish(&self, post: &NewPost, idempotency: Option<&Idempotency>, stamp: Stamp) -> StoreResult<Published> {
        let published = self.store.publish(post, idempotency, stamp).await?;
        if let Published::New(post) | Published::Before(post) = &published {
            let created = Happened::PostCreated { author: post.author.0 };
            self.settle(Role::Posts, tags_of(stamp, post.id, created)).await?;
        }
        Ok(published)
    }

    async fn edit(
        &self,
        post: PostId,
        author: UserId,
        changes: &PostChanges,
        expected_revision: Option<u32>,
        stamp: Stamp,
    ) -> StoreResult<Changed<Post>> {
        let changed = self.store.edit(post, author, changes, expected_revision, stamp).await?;
        if let Changed::Done(_) = changed {
            let updated = Happened::PostUpdated { author: author.0 };
            self.settle(Role::Posts, tags_of(stamp, post, updated)).await?;
        }
        Ok(changed)
    }

    async fn delete(&self, post: PostId, author: UserId, stamp: Stamp) -> StoreResult<Changed<()>> {
        let changed = self.store.delete(post, author, stamp).await?;
        // One that is not there may be one that this author has just deleted.
        if let Changed::Done(()) | Changed::NotFound = changed {
            let deleted = Happened::PostDeleted { author: author.0 };
            self.settle(Role::Posts, tags_of(stamp, post, deleted)).await?;
        }
        Ok(changed)
    }

    async fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> StoreResult<Option<LikesSet>> {
        let set = self.store.set_likes(post, wishes).await?;
        if let Some(LikesSet { post, .. }) = &set {
            let tags: Vec<Tag> = wishes
                .iter()
                .flat_map(|wish| {
                    let liked = Happened::PostLiked { author: post.author.0, user: wish.user.0 };
                    tags_of(wish.stamp, post.id, liked)
                })
                .collect();
            self.settle(Role::Posts, tags).await?;
        }
        Ok(set)
    }

    /// Changes what can be written, and nothing that is read.
    async fn close_author(&self, user: UserId) -> StoreResult<()> {
        self.store.close_author(user).await
    }

    async fn sweep_keys(&self, now: Timestamp) -> StoreResult<u64> {
        self.store.sweep_keys(now).await
    }
}
