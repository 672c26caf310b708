//! The fields of the index, and how documents of the domain are written in them.

use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{TantivyDocument, Term};
use uuid::Uuid;

use super::tokenizer::Words;
use crate::domain::search::{DocumentKind, IndexChange, IndexDocument, IndexKey};
use crate::domain::{LikeId, PostId, Timestamp, UserId};

/// Grows with every change of the fields, of the words, or of what documents hold, so that an older index is made anew.
pub(super) const VERSION: &str = "1";

const WORDS: &str = "words";

/// What a document of the index stands for. The numbers are in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User = 0,
    Post = 1,
    Like = 2,
    /// A deletion that is still remembered.
    Tombstone = 3,
}

/// A UUID as two numbers, since tantivy's columns are of 64 bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct UuidFields {
    pub(super) high: Field,
    pub(super) low: Field,
}

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// What the document is replaced by.
    pub(super) key: Field,
    /// A [`Kind`].
    pub(super) kind: Field,
    /// The version that was last seen for the key.
    version: Field,
    /// Of a user or post, or of the post that is liked.
    id: UuidFields,
    /// Of a post, or of the post that is liked.
    pub(super) author: UuidFields,
    pub(super) created_at: Field,
    /// Of a tombstone.
    pub(super) deleted_at: Field,
    /// A handle as it is, also where it is no word.
    pub(super) handle_whole: Field,
    pub(super) handle: Field,
    pub(super) name: Field,
    pub(super) bio: Field,
    pub(super) title: Field,
    pub(super) content: Field,
}

/// The names of the columns that collectors read.
pub(super) mod column {
    pub(in super::super) const KIND: &str = "kind";
    pub(in super::super) const VERSION: &str = "version";
    pub(in super::super) const ID: [&str; 2] = ["id_high", "id_low"];
    pub(in super::super) const AUTHOR: [&str; 2] = ["author_high", "author_low"];
    pub(in super::super) const CREATED_AT: &str = "created_at";
}

impl Fields {
    /// The schema and its fields.
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let words = TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(IndexRecordOption::WithFreqs);
        let text = TextOptions::default().set_indexing_options(words).set_stored();
        let fields = Self {
            key: schema.add_bytes_field("key", INDEXED),
            kind: schema.add_u64_field(column::KIND, INDEXED | FAST),
            version: schema.add_u64_field(column::VERSION, FAST),
            id: UuidFields {
                high: schema.add_u64_field(column::ID[0], FAST),
                low: schema.add_u64_field(column::ID[1], FAST),
            },
            author: UuidFields {
                high: schema.add_u64_field(column::AUTHOR[0], INDEXED | FAST),
                low: schema.add_u64_field(column::AUTHOR[1], INDEXED | FAST),
            },
            created_at: schema.add_i64_field(column::CREATED_AT, FAST),
            deleted_at: schema.add_i64_field("deleted_at", FAST),
            handle_whole: schema.add_text_field("handle_whole", STRING),
            handle: schema.add_text_field("handle", text.clone()),
            name: schema.add_text_field("name", text.clone()),
            bio: schema.add_text_field("bio", text.clone()),
            title: schema.add_text_field("title", text.clone()),
            content: schema.add_text_field("content", text),
        };
        (schema.build(), fields)
    }

    /// The term that finds the document of a key.
    pub(super) fn key_term(self, key: IndexKey) -> Term {
        Term::from_field_bytes(self.key, &key_bytes(key))
    }

    /// The document that a change leaves in the index.
    pub(super) fn document(self, change: &IndexChange, now: Timestamp) -> TantivyDocument {
        let mut written = TantivyDocument::new();
        written.add_bytes(self.key, &key_bytes(change.key));
        written.add_u64(self.version, change.version);
        let mut place = |kind: Kind, id: Uuid, author: Option<Uuid>, created_at: Timestamp| {
            written.add_u64(self.kind, kind as u64);
            written.add_i64(self.created_at, created_at.millis());
            add_uuid(&mut written, self.id, id);
            if let Some(author) = author {
                add_uuid(&mut written, self.author, author);
            }
        };
        match &change.document {
            None => {
                written.add_u64(self.kind, Kind::Tombstone as u64);
                written.add_i64(self.deleted_at, now.millis());
            }
            Some(IndexDocument::User { id, handle, name, bio, created_at }) => {
                place(Kind::User, id.0, None, *created_at);
                written.add_text(self.handle_whole, handle);
                written.add_text(self.handle, handle);
                written.add_text(self.name, name);
                if let Some(bio) = bio {
                    written.add_text(self.bio, bio);
                }
            }
            Some(IndexDocument::Post { id, author, title, content, created_at }) => {
                place(Kind::Post, id.0, Some(author.0), *created_at);
                written.add_text(self.title, title);
                written.add_text(self.content, content);
            }
            Some(IndexDocument::Like { id, author, created_at }) => {
                place(Kind::Like, id.post.0, Some(author.0), *created_at);
            }
        }
        written
    }
}

/// The tokenizers that the schema names.
pub(super) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(WORDS, Words);
    tokenizers
}

fn add_uuid(document: &mut TantivyDocument, fields: UuidFields, id: Uuid) {
    let (high, low) = id.as_u64_pair();
    document.add_u64(fields.high, high);
    document.add_u64(fields.low, low);
}

/// The letter that keys of a kind begin with.
fn letter(kind: DocumentKind) -> u8 {
    match kind {
        DocumentKind::User => b'U',
        DocumentKind::Post => b'P',
        DocumentKind::Like => b'L',
    }
}

/// The keys of a kind: from the first, which is none, to below the second.
pub(super) fn key_range(kind: DocumentKind) -> (Vec<u8>, Vec<u8>) {
    (vec![letter(kind)], vec![letter(kind) + 1])
}

/// The key that these bytes are of, if they are of any.
pub(super) fn key_of(bytes: &[u8]) -> Option<IndexKey> {
    let (&letter, ids) = bytes.split_first()?;
    let uuid = |at: usize| Uuid::from_slice(ids.get(at..at + 16)?).ok();
    match (letter, ids.len()) {
        (b'U', 16) => Some(IndexKey::User(UserId(uuid(0)?))),
        (b'P', 16) => Some(IndexKey::Post(PostId(uuid(0)?))),
        (b'L', 32) => Some(IndexKey::Like(LikeId { post: PostId(uuid(0)?), user: UserId(uuid(16)?) })),
        _ => None,
    }
}

/// A letter for the kind, and the ids.
pub(super) fn key_bytes(key: IndexKey) -> Vec<u8> {
    let mut bytes = vec![letter(key.kind())];
    match key {
        IndexKey::User(id) => bytes.extend(id.0.as_bytes()),
        IndexKey::Post(id) => bytes.extend(id.0.as_bytes()),
        IndexKey::Like(id) => bytes.extend([id.post.0.into_bytes(), id.user.0.into_bytes()].concat()),
    }
    bytes
}
