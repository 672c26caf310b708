//! Leaderboards and activity: counts over likes and posts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Buckets;
use super::document::{LIKE, POST};
use super::query::{most_frequent, per, within};
use crate::domain::search::ActivityCount;
use crate::domain::{Interval, Period, Timestamp};

/// The answer to [`top`].
#[derive(Debug, Deserialize)]
pub(super) struct Ranked {
    aggregations: Ranking,
}

#[derive(Debug, Deserialize)]
struct Ranking {
    top: Buckets<Uuid>,
}

/// The answer to [`activity`].
#[derive(Debug, Deserialize)]
pub(super) struct Active {
    aggregations: Activity,
}

#[derive(Debug, Deserialize)]
struct Activity {
    posts: Timeline,
    likes: Timeline,
}

#[derive(Debug, Deserialize)]
struct Timeline {
    counts: Buckets<i64>,
}

/// The values of `field` with the most likes in the period.
pub(super) fn top(field: &str, period: Period, limit: u32) -> Value {
    counting(period, &json!({ "top": most_frequent(field, limit) }))
}

/// Posts and likes per interval, from both indexes at once.
pub(super) fn activity(period: Period, interval: Interval) -> Value {
    let interval = match interval {
        Interval::Hour => "hour",
        Interval::Day => "day",
        Interval::Week => "week",
        Interval::Month => "month",
    };
    let timeline = |kind| json!({ "filter": { "term": { "kind": kind } }, "aggs": { "counts": per(interval) } });
    counting(period, &json!({ "posts": timeline(POST), "likes": timeline(LIKE) }))
}

fn counting(period: Period, aggregations: &Value) -> Value {
    json!({
        "size": 0,
        "track_total_hits": false,
        "query": { "bool": { "filter": Vec::from_iter(within(period)) } },
        "aggs": aggregations,
    })
}

/// Ids with their counts.
pub(super) fn ranked<I: From<Uuid>>(answer: Ranked) -> Vec<(I, u64)> {
    answer.aggregations.top.counts().map(|(id, count)| (I::from(id), count)).collect()
}

/// The two timelines as one, in order of time.
pub(super) fn merge(answer: Active) -> Vec<ActivityCount> {
    let Activity { posts, likes } = answer.aggregations;
    let mut merged: BTreeMap<i64, (u64, u64)> =
        posts.counts.counts().map(|(start, count)| (start, (count, 0))).collect();
    for (start, count) in likes.counts.counts() {
        merged.entry(start).or_default().1 = count;
    }
    let count = |(start, (posts, likes))| ActivityCount { start: Timestamp::from_millis(start), posts, likes };
    merged.into_iter().map(count).collect()
}
