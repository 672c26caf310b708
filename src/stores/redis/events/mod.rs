//! The event bus in Redis: one stream (`{{namespace}}:events`), which followers read and groups share out.
//!
//! An entry has one field, `event`, a CloudEvent as JSON. The stream is trimmed as it grows, by length and by age; what
//! is older is gone for those who come late. Dead letters of a group are in `{{namespace}}:events:dead:{group}`. The
//! braces around the namespace keep all of it in one slot of a cluster.
//!
//! It needs Redis 6.2 (or Valkey), for `XAUTOCLAIM` and for trimming by age.

mod follow;
mod group;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{
    AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo as _, RedisError, Script, ScriptInvocation, cmd,
};
use tokio::sync::Mutex;

use self::follow::Follower;
use self::group::Member;
use super::error::Failure;
use crate::domain::cloud_event;
use crate::domain::event::Event;
use crate::domain::hex;
use crate::ports::{
    Backend, Entropy, ErrorKind, EventBus, Following, Group, GroupMember, Role, Start, StoreError, StoreResult,
};

/// The field of an entry.
const FIELD: &str = "event";
/// How many events are published by one script: Redis does nothing else meanwhile.
const MOST_IN_A_SCRIPT: usize = 500;
/// The longest that a reader's command waits for what comes, so that a connection which leads nowhere is noticed.
const BLOCK: Duration = Duration::from_secs(5);
/// The oldest version that has all that is needed.
const OLDEST: (u32, u32) = (6, 2);

/// How to reach the Redis of a bus, and what it remembers. Not `Debug`: its URL may hold a password.
#[derive(Clone)]
pub struct RedisEventsOptions {
    /// `redis://` or, over TLS, `rediss://`, with user, password and database as usual.
    pub url: String,
    /// What every key starts with, in braces.
    pub namespace: String,
    /// How long establishing a connection may take, the look-up of its name and TLS included.
    pub connect_timeout: Duration,
    /// How long the answer to a command may take.
    pub command_timeout: Duration,
    /// About how many events are remembered at most; Redis keeps up to a hundred more.
    pub most_events: u64,
    /// For about how long they are remembered at most.
    pub longest: Duration,
    /// After what time what a member of a group has in hand is another's, if it is not heard of. To the millisecond.
    pub patience: Duration,
}

/// A bus in Redis.
pub struct RedisEvents {
    server: Server,
    entropy: Arc<dyn Entropy>,
    /// The connection that is published through; none before the first time, and after a failure.
    publisher: Mutex<Option<MultiplexedConnection>>,
}

/// The server, and where the bus is on it.
#[derive(Clone)]
struct Server {
    client: Client,
    options: Arc<RedisEventsOptions>,
    stream: String,
}

/// Adds the events from `ARGV[3]` on, keeps about `ARGV[1]`, and none that is older than `ARGV[2]` ms.
static PUBLISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
for i = 3, #ARGV do redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[i]) end
local now = redis.call('TIME')
local oldest = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000) - tonumber(ARGV[2])
if oldest > 0 then redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', oldest)) end
return 1
",
    )
});

impl RedisEvents {
    /// A bus that is connected to when it is first used.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the URL is not one of Redis.
    pub fn connect_lazy(options: RedisEventsOptions, entropy: Arc<dyn Entropy>) -> StoreResult<Self> {
        let info = options.url.as_str().into_connection_info();
        let client = info.and_then(Client::open).map_err(|error| failed(Failure::Command(error)))?;
        let stream = format!("{{{}}}:events", options.namespace);
        let server = Server { client, options: Arc::new(options), stream };
        Ok(Self { server, entropy, publisher: Mutex::default() })
    }

    /// Does something through the connection that is published through. It is only put back if that succeeds: what is
    /// dropped half-way, or fails, leaves none behind.
    async fn published<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> StoreResult<T> {
        let mut kept = self.publisher.lock().await;
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => self.server.connect(Duration::ZERO).await?,
        };
        let done = work(&mut connection).await.map_err(|error| failed(Failure::Command(error)))?;
        *kept = Some(connection);
        Ok(done)
    }
}

impl Server {
    /// A connection of its own, whose commands may wait for so long before they answer.
    async fn connect(&self, waiting: Duration) -> StoreResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.connect_timeout))
            .set_response_timeout(Some(waiting + self.options.command_timeout));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        connecting.await.map_err(|error| failed(Failure::Connect(error)))
    }

    /// A script on the stream.
    fn script<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        script.key(&self.stream)
    }

    fn dead_letters(&self, group: &Group) -> String {
        format!("{}:dead:{}", self.stream, group.as_str())
    }
}

/// The answer to a script.
async fn ask<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    script: &ScriptInvocation<'_>,
) -> StoreResult<T> {
    script.invoke_async(connection).await.map_err(|error| failed(Failure::Command(error)))
}

fn failed(failure: Failure) -> StoreError {
    failure.of(Role::Events)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::internal(Role::Events, format!("what Redis answers can't be read: {error}"))
}

/// The event of an entry, which is nobody's where it can't be read.
fn event_of(id: &str, fields: &[(String, Vec<u8>)]) -> Option<Event> {
    let Some((_, json)) = fields.iter().find(|(name, _)| name == FIELD) else {
        tracing::warn!(id, "an entry of the stream of events has no event, and is passed over");
        return None;
    };
    cloud_event::read(json)
        .inspect_err(|error| tracing::warn!(id, %error, "an event on the bus can't be read, and is passed over"))
        .ok()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(1 << 52)
}

/// The line of `INFO` that names the version, and whether it is new enough.
fn version(info: &str) -> (&str, bool) {
    let line = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    let version = line.map_or("of unknown version", str::trim);
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (version, line.is_none() || (major, minor) >= OLDEST)
}

#[async_trait]
impl Backend for RedisEvents {
    fn kind(&self) -> &'static str {
        "redis"
    }

    async fn check(&self) -> StoreResult<String> {
        let info: String =
            self.published(async |connection| cmd("INFO").arg("server").query_async(connection).await).await?;
        match version(&info) {
            (version, true) => Ok(version.to_owned()),
            (version, false) => {
                let (major, minor) = OLDEST;
                let what = format!("Redis {version} is too old for the event bus: it needs {major}.{minor}");
                Err(StoreError::new(Role::Events, ErrorKind::Unavailable, what))
            }
        }
    }
}

#[async_trait]
impl EventBus for RedisEvents {
    async fn publish(&self, events: &[Event]) -> StoreResult<()> {
        let options = &self.server.options;
        let source = cloud_event::source(&options.namespace);
        for events in events.chunks(MOST_IN_A_SCRIPT) {
            let mut script = self.server.script(&PUBLISH);
            script.arg(options.most_events).arg(millis(options.longest));
            for event in events {
                script.arg(cloud_event::write(event, &source));
            }
            self.published(async |connection| script.invoke_async::<()>(connection).await).await?;
        }
        Ok(())
    }

    async fn follow(&self, start: Start) -> StoreResult<Following> {
        Follower::begin(self.server.clone(), start).await
    }

    async fn join(&self, group: &Group) -> StoreResult<Box<dyn GroupMember>> {
        let mut name = [0; 8];
        self.entropy.fill(&mut name);
        Ok(Box::new(Member::join(self.server.clone(), group.clone(), hex(&name)).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_that_lack_something_are_told_apart() {
        for (info, enough) in [
            ("redis_version:7.0.15\r\nrun_id:x\r\n", true),
            ("redis_version:6.2.0\r\n", true),
            ("redis_version:6.0.20\r\n", false),
            ("redis_version:5.0.0\r\n", false),
            ("server_name:something else\r\n", true),
        ] {
            assert_eq!(version(info).1, enough, "{info}");
        }
    }
}
