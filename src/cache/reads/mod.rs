//! What a request reads, as tags: stores that note what is asked of them and what they answer, absences and empty lists
//! included, so that no resolver needs to know of it.
//!
//! Each port has a table of its methods here, each with the tags of what its answer depends on beside the things in it,
//! which leave their own ([`Leaves`]). A method that no query should call spoils the request for keeping.

mod leaves;
mod posts;
mod search;
mod users;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leaves::Leaves;

use crate::domain::Tag;
use crate::ports::{StoreResult, Stores};

/// With how many tags of a kind an answer is kept; where it was made from more, one stands for all of them. A lookup
/// asks for each of an answer's tags, and must not cost more than the answer did.
const MOST_OF_A_KIND: usize = 256;

/// What one request has read so far. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Reads(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    tags: HashSet<Tag>,
    is_spoiled: bool,
}

impl Reads {
    /// The tags of all that was read; `None` where that can't be told: something failed, or was no read.
    pub fn tags(&self) -> Option<Vec<Tag>> {
        let noted = self.noted();
        (!noted.is_spoiled).then(|| few(&noted.tags))
    }

    fn note<T: Leaves>(&self, answer: StoreResult<T>, tags: impl FnOnce(&T) -> Vec<Tag>) -> StoreResult<T> {
        let mut noted = self.noted();
        match &answer {
            Ok(answer) => {
                noted.tags.extend(tags(answer));
                answer.leave(&mut noted.tags);
            }
            Err(_) => noted.is_spoiled = true,
        }
        answer
    }

    fn spoil(&self) {
        self.noted().is_spoiled = true;
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tags, with one in place of too many of a kind.
fn few(tags: &HashSet<Tag>) -> Vec<Tag> {
    let mut of_kind: BTreeMap<Option<Tag>, usize> = BTreeMap::new();
    for tag in tags {
        *of_kind.entry(tag.coarse()).or_default() += 1;
    }
    let stands_in = |tag: &Tag| {
        let coarse = tag.coarse()?;
        (of_kind.get(&Some(coarse)).is_some_and(|&count| count > MOST_OF_A_KIND)).then_some(coarse)
    };
    let few: HashSet<Tag> = tags.iter().map(|tag| stands_in(tag).unwrap_or(*tag)).collect();
    few.into_iter().collect()
}

/// A store that notes what is read from it. It implements the port that the store does.
struct Noting<S: ?Sized> {
    store: Arc<S>,
    reads: Reads,
}

/// The stores, noting in `reads` what is read from them.
pub fn noting(stores: &Stores, reads: &Reads) -> Stores {
    fn beside<S: ?Sized>(store: &Arc<S>, reads: &Reads) -> Arc<Noting<S>> {
        Arc::new(Noting { store: Arc::clone(store), reads: reads.clone() })
    }
    Stores {
        users: beside(&stores.users, reads),
        posts: beside(&stores.posts, reads),
        search: beside(&stores.search, reads),
    }
}

/// Implements a port for [`Noting`]. A `read` says after `reads` which tags it leaves beside those of the things in its
/// answer; it may look at the answer. A `job` is nothing that a query should ask for.
macro_rules! noted {
    (
        $port:ident;
        $($kind:ident fn $method:ident(&self $(, $arg:ident: $type:ty)*) -> $answer:ty $(, reads |$found:pat_param| $tags:expr)?;)*
    ) => {
        #[async_trait::async_trait]
        impl $crate::ports::Backend for $crate::cache::reads::Noting<dyn $crate::ports::$port> {
            fn kind(&self) -> &'static str {
                self.store.kind()
            }

            async fn check(&self) -> $crate::ports::StoreResult<String> {
                self.store.check().await
            }
        }

        #[async_trait::async_trait]
        impl $crate::ports::$port for $crate::cache::reads::Noting<dyn $crate::ports::$port> {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $crate::ports::StoreResult<$answer> {
                    let answer = self.store.$method($($arg),*).await;
                    noted!(@$kind self, answer $(, |$found| $tags)?)
                }
            )*
        }
    };
    (@read $self:ident, $answer:ident, |$found:pat_param| $tags:expr) => {
        $self.reads.note($answer, |$found| Vec::from_iter($tags))
    };
    (@job $self:ident, $answer:ident) => {{
        $self.reads.spoil();
        $answer
    }};
}
use noted;
