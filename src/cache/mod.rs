//! Resolved results: whole responses to queries, kept until something that they were made from changes.
//!
//! A result is kept with the tags of all that was read for it ([`Reads`]), and is found only as long as none of them was
//! bumped since it began to be made; what that promises is the port's ([`ResultCache`]). Errors, partial answers and
//! what is not a query are never kept. Which results may be shared is decided by [`Scope`], before anything is read.

mod counts;
mod flights;
mod guarded;
mod invalidation;
mod keeper;
mod key;
mod known;
mod looks;
mod reads;
mod telling;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

pub use counts::{Count, Counts};
pub use guarded::Guarded;
pub use invalidation::Invalidation;
pub use keeper::Keeper;
pub use key::Question;
pub use known::Form;
pub use reads::{Reads, noting};
pub use telling::Telling;
pub use trust::Trust;

use crate::domain::tag::VOCABULARY;
use crate::domain::{Scope, Tag, Viewer};
use crate::ports::{AsOf, Bypass, CacheKey, CacheTag, CachedBody, Lookup, MAKING, Reach, ResultCache, TagSet, in_time};
use flights::{Flights, Joined, Lead, OTHERS_ARE_WAITED_FOR};
use known::Known;
use looks::Looks;

/// How often it is looked whether another gateway has made an answer.
const GLANCE: Duration = Duration::from_millis(10);

/// Keeps results in a [`ResultCache`]. Cheap to clone; clones share what is under way.
#[derive(Clone)]
pub struct Results {
    cache: Arc<dyn ResultCache>,
    ttl: Duration,
    patience: Duration,
    schema: [u8; 32],
    flights: Flights,
    looks: Looks,
    reach: Reach,
    known: Arc<Known>,
    counts: Arc<Counts>,
}

/// What the cache has for a request.
pub enum Found {
    /// The answer, as it was kept.
    Kept(CachedBody),
    /// The answer that another request was making meanwhile, and that this one would have found kept.
    Shared(CachedBody),
    /// Nothing: the answer is to be made, and may be kept.
    Nothing(Making),
    /// Nothing, and the answer may not be kept.
    Unusable(Bypass),
}

/// An answer that is being made, for whoever asks for the same meanwhile. Dropping it lets them go on without.
pub struct Making {
    results: Results,
    key: CacheKey,
    as_of: AsOf,
    lead: Option<Lead>,
    is_kept: bool,
}

impl Results {
    /// Keeps results of the schema `sdl` for `ttl` at most. Where the cache takes longer than `patience` for a command,
    /// that costs more than it saves, and requests go on without it. Another schema never sees them, nor does another
    /// version of this program: it may write the same answer differently, or mean other things by tags.
    pub fn new(cache: Arc<dyn ResultCache>, ttl: Duration, patience: Duration, sdl: &str) -> Self {
        let version = Sha256::new().chain_update(env!("CARGO_PKG_VERSION")).chain_update(VOCABULARY.to_be_bytes());
        let schema = version.chain_update(sdl).finalize().into();
        Self {
            cache,
            ttl,
            patience,
            schema,
            flights: Flights::default(),
            looks: Looks::default(),
            reach: Reach::default(),
            known: Arc::default(),
            counts: Arc::default(),
        }
    }

    /// What is asked by an operation with these variables, whoever asks.
    pub fn question(
        &self,
        scope: Scope,
        query: &str,
        name: Option<&str>,
        variables: &serde_json::Map<String, serde_json::Value>,
    ) -> Question {
        Question::new(&self.schema, scope, query, name, variables)
    }

    /// What the same request asked before.
    pub fn recall(&self, form: Form, raw: &[u8]) -> Option<Question> {
        self.known.get(form, raw)
    }

    /// Remembers what a request asks.
    pub fn remember(&self, form: Form, raw: &[u8], question: Question) {
        self.known.put(form, raw, question);
    }

    /// How often what was found.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Looks for the answer to a question. Where another request of this gateway is making it, that is waited for: its
    /// answer counts if a look that begins now would find it.
    pub async fn find(&self, question: &Question, viewer: Viewer) -> Found {
        let key = question.key(viewer);
        let found = self.find_or_join(key).await;
        self.counts.add(match &found {
            Found::Kept(_) => Count::Hit,
            Found::Shared(_) => Count::Coalesced,
            Found::Nothing(_) => Count::Miss,
            Found::Unusable(_) => Count::Bypass,
        });
        found
    }

    /// Whether an answer is kept at the moment; `None` where the cache can't be used.
    pub async fn has(&self, question: &Question, viewer: Viewer) -> Option<bool> {
        match self.look(question.key(viewer)).await {
            Lookup::Hit { .. } => Some(true),
            Lookup::Miss(_) => Some(false),
            Lookup::Bypass(_) => None,
        }
    }

    async fn find_or_join(&self, key: CacheKey) -> Found {
        let mut waited = 0;
        loop {
            let (found, is_own) = self.look_with_others(key).await;
            let as_of = match found {
                Lookup::Hit { body, .. } => return Found::Kept(body),
                Lookup::Bypass(why) => return Found::Unusable(why),
                Lookup::Miss(as_of) => as_of,
            };
            let making =
                |as_of, lead| Found::Nothing(Making { results: self.clone(), key, as_of, lead, is_kept: false });
            // Where it changes faster than it is made, everybody makes their own.
            if waited == OTHERS_ARE_WAITED_FOR {
                return making(as_of, None);
            }
            match self.flights.join(key) {
                Joined::Leads(lead) => {
                    // What another did not find may have been made since.
                    let found = if is_own { Lookup::Miss(as_of) } else { self.look(key).await };
                    // Boxed: what is kept is found without.
                    return match Box::pin(self.claim(key, found)).await {
                        Lookup::Hit { body, .. } => Found::Shared(body),
                        Lookup::Miss(as_of) => making(as_of, Some(lead)),
                        Lookup::Bypass(why) => Found::Unusable(why),
                    };
                }
                Joined::Follows(follow) => {
                    if let Some(body) = follow.wait().await {
                        return Found::Shared(body);
                    }
                }
            }
            waited += 1;
        }
    }

    /// Says that the answer is made here, where none was found. Where another gateway says so, it is waited for, for a
    /// moment.
    async fn claim(&self, key: CacheKey, mut found: Lookup) -> Lookup {
        for _ in 0..MAKING.as_millis() / GLANCE.as_millis() {
            let is_made = !matches!(found, Lookup::Miss(_));
            if is_made || in_time(self.patience, self.cache.claim(key)).await.unwrap_or(true) {
                break;
            }
            tokio::time::sleep(GLANCE).await;
            found = self.look(key).await;
        }
        found
    }

    async fn look(&self, key: CacheKey) -> Lookup {
        self.look_with_others(key).await.0
    }

    /// What is found, and whether it was looked for here. A cache that fails is one that can't be reached.
    async fn look_with_others(&self, key: CacheKey) -> (Lookup, bool) {
        const UNREACHABLE: Lookup = Lookup::Bypass(Bypass::Unreachable);
        if self.reach.is_lost() {
            return (UNREACHABLE, true);
        }
        if !self.cache.is_remote() {
            return (self.cache.lookup(key).await.unwrap_or(UNREACHABLE), true);
        }
        let look = async {
            match in_time(self.patience, self.cache.lookup(key)).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::debug!(%error, "the result cache was not read");
                    self.lose();
                    UNREACHABLE
                }
            }
        };
        self.looks.look(key, look).await
    }

    fn lose(&self) {
        self.reach.lose(&self.cache, self.patience, |cache| async move { cache.life().await });
    }
}

impl Making {
    /// Keeps the answer, and gives it to those who wait for it. It must be the whole answer to a query, without errors,
    /// and made from what these tags say.
    pub async fn keep(mut self, bytes: Bytes, tags: Vec<Tag>) {
        let Results { cache, ttl, patience, counts, .. } = &self.results;
        let body = CachedBody { mark: mark_of(&bytes), bytes };
        let tags: TagSet = tags.into_iter().map(CacheTag::from).collect();
        match in_time(*patience, cache.store(self.key, self.as_of, &tags, &body, *ttl)).await {
            Ok(()) => {
                self.is_kept = true;
                counts.add(Count::Kept);
            }
            Err(error) => {
                tracing::debug!(%error, "the result cache was not written");
                self.results.lose();
            }
        }
        // Nobody joins from here on, so whoever has joined has arrived before the look that follows.
        if let Some(landed) = self.lead.take().and_then(Lead::land) {
            landed.tell(match self.results.look(self.key).await {
                Lookup::Hit { body, .. } => Some(body),
                Lookup::Miss(_) | Lookup::Bypass(_) => None,
            });
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.is_kept && !self.results.reach.is_lost() {
            let (cache, key) = (Arc::clone(&self.results.cache), self.key);
            // Nobody waits for that: what is not taken back ends by itself.
            tokio::spawn(async move { cache.abandon(key).await });
        }
    }
}

/// Tells a body from others: 128 bits of its SHA-256 hash.
pub fn mark_of(bytes: &[u8]) -> u128 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let mut mark = [0; 16];
    mark.copy_from_slice(&hash[..16]);
    u128::from_be_bytes(mark)
}

#[cfg(test)]
mod tests;
