//! Lists walked while they grow: in NEWEST and HANDLE order, what was there when the walk began comes exactly once,
//! and nothing comes twice.

use std::collections::HashSet;
use std::sync::Arc;

use polygraph::domain::id::uuid_v7;
use polygraph::domain::text::Handle;
use polygraph::domain::{PostId, Timestamp, UserId};
use polygraph::ports::{NewPost, NewUser};
use polygraph::services::seed::SeedPlan;

use super::List;
use crate::support::{Which, World, run};

const PLAN: SeedPlan = SeedPlan { users: 30, posts: 30, likes: 50, follows: 60, seed: 7 };

#[test]
fn embedded() {
    run(walk_while_growing(Which::Embedded));
}

#[test]
fn real() {
    run(walk_while_growing(Which::Real));
}

async fn walk_while_growing(which: Which) {
    let world = World::open(which, PLAN).await;
    let mut added = 0;
    let item = ("id", "/node/id");
    for (name, field) in [
        ("users", "users(ARGS) BODY"),
        ("users by handle", "users(orderBy: HANDLE, ARGS) BODY"),
        ("posts", "posts(ARGS) BODY"),
    ] {
        let list = List { name, field, item };
        for forward in [true, false] {
            let before: HashSet<_> = list.walk_forth(world.client(), &[100]).await.into_iter().collect();
            let mut walked = Vec::new();
            let mut cursor = None::<String>;
            loop {
                let (size, position) = if forward { ("first", "after") } else { ("last", "before") };
                let position = cursor.map(|cursor| format!(", {position}: \"{cursor}\"")).unwrap_or_default();
                let page = list.page(world.client(), &format!("{size}: 4{position}")).await;
                let end = if forward { page.cursors.last() } else { page.cursors.first() };
                cursor = end.cloned();
                walked.extend(page.items);
                if !(if forward { page.next } else { page.previous }) {
                    break;
                }
                // Each page is followed by three more: at the list's start, at its end, and somewhere between. After
                // a few pages it stays as it is, since what grows for ever is never walked to its end.
                for place in [0, 500, 999] {
                    if walked.len() <= 24 {
                        added += 1;
                        grow(&world, added, place).await;
                    }
                }
            }
            let distinct: HashSet<_> = walked.iter().cloned().collect();
            assert_eq!(distinct.len(), walked.len(), "{name}: nothing comes twice");
            let missed: Vec<_> = before.difference(&distinct).collect();
            assert!(missed.is_empty(), "{name}: {missed:?} were there all along");
        }
    }
}

/// Adds a user and a post of theirs, whose ids and handle stand at about `place` thousandths of those there are. New
/// ids are the latest in life; here they fall in between, too, as those of a gateway with a slow clock would.
async fn grow(world: &World, number: u64, place: u64) {
    let (first, last) = (world.society.users[0].created_at, world.society.users[PLAN.users as usize - 1].created_at);
    let span = (last.millis() - first.millis()) / 1_000;
    let created_at = Timestamp::from_millis(first.millis() + span * place as i64 + number as i64);
    let random = number.to_be_bytes();
    let random = std::array::from_fn(|at| random.get(at).copied().unwrap_or(1));
    let letter = char::from(b'a' + (place * 25 / 1_000) as u8);
    let handle = Handle::parse(&format!("{letter}grown{number}")).expect("a handle");
    let user = NewUser {
        id: UserId(uuid_v7(created_at, random)),
        email: format!("{handle}@example.org"),
        handle,
        name: "Grown Up".to_owned(),
        bio: None,
        password_hash: None,
        created_at,
    };
    let id = PostId(uuid_v7(created_at, random));
    let post = NewPost { id, author: user.id, title: "Grown".to_owned(), content: "Up".to_owned(), created_at };
    let (users, posts) = (Arc::clone(&world.stores.users), Arc::clone(&world.stores.posts));
    assert_eq!(users.insert_users(&[user]).await.expect("a user is added"), 1);
    assert_eq!(posts.insert_posts(&[post]).await.expect("a post is added"), 1);
}
