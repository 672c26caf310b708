//! The wishes of a group about the likes of one post, granted in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::db::Db;
use super::outbox::leave;
use super::publishing::{lock_post, lock_stats};
use super::queries::publishing::{self as queries, Difference};
use super::rows::Columns;
use crate::domain::event::{Event, Happened};
use crate::domain::{Like, LikeId, Post, PostId, Timestamp, UserId};
use crate::ports::{LikeOutcome, LikeWish, LikesSet, StoreResult};

/// Grants wishes about one post, at most one for each user.
pub(super) async fn set_likes(db: &Db, id: PostId, wishes: &[LikeWish]) -> StoreResult<Option<LikesSet>> {
    let dialect = db.dialect();
    let writing = db.begin().await?;
    let Some(post) = lock_post(&writing, id).await? else {
        return Ok(None);
    };
    let users: Vec<UserId> = wishes.iter().map(|wish| wish.user).collect();
    let read = |row: &mut Columns| Ok((row.id()?, row.moment()?));
    let liked: HashMap<UserId, Timestamp> =
        writing.rows(queries::likes_among(dialect, id, &users), read).await?.into_iter().collect();
    // Who takes back what is not there changes nothing, and needs no counts.
    let concerned = wishes.iter().filter(|wish| wish.like || liked.contains_key(&wish.user));
    let concerned: Vec<UserId> = concerned.map(|wish| wish.user).collect();
    let closed: HashSet<UserId> = lock_stats(&writing, &concerned).await?.into_iter().collect();

    let group = Group::new(post, wishes, &liked, &closed);
    if !group.events.is_empty() {
        writing.run(super::queries::insert_likes(dialect, &group.added)).await?;
        writing.run(queries::delete_likes(dialect, id, &group.removed)).await?;
        let (added, removed) = (group.added.len() as i64, group.removed.len() as i64);
        writing.run(queries::count_likes(dialect, id, added - removed, added + removed)).await?;
        writing.run(queries::count_for(dialect, &group.differences)).await?;
        leave(&writing, &group.events).await?;
    }
    writing.commit().await?;
    Ok(Some(LikesSet { post: group.post, outcomes: group.outcomes }))
}

/// What the wishes of a group come to.
struct Group {
    /// The post after all of them.
    post: Post,
    outcomes: Vec<LikeOutcome>,
    added: Vec<Like>,
    removed: Vec<UserId>,
    /// What changes in the counts of those who wished.
    differences: BTreeMap<UserId, Difference>,
    events: Vec<Event>,
}

impl Group {
    /// `liked` says which of them like the post already, and since when; `closed`, whose accounts are closed.
    fn new(post: Post, wishes: &[LikeWish], liked: &HashMap<UserId, Timestamp>, closed: &HashSet<UserId>) -> Self {
        let (outcomes, differences) = (Vec::with_capacity(wishes.len()), BTreeMap::new());
        let (added, removed, events) = (Vec::new(), Vec::new(), Vec::new());
        let mut group = Self { post, outcomes, added, removed, differences, events };
        for wish in wishes {
            let outcome = match (wish.like, liked.get(&wish.user)) {
                (true, _) if closed.contains(&wish.user) => LikeOutcome::UserClosed,
                (true, Some(&since)) => LikeOutcome::Liked(since),
                (true, None) => group.add(wish),
                (false, Some(_)) => group.remove(wish),
                (false, None) => LikeOutcome::WasNotLiked,
            };
            group.outcomes.push(outcome);
        }
        group
    }

    fn add(&mut self, wish: &LikeWish) -> LikeOutcome {
        let (author, user, created_at) = (self.post.author, wish.user, wish.stamp.at);
        self.added.push(Like { id: LikeId { post: self.post.id, user }, author, created_at });
        self.post.like_count += 1;
        self.differences.insert(user, Difference { posts: 0, likes: 1 });
        self.tell(wish, Happened::PostLiked { author: author.0, user: user.0 });
        LikeOutcome::Liked(created_at)
    }

    fn remove(&mut self, wish: &LikeWish) -> LikeOutcome {
        let (author, user) = (self.post.author, wish.user);
        self.removed.push(user);
        self.post.like_count = self.post.like_count.saturating_sub(1);
        self.differences.insert(user, Difference { posts: 0, likes: -1 });
        self.tell(wish, Happened::PostUnliked { author: author.0, user: user.0 });
        LikeOutcome::Unliked(LikeId { post: self.post.id, user })
    }

    /// Each change of a like is a change of its post.
    fn tell(&mut self, wish: &LikeWish, happened: Happened) {
        self.post.version += 1;
        self.events.push(wish.stamp.event(self.post.id, self.post.version, happened));
    }
}
