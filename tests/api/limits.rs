//! Limits before execution: what the defaults let through, how each is changed, and what an operation costs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::golden;
use crate::support::{Answer, Client, World, global, run};

const INTROSPECTION: &str = include_str!("attacks/introspection.graphql");

/// The limits of production, without what production hides, and with budgets for all that is asked here in a minute.
const PRODUCTION: [(&str, &str); 4] = [
    ("POLYGRAPH_PRODUCTION", "true"),
    ("POLYGRAPH_INTROSPECTION", "on"),
    ("POLYGRAPH_RATE_LIMIT_ADDRESS", "1000000"),
    ("POLYGRAPH_RATE_LIMIT_VIEWER", "1000000"),
];

async fn cost_of(client: &Client, query: &str, variables: Value) -> Answer {
    let request = client.request(Method::POST, "/graphql").header("x-cost", "1");
    client.send(request.json(&json!({ "query": query, "variables": variables }))).await
}

/// What the contract says that default limits let through, and more of what clients send.
#[test]
fn the_defaults_let_through_what_clients_need() {
    run(async {
        let world = World::embedded();
        let served = world.configured(&PRODUCTION).await;
        let deep = |below, _| format!("posts(first: 1) {{ nodes {{ author {{ {below} }} }} }}");
        let deep = format!("{{ viewer {{ {} }} }}", (0..6).fold("id".to_owned(), deep));
        assert_eq!(deep.matches('{').count(), 20, "as many fields above one another");
        let ids: Vec<_> = world.society.posts.iter().take(100).map(|post| global(post.id)).collect();
        let aliases: String = (0..50)
            .map(|n| format!("a{n}: posts(first: 20) {{ nodes {{ id title author {{ handle }} }} }} "))
            .collect();
        let cases = [
            (
                "the contract's page of 100",
                "{ posts(first: 100) { nodes { author { handle } likes(first: 3) { nodes { user { handle } } } } } }"
                    .to_owned(),
                json!({}),
            ),
            ("nodes of 100 ids", "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }".to_owned(), json!({ "ids": ids })),
            (
                "nodes of 100 ids in the text",
                format!("{{ nodes(ids: {}) {{ id ... on Post {{ title }} }} }}", json!(ids)),
                json!({}),
            ),
            ("50 aliases", format!("{{ {aliases} }}"), json!({})),
            ("depth 20", deep, json!({})),
            ("introspection", INTROSPECTION.to_owned(), json!({})),
        ];
        for (what, query, variables) in cases {
            for client in [world.client(), &served.client] {
                let answer = client.signed_in("demo").ask_with(&query, variables.clone()).await;
                assert_eq!(answer.errors(), [], "{what}: {}", answer.text.chars().take(500).collect::<String>());
            }
        }
        for (name, query) in golden::QUERIES {
            let client = golden::client_for(name, &served.client);
            client.ask_with(query, golden::variables(name, world)).await.data();
        }
    });
}

#[test]
fn each_limit_can_be_changed() {
    run(async {
        let world = World::embedded();
        let aliases = |n: usize| format!("{{ {} }}", (0..n).map(|n| format!("a{n}: __typename ")).collect::<String>());
        let names = |n: usize| format!("{{ {} }}", "__typename ".repeat(n));
        let nested = |n: usize| (0..n).fold(json!(1), |below, _| json!([below]));
        let large = |n: usize| json!({ "x": "x".repeat(n) });
        let none = || json!({});
        for (setting, value, fits, beyond, status, code) in [
            (
                "POLYGRAPH_MAX_BODY_SIZE",
                "2KiB",
                (names(1), large(1_000)),
                (names(1), large(2_048)),
                413,
                "REQUEST_TOO_LARGE",
            ),
            (
                "POLYGRAPH_MAX_VARIABLE_DEPTH",
                "3",
                (names(1), json!({ "x": nested(3) })),
                (names(1), json!({ "x": nested(4) })),
                400,
                "BAD_USER_INPUT",
            ),
            ("POLYGRAPH_MAX_QUERY_TOKENS", "500", (names(90), none()), (names(500), none()), 400, "TOO_MANY_TOKENS"),
            ("POLYGRAPH_MAX_QUERY_ALIASES", "3", (aliases(3), none()), (aliases(4), none()), 400, "TOO_MANY_ALIASES"),
            (
                "POLYGRAPH_MAX_QUERY_ALIASES",
                "200",
                (aliases(100), none()),
                (aliases(201), none()),
                400,
                "TOO_MANY_ALIASES",
            ),
            (
                "POLYGRAPH_MAX_QUERY_DIRECTIVES",
                "1",
                ("{ __typename @skip(if: false) }".to_owned(), none()),
                ("{ __typename @skip(if: false) @include(if: true) }".to_owned(), none()),
                400,
                "QUERY_TOO_COMPLEX",
            ),
            (
                "POLYGRAPH_MAX_QUERY_DEPTH",
                "3",
                ("{ posts(first: 1) { nodes { id } } }".to_owned(), none()),
                ("{ posts(first: 1) { nodes { author { id } } } }".to_owned(), none()),
                400,
                "QUERY_TOO_DEEP",
            ),
            ("POLYGRAPH_MAX_QUERY_ROOT_FIELDS", "2", (names(2), none()), (names(3), none()), 400, "QUERY_TOO_COMPLEX"),
            (
                "POLYGRAPH_MAX_QUERY_FIELDS",
                "500",
                (names(90), none()),
                (format!("{{ posts(first: 1) {} }}", names(500)), none()),
                400,
                "QUERY_TOO_COMPLEX",
            ),
            (
                "POLYGRAPH_MAX_QUERY_COST",
                "11",
                ("{ posts(first: 10) { nodes { id } } }".to_owned(), none()),
                ("{ posts(first: 11) { nodes { id } } }".to_owned(), none()),
                400,
                "QUERY_TOO_COMPLEX",
            ),
        ] {
            let served = world.configured(&[(setting, value)]).await;
            served.client.ask_with(&fits.0, fits.1).await.data();
            let refused = served.client.ask_with(&beyond.0, beyond.1).await;
            assert_eq!((refused.status, refused.code().as_str()), (status, code), "{setting}: {}", refused.text);
            assert_eq!(refused.json().get("data"), None, "{setting}");
        }
    });
}

#[test]
fn introspection_fits_whatever_the_limits() {
    run(async {
        let smallest = [
            ("POLYGRAPH_MAX_QUERY_TOKENS", "500"),
            ("POLYGRAPH_MAX_QUERY_ALIASES", "0"),
            ("POLYGRAPH_MAX_QUERY_DIRECTIVES", "1"),
            ("POLYGRAPH_MAX_QUERY_DEPTH", "1"),
            ("POLYGRAPH_MAX_QUERY_ROOT_FIELDS", "1"),
            ("POLYGRAPH_MAX_QUERY_FIELDS", "500"),
            ("POLYGRAPH_MAX_QUERY_COST", "1"),
        ];
        let served = World::embedded().configured(&smallest).await;
        let data = served.client.ask(INTROSPECTION).await.data();
        let directives = data["__schema"]["directives"].as_array().expect("directives");
        for name in ["cost", "listSize"] {
            assert!(directives.iter().any(|directive| directive["name"] == name), "{name}");
        }
    });
}

#[test]
fn what_an_operation_costs_is_told_on_request() {
    run(async {
        let world = World::embedded();
        let query = "query ($n: Int) { posts(first: $n) { nodes { author { handle } } } }";
        let free = cost_of(world.client(), query, json!({ "n": 30 })).await;
        free.data();
        assert_eq!(free.json()["extensions"], json!({ "cost": { "requested": 61, "limit": null } }));
        assert_eq!(world.client().ask_with(query, json!({ "n": 30 })).await.json().get("extensions"), None);

        let served = world.configured(&PRODUCTION).await;
        let within = cost_of(&served.client, query, json!({ "n": 30 })).await;
        within.data();
        assert_eq!(within.json()["extensions"]["cost"], json!({ "requested": 61, "limit": 20_000 }));
        let dear = "{ users(first: 100) { nodes { followers(first: 100) { nodes { posts { nodes { id } } } } } } }";
        let refused = cost_of(&served.client, dear, json!({})).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "QUERY_TOO_COMPLEX"), "{}", refused.text);
        let cost = 1 + 100 * (2 + 100 * (2 + 20));
        assert_eq!(refused.json()["extensions"]["cost"]["requested"], json!(cost));
        assert!(refused.errors()[0].message.contains(&cost.to_string()), "{}", refused.text);
    });
}

#[test]
fn cost_is_limited_in_production_unless_rate_limits_are_lifted() {
    run(async {
        let dear = "{ users(first: 100) { nodes { followers(first: 100) { nodes { following { nodes { id } } } } } } }";
        let asked = |settings: &'static [(&'static str, &'static str)]| async move {
            let served = World::embedded().configured(settings).await;
            cost_of(&served.client, dear, json!({})).await.status
        };
        assert_eq!(asked(&[]).await, 200);
        assert_eq!(asked(&[("POLYGRAPH_PRODUCTION", "true")]).await, 400);
        assert_eq!(asked(&[("POLYGRAPH_PRODUCTION", "true"), ("POLYGRAPH_RATE_LIMITS", "off")]).await, 200);
        // The budget is that of all tests at this address.
        let off = asked(&[
            ("POLYGRAPH_PRODUCTION", "true"),
            ("POLYGRAPH_MAX_QUERY_COST", "off"),
            ("POLYGRAPH_RATE_LIMIT_ADDRESS", "1000000"),
        ]);
        assert_eq!(off.await, 200);
    });
}
