//! Pages of the children of many parents: read as a whole where they are few, walked where they are many.

use mongodb::bson::{Bson, Document, doc};
use polygraph::domain::{ByTime, Page, PostId};
use polygraph::stores::mongo::children::{
    Ask, Children, LIKES_BY_USERS, LIKES_OF_POSTS, POSTS_OF_AUTHORS, Parent, Pipeline,
};
use polygraph::stores::mongo::query::Position;
use polygraph_migrations::mongo::index;
use uuid::Uuid;

use super::{Explainer, docs_examined, examined, indexes, keys_examined, pages, plan, stages};
use crate::posts::world::{World, by_time_and_post, by_time_and_user};

/// Ties of a cursor's moment: what may be read before the page begins.
const TIES: i64 = 12;

#[tokio::test]
async fn pages_of_one_parent_are_walks() {
    let explainer = Explainer::new(World::small()).await;
    let world = &explainer.world;
    let like = world.likes[world.likes.len() / 2];
    let posts = world.most_liked(&[]);
    let middle = &posts[posts.len() / 2];
    for page in pages::<ByTime>(by_time_and_user(&like)) {
        explainer.assert_one(&explainer.likes, &LIKES_OF_POSTS, like.id.post.0, &page).await;
    }
    for page in pages::<ByTime>(by_time_and_post(&like)) {
        explainer.assert_one(&explainer.likes, &LIKES_BY_USERS, like.id.user.0, &page).await;
    }
    for page in pages::<PostId>(middle.id) {
        explainer.assert_one(&explainer.posts, &POSTS_OF_AUTHORS, middle.author.0, &page).await;
    }
}

#[tokio::test]
async fn a_very_popular_post_costs_no_more_than_its_page() {
    let explainer = Explainer::new(World::of_one_post(1_000)).await;
    let (post, middle) = (explainer.world.posts[0].id, explainer.world.likes[500]);
    for page in pages::<ByTime>(by_time_and_user(&middle)) {
        explainer.assert_one(&explainer.likes, &LIKES_OF_POSTS, post.0, &page).await;
        explainer.assert_walks_of(&explainer.likes, &LIKES_OF_POSTS, index::LIKES_BY_POST, &[post.0], &page).await;
    }
}

#[tokio::test]
async fn parents_with_many_children_are_walked_in_one_command() {
    let explainer = Explainer::new(World::of_the_busy()).await;
    let world = &explainer.world;
    let (authors, likers) = (ids(&world.users[..3]), ids(&world.users[3..5]));
    let like = world.likes[45];
    for page in pages::<ByTime>(by_time_and_post(&like)) {
        explainer.assert_walks_of(&explainer.likes, &LIKES_BY_USERS, index::LIKES_BY_USER, &likers, &page).await;
    }
    for page in pages::<PostId>(world.posts[45].id) {
        explainer.assert_walks_of(&explainer.posts, &POSTS_OF_AUTHORS, index::POSTS_BY_AUTHOR, &authors, &page).await;
    }
}

#[tokio::test]
async fn parents_with_few_children_are_read_by_their_index() {
    let explainer = Explainer::new(World::small()).await;
    let world = &explainer.world;
    let posts: Vec<Uuid> = world.posts.iter().step_by(3).map(|post| post.id.0).collect();
    let read = |likes: &[polygraph::domain::Like], by: fn(&polygraph::domain::Like) -> Uuid, of: &[Uuid]| {
        likes.iter().filter(|like| of.contains(&by(like))).count() as i64
    };
    let like = world.likes[world.likes.len() / 2];
    let most = read(&world.likes, |like| like.id.post.0, &posts);
    for page in pages::<ByTime>(by_time_and_user(&like)) {
        explainer.assert_whole(&explainer.likes, &LIKES_OF_POSTS, index::LIKES_BY_POST, &posts, &page, most).await;
    }
    let users = ids(&world.users[..4]);
    let most = read(&world.likes, |like| like.id.user.0, &users);
    for page in pages::<ByTime>(by_time_and_post(&like)) {
        explainer.assert_whole(&explainer.likes, &LIKES_BY_USERS, index::LIKES_BY_USER, &users, &page, most).await;
    }
    let most = world.newest(&world.users[..4]).len() as i64;
    for page in pages::<PostId>(world.posts[30].id) {
        explainer.assert_whole(&explainer.posts, &POSTS_OF_AUTHORS, index::POSTS_BY_AUTHOR, &users, &page, most).await;
    }
}

fn ids(users: &[polygraph::domain::UserId]) -> Vec<Uuid> {
    users.iter().map(|user| user.0).collect()
}

fn without_content(collection: &str) -> Option<Document> {
    collection.ends_with("posts").then(|| doc! { "content": 0 })
}

/// What is asked for parents that all have so many children.
fn ask<C: Position>(children: &Children, ids: &[Uuid], count: u64, page: &Page<C>, collection: &str) -> Ask {
    let parents: Vec<Parent> = ids.iter().map(|&id| Parent { id, count }).collect();
    let mut asked = children.ask(&parents, page, without_content(collection).as_ref(), collection);
    assert_eq!(asked.len(), 1, "one command");
    asked.remove(0)
}

impl Explainer {
    async fn assert_one<C: Position>(&self, collection: &str, children: &Children, parent: Uuid, page: &Page<C>) {
        match ask(children, &[parent], 1, page, collection) {
            Ask::One(of, stretches) => {
                assert_eq!(of, parent);
                self.assert_walks(collection, stretches, 0).await;
            }
            other => panic!("{other:?}"),
        }
    }

    /// Each walk of the command, as the server plans it for each parent: with an equality before it.
    async fn assert_walks_of<C: Position>(
        &self,
        collection: &str,
        children: &Children,
        index: &str,
        ids: &[Uuid],
        page: &Page<C>,
    ) {
        // One parent alone is asked for in another way.
        let two = [ids, ids].concat();
        let Ask::Walks(Pipeline { stages: command, .. }) = ask(children, &two, u64::MAX, page, collection) else {
            panic!("these have many");
        };
        let most = i64::from(page.limit) + 1 + TIES;
        let lookup = command[1].get_document("$lookup").unwrap();
        let parent = lookup.get_str("foreignField").unwrap();
        for id in ids {
            let equality = doc! { "$match": { parent: mongodb::bson::Uuid::from_bytes(id.into_bytes()) } };
            let walk = lookup.get_array("pipeline").unwrap().iter().cloned();
            let walk: Vec<Bson> = std::iter::once(equality.into()).chain(walk).collect();
            let explained = self.explained(doc! { "aggregate": collection, "pipeline": walk, "cursor": {} }).await;
            let plan = plan(&explained);
            assert!(!stages(plan).contains(&"COLLSCAN") && !stages(plan).contains(&"SORT"), "{plan}");
            assert_eq!(indexes(plan), [index], "{plan}");
            if self.bounds_ids || page.cursor.is_none() || collection == self.likes {
                assert!(keys_examined(&explained) <= most && docs_examined(&explained) <= most, "{explained}");
            }
        }
        // mongod tells of the whole command, too.
        let explained = self.explained(doc! { "aggregate": 1, "pipeline": command, "cursor": {} }).await;
        let stage = explained.get_array("stages").ok().and_then(|stages| stages.last()?.as_document().cloned());
        if let Some(stage) = stage.filter(|stage| stage.contains_key("totalKeysExamined")) {
            assert!(examined(&stage, "totalKeysExamined") <= two.len() as i64 * most, "{stage}");
            assert_eq!(examined(&stage, "collectionScans"), 0, "{stage}");
        }
    }

    /// The command reads by its index no more than these parents' children, which are `most`.
    async fn assert_whole<C: Position>(
        &self,
        collection: &str,
        children: &Children,
        index: &str,
        ids: &[Uuid],
        page: &Page<C>,
        most: i64,
    ) {
        let Ask::Whole(Pipeline { stages: command, .. }) = ask(children, ids, 0, page, collection) else {
            panic!("these have few");
        };
        let explained = self.explained(doc! { "aggregate": collection, "pipeline": command, "cursor": {} }).await;
        let plan = plan(&explained);
        assert!(!stages(plan).contains(&"COLLSCAN"), "{plan}");
        assert_eq!(indexes(plan), [index], "{plan}");
        if self.bounds_ids {
            // The walk looks for the next parent's first key after the last of each.
            assert!(keys_examined(&explained) <= most + ids.len() as i64 + 1, "{explained}");
            assert!(docs_examined(&explained) <= most, "{explained}");
        }
    }
}
