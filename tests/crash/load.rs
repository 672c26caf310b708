//! Clients that write, each one thing after the other.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::{Api, Outcome};
use crate::dice::Dice;
use crate::model::Model;
use crate::plan;

/// How long a client pauses when nothing can be done for it: it does not press a gateway whose store is down.
const PAUSE: Duration = Duration::from_millis(25);

/// How long writes may take to reach a moment.
const PATIENCE: Duration = Duration::from_secs(120);

/// The model, as clients share it.
pub(crate) type Shared = Arc<Mutex<Model>>;

pub(crate) fn locked(model: &Shared) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes under way.
pub(crate) struct Load {
    /// How many were begun, and how many of these were answered.
    counts: watch::Sender<[u64; 2]>,
    stop: watch::Sender<bool>,
    clients: JoinSet<()>,
}

/// A moment that is counted in writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    /// As soon as so many were begun.
    Begun(u64),
    /// As soon as so many were answered.
    Answered(u64),
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun(number) => write!(f, "{number} writes begun"),
            Self::Answered(number) => write!(f, "{number} writes answered"),
        }
    }
}

impl Load {
    /// Lets clients write, as the dice of this round fall.
    pub(crate) fn start(api: &Api, model: &Shared, clients: usize, seed: u64, round: u32) -> Self {
        let (counts, stop) = (watch::Sender::new([0, 0]), watch::Sender::new(false));
        let mut running = JoinSet::new();
        for client in 1..=clients {
            let dice = Dice::new(seed, round, client);
            running.spawn(write(api.clone(), Arc::clone(model), client, dice, counts.clone(), stop.subscribe()));
        }
        Self { counts, stop, clients: running }
    }

    /// Waits for a moment.
    pub(crate) async fn reaches(&self, moment: Moment) {
        let is_reached = |counts: &[u64; 2]| match moment {
            Moment::Begun(number) => counts[0] >= number,
            Moment::Answered(number) => counts[1] >= number,
        };
        let mut counts = self.counts.subscribe();
        let reached = tokio::time::timeout(PATIENCE, counts.wait_for(is_reached)).await;
        reached
            .unwrap_or_else(|_| panic!("writes do not get on: {moment} is not reached"))
            .expect("this keeps the sender");
    }

    /// How many were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.counts.borrow()[1]
    }

    /// Lets no client begin another write.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until every client knows what it can know about its last write.
    pub(crate) async fn ended(self) {
        self.clients.join_all().await;
    }
}

async fn write(
    api: Api,
    model: Shared,
    client: usize,
    mut dice: Dice,
    counts: watch::Sender<[u64; 2]>,
    stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let (operation, request) = {
            let mut model = locked(&model);
            let operation = plan::next(&mut model, client, &mut dice);
            let request = operation.request(&model);
            (operation, request)
        };
        counts.send_modify(|[begun, _]| *begun += 1);
        let outcome = api.mutate(&request).await;
        operation.settle(&mut locked(&model), &outcome);
        counts.send_modify(|[_, answered]| *answered += 1);
        if !matches!(outcome, Outcome::Done(_)) {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
