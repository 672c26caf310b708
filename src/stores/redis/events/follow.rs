//! Following the stream: `XREAD` on a connection of its own, after the last entry that was seen.

use std::sync::LazyLock;

use async_trait::async_trait;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{Script, cmd};

use super::{BLOCK, Failure, Server, ask, event_of, failed, millis, unreadable};
use crate::ports::{Delivered, ErrorKind, Follow, Following, Position, Role, Start, StoreError, StoreResult};

/// The most events that are handed out at once.
const MOST_AT_ONCE: usize = 1_000;
/// Before the first entry of any stream.
const ORIGIN: &str = "0-0";

/// Answers the last id that the stream ever had, whether it has all that came after the entry `ARGV[1]`, and the first
/// `ARGV[2]` entries after it. It has all if it has that entry, since trimming takes the oldest; or if nothing came.
static READ: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if not info.err then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
local from = ARGV[1]
local is_whole = from == last or #redis.call('XRANGE', KEYS[1], from, from) > 0
return { last, is_whole and 1 or 0, redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', ARGV[2]) }
",
    )
});

/// An entry: its id and its fields.
type Entry = (String, Vec<(String, Vec<u8>)>);

pub(super) struct Follower {
    server: Server,
    connection: MultiplexedConnection,
    /// The id of the last entry that was seen.
    seen: String,
    /// Whether that is an entry, so that its absence says that others are absent as well.
    is_entry: bool,
}

impl Follower {
    pub(super) async fn begin(server: Server, start: Start) -> StoreResult<Following> {
        let connection = server.connect(BLOCK).await?;
        let mut follower = Self { server, connection, seen: ORIGIN.to_owned(), is_entry: false };
        let has_gap = match start {
            Start::Now => {
                let (last, _, _) = follower.read(0).await?;
                follower.is_entry = last != ORIGIN;
                follower.seen = last;
                false
            }
            Start::After(position) => match id_of(&position) {
                None => true,
                Some(id) => {
                    id.clone_into(&mut follower.seen);
                    let (_, is_whole, _) = follower.read(0).await?;
                    follower.is_entry = is_whole && id != ORIGIN;
                    if !is_whole {
                        ORIGIN.clone_into(&mut follower.seen);
                    }
                    !is_whole
                }
            },
        };
        let from = Some(position_of(&follower.seen)?);
        Ok(Following { events: Box::new(follower), from, has_gap })
    }

    async fn read(&mut self, most: usize) -> StoreResult<(String, bool, Vec<Entry>)> {
        let mut script = self.server.script(&READ);
        // `COUNT 0` is no limit to Redis.
        script.arg(&self.seen).arg(most.max(1));
        ask(&mut self.connection, &script).await
    }

    /// What is there, or comes in a while. It changes nothing, so that it may be dropped.
    async fn entries(&mut self) -> StoreResult<Vec<Entry>> {
        let (_, is_whole, entries) = self.read(MOST_AT_ONCE).await?;
        if self.is_entry && !is_whole {
            let behind = "what comes next was trimmed away, or the stream is another one";
            return Err(StoreError::new(Role::Events, ErrorKind::Unavailable, behind));
        }
        if !entries.is_empty() {
            return Ok(entries);
        }
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(MOST_AT_ONCE).arg("BLOCK").arg(millis(BLOCK));
        read.arg("STREAMS").arg(&self.server.stream).arg(&self.seen);
        let streams: Option<Vec<(String, Vec<Entry>)>> =
            read.query_async(&mut self.connection).await.map_err(|error| failed(Failure::Command(error)))?;
        Ok(streams.into_iter().flatten().flat_map(|(_, entries)| entries).collect())
    }
}

#[async_trait]
impl Follow for Follower {
    async fn next(&mut self) -> StoreResult<Vec<Delivered>> {
        loop {
            let entries = self.entries().await?;
            let mut delivered = Vec::with_capacity(entries.len());
            for (id, fields) in &entries {
                if let Some(event) = event_of(id, fields) {
                    delivered.push(Delivered { position: position_of(id)?, event });
                }
            }
            if let Some((last, _)) = entries.into_iter().next_back() {
                self.seen = last;
                self.is_entry = true;
            }
            if !delivered.is_empty() {
                return Ok(delivered);
            }
        }
    }
}

/// A position is the entry's id, marked as one of Redis.
fn position_of(id: &str) -> StoreResult<Position> {
    Position::read(&format!("r{id}")).ok_or_else(|| unreadable(format!("{id:?} is no id of an entry")))
}

/// The id in a position; `None` where it is one of another kind of bus.
fn id_of(position: &Position) -> Option<&str> {
    let id = position.as_str().strip_prefix('r')?;
    let (millis, number) = id.split_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok();
    (is_number(millis) && is_number(number)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_other_buses_are_told_apart() {
        let id = |text: &str| id_of(&Position::read(text).expect("a position")).map(str::to_owned);
        assert_eq!(id("r1763700000000-3").as_deref(), Some("1763700000000-3"));
        for other in ["m0123456789abcdef-3", "1-1", "r1", "r1-", "r+1-1", "r1-1-1", "r99999999999999999999-0"] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
