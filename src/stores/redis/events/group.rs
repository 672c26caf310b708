//! Groups of workers on the stream: consumer groups. What a member was handed waits in the group's list of pending
//! entries, from where another member takes it once its owner has not been heard of for a while.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{FromRedisValue as _, RedisError, Script, Value, cmd};

use super::{BLOCK, Failure, Server, ask, event_of, failed, millis, unreadable};
use crate::ports::{ErrorKind, Group, GroupMember, InHand, MOST_DELIVERIES, Role, StoreError, StoreResult};

/// The most events that a member is handed at once.
const MOST_AT_ONCE: usize = 100;
/// About how many dead letters of a group are kept.
const DEAD_LETTERS: u64 = 10_000;
/// The most events that a member has in hand which are looked at at once.
const MOST_IN_HAND: usize = 1_000;
/// Before the first entry of any stream.
const ORIGIN: &str = "0-0";
/// Who owns what nobody has.
const NOBODY: &str = "nobody";

/// Makes the group `ARGV[1]` where it is not there, and strikes off members that are idle for `ARGV[2]` ms and have
/// nothing in hand.
static JOIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '$', 'MKSTREAM')
if made.err then
  if not string.find(made.err, 'BUSYGROUP') then return made end
  for _, member in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local known = {}
    for i = 1, #member, 2 do known[member[i]] = member[i + 1] end
    if known.pending == 0 and known.idle > tonumber(ARGV[2]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], known.name)
    end
  end
end
return 1
",
    )
});

/// How often each of its entries was handed out, as pairs of id and number: those of the member `ARGV[2]` of the group
/// `ARGV[1]`.
static OWNED: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local counts = {}
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[2])) do
  counts[#counts + 1] = { pending[1], pending[4] }
end
return counts
",
    )
});

/// Settles the entries from `ARGV[5]` on, copies them to the dead letters `KEYS[2]` if `ARGV[3]` is 1, and says that the
/// member `ARGV[2]` of the group `ARGV[1]` was heard of.
static SETTLE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
for i = 5, #ARGV do
  if ARGV[3] == '1' then
    for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])) do
      redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', unpack(entry[2]))
    end
  end
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
end
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[2])) do
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, pending[1], 'JUSTID')
end
return 1
",
    )
});

/// Gives what the member `ARGV[2]` of the group `ARGV[1]` has to whoever comes next, as if it was idle for `ARGV[4]` ms
/// (`ARGV[3]` owns it till then), and strikes it off.
static LEAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[2])) do
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, pending[1], 'IDLE', ARGV[4], 'JUSTID')
end
return redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
",
    )
});

/// An entry as groups are handed it: without fields where the stream has lost it meanwhile.
type Entry = (String, Option<Vec<(String, Vec<u8>)>>);

pub(super) struct Member {
    server: Server,
    connection: MultiplexedConnection,
    group: Group,
    name: String,
    /// The ids of the entries that were handed out, and not settled.
    in_hand: HashSet<String>,
    /// Whether it may own entries that it does not know of: it was dropped while it asked.
    may_own_more: bool,
}

impl Member {
    pub(super) async fn join(server: Server, group: Group, name: String) -> StoreResult<Self> {
        let mut connection = server.connect(BLOCK).await?;
        let mut script = server.script(&JOIN);
        script.arg(group.as_str()).arg(millis(server.options.patience).saturating_mul(10));
        ask::<()>(&mut connection, &script).await?;
        Ok(Self { server, connection, group, name, in_hand: HashSet::new(), may_own_more: false })
    }

    /// Entries for this member: those that it was given and does not know of, those that others don't care for any
    /// more, or else new ones, for which it waits a while.
    async fn entries(&mut self, recovers: bool) -> StoreResult<(Vec<Entry>, bool)> {
        if recovers {
            let mut own = self.read_group(ORIGIN, MOST_IN_HAND, None).await?;
            own.retain(|(id, _)| !self.in_hand.contains(id));
            if !own.is_empty() {
                return Ok((own, true));
            }
        }
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.server.stream).arg(self.group.as_str()).arg(&self.name);
        claim.arg(millis(self.server.options.patience)).arg(ORIGIN).arg("COUNT").arg(MOST_AT_ONCE);
        // What comes third, from Redis 7 on, is what it forgot since the stream has lost it.
        let answer: Vec<Value> = claim.query_async(&mut self.connection).await.map_err(of_group)?;
        let claimed = answer.into_iter().nth(1).unwrap_or(Value::Nil);
        let claimed = Vec::<Option<Entry>>::from_redis_value(claimed).map_err(unreadable)?;
        let mut claimed: Vec<Entry> = claimed.into_iter().flatten().collect();
        // Its own, where nothing was heard of it for so long.
        claimed.retain(|(id, _)| !self.in_hand.contains(id));
        if !claimed.is_empty() {
            return Ok((claimed, true));
        }
        let wait = (self.server.options.patience / 2).clamp(Duration::from_millis(10), BLOCK);
        Ok((self.read_group(">", MOST_AT_ONCE, Some(wait)).await?, false))
    }

    async fn read_group(&mut self, from: &str, most: usize, wait: Option<Duration>) -> StoreResult<Vec<Entry>> {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(self.group.as_str()).arg(&self.name).arg("COUNT").arg(most);
        if let Some(wait) = wait {
            read.arg("BLOCK").arg(millis(wait));
        }
        read.arg("STREAMS").arg(&self.server.stream).arg(from);
        let streams: Option<Vec<(String, Vec<Entry>)>> =
            read.query_async(&mut self.connection).await.map_err(of_group)?;
        Ok(streams.into_iter().flatten().flat_map(|(_, entries)| entries).collect())
    }

    /// How often entries of this member were handed out.
    async fn handed_out(&mut self) -> StoreResult<HashMap<String, u32>> {
        let mut script = self.server.script(&OWNED);
        script.arg(self.group.as_str()).arg(&self.name);
        let counts: Vec<(String, u32)> = ask(&mut self.connection, &script).await?;
        Ok(counts.into_iter().collect())
    }

    /// Settles entries: they are done, or given up on.
    async fn settle(&mut self, ids: &[String], are_dead: bool) -> StoreResult<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut script = self.server.script(&SETTLE);
        script.key(self.server.dead_letters(&self.group));
        script.arg(self.group.as_str()).arg(&self.name).arg(u8::from(are_dead)).arg(DEAD_LETTERS);
        for id in ids {
            script.arg(id);
        }
        ask::<()>(&mut self.connection, &script).await?;
        self.in_hand.retain(|id| !ids.contains(id));
        Ok(())
    }

    /// What of these entries is to be handed out. What can't be read, or was handed out too often, is a dead letter.
    async fn sorted(&mut self, entries: Vec<Entry>, may_be_old: bool) -> StoreResult<Vec<InHand>> {
        let counts = if may_be_old { self.handed_out().await? } else { HashMap::new() };
        let (mut handed, mut dead, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for (id, fields) in entries {
            let times = counts.get(&id).copied().unwrap_or(1);
            let Some(fields) = fields else {
                lost.push(id);
                continue;
            };
            match event_of(&id, &fields) {
                Some(event) if times <= MOST_DELIVERIES => {
                    handed.push(InHand { event, redeliveries: times.saturating_sub(1), receipt: Arc::from(id) });
                }
                _ => dead.push(id),
            }
        }
        self.settle(&lost, false).await?;
        self.settle(&dead, true).await?;
        self.in_hand.extend(handed.iter().map(|taken| taken.receipt.to_string()));
        Ok(handed)
    }
}

fn of_group(error: RedisError) -> StoreError {
    // The stream is gone, and the group with it: whoever joins again makes both.
    if error.code() == Some("NOGROUP") {
        return StoreError::new(Role::Events, ErrorKind::Unavailable, error);
    }
    failed(Failure::Command(error))
}

fn ids(taken: &[InHand]) -> Vec<String> {
    taken.iter().map(|taken| taken.receipt.to_string()).collect()
}

#[async_trait]
impl GroupMember for Member {
    async fn next(&mut self) -> StoreResult<Vec<InHand>> {
        loop {
            let recovers = std::mem::replace(&mut self.may_own_more, true);
            let (entries, may_be_old) = self.entries(recovers).await?;
            let handed = self.sorted(entries, may_be_old).await?;
            self.may_own_more = false;
            if !handed.is_empty() {
                return Ok(handed);
            }
        }
    }

    async fn finish(&mut self, taken: &[InHand]) -> StoreResult<()> {
        self.settle(&ids(taken), false).await
    }

    async fn bury(&mut self, taken: &[InHand]) -> StoreResult<()> {
        self.settle(&ids(taken), true).await
    }
}

impl Drop for Member {
    /// Says good-bye, so that others need not wait to find out. Where that fails, they do find out.
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (server, mut connection) = (self.server.clone(), self.connection.clone());
        let (group, name) = (self.group.clone(), std::mem::take(&mut self.name));
        runtime.spawn(async move {
            let mut script = server.script(&LEAVE);
            script.arg(group.as_str()).arg(name).arg(NOBODY).arg(millis(server.options.patience));
            if let Err(error) = ask::<()>(&mut connection, &script).await {
                tracing::debug!(%error, "a member of a group left without a word");
            }
        });
    }
}
