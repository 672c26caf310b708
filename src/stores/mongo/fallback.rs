//! What the index answers while it is there: text that is looked for document by document, and counts over likes and
//! posts. None of it has an index of its own, since none of it is asked for as long as all is well.

use std::collections::BTreeMap;

use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use polygraph_migrations::mongo::index;
use uuid::Uuid;

use super::decode::Counted;
use super::document::{bson_id, bson_time};
use super::query::Stretch;
use super::read;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{Interval, Period, PostId, Timestamp};
use crate::ports::StoreResult;

/// More hours than most periods have: as many as are sent at once.
const MANY: usize = 10_000;

/// The posts below `after`, newest first, in whose texts all of `words` occur.
pub(super) fn posts_with(words: &[String], filter: &SearchFilter, after: Option<PostId>, limit: u32) -> Stretch {
    let mut conditions = within(filter.period);
    conditions.extend(filter.author.map(|author| ("author".to_owned(), bson_id(author.0).into())));
    conditions.extend(after.map(|after| ("_id".to_owned(), doc! { "$lt": bson_id(after.0) }.into())));
    let occurs = |word: &String| {
        let word = doc! { "$regex": literal(word), "$options": "i" };
        Bson::from(doc! { "$or": [{ "title": word.clone() }, { "content": word }] })
    };
    conditions.insert("$and", words.iter().map(occurs).collect::<Vec<_>>());
    Stretch {
        filter: conditions,
        sort: doc! { "_id": -1 },
        index: index::ID,
        limit: i64::from(limit),
        projection: None,
    }
}

/// What `field` of likes has most of in the period.
pub(super) async fn most_liked<T: Send + Sync>(
    likes: &Collection<T>,
    field: &str,
    period: Period,
    limit: u32,
) -> StoreResult<Vec<(Uuid, u64)>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let stages = vec![
        doc! { "$match": within(period) },
        doc! { "$group": { "_id": format!("${field}"), "count": { "$sum": 1 } } },
        doc! { "$sort": { "count": -1, "_id": -1 } },
        doc! { "$limit": i64::from(limit) },
    ];
    let found: Vec<Counted<Uuid>> = read::aggregate(likes, stages, limit as usize).await?;
    Ok(found.into_iter().map(|Counted { of, count }| (of, count)).collect())
}

/// Posts and likes per hour or day in the period, whichever the interval is made of.
pub(super) async fn activity<P: Send + Sync, L: Send + Sync>(
    posts: &Collection<P>,
    likes: &Collection<L>,
    period: Period,
    interval: Interval,
) -> StoreResult<Vec<ActivityCount>> {
    let unit = if interval == Interval::Hour { "hour" } else { "day" };
    let start = doc! { "date": "$createdAt", "unit": unit };
    let stages = || {
        vec![
            doc! { "$match": within(period) },
            doc! { "$group": { "_id": { "$dateTrunc": start.clone() }, "count": { "$sum": 1 } } },
        ]
    };
    let (posts, likes): (Vec<Counted<Timestamp>>, Vec<Counted<Timestamp>>) =
        futures::try_join!(read::aggregate(posts, stages(), MANY), read::aggregate(likes, stages(), MANY))?;
    let mut counts: BTreeMap<Timestamp, ActivityCount> = BTreeMap::new();
    let empty = |start| ActivityCount { start, posts: 0, likes: 0 };
    for Counted { of, count } in posts {
        counts.entry(of).or_insert_with(|| empty(of)).posts = count;
    }
    for Counted { of, count } in likes {
        counts.entry(of).or_insert_with(|| empty(of)).likes = count;
    }
    Ok(counts.into_values().collect())
}

fn within(period: Period) -> Document {
    let mut range = Document::new();
    range.extend(period.from.map(|from| ("$gte".to_owned(), bson_time(from).into())));
    range.extend(period.to.map(|to| ("$lt".to_owned(), bson_time(to).into())));
    if range.is_empty() {
        Document::new()
    } else {
        doc! { "createdAt": range }
    }
}

/// The pattern that only this text fits.
fn literal(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| [(!c.is_alphanumeric()).then_some('\\'), Some(c)]);
    escaped.flatten().collect()
}
