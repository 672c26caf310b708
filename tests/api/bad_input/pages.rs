//! The arguments of connections: numbers, pairs and cursors.

use polygraph::domain::cursor::{ByScore, ByTime, CursorField, encode};
use polygraph::domain::{ByCount, Timestamp, UserId};
use serde_json::json;

use super::assert_refused;
use crate::support::{World, global, on_both};

on_both!(
    numbers_are_from_1_to_100_and_pairs_are_not_mixed,
    every_connection_refuses_cursors_that_it_never_gave_out,
    a_cursor_is_not_bound_to_its_parent,
    a_connection_that_may_not_be_null_takes_its_parent_with_it,
);

/// Every connection that pages both ways: how it is asked, and where its answer is.
pub(super) const CONNECTIONS: [(&str, &str); 13] = [
    ("users(ARGS)", "users"),
    ("users(orderBy: HANDLE, ARGS)", "users"),
    ("users(orderBy: MOST_FOLLOWED, ARGS)", "users"),
    ("posts(ARGS)", "posts"),
    ("posts(orderBy: MOST_LIKED, ARGS)", "posts"),
    ("posts(author: $user, ARGS)", "posts"),
    ("feed(ARGS)", "feed"),
    ("user(id: $user) { mutualFollowers(ARGS) BODY }", "user.mutualFollowers"),
    ("user(id: $user) { posts(ARGS) BODY }", "user.posts"),
    ("user(id: $user) { likedPosts(ARGS) BODY }", "user.likedPosts"),
    ("post(id: $post) { likes(ARGS) BODY }", "post.likes"),
    // What may not be null takes its parent with it: these are asked by their own test.
    ("user(id: $user) { followers(ARGS) BODY }", "user"),
    ("user(id: $user) { following(ARGS) BODY }", "user"),
];

/// The connections that page forward only.
const FORWARD_ONLY: [(&str, &str); 3] = [
    ("search(query: \"bees\", ARGS)", "search"),
    ("search(query: \"bees\", orderBy: NEWEST, ARGS)", "search"),
    ("recommendedPosts(ARGS)", "recommendedPosts"),
];

/// The document that asks a connection with these arguments.
fn document(connection: &str, arguments: &str) -> String {
    let body = "{ pageInfo { endCursor } }";
    let field = connection.replace("ARGS", arguments);
    let field = if field.contains("BODY") { field.replace("BODY", body) } else { format!("{field} {body}") };
    let mut declared = String::new();
    for variable in ["user", "post"] {
        if field.contains(&format!("${variable}")) {
            declared.push_str(&format!("${variable}: ID!, "));
        }
    }
    if declared.is_empty() { format!("{{ {field} }}") } else { format!("query ({declared}) {{ {field} }}") }
}

/// Asks each connection with each of these arguments, and expects each to be refused.
async fn all_refuse(world: &World, connections: &[(&str, &str)], arguments: impl Fn(&str) -> Vec<String>) {
    let client = world.client().signed_in("demo");
    let (user, post) = (global(world.society.demo().id), global(world.society.posts[3].id));
    for (connection, path) in connections {
        for arguments in arguments(connection) {
            let document = document(connection, &arguments);
            let variables = json!({ "user": user, "post": post });
            let answer = client.ask_with(&document, variables).await;
            let errors = answer.failures();
            assert_eq!(errors.len(), 1, "{document}: {}", answer.text);
            assert_eq!(errors[0].1, "BAD_USER_INPUT", "{document}: {}", answer.text);
            let nulled = answer.partial().pointer(&format!("/{}", path.replace('.', "/"))).cloned();
            assert_eq!(nulled, Some(serde_json::Value::Null), "{document}: {}", answer.text);
        }
    }
}

async fn numbers_are_from_1_to_100_and_pairs_are_not_mixed(world: &World) {
    let forward = ["first: 0", "first: 101", "first: -1", "first: 2147483647"];
    let both = ["last: 0", "last: 101", "last: -1", "first: 1, last: 1", "first: 1, before: \"x\""];
    let numbers = |_: &str| forward.iter().map(ToString::to_string).collect();
    all_refuse(world, &FORWARD_ONLY, numbers).await;
    all_refuse(world, &CONNECTIONS, |_| forward.iter().chain(&both).map(ToString::to_string).collect()).await;

    let lists = "{
        suggest(prefix: \"a\", first: 0) { title }
        leaderboard(first: 101) { rank }
        trending(first: -1) { rank }
        suggestedFollows(first: 0) { mutualCount }
    }";
    let answer = world.client().signed_in("demo").ask(lists).await;
    assert_refused(&answer, &["suggest", "leaderboard", "trending", "suggestedFollows"]);
}

/// A well-formed cursor of every list.
fn cursors() -> Vec<(CursorField, String)> {
    use CursorField as F;
    let id = uuid::Uuid::from_u128(7);
    let (by_time, by_count) = (ByTime { at: Timestamp::from_millis(1), id }, ByCount { count: 1, id });
    let handle = polygraph::domain::ByHandle("demo".to_owned());
    let ids = [F::UsersNewest, F::PostsNewest, F::Feed, F::UserPosts, F::SearchNewest];
    let counts = [F::UsersMostFollowed, F::PostsMostLiked, F::Recommended];
    let times = [F::Followers, F::Following, F::MutualFollowers, F::LikedPosts, F::PostLikes];
    let ids = ids.map(|field| (field, encode(field, &UserId(id))));
    let counts = counts.map(|field| (field, encode(field, &by_count)));
    let times = times.map(|field| (field, encode(field, &by_time)));
    let others = [
        (F::UsersHandle, encode(F::UsersHandle, &handle)),
        (F::SearchRelevance, encode(F::SearchRelevance, &ByScore { score: 1.0, id })),
    ];
    ids.into_iter().chain(counts).chain(times).chain(others).collect()
}

/// The list that a connection of this test belongs to.
fn field_of(connection: &str) -> CursorField {
    use CursorField as F;
    let name = |part: &str| connection.contains(part);
    match () {
        () if name("search") && name("NEWEST") => F::SearchNewest,
        () if name("search") => F::SearchRelevance,
        () if name("recommendedPosts") => F::Recommended,
        () if name("HANDLE") => F::UsersHandle,
        () if name("MOST_FOLLOWED") => F::UsersMostFollowed,
        () if name("MOST_LIKED") => F::PostsMostLiked,
        () if name("users(") => F::UsersNewest,
        () if name("feed(") => F::Feed,
        () if name("mutualFollowers") => F::MutualFollowers,
        () if name("followers") => F::Followers,
        () if name("following") => F::Following,
        () if name("likedPosts") => F::LikedPosts,
        () if name("likes(") => F::PostLikes,
        () if name("{ posts(") => F::UserPosts,
        () => F::PostsNewest,
    }
}

async fn every_connection_refuses_cursors_that_it_never_gave_out(world: &World) {
    let malformed = ["", " ", "x", "%%%", "AQ", "AQ==", &"A".repeat(200), "ü", "' OR 1=1 --"];
    let of = |connection: &str| {
        let own = field_of(connection);
        let foreign = cursors().into_iter().filter(move |(field, _)| *field != own).map(|(_, cursor)| cursor);
        // Its own, but cut short or with bytes after it.
        let (_, good) = cursors().into_iter().find(|(field, _)| *field == own).expect("a cursor of each list");
        let broken = [good[..good.len() - 2].to_owned(), format!("{good}AAAA")];
        let handles = own == CursorField::UsersHandle;
        let broken = broken.into_iter().filter(move |_| !handles);
        malformed.iter().map(ToString::to_string).chain(foreign).chain(broken).collect::<Vec<_>>()
    };
    let after = |connection: &str| of(connection).iter().map(|cursor| format!("after: {}", json!(cursor))).collect();
    let before = |connection: &str| of(connection).iter().map(|cursor| format!("before: {}", json!(cursor))).collect();
    all_refuse(world, &FORWARD_ONLY, after).await;
    all_refuse(world, &CONNECTIONS, after).await;
    all_refuse(world, &CONNECTIONS, before).await;
}

async fn a_cursor_is_not_bound_to_its_parent(world: &World) {
    let (one, other) = (&world.society.users[1], &world.society.users[2]);
    let query = "query ($id: ID!, $after: String) { user(id: $id) { followers(first: 1, after: $after) {
        pageInfo { endCursor } } } }";
    let first = world.client().ask_with(query, json!({ "id": global(one.id) })).await.data();
    let cursor = &first["user"]["followers"]["pageInfo"]["endCursor"];
    assert!(cursor.is_string(), "{first}");
    world.client().ask_with(query, json!({ "id": global(other.id), "after": cursor })).await.data();
}

async fn a_connection_that_may_not_be_null_takes_its_parent_with_it(world: &World) {
    let query = "{
        fails: user(handle: \"demo\") { handle followers(first: 0) { totalCount } }
        stays: user(handle: \"demo\") { handle posts(first: 0) { totalCount } following { totalCount } }
    }";
    let answer = world.client().ask(query).await;
    let expected = ["fails.followers", "stays.posts"].map(|path| (path.to_owned(), "BAD_USER_INPUT".to_owned()));
    assert_eq!(answer.failures(), expected);
    let stays = json!({ "handle": "demo", "posts": null, "following": { "totalCount": 20 } });
    assert_eq!(answer.partial(), json!({ "fails": null, "stays": stays }));
}
