//! Writing: one writer, a commit for each call, and tombstones for what was deleted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use tantivy::collector::Count;
use tantivy::columnar::Column;
use tantivy::index::InvertedIndexReader;
use tantivy::indexer::IndexWriterOptions;
use tantivy::merge_policy::LogMergePolicy;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, Index, IndexReader, IndexWriter, Searcher, SegmentReader, TERMINATED, Term};

use super::query;
use super::schema::{Fields, column};
use crate::domain::search::{IndexChange, IndexKey};
use crate::domain::{PostId, Timestamp};
use crate::ports::Clock;

/// How long a deletion is remembered at least; they are swept out as seldom, too.
const TOMBSTONES_KEPT_MILLIS: i64 = 3_600_000;
/// The least that tantivy takes.
const MEMORY_BYTES: usize = 15_000_000;

/// All that a writing call needs for itself.
pub(super) struct Writing {
    index: Index,
    fields: Fields,
    clock: Arc<dyn Clock>,
    /// Made when it is first needed. It is taken out while it works: if it fails, it is dropped with all that it has
    /// not committed, and the next call makes another.
    writer: Option<IndexWriter>,
    swept_at: Option<Timestamp>,
}

impl Writing {
    pub(super) fn new(index: Index, fields: Fields, clock: Arc<dyn Clock>) -> Self {
        Self { index, fields, clock, writer: None, swept_at: None }
    }

    /// Applies the changes that are newer than what the index has seen, and lets `reader` see them.
    pub(super) fn apply(&mut self, reader: &IndexReader, changes: &[IndexChange]) -> tantivy::Result<()> {
        let mut writer = self.take_writer(reader)?;
        let now = self.clock.now();
        let searcher = reader.searcher();
        let seen = SeenVersions::open(&searcher, self.fields)?;
        let mut is_changed = false;
        for change in newest_of_each_key(changes) {
            let term = self.fields.key_term(change.key);
            let last = seen.of(&term)?;
            if last.is_some_and(|last| last >= change.version) {
                continue;
            }
            if last.is_some() {
                writer.delete_term(term);
            }
            writer.add_document(self.fields.document(change, now))?;
            is_changed = true;
        }
        if is_changed {
            self.sweep(&writer, now)?;
            writer.commit()?;
            reader.reload()?;
        }
        self.writer = Some(writer);
        Ok(())
    }

    /// Removes the likes of a post, and lets `reader` see that. Deletions are still remembered.
    pub(super) fn remove_likes_of(&mut self, reader: &IndexReader, post: PostId) -> tantivy::Result<()> {
        let likes = query::likes_of(self.fields, post);
        if reader.searcher().search(&likes, &Count)? == 0 {
            return Ok(());
        }
        let mut writer = self.take_writer(reader)?;
        writer.delete_query(Box::new(likes))?;
        writer.commit()?;
        reader.reload()?;
        self.writer = Some(writer);
        Ok(())
    }

    /// Ends it, once nothing is at work on its files any more.
    pub(super) fn end(self) -> tantivy::Result<()> {
        match self.writer {
            Some(writer) => writer.wait_merging_threads(),
            None => Ok(()),
        }
    }

    fn take_writer(&mut self, reader: &IndexReader) -> tantivy::Result<IndexWriter> {
        if let Some(writer) = self.writer.take() {
            return Ok(writer);
        }
        let writer = new_writer(&self.index)?;
        // The one before may have failed between its commit and this.
        reader.reload()?;
        Ok(writer)
    }

    /// Forgets old deletions, from time to time.
    fn sweep(&mut self, writer: &IndexWriter, now: Timestamp) -> tantivy::Result<()> {
        let earliest = Timestamp::from_millis(now.millis() - TOMBSTONES_KEPT_MILLIS);
        if self.swept_at.is_none_or(|swept_at| swept_at <= earliest) {
            writer.delete_query(query::deleted_before(self.fields, earliest))?;
            self.swept_at = Some(now);
        }
        Ok(())
    }
}

fn new_writer(index: &Index) -> tantivy::Result<IndexWriter> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(MEMORY_BYTES)
        .build();
    let writer = index.writer_with_options(options)?;
    let mut merging = LogMergePolicy::default();
    // Most commits are of a few documents: segments of thousands are not merged again for their sake.
    merging.set_min_layer_size(1_000);
    merging.set_del_docs_ratio_before_merge(0.3);
    writer.set_merge_policy(Box::new(merging));
    Ok(writer)
}

/// Of several changes of one key, the one with the highest version; the first of equals.
fn newest_of_each_key(changes: &[IndexChange]) -> impl Iterator<Item = &IndexChange> {
    let mut newest: HashMap<IndexKey, &IndexChange> = HashMap::with_capacity(changes.len());
    for change in changes {
        match newest.entry(change.key) {
            Entry::Vacant(entry) => {
                entry.insert(change);
            }
            Entry::Occupied(mut entry) if entry.get().version < change.version => {
                entry.insert(change);
            }
            Entry::Occupied(_) => {}
        }
    }
    newest.into_values()
}

/// The versions in the last commit, by key.
struct SeenVersions<'a> {
    segments: Vec<(&'a SegmentReader, Arc<InvertedIndexReader>, Column<u64>)>,
}

impl<'a> SeenVersions<'a> {
    fn open(searcher: &'a Searcher, fields: Fields) -> tantivy::Result<Self> {
        let open = |reader: &'a SegmentReader| {
            Ok((reader, reader.inverted_index(fields.key)?, reader.fast_fields().u64(column::VERSION)?))
        };
        Ok(Self { segments: searcher.segment_readers().iter().map(open).collect::<tantivy::Result<_>>()? })
    }

    fn of(&self, key: &Term) -> tantivy::Result<Option<u64>> {
        for (reader, keys, versions) in &self.segments {
            let Some(mut postings) = keys.read_postings(key, IndexRecordOption::Basic)? else { continue };
            while postings.doc() != TERMINATED {
                if !reader.is_deleted(postings.doc()) {
                    return Ok(versions.first(postings.doc()));
                }
                postings.advance();
            }
        }
        Ok(None)
    }
}
