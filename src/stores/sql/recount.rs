//! Counting again, setting counts right, and leaving events for the rest of what is mended: each in the transaction
//! of what it tells of.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::db::{Db, Writing};
use super::outbox::leave;
use super::queries::{self, Versioned};
use super::rows::Columns;
use crate::domain::event::{Happened, Stamp};
use crate::domain::{Like, LikeId, PostId, UserId};
use crate::ports::{Recount, StoreResult, Touch};

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

/// The keys of these, and the stamp of each.
fn unzipped<I: Copy + Ord>(stamped: &[(I, Stamp)]) -> (Vec<I>, BTreeMap<I, Stamp>) {
    (stamped.iter().map(|&(id, _)| id).collect(), stamped.iter().copied().collect())
}

pub(super) async fn fix_users(db: &Db, users: &[(UserId, Stamp)]) -> StoreResult<()> {
    let (users, stamps) = unzipped(users);
    let writing = db.begin().await?;
    writing.run(queries::lock_users(db.dialect(), &users)).await?;
    let read = |row: &mut Columns| Ok((row.id()?, row.count()?));
    let fixed: Vec<(UserId, u64)> = writing.rows(queries::fix_user_counts(db.dialect(), &users), read).await?;
    let event = |(id, version)| Some(stamps.get(&id)?.event(id, version, Happened::UserUpdated));
    leave(&writing, &Vec::from_iter(fixed.into_iter().filter_map(event))).await?;
    writing.commit().await
}

pub(super) async fn fix_posts(db: &Db, posts: &[(PostId, Stamp)]) -> StoreResult<()> {
    let (posts, stamps) = unzipped(posts);
    let writing = db.begin().await?;
    writing.run(queries::lock_posts(db.dialect(), &posts)).await?;
    let fixed = fix_locked_posts(&writing, &posts).await?;
    let event = |(id, (author, version)): (PostId, (UserId, u64))| {
        Some(stamps.get(&id)?.event(id, version, Happened::PostUpdated { author: author.0 }))
    };
    leave(&writing, &Vec::from_iter(fixed.into_iter().filter_map(event))).await?;
    writing.commit().await
}

/// Sets the counts of posts that have been locked. Returns the author and the version of each that is there.
async fn fix_locked_posts(writing: &Writing, posts: &[PostId]) -> StoreResult<BTreeMap<PostId, (UserId, u64)>> {
    let read = |row: &mut Columns| Ok((row.id()?, (row.id()?, row.count()?)));
    Ok(writing.rows(queries::fix_post_counts(writing.dialect(), posts), read).await?.into_iter().collect())
}

pub(super) async fn fix_authors(db: &Db, authors: &[(UserId, Stamp)]) -> StoreResult<()> {
    let (authors, stamps) = unzipped(authors);
    let writing = db.begin().await?;
    writing.run(queries::lock_authors(db.dialect(), &authors)).await?;
    writing.run(queries::fix_author_counts(db.dialect(), &authors)).await?;
    let event = |(id, stamp): (UserId, Stamp)| stamp.event(id, 0, Happened::UserUpdated);
    leave(&writing, &Vec::from_iter(stamps.into_iter().map(event))).await?;
    writing.commit().await
}

pub(super) async fn remove_likes(db: &Db, likes: &[(LikeId, Stamp)]) -> StoreResult<()> {
    let (likes, stamps) = unzipped(likes);
    let posts: BTreeSet<PostId> = likes.iter().map(|id| id.post).collect();
    let users: BTreeSet<UserId> = likes.iter().map(|id| id.user).collect();
    let (posts, users) = (Vec::from_iter(posts), Vec::from_iter(users));
    let writing = db.begin().await?;
    writing.run(queries::lock_posts(db.dialect(), &posts)).await?;
    writing.run(queries::lock_authors(db.dialect(), &users)).await?;
    let removed: Vec<Like> = writing.rows(queries::remove_likes(db.dialect(), &likes), Columns::like).await?;
    let posts = fix_locked_posts(&writing, &posts).await?;
    writing.run(queries::fix_author_counts(db.dialect(), &users)).await?;
    let event = |Like { id, author, .. }: &Like| {
        let (author, user) = (author.0, id.user.0);
        Some(match posts.get(&id.post) {
            Some(&(_, version)) => stamps.get(id)?.event(id.post, version, Happened::PostUnliked { author, user }),
            None => stamps.get(id)?.event(id.post, 0, Happened::PostDeleted { author }),
        })
    };
    leave(&writing, &Vec::from_iter(removed.iter().filter_map(event))).await?;
    writing.commit().await
}

/// Leaves events about rows of `table`, whose versions are raised above what each says.
pub(super) async fn touch(db: &Db, table: Versioned, touches: &[Touch]) -> StoreResult<()> {
    let mut above: BTreeMap<Uuid, u64> = BTreeMap::new();
    for touch in touches {
        let most = above.entry(touch.aggregate.uuid()).or_default();
        *most = touch.above.max(*most);
    }
    let writing = db.begin().await?;
    writing.run(queries::lock_versions(db.dialect(), table, &Vec::from_iter(above.keys().copied()))).await?;
    let read = |row: &mut Columns| Ok((row.id()?, row.count()?));
    let versions = writing.rows(queries::raise_versions(db.dialect(), table, &above), read).await?;
    let versions: BTreeMap<Uuid, u64> = versions.into_iter().collect();
    let event = |touch: &Touch| touch.event(versions.get(&touch.aggregate.uuid()).copied());
    leave(&writing, &Vec::from_iter(touches.iter().map(event))).await?;
    writing.commit().await
}
