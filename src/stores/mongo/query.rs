//! The queries as they are sent: public, so that the EXPLAIN test examines exactly these.
//!
//! A page in a compound order goes on after (a, b) where `a` is beyond, or `a` is equal and `b` is beyond. Said as
//! one `$or` this is up to the planner; said as two stretches of the index, the ties and what lies beyond them, it is
//! not: each is one scan that stops at the page's end. See `docs/decisions/0004-mongodb-paged-children.md`.

use mongodb::bson::{Bson, Document, doc};
use polygraph_migrations::mongo::index;

use super::document::{bson_id, bson_time, like_key, one_of};
use crate::domain::{ByCount, ByTime, LikeId, Page, PostFields, PostId, UserId};

/// The most branches that MongoDB merges from one index instead of sorting (`internalQueryMaxScansToExplode`).
pub const MAX_MERGED_BRANCHES: usize = 200;

/// The most keys that go into one command: 28 bytes each for an id, 44 for a like's, where a message may have 48 MB.
/// A quarter of a megabyte is also what a server takes without holding others up.
pub const MAX_KEYS: usize = 5_000;

/// A stretch of an index, walked in its order (or against it) for one page and the row that shows whether more
/// follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// The stretch.
    pub filter: Document,
    /// The order of the walk.
    pub sort: Document,
    /// The index that is walked, by name. It is not sent: it is the planner's own choice, which a test watches.
    pub index: &'static str,
    /// How many rows at most.
    pub limit: i64,
    /// What is read of each document.
    pub projection: Option<Document>,
}

impl Stretch {
    /// The command that sends this, for `explain`.
    pub fn command(&self, collection: &str) -> Document {
        let mut command = doc! {
            "find": collection,
            "filter": self.filter.clone(),
            "sort": self.sort.clone(),
            "limit": self.limit,
        };
        if let Some(projection) = &self.projection {
            command.insert("projection", projection.clone());
        }
        command
    }
}

/// The part of a post that is read, as a projection; `None` reads all of it.
pub(super) fn projection(fields: PostFields) -> Option<Document> {
    (!fields.content).then(|| doc! { "content": 0 })
}

/// Which way a page goes through a list that is in descending order.
#[derive(Clone, Copy)]
struct Way {
    sort: i32,
    beyond: &'static str,
    up_to: &'static str,
}

fn way<C>(page: &Page<C>) -> Way {
    if page.is_forward() {
        Way { sort: -1, beyond: "$lt", up_to: "$lte" }
    } else {
        Way { sort: 1, beyond: "$gt", up_to: "$gte" }
    }
}

/// A page and the row that shows whether more follow.
pub(super) fn rows<C>(page: &Page<C>) -> i64 {
    i64::from(page.limit) + 1
}

/// All posts, newest first.
pub fn posts_newest(page: &Page<PostId>, fields: PostFields) -> Vec<Stretch> {
    stretches(&Document::new(), &["_id"], index::ID, page, projection(fields))
}

/// The posts of many authors together, newest first: one query for every [`MAX_MERGED_BRANCHES`] of them, to be
/// merged.
pub fn feed(authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Vec<Stretch> {
    let of_some = |authors: &[UserId]| {
        let filter = doc! { "author": one_of(authors.iter().map(|author| author.0)) };
        stretches(&filter, &["_id"], index::POSTS_BY_AUTHOR, page, projection(fields))
    };
    authors.chunks(MAX_MERGED_BRANCHES).flat_map(of_some).collect()
}

/// Posts, most liked first, of one author where `author` is given: stretches one after the other.
pub fn posts_most_liked(author: Option<UserId>, page: &Page<ByCount>, fields: PostFields) -> Vec<Stretch> {
    let (filter, index) = match author {
        None => (Document::new(), index::POSTS_BY_LIKES),
        Some(author) => (doc! { "author": bson_id(author.0) }, index::POSTS_BY_AUTHOR_AND_LIKES),
    };
    stretches(&filter, &["likeCount", "_id"], index, page, projection(fields))
}

/// Counts are stored as signed 64-bit integers; no larger one is ever given out.
pub(super) fn stored_count(count: u64) -> Bson {
    Bson::Int64(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A place in a list, as the values of the fields that it is ordered by.
pub trait Position {
    /// The values, in the order of the fields.
    fn values(&self) -> Vec<Bson>;
}

impl Position for PostId {
    fn values(&self) -> Vec<Bson> {
        vec![bson_id(self.0).into()]
    }
}

impl Position for ByTime {
    fn values(&self) -> Vec<Bson> {
        vec![bson_time(self.at).into(), bson_id(self.id).into()]
    }
}

impl Position for ByCount {
    fn values(&self) -> Vec<Bson> {
        vec![stored_count(self.count), bson_id(self.id).into()]
    }
}

/// The page in the order of one field or two: one stretch, but for a page that goes on from within two. That one is
/// the ties and what lies beyond them.
pub(super) fn stretches<C: Position>(
    filter: &Document,
    order: &[&str],
    index: &'static str,
    page: &Page<C>,
    projection: Option<Document>,
) -> Vec<Stretch> {
    let way = way(page);
    let stretch = |conditions: Document| {
        let mut filter = filter.clone();
        filter.extend(conditions);
        Stretch { filter, sort: sort(order, page), index, limit: rows(page), projection: projection.clone() }
    };
    let at = page.cursor.as_ref().map(Position::values).unwrap_or_default();
    match (order, at.as_slice()) {
        ([first, second], [a, b]) => {
            vec![stretch(doc! { *first: a, *second: { way.beyond: b } }), stretch(doc! { *first: { way.beyond: a } })]
        }
        ([first, ..], [a]) => vec![stretch(doc! { *first: { way.beyond: a } })],
        _ => vec![stretch(Document::new())],
    }
}

/// The order in which a page is walked.
pub(super) fn sort<C>(order: &[&str], page: &Page<C>) -> Document {
    order.iter().map(|field| ((*field).to_owned(), Bson::from(way(page).sort))).collect()
}

/// The condition that a child is beyond the page's cursor, as one: a range of the first field, within which the ties
/// are told apart. Walked in order, it begins at the first tie.
pub(super) fn beyond<C: Position>(order: &[&str], page: &Page<C>) -> Option<Document> {
    let Way { beyond, up_to, .. } = way(page);
    let at = page.cursor.as_ref()?.values();
    match (order, at.as_slice()) {
        ([first, second], [a, b]) => {
            let is_beyond = vec![doc! { *first: { beyond: a } }, doc! { *second: { beyond: b } }];
            Some(doc! { *first: { up_to: a }, "$or": is_beyond })
        }
        ([first, ..], [a]) => Some(doc! { *first: { beyond: a } }),
        _ => None,
    }
}

/// All posts from the oldest on.
pub fn scan_posts(after: Option<PostId>, limit: u32) -> Stretch {
    scan(after.map(|id| bson_id(id.0).into()), limit)
}

/// All likes in the order of (post, user).
pub fn scan_likes(after: Option<LikeId>, limit: u32) -> Stretch {
    scan(after.map(|id| like_key(id).into()), limit)
}

fn scan(after: Option<Bson>, limit: u32) -> Stretch {
    let filter = after.map_or_else(Document::new, |key| doc! { "_id": { "$gt": key } });
    Stretch { filter, sort: doc! { "_id": 1 }, index: index::ID, limit: i64::from(limit), projection: None }
}

/// Posts that `likers` like, neither by `viewer` nor liked by `viewer`, with how many of `likers` like each: a
/// pipeline over likes. It reads the likes of all these people, once.
pub fn recommended(
    viewer: UserId,
    likers: &[UserId],
    page: &Page<ByCount>,
    fields: PostFields,
    posts: &str,
) -> Vec<Document> {
    let way = way(page);
    let viewer_id = bson_id(viewer.0);
    let likers_and_viewer = likers.iter().chain([&viewer]).map(|user| user.0);
    let is_viewer = doc! { "$eq": ["$user", viewer_id] };
    let mut pipeline = vec![
        doc! { "$match": { "user": one_of(likers_and_viewer), "author": { "$ne": viewer_id } } },
        doc! { "$group": { "_id": "$post", "count": { "$sum": 1 }, "seen": { "$max": is_viewer } } },
        doc! { "$match": { "seen": false } },
    ];
    if let Some(ByCount { count, id }) = page.cursor {
        let count = stored_count(count);
        pipeline.push(doc! { "$match": { "$or": [
            { "count": { way.beyond: count.clone() } },
            { "count": count, "_id": { way.beyond: bson_id(id) } },
        ] } });
    }
    pipeline.extend([
        doc! { "$sort": { "count": way.sort, "_id": way.sort } },
        doc! { "$limit": rows(page) },
        doc! { "$lookup": { "from": posts, "localField": "_id", "foreignField": "_id", "as": "post" } },
        doc! { "$unwind": "$post" },
    ]);
    if !fields.content {
        pipeline.push(doc! { "$project": { "post.content": 0 } });
    }
    pipeline
}
