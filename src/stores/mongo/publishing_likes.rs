//! Liking and taking likes back, a group of wishes about one post in one transaction (group commit).

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::bson::doc;
use uuid::Uuid;

use super::Collections;
use super::document::{LikeDocument, bson_id, one_of_likes};
use super::error::store_error;
use super::outbox_document::leave;
use super::publishing::{closed_among, post_in};
use super::transaction::{Work, find_in, update_in};
use super::write::count_for;
use crate::domain::event::{Event, Happened};
use crate::domain::{Like, LikeId, Post, PostId, Timestamp, UserId};
use crate::ports::{LikeOutcome, LikeWish, LikesSet, StoreResult};

/// Grants the wishes of a group.
pub(super) struct SetLikes<'a> {
    pub(super) collections: &'a Collections,
    pub(super) post: PostId,
    pub(super) wishes: &'a [LikeWish],
}

#[async_trait]
impl Work for SetLikes<'_> {
    type Output = Option<LikesSet>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Option<LikesSet>> {
        let Some(post) = post_in(session, self.collections, self.post).await? else { return Ok(None) };
        let known = self.known(session).await?;
        let likers = self.wishes.iter().filter(|wish| wish.like).map(|wish| wish.user);
        let closed = closed_among(session, self.collections, likers).await?.into_iter().collect();
        let (set, changes) = self.granted(post, &known, &closed);
        if !changes.events.is_empty() {
            self.write(session, changes).await?;
        }
        Ok(Some(set))
    }
}

/// What is written for the wishes that change something.
#[derive(Default)]
struct Changes {
    liked: Vec<LikeDocument>,
    unliked: Vec<LikeId>,
    /// By how many the likes of each user grow, in the order of ids: transactions then touch what they share in the
    /// same order.
    counts: BTreeMap<Uuid, i32>,
    events: Vec<Event>,
}

impl SetLikes<'_> {
    /// Who of the group likes the post, and since when.
    async fn known(&self, session: &mut ClientSession) -> StoreResult<HashMap<UserId, Timestamp>> {
        let ids = self.wishes.iter().map(|wish| self.like(wish.user));
        let found = find_in(session, self.collections.likes.find(doc! { "_id": one_of_likes(ids) })).await?;
        Ok(found.into_iter().map(Like::from).map(|like| (like.id.user, like.created_at)).collect())
    }

    fn like(&self, user: UserId) -> LikeId {
        LikeId { post: self.post, user }
    }

    /// What becomes of each wish and of the post, and what is to be written. Each change has a version of its own.
    fn granted(
        &self,
        mut post: Post,
        known: &HashMap<UserId, Timestamp>,
        closed: &HashSet<UserId>,
    ) -> (LikesSet, Changes) {
        let mut changes = Changes::default();
        let author = post.author.0;
        let mut grant = |wish: &LikeWish| {
            let (id, user, at) = (self.like(wish.user), wish.user.0, wish.stamp.at);
            let (outcome, happened, step) = match (wish.like, known.get(&wish.user)) {
                (true, _) if closed.contains(&wish.user) => return LikeOutcome::UserClosed,
                (true, Some(&since)) => return LikeOutcome::Liked(since),
                (false, None) => return LikeOutcome::WasNotLiked,
                (true, None) => {
                    changes.liked.push(LikeDocument::from(&Like { id, author: post.author, created_at: at }));
                    post.like_count += 1;
                    (LikeOutcome::Liked(at), Happened::PostLiked { author, user }, 1)
                }
                (false, Some(_)) => {
                    changes.unliked.push(id);
                    post.like_count = post.like_count.saturating_sub(1);
                    (LikeOutcome::Unliked(id), Happened::PostUnliked { author, user }, -1)
                }
            };
            post.version += 1;
            changes.counts.insert(user, step);
            changes.events.push(wish.stamp.event(self.post, post.version, happened));
            outcome
        };
        let outcomes = self.wishes.iter().map(&mut grant).collect();
        (LikesSet { post, outcomes }, changes)
    }

    /// Writes what changed: the post first, which other groups write to as well.
    async fn write(&self, session: &mut ClientSession, changes: Changes) -> StoreResult<()> {
        let Collections { database, posts, likes, authors, outbox, .. } = self.collections;
        let Changes { liked, unliked, counts, events } = changes;
        let likes_more = counts.values().sum::<i32>();
        let grow = doc! { "$inc": { "likeCount": likes_more, "version": events.len() as i64 } };
        let post = doc! { "q": { "_id": bson_id(self.post.0) }, "u": grow };
        update_in(session, database, posts, vec![post]).await?;
        let counts = counts.into_iter().map(|(user, step)| count_for(user, doc! { "posts": 0, "likes": step }));
        update_in(session, database, authors, counts.collect()).await?;
        if !liked.is_empty() {
            likes.insert_many(&liked).session(&mut *session).await.map_err(store_error)?;
        }
        if !unliked.is_empty() {
            let filter = doc! { "_id": one_of_likes(unliked) };
            likes.delete_many(filter).session(&mut *session).await.map_err(store_error)?;
        }
        leave(session, outbox, &events).await
    }
}
