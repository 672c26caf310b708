//! Ports: what Polygraph needs of its stores, said in its own terms.
//!
//! Ports are shaped by the API, not by any engine: they take and return domain types, and each method is one round
//! trip as the caller counts them (an adapter may split a large key list into several commands; it never asks once
//! per key). No driver, column or BSON type passes through here.
//!
//! # How to add a store
//! 1. Make a module under `stores/` and implement the port for the engine. Keep it plain: translate, ask, translate
//!    back. Turn every driver error into a [`StoreError`] with the [`ErrorKind`] that fits; the message of the driver
//!    is its source and never reaches a client.
//! 2. Let every path that pages use keyset conditions and an index; give the migrations crate what it needs to
//!    create those, and the EXPLAIN test a case.
//! 3. Add the adapter to its port's contract suite in `tests/contract/`: one line there runs every test on it.
//! 4. Give its URL scheme to `app/stores.rs`, which alone knows all adapters.
//!
//! # Rules every adapter keeps
//! - An empty list of keys is answered without I/O.
//! - A key that is not there is left out of the answer; it is not an error.
//! - Timestamps have a resolution of one millisecond; ids are ordered by their bytes.
//! - A method may be cancelled by dropping its future, and must then leave no connection in an unknown state. What the
//!   server goes on with then must end soon by itself: by [`deadline::time_left`] where a command can carry that.

mod accounts;
mod cache;
pub mod deadline;
mod documents;
mod error;
mod event_bus;
mod index_build;
mod keys;
mod outbox;
mod posts;
mod publishing;
mod rate_limit;
mod reach;
mod recount;
mod register;
mod search;
mod sessions;
mod stores;
mod system;
mod throttle;
mod touch;
mod trail;
mod users;

use async_trait::async_trait;

pub use accounts::{AccountStore, Credentials, Login, PasswordHashChange, ProfileChanges, Session, Taken, TokenHash};
pub use cache::{
    AsOf, Bypass, CacheKey, CacheState, CacheTag, CachedBody, Invalidated, LARGEST_BODY, Life, Lookup, MAKING,
    MOST_TAGS, ResultCache, TagSet,
};
pub use documents::{DocumentHash, RegisteredDocuments};
pub use error::{ErrorKind, Role, StoreError, StoreResult};
pub use event_bus::{
    Delivered, EventBus, Follow, Following, Group, GroupMember, InHand, MOST_DELIVERIES, Position, Start,
};
pub use index_build::IndexBuild;
pub use keys::KeySource;
pub use outbox::{Backlog, Claim, Lease, Outbox, Parked, Projection, Waiting};
pub use posts::{LikedPost, NewPost, PostStore};
pub use publishing::{Changed, Idempotency, LikeOutcome, LikeWish, LikesSet, PostChanges, Published, PublishingStore};
pub use rate_limit::{Quota, RateLimiter, Spent};
pub use reach::{Reach, in_time};
pub use recount::Recount;
pub use register::{CacheRegister, Registered};
pub use search::SearchIndex;
pub use sessions::{Kept, Look, Mark, SessionCache};
pub use stores::Stores;
pub use system::{Clock, Entropy};
pub use throttle::{Limit, Throttle};
pub use touch::Touch;
pub use trail::{Ended, Step, Trail};
pub use users::{NewFollow, NewUser, UserStore};

/// What is common to all adapters: they can say what they are and whether they answer.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The engine, as `/readyz` and `doctor` name it: `postgresql`, `sqlite`, `mongodb`, `elasticsearch`, `tantivy`,
    /// `redis`, `rabbitmq` or `memory`.
    fn kind(&self) -> &'static str;

    /// Asks the engine whether it serves, and which version it is. Costs one round trip.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when it does not answer, [`ErrorKind::NotReady`] when it answers but its
    /// collections, tables or indexes are not there yet.
    async fn check(&self) -> StoreResult<String>;
}
