//! Who subjects of outside issuers are.

use polygraph::domain::UserId;
use uuid::Uuid;

use super::world::{World, stamp};

const ISSUER: &str = "https://login.example.org/";

async fn link(world: &World, subject: &str, user: UserId) -> bool {
    world.accounts.link_subject(ISSUER, subject, user).await.expect("it answers")
}

async fn find(world: &World, issuer: &str, subject: &str) -> Option<UserId> {
    world.accounts.user_of_subject(issuer, subject).await.expect("it answers")
}

pub(super) async fn a_subject_is_the_user_it_was_linked_to(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await.id, world.sign_up("bob").await.id);
    assert_eq!(find(world, ISSUER, "1").await, None);
    assert!(link(world, "1", ada).await && link(world, "1", ada).await && link(world, "2", ada).await);
    assert!(!link(world, "1", bob).await, "it is somebody else");
    assert!(!link(world, "3", UserId(Uuid::nil())).await, "nobody");
    assert_eq!((find(world, ISSUER, "1").await, find(world, ISSUER, "2").await), (Some(ada), Some(ada)));
    for (issuer, subject) in [(ISSUER, "3"), (ISSUER, "1 "), ("https://login.example.org", "1"), ("", "")] {
        assert_eq!(find(world, issuer, subject).await, None, "{issuer} {subject}");
    }
}

pub(super) async fn the_subject_of_a_closed_account_is_nobody(world: &World) {
    let ada = world.sign_up("ada").await.id;
    assert!(link(world, "1", ada).await);
    world.close(ada).await;
    assert_eq!(find(world, ISSUER, "1").await, None);
    assert!(!link(world, "1", ada).await && !link(world, "2", ada).await);
    assert!(world.accounts.delete_account(ada, stamp()).await.expect("it answers"));
    let bob = world.sign_up("bob").await.id;
    assert!(link(world, "1", bob).await, "it is free again");
}
