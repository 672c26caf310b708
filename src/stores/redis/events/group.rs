//! Groups of workers on the stream: consumer groups. What a member was handed waits in the group's list of pending
//! entries, from where another member takes it once its owner has not been heard of for a while.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{RedisError, Script, Value, cmd};

use super::{BLOCK, Failure, Server, ask, event_of, failed, millis};
use crate::ports::{ErrorKind, Group, GroupMember, InHand, MOST_DELIVERIES, Role, StoreError, StoreResult};

/// The most events that a member is handed at once.
const MOST_AT_ONCE: usize = 100;
/// About how many dead letters of a group are kept.
const DEAD_LETTERS: u64 = 10_000;
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

/// What the member `ARGV[2]` of the group `ARGV[1]` has in hand: of each entry the id, how often it was handed out, and its
/// fields, which are gone where the stream has lost it. To ask counts as no delivery.
static OWNED: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local owned = {}
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[2])) do
  local entry = redis.call('XRANGE', KEYS[1], pending[1], pending[1])[1]
  owned[#owned + 1] = { pending[1], pending[4], entry and entry[2] or false }
end
return owned
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

/// The fields of an entry.
type Fields = Vec<(String, Vec<u8>)>;

/// Entries that nobody in the group was handed before.
type NewEntries = Vec<(String, Fields)>;

/// An entry as groups are handed it: its id, how often that was, and its fields, where the stream has not lost it.
type Entry = (String, u32, Option<Fields>);

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
    async fn entries(&mut self, recovers: bool) -> StoreResult<Vec<Entry>> {
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.server.stream).arg(self.group.as_str()).arg(&self.name);
        claim.arg(millis(self.server.options.patience)).arg(ORIGIN).arg("COUNT").arg(MOST_AT_ONCE);
        // From Redis 7 on it also says what it forgot since the stream has lost it.
        let answer: Vec<Value> = claim.query_async(&mut self.connection).await.map_err(of_group)?;
        let has_claimed = matches!(answer.get(1), Some(Value::Array(claimed)) if !claimed.is_empty());
        if recovers || has_claimed {
            let mut script = self.server.script(&OWNED);
            script.arg(self.group.as_str()).arg(&self.name);
            let mut owned: Vec<Entry> = ask(&mut self.connection, &script).await?;
            owned.retain(|(id, ..)| !self.in_hand.contains(id));
            if !owned.is_empty() {
                return Ok(owned);
            }
        }
        let wait = (self.server.options.patience / 2).clamp(Duration::from_millis(10), BLOCK);
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(self.group.as_str()).arg(&self.name).arg("COUNT").arg(MOST_AT_ONCE);
        read.arg("BLOCK").arg(millis(wait)).arg("STREAMS").arg(&self.server.stream).arg(">");
        let streams: Option<Vec<(String, NewEntries)>> =
            read.query_async(&mut self.connection).await.map_err(of_group)?;
        let entries = streams.into_iter().flatten().flat_map(|(_, entries)| entries);
        Ok(entries.map(|(id, fields)| (id, 1, Some(fields))).collect())
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
    async fn sorted(&mut self, entries: Vec<Entry>) -> StoreResult<Vec<InHand>> {
        let (mut handed, mut dead, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for (id, times, fields) in entries {
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
            let mut entries = self.entries(recovers).await?;
            let leaves_some = entries.len() > MOST_AT_ONCE;
            entries.truncate(MOST_AT_ONCE);
            let handed = self.sorted(entries).await?;
            self.may_own_more = leaves_some;
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
