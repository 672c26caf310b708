//! Publishing posts, changing them, and liking those of others or one's own.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::likes::{Granted, GroupCommit};
use super::outcome::{Outcome, ServiceError, ServiceResult};
use super::stamps::Stamps;
use crate::domain::input::{NewPostInput, PostEditInput, PostText, UserError, UserErrorCode};
use crate::domain::{Like, LikeId, Post, PostId, SignedIn, Timestamp};
use crate::ports::{
    Changed, Idempotency, LikeOutcome, LikeWish, NewPost, PostChanges, Published, PublishingStore, Role, StoreError,
    StoreResult,
};

/// How long an idempotency key is kept.
pub const KEYS_ARE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A post that the viewer likes now.
#[derive(Debug, Clone)]
pub struct Liked {
    /// The post.
    pub post: Arc<Post>,
    /// The like, whether it is new or not.
    pub like: Like,
}

/// A post that the viewer does not like any more.
#[derive(Debug, Clone)]
pub struct Unliked {
    /// The post.
    pub post: Arc<Post>,
    /// The like that was taken back, if there was one.
    pub deleted: Option<LikeId>,
}

/// The use cases of posts and likes. Cheap to clone.
#[derive(Clone)]
pub struct Publishing {
    store: Arc<dyn PublishingStore>,
    likes: GroupCommit,
    stamps: Stamps,
}

impl Publishing {
    /// Posts and likes that `store` keeps.
    pub fn new(store: Arc<dyn PublishingStore>, stamps: Stamps) -> Self {
        Self { likes: GroupCommit::new(Arc::clone(&store)), store, stamps }
    }

    /// Publishes a post. With an idempotency key, publishing it again gives the same post.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn create_post(&self, who: SignedIn, input: NewPostInput) -> ServiceResult<Post> {
        let (text, key) = match input.check() {
            Ok(checked) => checked,
            Err(errors) => return Ok(Err(errors)),
        };
        let created_at = self.stamps.now();
        let idempotency = key.map(|key| Idempotency {
            key: key.as_str().to_owned(),
            fingerprint: fingerprint(&text),
            not_before: keys_count_from(created_at),
        });
        let id = PostId(self.stamps.id(created_at));
        let post = NewPost { id, author: who.id(), title: text.title, content: text.content, created_at };
        match self.store.publish(&post, idempotency.as_ref(), self.stamps.stamp()).await? {
            Published::New(post) | Published::Before(post) => Ok(Ok(post)),
            Published::Gone => {
                let message = "The post that was published with this key has been deleted. Use another key.";
                Ok(refused(UserErrorCode::Conflict, "idempotencyKey", message))
            }
            Published::KeyInUse => {
                let message = "This key was used for another post. Use another key.";
                Ok(refused(UserErrorCode::Conflict, "idempotencyKey", message))
            }
            Published::AuthorClosed => Err(ServiceError::AccountClosed),
        }
    }

    /// Edits a post of whoever is signed in.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn update_post(&self, who: SignedIn, post: PostId, input: PostEditInput) -> ServiceResult<Post> {
        let edit = match input.check() {
            Ok(edit) => edit,
            Err(errors) => return Ok(Err(errors)),
        };
        let changes = PostChanges { title: edit.title, content: edit.content };
        let stamp = self.stamps.stamp();
        changed(self.store.edit(post, who.id(), &changes, edit.expected_revision, stamp).await?)
    }

    /// Deletes a post of whoever is signed in, with all of its likes.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn delete_post(&self, who: SignedIn, post: PostId) -> ServiceResult<PostId> {
        let deleted = changed(self.store.delete(post, who.id(), self.stamps.stamp()).await?)?;
        Ok(deleted.map(|()| post))
    }

    /// Likes a post. Done again it changes nothing.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn like(&self, who: SignedIn, post: PostId) -> ServiceResult<Liked> {
        let Some(Granted { post, outcome }) = self.wish(who, post, true).await? else { return Ok(no_such_post()) };
        match outcome {
            LikeOutcome::Liked(created_at) => {
                let like = Like { id: LikeId { post: post.id, user: who.id() }, author: post.author, created_at };
                Ok(Ok(Liked { post, like }))
            }
            LikeOutcome::UserClosed => Err(ServiceError::AccountClosed),
            LikeOutcome::Unliked(_) | LikeOutcome::WasNotLiked => Err(other_wish()),
        }
    }

    /// Likes a post no more. Done again it changes nothing.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn unlike(&self, who: SignedIn, post: PostId) -> ServiceResult<Unliked> {
        let Some(Granted { post, outcome }) = self.wish(who, post, false).await? else { return Ok(no_such_post()) };
        match outcome {
            LikeOutcome::Unliked(like) => Ok(Ok(Unliked { post, deleted: Some(like) })),
            LikeOutcome::WasNotLiked => Ok(Ok(Unliked { post, deleted: None })),
            LikeOutcome::UserClosed => Err(ServiceError::AccountClosed),
            LikeOutcome::Liked(_) => Err(other_wish()),
        }
    }

    /// Lets an account publish, edit and like no more: a step of its [deletion](super::deletion).
    ///
    /// # Errors
    /// That of the store.
    pub async fn close_author(&self, who: SignedIn) -> StoreResult<()> {
        self.store.close_author(who.id()).await
    }

    async fn wish(&self, who: SignedIn, post: PostId, like: bool) -> Result<Option<Granted>, ServiceError> {
        let wish = LikeWish { user: who.id(), like, stamp: self.stamps.stamp() };
        Ok(self.likes.grant(post, wish).await?)
    }
}

/// Idempotency keys from before this moment count no more at `now`.
pub fn keys_count_from(now: Timestamp) -> Timestamp {
    let kept = i64::try_from(KEYS_ARE_KEPT.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.millis().saturating_sub(kept))
}

/// Tells whether two posts are the same to whoever publishes: the title's length keeps the two parts apart.
fn fingerprint(text: &PostText) -> [u8; 32] {
    let length = u64::try_from(text.title.len()).unwrap_or(u64::MAX);
    let hash = Sha256::new().chain_update(length.to_be_bytes());
    hash.chain_update(&text.title).chain_update(&text.content).finalize().into()
}

fn changed<T>(changed: Changed<T>) -> ServiceResult<T> {
    match changed {
        Changed::Done(done) => Ok(Ok(done)),
        Changed::NotFound => Ok(refused(UserErrorCode::NotFound, "id", "There is no such post.")),
        Changed::NotTheirs => Ok(refused(UserErrorCode::Forbidden, "id", "This post is somebody else's.")),
        Changed::OtherRevision => {
            let message = "The post was changed meanwhile. Read it again.";
            Ok(refused(UserErrorCode::Conflict, "expectedRevision", message))
        }
        Changed::AuthorClosed => Err(ServiceError::AccountClosed),
    }
}

fn no_such_post<T>() -> Outcome<T> {
    refused(UserErrorCode::NotFound, "postId", "There is no such post.")
}

fn refused<T>(code: UserErrorCode, field: &'static str, message: &str) -> Outcome<T> {
    Err(vec![UserError::new(code, field, message)])
}

fn other_wish() -> ServiceError {
    StoreError::internal(Role::Posts, "the outcome is that of another wish").into()
}
