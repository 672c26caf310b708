//! [`PublishingStore`] in SQL.
//!
//! Each write is one transaction, tried again a few times where it loses against others. Whether an account is closed
//! is read under the lock of its counts, which closing it takes, too: of two that race, one is wholly before the
//! other.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::connect::Sql;
use super::db::{Db, Writing};
use super::outbox::leave;
use super::publishing_likes::set_likes;
use super::queries::publishing::{self as queries, Difference};
use super::retry::retried;
use super::rows::Columns;
use crate::domain::event::{Happened, Stamp};
use crate::domain::{Post, PostFields, PostId, Timestamp, UserId};
use crate::ports::{
    Backend, Changed, Idempotency, LikeWish, LikesSet, NewPost, PostChanges, Published, PublishingStore, Role,
    StoreResult,
};

/// How many keys are forgotten at once.
const SWEEP: u32 = 1_000;

/// Posts and likes in PostgreSQL or SQLite, as their owners change them.
pub struct SqlPublishing {
    db: Db,
}

impl SqlPublishing {
    /// The adapter over this pool.
    pub fn new(sql: Arc<Sql>) -> Self {
        Self { db: Db::new(sql, Role::Posts) }
    }

    async fn try_publish(
        &self,
        new: &NewPost,
        idempotency: Option<&Idempotency>,
        stamp: Stamp,
    ) -> StoreResult<Published> {
        let dialect = self.db.dialect();
        let writing = self.db.begin().await?;
        // Holding the author's lock, nobody else publishes with the same key.
        if lock_stats(&writing, &[new.author]).await?.contains(&new.author) {
            return Ok(Published::AuthorClosed);
        }
        if let Some(idempotency) = idempotency {
            if let Some(before) = published_before(&writing, new.author, idempotency).await? {
                return Ok(before);
            }
            writing.run(queries::use_key(dialect, new.author, idempotency, new.id, stamp.at)).await?;
        }
        let inserted: Vec<UserId> =
            writing.rows(super::queries::insert_posts(dialect, std::slice::from_ref(new)), Columns::id).await?;
        if inserted.is_empty() {
            return Err(writing.internal(format!("the id {} is another post's", new.id)));
        }
        let counted = BTreeMap::from([(new.author, Difference { posts: 1, likes: 0 })]);
        writing.run(queries::count_for(dialect, &counted)).await?;
        let post = Post {
            id: new.id,
            author: new.author,
            title: new.title.clone(),
            content: Some(new.content.clone()),
            created_at: new.created_at,
            updated_at: new.created_at,
            revision: 1,
            like_count: 0,
            version: 1,
        };
        let happened = Happened::PostCreated { author: post.author.0 };
        leave(&writing, &[stamp.event(post.id, post.version, happened)]).await?;
        writing.commit().await?;
        Ok(Published::New(post))
    }

    async fn try_edit(
        &self,
        id: PostId,
        author: UserId,
        changes: &PostChanges,
        expected_revision: Option<u32>,
        stamp: Stamp,
    ) -> StoreResult<Changed<Post>> {
        let writing = self.db.begin().await?;
        let Some(post) = lock_post(&writing, id).await? else {
            return Ok(Changed::NotFound);
        };
        if post.author != author {
            return Ok(Changed::NotTheirs);
        }
        if lock_stats(&writing, &[author]).await?.contains(&author) {
            return Ok(Changed::AuthorClosed);
        }
        if expected_revision.is_some_and(|expected| expected != post.revision) {
            return Ok(Changed::OtherRevision);
        }
        let title = changes.title.as_ref().unwrap_or(&post.title);
        let content = changes.content.as_ref().or(post.content.as_ref());
        if *title == post.title && content == post.content.as_ref() {
            return Ok(Changed::Done(post));
        }
        let post = Post {
            title: title.clone(),
            content: content.cloned(),
            updated_at: stamp.at,
            revision: post.revision + 1,
            version: post.version + 1,
            ..post
        };
        writing.run(queries::update_post(self.db.dialect(), &post)).await?;
        leave(&writing, &[stamp.event(id, post.version, Happened::PostUpdated { author: author.0 })]).await?;
        writing.commit().await?;
        Ok(Changed::Done(post))
    }

    async fn try_delete(&self, id: PostId, author: UserId, stamp: Stamp) -> StoreResult<Changed<()>> {
        let dialect = self.db.dialect();
        let writing = self.db.begin().await?;
        let Some(post) = lock_post(&writing, id).await? else {
            return Ok(Changed::NotFound);
        };
        if post.author != author {
            return Ok(Changed::NotTheirs);
        }
        writing.run(queries::lock_stats_of_post(dialect, id)).await?;
        writing.run(queries::uncount_likes_of_post(dialect, id)).await?;
        let uncounted = BTreeMap::from([(author, Difference { posts: -1, likes: 0 })]);
        writing.run(queries::count_for(dialect, &uncounted)).await?;
        writing.run(queries::delete_post(dialect, id)).await?;
        leave(&writing, &[stamp.event(id, post.version + 1, Happened::PostDeleted { author: author.0 })]).await?;
        writing.commit().await?;
        Ok(Changed::Done(()))
    }

    async fn try_close(&self, user: UserId) -> StoreResult<()> {
        let writing = self.db.begin().await?;
        writing.run(queries::close(self.db.dialect(), user)).await?;
        writing.commit().await
    }

    async fn try_sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let writing = self.db.begin().await?;
        let swept: Vec<UserId> = writing.rows(queries::sweep_keys(self.db.dialect(), now, SWEEP), Columns::id).await?;
        writing.commit().await?;
        Ok(swept.len() as u64)
    }
}

/// The post, locked until the transaction ends.
pub(super) async fn lock_post(writing: &Writing, id: PostId) -> StoreResult<Option<Post>> {
    let posts = writing.rows(queries::lock_post(writing.dialect(), id), Columns::post).await?;
    Ok(posts.into_iter().next())
}

/// Locks the counts of users until the transaction ends; those of them whose accounts are closed.
pub(super) async fn lock_stats(writing: &Writing, users: &[UserId]) -> StoreResult<Vec<UserId>> {
    let read = |row: &mut Columns| Ok((row.id()?, row.flag()?));
    let locked = writing.rows(queries::lock_stats(writing.dialect(), users), read).await?;
    Ok(locked.into_iter().filter_map(|(user, closed)| closed.then_some(user)).collect())
}

/// What a key was used for before, if it was.
async fn published_before(
    writing: &Writing,
    author: UserId,
    idempotency: &Idempotency,
) -> StoreResult<Option<Published>> {
    let read = |row: &mut Columns| Ok((row.text()?, row.id()?));
    let used = writing.rows(queries::used_key(writing.dialect(), author, idempotency), read).await?;
    let Some((fingerprint, post)) = used.into_iter().next() else {
        return Ok(None);
    };
    if fingerprint != queries::fingerprint(idempotency) {
        return Ok(Some(Published::KeyInUse));
    }
    let post = super::queries::posts_by_id(writing.dialect(), &[post], PostFields::ALL);
    let post = writing.rows(post, Columns::post).await?.into_iter().next();
    Ok(Some(post.map_or(Published::Gone, Published::Before)))
}

#[async_trait]
impl Backend for SqlPublishing {
    fn kind(&self) -> &'static str {
        self.db.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.db.check().await
    }
}

#[async_trait]
impl PublishingStore for SqlPublishing {
    async fn publish(&self, post: &NewPost, idempotency: Option<&Idempotency>, stamp: Stamp) -> StoreResult<Published> {
        retried(|| self.try_publish(post, idempotency, stamp)).await
    }

    async fn edit(
        &self,
        post: PostId,
        author: UserId,
        changes: &PostChanges,
        expected_revision: Option<u32>,
        stamp: Stamp,
    ) -> StoreResult<Changed<Post>> {
        retried(|| self.try_edit(post, author, changes, expected_revision, stamp)).await
    }

    async fn delete(&self, post: PostId, author: UserId, stamp: Stamp) -> StoreResult<Changed<()>> {
        retried(|| self.try_delete(post, author, stamp)).await
    }

    async fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> StoreResult<Option<LikesSet>> {
        retried(|| set_likes(&self.db, post, wishes)).await
    }

    async fn close_author(&self, user: UserId) -> StoreResult<()> {
        retried(|| self.try_close(user)).await
    }

    async fn sweep_keys(&self, now: Timestamp) -> StoreResult<u64> {
        retried(|| self.try_sweep(now)).await
    }
}
