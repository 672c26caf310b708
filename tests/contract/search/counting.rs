//! Leaderboards and activity: counts over likes and posts.

use polygraph::domain::search::{ActivityCount, IndexDocument, IndexKey};
use polygraph::domain::{Interval, Period};
use polygraph::ports::SearchIndex;

use super::world::{apply, at, delete, fill, like_at, like_id, post_at, post_id, user_id};

fn period(from: &str, to: &str) -> Period {
    Period::new(Some(at(from)), Some(at(to))).expect("a period")
}

/// Posts 11 and 12 by 1, 13 by 2, 14 by 3; one like of its own author's.
fn likes() -> Vec<IndexDocument> {
    vec![
        like_at("2026-01-10T00:00:00Z", 11, 1, 1),
        like_at("2026-01-31T23:59:59.999Z", 11, 2, 1),
        like_at("2026-02-01T00:00:00Z", 12, 2, 1),
        like_at("2026-02-01T00:00:00Z", 13, 1, 2),
        like_at("2026-02-15T00:00:00Z", 13, 3, 2),
        like_at("2026-02-28T23:59:59.999Z", 14, 1, 3),
        like_at("2026-03-01T00:00:00Z", 14, 2, 3),
    ]
}

pub(super) async fn the_most_liked_authors_come_first(index: &dyn SearchIndex) {
    fill(index, &likes()).await;
    let top = async |period, limit| index.top_authors(period, limit).await.expect("authors");
    assert_eq!(top(Period::default(), 10).await, [(user_id(1), 3), (user_id(3), 2), (user_id(2), 2)]);
    assert_eq!(top(Period::default(), 2).await, [(user_id(1), 3), (user_id(3), 2)], "ties by id, descending");
    let february = period("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    assert_eq!(top(february, 10).await, [(user_id(2), 2), (user_id(3), 1), (user_id(1), 1)], "half-open");
    let january = period("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    assert_eq!(top(january, 10).await, [(user_id(1), 2)], "no zeros; likes of one's own count");
}

pub(super) async fn the_most_liked_posts_come_first(index: &dyn SearchIndex) {
    fill(index, &likes()).await;
    let top = async |period, limit| index.top_posts(period, limit).await.expect("posts");
    let all = [(post_id(14), 2), (post_id(13), 2), (post_id(11), 2), (post_id(12), 1)];
    assert_eq!(top(Period::default(), 10).await, all);
    assert_eq!(top(Period::default(), 1).await, all[..1]);
    let to = Period::new(None, Some(at("2026-02-01T00:00:00Z"))).expect("a period");
    assert_eq!(top(to, 10).await, [(post_id(11), 2)]);
}

pub(super) async fn activity_is_counted_by_interval(index: &dyn SearchIndex) {
    let moments = [
        "1969-12-31T23:30:00Z",
        "2026-02-28T23:59:59.999Z",
        "2026-03-01T00:00:00Z", // a Sunday
        "2026-03-01T00:59:59.999Z",
        "2026-03-01T01:00:00Z",
        "2026-03-02T00:00:00Z", // a Monday
        "2026-03-08T23:59:59.999Z",
        "2026-03-09T00:00:00Z",
        "2026-12-31T23:59:59.999Z",
        "2027-01-01T00:00:00Z",
    ];
    let posts = moments.iter().zip(11..).map(|(moment, n)| post_at(moment, n, 1, "x", "y"));
    let likes = moments.iter().skip(3).zip(11..).map(|(moment, n)| like_at(moment, n, 1, 1));
    fill(index, &posts.chain(likes).collect::<Vec<_>>()).await;

    let whole = Period::default();
    let some = period("2026-03-01T00:59:59.999Z", "2026-12-31T23:59:59.999Z");
    for period in [whole, some] {
        for interval in [Interval::Hour, Interval::Day, Interval::Week, Interval::Month] {
            let mut expected: Vec<ActivityCount> = Vec::new();
            for (n, moment) in moments.iter().enumerate().filter(|(_, moment)| period.contains(at(moment))) {
                let start = interval.start_of(at(moment));
                if expected.last().is_none_or(|last| last.start != start) {
                    expected.push(ActivityCount { start, posts: 0, likes: 0 });
                }
                let bucket = expected.last_mut().expect("just pushed");
                bucket.posts += 1;
                bucket.likes += u64::from(n >= 3);
            }
            let mut counts = index.activity(period, interval).await.expect("activity");
            counts.retain(|count| count.posts + count.likes > 0);
            assert_eq!(counts, expected, "{interval:?} {period:?}");
        }
    }
}

pub(super) async fn deleted_likes_do_not_count(index: &dyn SearchIndex) {
    fill(index, &likes()).await;
    apply(index, &[delete(IndexKey::Like(like_id(11, 1)), 2), delete(IndexKey::Like(like_id(12, 2)), 2)]).await;
    let authors = index.top_authors(Period::default(), 10).await.expect("authors");
    assert_eq!(authors, [(user_id(3), 2), (user_id(2), 2), (user_id(1), 1)]);
    let activity = index.activity(Period::default(), Interval::Month).await.expect("activity");
    assert_eq!(activity.iter().map(|count| count.likes).sum::<u64>(), 5);
}

pub(super) async fn nothing_is_counted_in_an_empty_index(index: &dyn SearchIndex) {
    assert_eq!(index.top_authors(Period::default(), 10).await.expect("authors"), []);
    assert_eq!(index.top_posts(Period::default(), 10).await.expect("posts"), []);
    let activity = index.activity(Period::default(), Interval::Day).await.expect("activity");
    assert!(activity.iter().all(|count| count.posts + count.likes == 0));
    assert_eq!(index.count_documents().await.expect("a count"), 0);
}
