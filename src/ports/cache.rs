//! The port to the cache of resolved results.
//!
//! What is kept must never be taken for the answer to a question that was asked after a write had changed it. So
//! nothing is deleted to invalidate it, since a slow reader could put it back: the cache counts invalidations, remembers
//! for each [`CacheTag`] which was its last, and an entry counts only as long as it was made after the last one of
//! everything it is made of. Why no outage breaks that is told in `docs/decisions/0018-result-cache.md`.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Backend, StoreResult};
use crate::domain::Tag;

/// A life of a cache: it ends when the cache may have forgotten an invalidation, and no life comes twice. Random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Life(pub u128);

impl Life {
    /// A life of a cache whose entries are tagged by this vocabulary, with 16 random bytes.
    pub fn new(vocabulary: u32, random: [u8; 16]) -> Self {
        Self((u128::from_be_bytes(random) >> 32) | (u128::from(vocabulary) << 96))
    }

    /// The version of the vocabulary by which entries of this life are tagged.
    pub fn vocabulary(self) -> u32 {
        (self.0 >> 96) as u32
    }
}

/// A moment in a life of a cache, noted before anything is read that is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// Which life.
    pub life: Life,
    /// How many invalidations there had been in it.
    pub now: u64,
}

/// Something that results are made of: an entity, a list, a count, an absence. Cheap to keep, since only 16 bits of its
/// hash count: two things that share them cost each other a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheTag(pub u16);

impl CacheTag {
    /// How many tags there are.
    pub const COUNT: usize = 1 << 16;
}

impl From<Tag> for CacheTag {
    fn from(tag: Tag) -> Self {
        Self(tag.slot())
    }
}

/// What one result is made of, or what one write changed. Ordered, without repetitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagSet(BTreeSet<CacheTag>);

impl TagSet {
    /// How many tags there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a tag.
    pub fn insert(&mut self, tag: CacheTag) {
        self.0.insert(tag);
    }

    /// The tags, in order.
    pub fn iter(&self) -> impl Iterator<Item = CacheTag> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<CacheTag> for TagSet {
    fn from_iter<I: IntoIterator<Item = CacheTag>>(tags: I) -> Self {
        Self(tags.into_iter().collect())
    }
}

impl Extend<CacheTag> for TagSet {
    fn extend<I: IntoIterator<Item = CacheTag>>(&mut self, tags: I) {
        self.0.extend(tags);
    }
}

/// The most tags that a result is kept with: about half of what a script of Redis takes at once.
pub const MOST_TAGS: usize = 3_500;
/// The largest body that is kept, in bytes.
pub const LARGEST_BODY: usize = 4 << 20;

/// How long a result may be said to be made: about as long as it is worth waiting for another gateway's.
pub const MAKING: Duration = Duration::from_millis(200);

/// What a result is kept under: a hash of all that it depends on but the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub [u8; 32]);

/// A response body as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedBody {
    /// Tells it from other bodies: whoever has one with the same mark has the same bytes.
    pub mark: u128,
    /// The bytes.
    pub bytes: Bytes,
}

/// What a look shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The body that is kept. Nothing that it is made of was invalidated since.
    Hit {
        /// The life in which it was kept, which is still the cache's.
        life: Life,
        /// The body.
        body: CachedBody,
    },
    /// None is kept. What is read from now on may be, as of this moment.
    Miss(AsOf),
    /// The cache is not to be used, neither to answer nor to keep an answer.
    Bypass(Bypass),
}

/// Why a cache is not to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bypass {
    /// It is in no life: it is new, or has forgotten what it was told.
    Lifeless,
    /// It is in a life of which it is not known, or not any more, that all who write tell it what they change.
    Unconfirmed,
    /// It can't be reached, or does not answer in time.
    Unreachable,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidated {
    /// Whatever is made of one of these.
    Tags(TagSet),
    /// Maybe everything.
    Everything,
}

/// How a cache is doing, for those who run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheState {
    /// The life that it is in.
    pub life: Option<Life>,
    /// How many invalidations there were in this life.
    pub now: u64,
    /// How many results it holds, those that count no more included; `None` where that can't be told at once.
    pub entries: Option<u64>,
    /// How many bytes its engine uses for everything that it holds, of ours and of others.
    pub bytes: Option<u64>,
    /// How many bytes it may use; `None` where nothing bounds it.
    pub max_bytes: Option<u64>,
}

/// Whole results of queries, kept for a time. It may forget anything at any moment: with an invalidation it forgets the
/// life that it is in, and so every result.
#[async_trait]
pub trait ResultCache: Backend {
    /// Whether asking it is a round trip. What is in this process answers at once, so that looks are not worth sharing.
    fn is_remote(&self) -> bool;

    /// Looks for the body kept under `key`, or notes the moment. One round trip.
    ///
    /// A body counts if it was kept in the life that the cache is in, after everything was last invalidated and after
    /// each of its tags was.
    async fn lookup(&self, key: CacheKey) -> StoreResult<Lookup>;

    /// Says to all who use the cache that the result is being made; `false` where somebody said so less than [`MAKING`]
    /// ago. It keeps nobody from making it.
    async fn claim(&self, key: CacheKey) -> StoreResult<bool>;

    /// Takes back that the result is being made.
    async fn abandon(&self, key: CacheKey) -> StoreResult<()>;

    /// Keeps `body` under `key` for `ttl`, rounded up to whole milliseconds. It is made of `tags` and nothing else, all
    /// read after `as_of` was noted. A body larger than [`LARGEST_BODY`], or made of more than [`MOST_TAGS`], is not kept.
    /// Either way it is not being made any more.
    async fn store(
        &self,
        key: CacheKey,
        as_of: AsOf,
        tags: &TagSet,
        body: &CachedBody,
        ttl: Duration,
    ) -> StoreResult<()>;

    /// From now on no body counts that was read before. Returns the life in which that was told; `None` where the cache
    /// is in no life. One round trip.
    async fn invalidate(&self, what: &Invalidated) -> StoreResult<Option<Life>>;

    /// The life that the cache is in. One round trip.
    async fn life(&self) -> StoreResult<Option<Life>>;

    /// Begins a life, in which nothing is kept and nothing was invalidated yet, unless the cache is in another one than
    /// `instead_of`. Returns whether it began. Nobody may begin the same life twice.
    async fn begin(&self, life: Life, instead_of: Option<Life>) -> StoreResult<bool>;

    /// How it is doing.
    async fn state(&self) -> StoreResult<CacheState>;
}
