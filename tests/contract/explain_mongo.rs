//! What MongoDB plans for each page: a walk along one index that stops at the page's end.
//!
//! The queries explained are the adapter's own, built by the functions that it sends. A server that only speaks
//! MongoDB's protocol may estimate instead of measuring: where it can't bound a range of ids at all, the plan's shape
//! is still checked, and the number of keys only for walks that need no such bound.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod children;
mod outbox;

use mongodb::bson::{Bson, Document, Uuid, doc};
use mongodb::{Client, Database};
use polygraph::domain::{ByCount, Direction, Page, PostFields, PostId, UserId};
use polygraph::stores::mongo::Mongo;
use polygraph::stores::mongo::query::{self, Stretch};
use polygraph_migrations::mongo::{collection, index};

use crate::posts::world::{World, by_likes};
use crate::posts::{mongo_options, mongo_server, mongo_url};

const LIMIT: u32 = 3;

/// A filled store and what asks it to explain.
struct Explainer {
    database: Database,
    posts: String,
    likes: String,
    outbox: String,
    server: Mongo,
    world: World,
    bounds_ids: bool,
}

impl Explainer {
    async fn new(world: World) -> Self {
        let options = mongo_options(mongo_url());
        let (url, namespace) = (options.url.clone(), options.namespace.clone());
        let server = mongo_server(options);
        server.migrate().await.unwrap();
        let world = world.fill(&server.posts()).await;
        let client = Client::with_uri_str(url).await.unwrap();
        let database = client.default_database().unwrap_or_else(|| client.database("polygraph"));
        let full = |name| collection(&namespace, name);
        let (posts, likes, outbox) = (full("posts"), full("likes"), full("outbox"));
        let mut explainer = Self { database, posts, likes, outbox, server, world, bounds_ids: false };
        explainer.bounds_ids = explainer.can_bound_ids().await;
        explainer
    }

    /// Whether the server's plans use a range of ids as a bound of the walk: asked for what is above all posts.
    async fn can_bound_ids(&self) -> bool {
        let above_all =
            Stretch { filter: doc! { "_id": { "$gt": Uuid::from_bytes([0xff; 16]) } }, ..query::scan_posts(None, 1) };
        keys_examined(&self.explained(above_all.command(&self.posts)).await) == 0
    }

    async fn explained(&self, command: Document) -> Document {
        let explain = doc! { "explain": command, "verbosity": "executionStats" };
        self.database.run_command(explain).await.unwrap()
    }

    /// Each stretch walks its index, sorts nothing, and examines the page, the row that shows more, and `extra`.
    async fn assert_walks(&self, collection: &str, stretches: Vec<Stretch>, extra: i64) {
        for stretch in stretches {
            let explained = self.explained(stretch.command(collection)).await;
            let plan = plan(&explained);
            let stages = stages(plan);
            assert!(!stages.contains(&"COLLSCAN") && !stages.contains(&"SORT"), "{stretch:?} gives {plan}");
            assert_eq!(indexes(plan), [stretch.index], "{stretch:?} gives {plan}");
            if self.bounds_ids || !ranges_over_ids(&stretch.filter) {
                let most = stretch.limit + extra;
                assert!(keys_examined(&explained) <= most, "{stretch:?} examines {explained}");
                assert!(docs_examined(&explained) <= most, "{stretch:?} examines {explained}");
            }
        }
    }
}

/// A page of each kind: the first, and from the cursor both ways.
fn pages<C: Copy>(cursor: C) -> [Page<C>; 3] {
    let from = |direction| Page { limit: LIMIT, direction, cursor: Some(cursor) };
    [Page::first(LIMIT), from(Direction::Forward), from(Direction::Backward)]
}

#[tokio::test]
async fn pages_of_posts_are_walks() {
    let explainer = Explainer::new(World::small()).await;
    let posts = explainer.world.most_liked(&[]);
    let (middle, fields) = (&posts[posts.len() / 2], PostFields::default());
    for page in pages::<PostId>(middle.id) {
        explainer.assert_walks(&explainer.posts, query::posts_newest(&page, fields), 0).await;
    }
    for page in pages::<ByCount>(by_likes(middle)) {
        explainer.assert_walks(&explainer.posts, query::posts_most_liked(None, &page, fields), 0).await;
        let of_author = query::posts_most_liked(Some(middle.author), &page, fields);
        explainer.assert_walks(&explainer.posts, of_author, 0).await;
    }
    explainer.assert_walks(&explainer.posts, vec![query::scan_posts(None, 5)], 0).await;
    explainer.assert_walks(&explainer.posts, vec![query::scan_posts(Some(middle.id), 5)], 0).await;
}

/// The newest posts are by others, so that no plan can be as good as that of the authors' own posts.
#[tokio::test]
async fn a_feed_is_merged_from_its_authors_posts() {
    let explainer = Explainer::new(World::of_authors(450)).await;
    let (authors, fields) = (&explainer.world.users, PostFields::default());
    let middle = explainer.world.newest(&[])[300].id;
    for count in [3, query::MAX_MERGED_BRANCHES] {
        for page in pages::<PostId>(middle) {
            explainer.assert_walks(&explainer.posts, query::feed(&authors[..count], &page, fields), count as i64).await;
        }
    }
    assert_eq!(query::feed(authors, &Page::first(LIMIT), fields).len(), 3, "more are asked for in several queries");
}

#[tokio::test]
async fn scans_of_likes_are_walks() {
    let explainer = Explainer::new(World::small()).await;
    let like = explainer.world.likes[explainer.world.likes.len() / 2];
    for after in [None, Some(like.id)] {
        explainer.assert_walks(&explainer.likes, vec![query::scan_likes(after, 5)], 0).await;
    }
}

#[tokio::test]
async fn recommendations_read_the_likes_of_the_likers_by_their_index() {
    let explainer = Explainer::new(World::small()).await;
    let (viewer, likers): (UserId, &[UserId]) = (explainer.world.users[0], &explainer.world.users[1..4]);
    let page = Page::<ByCount>::first(LIMIT);
    let pipeline = query::recommended(viewer, likers, &page, PostFields::default(), &explainer.posts);
    let command = doc! { "aggregate": &explainer.likes, "pipeline": pipeline, "cursor": {} };
    let explained = Bson::Document(explainer.explained(command).await);
    assert!(!stages(&explained).contains(&"COLLSCAN"), "{explained}");
    assert!(indexes(&explained).contains(&index::LIKES_BY_USER), "{explained}");
    if explainer.bounds_ids {
        // Nothing but the likes of these people, the viewer's among them, and a look for where the next one's begin.
        let explained = explained.as_document().unwrap();
        let likes =
            likers.iter().chain([&viewer]).map(|&user| explainer.world.likes_by(user).len() as i64).sum::<i64>();
        assert!(keys_examined(explained) <= likes + likers.len() as i64 + 2, "{explained}");
        assert!(docs_examined(explained) <= likes, "{explained}");
    }
}

fn plan(explained: &Document) -> &Bson {
    planned(explained).get_document("queryPlanner").unwrap().get("winningPlan").unwrap()
}

/// What the server planned as a query: the whole, or the beginning of a pipeline.
fn planned(explained: &Document) -> &Document {
    let beginning = || explained.get_array("stages").ok()?.first()?.as_document()?.get_document("$cursor").ok();
    beginning().unwrap_or(explained)
}

fn stats(explained: &Document) -> &Document {
    planned(explained).get_document("executionStats").unwrap()
}

fn keys_examined(explained: &Document) -> i64 {
    examined(stats(explained), "totalKeysExamined")
}

fn docs_examined(explained: &Document) -> i64 {
    examined(stats(explained), "totalDocsExamined")
}

fn examined(stats: &Document, what: &str) -> i64 {
    match stats.get(what) {
        Some(Bson::Int32(count)) => i64::from(*count),
        Some(Bson::Int64(count)) => *count,
        other => panic!("{what} is {other:?}"),
    }
}

fn stages(plan: &Bson) -> Vec<&str> {
    texts(plan, "stage")
}

/// The indexes that a plan walks, each once.
fn indexes(plan: &Bson) -> Vec<&str> {
    let mut names = texts(plan, "indexName");
    names.sort_unstable();
    names.dedup();
    names
}

/// Every text under this key, however deep.
fn texts<'a>(within: &'a Bson, key: &str) -> Vec<&'a str> {
    match within {
        Bson::Document(document) => {
            let own = document.get_str(key).ok();
            own.into_iter().chain(document.values().flat_map(|value| texts(value, key))).collect()
        }
        Bson::Array(values) => values.iter().flat_map(|value| texts(value, key)).collect(),
        _ => Vec::new(),
    }
}

/// Whether the walk starts within what its fields of one value leave, at an id.
fn ranges_over_ids(filter: &Document) -> bool {
    let is_range = |condition: &Document| {
        condition.iter().any(|(operator, value)| operator != "$in" && matches!(value, Bson::Binary(_)))
    };
    filter.values().filter_map(Bson::as_document).any(is_range)
}
