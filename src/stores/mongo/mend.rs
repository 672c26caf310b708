//! Setting counts right, removing what should not be, and leaving events for the rest of what is mended.
//!
//! Each is a transaction that counts again and touches what it counts for, so that it meets every write beside it; the
//! events are left in it, too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, doc};
use uuid::Uuid;

use super::Collections;
use super::document::{PostVersion, bson_id, one_of, one_of_likes, uuid};
use super::error::store_error;
use super::outbox_document::leave;
use super::recount::{self, natural};
use super::transaction::{Work, find_in, update_in};
use crate::domain::event::{Event, Happened, Stamp};
use crate::domain::{Like, LikeId, PostId, UserId};
use crate::ports::{StoreResult, Touch};

fn update(id: Uuid, change: Document, upsert: bool) -> Document {
    doc! { "q": { "_id": bson_id(id) }, "u": change, "upsert": upsert }
}

/// Sets the counts of posts. Returns the author and the new version of each that is there.
async fn fix_posts(
    session: &mut ClientSession,
    collections: &Collections,
    posts: impl IntoIterator<Item = PostId>,
) -> StoreResult<BTreeMap<PostId, (Uuid, u64)>> {
    let ids: Vec<Uuid> = posts.into_iter().map(|id| id.0).collect();
    let found = recount::posts(session, collections, &ids).await?;
    if found.is_empty() {
        return Ok(BTreeMap::new());
    }
    let fix = |count| doc! { "$set": { "likeCount": count }, "$inc": { "version": 1_i64 } };
    let fixes = found.iter().map(|(kept, count)| update(uuid(kept.id), fix(*count), false)).collect();
    update_in(session, &collections.database, &collections.posts, fixes).await?;
    let fixed = |(kept, _): (recount::Kept, i64)| {
        let author = kept.author.map(uuid).unwrap_or_default();
        (PostId(uuid(kept.id)), (author, natural(kept.version) + 1))
    };
    Ok(found.into_iter().map(fixed).collect())
}

/// Sets the counts of authors.
async fn fix_authors(
    session: &mut ClientSession,
    collections: &Collections,
    authors: impl IntoIterator<Item = UserId>,
) -> StoreResult<()> {
    let ids: Vec<Uuid> = authors.into_iter().map(|id| id.0).collect();
    let fix = |(id, posts, likes)| update(id, doc! { "$set": { "posts": posts, "likes": likes } }, true);
    let fixes = recount::authors(session, collections, &ids).await?.into_iter().map(fix).collect();
    update_in(session, &collections.database, &collections.authors, fixes).await
}

/// Sets the counts of posts right.
pub(super) struct FixPosts<'a> {
    pub(super) collections: &'a Collections,
    pub(super) posts: &'a [(PostId, Stamp)],
}

#[async_trait]
impl Work for FixPosts<'_> {
    type Output = ();

    async fn run(&self, session: &mut ClientSession) -> StoreResult<()> {
        let fixed = fix_posts(session, self.collections, self.posts.iter().map(|&(id, _)| id)).await?;
        let event = |(id, stamp): &(PostId, Stamp)| {
            let &(author, version) = fixed.get(id)?;
            Some(stamp.event(*id, version, Happened::PostUpdated { author }))
        };
        let events: Vec<Event> = self.posts.iter().filter_map(event).collect();
        leave(session, &self.collections.outbox, &events).await
    }
}

/// Sets the counts of authors right.
pub(super) struct FixAuthors<'a> {
    pub(super) collections: &'a Collections,
    pub(super) authors: &'a [(UserId, Stamp)],
}

#[async_trait]
impl Work for FixAuthors<'_> {
    type Output = ();

    async fn run(&self, session: &mut ClientSession) -> StoreResult<()> {
        fix_authors(session, self.collections, self.authors.iter().map(|&(id, _)| id)).await?;
        let event = |&(id, stamp): &(UserId, Stamp)| stamp.event(id, 0, Happened::UserUpdated);
        let events: Vec<Event> = self.authors.iter().map(event).collect();
        leave(session, &self.collections.outbox, &events).await
    }
}

/// Removes likes that should not be, and sets right what counted them.
pub(super) struct RemoveLikes<'a> {
    pub(super) collections: &'a Collections,
    pub(super) likes: &'a [(LikeId, Stamp)],
}

#[async_trait]
impl Work for RemoveLikes<'_> {
    type Output = ();

    async fn run(&self, session: &mut ClientSession) -> StoreResult<()> {
        let Collections { likes, outbox, .. } = self.collections;
        let stamps: BTreeMap<LikeId, Stamp> = self.likes.iter().copied().collect();
        let filter = doc! { "_id": Bson::from(one_of_likes(stamps.keys().copied())) };
        let found = find_in(session, likes.find(filter.clone())).await?;
        let found: Vec<Like> = found.into_iter().map(Like::from).collect();
        let posts: BTreeSet<PostId> = stamps.keys().map(|id| id.post).collect();
        let users: BTreeSet<UserId> = stamps.keys().map(|id| id.user).collect();
        likes.delete_many(filter).session(&mut *session).await.map_err(store_error)?;
        let posts = fix_posts(session, self.collections, posts).await?;
        fix_authors(session, self.collections, users).await?;
        let event = |Like { id, author, .. }: &Like| {
            let (stamp, author, user) = (stamps.get(id)?, author.0, id.user.0);
            Some(match posts.get(&id.post) {
                Some(&(_, version)) => stamp.event(id.post, version, Happened::PostUnliked { author, user }),
                None => stamp.event(id.post, 0, Happened::PostDeleted { author }),
            })
        };
        let events: Vec<Event> = found.iter().filter_map(event).collect();
        leave(session, outbox, &events).await
    }
}

/// Leaves events about posts, whose versions are raised above what each says.
pub(super) struct TouchPosts<'a> {
    pub(super) collections: &'a Collections,
    pub(super) touches: &'a [Touch],
}

#[async_trait]
impl Work for TouchPosts<'_> {
    type Output = ();

    async fn run(&self, session: &mut ClientSession) -> StoreResult<()> {
        let Collections { database, posts, outbox, .. } = self.collections;
        let mut above: BTreeMap<Uuid, u64> = BTreeMap::new();
        for touch in self.touches {
            let most = above.entry(touch.aggregate.uuid()).or_default();
            *most = touch.above.max(*most);
        }
        let raise = |(&id, &above): (&Uuid, &u64)| {
            let least = i64::try_from(above).unwrap_or(i64::MAX).saturating_add(1);
            update(id, doc! { "$max": { "version": least } }, false)
        };
        update_in(session, database, posts, above.iter().map(raise).collect()).await?;
        let versions = posts.clone_with_type::<PostVersion>();
        let find = versions.find(doc! { "_id": one_of(above.keys().copied()) }).projection(doc! { "version": 1 });
        let versions: HashMap<PostId, u64> = find_in(session, find).await?.into_iter().map(PostVersion::into).collect();
        let event = |touch: &Touch| touch.event(versions.get(&PostId(touch.aggregate.uuid())).copied());
        let events: Vec<Event> = self.touches.iter().map(event).collect();
        leave(session, outbox, &events).await
    }
}
