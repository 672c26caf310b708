//! A round: writes, a kill among them, and what must be true afterwards.

use std::sync::Arc;
use std::time::Duration;

use crate::api::Api;
use crate::check::{compare, settle_by_looking};
use crate::dice::Dice;
use crate::gateway::Gateway;
use crate::load::{Load, Moment, Shared, locked};
use crate::model::State;
use crate::operation::Operation;
use crate::sessions::try_all;
use crate::snapshot::Snapshot;
use crate::world::World;

/// The stores that are killed, in this order.
pub(crate) const STORES: [&str; 4] = ["postgres", "mongodb", "redis", "elasticsearch"];

/// How many writes are answered when a store is back, before a round ends.
const AFTERWARDS: u64 = 20;

/// What is killed, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kill {
    /// The gateway, and sometimes the next one as soon as it answers.
    Gateway { at: Moment, twice: bool },
    /// A store, which is started again when so many more writes were answered. Most of these wait for it for seconds.
    Store { name: &'static str, at: Moment, more: u64 },
}

impl Kill {
    /// What happens in a round: where there are servers, one of them is killed in two rounds of five.
    pub(crate) fn of(seed: u64, round: u32, has_servers: bool) -> Self {
        let mut dice = Dice::new(seed, round, 0);
        let number = 20 + dice.below(180) as u64;
        let at = if dice.once_in(2) { Moment::Begun(number) } else { Moment::Answered(number) };
        let (twice, more) = (dice.once_in(4), 4 + dice.below(20) as u64);
        let nth = round / 5 * 2 + u32::from(round % 5 > 2);
        if has_servers && matches!(round % 5, 2 | 4) {
            return Self::Store { name: STORES[nth as usize % STORES.len()], at, more };
        }
        Self::Gateway { at, twice }
    }
}

/// What a round took.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// From the start of each gateway to its first answer.
    pub(crate) starts: Vec<Duration>,
    /// Until the relay had caught up.
    pub(crate) catching_up: Duration,
    /// Processes that were killed, by name.
    pub(crate) killed: Vec<&'static str>,
}

/// Who plays a round, and on what.
pub(crate) struct Players<'a> {
    pub(crate) world: &'a World,
    pub(crate) model: &'a Shared,
    pub(crate) clients: usize,
    pub(crate) seed: u64,
}

impl Players<'_> {
    /// Plays a round. Violations are left in the model. Returns the gateway, if it still runs.
    pub(crate) async fn play(&self, round: u32, kill: Kill, gateway: Option<Gateway>) -> (Report, Option<Gateway>) {
        let mut report = Report::default();
        let gateway = match gateway {
            Some(gateway) => gateway,
            None => self.start(&mut report).await,
        };
        let load = Load::start(&gateway.api, self.model, self.clients, self.seed, round);
        let gateway = match kill {
            Kill::Gateway { at, twice } => self.kill_gateway(gateway, load, at, twice, &mut report).await,
            Kill::Store { name, at, more } => {
                report.killed.push(name);
                self.kill_store(&gateway, load, name, at, more).await;
                gateway
            }
        };
        self.publish_again(&gateway.api).await;
        let caught_up = self.world.caught_up().await;
        if let Err(what) = self.look(&gateway.api).await {
            locked(self.model).violation(what);
        }
        match caught_up {
            Ok(took) => report.catching_up = took,
            Err(what) => locked(self.model).violation(what),
        }
        match self.world.verify(gateway).await {
            Ok(gateway) => (report, gateway),
            Err(what) => {
                locked(self.model).violation(what);
                (report, None)
            }
        }
    }

    async fn start(&self, report: &mut Report) -> Gateway {
        let gateway = self.world.start().await;
        report.starts.push(gateway.took);
        gateway
    }

    async fn kill_gateway(
        &self,
        gateway: Gateway,
        load: Load,
        at: Moment,
        twice: bool,
        report: &mut Report,
    ) -> Gateway {
        load.reaches(at).await;
        load.stop();
        gateway.kill();
        load.ended().await;
        self.world.abort_what_was_abandoned().await;
        report.killed.push("gateway");
        let gateway = self.start(report).await;
        if !twice {
            return gateway;
        }
        // By now it goes on with what the first one left.
        gateway.kill();
        self.world.abort_what_was_abandoned().await;
        report.killed.push("gateway");
        self.start(report).await
    }

    async fn kill_store(&self, gateway: &Gateway, load: Load, name: &'static str, at: Moment, more: u64) {
        let Some(servers) = self.world.servers.clone() else { unreachable!("an embedded store is the gateway's") };
        load.reaches(at).await;
        let killed = Arc::clone(&servers);
        tokio::task::spawn_blocking(move || killed.kill(name)).await.expect("a store is killed");
        load.reaches(Moment::Answered(load.answered() + more)).await;
        tokio::task::spawn_blocking(move || servers.start_again(name)).await.expect("a store is started");
        gateway.sees_all_stores().await;
        load.reaches(Moment::Answered(load.answered() + AFTERWARDS)).await;
        load.stop();
        load.ended().await;
    }

    /// Publishes again what may have been published, where there is a key: whatever became of it, it is one post.
    async fn publish_again(&self, api: &Api) {
        let unclear: Vec<Operation> = {
            let model = locked(self.model);
            let unclear =
                model.posts.iter().filter(|(_, post)| post.id.is_none() && post.has_key && model.has_user(post.author));
            let again = unclear.filter_map(|(no, post)| {
                let sessions = &model.users[&post.author].sessions;
                let session = sessions.iter().find(|session| session.state == State::Here)?;
                Some(Operation::Resend { post: *no, token: session.token.clone() })
            });
            again.collect()
        };
        for operation in unclear {
            let request = operation.request(&locked(self.model));
            let outcome = api.mutate(&request).await;
            let mut model = locked(self.model);
            model.tally.sent_again += 1;
            operation.settle(&mut model, &outcome);
        }
    }

    /// Looks at everything: settles what is unclear, then compares.
    async fn look(&self, api: &Api) -> Result<(), String> {
        let seen = Snapshot::read(api).await?;
        settle_by_looking(&mut locked(self.model), &seen);
        try_all(api, self.model).await?;
        let mut model = locked(self.model);
        compare(&mut model, &seen);
        model.prune();
        Ok(())
    }
}
