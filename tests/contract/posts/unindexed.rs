//! What the truth answers while there is no index.

use std::collections::BTreeMap;
use std::sync::Arc;

use polygraph::domain::search::{ActivityCount, SearchFilter};
use polygraph::domain::{Interval, Period, PostFields, PostId, Timestamp, UserId};
use polygraph::ports::{NewPost, PostStore};

use super::world::{World, moment, post, user};

/// One after the other, with these texts.
fn posts(texts: &[(&str, &str)]) -> Vec<NewPost> {
    let with_text = |(n, (title, content)): (u64, &(&str, &str))| NewPost {
        title: (*title).to_owned(),
        content: (*content).to_owned(),
        ..post(3 * n, user(n % 2))
    };
    (0..).zip(texts).map(with_text).collect()
}

pub(super) async fn texts_are_looked_for_without_an_index(store: Arc<dyn PostStore>) {
    let texts = [
        ("Telescopes", "to see far"),
        ("far away", "A TELESCOPE"),
        ("100% sure_thing", r"a\b (c) [d] .* ^$ + ?"),
        ("of nothing", "in particular"),
        ("telescope", "again, far off"),
    ];
    let posts = posts(&texts);
    store.insert_posts(&posts).await.unwrap();
    let find = async |words: &[&str], filter: SearchFilter, after: Option<usize>, limit| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let found = store.posts_with(&words, &filter, after.map(|at| posts[at].id), limit).await.unwrap();
        assert!(found.iter().all(|post| post.content.is_some()), "whole");
        let place = |id: PostId| posts.iter().position(|post| post.id == id).unwrap();
        found.iter().map(|post| place(post.id)).collect::<Vec<_>>()
    };
    let all = SearchFilter::default();
    assert_eq!(find(&["telescope"], all.clone(), None, 10).await, [4, 1, 0], "within a word, in any case");
    assert_eq!(find(&["telescope", "far"], all.clone(), None, 10).await, [4, 1, 0], "over both fields together");
    assert_eq!(find(&["telescope", "again"], all.clone(), None, 10).await, [4]);
    assert_eq!(find(&["telescope"], all.clone(), None, 2).await, [4, 1]);
    assert_eq!(find(&["telescope"], all.clone(), Some(4), 2).await, [1, 0]);
    for literal in ["100%", "sure_", r"a\b", "(c)", "[d]", ".*", "^$", "+ ?"] {
        assert_eq!(find(&[literal], all.clone(), None, 10).await, [2], "{literal} is no more than text");
    }
    let by = SearchFilter { author: Some(user(1)), ..SearchFilter::default() };
    assert_eq!(find(&["telescope"], by, None, 10).await, [1]);
    let period = Period::new(Some(posts[1].created_at), Some(posts[4].created_at)).unwrap();
    assert_eq!(find(&["telescope"], SearchFilter { period, ..all }, None, 10).await, [1]);
}

/// The most of these counts, ties by id, descending.
fn most<I: Ord + Copy>(ids: impl Iterator<Item = I>, limit: usize) -> Vec<(I, u64)> {
    let mut counts: BTreeMap<I, u64> = BTreeMap::new();
    ids.for_each(|id| *counts.entry(id).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(id, count)| std::cmp::Reverse((count, id)));
    counts.truncate(limit);
    counts
}

pub(super) async fn likes_are_counted_without_an_index(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let some = Period::new(Some(moment(100_001)), Some(moment(100_004))).unwrap();
    for period in [Period::default(), some] {
        let likes = || world.likes.iter().filter(|like| period.contains(like.created_at));
        for limit in [0, 3, 100] {
            let authors: Vec<(UserId, u64)> = store.top_authors(period, limit).await.unwrap();
            assert_eq!(authors, most(likes().map(|like| like.author), limit as usize));
            let posts: Vec<(PostId, u64)> = store.top_posts(period, limit).await.unwrap();
            assert_eq!(posts, most(likes().map(|like| like.id.post), limit as usize));
        }
    }
}

pub(super) async fn activity_is_counted_without_an_index(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let old = NewPost { created_at: Timestamp::from_millis(-1_800_000), ..post(500, user(0)) };
    store.insert_posts(std::slice::from_ref(&old)).await.unwrap();
    let read = store.posts_by_id(&[old.id], PostFields::default()).await.unwrap();
    assert_eq!(read[&old.id].created_at, old.created_at);
    let some = Period::new(Some(moment(2)), Some(moment(100_002))).unwrap();
    for (period, interval) in
        [(Period::default(), Interval::Hour), (Period::default(), Interval::Day), (some, Interval::Hour)]
    {
        let mut expected: BTreeMap<Timestamp, ActivityCount> = BTreeMap::new();
        let mut count = |at: Timestamp, posts, likes| {
            if period.contains(at) {
                let start = interval.start_of(at);
                let counts = expected.entry(start).or_insert(ActivityCount { start, posts: 0, likes: 0 });
                (counts.posts, counts.likes) = (counts.posts + posts, counts.likes + likes);
            }
        };
        world.posts.iter().chain([&old]).for_each(|post| count(post.created_at, 1, 0));
        world.likes.iter().for_each(|like| count(like.created_at, 0, 1));
        assert_eq!(store.activity(period, interval).await.unwrap(), Vec::from_iter(expected.into_values()));
    }
}
