//! Every list, walked with pages of every kind of size, compared with what it should hold.

use std::cmp::Reverse;

use polygraph::domain::UserId;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};

use super::List;
use crate::support::{Client, Society, World, global, on_both};

on_both!(
    every_list_is_walked_forth_and_back,
    search_is_walked_forth_in_both_orders,
    recommended_posts_are_walked_forth,
    pages_of_any_sizes_make_the_same_list,
    short_and_empty_lists_have_page_info,
);

const ID: (&str, &str) = ("id", "/node/id");

/// The lists that page both ways, as `demo` walks them, with what each holds in order. Whose posts, likes and
/// followers: the user of most followers', the post of most likes.
fn lists(world: &World) -> Vec<(List, Vec<String>, bool)> {
    let society = &world.society;
    let demo = society.demo().id;
    let list = |name, field: String, item| List { name, field: field.leak(), item };
    let mut lists = Vec::new();

    let mut users: Vec<_> = society.users.iter().collect();
    users.sort_by_key(|user| Reverse(user.id));
    lists.push((list("users", "users(ARGS) BODY".into(), ID), ids(users.iter().map(|user| user.id)), true));
    users.sort_by_key(|user| user.handle.clone());
    let field = "users(orderBy: HANDLE, ARGS) BODY".into();
    lists.push((list("users by handle", field, ID), ids(users.iter().map(|user| user.id)), true));
    users.sort_by_key(|user| Reverse((society.followers(user.id).len(), user.id)));
    let field = "users(orderBy: MOST_FOLLOWED, ARGS) BODY".into();
    lists.push((list("users by followers", field, ID), ids(users.iter().map(|user| user.id)), true));
    let famous = users[0].id;

    let mut posts: Vec<_> = society.posts.iter().collect();
    posts.sort_by_key(|post| Reverse(post.id));
    lists.push((list("posts", "posts(ARGS) BODY".into(), ID), ids(posts.iter().map(|post| post.id)), true));
    let by =
        |authors: &dyn Fn(UserId) -> bool| ids(posts.iter().filter(|post| authors(post.author)).map(|post| post.id));
    let (famous_id, of_famous) = (global(famous), by(&|author| author == famous));
    let field = format!("posts(author: \"{famous_id}\", ARGS) BODY");
    lists.push((list("posts of an author", field, ID), of_famous.clone(), true));
    let field = format!("user(id: \"{famous_id}\") {{ posts(ARGS) BODY }}");
    lists.push((list("a user's posts", field, ID), of_famous, true));
    let followees = society.followees(demo);
    lists.push((list("feed", "feed(ARGS) BODY".into(), ID), by(&|author| followees.contains(&author)), false));
    let likes = Society::ranked(society.likes.iter().map(|like| like.id.post));
    let count = |id| likes.iter().find(|(post, _)| *post == id).map_or(0, |(_, count)| *count);
    let mut liked = posts.clone();
    liked.sort_by_cached_key(|post| Reverse((count(post.id), post.id)));
    let field = "posts(orderBy: MOST_LIKED, ARGS) BODY".into();
    lists.push((list("posts by likes", field, ID), ids(liked.iter().map(|post| post.id)), true));
    let field = format!("posts(orderBy: MOST_LIKED, author: \"{famous_id}\", ARGS) BODY");
    let of_author = liked.iter().filter(|post| post.author == famous).map(|post| post.id);
    lists.push((list("an author's posts by likes", field, ID), ids(of_author), true));

    let field = format!("user(id: \"{famous_id}\") {{ followers(ARGS) BODY }}");
    let followers: Vec<_> = society.followers(famous).iter().map(|follow| follow.follower).collect();
    lists.push((list("followers", field, ID), ids(followers.iter().copied()), true));
    let field = format!("user(id: \"{famous_id}\") {{ mutualFollowers(ARGS) BODY }}");
    let mutual = followers.into_iter().filter(|follower| followees.contains(follower));
    lists.push((list("mutual followers", field, ID), ids(mutual), true));
    let mut following: Vec<_> = society.follows.iter().filter(|follow| follow.follower == famous).collect();
    following.sort_by_key(|follow| Reverse((follow.created_at, follow.followed)));
    let field = format!("user(id: \"{famous_id}\") {{ following(ARGS) BODY }}");
    lists.push((list("following", field, ID), ids(following.iter().map(|follow| follow.followed)), true));

    let field = format!("user(id: \"{famous_id}\") {{ likedPosts(ARGS) BODY }}");
    let mut given: Vec<_> = society.likes.iter().filter(|like| like.id.user == famous).collect();
    given.sort_by_key(|like| Reverse((like.created_at, like.id.post)));
    lists.push((list("liked posts", field, ID), ids(given.iter().map(|like| like.id)), true));
    let field = format!("post(id: \"{}\") {{ likes(ARGS) BODY }}", global(liked[0].id));
    lists.push((list("likes", field, ID), ids(society.likes_of(liked[0].id).iter().map(|like| like.id)), true));
    lists
}

fn ids<I: Into<polygraph::domain::GlobalId>>(ids: impl Iterator<Item = I>) -> Vec<String> {
    ids.map(global).collect()
}

async fn every_list_is_walked_forth_and_back(world: &World) {
    let client = world.client().signed_in("demo");
    for (list, expected, counted) in lists(world) {
        assert!(!expected.is_empty(), "{}: a list to be walked", list.name);
        // Small pages are tried on short lists: a thousand requests tell no more than a hundred.
        let sizes: &[usize] = if expected.len() > 100 { &[37, 100] } else { &[1, 7, 100] };
        for &size in sizes {
            assert_eq!(list.walk_forth(&client, &[size]).await, expected, "{} forth by {size}", list.name);
            assert_eq!(list.walk_back(&client, &[size]).await, expected, "{} back by {size}", list.name);
        }
        let total = list.page(&client, "first: 1").await.total;
        assert_eq!(total, counted.then_some(expected.len() as u64), "{}: totalCount", list.name);
    }
}

async fn search_is_walked_forth_in_both_orders(world: &World) {
    let item = ("node { ... on User { id } ... on Post { id } }", "/node/node/id");
    for (name, field) in [
        ("search", "search(query: \"rust\", ARGS) BODY"),
        ("search, newest", "search(query: \"rust\", orderBy: NEWEST, ARGS) BODY"),
    ] {
        let list = List { name, field, item };
        let all = list.walk_forth(world.client(), &[100]).await;
        assert!(all.len() > 100, "{name}: more than a page: {}", all.len());
        let mut distinct = all.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len(), "{name}: each once");
        assert_eq!(list.page(world.client(), "first: 1").await.total, Some(all.len() as u64), "{name}");
        assert_eq!(list.walk_forth(world.client(), &[17]).await, all, "{name}");
    }
}

async fn recommended_posts_are_walked_forth(world: &World) {
    let (society, demo) = (&world.society, world.society.demo().id);
    let followees = society.followees(demo);
    let liked: Vec<_> = society.likes.iter().filter(|like| like.id.user == demo).map(|like| like.id.post).collect();
    let by_followees = society.likes.iter().filter(|like| followees.contains(&like.id.user) && like.author != demo);
    let ranked = Society::ranked(by_followees.map(|like| like.id.post).filter(|post| !liked.contains(post)));
    let list = List { name: "recommendedPosts", field: "recommendedPosts(ARGS) BODY", item: ID };
    let client = world.client().signed_in("demo");
    for size in [37, 100] {
        assert_eq!(list.walk_forth(&client, &[size]).await, ids(ranked.iter().map(|(post, _)| *post)), "by {size}");
    }
    assert_eq!(list.page(&client, "first: 1").await.total, None, "counting is not offered");
}

/// Walks with sizes drawn by proptest, from a fixed seed.
async fn pages_of_any_sizes_make_the_same_list(world: &World) {
    let client = world.client().signed_in("demo");
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    for (list, expected, _) in lists(world) {
        let least = if expected.len() > 100 { 20 } else { 1 };
        let sizes = proptest::collection::vec(least..=100_usize, 1..6);
        let mut draw = || sizes.new_tree(&mut runner).expect("sizes").current();
        let (forth, back) = (draw(), draw());
        assert_eq!(list.walk_forth(&client, &forth).await, expected, "{} forth by {forth:?}", list.name);
        assert_eq!(list.walk_back(&client, &back).await, expected, "{} back by {back:?}", list.name);
        meets_in_the_middle(&list, &expected, &client).await;
    }
}

/// What comes before a cursor and what comes after it are the whole list, without the cursor's own item.
async fn meets_in_the_middle(list: &List, expected: &[String], client: &Client) {
    let from = expected.len() / 2;
    let page = list.page(client, &format!("first: {}", (from + 1).min(100))).await;
    let (at, cursor) = (page.items.len() - 1, page.cursors.last().expect("an item"));
    let before = list.page(client, &format!("last: 3, before: \"{cursor}\"")).await;
    assert_eq!(before.items, expected[at.saturating_sub(3)..at], "{}", list.name);
    assert_eq!((before.next, before.previous), (true, at > 3), "{}", list.name);
    let after = list.page(client, &format!("first: 3, after: \"{cursor}\"")).await;
    assert_eq!(after.items, expected[at + 1..expected.len().min(at + 4)], "{}", list.name);
    assert_eq!((after.next, after.previous), (expected.len() > at + 4, true), "{}", list.name);
    let twenty = list.page(client, &format!("before: \"{cursor}\"")).await;
    assert_eq!(twenty.items, expected[at.saturating_sub(20)..at], "{}: the last 20 before it", list.name);
}

async fn short_and_empty_lists_have_page_info(world: &World) {
    let liked = Society::ranked(world.society.likes.iter().map(|like| like.id.post));
    let unliked = world.society.posts.iter().find(|post| liked.iter().all(|(id, _)| *id != post.id));
    let nobody = world.society.users.iter().find(|user| world.society.posts.iter().all(|post| post.author != user.id));
    let mut fields = vec!["search(query: \"zebrafinch\", ARGS) BODY".to_owned()];
    fields.extend(unliked.map(|post| format!("post(id: \"{}\") {{ likes(ARGS) BODY }}", global(post.id))));
    fields.extend(nobody.map(|user| format!("user(id: \"{}\") {{ posts(ARGS) BODY }}", global(user.id))));
    for field in fields {
        let item = if field.starts_with("search") { ("title", "/node/title") } else { ID };
        let list = List { name: "an empty list", field: field.clone().leak(), item };
        let page = list.page(world.client(), "first: 1").await;
        assert_eq!((page.items.len(), page.next, page.previous, page.total), (0, false, false, Some(0)), "{field}");
    }
}
