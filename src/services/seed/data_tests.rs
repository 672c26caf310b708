//! What holds for the data of any plan, and that the default plan's stays the same.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use unicode_normalization::is_nfc;
use unicode_segmentation::UnicodeSegmentation as _;

use super::super::timeline::TODAY;
use super::*;

const MEDIUM: SeedPlan = SeedPlan { users: 2_000, posts: 20_000, likes: 100_000, follows: 40_000, seed: 7 };

fn data(plan: SeedPlan) -> DemoData {
    plan.data().expect("a possible plan")
}

fn counted<T: Eq + Hash>(items: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// Everything that the contract and the stores rely on.
fn assert_sound(plan: SeedPlan) {
    let data = data(plan);
    let today = Timestamp::parse(TODAY).expect("a valid moment");

    let users: HashMap<UserId, NewUser> = data.users().map(|user| (user.id, user)).collect();
    assert_eq!(users.len(), plan.users as usize, "ids of users");
    assert_eq!(users.values().map(|user| &user.handle).collect::<HashSet<_>>().len(), users.len(), "handles");
    assert_eq!(users.values().map(|user| user.email.to_lowercase()).collect::<HashSet<_>>().len(), users.len());
    for user in users.values() {
        assert_text(&user.name, 80);
        user.bio.iter().for_each(|bio| assert_text(bio, 500));
        assert!(user.email.is_ascii() && user.email.len() <= 254);
        assert_eq!(user.password_hash.is_some(), user.handle.as_str() == "demo");
        assert!(user.created_at < today);
    }

    let posts: Vec<NewPost> = data.posts().collect();
    assert!(posts.is_sorted_by_key(|post| post.created_at), "posts in order");
    let posts: HashMap<PostId, NewPost> = posts.into_iter().map(|post| (post.id, post)).collect();
    assert_eq!(posts.len(), plan.posts as usize, "ids of posts");
    for post in posts.values() {
        assert_text(&post.title, 200);
        assert_text(&post.content, 20_000);
        assert!(users[&post.author].created_at < post.created_at && post.created_at < today);
    }

    let mut likes = HashSet::new();
    for like in data.likes() {
        let (post, user) = (&posts[&like.id.post], &users[&like.id.user]);
        assert_eq!(like.author, post.author);
        assert_ne!(like.id.user, like.author, "nobody likes their own");
        assert!(like.created_at > post.created_at.max(user.created_at) && like.created_at < today);
        assert!(likes.insert(like.id), "a like twice");
    }
    assert_eq!(likes.len() as u64, plan.likes);

    let mut follows = HashSet::new();
    for follow in data.follows() {
        let (follower, followed) = (&users[&follow.follower], &users[&follow.followed]);
        assert_ne!(follower.id, followed.id, "nobody follows themselves");
        assert!(follow.created_at > follower.created_at.max(followed.created_at) && follow.created_at < today);
        assert!(follows.insert((follower.id, followed.id)), "a follow twice");
    }
    assert_eq!(follows.len() as u64, plan.follows);
    let by_demo = follows.iter().filter(|(follower, _)| *follower == data.demo_id()).count() as u64;
    assert_eq!(by_demo, 20.min(u64::from(plan.users) - 1).min(plan.follows));
}

fn assert_text(text: &str, most: usize) {
    assert!(is_nfc(text) && text.trim() == text, "{text}");
    assert!((1..=most).contains(&text.graphemes(true).count()), "{text}");
    assert!(text.chars().all(|letter| !letter.is_control() || letter == '\n'), "{text}");
}

#[test]
fn the_default_plan_is_sound() {
    assert_sound(SeedPlan::default());
}

#[test]
fn a_bigger_plan_is_sound() {
    assert_sound(MEDIUM);
}

#[test]
fn the_fullest_plans_are_sound() {
    assert_sound(SeedPlan { users: 1, posts: 3, likes: 0, follows: 0, seed: 1 });
    assert_sound(SeedPlan { users: 2, posts: 3, likes: 3, follows: 2, seed: 1 });
    assert_sound(SeedPlan { users: 30, posts: 20, likes: 20 * 29, follows: 29 * 29 + 20, seed: 1 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_possible_plan_is_sound(
        users in 1_u32..60,
        posts in 0_u32..60,
        (likes, follows) in (0.0..=1.0_f64, 0.0..=1.0_f64),
        seed: u64,
    ) {
        let others = u64::from(users) - 1;
        let part = |of: u64, part: f64| (of as f64 * part) as u64;
        let likes = part(u64::from(posts) * others, likes);
        let follows = part(others * others + others.min(20), follows);
        assert_sound(SeedPlan { users, posts, likes, follows, seed });
    }
}

#[test]
fn a_few_are_famous_and_most_are_not() {
    for plan in [SeedPlan::default(), MEDIUM] {
        let data = data(plan);
        let followers = counted(data.follows().map(|follow| follow.followed));
        let likes = counted(data.likes().map(|like| like.id.post));
        let written = counted(data.posts.iter().map(|post| post.author));
        for (what, counts, of) in [
            ("followers", followers.into_values().collect::<Vec<_>>(), plan.users),
            ("likes", likes.into_values().collect(), plan.posts),
            ("posts", written.into_values().collect(), plan.users),
        ] {
            let mut counts = counts;
            counts.resize(of as usize, 0);
            counts.sort_unstable();
            let (median, most) = (counts[counts.len() / 2], counts[counts.len() - 1]);
            assert!(most >= 5 * median.max(1), "{what}: {most} at most, {median} in the middle");
        }
    }
}

#[test]
fn demo_is_somebody() {
    let data = data(SeedPlan::default());
    let demo = data.demo_id();
    let user = data.users().next().expect("a first user");
    assert_eq!((user.id, user.handle.as_str(), user.email.as_str()), (demo, "demo", "demo@example.org"));
    assert_eq!(data.follows().filter(|follow| follow.follower == demo).count(), 20);
    assert!(data.follows().filter(|follow| follow.followed == demo).count() > 5);
    assert!(data.posts().filter(|post| post.author == demo).count() > 5);
    assert!(data.likes().filter(|like| like.id.user == demo).count() > 5);
    let followed: HashSet<_> = data.follows().filter(|follow| follow.follower == demo).map(|f| f.followed).collect();
    let fed = data.posts().filter(|post| followed.contains(&post.author)).count();
    assert!(fed > 200, "{fed} posts in the feed");
}

#[test]
fn topics_make_searches_find_something() {
    let posts: Vec<NewPost> = data(SeedPlan::default()).posts().collect();
    for word in ["databases", "Rust", "travel", "cooking", "music", "Kyoto", "brûlée", "PostgreSQL"] {
        let found = posts.iter().filter(|post| post.title.contains(word) || post.content.contains(word)).count();
        assert!((5..400).contains(&found), "{word}: {found} of 1,000");
    }
}

#[test]
fn an_item_does_not_depend_on_those_before_it() {
    let data = data(SeedPlan::default());
    assert_eq!(data.posts().nth(500).as_ref(), Some(&data.post(500)));
    assert_eq!(data.likes().find(|like| like.id.post == data.posts[700].id), data.likes_of(700).next());
    let user = data.user(77);
    assert_eq!(data.users().nth(77).map(|user| (user.id, user.name, user.bio)), Some((user.id, user.name, user.bio)));
}

#[test]
fn another_seed_is_another_society() {
    let (one, other) = (data(SeedPlan::default()), data(SeedPlan { seed: 43, ..SeedPlan::default() }));
    let titles = |data: &DemoData| data.posts().map(|post| post.title).collect::<Vec<_>>();
    assert_ne!(titles(&one), titles(&other));
    let ids: HashSet<_> = one.users.iter().collect();
    assert!(other.users.iter().all(|id| !ids.contains(id)));
}

/// The numbers that follow are what makes demo data the same everywhere. When a change of the generator is meant,
/// say so in the change log, and accept the new ones.
#[test]
fn the_first_items_of_the_default_plan() {
    let data = data(SeedPlan::default());
    let users: Vec<_> = data
        .users()
        .take(6)
        .map(|user| {
            format!("{} {} {} <{}> {:?} {}", user.id, user.handle, user.name, user.email, user.bio, user.created_at)
        })
        .collect();
    insta::assert_snapshot!("users", users.join("\n"));
    let posts: Vec<_> = data
        .posts()
        .take(3)
        .map(|post| {
            format!("{} by {} at {}\n{}\n\n{}\n", post.id, post.author, post.created_at, post.title, post.content)
        })
        .collect();
    insta::assert_snapshot!("posts", posts.join("\n"));
    let follows =
        data.follows().take(3).map(|follow| format!("{} {} {}", follow.follower, follow.followed, follow.created_at));
    let likes = data.likes().take(3).map(|like| format!("{} {} {}", like.id.post, like.id.user, like.created_at));
    insta::assert_snapshot!("relations", follows.chain(likes).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_default_plan_never_changes_silently() {
    let data = data(SeedPlan::default());
    let mut hash = Sha256::new();
    let mut add = |text: String| hash.update(text.as_bytes());
    data.users().for_each(|user| {
        add(format!(
            "{}|{}|{}|{:?}|{}|{:?}",
            user.id, user.handle, user.name, user.bio, user.email, user.password_hash
        ));
    });
    data.posts().for_each(|post| add(format!("{}|{}|{}|{}", post.id, post.author, post.title, post.content)));
    data.follows().for_each(|follow| add(format!("{}|{}|{}", follow.follower, follow.followed, follow.created_at)));
    data.likes().for_each(|like| add(format!("{}|{}|{}", like.id.post, like.id.user, like.created_at)));
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    insta::assert_snapshot!(hex, @"f0da91290793fd7072510b76e8ad9ec69e14de0d957ce3fea8de390e38aa4259");
}

#[test]
fn a_million_likes_stream_by() {
    let plan = SeedPlan { users: 10_000, posts: 100_000, likes: 1_000_000, follows: 0, seed: 42 };
    let data = data(plan);
    let (mut likes, mut last) = (0, None);
    for like in data.likes() {
        likes += 1;
        // All of a post's likes come together, so batches touch few posts.
        assert!(last <= Some(like.id.post));
        last = Some(like.id.post);
    }
    assert_eq!(likes, 1_000_000);
}
