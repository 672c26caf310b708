//! Follows the bus, and tells.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::Live;
use super::fan_out::Task;
use super::seen::Seen;
use crate::ports::{Delivered, Following, Position, Start, StoreError};

/// How many events are told of together: one that is slow to resolve keeps no more waiting.
const TOGETHER: usize = 64;
/// The bounds of the pause before the bus is followed again; it doubles from the first to the second.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];
/// How often those who missed something are told of it, if nothing else comes.
const TELL_OF_GAPS: Duration = Duration::from_millis(500);

impl Live {
    /// Follows the bus until `stop`. When the connection is lost, it goes on after what came last.
    pub async fn run(&self, stop: CancellationToken) {
        let told = async {
            let (mut seen, mut last, mut pause) = (Seen::default(), None, PAUSE[0]);
            loop {
                let error = match self.follow(&mut last, &mut seen, &mut pause).await {
                    Ok(never) => match never {},
                    Err(error) => error,
                };
                if !self.is_behind.send_replace(true) || pause == PAUSE[0] {
                    tracing::warn!(%error, "the event bus can't be followed; subscribers are told late");
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE[1]);
            }
        };
        let gaps = async {
            let mut ticks = interval(TELL_OF_GAPS);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                self.hub.tell_of_gaps();
            }
        };
        tokio::select! {
            () = told => {}
            () = gaps => {}
            () = stop.cancelled() => {}
        }
    }

    /// Follows the bus until that fails.
    async fn follow(
        &self,
        last: &mut Option<Position>,
        seen: &mut Seen,
        pause: &mut Duration,
    ) -> Result<std::convert::Infallible, StoreError> {
        let was_followed = last.is_some();
        let start = last.clone().map_or(Start::Now, Start::After);
        let Following { mut events, from, has_gap } = self.bus.follow(start).await?;
        if self.is_behind.send_replace(false) && was_followed {
            tracing::info!("the event bus is followed again");
        }
        *pause = PAUSE[0];
        if has_gap {
            tracing::warn!("the event bus has lost events; subscribers are told so");
            self.hub.lose();
        }
        self.hub.begin_at(from.clone());
        if last.is_none() {
            *last = from;
        }
        loop {
            let mut delivered = events.next().await?;
            if let Some(newest) = delivered.last() {
                *last = Some(newest.position.clone());
            }
            delivered.retain(|Delivered { event, .. }| seen.is_new(event.id));
            for together in delivered.chunks(TOGETHER) {
                self.tell(together).await;
            }
        }
    }

    /// Tells of these events all who wait for them, in order.
    pub(super) async fn tell(&self, events: &[Delivered]) {
        let mut jobs = self.hub.jobs(events);
        self.fan_out.choose_followers(&self.hub, &mut jobs).await;
        if jobs.is_empty() {
            return;
        }
        let responses = self.fan_out.resolve(jobs.iter().map(Task::from).collect()).await;
        for (job, told) in jobs.iter().zip(responses) {
            self.hub.tell(job, told);
        }
    }
}
