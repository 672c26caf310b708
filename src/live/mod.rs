//! Live: those who wait for events, and how an event becomes what each of them is told.
//!
//! A gateway follows the event bus once, whoever waits. Subscribers who ask the same are a group (`hub.rs`): an event is
//! resolved once for each group, and the same bytes go to all of its members. All groups of all events that came together
//! are resolved in one batching scope, so that they share their store calls, viewers or not (`fan_out.rs`). Every
//! subscriber has a queue of its own, which is bounded: one that is slow misses events and is told so, and keeps nobody
//! waiting.

mod fan_out;
mod follow;
mod frame;
mod hub;
mod replay;
mod seen;
mod vigil;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

pub use frame::{Frame, Missed};
pub use vigil::{SessionState, Vigil, Watched};

use crate::domain::{Scope, Topic};
use crate::graphql::{Asker, PolygraphSchema, Standing};
use crate::ports::{EventBus, Position, Stores};
use crate::services::use_cases::UseCases;
use fan_out::FanOut;
use hub::{Hub, Place};

/// What events are told with.
pub struct Telling {
    /// The executable schema.
    pub schema: PolygraphSchema,
    /// The stores that what is told is read from.
    pub stores: Stores,
    /// What clients may do.
    pub use_cases: UseCases,
    /// How long the stores are asked about the events that came together, all in all.
    pub patience: Duration,
    /// The present on a clock that never goes back.
    pub now: fn() -> Instant,
}

/// The subscribers of a gateway.
pub struct Live {
    bus: Arc<dyn EventBus>,
    hub: Hub,
    fan_out: FanOut,
    /// Whether the bus can't be followed at the moment, so that everything comes later than it should.
    is_behind: watch::Sender<bool>,
}

impl Live {
    /// Nobody waits yet, and nothing is followed before [`Self::run`].
    pub fn new(bus: Arc<dyn EventBus>, telling: Telling) -> Self {
        let is_behind = watch::Sender::new(true);
        Self { bus, hub: Hub::default(), fan_out: FanOut(telling), is_behind }
    }

    /// What `asker` is told from now on, until it is dropped; with `after`, first what was told since that position. It
    /// ends by itself where nothing can come any more.
    pub fn subscribe(
        self: &Arc<Self>,
        standing: Arc<Standing>,
        asker: Asker,
        after: Option<Position>,
    ) -> BoxStream<'static, Frame> {
        let place = Place::of(&standing, &asker);
        let topic = standing.topic();
        let (membership, queue, at) = self.hub.join(place, Arc::clone(&standing), asker);
        let live = Arc::clone(self);
        // Boxed, so that there is no room for it any more once it is done.
        let before = Box::pin(async move {
            match (after, topic) {
                (Some(after), _) => live.replay(&standing, asker, after, at).await,
                (None, Topic::Post(_)) => live.first_look(&standing, asker).await,
                (None, _) => Vec::new(),
            }
        });
        // A task of its own, when it is wanted: whoever is slow to read must not hold a store's connection meanwhile.
        let before = async { AbortOnDropHandle::new(tokio::spawn(before)).await.unwrap_or_default() };
        let before = stream::once(before).flat_map(stream::iter);
        let queue = stream::unfold(queue, async |mut queue| Some((queue.recv().await?, queue)));
        // The membership ends with the stream.
        let told = Some((before.chain(queue).boxed(), membership));
        let frames = stream::unfold(told, async |told| {
            let (mut frames, membership) = told?;
            let frame = frames.next().await?;
            let rest = (!frame.is_last()).then_some((frames, membership));
            Some((frame, rest))
        });
        frames.boxed()
    }

    /// Whether everything comes later than it should, since the bus can't be followed.
    pub fn is_behind(&self) -> watch::Receiver<bool> {
        self.is_behind.subscribe()
    }

    /// How many subscriptions there are.
    pub fn count(&self) -> usize {
        self.hub.count()
    }
}

/// Whether what is told is the same whoever asks.
fn is_public(standing: &Standing) -> bool {
    standing.scope() == Scope::Public
}
