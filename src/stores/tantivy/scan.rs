//! Walking over all documents in the order of their keys, a page at a time.

use std::collections::HashMap;

use tantivy::columnar::Column;
use tantivy::schema::{Field, IndexRecordOption, Value as _};
use tantivy::{DocAddress, DocId, DocSet as _, Searcher, SegmentOrdinal, SegmentReader, TERMINATED, TantivyDocument};

use super::collect::Uuids;
use super::schema::{Fields, Kind, column, key_bytes, key_of, key_range};
use crate::domain::search::{DocumentKind, IndexDocument, IndexKey, Indexed};
use crate::domain::{Timestamp, UserId};

/// The `limit` documents of a kind after `after`. No more than that many keys of each segment are in memory.
pub(super) fn page(
    searcher: &Searcher,
    fields: Fields,
    kind: DocumentKind,
    after: Option<IndexKey>,
    limit: usize,
) -> tantivy::Result<Vec<Indexed>> {
    let (begin, end) = key_range(kind);
    let after = after.map_or(begin, key_bytes);
    let mut found: Vec<(IndexKey, DocAddress)> = Vec::new();
    for (segment, reader) in (0..).zip(searcher.segment_readers()) {
        keys_of_segment(segment, reader, fields, (&after, &end), limit, &mut found)?;
    }
    found.sort_unstable();
    found.truncate(limit);
    found.into_iter().map(|(key, address)| load(searcher, fields, key, address)).collect()
}

fn keys_of_segment(
    segment: SegmentOrdinal,
    reader: &SegmentReader,
    fields: Fields,
    (after, end): (&[u8], &[u8]),
    limit: usize,
    found: &mut Vec<(IndexKey, DocAddress)>,
) -> tantivy::Result<()> {
    let keys = reader.inverted_index(fields.key)?;
    let kinds = reader.fast_fields().u64(column::KIND)?;
    let mut terms = keys.terms().range().gt(after).lt(end).into_stream()?;
    let most = found.len() + limit;
    while found.len() < most && terms.advance() {
        let Some(key) = key_of(terms.key()) else { continue };
        let mut postings = keys.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
        while postings.doc() != TERMINATED {
            if is_shown(reader, &kinds, postings.doc()) {
                found.push((key, DocAddress::new(segment, postings.doc())));
            }
            postings.advance();
        }
    }
    Ok(())
}

/// The documents with these keys.
pub(super) fn by_key(
    searcher: &Searcher,
    fields: Fields,
    keys: &[IndexKey],
) -> tantivy::Result<HashMap<IndexKey, Indexed>> {
    let mut found = HashMap::new();
    for (segment, reader) in (0..).zip(searcher.segment_readers()) {
        let terms = reader.inverted_index(fields.key)?;
        let kinds = reader.fast_fields().u64(column::KIND)?;
        for &key in keys {
            let Some(mut postings) = terms.read_postings(&fields.key_term(key), IndexRecordOption::Basic)? else {
                continue;
            };
            while postings.doc() != TERMINATED {
                if is_shown(reader, &kinds, postings.doc()) {
                    found.insert(key, load(searcher, fields, key, DocAddress::new(segment, postings.doc()))?);
                }
                postings.advance();
            }
        }
    }
    Ok(found)
}

/// Whether it is a document, and neither deleted nor a deletion that is remembered.
fn is_shown(reader: &SegmentReader, kinds: &Column<u64>, doc: DocId) -> bool {
    !reader.is_deleted(doc) && kinds.first(doc) != Some(Kind::Tombstone as u64)
}

fn load(searcher: &Searcher, fields: Fields, key: IndexKey, address: DocAddress) -> tantivy::Result<Indexed> {
    let reader = searcher.segment_reader(address.segment_ord);
    let columns = reader.fast_fields();
    let version = columns.u64(column::VERSION)?.first(address.doc_id).unwrap_or_default();
    let created_at = columns.i64(column::CREATED_AT)?.first(address.doc_id).map(Timestamp::from_millis);
    let author = Uuids::open(reader, column::AUTHOR)?.get(address.doc_id).map(UserId);
    let texts: TantivyDocument = searcher.doc(address)?;
    let text = |field: Field| texts.get_first(field)?.as_str().map(ToOwned::to_owned);
    let read = || {
        let created_at = created_at?;
        Some(match key {
            IndexKey::User(id) => {
                let (handle, name, bio) = (text(fields.handle)?, text(fields.name)?, text(fields.bio));
                IndexDocument::User { id, handle, name, bio, created_at }
            }
            IndexKey::Post(id) => {
                let (title, content) = (text(fields.title)?, text(fields.content)?);
                IndexDocument::Post { id, author: author?, title, content, created_at }
            }
            IndexKey::Like(id) => IndexDocument::Like { id, author: author?, created_at },
        })
    };
    Ok(Indexed { key, version, document: read() })
}
