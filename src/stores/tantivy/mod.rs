//! The embedded search index: tantivy, in a directory of its own, for one gateway.
//!
//! Everything tantivy does is blocking, so each call runs on tokio's blocking threads. Readers never wait: they work on
//! the last commit. Writers take turns, and a write returns once its commit is on disk and readers see it.

mod build;
mod collect;
mod directory;
mod hits;
mod query;
mod scan;
mod schema;
#[cfg(test)]
mod tests;
mod tokenizer;
mod typos;
mod write;

use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use tantivy::collector::Count;
use tantivy::{Index, IndexReader, ReloadPolicy, Searcher, TantivyError};
use uuid::Uuid;

use self::build::{Build, Next};
use self::collect::{CountBy, TopPage};
use self::directory::Home;
pub use self::directory::OpenError;
use self::schema::{Fields, Kind};
use self::write::Writing;
use crate::domain::search::{
    ActivityCount, DocumentKind, Facets, Hit, IndexChange, IndexKey, Indexed, SearchAnswer, SearchRequest, SearchType,
    SuggestRequest,
};
use crate::domain::{Interval, Period, PostId, Timestamp, UserId};
use crate::ports::{Backend, Clock, ErrorKind, IndexBuild, Role, SearchIndex, StoreError, StoreResult};

/// A [`SearchIndex`] in a directory.
pub struct TantivyIndex {
    inner: Arc<Inner>,
}

struct Inner {
    fields: Fields,
    /// Of the index that answers.
    reader: RwLock<IndexReader>,
    writers: Mutex<Writers>,
    home: Home,
    clock: Arc<dyn Clock>,
}

/// What writes. Whoever has the lock knows which indexes take changes.
struct Writers {
    live: Writing,
    /// The index that is being built.
    next: Option<Next>,
    /// How many were begun to be built.
    begun: u64,
}

impl TantivyIndex {
    /// Opens the index in `directory`, or makes it there. It keeps other processes from the directory until it is
    /// dropped. An index that another version of Polygraph made, or that can't be read, is moved away.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the operator.
    pub fn open(directory: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::over(Home::open(directory)?, clock)
    }

    /// Opens the index in `directory` to read it, beside a process that may have it open. Whatever would write fails.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the operator; also where there is no index of this version.
    pub fn open_to_read(directory: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::over(Home::open_to_read(directory)?, clock)
    }

    fn over((home, index, fields): (Home, Index, Fields), clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let reader = RwLock::new(reader_of(&index)?);
        let live = Writing::new(index, fields, Arc::clone(&clock));
        let writers = Mutex::new(Writers { live, next: None, begun: 0 });
        Ok(Self { inner: Arc::new(Inner { fields, reader, writers, home, clock }) })
    }

    /// Whether the index was made anew, and has not been filled since ([`Self::mark_filled`]), restarts included: then
    /// the application fills it from the truth.
    pub fn was_created(&self) -> bool {
        !self.inner.home.is_filled()
    }

    /// Remembers that the index holds all of the truth as it was when the filling began.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the directory can't be written.
    pub async fn mark_filled(&self) -> StoreResult<()> {
        self.blocking(|inner| Ok(inner.home.mark_filled()?)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> tantivy::Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|panic| StoreError::new(Role::Search, ErrorKind::Internal, panic))?.map_err(store_error)
    }
}

fn reader_of(index: &Index) -> tantivy::Result<IndexReader> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(20).try_into()
}

fn store_error(error: TantivyError) -> StoreError {
    let kind = match &error {
        TantivyError::IoError(_) | TantivyError::OpenReadError(_) | TantivyError::OpenWriteError(_) => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Internal,
    };
    StoreError::new(Role::Search, kind, error)
}

#[async_trait]
impl Backend for TantivyIndex {
    fn kind(&self) -> &'static str {
        "tantivy"
    }

    async fn check(&self) -> StoreResult<String> {
        self.blocking(|inner| inner.count_documents()).await?;
        Ok(tantivy::version_string().to_owned())
    }
}

#[async_trait]
impl SearchIndex for TantivyIndex {
    async fn search(&self, request: &SearchRequest) -> StoreResult<SearchAnswer> {
        let request = request.clone();
        self.blocking(move |inner| inner.search(&request)).await
    }

    async fn suggest(&self, request: &SuggestRequest) -> StoreResult<Vec<Hit>> {
        let request = request.clone();
        self.blocking(move |inner| inner.suggest(&request)).await
    }

    async fn top_authors(&self, period: Period, limit: u32) -> StoreResult<Vec<(UserId, u64)>> {
        self.blocking(move |inner| inner.most_liked(period, limit, CountBy::author())).await
    }

    async fn top_posts(&self, period: Period, limit: u32) -> StoreResult<Vec<(PostId, u64)>> {
        self.blocking(move |inner| inner.most_liked(period, limit, CountBy::id())).await
    }

    async fn activity(&self, period: Period, interval: Interval) -> StoreResult<Vec<ActivityCount>> {
        self.blocking(move |inner| inner.activity(period, interval)).await
    }

    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let changes = changes.to_vec();
        self.blocking(move |inner| inner.write(|writing, reader| writing.apply(reader, &changes))).await
    }

    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()> {
        self.blocking(move |inner| inner.write(|writing, reader| writing.remove_likes_of(reader, post))).await
    }

    async fn scan_documents(
        &self,
        kind: DocumentKind,
        after: Option<IndexKey>,
        limit: u32,
    ) -> StoreResult<Vec<Indexed>> {
        self.blocking(move |inner| scan::page(&inner.searcher(), inner.fields, kind, after, limit as usize)).await
    }

    async fn documents_by_key(&self, keys: &[IndexKey]) -> StoreResult<HashMap<IndexKey, Indexed>> {
        let keys = keys.to_vec();
        self.blocking(move |inner| scan::by_key(&inner.searcher(), inner.fields, &keys)).await
    }

    /// Does nothing: what was applied can be found when [`Self::apply`] returns.
    async fn refresh(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn count_documents(&self) -> StoreResult<u64> {
        self.blocking(|inner| inner.count_documents()).await
    }

    async fn begin_build(&self) -> StoreResult<Box<dyn IndexBuild>> {
        let number = self.blocking(Inner::begin_build).await?;
        Ok(Box::new(Build { index: Self { inner: Arc::clone(&self.inner) }, number }))
    }
}

impl Inner {
    fn search(&self, request: &SearchRequest) -> tantivy::Result<SearchAnswer> {
        let extras = request.extras;
        let Some(query) = query::search(self.fields, &request.text, &request.filter)? else {
            return Ok(SearchAnswer { total: extras.total.then_some(0), ..SearchAnswer::default() });
        };
        let searcher = self.searcher();
        let collectors = (
            TopPage::of(&request.page),
            (extras.total || extras.types).then(CountBy::kind),
            extras.authors.map(|_| CountBy::author()),
            extras.months.then(|| CountBy::interval(Interval::Month)),
        );
        let (mut top, kinds, authors, months) = searcher.search(&query, &collectors)?;
        let limit = request.page.limit() as usize;
        let has_more = top.len() > limit;
        top.truncate(limit);
        let shown = hits::Shown::Words(extras.highlights.then_some(request.text.words.as_slice()));
        Ok(SearchAnswer {
            hits: hits::load(&searcher, self.fields, &top, &shown)?,
            has_more,
            total: kinds.as_ref().filter(|_| extras.total).map(|kinds| kinds.values().sum()),
            facets: Facets {
                types: kinds.filter(|_| extras.types).map(by_type).unwrap_or_default(),
                authors: authors.zip(extras.authors).map(|(counts, limit)| most(counts, limit)).unwrap_or_default(),
                months: months.map(in_order).unwrap_or_default(),
            },
        })
    }

    fn suggest(&self, request: &SuggestRequest) -> tantivy::Result<Vec<Hit>> {
        let words = request.words();
        let query = query::suggest(self.fields, &request.prefix, &words, request.only);
        let searcher = self.searcher();
        let top = searcher.search(&query, &TopPage::best(request.limit))?;
        hits::load(&searcher, self.fields, &top, &hits::Shown::Prefix { prefix: &request.prefix, words: &words })
    }

    fn most_liked<T: From<Uuid> + Ord>(
        &self,
        period: Period,
        limit: u32,
        by: CountBy<Uuid>,
    ) -> tantivy::Result<Vec<(T, u64)>> {
        let query = query::created(self.fields, &[Kind::Like], period);
        Ok(most(self.searcher().search(&query, &by)?, limit))
    }

    fn activity(&self, period: Period, interval: Interval) -> tantivy::Result<Vec<ActivityCount>> {
        let searcher = self.searcher();
        let count = |kind| -> tantivy::Result<HashMap<Timestamp, u64>> {
            searcher.search(&query::created(self.fields, &[kind], period), &CountBy::interval(interval))
        };
        let (posts, likes) = (count(Kind::Post)?, count(Kind::Like)?);
        let mut starts: Vec<Timestamp> = posts.keys().chain(likes.keys()).copied().collect();
        starts.sort_unstable();
        starts.dedup();
        let of = |counts: &HashMap<Timestamp, u64>, start| counts.get(&start).copied().unwrap_or(0);
        Ok(starts
            .into_iter()
            .map(|start| ActivityCount { start, posts: of(&posts, start), likes: of(&likes, start) })
            .collect())
    }

    /// Writes to the index that answers, and to the one that is being built.
    fn write(&self, work: impl Fn(&mut Writing, &IndexReader) -> tantivy::Result<()>) -> tantivy::Result<()> {
        self.home.require_lock()?;
        let mut writers = self.writers();
        work(&mut writers.live, &self.reader())?;
        match &mut writers.next {
            Some(next) => work(&mut next.writing, &next.reader),
            None => Ok(()),
        }
    }

    fn writers(&self) -> MutexGuard<'_, Writers> {
        // A writer that panicked is gone, and nothing of what it did is committed: its state is still good.
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> IndexReader {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn searcher(&self) -> Searcher {
        self.reader().searcher()
    }

    fn count_documents(&self) -> tantivy::Result<u64> {
        count(&self.searcher(), self.fields)
    }
}

/// How many documents there are, deletions that are remembered aside.
fn count(searcher: &Searcher, fields: Fields) -> tantivy::Result<u64> {
    let query = query::created(fields, &[Kind::User, Kind::Post, Kind::Like], Period::default());
    Ok(searcher.search(&query, &Count)? as u64)
}

/// The highest counts, ties by id, descending.
fn most<T: From<Uuid> + Ord>(counts: HashMap<Uuid, u64>, limit: u32) -> Vec<(T, u64)> {
    let mut counts: Vec<(Uuid, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|&(id, count)| std::cmp::Reverse((count, id)));
    counts.into_iter().take(limit as usize).map(|(id, count)| (T::from(id), count)).collect()
}

fn by_type(counts: HashMap<u64, u64>) -> Vec<(SearchType, u64)> {
    let of = |kind: Kind| counts.get(&(kind as u64)).copied().unwrap_or(0);
    let types = [(SearchType::User, of(Kind::User)), (SearchType::Post, of(Kind::Post))];
    types.into_iter().filter(|&(_, count)| count > 0).collect()
}

fn in_order<K: Ord + Hash>(counts: HashMap<K, u64>) -> Vec<(K, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable();
    counts
}
