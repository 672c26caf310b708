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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::UserId;
    use crate::domain::input::UserErrorCode::{Conflict, Forbidden, NotFound, Required, TooLong};
    use crate::services::testing::{MemoryPosts, stamps};

    fn publishing() -> Publishing {
        Publishing::new(Arc::new(MemoryPosts::default()), stamps())
    }

    fn who(n: u128) -> SignedIn {
        SignedIn::internally(UserId(Uuid::from_u128(n)))
    }

    fn input(title: &str, key: Option<&str>) -> NewPostInput {
        let idempotency_key = key.map(ToOwned::to_owned);
        NewPostInput { title: title.to_owned(), content: "A text".to_owned(), idempotency_key }
    }

    fn done<T>(result: ServiceResult<T>) -> T {
        result.expect("no fault").unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn refused<T>(result: ServiceResult<T>) -> Vec<(UserErrorCode, &'static str)> {
        let errors = result.expect("no fault").err().expect("it is refused");
        errors.into_iter().map(|error| (error.code, error.path[0])).collect()
    }

    #[tokio::test]
    async fn the_same_key_is_the_same_post() {
        let publishing = publishing();
        let post = done(publishing.create_post(who(1), input("A title", Some("key"))).await);
        let again = done(publishing.create_post(who(1), input(" A title\n", Some("key"))).await);
        assert_eq!(again.id, post.id, "what is normalised away makes no other post");
        let others = done(publishing.create_post(who(2), input("A title", Some("key"))).await);
        assert_ne!(others.id, post.id);
        let other = publishing.create_post(who(1), input("Another", Some("key"))).await;
        assert_eq!(refused(other), [(Conflict, "idempotencyKey")]);
        done(publishing.delete_post(who(1), post.id).await);
        let gone = publishing.create_post(who(1), input("A title", Some("key"))).await;
        assert_eq!(refused(gone), [(Conflict, "idempotencyKey")]);
    }

    #[test]
    fn where_the_title_ends_is_part_of_the_fingerprint() {
        let of = |title: &str, content: &str| {
            fingerprint(&PostText { title: title.to_owned(), content: content.to_owned() })
        };
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_eq!(of("ab", "c"), of("ab", "c"));
    }

    #[tokio::test]
    async fn a_post_is_changed_by_its_author_and_at_the_revision_that_is_meant() {
        let publishing = publishing();
        let post = done(publishing.create_post(who(1), input("A title", None)).await).id;
        let edit = |title: &str, expected_revision| PostEditInput {
            title: Some(title.to_owned()),
            content: None,
            expected_revision,
        };
        let changed = done(publishing.update_post(who(1), post, edit(" Another ", Some(1))).await);
        assert_eq!((changed.title.as_str(), changed.revision), ("Another", 2));
        for behind in [1, 0, -1, 3] {
            let behind = publishing.update_post(who(1), post, edit("A third", Some(behind))).await;
            assert_eq!(refused(behind), [(Conflict, "expectedRevision")]);
        }
        let long = "x".repeat(201);
        assert_eq!(refused(publishing.update_post(who(1), post, edit(&long, None)).await), [(TooLong, "title")]);
        assert_eq!(refused(publishing.update_post(who(2), post, edit("Mine", None)).await), [(Forbidden, "id")]);
        assert_eq!(refused(publishing.delete_post(who(2), post).await), [(Forbidden, "id")]);
        assert_eq!(done(publishing.delete_post(who(1), post).await), post);
        assert_eq!(refused(publishing.delete_post(who(1), post).await), [(NotFound, "id")]);
        assert_eq!(refused(publishing.update_post(who(1), post, edit("Late", None)).await), [(NotFound, "id")]);
        assert_eq!(refused(publishing.create_post(who(1), input("", None)).await), [(Required, "title")]);
    }

    #[tokio::test]
    async fn a_like_is_given_once_and_taken_back_once() {
        let publishing = publishing();
        let post = done(publishing.create_post(who(1), input("A title", None)).await).id;
        let id = LikeId { post, user: who(1).id() };
        for _ in 0..2 {
            let liked = done(publishing.like(who(1), post).await);
            assert_eq!((liked.post.like_count, liked.like.id, liked.like.author), (1, id, who(1).id()));
        }
        let taken_back = done(publishing.unlike(who(1), post).await);
        assert_eq!((taken_back.post.like_count, taken_back.deleted), (0, Some(id)));
        assert_eq!(done(publishing.unlike(who(1), post).await).deleted, None);
        let nowhere = PostId(Uuid::nil());
        assert_eq!(refused(publishing.like(who(1), nowhere).await), [(NotFound, "postId")]);
        assert_eq!(refused(publishing.unlike(who(1), nowhere).await), [(NotFound, "postId")]);
    }

    #[tokio::test]
    async fn a_closed_account_publishes_and_likes_no_more_but_its_likes_can_go() {
        let publishing = publishing();
        let post = done(publishing.create_post(who(1), input("A title", None)).await).id;
        done(publishing.like(who(2), post).await);
        publishing.close_author(who(2)).await.expect("memory answers");
        let refused = publishing.create_post(who(2), input("A title", None)).await;
        assert!(matches!(refused, Err(ServiceError::AccountClosed)));
        assert!(matches!(publishing.like(who(2), post).await, Err(ServiceError::AccountClosed)));
        assert!(done(publishing.unlike(who(2), post).await).deleted.is_some());
    }
}
