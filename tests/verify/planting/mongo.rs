//! MongoDB by its driver.

use mongodb::bson::{Binary, Bson, DateTime, Document, Uuid as BsonUuid, doc, spec::BinarySubtype};
use mongodb::{Client, Collection, Database};
use polygraph::domain::{LikeId, PostId, UserId};
use uuid::Uuid;

use crate::world::World;

pub(crate) struct RawMongo {
    database: Database,
    namespace: String,
}

fn id(id: Uuid) -> Bson {
    BsonUuid::from_bytes(id.into_bytes()).into()
}

impl RawMongo {
    pub(crate) async fn of(world: &World) -> Self {
        let client = Client::with_uri_str(world.setting("MONGODB_URL")).await.expect("a client");
        Self { database: client.database("polygraph"), namespace: world.namespace.clone() }
    }

    fn collection(&self, name: &str) -> Collection<Document> {
        self.database.collection(&format!("{}_{name}", self.namespace))
    }

    async fn add(&self, collection: &str, key: Uuid, field: &str) {
        let update = doc! { "$inc": { field: 1 } };
        let done = self.collection(collection).update_one(doc! { "_id": id(key) }, update).await.expect("planted");
        assert_eq!(done.modified_count, 1, "{field} in {collection}");
    }

    /// One too many in a count of an author: `posts` or `likes`.
    pub(crate) async fn miscount_author(&self, author: UserId, field: &str) {
        self.add("authors", author.0, field).await;
    }

    /// One like too many.
    pub(crate) async fn miscount_post(&self, post: PostId) {
        self.add("posts", post.0, "likeCount").await;
    }

    /// A like by whoever and of whatever `like` names, counted for nobody.
    pub(crate) async fn insert_like(&self, like: LikeId, author: UserId) {
        let bytes = [like.post.0.as_bytes().as_slice(), like.user.0.as_bytes()].concat();
        let document = doc! {
            "_id": Binary { subtype: BinarySubtype::Generic, bytes },
            "post": id(like.post.0),
            "user": id(like.user.0),
            "author": id(author.0),
            "createdAt": DateTime::from_millis(0),
        };
        self.collection("likes").insert_one(document).await.expect("planted");
    }
}
