//! Elasticsearch and OpenSearch by their HTTP interface.

use polygraph::domain::search::{IndexDocument, IndexKey};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) struct RawElastic {
    client: reqwest::Client,
    url: String,
    namespace: String,
}

impl RawElastic {
    pub(crate) fn of(world: &World) -> Self {
        let url = world.setting("ELASTICSEARCH_URL").to_owned();
        Self { client: reqwest::Client::new(), url, namespace: world.namespace.clone() }
    }

    fn path(&self, key: IndexKey) -> String {
        let Self { url, namespace, .. } = self;
        match key {
            IndexKey::User(id) => format!("{url}/{namespace}-search/_doc/user:{id}"),
            IndexKey::Post(id) => format!("{url}/{namespace}-search/_doc/post:{id}"),
            IndexKey::Like(id) => format!("{url}/{namespace}-likes/_doc/{}:{}", id.post, id.user),
        }
    }

    pub(crate) async fn put(&self, document: &IndexDocument, version: u64) {
        let path = format!("{}?version={version}&version_type=external", self.path(document.key()));
        let put = self.client.put(path).json(&source(document)).send().await.expect("an answer");
        put.error_for_status().expect("planted");
    }

    pub(crate) async fn remove(&self, key: IndexKey) {
        let removed = self.client.delete(self.path(key)).send().await.expect("an answer");
        removed.error_for_status().expect("planted");
    }

    pub(crate) async fn done(&self) {
        let path = format!("{}/{}-*/_refresh", self.url, self.namespace);
        self.client.post(path).send().await.expect("an answer").error_for_status().expect("refreshed");
    }
}

fn source(document: &IndexDocument) -> Value {
    match document {
        IndexDocument::User { id, handle, name, created_at, .. } => json!({
            "kind": "user", "id": id.0, "handle": handle, "title": name, "created_at": created_at.to_string(),
        }),
        IndexDocument::Post { id, author, title, content, created_at } => json!({
            "kind": "post", "id": id.0, "author": author.0, "title": title, "body": content,
            "created_at": created_at.to_string(),
        }),
        IndexDocument::Like { id, author, created_at } => json!({
            "kind": "like", "post": id.post.0, "user": id.user.0, "author": author.0,
            "created_at": created_at.to_string(),
        }),
    }
}
