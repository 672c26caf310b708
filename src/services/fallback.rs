//! Search and analytics without their index: when it is down, the truth answers in its place, as well as it can.
//!
//! Text is found by words as they were typed, without typos and without scores, the newest first; nothing is counted over
//! a whole result. Candidates are read newest first and looked through here, so that a word is the same as the index's,
//! whatever the store takes for one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::future::Future;

use futures::future::try_join;
use uuid::Uuid;

use crate::domain::highlight::{Field, FuzzyWords, PrefixWords, highlight, render};
use crate::domain::search::{
    ActivityCount, Hit, SearchAnswer, SearchFilter, SearchPage, SearchRequest, SearchTarget, SearchType,
    SuggestRequest, suggestion_score,
};
use crate::domain::text::{Handle, words};
use crate::domain::{Interval, Period, Post, PostId, User, UserId};
use crate::ports::{ErrorKind, StoreError, StoreResult, Stores};

/// What every result scores, whose order is that of age.
const SCORE: f32 = 0.0;
/// How many candidates are read at a time, and how often, before what was found has to do.
const CANDIDATES: u32 = 200;
const ROUNDS: usize = 10;

/// An answer, and whether the index had a part in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered<T> {
    /// The answer.
    pub answer: T,
    /// Whether the truth has answered in the index's place.
    pub is_degraded: bool,
}

/// What the index answers; where it does not, what `instead` does.
async fn either<T>(
    index: impl Future<Output = StoreResult<T>>,
    instead: impl Future<Output = StoreResult<T>>,
) -> StoreResult<Answered<T>> {
    match index.await {
        Ok(answer) => Ok(Answered { answer, is_degraded: false }),
        Err(error) if is_down(&error) => Ok(Answered { answer: instead.await?, is_degraded: true }),
        Err(error) => Err(error),
    }
}

/// An index that has too much to do is no reason to give the truth more; and who has no time has none for it, either.
fn is_down(error: &StoreError) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::NotReady) && !error.is_late_request()
}

/// A page of what matches.
///
/// # Errors
/// Those of the index but for its being down, and those of the truth then.
pub async fn search(stores: &Stores, request: &SearchRequest) -> StoreResult<Answered<SearchAnswer>> {
    either(stores.search.search(request), search_truth(stores, request)).await
}

/// What begins with a prefix.
///
/// # Errors
/// As [`search`].
pub async fn suggest(stores: &Stores, request: &SuggestRequest) -> StoreResult<Answered<Vec<Hit>>> {
    either(stores.search.suggest(request), suggest_truth(stores, request)).await
}

/// Those who received the most likes in the period.
///
/// # Errors
/// As [`search`].
pub async fn top_authors(stores: &Stores, period: Period, limit: u32) -> StoreResult<Answered<Vec<(UserId, u64)>>> {
    either(stores.search.top_authors(period, limit), stores.posts.top_authors(period, limit)).await
}

/// The posts that received the most likes in the period.
///
/// # Errors
/// As [`search`].
pub async fn top_posts(stores: &Stores, period: Period, limit: u32) -> StoreResult<Answered<Vec<(PostId, u64)>>> {
    either(stores.search.top_posts(period, limit), stores.posts.top_posts(period, limit)).await
}

/// Posts and likes per interval in the period.
///
/// # Errors
/// As [`search`].
pub async fn activity(
    stores: &Stores,
    period: Period,
    interval: Interval,
) -> StoreResult<Answered<Vec<ActivityCount>>> {
    let truth = async { Ok(merged(stores.posts.activity(period, interval).await?, interval)) };
    either(stores.search.activity(period, interval), truth).await
}

/// Counts of hours or days as counts of the intervals that they are in.
fn merged(counts: Vec<ActivityCount>, interval: Interval) -> Vec<ActivityCount> {
    let mut merged: BTreeMap<_, ActivityCount> = BTreeMap::new();
    for count in counts {
        let start = interval.start_of(count.start);
        let sum = merged.entry(start).or_insert(ActivityCount { start, posts: 0, likes: 0 });
        sum.posts += count.posts;
        sum.likes += count.likes;
    }
    merged.into_values().collect()
}

async fn search_truth(stores: &Stores, request: &SearchRequest) -> StoreResult<SearchAnswer> {
    let SearchRequest { text, filter, page, extras } = request;
    if text.words.is_empty() {
        return Ok(SearchAnswer::default());
    }
    let after = match page {
        // Whoever comes from a page of the index's begins anew: it had another order.
        SearchPage::Relevance(page) => page.cursor.filter(|at| at.score <= SCORE).map(|at| at.id),
        SearchPage::Newest(page) => page.cursor,
    };
    let limit = page.limit() as usize;
    let found = |fields: &[Field<'_>], target, title: &str| {
        let there: HashSet<String> = fields.iter().flat_map(|field| words(field.text)).collect();
        let highlights = || if extras.highlights { highlight(fields, &FuzzyWords(&text.words)) } else { Vec::new() };
        let is_found = text.words.iter().all(|word| there.contains(word));
        is_found.then(|| Hit { target, title: title.to_owned(), score: SCORE, highlights: highlights() })
    };
    let user = |user: &User| found(&fields_of_user(user), SearchTarget::User(user.id), &user.name);
    let post = |post: &Post| found(&fields_of_post(post), SearchTarget::Post(post.id), &post.title);
    let mut hits = candidates(stores, &text.words, filter, after, limit + 1, user, post).await?;
    hits.sort_unstable_by_key(|hit| Reverse(hit.target.uuid()));
    let has_more = hits.len() > limit;
    hits.truncate(limit);
    Ok(SearchAnswer { hits, has_more, ..SearchAnswer::default() })
}

async fn suggest_truth(stores: &Stores, request: &SuggestRequest) -> StoreResult<Vec<Hit>> {
    let SuggestRequest { prefix, only, limit } = request;
    let typed = request.words();
    let prefixes = PrefixWords(&typed);
    let beginning = |fields: &[Field<'_>]| {
        let there: Vec<String> = fields.iter().flat_map(|field| words(field.text)).collect();
        let (last, wholes) = typed.split_last()?;
        let begins = there.iter().any(|word| word.starts_with(last.as_str()));
        (begins && wholes.iter().all(|word| there.contains(word))).then(|| highlight(fields, &prefixes))
    };
    let user = |user: &User| {
        let [handle, name, ..] = fields_of_user(user)[..] else { return None };
        let fits = handle.text.starts_with(prefix.as_str());
        let in_handle = fits.then(|| render(handle, std::slice::from_ref(&(0..prefix.len())))).flatten();
        let in_name = beginning(&[name]);
        let score = match (fits, &in_name) {
            (true, _) if handle.text == prefix => suggestion_score::EXACT_HANDLE,
            (true, _) => suggestion_score::HANDLE,
            (false, Some(_)) => suggestion_score::WORD,
            (false, None) => return None,
        };
        let highlights = in_handle.into_iter().chain(in_name.unwrap_or_default()).collect();
        Some(Hit { target: SearchTarget::User(user.id), title: user.name.clone(), score, highlights })
    };
    let post = |post: &Post| {
        let highlights = beginning(&[fields_of_post(post)[0]])?;
        Some(Hit {
            target: SearchTarget::Post(post.id),
            title: post.title.clone(),
            score: suggestion_score::WORD,
            highlights,
        })
    };
    let filter = SearchFilter { only: *only, ..SearchFilter::default() };
    let looked_for = if typed.is_empty() { vec![prefix.clone()] } else { typed.clone() };
    let mut hits = candidates(stores, &looked_for, &filter, None, *limit as usize, user, post).await?;
    // Whose handle it is comes first, however old they are.
    if let Some(handle) = Handle::parse(prefix).filter(|_| filter.admits(SearchType::User)) {
        let exact = stores.users.users_by_handle(std::slice::from_ref(&handle)).await?;
        hits.retain(|hit| !exact.values().any(|found| hit.target == SearchTarget::User(found.id)));
        hits.extend(exact.values().filter_map(user));
    }
    hits.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(b.target.uuid().cmp(&a.target.uuid())));
    hits.truncate(*limit as usize);
    Ok(hits)
}

/// The first `wanted` users and the first `wanted` posts that are hits, newest first each, of those that have the words
/// somewhere.
async fn candidates(
    stores: &Stores,
    words: &[String],
    filter: &SearchFilter,
    after: Option<Uuid>,
    wanted: usize,
    user: impl Fn(&User) -> Option<Hit>,
    post: impl Fn(&Post) -> Option<Hit>,
) -> StoreResult<Vec<Hit>> {
    let users = async {
        let page = |after: Option<Uuid>| stores.users.users_with(words, filter.period, after.map(UserId), CANDIDATES);
        match filter.admits(SearchType::User) {
            true => look_through(after, wanted, page, |user: &User| user.id.0, user).await,
            false => Ok(Vec::new()),
        }
    };
    let posts = async {
        let page = |after: Option<Uuid>| stores.posts.posts_with(words, filter, after.map(PostId), CANDIDATES);
        match filter.admits(SearchType::Post) {
            true => look_through(after, wanted, page, |post: &Post| post.id.0, post).await,
            false => Ok(Vec::new()),
        }
    };
    let (mut users, posts) = try_join(users, posts).await?;
    users.extend(posts);
    Ok(users)
}

async fn look_through<T, F: Future<Output = StoreResult<Vec<T>>>>(
    mut after: Option<Uuid>,
    wanted: usize,
    page: impl Fn(Option<Uuid>) -> F,
    id: impl Fn(&T) -> Uuid,
    hit: impl Fn(&T) -> Option<Hit>,
) -> StoreResult<Vec<Hit>> {
    let mut hits = Vec::new();
    for _ in 0..ROUNDS {
        let candidates = page(after).await?;
        hits.extend(candidates.iter().filter_map(&hit).take(wanted - hits.len()));
        after = candidates.last().map(&id);
        if hits.len() == wanted || candidates.len() < CANDIDATES as usize {
            break;
        }
    }
    Ok(hits)
}

fn fields_of_user(user: &User) -> Vec<Field<'_>> {
    let fields = [("handle", Some(user.handle.as_str())), ("name", Some(&*user.name)), ("bio", user.bio.as_deref())];
    fields.into_iter().filter_map(|(name, text)| Some(Field { name, text: text?, whole: true })).collect()
}

fn fields_of_post(post: &Post) -> Vec<Field<'_>> {
    let title = Field { name: "title", text: &post.title, whole: true };
    let content = post.content.as_deref().map(|text| Field { name: "content", text, whole: false });
    [title].into_iter().chain(content).collect()
}
