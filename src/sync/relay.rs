//! The relay: a loop for each projection of each outbox, so that none delays another.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::projector::Projector;
use super::wake::Wake;
use super::worker::Worker;
use crate::ports::{Clock, Entropy, Outbox, Projection};

/// How long others stay away from what a relay claimed, unless told otherwise.
const LEASE: Duration = Duration::from_secs(30);

/// Carries events from the outboxes to the projections. Several relays, in one process or in many, share the work.
pub struct Relay {
    outboxes: Vec<Arc<dyn Outbox>>,
    projectors: Vec<(Projection, Arc<dyn Projector>)>,
    wake: Wake,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    lease: Duration,
    is_alone: bool,
}

impl Relay {
    /// A relay from these outboxes, which has no projector yet.
    pub fn new(outboxes: Vec<Arc<dyn Outbox>>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { outboxes, projectors: Vec::new(), wake: Wake::default(), clock, entropy, lease: LEASE, is_alone: false }
    }

    /// The relay, that also hands the events which wait for `projection` to `projector`.
    #[must_use]
    pub fn with(mut self, projection: Projection, projector: Arc<dyn Projector>) -> Self {
        self.projectors.push((projection, projector));
        self
    }

    /// The relay, whose claims others stay away from for as long as this. When a gateway is killed, what it had claimed
    /// waits so long; when a projection takes longer, another gateway does the same again, which does no harm.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// The relay, which is the only one if this is so: then what an earlier one had claimed when it was killed is free
    /// at once, since nobody can be at it any more.
    #[must_use]
    pub fn alone(mut self, is_alone: bool) -> Self {
        self.is_alone = is_alone;
        self
    }

    /// The relay, that `wake` wakes when something was written.
    #[must_use]
    pub fn woken_by(mut self, wake: Wake) -> Self {
        self.wake = wake;
        self
    }

    /// Works until `stop` is cancelled; what is in hand then is finished first.
    pub async fn run(self, stop: CancellationToken) {
        let mut worker = [0; 16];
        self.entropy.fill(&mut worker);
        let worker = Uuid::from_bytes(worker);
        let loops = self.projectors.iter().flat_map(|(projection, projector)| {
            self.outboxes.iter().map(|outbox| Worker {
                id: worker,
                projection: *projection,
                projector: projector.as_ref(),
                outbox: outbox.as_ref(),
                clock: self.clock.as_ref(),
                entropy: self.entropy.as_ref(),
                lease: self.lease,
                is_alone: self.is_alone,
            })
        });
        join_all(loops.map(|worker| {
            let woken = self.wake.subscribe(worker.projection);
            worker.run(woken, &stop)
        }))
        .await;
    }
}
