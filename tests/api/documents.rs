//! Documents by name: registered by clients (automatic persisted queries), and trusted from the start.

use std::path::Path;

use polygraph::app::documents;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cache::keeping;
use crate::support::{Answer, Client, Served, World, namespace, on_both, scratch};

on_both!(
    a_registered_document_runs_by_its_hash,
    what_is_not_valid_is_not_registered,
    a_client_is_told_what_to_do_where_nothing_is_known,
    trusted_documents_run_and_others_do_as_is_set,
    manifests_of_relay_and_apollo_name_the_same,
    a_document_by_name_is_answered_from_the_cache,
);

const QUERY: &str = "query Handle($h: String!) { user(handle: $h) { handle } }";

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn by_hash(hash: &str) -> Value {
    json!({ "variables": { "h": "demo" }, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
}

async fn post(client: &Client, body: &Value) -> Answer {
    client.send(client.request(Method::POST, "/graphql").json(body)).await
}

fn with_text(mut body: Value, text: &str) -> Value {
    body["query"] = text.into();
    body
}

async fn a_registered_document_runs_by_its_hash(world: &World) {
    // Two gateways, which share what a client registers where there is a Redis.
    let (first, second) = (world.configured(&[]).await, world.configured(&[]).await);
    let text = format!("{QUERY} # {}", namespace());
    let hash = hash(&text);
    let unknown = post(&first.client, &by_hash(&hash)).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (200, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(unknown.errors()[0].message, "PersistedQueryNotFound", "by which Apollo's clients know it");
    assert_eq!(unknown.header("cache-control"), Some("no-store"));
    let told = post(&first.client, &with_text(by_hash(&hash), &text)).await.data();
    assert_eq!(told["user"]["handle"], "demo");
    assert_eq!(post(&first.client, &by_hash(&hash)).await.data(), told);
    let by_id = json!({ "documentId": format!("sha256:{hash}"), "variables": { "h": "demo" } });
    assert_eq!(post(&first.client, &by_id).await.data(), told);
    let parameters = [
        ("extensions", json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } }).to_string()),
        ("variables", json!({ "h": "demo" }).to_string()),
    ];
    let got = first.client.send(first.client.request(Method::GET, "/graphql").query(&parameters)).await;
    assert_eq!(got.data(), told);
    let elsewhere = post(&second.client, &by_hash(&hash)).await;
    if world.stores.documents.is_some() {
        assert_eq!(elsewhere.data(), told);
    } else {
        assert_eq!(elsewhere.code(), "PERSISTED_QUERY_NOT_FOUND");
    }
}

async fn what_is_not_valid_is_not_registered(world: &World) {
    let served = world.configured(&[]).await;
    for text in ["{ nothing }", "{ posts"] {
        let refused = post(&served.client, &with_text(by_hash(&hash(text)), text)).await;
        assert_eq!(refused.status, 400);
        assert_eq!(post(&served.client, &by_hash(&hash(text))).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    }
    let lie = post(&served.client, &with_text(by_hash(&hash("{ __typename }")), QUERY)).await;
    assert_eq!((lie.status, lie.code().as_str()), (400, "BAD_USER_INPUT"));
    assert_eq!(post(&served.client, &by_hash(&hash("{ __typename }"))).await.code(), "PERSISTED_QUERY_NOT_FOUND");
}

async fn a_client_is_told_what_to_do_where_nothing_is_known(world: &World) {
    let off = world.configured(&[("POLYGRAPH_PERSISTED_QUERIES", "off")]).await;
    let unsupported = post(&off.client, &by_hash(&hash(QUERY))).await;
    assert_eq!((unsupported.status, unsupported.code().as_str()), (200, "PERSISTED_QUERY_NOT_SUPPORTED"));
    assert_eq!(unsupported.errors()[0].message, "PersistedQueryNotSupported");
    // With the text beside it, the hash is not needed.
    assert_eq!(post(&off.client, &with_text(by_hash(&hash(QUERY)), QUERY)).await.data()["user"]["handle"], "demo");
    let unknown = post(world.client(), &json!({ "documentId": "feed-7" })).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "PERSISTED_QUERY_NOT_FOUND"));
    let persisted = |of: Value| json!({ "extensions": { "persistedQuery": of } });
    for malformed in [
        json!({}),
        json!({ "documentId": "" }),
        json!({ "documentId": 7 }),
        persisted(json!({ "version": 2, "sha256Hash": hash(QUERY) })),
        persisted(json!({ "version": 1 })),
        persisted(json!({ "version": 1, "sha256Hash": 7 })),
        persisted(json!("x")),
        with_text(json!({ "documentId": "a", "extensions": by_hash("b")["extensions"] }), QUERY),
    ] {
        let refused = post(world.client(), &malformed).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "BAD_USER_INPUT"), "{malformed}");
    }
}

/// A gateway with manifests.
async fn trusting(world: &World, manifests: &[&Path], mode: &str) -> Served {
    let paths = manifests.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(",");
    let changes = [("POLYGRAPH_TRUSTED_DOCUMENTS", paths.as_str()), ("POLYGRAPH_TRUSTED_DOCUMENTS_MODE", mode)];
    let (mut gateway, _) = world.counted_gateway(&changes);
    let config = world.config_with(&changes);
    gateway.documents = documents(&config, &world.stores, &gateway.schema).await.expect("manifests");
    world.serve(gateway).await
}

async fn trusted_documents_run_and_others_do_as_is_set(world: &World) {
    let directory = scratch();
    let path = directory.path().join("persisted.json");
    let other = "{ posts(first: 1) { nodes { title } } }";
    std::fs::write(&path, json!({ "handle-1": QUERY, "stale-1": "{ gone }" }).to_string()).expect("written");
    let variables = json!({ "h": "demo" });
    for (mode, runs) in [("development", true), ("warn", true), ("enforce", false)] {
        let served = trusting(world, &[&path], mode).await;
        for known in [
            json!({ "documentId": "handle-1", "variables": variables }),
            by_hash("handle-1"),
            by_hash(&hash(QUERY)),
            json!({ "query": QUERY, "variables": variables }),
            with_text(by_hash(&hash(QUERY)), QUERY),
        ] {
            assert_eq!(post(&served.client, &known).await.data()["user"]["handle"], "demo", "{mode}: {known}");
        }
        let stale = post(&served.client, &json!({ "documentId": "stale-1" })).await;
        assert_eq!((stale.status, stale.code().as_str()), (400, "GRAPHQL_VALIDATION_FAILED"), "{mode}");
        let introspection = "{ __schema { queryType { name } } }";
        for text in [other, introspection] {
            let answer = post(&served.client, &json!({ "query": text })).await;
            if runs {
                answer.data();
            } else {
                assert_eq!((answer.status, answer.code().as_str()), (403, "FORBIDDEN"), "{text}");
                let registering = post(&served.client, &with_text(by_hash(&hash(text)), text)).await;
                assert_eq!(registering.status, 403, "nothing is registered where nothing else is to run");
                assert_eq!(post(&served.client, &by_hash(&hash(text))).await.status, 403);
            }
        }
    }
}

async fn manifests_of_relay_and_apollo_name_the_same(world: &World) {
    let directory = scratch();
    let (relay, apollo) = (directory.path().join("relay.json"), directory.path().join("apollo.json"));
    std::fs::write(&relay, json!({ "0cc175b9": QUERY }).to_string()).expect("written");
    let operation = json!({ "id": hash(QUERY), "name": "Handle", "type": "query", "body": QUERY });
    let manifest = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation] });
    std::fs::write(&apollo, manifest.to_string()).expect("written");
    let served = trusting(world, &[&relay, &apollo], "enforce").await;
    for id in ["0cc175b9".to_owned(), hash(QUERY), format!("sha256:{}", hash(QUERY))] {
        let answer = post(&served.client, &json!({ "documentId": id, "variables": { "h": "demo" } })).await;
        assert_eq!(answer.data()["user"]["handle"], "demo", "{id}");
    }
}

async fn a_document_by_name_is_answered_from_the_cache(world: &World) {
    let (served, _) = keeping(world).await;
    let text = format!("{QUERY} # {}", namespace());
    let body = by_hash(&hash(&text));
    post(&served.client, &with_text(body.clone(), &text)).await.data();
    let first = post(&served.client, &body).await;
    let second = post(&served.client, &body).await;
    assert_eq!((first.text, second.header("x-cache")), (second.text.clone(), Some("HIT")));
}
