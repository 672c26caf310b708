//! Ids, handles, texts, periods and types.

use polygraph::domain::{LikeId, PostId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::assert_refused;
use crate::support::{World, global, on_both};

on_both!(
    malformed_ids_and_ids_of_other_types_are_refused,
    well_formed_ids_of_nothing_are_null,
    nodes_refuses_what_is_malformed_at_its_own_place,
    at_most_100_ids,
    user_takes_either_an_id_or_a_handle,
    handles_of_nobody_are_null,
    texts_have_limits,
    no_character_is_an_operator,
    periods_must_not_be_empty_nor_too_long,
    types_must_name_one,
);

async fn malformed_ids_and_ids_of_other_types_are_refused(world: &World) {
    let society = &world.society;
    let (user, post, like) = (global(society.users[0].id), global(society.posts[0].id), global(society.likes[0].id));
    let query = "query ($user: ID!, $post: ID!, $node: ID!) {
        user(id: $user) { id } post(id: $post) { id } node(id: $node) { id }
        posts(author: $user) { totalCount } search(query: \"bees\", author: $user) { totalCount }
    }";
    let all = ["user", "post", "node", "posts", "search"];
    let malformed = ["", " ", "x", "1", "%00", "VQ", &user[..22], &format!("{user}A"), &format!("{user}=")];
    let malformed = malformed.iter().map(ToString::to_string).chain(["' OR ''='".to_owned(), "A".repeat(10_000)]);
    for id in malformed.chain([Uuid::from_u128(1).to_string()]) {
        let answer = world.client().ask_with(query, json!({ "user": id, "post": id, "node": id })).await;
        assert_refused(&answer, &all);
    }
    let swapped = world.client().ask_with(query, json!({ "user": post, "post": user, "node": like })).await;
    assert_refused(&swapped, &["user", "post", "posts", "search"]);
    let likes = world.client().ask_with(query, json!({ "user": like, "post": like, "node": user })).await;
    assert_refused(&likes, &["user", "post", "posts", "search"]);
}

async fn well_formed_ids_of_nothing_are_null(world: &World) {
    let (user, post) = (UserId(Uuid::from_u128(1)), PostId(Uuid::from_u128(1)));
    let ids = [global(user), global(post), global(LikeId { post, user })];
    let query = "query ($user: ID!, $post: ID!, $like: ID!, $all: [ID!]!) {
        user(id: $user) { id } post(id: $post) { id } node(id: $like) { id } nodes(ids: $all) { id }
        posts(author: $user) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
        search(query: \"bees\", author: $user) { totalCount nodes { title } }
    }";
    let variables = json!({ "user": ids[0], "post": ids[1], "like": ids[2], "all": ids });
    let data = world.client().ask_with(query, variables).await.data();
    let expected = json!({
        "user": null, "post": null, "node": null, "nodes": [null, null, null],
        "posts": { "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false, "endCursor": null } },
        "search": { "totalCount": 0, "nodes": [] },
    });
    assert_eq!(data, expected);
}

async fn nodes_refuses_what_is_malformed_at_its_own_place(world: &World) {
    let society = &world.society;
    let (user, post) = (global(society.users[4].id), global(society.posts[4].id));
    let ids = json!([user, "nonsense", post, user, ""]);
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let answer = world.client().ask_with(query, json!({ "ids": ids })).await;
    assert_refused(&answer, &["nodes.1", "nodes.4"]);
    let expected = json!([{ "id": user }, null, { "id": post }, { "id": user }, null]);
    assert_eq!(answer.partial()["nodes"], expected);
}

async fn at_most_100_ids(world: &World) {
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let ids = |count: usize| world.society.posts.iter().take(count).map(|post| global(post.id)).collect::<Vec<_>>();
    let data = world.client().ask_with(query, json!({ "ids": ids(100) })).await.data();
    assert_eq!(data["nodes"].as_array().map(Vec::len), Some(100));
    assert_eq!(world.client().ask_with(query, json!({ "ids": [] })).await.data(), json!({ "nodes": [] }));
    let answer = world.client().ask_with(query, json!({ "ids": ids(101) })).await;
    assert_eq!(answer.failures(), [("nodes".to_owned(), "BAD_USER_INPUT".to_owned())]);
    assert_eq!(answer.partial(), Value::Null, "`nodes` may not be null, so nothing above it is left");
}

async fn user_takes_either_an_id_or_a_handle(world: &World) {
    let id = global(world.society.demo().id);
    let query = "query ($id: ID!) { both: user(id: $id, handle: \"demo\") { id } neither: user { id }
        one: user(id: $id) { handle } other: user(handle: \"demo\") { id } }";
    let answer = world.client().ask_with(query, json!({ "id": id })).await;
    assert_refused(&answer, &["both", "neither"]);
    assert_eq!(answer.partial()["one"]["handle"], "demo");
    assert_eq!(answer.partial()["other"]["id"], json!(id));
}

async fn handles_of_nobody_are_null(world: &World) {
    let query = "query ($handle: String!) { user(handle: $handle) { handle } }";
    let impossible = ["", "  ", "ab", "no_such_user", "de mo", "demö", "demo'--", "demo\u{0}", "%", "*"];
    for handle in impossible.iter().map(ToString::to_string).chain(["a".repeat(31), "x".repeat(10_000)]) {
        let data = world.client().ask_with(query, json!({ "handle": handle })).await.data();
        assert_eq!(data, json!({ "user": null }), "{handle:?}");
    }
    for handle in ["demo", "DEMO", "Demo", " demo "] {
        let data = world.client().ask_with(query, json!({ "handle": handle })).await.data();
        assert_eq!(data, json!({ "user": { "handle": "demo" } }), "{handle:?}");
    }
}

async fn texts_have_limits(world: &World) {
    let query = "query ($text: String!, $prefix: String!) {
        search(query: $text) { totalCount } suggest(prefix: $prefix) { title } }";
    for (text, prefix) in [
        ("", ""),
        ("   ", "\t\n"),
        ("\u{a0}", "\u{2003}"),
        (&*"a".repeat(257), &*"a".repeat(65)),
        ("de\u{0}mo", "de\u{7}mo"),
        (&*"a".repeat(10_000), &*"ä".repeat(10_000)),
    ] {
        let answer = world.client().ask_with(query, json!({ "text": text, "prefix": prefix })).await;
        assert_refused(&answer, &["search", "suggest"]);
    }
    // Characters are counted, not bytes, and not those around the text.
    let (text, prefix) = (format!("  {}\n", "é".repeat(256)), format!(" {} ", "e\u{301}".repeat(64)));
    world.client().ask_with(query, json!({ "text": text, "prefix": prefix })).await.data();
}

async fn no_character_is_an_operator(world: &World) {
    let query = "query ($text: String!, $prefix: String!) {
        search(query: $text, first: 100) { totalCount nodes { title } } suggest(prefix: $prefix) { title } }";
    let plain = world.client().ask_with(query, json!({ "text": "demo", "prefix": "demo" })).await.data();
    assert_eq!(plain["search"]["totalCount"], 1);
    let same = [
        "+demo", "-demo", "demo*", "\"demo\"", "demo~", "demo^", "(demo)", "demo)", "[demo]", "{demo}", "demo?",
        "/demo/", "\\demo", "!demo", "demo&&", "||demo", "<demo>", "demo:", "'demo'", "demo;--", "%demo%", "`demo",
    ];
    for text in same {
        let data = world.client().ask_with(query, json!({ "text": text, "prefix": text })).await.data();
        assert_eq!(data, plain, "{text}");
    }
    // Words of query languages are words; a field's name before a colon is one, too.
    for text in ["handle:demo", "_id:1 demo", "demo AND zebra", "NOT demo", "demo OR zebra", "*:*", "_exists_:name"] {
        let data = world.client().ask_with(query, json!({ "text": text, "prefix": text })).await.data();
        assert_eq!(data["search"], json!({ "totalCount": 0, "nodes": [] }), "{text}");
    }
    for text in ["*", "?", "~", "+ - && || ! ( ) { } [ ] ^ \" ~ * ? : \\ /", "…", "\\", "\"", "$"] {
        let data = world.client().ask_with(query, json!({ "text": text, "prefix": text })).await.data();
        assert_eq!(data, json!({ "search": { "totalCount": 0, "nodes": [] }, "suggest": [] }), "{text}");
    }
}

async fn periods_must_not_be_empty_nor_too_long(world: &World) {
    let query = "query ($from: DateTime!, $to: DateTime!) {
        search(query: \"bees\", from: $from, to: $to) { totalCount }
        leaderboard(from: $from, to: $to) { rank } trending(from: $from, to: $to) { rank }
        activity(from: $from, to: $to) { posts } }";
    for (from, to) in [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
    ] {
        let answer = world.client().ask_with(query, json!({ "from": from, "to": to })).await;
        assert_refused(&answer, &["search", "leaderboard", "trending", "activity"]);
    }
    let buckets = "query ($to: DateTime!) {
        activity(from: \"2026-01-01T00:30:00Z\", to: $to, interval: HOUR) { start } }";
    // The thousandth hour from 2026-01-01T00:00Z begins on 2026-02-11 at 15:00.
    let most = world.client().ask_with(buckets, json!({ "to": "2026-02-11T16:00:00Z" })).await.data();
    assert_eq!(most["activity"].as_array().map(Vec::len), Some(1_000));
    let answer = world.client().ask_with(buckets, json!({ "to": "2026-02-11T16:00:00.001Z" })).await;
    assert_refused(&answer, &["activity"]);
    let forever = "{ activity(from: \"0001-01-01T00:00:00Z\", to: \"9999-12-31T23:59:59.999Z\", interval: MONTH) {
        posts } }";
    assert_refused(&world.client().ask(forever).await, &["activity"]);
}

async fn types_must_name_one(world: &World) {
    let query = "{ search(query: \"bees\", types: []) { totalCount } suggest(prefix: \"d\", types: []) { title } }";
    assert_refused(&world.client().ask(query).await, &["search", "suggest"]);
    let both = "{ all: search(query: \"bees\") { totalCount }
        both: search(query: \"bees\", types: [POST, USER, POST]) { totalCount } }";
    let data = world.client().ask(both).await.data();
    assert_eq!(data["all"], data["both"]);
}
