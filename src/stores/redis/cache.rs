//! The cache of resolved results in Redis.
//!
//! `{{namespace}}:results` is one hash that never expires: `run`, the server process that its life began in, `life`,
//! `now`, how many invalidations there were, `floor`, the last of everything, and under each tag (two bytes) the number
//! of its last. `{{namespace}}:result:{key}` holds a result, as [`cache_entry`] says, and `{{namespace}}:making:{key}` says
//! that one is being made. The braces around the
//! namespace keep all of it in one slot of a cluster.
//!
//! A server that restarts may come back with what it held some time ago, without the invalidations since. It never
//! comes back with its old `run_id`, and the hash says which process its life belongs to.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::{FromRedisValue, Script, Value, cmd, pipe};
use bytes::Bytes;

use super::Redis;
use super::cache_entry;
use crate::ports::{
    AsOf, Backend, Bypass, CacheKey, CacheState, CachedBody, Invalidated, Life, Lookup, MAKING, MOST_TAGS, ResultCache,
    Role, StoreError, StoreResult, TagSet,
};

/// The life that the cache is in, if it is in one, and what else the hash says. `ARGV[1]` is the server's `run_id`.
const LIFE: &str = "
local state = redis.call('HMGET', KEYS[1], 'run', 'life', 'now', 'floor')
local life = state[1] == ARGV[1] and state[2]
";

/// Answers the entry `KEYS[2]` where it counts, by itself, since that is what is read most often: it says its life. Else
/// life and `now`.
static LOOKUP: LazyLock<Script> = LazyLock::new(|| {
    script(
        "
if not life then return {} end
local entry = redis.call('GET', KEYS[2])
if not entry or string.sub(entry, 1, 16) ~= life then return { life, state[3] } end
local as_of = struct.unpack('>I8', entry, 17)
if as_of < tonumber(state[4]) then return { life, state[3] } end
local count = struct.unpack('>I2', entry, 42)
if count > 0 then
  local tags = {}
  for i = 1, count do tags[i] = string.sub(entry, 42 + 2 * i, 43 + 2 * i) end
  for _, last in ipairs(redis.call('HMGET', KEYS[1], unpack(tags))) do
    if last and tonumber(last) > as_of then return { life, state[3] } end
  end
end
return entry
",
    )
});

/// Notes an invalidation of the tags from `ARGV[2]` on, or of everything where there are none, and answers the life. A
/// server without the memory for that forgets the whole life instead: then nothing counts that was kept in it.
static INVALIDATE: LazyLock<Script> = LazyLock::new(|| {
    script(
        "
if not life then return {} end
local now = redis.pcall('HINCRBY', KEYS[1], 'now', 1)
local noted = now
if type(now) == 'number' then
  local last = {}
  for i = 2, #ARGV do
    last[2 * i - 3] = ARGV[i]
    last[2 * i - 2] = now
  end
  if #last == 0 then last = { 'floor', now } end
  noted = redis.pcall('HSET', KEYS[1], unpack(last))
end
if type(noted) ~= 'number' then redis.call('DEL', KEYS[1]) end
return { life, state[3] }
",
    )
});

/// Answers the life.
static READ: LazyLock<Script> = LazyLock::new(|| script("return life and { life, state[3] } or {}"));

/// Begins the life `ARGV[2]`, unless the cache is in another one than `ARGV[3]`.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    script(
        "
if (life or '') ~= ARGV[3] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'life', ARGV[2], 'now', 0, 'floor', 0)
return 1
",
    )
});

fn script(rest: &str) -> Script {
    Script::new(&format!("{LIFE}{rest}"))
}

/// What scripts answer: life and `now`; nothing where there is no life.
type Answer = Vec<Bytes>;

impl Redis {
    fn results_key(&self) -> String {
        ["{", &self.namespace, "}:results"].concat()
    }

    fn result_key(&self, key: CacheKey) -> Vec<u8> {
        self.key_of("result", key)
    }

    fn making_key(&self, key: CacheKey) -> Vec<u8> {
        self.key_of("making", key)
    }

    fn key_of(&self, what: &str, CacheKey(key): CacheKey) -> Vec<u8> {
        [b"{", self.namespace.as_bytes(), b"}:", what.as_bytes(), b":", &key].concat()
    }

    /// Runs a script on the hash and maybe one result.
    async fn run_script<T: FromRedisValue>(
        &self,
        script: &Script,
        result: Option<CacheKey>,
        arguments: &[&[u8]],
    ) -> StoreResult<T> {
        let mut connection = self.connection().await?;
        let answer = async {
            let run = connection.run_id().await?;
            let mut call = script.key(self.results_key());
            if let Some(key) = result {
                call.key(self.result_key(key));
            }
            call.arg(run);
            for argument in arguments {
                call.arg(*argument);
            }
            call.invoke_async(connection.link()).await
        };
        let answer = answer.await;
        Ok(connection.outcome(answer)?)
    }
}

/// The moment that a script answers.
fn moment(answer: &Answer) -> StoreResult<Option<AsOf>> {
    let [life, now] = answer.as_slice() else { return Ok(None) };
    let life = life[..].try_into().map(u128::from_be_bytes).map_err(unreadable)?;
    let now = std::str::from_utf8(now).map_err(unreadable)?.parse().map_err(unreadable)?;
    Ok(Some(AsOf { life: Life(life), now }))
}

#[async_trait]
impl Backend for Redis {
    fn kind(&self) -> &'static str {
        "redis"
    }

    async fn check(&self) -> StoreResult<String> {
        let info: String = self.run(cmd("INFO").arg("server")).await?;
        Ok(field(&info, "redis_version").unwrap_or("of unknown version").to_owned())
    }
}

#[async_trait]
impl ResultCache for Redis {
    fn is_remote(&self) -> bool {
        true
    }

    async fn lookup(&self, key: CacheKey) -> StoreResult<Lookup> {
        let answer = match self.run_script(&LOOKUP, Some(key), &[]).await? {
            Value::BulkString(entry) => {
                let (life, body) = cache_entry::read(entry.into()).map_err(unreadable)?;
                return Ok(Lookup::Hit { life, body });
            }
            other => Answer::from_redis_value(other).map_err(unreadable)?,
        };
        Ok(moment(&answer)?.map_or(Lookup::Bypass(Bypass::Lifeless), Lookup::Miss))
    }

    async fn claim(&self, key: CacheKey) -> StoreResult<bool> {
        let millis = MAKING.as_millis() as u64;
        let set: Option<String> =
            self.run(cmd("SET").arg(self.making_key(key)).arg(1).arg("NX").arg("PX").arg(millis)).await?;
        Ok(set.is_some())
    }

    async fn abandon(&self, key: CacheKey) -> StoreResult<()> {
        self.run(cmd("UNLINK").arg(self.making_key(key))).await
    }

    async fn store(
        &self,
        key: CacheKey,
        as_of: AsOf,
        tags: &TagSet,
        body: &CachedBody,
        ttl: Duration,
    ) -> StoreResult<()> {
        let (key, making) = (self.result_key(key), self.making_key(key));
        let entry = if ttl.is_zero() { None } else { cache_entry::write(as_of, tags, body).await };
        let Some(entry) = entry else {
            // Redis refuses `PX 0`, and what was there before must not survive.
            return self.run(cmd("UNLINK").arg(key).arg(making)).await;
        };
        // Redis adds its own time to this and refuses what does not fit 63 bits then.
        let millis = i64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX).min(i64::MAX / 2);
        let mut both = pipe();
        both.cmd("SET").arg(key).arg(entry).arg("PX").arg(millis).ignore().cmd("UNLINK").arg(making).ignore();
        self.run_all(&both).await
    }

    async fn invalidate(&self, what: &Invalidated) -> StoreResult<Option<Life>> {
        let tags: Vec<[u8; 2]> = match what {
            Invalidated::Tags(tags) if tags.is_empty() => return self.life().await,
            // More than a script takes at once.
            Invalidated::Tags(tags) if tags.len() > MOST_TAGS => Vec::new(),
            Invalidated::Tags(tags) => tags.iter().map(|tag| tag.0.to_be_bytes()).collect(),
            Invalidated::Everything => Vec::new(),
        };
        let tags: Vec<&[u8]> = tags.iter().map(|tag| &tag[..]).collect();
        let answer: Answer = self.run_script(&INVALIDATE, None, &tags).await?;
        Ok(moment(&answer)?.map(|moment| moment.life))
    }

    async fn life(&self) -> StoreResult<Option<Life>> {
        let answer: Answer = self.run_script(&READ, None, &[]).await?;
        Ok(moment(&answer)?.map(|moment| moment.life))
    }

    async fn begin(&self, life: Life, instead_of: Option<Life>) -> StoreResult<bool> {
        let instead_of = instead_of.map(|life| life.0.to_be_bytes());
        let instead_of = instead_of.as_ref().map_or(&[][..], |life| &life[..]);
        self.run_script(&BEGIN, None, &[&life.0.to_be_bytes(), instead_of]).await
    }

    async fn state(&self) -> StoreResult<CacheState> {
        let answer: Answer = self.run_script(&READ, None, &[]).await?;
        let moment = moment(&answer)?;
        let info: String = self.run(cmd("INFO").arg("memory")).await?;
        let number = |name| field(&info, name).and_then(|text| text.parse().ok());
        Ok(CacheState {
            life: moment.map(|moment| moment.life),
            now: moment.map_or(0, |moment| moment.now),
            entries: None,
            bytes: number("used_memory"),
            max_bytes: number("maxmemory").filter(|max| *max > 0),
        })
    }
}

/// A line of `INFO`.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::internal(Role::Cache, format!("what Redis keeps can't be read: {error}"))
}
