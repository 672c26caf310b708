//! What the index answers while it is there: text that is looked for row by row, and counts over likes and posts. None of
//! it has an index of its own, since none of it is asked for as long as all is well.

use sea_orm::{DbBackend, Statement};

use super::draft::Draft;
use super::{USER, post};
use crate::domain::search::SearchFilter;
use crate::domain::{Interval, Period, PostFields, PostId, UserId};

/// Of more words than these, only the longest are looked for: whoever asks looks again.
const MOST_WORDS: usize = 8;

/// The `limit` users below `after`, newest first, in whose texts all of `words` occur.
pub(in crate::stores::sql) fn users_with(
    dialect: DbBackend,
    words: &[String],
    period: Period,
    after: Option<UserId>,
    limit: u32,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let mut conditions = within(&mut draft, "u.created_at", period);
    conditions.extend(after.map(|after| format!("u.id < {}", draft.bind(after.0))));
    conditions.extend(occur(&mut draft, "u.handle || ' ' || u.name || ' ' || coalesce(u.bio, '')", words));
    let (conditions, limit) = (all(conditions), draft.bind(i64::from(limit)));
    draft.done(format!(
        "SELECT {USER} FROM users u WHERE u.closed_at IS NULL AND {conditions} ORDER BY u.id DESC LIMIT {limit}"
    ))
}

/// The `limit` posts below `after`, newest first, in whose texts all of `words` occur.
pub(in crate::stores::sql) fn posts_with(
    dialect: DbBackend,
    words: &[String],
    filter: &SearchFilter,
    after: Option<PostId>,
    limit: u32,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let mut conditions = within(&mut draft, "p.created_at", filter.period);
    conditions.extend(filter.author.map(|author| format!("p.author_id = {}", draft.bind(author.0))));
    conditions.extend(after.map(|after| format!("p.id < {}", draft.bind(after.0))));
    conditions.extend(occur(&mut draft, "p.title || ' ' || p.content", words));
    let (conditions, limit, post) = (all(conditions), draft.bind(i64::from(limit)), post(PostFields::ALL));
    draft.done(format!("SELECT {post} FROM posts p WHERE {conditions} ORDER BY p.id DESC LIMIT {limit}"))
}

/// What `column` of likes has most of in the period.
pub(in crate::stores::sql) fn most_liked(
    dialect: DbBackend,
    column: &'static str,
    period: Period,
    limit: u32,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let conditions = all(within(&mut draft, "l.created_at", period));
    let limit = draft.bind(i64::from(limit));
    draft.done(format!(
        "SELECT l.{column}, count(*) FROM likes l WHERE {conditions} \
         GROUP BY l.{column} ORDER BY count(*) DESC, l.{column} DESC LIMIT {limit}"
    ))
}

/// Posts and likes per hour or day in the period, whichever the interval is made of.
pub(in crate::stores::sql) fn activity(dialect: DbBackend, period: Period, interval: Interval) -> Statement {
    let width = if interval == Interval::Hour { 3_600_000 } else { 86_400_000 };
    let mut draft = Draft::new(dialect);
    let (posts, likes) = (within(&mut draft, "created_at", period), within(&mut draft, "created_at", period));
    // What is left of a division has the sign of what was divided, and there were moments before 1970.
    let start = format!("created_at - ((created_at % {width}) + {width}) % {width} AS start");
    draft.done(format!(
        "SELECT e.start, sum(e.posts), sum(e.likes) FROM ( \
           SELECT {start}, 1 AS posts, 0 AS likes FROM posts WHERE {} \
           UNION ALL SELECT {start}, 0, 1 FROM likes WHERE {} \
         ) AS e GROUP BY e.start ORDER BY e.start",
        all(posts),
        all(likes)
    ))
}

fn within(draft: &mut Draft, column: &str, period: Period) -> Vec<String> {
    let from = period.from.map(|from| format!("{column} >= {}", draft.bind(from.millis())));
    let to = period.to.map(|to| format!("{column} < {}", draft.bind(to.millis())));
    from.into_iter().chain(to).collect()
}

fn occur(draft: &mut Draft, text: &str, words: &[String]) -> Vec<String> {
    let like = if draft.is_postgres() { "ILIKE" } else { "LIKE" };
    let mut words: Vec<&String> = words.iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let occurs = |word: &String| {
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("({text}) {like} {} ESCAPE '\\'", draft.bind(format!("%{escaped}%")))
    };
    words.into_iter().take(MOST_WORDS).map(occurs).collect()
}

fn all(conditions: Vec<String>) -> String {
    if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") }
}
