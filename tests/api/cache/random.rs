//! Random queries as several viewers: kept answers are, byte for byte, those that are made without a cache.

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::json;

use super::{counting, keeping, verdict};
use crate::support::{Answer, Client, World, global, on_both};

on_both!(kept_answers_are_those_that_would_be_made);

/// How many queries are drawn.
const QUERIES: usize = 60;
/// How deep their selections go.
const DEPTH: usize = 5;

/// Asks under an id of ours, which stands in errors.
async fn ask(client: &Client, query: &str) -> Answer {
    let request = client.request(Method::POST, "/graphql").header("x-request-id", "random");
    client.send(request.json(&json!({ "query": query }))).await
}

async fn kept_answers_are_those_that_would_be_made(world: &World) {
    let (served, _) = keeping(world).await;
    let plain = world.serve(counting(world, None).await.0).await;
    let other = world.society.users[5].handle.as_str();
    let mut draw = Draw { dice: ChaCha8Rng::seed_from_u64(6), world, fields: 0 };
    let (mut hits, mut shared) = (0, 0);
    for _ in 0..QUERIES {
        let query = draw.query();
        for viewer in [Some("demo"), None, Some(other)] {
            let as_viewer = |client: &Client| viewer.map_or_else(|| client.clone(), |handle| client.signed_in(handle));
            let expected = ask(&as_viewer(&plain.client), &query).await;
            for round in 0..2 {
                let answer = ask(&as_viewer(&served.client), &query).await;
                assert_eq!(answer.text, expected.text, "{viewer:?}, round {round}: {query}");
                let is_hit = verdict(&answer) == "HIT";
                hits += usize::from(is_hit && round == 1);
                shared += usize::from(is_hit && round == 0);
            }
        }
    }
    assert!(hits > QUERIES, "{hits} of {} were kept", 3 * QUERIES);
    assert!(shared > QUERIES / 4, "{shared} were shared");
}

/// Draws queries.
struct Draw<'a> {
    dice: ChaCha8Rng,
    world: &'a World,
    fields: usize,
}

impl Draw<'_> {
    fn query(&mut self) -> String {
        self.selection("Query", DEPTH)
    }

    /// One to three fields of a type, each under a name of its own.
    fn selection(&mut self, of: &str, depth: usize) -> String {
        let fields = fields_of(of);
        let leaves: Vec<_> = fields.iter().copied().filter(|(_, below)| below.is_none()).collect();
        let from: &[Drawn] = if depth == 0 && !leaves.is_empty() { &leaves } else { fields };
        let mut text = String::from("{");
        for _ in 0..self.dice.random_range(1..=3) {
            let (field, below) = *from.choose(&mut self.dice).expect("a field");
            self.fields += 1;
            let (number, field) = (self.fields, self.filled(field));
            let below = below.map(|below| self.selection(below, depth.saturating_sub(1))).unwrap_or_default();
            text += &format!(" f{number}: {field} {below}");
        }
        // What has several types is asked of each.
        for of in members_of(of) {
            text += &format!(" ... on {of} {}", self.selection(of, depth.saturating_sub(1)));
        }
        text + " }"
    }

    /// A field with arguments in place of what stands for them.
    fn filled(&mut self, field: &str) -> String {
        let society = &self.world.society;
        let first = self.dice.random_range(1..=3);
        let handles = ["demo", "nobody_at_all", society.users[5].handle.as_str(), society.users[7].handle.as_str()];
        let handle = *handles.choose(&mut self.dice).expect("a handle");
        let post = &society.posts[self.dice.random_range(0..society.posts.len())];
        let like = &society.likes[self.dice.random_range(0..society.likes.len())];
        field
            .replace("FIRST", &format!("first: {first}"))
            .replace("HANDLE", &format!("handle: \"{handle}\""))
            .replace("ID_OF_POST", &format!("id: \"{}\"", global(post.id)))
            .replace("ID_OF_LIKE", &format!("id: \"{}\"", global(like.id)))
    }
}

/// A field, and the type below it.
type Drawn = (&'static str, Option<&'static str>);

/// The fields that are drawn of a type.
fn fields_of(of: &str) -> &'static [Drawn] {
    match of {
        "Query" => &[
            ("viewer", Some("User")),
            ("user(HANDLE)", Some("User")),
            ("post(ID_OF_POST)", Some("Post")),
            ("node(ID_OF_LIKE)", Some("Node")),
            ("users(FIRST)", Some("UserConnection")),
            ("users(FIRST, orderBy: MOST_FOLLOWED)", Some("UserConnection")),
            ("users(FIRST, orderBy: HANDLE)", Some("UserConnection")),
            ("posts(FIRST)", Some("PostConnection")),
            ("posts(FIRST, orderBy: MOST_LIKED)", Some("PostConnection")),
            ("feed(FIRST)", Some("PostConnection")),
            ("recommendedPosts(FIRST)", Some("PostConnection")),
            ("suggestedFollows(FIRST)", Some("FollowSuggestion")),
            ("leaderboard(FIRST)", Some("LeaderboardEntry")),
            ("trending(FIRST)", Some("TrendingPost")),
            ("suggest(prefix: \"de\", FIRST)", Some("SearchResult")),
            ("search(query: \"rust\", FIRST)", Some("SearchConnection")),
        ],
        "User" => &[
            ("id", None),
            ("handle", None),
            ("name", None),
            ("email", None),
            ("followersCount", None),
            ("postsCount", None),
            ("viewerFollows", None),
            ("followsViewer", None),
            ("followers(FIRST)", Some("FollowConnection")),
            ("following(FIRST)", Some("FollowConnection")),
            ("mutualFollowers(FIRST)", Some("FollowConnection")),
            ("posts(FIRST)", Some("PostConnection")),
            ("likedPosts(FIRST)", Some("LikeConnection")),
        ],
        "Post" => &[
            ("title", None),
            ("likeCount", None),
            ("revision", None),
            ("viewerHasLiked", None),
            ("author", Some("User")),
            ("likes(FIRST)", Some("LikeConnection")),
        ],
        "Like" => &[("createdAt", None), ("user", Some("User")), ("post", Some("Post"))],
        "UserConnection" | "FollowConnection" => &[("totalCount", None), ("nodes", Some("User"))],
        "PostConnection" => &[("totalCount", None), ("nodes", Some("Post"))],
        "LikeConnection" => &[("totalCount", None), ("nodes", Some("Like"))],
        "SearchConnection" => &[("totalCount", None), ("nodes", Some("SearchResult"))],
        "SearchResult" => &[("title", None), ("node", Some("SearchNode"))],
        "LeaderboardEntry" => &[("rank", None), ("likeCount", None), ("user", Some("User"))],
        "TrendingPost" => &[("rank", None), ("likeCount", None), ("post", Some("Post"))],
        "FollowSuggestion" => &[("mutualCount", None), ("user", Some("User")), ("mutuals(FIRST)", Some("User"))],
        "Node" | "SearchNode" => &[("__typename", None)],
        _ => panic!("say here what is drawn of a {of}"),
    }
}

fn members_of(of: &str) -> &'static [&'static str] {
    match of {
        "Node" => &["User", "Post", "Like"],
        "SearchNode" => &["User", "Post"],
        _ => &[],
    }
}
