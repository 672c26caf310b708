//! Sessions near at hand in Redis.
//!
//! `{namespace}:session:{token's hash}` holds what was read from the truth and as of when; `{namespace}:sessions` is one
//! hash with the life that the cache is in (`run`, the server process that it began in, and `life`, its random name),
//! `now`, how many epochs have begun, and `e:{slot}`, the epoch of the users whose ids end in these four digits: at most
//! 65,536 of them, and two users who share one cost each other a miss.
//!
//! A server that restarts may come back with what it held some time ago, revoked sessions included. It never comes back
//! with its old `run_id`: that begins another life, to which no entry from before belongs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::{FromRedisValue, cmd};
use uuid::Uuid;

use super::Redis;
use crate::domain::{Timestamp, UserId, hex};
use crate::ports::{
    Backend, Entropy, Kept, Look, Mark, Role, Session, SessionCache, StoreError, StoreResult, TokenHash,
};

/// What begins every script: makes sure of the life that the cache is in. `KEYS[1]` is the hash; `ARGV[1]` the server's
/// `run_id`, `ARGV[2]` the name of the life to begin if there is none of this server.
const LIFE: &str = "
local state = redis.call('HMGET', KEYS[1], 'run', 'life', 'now')
local life, now = state[2], tonumber(state[3] or 0)
if state[1] ~= ARGV[1] or not life then
  redis.call('DEL', KEYS[1])
  life, now = ARGV[2], 0
  redis.call('HSET', KEYS[1], 'run', ARGV[1], 'life', life, 'now', now)
end
";

/// The mark of this moment, and where `KEYS[2]` counts: the age in milliseconds, user, beginning and end of a session.
const LOOK: &str = "
local time = redis.call('TIME')
local at = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local answer = { life, now, at, false, false, false, false }
local entry = redis.call('GET', KEYS[2])
if not entry then return answer end
local of, read, read_at, user, created, expires =
  string.match(entry, '^(%x+) (%d+) (%d+) (%x+) (%-?%d+) (%-?%d+)$')
if of ~= life or at < tonumber(read_at) then return answer end
local epoch = tonumber(redis.call('HGET', KEYS[1], 'e:' .. string.sub(user, -4)) or 0)
if epoch > tonumber(read) then return answer end
return { life, now, at, at - tonumber(read_at), user, created, expires }
";

/// Begins the next epoch of the slot `ARGV[3]`.
const REVOKE: &str = "
return redis.call('HSET', KEYS[1], 'e:' .. ARGV[3], redis.call('HINCRBY', KEYS[1], 'now', 1))
";

/// What a look answers: the mark, and maybe the age, the user, the beginning and the end of a session.
type Looked = (String, u64, u64, Option<u64>, Option<String>, Option<i64>, Option<i64>);

/// Sessions in a Redis that all gateways share.
pub struct RedisSessions {
    redis: Arc<Redis>,
    entropy: Arc<dyn Entropy>,
}

impl RedisSessions {
    /// Sessions in `redis`, whose lives get their names from `entropy`.
    pub fn new(redis: Arc<Redis>, entropy: Arc<dyn Entropy>) -> Self {
        Self { redis, entropy }
    }

    fn key(&self, token: TokenHash) -> String {
        format!("{}:session:{}", self.redis.namespace, hex(&token.0))
    }

    /// Runs a script in the life that the cache is in.
    async fn live<T: FromRedisValue>(&self, script: &str, entry: Option<String>, slot: Option<&str>) -> StoreResult<T> {
        let mut life = [0; 16];
        self.entropy.fill(&mut life);
        let mut connection = self.redis.connection().await?;
        let answer = async {
            let run = connection.run_id().await?;
            let mut command = cmd("EVAL");
            command.arg(format!("{LIFE}{script}")).arg(1 + usize::from(entry.is_some()));
            command.arg(format!("{}:sessions", self.redis.namespace)).arg(entry);
            command.arg(run).arg(hex(&life)).arg(slot);
            command.query_async(connection.link()).await
        };
        let answer = answer.await;
        Ok(connection.outcome(answer)?)
    }
}

#[async_trait]
impl Backend for RedisSessions {
    fn kind(&self) -> &'static str {
        self.redis.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.redis.check().await
    }
}

#[async_trait]
impl SessionCache for RedisSessions {
    async fn look(&self, token: TokenHash) -> StoreResult<Look> {
        let (life, as_of, at, age, user, created, expires) =
            self.live::<Looked>(LOOK, Some(self.key(token)), None).await?;
        let mark = Mark { incarnation: u128::from_str_radix(&life, 16).map_err(unreadable)?, as_of, at };
        let (Some(age), Some(user), Some(created), Some(expires)) = (age, user, created, expires) else {
            return Ok(Look { mark, found: None });
        };
        let session = Session {
            token,
            user: UserId(Uuid::try_parse(&user).map_err(unreadable)?),
            created_at: Timestamp::from_millis(created),
            expires_at: Timestamp::from_millis(expires),
        };
        Ok(Look { mark, found: Some(Kept { session, age: Duration::from_millis(age) }) })
    }

    async fn keep(&self, session: &Session, mark: Mark, ttl: Duration) -> StoreResult<()> {
        let entry = format!(
            "{} {} {} {} {} {}",
            hex(&mark.incarnation.to_be_bytes()),
            mark.as_of,
            mark.at,
            session.user.0.simple(),
            session.created_at.millis(),
            session.expires_at.millis(),
        );
        // Redis refuses a time of nothing, and adds its own time to a longer one.
        let millis = ttl.as_millis().clamp(1, 1 << 52);
        let millis = u64::try_from(millis).unwrap_or(1 << 52);
        self.redis.run(cmd("SET").arg(self.key(session.token)).arg(entry).arg("PX").arg(millis)).await
    }

    async fn revoke(&self, user: UserId) -> StoreResult<()> {
        let user = user.0.simple().to_string();
        // The last digits of a UUIDv7 are random.
        self.live(REVOKE, None, Some(&user[user.len() - 4..])).await
    }
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::internal(Role::Cache, format!("a session kept in Redis can't be read: {error}"))
}
