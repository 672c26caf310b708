//! The contract of [`RegisteredDocuments`]: what was registered is found as it was, by every gateway on the same store.

use std::sync::Arc;

use polygraph::ports::{DocumentHash, RegisteredDocuments};
use polygraph::stores::memory::MemoryDocuments;

use crate::support::{env_url, namespace, redis};

/// Large enough for what the tests register.
const BYTES: u64 = 1 << 20;

/// A store of documents, as two gateways see it.
struct World {
    ours: Arc<dyn RegisteredDocuments>,
    theirs: Arc<dyn RegisteredDocuments>,
}

fn hash(number: u8) -> DocumentHash {
    DocumentHash([number; 32])
}

async fn find(documents: &Arc<dyn RegisteredDocuments>, number: u8) -> Option<String> {
    documents.document(hash(number)).await.expect("it answers").map(|text| text.to_string())
}

async fn what_is_registered_is_found_as_it_was(world: World) {
    let texts = ["{ a }", "", "query Ä { \"\\u0000\" }\r\n", &"x".repeat(300_000)];
    for (number, text) in (0..).zip(texts) {
        assert_eq!(find(&world.ours, number).await, None);
        world.ours.register(hash(number), &Arc::from(text)).await.expect("it answers");
        assert_eq!(find(&world.ours, number).await.as_deref(), Some(text));
        assert_eq!(find(&world.theirs, number).await.as_deref(), Some(text));
    }
    // Registered again, by whomever.
    world.theirs.register(hash(0), &Arc::from("{ a }")).await.expect("it answers");
    assert_eq!(find(&world.ours, 0).await.as_deref(), Some("{ a }"));
}

fn in_process() -> World {
    let documents: Arc<dyn RegisteredDocuments> = Arc::new(MemoryDocuments::new(BYTES));
    World { ours: Arc::clone(&documents), theirs: documents }
}

fn on_redis() -> World {
    let (url, namespace) = (env_url("POLYGRAPH_TEST_REDIS_URL"), namespace());
    World { ours: Arc::new(redis(&url, &namespace)), theirs: Arc::new(redis(&url, &namespace)) }
}

mod memory {
    #[tokio::test]
    async fn what_is_registered_is_found_as_it_was() {
        super::what_is_registered_is_found_as_it_was(super::in_process()).await;
    }

    #[tokio::test]
    async fn what_is_asked_for_stays_whatever_else_comes() {
        let documents = super::in_process().ours;
        documents.register(super::hash(1), &"{ a }".into()).await.expect("it answers");
        for number in 0..2_000_u32 {
            assert_eq!(super::find(&documents, 1).await.as_deref(), Some("{ a }"), "after {number}");
            let mut other = [9; 32];
            other[..4].copy_from_slice(&number.to_be_bytes());
            let text = "x".repeat(10_000);
            documents.register(super::DocumentHash(other), &text.into()).await.expect("it answers");
        }
    }
}

mod redis_server {
    #[tokio::test]
    async fn what_is_registered_is_found_as_it_was() {
        super::what_is_registered_is_found_as_it_was(super::on_redis()).await;
    }

    #[tokio::test]
    async fn other_namespaces_are_worlds_of_their_own() {
        let (ours, theirs) = (super::on_redis().ours, super::on_redis().ours);
        ours.register(super::hash(1), &"{ a }".into()).await.expect("it answers");
        assert_eq!(super::find(&theirs, 1).await, None);
    }
}
