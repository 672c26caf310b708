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
}

fn way<C>(page: &Page<C>) -> Way {
    if page.is_forward() { Way { sort: -1, beyond: "$lt" } } else { Way { sort: 1, beyond: "$gt" } }
}

fn rows<C>(page: &Page<C>) -> i64 {
    i64::from(page.limit) + 1
}

/// All posts, newest first.
pub fn posts_newest(page: &Page<PostId>, fields: PostFields) -> Stretch {
    by_id(Document::new(), index::ID, page, fields)
}

/// The posts of one author, newest first.
pub fn posts_of_author(author: UserId, page: &Page<PostId>, fields: PostFields) -> Stretch {
    by_id(doc! { "author": bson_id(author.0) }, index::POSTS_BY_AUTHOR, page, fields)
}

/// The posts of many authors together, newest first: one query for every [`MAX_MERGED_BRANCHES`] of them, to be
/// merged.
pub fn feed(authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Vec<Stretch> {
    let of_some = |authors: &[UserId]| {
        let filter = doc! { "author": one_of(authors.iter().map(|author| author.0)) };
        by_id(filter, index::POSTS_BY_AUTHOR, page, fields)
    };
    authors.chunks(MAX_MERGED_BRANCHES).map(of_some).collect()
}

fn by_id(mut filter: Document, index: &'static str, page: &Page<PostId>, fields: PostFields) -> Stretch {
    let way = way(page);
    if let Some(id) = page.cursor {
        filter.insert("_id", doc! { way.beyond: bson_id(id.0) });
    }
    Stretch { filter, sort: doc! { "_id": way.sort }, index, limit: rows(page), projection: projection(fields) }
}

/// Posts, most liked first, of one author where `author` is given: stretches one after the other.
pub fn posts_most_liked(author: Option<UserId>, page: &Page<ByCount>, fields: PostFields) -> Vec<Stretch> {
    let (filter, index) = match author {
        None => (Document::new(), index::POSTS_BY_LIKES),
        Some(author) => (doc! { "author": bson_id(author.0) }, index::POSTS_BY_AUTHOR_AND_LIKES),
    };
    let cursor = page.cursor.map(|at| (stored_count(at.count), Bson::from(bson_id(at.id))));
    stretches(&filter, ["likeCount", "_id"], index, page, cursor, projection(fields))
}

/// Counts are stored as signed 64-bit integers; no larger one is ever given out.
pub(super) fn stored_count(count: u64) -> Bson {
    Bson::Int64(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The likes of one post, newest first: stretches one after the other.
pub fn likes_of_post(post: PostId, page: &Page<ByTime>) -> Vec<Stretch> {
    let filter = doc! { "post": bson_id(post.0) };
    stretches(&filter, ["createdAt", "user"], index::LIKES_BY_POST, page, by_time(page), None)
}

/// The likes given by one user, newest first: stretches one after the other.
pub fn likes_by_user(user: UserId, page: &Page<ByTime>) -> Vec<Stretch> {
    let filter = doc! { "user": bson_id(user.0) };
    stretches(&filter, ["createdAt", "post"], index::LIKES_BY_USER, page, by_time(page), None)
}

fn by_time(page: &Page<ByTime>) -> Option<(Bson, Bson)> {
    page.cursor.map(|at| (bson_time(at.at).into(), bson_id(at.id).into()))
}

/// The page in the order of two fields: without a cursor one stretch, with one the ties and what lies beyond them.
fn stretches<C>(
    filter: &Document,
    [first, second]: [&str; 2],
    index: &'static str,
    page: &Page<C>,
    cursor: Option<(Bson, Bson)>,
    projection: Option<Document>,
) -> Vec<Stretch> {
    let way = way(page);
    let stretch = |conditions: Document| {
        let mut filter = filter.clone();
        filter.extend(conditions);
        let sort = doc! { first: way.sort, second: way.sort };
        Stretch { filter, sort, index, limit: rows(page), projection: projection.clone() }
    };
    match cursor {
        None => vec![stretch(Document::new())],
        Some((a, b)) => vec![
            stretch(doc! { first: a.clone(), second: { way.beyond: b } }),
            stretch(doc! { first: { way.beyond: a } }),
        ],
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
