//! Requests that are none (GraphQL over HTTP): refused before anything is executed.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Answer, World, global, on_both};

on_both!(
    what_cannot_be_executed_is_400,
    bodies_that_are_not_requests_are_400,
    only_json_is_taken_and_given,
    only_get_and_post,
    a_large_body_is_413,
    a_token_that_is_not_valid_is_401_and_nothing_is_executed,
    get_takes_queries_and_sends_browsers_to_graphiql,
    request_ids_are_taken_or_made,
);

/// Refused as a whole: one error of this code, and no data at all.
fn assert_never_executed(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
    assert_eq!(answer.json().get("data"), None, "{}", answer.text);
}

async fn what_cannot_be_executed_is_400(world: &World) {
    let (served, log) = world.counted().await;
    let post = |body: Value| served.client.send(served.client.request(Method::POST, "/graphql").json(&body));
    let by_id = "query ($id: ID!) { post(id: $id) { id } }";
    let buckets = "query ($interval: Interval!, $first: Int, $from: DateTime) {
        activity(from: \"2026-01-01T00:00:00Z\", to: \"2026-01-02T00:00:00Z\", interval: $interval) { posts }
        leaderboard(first: 1, from: $from) { rank } posts(first: $first) { totalCount } }";
    let many = "query A { __typename } query B { __typename }";
    for (body, code) in [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "nonsense" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "# only a comment" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ posts { nodes { nothing } } }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ posts }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ post { id } }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ posts(first: \"one\") { totalCount } }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ ...Missing }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "mutation { nothing }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": by_id }), "BAD_USER_INPUT"),
        (json!({ "query": by_id, "variables": { "id": null } }), "BAD_USER_INPUT"),
        (json!({ "query": by_id, "variables": { "id": ["x"] } }), "BAD_USER_INPUT"),
        (json!({ "query": by_id, "variables": { "id": true } }), "BAD_USER_INPUT"),
        (json!({ "query": buckets, "variables": { "interval": "YEAR" } }), "BAD_USER_INPUT"),
        (json!({ "query": buckets, "variables": { "interval": "DAY", "first": "7" } }), "BAD_USER_INPUT"),
        (json!({ "query": buckets, "variables": { "interval": "DAY", "first": 1.5 } }), "BAD_USER_INPUT"),
        (json!({ "query": buckets, "variables": { "interval": "DAY", "first": 2_147_483_648_u64 } }), "BAD_USER_INPUT"),
        (json!({ "query": buckets, "variables": { "interval": "DAY", "from": "yesterday" } }), "BAD_USER_INPUT"),
        (json!({ "query": buckets, "variables": { "interval": "DAY", "from": 7 } }), "BAD_USER_INPUT"),
        (json!({ "query": many, "operationName": "C" }), "BAD_USER_INPUT"),
        (json!({ "query": many }), "BAD_USER_INPUT"),
        (json!({ "query": "query A { __typename }", "operationName": "C" }), "BAD_USER_INPUT"),
    ] {
        let text = body.to_string();
        let answer = post(body).await;
        assert_eq!(answer.errors().first().map(|error| error.code.as_str()), Some(code), "{text}: {}", answer.text);
        assert_eq!((answer.status, answer.json().get("data")), (400, None), "{text}: {}", answer.text);
    }
    assert_eq!(log.take(), [], "nothing was executed");

    let named = post(json!({ "query": many, "operationName": "B" })).await.data();
    assert_eq!(named, json!({ "__typename": "Query" }));
}

async fn bodies_that_are_not_requests_are_400(world: &World) {
    let bodies = [
        "",
        "query",
        "{",
        "null",
        "7",
        "\"{ __typename }\"",
        "{}",
        "[]",
        r#"[{"query":"{ __typename }"}]"#,
        r#"{"query":null}"#,
        r#"{"query":""}"#,
        r#"{"query":7}"#,
        r#"{"variables":{}}"#,
        r#"{"query":"{ __typename }","variables":[]}"#,
        r#"{"query":"{ __typename }","variables":"{}"}"#,
        r#"{"query":"{ __typename }","operationName":7}"#,
        r#"{"query":"{ __typename }","extensions":7}"#,
        "{\"query\":\"{ __typename }\"} trailing",
    ];
    for body in bodies {
        let request = world.client().request(Method::POST, "/graphql").header(CONTENT_TYPE, "application/json");
        let answer = world.client().send(request.body(body)).await;
        assert_never_executed(&answer, 400, "BAD_USER_INPUT");
    }
    let invalid = world.client().request(Method::POST, "/graphql").header(CONTENT_TYPE, "application/json");
    let answer = world.client().send(invalid.body(b"{\"query\":\"{ \xff }\"}".to_vec())).await;
    assert_never_executed(&answer, 400, "BAD_USER_INPUT");
}

async fn only_json_is_taken_and_given(world: &World) {
    let body = r#"{"query":"{ __typename }"}"#;
    let post = || world.client().request(Method::POST, "/graphql").body(body);
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin1"]
    {
        let answer = world.client().send(post().header(CONTENT_TYPE, media)).await;
        assert_never_executed(&answer, 415, "BAD_USER_INPUT");
    }
    assert_never_executed(&world.client().send(post()).await, 415, "BAD_USER_INPUT");
    for media in ["application/json", "Application/JSON; charset=UTF-8"] {
        world.client().send(post().header(CONTENT_TYPE, media)).await.data();
    }

    let accepting =
        |accept| world.client().send(post().header(CONTENT_TYPE, "application/json").header(ACCEPT, accept));
    for accept in ["text/plain", "image/png, text/html", "application/json;q=0"] {
        let answer = accepting(accept).await;
        assert_eq!(answer.status, 406, "{accept}: {}", answer.text);
        assert!(!answer.text.contains("__typename"), "nothing was executed");
    }
    for (accept, media) in [
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
    ] {
        assert_eq!(accepting(accept).await.header("content-type"), Some(media));
    }
}

async fn only_get_and_post(world: &World) {
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = world.client().send(world.client().request(method.clone(), "/graphql")).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")), "{method}");
    }
    for path in ["/", "/livez", "/readyz", "/schema.graphql"] {
        let answer = world.client().send(world.client().request(Method::POST, path)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{path}");
    }
    let nowhere = world.client().send(world.client().request(Method::GET, "/graphq")).await;
    assert_eq!(nowhere.status, 404);
}

async fn a_large_body_is_413(world: &World) {
    let body = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(2 * 1024 * 1024) } });
    let answer = world.client().send(world.client().request(Method::POST, "/graphql").json(&body)).await;
    assert_never_executed(&answer, 413, "REQUEST_TOO_LARGE");
    let body = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(1024 * 1024 - 200) } });
    world.client().send(world.client().request(Method::POST, "/graphql").json(&body)).await.data();
}

async fn a_token_that_is_not_valid_is_401_and_nothing_is_executed(world: &World) {
    let (served, log) = world.counted().await;
    let body = json!({ "query": "{ posts { totalCount } viewer { handle } }" });
    for header in ["Bearer nobody", "Bearer", "Bearer ", "Basic ZGVtbzpkZW1v", "demo", "", "Bearer demo, Bearer demo"] {
        let request = served.client.request(Method::POST, "/graphql").json(&body).header("authorization", header);
        assert_never_executed(&served.client.send(request).await, 401, "UNAUTHENTICATED");
    }
    assert_eq!(log.take(), [], "nothing was executed");
    for header in ["Bearer demo", "bearer demo", "BEARER  demo"] {
        let request = served.client.request(Method::POST, "/graphql").json(&body).header("authorization", header);
        assert_eq!(served.client.send(request).await.data()["viewer"]["handle"], "demo", "{header}");
    }
}

async fn get_takes_queries_and_sends_browsers_to_graphiql(world: &World) {
    let get = |query: &[(&str, &str)]| {
        let query = query.to_vec();
        world.client().send(world.client().request(Method::GET, "/graphql").query(&query))
    };
    let post = global(world.society.posts[0].id);
    let variables = json!({ "id": post }).to_string();
    let query = "query A($id: ID!) { post(id: $id) { id } } query B { __typename }";
    let data = get(&[("query", query), ("variables", &variables), ("operationName", "A")]).await.data();
    assert_eq!(data, json!({ "post": { "id": post } }));

    assert_never_executed(&get(&[]).await, 400, "BAD_USER_INPUT");
    assert_never_executed(&get(&[("query", "{")]).await, 400, "GRAPHQL_PARSE_FAILED");
    assert_never_executed(&get(&[("query", "{ __typename }"), ("variables", "{")]).await, 400, "BAD_USER_INPUT");
    assert_never_executed(&get(&[("query", "{ __typename }"), ("variables", "[]")]).await, 400, "BAD_USER_INPUT");

    let page = "text/html,application/xhtml+xml,*/*;q=0.8";
    let browse = world.client().request(Method::GET, "/graphql").header(ACCEPT, page);
    let answer = world.client().send(browse).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let graphiql = world.client().send(world.client().request(Method::GET, "/").header(ACCEPT, page)).await;
    assert_eq!((graphiql.status, graphiql.header("content-type")), (200, Some("text/html; charset=utf-8")));
}

async fn request_ids_are_taken_or_made(world: &World) {
    let ask = |id: &'static str| {
        let request = world.client().request(Method::POST, "/graphql").header("x-request-id", id);
        world.client().send(request.json(&json!({ "query": "{ nothing }" })))
    };
    assert_eq!(ask("from-a-proxy_7").await.header("x-request-id"), Some("from-a-proxy_7"));
    let (one, other) = (ask("not plain").await, ask("not plain").await);
    let (one, other) = (one.header("x-request-id"), other.header("x-request-id"));
    assert!(one.is_some_and(|id| id.len() >= 16), "{one:?}");
    assert_ne!(one, other);
}
