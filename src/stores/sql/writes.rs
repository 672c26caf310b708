//! Inserts, with the counts that depend on them, each in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::db::Db;
use super::queries;
use super::rows::Columns;
use crate::domain::{AuthorStats, Like, LikeId, PostId, UserId};
use crate::ports::{NewFollow, NewPost, NewUser, StoreResult};

/// Adds users that are not there yet.
pub(super) async fn insert_users(db: &Db, users: &[NewUser]) -> StoreResult<u64> {
    if users.is_empty() {
        return Ok(0);
    }
    let writing = db.begin().await?;
    let new: Vec<UserId> = writing.rows(queries::insert_users(db.dialect(), users), Columns::id).await?;
    writing.commit().await?;
    Ok(new.len() as u64)
}

/// Adds follows that are not there yet, between users that are, and counts them on both sides.
pub(super) async fn insert_follows(db: &Db, follows: &[NewFollow]) -> StoreResult<u64> {
    if follows.is_empty() {
        return Ok(0);
    }
    let writing = db.begin().await?;
    let users: Vec<UserId> = follows.iter().flat_map(|follow| [follow.follower, follow.followed]).collect();
    let known = writing.rows(queries::lock_users(db.dialect(), &users), Columns::user).await?;
    let known: HashSet<UserId> = known.into_iter().map(|user| user.id).collect();
    let follows: Vec<NewFollow> = follows
        .iter()
        .filter(|follow| known.contains(&follow.follower) && known.contains(&follow.followed))
        .copied()
        .collect();
    let read = |row: &mut Columns| Ok((row.id::<UserId>()?, row.id::<UserId>()?));
    let new = writing.rows(queries::insert_follows(db.dialect(), &follows), read).await?;

    let mut added: BTreeMap<UserId, (i64, i64)> = BTreeMap::new();
    for &(follower, followed) in &new {
        added.entry(followed).or_default().0 += 1;
        added.entry(follower).or_default().1 += 1;
    }
    writing.run(queries::add_to_users(db.dialect(), &added)).await?;
    writing.commit().await?;
    Ok(new.len() as u64)
}

/// Adds posts that are not there yet, and counts them for their authors.
pub(super) async fn insert_posts(db: &Db, posts: &[NewPost]) -> StoreResult<u64> {
    if posts.is_empty() {
        return Ok(0);
    }
    let writing = db.begin().await?;
    let authors: Vec<UserId> = writing.rows(queries::insert_posts(db.dialect(), posts), Columns::id).await?;

    let mut added: BTreeMap<UserId, AuthorStats> = BTreeMap::new();
    for &author in &authors {
        added.entry(author).or_default().posts += 1;
    }
    writing.run(queries::add_to_author_stats(db.dialect(), &added)).await?;
    writing.commit().await?;
    Ok(authors.len() as u64)
}

/// Adds likes that are not there yet, of posts that are, and counts them for the posts and for those who like.
pub(super) async fn insert_likes(db: &Db, likes: &[Like]) -> StoreResult<u64> {
    if likes.is_empty() {
        return Ok(0);
    }
    let writing = db.begin().await?;
    let posts: Vec<PostId> = likes.iter().map(|like| like.id.post).collect();
    let read = |row: &mut Columns| Ok((row.id()?, row.id()?));
    let authors: HashMap<PostId, UserId> =
        writing.rows(queries::lock_posts(db.dialect(), &posts), read).await?.into_iter().collect();
    // Who wrote a post is the post's to say.
    let of_author = |like: &Like| authors.get(&like.id.post).map(|&author| Like { author, ..*like });
    let likes: Vec<Like> = likes.iter().filter_map(of_author).collect();
    let read = |row: &mut Columns| Ok(LikeId { post: row.id()?, user: row.id()? });
    let new = writing.rows(queries::insert_likes(db.dialect(), &likes), read).await?;

    let mut of_posts: BTreeMap<PostId, u64> = BTreeMap::new();
    let mut by_users: BTreeMap<UserId, AuthorStats> = BTreeMap::new();
    for id in &new {
        *of_posts.entry(id.post).or_default() += 1;
        by_users.entry(id.user).or_default().likes += 1;
    }
    writing.run(queries::add_to_posts(db.dialect(), &of_posts)).await?;
    writing.run(queries::add_to_author_stats(db.dialect(), &by_users)).await?;
    writing.commit().await?;
    Ok(new.len() as u64)
}
