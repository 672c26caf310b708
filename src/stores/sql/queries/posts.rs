//! Posts by key, in their orders, of many authors, and all of them.

use sea_orm::{DbBackend, Statement};

use super::draft::Draft;
use super::pages::{Children, Order, Seek, ordered};
use super::post;
use crate::domain::{ByCount, Page, PostFields, PostId, UserId};

/// The posts with these ids.
pub fn posts_by_id(dialect: DbBackend, ids: &[PostId], fields: PostFields) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("p.id", ids);
    draft.done(format!("SELECT {} FROM posts p WHERE {among}", post(fields)))
}

/// A page of all posts, newest first.
pub fn posts_newest(dialect: DbBackend, page: &Page<PostId>, fields: PostFields) -> Statement {
    let mut draft = Draft::new(dialect);
    let Seek { condition, order, limit, .. } = Seek::new(&mut draft, &["p.id"], Order::Descending, page);
    draft.done(format!("SELECT {} FROM posts p WHERE {condition} ORDER BY {order} LIMIT {limit}", post(fields)))
}

/// A page of all posts, or of one author's, most liked first.
pub fn posts_most_liked(
    dialect: DbBackend,
    author: Option<UserId>,
    page: &Page<ByCount>,
    fields: PostFields,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let by_author = match author {
        Some(author) => format!("p.author_id = {}", draft.bind(author.0)),
        None => "TRUE".to_owned(),
    };
    let Seek { condition, order, limit, .. } =
        Seek::new(&mut draft, &["p.like_count", "p.id"], Order::Descending, page);
    let post = post(fields);
    draft.done(format!("SELECT {post} FROM posts p WHERE {by_author} AND {condition} ORDER BY {order} LIMIT {limit}"))
}

/// A page of the posts of each of `authors`, newest first.
pub fn posts_of_authors(dialect: DbBackend, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Statement {
    let posts = Children {
        columns: &post(fields),
        table: "posts p",
        join: "",
        parents: "TRUE",
        parent: "p.author_id",
        child: "p.id",
        order: &["p.id"],
    };
    posts.statement(Draft::new(dialect), authors, "TRUE", page)
}

/// Posts that `likers` like, neither by `viewer` nor liked by `viewer`, with how many of `likers` like each.
///
/// Their likes are counted from an index and put in order; then the first are looked up, until so many of them are
/// neither the viewer's nor liked that the page is full. PostgreSQL is kept from doing it otherwise (`OFFSET 0` is a
/// subquery apart): it would read all likes there are as soon as it took those of `likers` for a fair part of them, and
/// walk a list of the viewer's for each post as soon as it took the viewer for one who has few.
pub fn recommended(
    dialect: DbBackend,
    viewer: UserId,
    likers: &[UserId],
    page: &Page<ByCount>,
    fields: PostFields,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let (viewer, keys) = (draft.bind(viewer.0), draft.keys(likers));
    let Seek { condition, order, limit, direction, .. } =
        Seek::new(&mut draft, &["count(*)", "l.post_id"], Order::Descending, page);
    let likes = if draft.is_postgres() {
        "LATERAL (SELECT l.post_id FROM likes l WHERE l.user_id = k.id OFFSET 0) AS l"
    } else {
        "likes l WHERE l.user_id = k.id"
    };
    let (counted, found) = (ordered(&["c.likers", "c.id"], direction), ordered(&["r.likers", "r.id"], direction));
    let post = post(fields);
    draft.done(format!(
        "SELECT {post}, r.likers FROM ( \
           SELECT c.id, c.likers FROM ( \
             SELECT l.post_id AS id, count(*) AS likers FROM {keys} CROSS JOIN {likes} \
             GROUP BY l.post_id HAVING {condition} ORDER BY {order} \
           ) AS c \
           WHERE NOT EXISTS ( \
             SELECT 1 FROM likes v WHERE v.post_id = c.id AND v.user_id = {viewer} LIMIT 1 OFFSET 0 \
           ) AND NOT EXISTS ( \
             SELECT 1 FROM posts o WHERE o.id = c.id AND o.author_id = {viewer} LIMIT 1 OFFSET 0 \
           ) \
           ORDER BY {counted} LIMIT {limit} \
         ) AS r JOIN posts p ON p.id = r.id ORDER BY {found}"
    ))
}

/// How many posts there are.
pub fn count_posts(dialect: DbBackend) -> Statement {
    Draft::new(dialect).done("SELECT count(*) FROM posts")
}

/// The counts of each of `authors`.
pub fn author_stats(dialect: DbBackend, authors: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("s.author_id", authors);
    draft.done(format!("SELECT s.author_id, s.posts_count, s.likes_count FROM author_stats s WHERE {among}"))
}

/// The `limit` posts after `after`, by id.
pub fn scan_posts(dialect: DbBackend, after: Option<PostId>, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let condition = match after {
        Some(after) => format!("p.id > {}", draft.bind(after.0)),
        None => "TRUE".to_owned(),
    };
    let limit = draft.bind(i64::from(limit));
    let post = post(PostFields::ALL);
    draft.done(format!("SELECT {post} FROM posts p WHERE {condition} ORDER BY p.id LIMIT {limit}"))
}
