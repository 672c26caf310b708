//! The contract of [`ResultCache`]: it keeps bodies as they are for as long as it was told, or forgets them; and none
//! counts that was read before something it is made of was invalidated.

mod gateways;
mod keeping;
mod lives;
mod memory;
mod redis;
mod relay;
mod staleness;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use polygraph::ports::{AsOf, Bypass, CacheKey, CacheTag, CachedBody, Invalidated, Life, Lookup, ResultCache, TagSet};

const MINUTE: Duration = Duration::from_secs(60);

/// A backend under test.
#[async_trait]
trait World: Send + Sync {
    /// The cache that the tests write to, in no life yet.
    fn cache(&self) -> Arc<dyn ResultCache>;

    /// A cache in another namespace of the same backend, in no life yet.
    fn neighbour(&self) -> Arc<dyn ResultCache>;

    /// Lets `duration` pass: on a handed-in clock at once, else until `key` is gone or far more time has passed.
    async fn pass(&self, duration: Duration, key: CacheKey);

    /// The cache, in a life.
    async fn alive(&self) -> Kept {
        begin(self.cache()).await
    }
}

/// Makes a test of each named function, on the world that `$world` makes.
macro_rules! contract {
    ($world:expr, $($module:ident::$test:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $test() {
            super::$module::$test(&$world).await;
        }
    )+};
}

/// Runs the whole suite on the world that `$world` makes.
macro_rules! cache_contract {
    ($world:expr) => {
        super::contract!(
            $world,
            keeping::a_body_comes_back_as_it_was,
            keeping::an_absent_key_is_a_miss,
            keeping::the_last_one_kept_wins,
            keeping::a_body_is_gone_after_its_time,
            keeping::a_longer_time_replaces_a_shorter_one,
            keeping::no_time_at_all_forgets,
            keeping::extreme_times_are_taken,
            keeping::what_is_too_large_is_not_kept,
            keeping::namespaces_do_not_see_each_other,
            keeping::many_at_once_do_not_mix_up_their_answers,
            keeping::it_says_what_it_is,
            staleness::an_invalidated_tag_ends_what_is_made_of_it_alone,
            staleness::what_a_slow_reader_keeps_does_not_count,
            staleness::what_is_read_afterwards_counts,
            staleness::everything_ends_at_once,
            staleness::many_tags_are_taken,
            staleness::it_answers_as_a_plain_model_does,
            staleness::no_answer_is_older_than_an_acknowledged_write,
            lives::without_a_life_it_is_not_used,
            lives::a_new_life_knows_nothing_of_the_last,
            lives::a_life_begins_only_instead_of_the_one_that_is_meant,
        );
    };
}

use {cache_contract, contract};

/// A cache in a life.
struct Kept {
    cache: Arc<dyn ResultCache>,
    life: Life,
}

/// Begins the first life of a cache.
async fn begin(cache: Arc<dyn ResultCache>) -> Kept {
    let life = Life(7);
    assert!(cache.begin(life, None).await.expect("the cache answers"));
    Kept { cache, life }
}

impl Kept {
    /// The present moment of the cache.
    async fn moment(&self) -> AsOf {
        match self.look("nobody keeps anything under this key").await {
            Lookup::Miss(as_of) => as_of,
            other => panic!("{other:?}"),
        }
    }

    async fn look(&self, name: &str) -> Lookup {
        self.cache.lookup(key(name)).await.expect("the cache answers")
    }

    /// The body under a key; `None` where it is a miss.
    async fn get(&self, name: &str) -> Option<CachedBody> {
        match self.look(name).await {
            Lookup::Hit { life, body } => {
                assert_eq!(life, self.life);
                Some(body)
            }
            Lookup::Miss(_) => None,
            Lookup::Bypass(why) => panic!("{why:?}"),
        }
    }

    async fn put(&self, name: &str, as_of: AsOf, tags: &[u16], body: &CachedBody, ttl: Duration) {
        self.cache.store(key(name), as_of, &set(tags), body, ttl).await.expect("the cache takes a body");
    }

    /// Keeps a body for a minute as of now.
    async fn keep(&self, name: &str, tags: &[u16], body: &CachedBody) {
        self.put(name, self.moment().await, tags, body, MINUTE).await;
    }

    async fn invalidate(&self, what: Invalidated) {
        assert_eq!(self.cache.invalidate(&what).await.expect("the cache answers"), Some(self.life));
    }
}

/// A key that is told from others by its name.
fn key(name: &str) -> CacheKey {
    let mut key = [0; 32];
    assert!(name.len() <= 2 * key.len());
    for (at, byte) in name.bytes().enumerate() {
        key[at % 32] ^= byte.rotate_left(u32::try_from(at / 32).expect("short"));
    }
    CacheKey(key)
}

fn set(tags: &[u16]) -> TagSet {
    tags.iter().copied().map(CacheTag).collect()
}

fn tags(tags: &[u16]) -> Invalidated {
    Invalidated::Tags(set(tags))
}

fn body(bytes: impl Into<Bytes>) -> CachedBody {
    let bytes = bytes.into();
    CachedBody { mark: u128::MAX - bytes.len() as u128, bytes }
}

/// Bytes that no text encoding lets through unharmed, and that can't be compressed well.
fn binary(len: usize) -> CachedBody {
    let mut state = 1_u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    body(bytes.take(len).collect::<Vec<_>>())
}
