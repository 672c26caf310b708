//! Leaderboards and activity, counted by hand.

use polygraph::domain::{Interval, Period, Timestamp};
use polygraph::services::seed::TODAY;
use serde_json::{Value, json};

use crate::support::{Society, World, global, on_both};

on_both!(
    the_leaderboard_counts_likes_received_by_when_they_were_given,
    trending_counts_likes_of_posts,
    those_with_as_many_share_a_rank,
    activity_counts_everything_in_its_interval,
    a_period_without_anything_has_empty_buckets_and_no_leaders,
);

/// Periods to count over: all of time, a half, a day, and one that is cut in the middle of things.
fn periods(society: &Society) -> Vec<Period> {
    let middle = society.likes[society.likes.len() / 2].created_at;
    let period = |from, to| Period::new(from, to).expect("a period");
    let day = Interval::Day.start_of(middle);
    vec![
        period(None, None),
        period(Some(middle), None),
        period(None, Some(middle)),
        period(Some(day), Some(Interval::Day.next(day))),
        period(Some(middle), Some(Timestamp::from_millis(middle.millis() + 30 * 86_400_000))),
    ]
}

fn variables(period: Period) -> Value {
    json!({ "from": period.from.map(|from| from.to_string()), "to": period.to.map(|to| to.to_string()) })
}

/// Ranks as in a competition: 1, 1, 3.
fn rank(counts: &[u64], count: u64) -> usize {
    1 + counts.iter().filter(|other| **other > count).count()
}

async fn the_leaderboard_counts_likes_received_by_when_they_were_given(world: &World) {
    let society = &world.society;
    let query = "query ($from: DateTime, $to: DateTime) {
        leaderboard(first: 100, from: $from, to: $to) { rank likeCount user { id } } }";
    for period in periods(society) {
        let given = society.likes.iter().filter(|like| period.contains(like.created_at));
        let ranked = Society::ranked(given.map(|like| like.author));
        let counts: Vec<_> = ranked.iter().map(|(_, count)| *count).collect();
        let expected = ranked.iter().take(100).map(|&(author, count)| {
            json!({ "rank": rank(&counts, count), "likeCount": count, "user": { "id": global(author) } })
        });
        let data = world.client().ask_with(query, variables(period)).await.data();
        assert_eq!(data["leaderboard"], expected.collect::<Value>(), "{period:?}");
    }
}

async fn trending_counts_likes_of_posts(world: &World) {
    let society = &world.society;
    let query = "query ($from: DateTime, $to: DateTime) {
        trending(first: 100, from: $from, to: $to) { rank likeCount post { id } } }";
    for period in periods(society) {
        let given = society.likes.iter().filter(|like| period.contains(like.created_at));
        let ranked = Society::ranked(given.map(|like| like.id.post));
        let counts: Vec<_> = ranked.iter().map(|(_, count)| *count).collect();
        let expected = ranked.iter().take(100).map(|&(post, count)| {
            json!({ "rank": rank(&counts, count), "likeCount": count, "post": { "id": global(post) } })
        });
        let data = world.client().ask_with(query, variables(period)).await.data();
        assert_eq!(data["trending"], expected.collect::<Value>(), "{period:?}");
    }
}

async fn those_with_as_many_share_a_rank(world: &World) {
    let data =
        world.client().ask("{ trending(first: 100) { rank likeCount } default: trending { rank } }").await.data();
    let entries = data["trending"].as_array().expect("entries");
    let tie = entries.windows(2).find(|pair| pair[0]["likeCount"] == pair[1]["likeCount"]).expect("a tie among 100");
    assert_eq!(tie[0]["rank"], tie[1]["rank"]);
    for (at, pair) in entries.windows(2).enumerate() {
        if pair[0]["likeCount"] != pair[1]["likeCount"] {
            assert_eq!(pair[1]["rank"], at + 2, "ranks after a tie are skipped");
        }
    }
    assert_eq!(data["default"].as_array().map(Vec::len), Some(10));
}

async fn activity_counts_everything_in_its_interval(world: &World) {
    let society = &world.society;
    let query = "query ($from: DateTime!, $to: DateTime!, $interval: Interval!) {
        activity(from: $from, to: $to, interval: $interval) { start posts likes } }";
    let end = Timestamp::parse(TODAY).expect("a moment");
    let first = society.posts[0].created_at;
    for (interval, name, from) in [
        (Interval::Hour, "HOUR", Timestamp::from_millis(end.millis() - 900 * 3_600_000 + 1)),
        (Interval::Day, "DAY", first),
        (Interval::Week, "WEEK", first),
        (Interval::Month, "MONTH", first),
    ] {
        let variables = json!({ "from": from.to_string(), "to": end.to_string(), "interval": name });
        let data = world.client().ask_with(query, variables).await.data();
        let period = Period::new(Some(from), Some(end)).expect("a period");
        let starts = interval.starts(from, end, 1_000).expect("at most a thousand");
        let count = |moments: &[Timestamp], start| {
            let inside = |moment: &&Timestamp| period.contains(**moment) && interval.start_of(**moment) == start;
            moments.iter().filter(inside).count()
        };
        let posts: Vec<_> = society.posts.iter().map(|post| post.created_at).collect();
        let likes: Vec<_> = society.likes.iter().map(|like| like.created_at).collect();
        let expected = starts.iter().map(|start| {
            json!({ "start": start.to_string(), "posts": count(&posts, *start), "likes": count(&likes, *start) })
        });
        assert_eq!(data["activity"], expected.collect::<Value>(), "{name}");
        if interval != Interval::Hour {
            let sum = |what: &str| {
                let buckets = data["activity"].as_array().expect("buckets");
                buckets.iter().map(|bucket| bucket[what].as_u64().expect("a count")).sum::<u64>()
            };
            assert_eq!((sum("posts"), sum("likes")), (1_000, 10_000), "{name}: nothing is lost between buckets");
        }
    }
    let weeks = "{ activity(from: \"2026-11-05T12:00:00Z\", to: \"2026-11-16T00:00:00Z\", interval: WEEK) { start } }";
    let weeks = world.client().ask(weeks).await.data();
    let mondays = ["2026-11-02", "2026-11-09"].map(|day| json!({ "start": format!("{day}T00:00:00.000Z") }));
    assert_eq!(weeks, json!({ "activity": mondays }));
}

async fn a_period_without_anything_has_empty_buckets_and_no_leaders(world: &World) {
    let query = "{ activity(from: \"2020-01-01T00:00:00Z\", to: \"2020-01-03T00:00:00Z\") { start posts likes }
        leaderboard(to: \"2020-01-01T00:00:00Z\") { rank } trending(to: \"2020-01-01T00:00:00Z\") { rank } }";
    let bucket = |day: u8| json!({ "start": format!("2020-01-0{day}T00:00:00.000Z"), "posts": 0, "likes": 0 });
    let expected = json!({ "activity": [bucket(1), bucket(2)], "leaderboard": [], "trending": [] });
    assert_eq!(world.client().ask(query).await.data(), expected);
}
