//! The feed: one page of the posts of many authors together.
//!
//! Both dialects merge the authors' lists as a heap would: begin with the newest post of each, take the newest of all,
//! put its author's next one in its place, until the page is full. That reads one index entry for each author and one
//! for each post of the page, and the text is the same for one author and for ten thousand.

use sea_orm::{DbBackend, Statement};

use super::draft::Draft;
use super::pages::{Order, Seek};
use crate::domain::{Page, PostFields, PostId, UserId};

/// A page of the posts of all `authors`, in no particular order.
pub fn feed(dialect: DbBackend, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = draft.keys(authors);
    let seek = Seek::new(&mut draft, &["p.id"], Order::Descending, page);
    let merge = if draft.is_postgres() { merge_on_postgres(&keys, &seek) } else { merge_on_sqlite(&keys, &seek) };
    let post = super::post(fields);
    draft.done(format!("{merge} SELECT {post} FROM merge m CROSS JOIN posts p WHERE p.id = m.id"))
}

/// PostgreSQL's recursion sees one row at a time: the post just taken, the heads of all lists, and the lists' authors.
/// Only as many lists as the page has rows can contribute to it: those with the newest heads. A list that is
/// exhausted has a null for its head.
fn merge_on_postgres(keys: &str, seek: &Seek) -> String {
    let Seek { condition, direction, beyond, limit, .. } = seek;
    format!(
        "WITH RECURSIVE heads AS ( \
           SELECT k.id AS author, head.id FROM {keys} \
           CROSS JOIN LATERAL ( \
             SELECT p.id FROM posts p WHERE p.author_id = k.id AND {condition} ORDER BY p.id {direction} LIMIT 1 \
           ) AS head \
           ORDER BY head.id {direction} LIMIT {limit} \
         ), step (taken, id, heads, authors) AS ( \
           SELECT 0, NULL::uuid, array_agg(id), array_agg(author) FROM heads \
           UNION ALL \
           SELECT taken + 1, best.id, heads[:best.list - 1] || next.id || heads[best.list + 1:], authors FROM step \
           CROSS JOIN LATERAL ( \
             SELECT head.id, head.list::int FROM unnest(heads) WITH ORDINALITY AS head(id, list) \
             WHERE head.id IS NOT NULL ORDER BY head.id {direction} LIMIT 1 \
           ) AS best \
           LEFT JOIN LATERAL ( \
             SELECT p.id FROM posts p WHERE p.author_id = authors[best.list] AND p.id {beyond} best.id \
             ORDER BY p.id {direction} LIMIT 1 \
           ) AS next ON TRUE \
           WHERE taken < {limit} \
         ), merge AS (SELECT id FROM step WHERE taken > 0)"
    )
}

/// SQLite's recursion with an `ORDER BY` is a priority queue: each step takes the newest post from it and adds that
/// author's next one.
fn merge_on_sqlite(keys: &str, seek: &Seek) -> String {
    let Seek { condition, direction, beyond, limit, .. } = seek;
    format!(
        "WITH RECURSIVE merge (id, author) AS ( \
           SELECT head.id, k.id FROM {keys} CROSS JOIN posts head ON head.id = ( \
             SELECT p.id FROM posts p WHERE p.author_id = k.id AND {condition} ORDER BY p.id {direction} LIMIT 1 \
           ) \
           UNION ALL \
           SELECT next.id, merge.author FROM merge CROSS JOIN posts next ON next.id = ( \
             SELECT p.id FROM posts p WHERE p.author_id = merge.author AND p.id {beyond} merge.id \
             ORDER BY p.id {direction} LIMIT 1 \
           ) \
           ORDER BY 1 {direction} LIMIT {limit} \
         )"
    )
}
