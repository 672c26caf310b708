//! Counting again, and setting counts right.

use std::collections::BTreeSet;

use super::db::Db;
use super::queries;
use super::rows::Columns;
use crate::domain::{LikeId, PostId, UserId};
use crate::ports::{Recount, StoreResult};

/// `names` tells which counts follow the id in each row, each as it is kept and as it is counted.
async fn recount<I: From<uuid::Uuid> + Copy>(
    db: &Db,
    statement: sea_orm::Statement,
    names: &[&'static str],
) -> StoreResult<Vec<Recount<I>>> {
    let read = |row: &mut Columns| {
        let id = row.id()?;
        let count = |&name| Ok(Recount { id, name, stored: row.count()?, counted: row.count()? });
        names.iter().map(count).collect::<StoreResult<Vec<_>>>()
    };
    Ok(db.rows(statement, read).await?.into_iter().flatten().collect())
}

pub(super) async fn users(db: &Db, users: &[UserId]) -> StoreResult<Vec<Recount<UserId>>> {
    recount(db, queries::recount_users(db.dialect(), users), &["followersCount", "followingCount"]).await
}

pub(super) async fn posts(db: &Db, posts: &[PostId]) -> StoreResult<Vec<Recount<PostId>>> {
    recount(db, queries::recount_posts(db.dialect(), posts), &["likeCount"]).await
}

pub(super) async fn authors(db: &Db, authors: &[UserId]) -> StoreResult<Vec<Recount<UserId>>> {
    recount(db, queries::recount_authors(db.dialect(), authors), &["postsCount", "likesCount"]).await
}

pub(super) async fn fix_users(db: &Db, users: &[UserId]) -> StoreResult<()> {
    let writing = db.begin().await?;
    writing.run(queries::lock_users(db.dialect(), users)).await?;
    writing.run(queries::fix_user_counts(db.dialect(), users)).await?;
    writing.commit().await
}

pub(super) async fn fix_posts(db: &Db, posts: &[PostId]) -> StoreResult<()> {
    let writing = db.begin().await?;
    writing.run(queries::lock_posts(db.dialect(), posts)).await?;
    writing.run(queries::fix_post_counts(db.dialect(), posts)).await?;
    writing.commit().await
}

pub(super) async fn fix_authors(db: &Db, authors: &[UserId]) -> StoreResult<()> {
    let writing = db.begin().await?;
    writing.run(queries::lock_authors(db.dialect(), authors)).await?;
    writing.run(queries::fix_author_counts(db.dialect(), authors)).await?;
    writing.commit().await
}

pub(super) async fn remove_likes(db: &Db, likes: &[LikeId]) -> StoreResult<()> {
    let posts: BTreeSet<PostId> = likes.iter().map(|id| id.post).collect();
    let users: BTreeSet<UserId> = likes.iter().map(|id| id.user).collect();
    let (posts, users) = (Vec::from_iter(posts), Vec::from_iter(users));
    let writing = db.begin().await?;
    writing.run(queries::lock_posts(db.dialect(), &posts)).await?;
    writing.run(queries::lock_authors(db.dialect(), &users)).await?;
    writing.run(queries::remove_likes(db.dialect(), likes)).await?;
    writing.run(queries::fix_post_counts(db.dialect(), &posts)).await?;
    writing.run(queries::fix_author_counts(db.dialect(), &users)).await?;
    writing.commit().await
}
