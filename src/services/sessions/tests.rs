//! Sessions on a store in memory.

use uuid::Uuid;

use super::*;
use crate::ports::ErrorKind;
use crate::services::testing::{MemoryAccounts, TurnedClock, demo, stamps_of};

const USER: UserId = UserId(Uuid::from_u128(1));
const HASH: &str = "a hash";

struct World {
    store: Arc<MemoryAccounts>,
    clock: Arc<TurnedClock>,
    sessions: Sessions,
}

async fn world() -> World {
    let (store, clock) = (Arc::new(MemoryAccounts::default()), Arc::new(TurnedClock::default()));
    let stamps = stamps_of(clock.clone());
    let user = demo(USER, Some(HASH), &stamps);
    let created = store.create_account(&user, stamps.stamp()).await.expect("memory answers");
    created.expect("nothing is taken");
    World { sessions: Sessions::new(store.clone(), stamps, SessionLimits::default()), store, clock }
}

impl World {
    async fn open(&self) -> Token {
        self.sessions.open(USER, HASH).await.expect("memory answers").expect("there is such a user").token
    }

    async fn is_valid(&self, token: &Token) -> bool {
        match self.sessions.identify(token.reveal()).await {
            Ok(identified) => identified.user == USER && identified.session.is_some(),
            Err(IdentityError::Invalid | IdentityError::NotLinked) => false,
            Err(IdentityError::Store(error)) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_token_stands_for_its_user_until_its_session_ends() {
    let world = world().await;
    let (one, other) = (world.open().await, world.open().await);
    assert_eq!(one.reveal().len(), 43);
    assert!(one != other && world.is_valid(&one).await && world.is_valid(&other).await);
    let session = world.sessions.identify(one.reveal()).await.expect("it is valid").session;
    assert_eq!(world.sessions.end_of(USER, session, false).await.ok(), Some(1));
    assert!(!world.is_valid(&one).await && world.is_valid(&other).await);
    assert_eq!(world.sessions.end_of(USER, session, false).await.ok(), Some(0));
    assert_eq!(world.sessions.end_of(USER, None, true).await.ok(), Some(1));
    assert!(!world.is_valid(&other).await);
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_asked_of_no_store() {
    let world = world().await;
    world.store.faults.fail_after(0);
    for text in ["", "x", &"x".repeat(42), &"-".repeat(42), &"x".repeat(100_000), &"é".repeat(22)] {
        assert!(matches!(world.sessions.identify(text).await, Err(IdentityError::Invalid)), "{text:?}");
    }
    let other = Token::new(&[1; 32]);
    let failed = world.sessions.identify(other.reveal()).await;
    assert!(matches!(failed, Err(IdentityError::Store(error)) if error.kind == ErrorKind::Unavailable));
    assert!(!world.is_valid(&other).await);
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_thirty_days() {
    let world = world().await;
    let token = world.open().await;
    world.clock.turn(30 * DAY);
    assert!(!world.is_valid(&token).await);
}

#[tokio::test]
async fn use_extends_a_session_once_a_day_and_for_ninety_days_in_all() {
    let world = world().await;
    let token = world.open().await;
    for _ in 0..10 {
        assert!(world.is_valid(&token).await);
    }
    assert_eq!(world.store.extended(), 0);
    world.clock.turn(DAY);
    for _ in 0..10 {
        assert!(world.is_valid(&token).await);
    }
    assert_eq!(world.store.extended(), 1);
    for _ in 0..3 {
        world.clock.turn(29 * DAY);
        assert!(world.is_valid(&token).await);
    }
    assert_eq!(world.store.extended(), 4);
    world.clock.turn(2 * DAY - Duration::from_millis(1));
    assert!(world.is_valid(&token).await);
    assert_eq!(world.store.extended(), 4, "what ends for good is not extended");
    world.clock.turn(Duration::from_millis(1));
    assert!(!world.is_valid(&token).await);
}

#[tokio::test]
async fn a_session_that_can_not_be_extended_is_valid_all_the_same() {
    let world = world().await;
    let token = world.open().await;
    world.clock.turn(DAY);
    world.store.faults.fail_after(1);
    assert!(world.is_valid(&token).await);
    assert!(world.store.faults.are_over(), "extending failed");
}

#[tokio::test]
async fn a_token_is_not_printed_by_accident() {
    let access = world().await.sessions.open(USER, HASH).await.expect("memory answers").expect("a user");
    assert!(!format!("{access:?}").contains(access.token.reveal()));
}
