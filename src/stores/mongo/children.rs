//! The same page of the children of many parents: in one command, or in two or three.
//!
//! Two ways are quick, each for lists that the other is slow for:
//!
//! - *as a whole*: one `$match` of all parents, and `$topN` of what it finds. It reads all children of these parents,
//!   so it is for those that have few.
//! - *as walks*: a `$lookup` for each parent whose pipeline has an order and a limit. The server walks a stretch of the
//!   index for each and stops after the page and one row, however many children there are, at the price of planning a
//!   query for each.
//!
//! Every parent's number of children is kept as a count, so it is known beforehand which parents have few. It decides
//! how the server is asked, never what the answer is: a count may be out of date by then. See
//! `docs/decisions/0004-mongodb-paged-children.md`.
//!
//! Public, so that the EXPLAIN test examines exactly what is sent.

use mongodb::bson::{Document, doc};
use polygraph_migrations::mongo::index;
use uuid::Uuid;

use super::document::{bson_id, one_of};
use super::query::{self, MAX_KEYS, Position, Stretch};
use crate::domain::Page;

/// Children of one kind, in an order of theirs within each parent.
#[derive(Debug)]
pub struct Children {
    /// The field that names the parent.
    parent: &'static str,
    /// The fields that they are ordered by, descending.
    order: &'static [&'static str],
    /// The index of both.
    index: &'static str,
    /// Up to how many are read as a whole even where the page is smaller: about what the planning of a walk costs.
    few: u64,
}

/// The likes of posts, newest first.
pub const LIKES_OF_POSTS: Children =
    Children { parent: "post", order: &["createdAt", "user"], index: index::LIKES_BY_POST, few: 64 };

/// The likes given by users, newest first.
pub const LIKES_BY_USERS: Children =
    Children { parent: "user", order: &["createdAt", "post"], index: index::LIKES_BY_USER, few: 64 };

/// The posts of authors, newest first. Posts are large beside likes: fewer of them are read in vain.
pub const POSTS_OF_AUTHORS: Children =
    Children { parent: "author", order: &["_id"], index: index::POSTS_BY_AUTHOR, few: 16 };

/// A parent, and how many children it has as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// Which one.
    pub id: Uuid,
    /// How many. It may be out of date.
    pub count: u64,
}

/// A command that asks for the page of one parent's children or of several parents'.
#[derive(Debug)]
pub enum Ask {
    /// Of one: stretches of the index, one after the other.
    One(Uuid, Vec<Stretch>),
    /// Of some that have few: a pipeline over the children.
    Whole(Pipeline),
    /// Of some that have many: a pipeline over the database.
    Walks(Pipeline),
}

/// A pipeline that gives a document `{ _id, of }` for each parent: the children `of` it on the page and the row that
/// shows whether more follow, in the direction of travel. Parents without any may be absent.
#[derive(Debug)]
pub struct Pipeline {
    /// The stages.
    pub stages: Vec<Document>,
    /// How many parents it is about.
    pub parents: usize,
}

impl Children {
    /// What to ask for one page of the children of each of `parents`, in which nobody occurs twice. `collection` is
    /// the name of the children's.
    pub fn ask<C: Position>(
        &self,
        parents: &[Parent],
        page: &Page<C>,
        projection: Option<&Document>,
        collection: &str,
    ) -> Vec<Ask> {
        let most = self.few.max(query::rows(page).unsigned_abs());
        let (few, many): (Vec<_>, Vec<_>) = parents.iter().partition(|parent| parent.count <= most);
        let one = |parent: &Parent| {
            let filter = doc! { self.parent: bson_id(parent.id) };
            Ask::One(parent.id, query::stretches(&filter, self.order, self.index, page, projection.cloned()))
        };
        let whole = few.chunks(MAX_KEYS).map(|parents| match parents {
            [parent] => one(parent),
            parents => Ask::Whole(self.whole(parents, page, projection)),
        });
        let walks = many.chunks(MAX_KEYS).map(|parents| match parents {
            [parent] => one(parent),
            parents => Ask::Walks(self.walks(parents, page, projection, collection)),
        });
        whole.chain(walks).collect()
    }

    fn whole<C: Position>(&self, parents: &[Parent], page: &Page<C>, projection: Option<&Document>) -> Pipeline {
        let mut matched = doc! { self.parent: one_of(parents.iter().map(|parent| parent.id)) };
        matched.extend(query::beyond(self.order, page).unwrap_or_default());
        let top = doc! { "n": query::rows(page), "sortBy": query::sort(self.order, page), "output": "$$ROOT" };
        let mut stages = vec![doc! { "$match": matched }];
        stages.extend(projection.map(|projection| doc! { "$project": projection }));
        stages.push(doc! { "$group": { "_id": format!("${}", self.parent), "of": { "$topN": top } } });
        Pipeline { stages, parents: parents.len() }
    }

    fn walks<C: Position>(
        &self,
        parents: &[Parent],
        page: &Page<C>,
        projection: Option<&Document>,
        collection: &str,
    ) -> Pipeline {
        let ids: Vec<Document> = parents.iter().map(|parent| doc! { "_id": bson_id(parent.id) }).collect();
        // With `localField` and `foreignField` the server puts an equality before this pipeline, and plans both as one
        // query: with `let` and `$expr` it would, too, but not every server finds the index then.
        let mut walk: Vec<Document> =
            query::beyond(self.order, page).map(|at| doc! { "$match": at }).into_iter().collect();
        walk.push(doc! { "$sort": query::sort(self.order, page) });
        walk.push(doc! { "$limit": query::rows(page) });
        walk.extend(projection.map(|projection| doc! { "$project": projection }));
        let lookup = doc! {
            "from": collection, "localField": "_id", "foreignField": self.parent, "pipeline": walk, "as": "of",
        };
        Pipeline { stages: vec![doc! { "$documents": ids }, doc! { "$lookup": lookup }], parents: parents.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ByTime;

    fn parents(counts: &[u64]) -> Vec<Parent> {
        (0..).zip(counts).map(|(id, &count)| Parent { id: Uuid::from_u128(id), count }).collect()
    }

    fn asked(counts: &[u64], limit: u32) -> Vec<(&'static str, usize)> {
        let asked = LIKES_OF_POSTS.ask(&parents(counts), &Page::<ByTime>::first(limit), None, "likes");
        let describe = |ask: &Ask| match ask {
            Ask::One(..) => ("one", 1),
            Ask::Whole(pipeline) => ("whole", pipeline.parents),
            Ask::Walks(pipeline) => ("walks", pipeline.parents),
        };
        asked.iter().map(describe).collect()
    }

    #[test]
    fn each_parent_is_asked_for_as_suits_the_number_of_its_children() {
        assert_eq!(asked(&[], 3), []);
        assert_eq!(asked(&[7], 3), [("one", 1)]);
        assert_eq!(asked(&[9_000], 3), [("one", 1)]);
        assert_eq!(asked(&[0, 7, 64], 3), [("whole", 3)]);
        assert_eq!(asked(&[0, 65, 64], 3), [("whole", 2), ("one", 1)]);
        assert_eq!(asked(&[70, 65, 9_000], 3), [("walks", 3)]);
        assert_eq!(asked(&[70, 101, 102, 9_000], 100), [("whole", 2), ("walks", 2)], "a page that holds all of them");
    }

    #[test]
    fn no_command_has_more_keys_than_fit() {
        assert_eq!(asked(&[1; MAX_KEYS + 1], 3), [("whole", MAX_KEYS), ("one", 1)]);
        assert_eq!(asked(&[500; 2 * MAX_KEYS], 3), [("walks", MAX_KEYS), ("walks", MAX_KEYS)]);
    }
}
