//! Collectors: the best hits after a position, and counts by what a document's columns say. They run side by side in
//! one pass over all that matches, as a tuple.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};
use uuid::Uuid;

use super::schema::column;
use crate::domain::search::SearchPage;
use crate::domain::{Interval, Timestamp};

/// A document that was found. The best is the greatest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranked {
    /// What it is ordered by before its id: its score, or nothing.
    rank: f32,
    pub(super) id: Uuid,
    pub(super) score: Score,
    pub(super) address: DocAddress,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_rank = self.rank.total_cmp(&other.rank).then(self.id.cmp(&other.id));
        // Ids differ, unless a user and a post were given the same one.
        by_rank.then_with(|| other.address.cmp(&self.address))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

/// The best documents after a position, the best first: by score or not, then by id, descending.
#[derive(Debug, Clone, Copy)]
pub(super) struct TopPage {
    by_score: bool,
    after: Option<(f32, Uuid)>,
    size: usize,
}

impl TopPage {
    /// A page, and one more, which shows whether others follow.
    pub(super) fn of(page: &SearchPage) -> Self {
        let size = page.limit() as usize + 1;
        match page {
            SearchPage::Relevance(page) => {
                Self { by_score: true, after: page.cursor.map(|cursor| (cursor.score, cursor.id)), size }
            }
            SearchPage::Newest(page) => Self { by_score: false, after: page.cursor.map(|id| (0.0, id)), size },
        }
    }

    /// The best by score.
    pub(super) fn best(limit: u32) -> Self {
        Self { by_score: true, after: None, size: limit as usize }
    }
}

impl Collector for TopPage {
    type Fruit = Vec<Ranked>;
    type Child = TopOfSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<TopOfSegment> {
        Ok(TopOfSegment { page: *self, segment, ids: Uuids::open(reader, column::ID)?, best: BinaryHeap::new() })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Vec<Ranked>>) -> tantivy::Result<Vec<Ranked>> {
        let mut best: Vec<_> = segments.into_iter().flatten().collect();
        best.sort_unstable_by_key(|&found| Reverse(found));
        best.truncate(self.size);
        Ok(best)
    }
}

pub(super) struct TopOfSegment {
    page: TopPage,
    segment: SegmentOrdinal,
    ids: Uuids,
    /// The worst on top, to be thrown out first.
    best: BinaryHeap<Reverse<Ranked>>,
}

impl SegmentCollector for TopOfSegment {
    type Fruit = Vec<Ranked>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let Some(id) = self.ids.get(doc) else { return };
        let rank = if self.page.by_score { score } else { 0.0 };
        let passed = |(last, last_id): (f32, Uuid)| rank.total_cmp(&last).then(id.cmp(&last_id)).is_ge();
        if self.page.after.is_some_and(passed) {
            return;
        }
        let found = Ranked { rank, id, score, address: DocAddress::new(self.segment, doc) };
        if self.best.len() < self.page.size {
            self.best.push(Reverse(found));
        } else if let Some(mut worst) = self.best.peek_mut()
            && found > worst.0
        {
            *worst = Reverse(found);
        }
    }

    fn harvest(self) -> Vec<Ranked> {
        self.best.into_iter().map(|Reverse(found)| found).collect()
    }
}

/// Reads from a segment's columns what a document is counted by.
type KeyOf<K> = Box<dyn Fn(DocId) -> Option<K>>;
/// Opens the columns of a segment.
type Open<K> = dyn Fn(&SegmentReader) -> tantivy::Result<KeyOf<K>> + Send + Sync;

/// Counts documents by a key.
pub(super) struct CountBy<K> {
    open: Box<Open<K>>,
}

impl<K> CountBy<K> {
    fn new(open: impl Fn(&SegmentReader) -> tantivy::Result<KeyOf<K>> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open) }
    }
}

impl CountBy<u64> {
    /// By the number of the kind.
    pub(super) fn kind() -> Self {
        Self::new(|reader| {
            let kinds = reader.fast_fields().u64(column::KIND)?;
            Ok(Box::new(move |doc| kinds.first(doc)))
        })
    }
}

impl CountBy<Uuid> {
    /// By the author of a post, or of the post that is liked.
    pub(super) fn author() -> Self {
        Self::uuid(column::AUTHOR)
    }

    /// By the id; of a like by that of the post.
    pub(super) fn id() -> Self {
        Self::uuid(column::ID)
    }

    fn uuid(columns: [&'static str; 2]) -> Self {
        Self::new(move |reader| {
            let uuids = Uuids::open(reader, columns)?;
            Ok(Box::new(move |doc| uuids.get(doc)))
        })
    }
}

impl CountBy<Timestamp> {
    /// By the start of the interval in which something was created.
    pub(super) fn interval(interval: Interval) -> Self {
        Self::new(move |reader| {
            let moments = reader.fast_fields().i64(column::CREATED_AT)?;
            Ok(Box::new(move |doc| moments.first(doc).map(|moment| interval.start_of(Timestamp::from_millis(moment)))))
        })
    }
}

impl<K: Eq + Hash + Send + 'static> Collector for CountBy<K> {
    type Fruit = HashMap<K, u64>;
    type Child = CountOfSegment<K>;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<CountOfSegment<K>> {
        Ok(CountOfSegment { key: (self.open)(reader)?, counts: HashMap::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<HashMap<K, u64>>) -> tantivy::Result<HashMap<K, u64>> {
        let mut counts = HashMap::new();
        for (key, count) in segments.into_iter().flatten() {
            *counts.entry(key).or_default() += count;
        }
        Ok(counts)
    }
}

pub(super) struct CountOfSegment<K> {
    key: KeyOf<K>,
    counts: HashMap<K, u64>,
}

impl<K: Eq + Hash + Send + 'static> SegmentCollector for CountOfSegment<K> {
    type Fruit = HashMap<K, u64>;

    fn collect(&mut self, doc: DocId, _: Score) {
        if let Some(key) = (self.key)(doc) {
            *self.counts.entry(key).or_default() += 1;
        }
    }

    fn harvest(self) -> HashMap<K, u64> {
        self.counts
    }
}

/// UUIDs in two columns.
pub(super) struct Uuids {
    high: Column<u64>,
    low: Column<u64>,
}

impl Uuids {
    pub(super) fn open(reader: &SegmentReader, [high, low]: [&str; 2]) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        Ok(Self { high: columns.u64(high)?, low: columns.u64(low)? })
    }

    pub(super) fn get(&self, doc: DocId) -> Option<Uuid> {
        Some(Uuid::from_u64_pair(self.high.first(doc)?, self.low.first(doc)?))
    }
}
