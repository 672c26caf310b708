//! Building an index beside the one that answers, in a directory of its own, and putting it in the other's place.
//!
//! What applies changes holds the lock of the writers, so it writes to both or had read the truth before the build
//! began. Readers never wait: they have the old index until they ask for the new one, and its files until they are done.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tantivy::IndexReader;

use super::write::Writing;
use super::{Inner, TantivyIndex, Writers, count, reader_of};
use crate::domain::PostId;
use crate::domain::search::IndexChange;
use crate::ports::{ErrorKind, IndexBuild, Role, StoreError, StoreResult};

/// An index that is being built.
pub(super) struct Next {
    pub(super) writing: Writing,
    pub(super) reader: IndexReader,
    number: u64,
}

impl Writers {
    /// The index of this build; `None` where another was begun since.
    fn built(&mut self, number: u64) -> Option<&mut Next> {
        self.next.as_mut().filter(|next| next.number == number)
    }
}

impl Inner {
    /// Begins to build an index, in place of one that is being built already. Returns its number.
    pub(super) fn begin_build(&self) -> tantivy::Result<u64> {
        self.home.require_lock()?;
        let mut writers = self.writers();
        // Its files are removed with it.
        writers.next = None;
        let index = self.home.begin_next()?;
        writers.begun += 1;
        let number = writers.begun;
        let reader = reader_of(&index)?;
        let writing = Writing::new(index, self.fields, Arc::clone(&self.clock));
        writers.next = Some(Next { writing, reader, number });
        Ok(number)
    }

    fn swap(&self, number: u64) -> tantivy::Result<Option<()>> {
        let mut writers = self.writers();
        if writers.built(number).is_none() {
            return Ok(None);
        }
        // Whatever still merges segments in its directory has to end before that gets another name.
        if let Some(next) = writers.next.take() {
            next.writing.end()?;
        }
        let index = self.home.swap()?;
        let reader = reader_of(&index)?;
        writers.live = Writing::new(index, self.fields, Arc::clone(&self.clock));
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
        self.home.remove_replaced()?;
        Ok(Some(()))
    }

    fn abandon(&self, number: u64) -> tantivy::Result<()> {
        let mut writers = self.writers();
        if writers.built(number).is_some() {
            writers.next = None;
            self.home.remove_next()?;
        }
        Ok(())
    }
}

/// The port to it.
pub(super) struct Build {
    pub(super) index: TantivyIndex,
    pub(super) number: u64,
}

impl Build {
    /// Does something with the index that is being built.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Next) -> tantivy::Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let number = self.number;
        let done = self.index.blocking(move |inner| inner.writers().built(number).map(work).transpose()).await?;
        done.ok_or_else(superseded)
    }
}

fn superseded() -> StoreError {
    StoreError::new(Role::Search, ErrorKind::Conflict, "another build of the index was begun since")
}

#[async_trait]
impl IndexBuild for Build {
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        let changes = changes.to_vec();
        self.with(move |next| next.writing.apply(&next.reader, &changes)).await
    }

    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()> {
        self.with(move |next| next.writing.remove_likes_of(&next.reader, post)).await
    }

    async fn count_documents(&self) -> StoreResult<u64> {
        let fields = self.index.inner.fields;
        self.with(move |next| count(&next.reader.searcher(), fields)).await
    }

    async fn swap(&self) -> StoreResult<()> {
        let number = self.number;
        self.index.blocking(move |inner| inner.swap(number)).await?.ok_or_else(superseded)
    }

    async fn abandon(&self) -> StoreResult<()> {
        let number = self.number;
        self.index.blocking(move |inner| inner.abandon(number)).await
    }
}
