//! The ports of one store, and people in it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use polygraph::domain::event::{Event, Stamp};
use polygraph::domain::text::Handle;
use polygraph::domain::{Timestamp, User, UserId, id};
use polygraph::ports::{AccountStore, Lease, NewUser, Outbox, Projection, Session, TokenHash, UserStore};
use uuid::Uuid;

/// An empty store for one test alone.
pub(super) struct World {
    pub(super) accounts: Arc<dyn AccountStore>,
    pub(super) users: Arc<dyn UserStore>,
    pub(super) outbox: Arc<dyn Outbox>,
    /// What must live as long as the store: its directory, for instance.
    pub(super) _keep: Box<dyn Any>,
}

/// Ten bytes that no other caller gets.
fn unique() -> [u8; 10] {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// The moment `n` milliseconds after the beginning of 2026.
pub(super) fn at(n: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + n)
}

pub(super) fn stamp() -> Stamp {
    Stamp::new(at(0), unique())
}

pub(super) fn handle(text: &str) -> Handle {
    Handle::parse(text).expect("a handle")
}

/// The hash of the password of the user with this handle.
pub(super) fn hash_of(name: &str) -> String {
    format!("hash of {name}")
}

pub(super) fn new_user(name: &str) -> NewUser {
    NewUser {
        id: id::uuid_v7(at(0), unique()).into(),
        handle: handle(name),
        name: format!("Name of {name}"),
        bio: None,
        email: format!("{name}@Example.org"),
        password_hash: Some(hash_of(name)),
        created_at: at(0),
    }
}

/// A session of `user` from moment 0 to moment `end`, with a token of its own.
pub(super) fn new_session(user: UserId, end: i64) -> Session {
    let mut token = [7; 32];
    token[..10].copy_from_slice(&unique());
    Session { token: TokenHash(token), user, created_at: at(0), expires_at: at(end) }
}

impl World {
    pub(super) async fn sign_up(&self, name: &str) -> User {
        self.accounts.create_account(&new_user(name), stamp()).await.expect("it answers").expect("a free handle")
    }

    /// `count` people whose handles begin with `name`.
    pub(super) async fn crowd(&self, name: &str, count: usize) -> Vec<UserId> {
        let mut ids = Vec::new();
        for n in 0..count {
            ids.push(self.sign_up(&format!("{name}_{n}")).await.id);
        }
        ids
    }

    /// Begins a session of the user with this handle, who was made by [`new_user`].
    pub(super) async fn open_session(&self, session: &Session, name: &str) -> bool {
        self.accounts.open_session(session, &hash_of(name)).await.expect("it answers")
    }

    pub(super) async fn follow(&self, follower: UserId, followed: UserId) {
        let found = self.accounts.follow(follower, followed, stamp()).await.expect("it answers");
        assert_eq!(found.map(|user| user.id), Some(followed));
    }

    pub(super) async fn close(&self, user: UserId) {
        assert!(self.accounts.close_account(user, stamp()).await.expect("it answers"), "it was open");
    }

    pub(super) async fn user(&self, user: UserId) -> User {
        self.users.users_by_id(&[user]).await.expect("it answers").remove(&user).expect("this user")
    }

    /// How many follow this user, and how many they follow.
    pub(super) async fn counts(&self, user: UserId) -> (u64, u64) {
        let user = self.user(user).await;
        (user.followers_count, user.following_count)
    }

    /// What the index is told, by aggregate and in order, and then no more. Follows are not among it: no projection
    /// wants to hear of them.
    pub(super) async fn events(&self) -> Vec<Event> {
        self.told(Projection::Index).await
    }

    pub(super) async fn told(&self, projection: Projection) -> Vec<Event> {
        let lease = Lease { worker: Uuid::from_u128(1), now: at(1_000_000), length: Duration::from_secs(60) };
        let claims = self.outbox.claim(projection, 1_000, lease).await.expect("claims");
        let events: Vec<Event> = claims.iter().flat_map(|claim| claim.events.iter().map(|w| w.event)).collect();
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        self.outbox.finish(projection, &ids).await.expect("finished");
        events
    }
}
