//! Which documents run by what names, which are registered, and what manifests look like.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::ports::{ErrorKind, Role, StoreError, StoreResult};

const TEXT: &str = "{ viewer { handle } }";
const OTHER: &str = "{ __typename }";

/// A store that remembers what it is given, and can be down.
#[derive(Default)]
struct Shelf {
    texts: Mutex<HashMap<DocumentHash, Arc<str>>>,
    is_down: AtomicBool,
    looks: AtomicUsize,
}

impl Shelf {
    fn answer<T>(&self, answer: T) -> StoreResult<T> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(StoreError::new(Role::Cache, ErrorKind::Unavailable, "it is down"));
        }
        Ok(answer)
    }

    fn put(&self, hash: DocumentHash, text: &str) {
        self.texts.lock().expect("nobody panics").insert(hash, Arc::from(text));
    }
}

#[async_trait]
impl RegisteredDocuments for Shelf {
    async fn document(&self, hash: DocumentHash) -> StoreResult<Option<Arc<str>>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.answer(self.texts.lock().expect("nobody panics").get(&hash).cloned())
    }

    async fn register(&self, hash: DocumentHash, text: &Arc<str>) -> StoreResult<()> {
        self.put(hash, text);
        self.answer(())
    }
}

/// A gateway's documents, near and shared.
struct Fixture {
    shared: Arc<Shelf>,
    documents: Documents,
}

impl Fixture {
    fn beside(shared: Arc<Shelf>, trusted: Option<TrustedDocuments>) -> Self {
        let registered = Registered { near: Arc::new(Shelf::default()), shared: Some(Arc::clone(&shared) as _) };
        Self { shared, documents: Documents::new(trusted, Some(registered)) }
    }

    fn new(trusted: Option<TrustedDocuments>) -> Self {
        Self::beside(Arc::new(Shelf::default()), trusted)
    }

    /// What is answered to a text with its hash, and registered as its valid documents are.
    async fn register(&self, text: &str) {
        let meant = self.documents.find(Some(text.to_owned()), Some(persisted(&id_of(text)))).await.expect("it runs");
        self.documents.register(meant.registers.expect("it is registered"), &meant.text).await;
    }

    async fn named(&self, name: DocumentName) -> Result<String, Unserved> {
        self.documents.find(None, Some(name)).await.map(|meant| meant.text)
    }
}

fn persisted(id: &str) -> DocumentName {
    DocumentName { id: id.to_owned(), protocol: Protocol::PersistedQuery }
}

fn document_id(id: &str) -> DocumentName {
    DocumentName { id: id.to_owned(), protocol: Protocol::DocumentId }
}

fn trusting(policy: Policy) -> TrustedDocuments {
    let manifest = Manifest::read(&json!({ "feed-1": TEXT }).to_string()).expect("a manifest");
    TrustedDocuments::new(manifest, policy)
}

#[tokio::test]
async fn what_one_gateway_registers_the_others_find() {
    let first = Fixture::new(None);
    let hash = id_of(TEXT);
    assert_eq!(first.named(persisted(&hash)).await, Err(Unserved::Unknown(Protocol::PersistedQuery)));
    first.register(TEXT).await;
    let second = Fixture::beside(Arc::clone(&first.shared), None);
    for gateway in [&first, &second] {
        for name in [persisted(&hash), document_id(&hash), document_id(&format!("sha256:{hash}"))] {
            assert_eq!(gateway.named(name).await.as_deref(), Ok(TEXT));
        }
    }
}

#[tokio::test]
async fn what_is_near_is_not_looked_for_again() {
    let first = Fixture::new(None);
    first.register(TEXT).await;
    let second = Fixture::beside(Arc::clone(&first.shared), None);
    for _ in 0..5 {
        assert_eq!(second.named(persisted(&id_of(TEXT))).await.as_deref(), Ok(TEXT));
    }
    assert_eq!(first.shared.looks.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_hash_that_is_another_texts_is_refused_wherever_it_comes_from() {
    let fixture = Fixture::new(None);
    let lies = fixture.documents.find(Some(OTHER.to_owned()), Some(persisted(&id_of(TEXT)))).await;
    assert_eq!(lies, Err(Unserved::OtherHash));
    fixture.shared.put(hash_of(TEXT), OTHER);
    assert_eq!(fixture.named(persisted(&id_of(TEXT))).await, Err(Unserved::Unknown(Protocol::PersistedQuery)));
}

#[tokio::test]
async fn without_the_shared_store_a_gateway_knows_what_it_was_told_itself() {
    let fixture = Fixture::new(None);
    fixture.shared.is_down.store(true, Ordering::Relaxed);
    assert_eq!(fixture.named(persisted(&id_of(TEXT))).await, Err(Unserved::Unknown(Protocol::PersistedQuery)));
    fixture.register(TEXT).await;
    assert_eq!(fixture.named(persisted(&id_of(TEXT))).await.as_deref(), Ok(TEXT));
}

#[tokio::test]
async fn where_nothing_is_registered_clients_are_told_so() {
    let documents = Documents::new(None, None);
    let asked = async |text: Option<&str>, name| documents.find(text.map(str::to_owned), name).await;
    let hash = id_of(TEXT);
    assert_eq!(asked(None, Some(persisted(&hash))).await, Err(Unserved::Unsupported));
    assert_eq!(asked(None, Some(document_id(&hash))).await, Err(Unserved::Unknown(Protocol::DocumentId)));
    assert_eq!(asked(None, None).await, Err(Unserved::Missing));
    let meant = asked(Some(TEXT), Some(persisted(&hash))).await.expect("it runs");
    assert_eq!(meant, Meant { text: TEXT.to_owned(), registers: None });
}

#[tokio::test]
async fn trusted_documents_are_known_by_id_by_hash_and_by_text() {
    for policy in [Policy::Development, Policy::Warn, Policy::Enforce] {
        let fixture = Fixture::new(Some(trusting(policy)));
        let hash = id_of(TEXT);
        for name in
            [document_id("feed-1"), persisted("feed-1"), persisted(&hash), document_id(&format!("sha256:{hash}"))]
        {
            assert_eq!(fixture.named(name.clone()).await.as_deref(), Ok(TEXT), "{policy:?} {name:?}");
        }
        let told = fixture.documents.find(Some(TEXT.to_owned()), None).await;
        assert_eq!(told, Ok(Meant { text: TEXT.to_owned(), registers: None }));
        assert_eq!(fixture.documents.trusted().map(|(_, text)| text.as_ref()).collect::<Vec<_>>(), [TEXT]);
    }
}

#[tokio::test]
async fn others_run_unless_trust_is_enforced() {
    for policy in [Policy::Development, Policy::Warn] {
        let fixture = Fixture::new(Some(trusting(policy)));
        fixture.register(OTHER).await;
        assert_eq!(fixture.named(persisted(&id_of(OTHER))).await.as_deref(), Ok(OTHER));
    }
    let fixture = Fixture::new(Some(trusting(Policy::Enforce)));
    fixture.shared.put(hash_of(OTHER), OTHER);
    for (text, name) in [
        (Some(OTHER), None),
        (Some(OTHER), Some(persisted(&id_of(OTHER)))),
        (None, Some(persisted(&id_of(OTHER)))),
        (None, Some(document_id("nothing"))),
        // It names one that is trusted, and would run another.
        (Some(OTHER), Some(document_id("feed-1"))),
    ] {
        let found = fixture.documents.find(text.map(str::to_owned), name.clone()).await;
        assert_eq!(found, Err(Unserved::Untrusted), "{text:?} {name:?}");
    }
}

#[test]
fn manifests_of_all_generators_are_read() {
    let expected = Manifest(vec![
        Entry { id: "a".to_owned(), text: TEXT.to_owned() },
        Entry { id: "b".to_owned(), text: OTHER.to_owned() },
    ]);
    let apollo = json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            { "id": "b", "name": "B", "type": "query", "body": OTHER },
            { "id": "a", "name": "A", "type": "query", "body": TEXT },
        ],
    });
    for text in [json!({ "b": OTHER, "a": TEXT }), apollo] {
        assert_eq!(Manifest::read(&text.to_string()).expect("a manifest"), expected);
    }
    let (first, second) = (json!({ "a": TEXT }), json!({ "b": OTHER, "a": TEXT }));
    let read = |value: &serde_json::Value| Manifest::read(&value.to_string()).expect("a manifest");
    assert_eq!(read(&first).and(read(&second)).expect("they agree"), expected);
}

#[test]
fn what_is_no_manifest_is_refused() {
    let refused = |text: &str| Manifest::read(text).expect_err("no manifest").to_string();
    assert!(refused("{").contains("JSON"));
    let newer = json!({ "format": "apollo-persisted-query-manifest", "version": 2, "operations": [] });
    for text in ["[]", "{ \"a\": 1 }", &newer.to_string()] {
        assert!(refused(text).contains("neither"), "{text}");
    }
    assert!(refused(&json!({ "a": " " }).to_string()).contains("empty"));
    let twice = json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{ "id": "a", "body": TEXT }, { "id": "a", "body": OTHER }],
    });
    assert!(refused(&twice.to_string()).contains("two documents"));
    let one = |text: &str| Manifest::read(&json!({ "a": text }).to_string()).expect("a manifest");
    assert!(one(TEXT).and(one(OTHER)).is_err());
}
