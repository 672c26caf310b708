//! tantivy's own writer on the files of an index that nobody has open.

use polygraph::domain::search::{IndexDocument, IndexKey};
use tantivy::tokenizer::SimpleTokenizer;
use tantivy::{Index, IndexWriter, TantivyDocument, Term};
use uuid::Uuid;

use crate::world::World;

pub(crate) struct RawTantivy {
    index: Index,
    writer: IndexWriter,
}

impl RawTantivy {
    pub(crate) fn of(world: &World) -> Self {
        let index = Index::open_in_dir(world.directory.path().join("search/index")).expect("an index");
        index.tokenizers().register("words", SimpleTokenizer::default());
        let writer = index.writer_with_num_threads(1, 15_000_000).expect("nobody else writes");
        Self { index, writer }
    }

    fn field(&self, name: &str) -> tantivy::schema::Field {
        self.index.schema().get_field(name).expect("a field")
    }

    pub(crate) fn put(&mut self, document: &IndexDocument, version: u64) {
        let key = document.key();
        self.remove(key);
        let mut written = TantivyDocument::new();
        written.add_bytes(self.field("key"), &bytes(key));
        written.add_u64(self.field("version"), version);
        let (kind, id, author, created_at) = match document {
            IndexDocument::User { id, created_at, .. } => (0, id.0, None, created_at),
            IndexDocument::Post { id, author, created_at, .. } => (1, id.0, Some(author.0), created_at),
            IndexDocument::Like { id, author, created_at } => (2, id.post.0, Some(author.0), created_at),
        };
        written.add_u64(self.field("kind"), kind);
        written.add_i64(self.field("created_at"), created_at.millis());
        for (name, uuid) in [("id", Some(id)), ("author", author)] {
            let Some((high, low)) = uuid.map(|uuid: Uuid| uuid.as_u64_pair()) else { continue };
            written.add_u64(self.field(&format!("{name}_high")), high);
            written.add_u64(self.field(&format!("{name}_low")), low);
        }
        match document {
            IndexDocument::User { handle, name, .. } => {
                written.add_text(self.field("handle_whole"), handle);
                written.add_text(self.field("handle"), handle);
                written.add_text(self.field("name"), name);
            }
            IndexDocument::Post { title, content, .. } => {
                written.add_text(self.field("title"), title);
                written.add_text(self.field("content"), content);
            }
            IndexDocument::Like { .. } => {}
        }
        self.writer.add_document(written).expect("planted");
    }

    pub(crate) fn remove(&mut self, key: IndexKey) {
        self.writer.delete_term(Term::from_field_bytes(self.field("key"), &bytes(key)));
    }

    pub(crate) fn done(mut self) {
        self.writer.commit().expect("planted");
        self.writer.wait_merging_threads().expect("it ends");
    }
}

fn bytes(key: IndexKey) -> Vec<u8> {
    match key {
        IndexKey::User(id) => [b"U".as_slice(), id.0.as_bytes()].concat(),
        IndexKey::Post(id) => [b"P".as_slice(), id.0.as_bytes()].concat(),
        IndexKey::Like(id) => [b"L".as_slice(), id.post.0.as_bytes(), id.user.0.as_bytes()].concat(),
    }
}
