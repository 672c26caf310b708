//! Keeps the cache in a life that every store of the truth names: confirms it again and again, and begins another where
//! the cache has forgotten the last, or somebody suspended it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::trust::{COUNTS, SETTLED, Trust, named_by_all};
use crate::domain::tag::VOCABULARY;
use crate::ports::{Entropy, ErrorKind, Life, Registered, ResultCache, Role, StoreError, StoreResult};

/// How often the registers are asked. Several times in which what they say [counts](COUNTS), so that a late answer
/// costs nothing.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long the cache may take to say which life it is in.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a state is left alone that another gateway may be about to change: one that begins a life, or one that
/// suspended it and would do so again at its next write.
const OTHERS_TURN: Duration = Duration::from_secs(5);

/// Looks after the cache's life.
pub struct Keeper {
    cache: Arc<dyn ResultCache>,
    trust: Arc<Trust>,
    entropy: Arc<dyn Entropy>,
}

/// What a keeper saw last.
#[derive(Default)]
struct Seen {
    /// What the registers said and the cache was in, and since when that is so.
    state: Option<(Vec<Registered>, Option<Life>, Instant)>,
    /// The last life that was seen at work here.
    worked: Option<Life>,
    /// It has met a gateway of another vocabulary.
    met_others: bool,
}

impl Keeper {
    /// Looks after the life of `cache`. New lives get their names from `entropy`.
    pub fn new(cache: Arc<dyn ResultCache>, trust: Arc<Trust>, entropy: Arc<dyn Entropy>) -> Self {
        Self { cache, trust, entropy }
    }

    /// Works until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut seen = Seen::default();
        while !stop.is_cancelled() {
            if let Err(error) = self.look(&mut seen).await {
                tracing::debug!(%error, "the cache of results is not used for the moment");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.jittered(INTERVAL)) => {}
            }
        }
    }

    /// Looks at the registers and the cache, and does what is to be done next.
    async fn look(&self, seen: &mut Seen) -> StoreResult<()> {
        let said = self.trust.look().await?;
        let late = |_| Err(StoreError::new(Role::Cache, ErrorKind::Timeout, "no answer in time"));
        let life = tokio::time::timeout(PATIENCE, self.cache.life()).await.unwrap_or_else(late)?;
        let since = seen.since(&said, life, self.trust.now());

        if said.iter().all(|(_, registered)| registered.active.is_none()) {
            return if self.may_begin(&said, since) { self.begin(&said, life, seen).await } else { Ok(()) };
        }
        match (named_by_all(&said), life) {
            // A gateway of another version keeps results. The one that was started last has its way.
            (Some(named), _) if named.vocabulary() != VOCABULARY => {
                if std::mem::replace(&mut seen.met_others, true) {
                    Ok(())
                } else {
                    self.suspend(&said).await
                }
            }
            (Some(named), Some(life)) if named == life => {
                seen.worked = Some(life);
                Ok(())
            }
            // It was at work here and is not any more: nobody else can be about to begin it.
            (Some(named), _) if seen.worked == Some(named) => self.suspend(&said).await,
            _ if self.trust.suspended_it(&said) || self.is_over(since + OTHERS_TURN) => self.suspend(&said).await,
            _ => Ok(()),
        }
    }

    fn is_over(&self, moment: Instant) -> bool {
        moment <= self.trust.now()
    }

    /// Whether nobody counts on an earlier life any more, and it is this gateway's turn.
    fn may_begin(&self, said: &[(Role, Registered)], since: Instant) -> bool {
        let is_settled =
            said.iter().all(|(role, registered)| self.is_over(self.trust.settles(*role, registered.generation)));
        let is_new = said.iter().all(|(_, registered)| registered.generation == 0);
        is_settled && (is_new || self.trust.suspended_it(said) || self.is_over(since + OTHERS_TURN))
    }

    /// Suspends the cache in every store that names a life.
    async fn suspend(&self, said: &[(Role, Registered)]) -> StoreResult<()> {
        tracing::info!("the cache of results has forgotten what it was told: another life of it is begun");
        for (role, registered) in said.iter().filter(|(_, registered)| registered.active.is_some()) {
            self.trust.suspend(*role, *registered).await?;
        }
        Ok(())
    }

    /// Begins a life, and names it to every store.
    async fn begin(&self, said: &[(Role, Registered)], instead_of: Option<Life>, seen: &mut Seen) -> StoreResult<()> {
        let mut life = [0; 16];
        self.entropy.fill(&mut life);
        let life = Life::new(VOCABULARY, life);
        if !self.cache.begin(life, instead_of).await? {
            return Ok(());
        }
        for ((_, register), (_, registered)) in self.trust.registers().iter().zip(said) {
            if !register.register(registered.generation, Some(life)).await? {
                return Ok(());
            }
        }
        tracing::info!("a life of the cache of results has begun");
        seen.worked = Some(life);
        self.trust.look().await.map(drop)
    }

    /// Up to a quarter more, so that gateways that began together don't stay together.
    fn jittered(&self, pause: Duration) -> Duration {
        let mut random = [0; 1];
        self.entropy.fill(&mut random);
        pause + pause * u32::from(random[0]) / 1_024
    }
}

impl Seen {
    /// Since when it is as it is now.
    fn since(&mut self, said: &[(Role, Registered)], life: Option<Life>, now: Instant) -> Instant {
        let said: Vec<Registered> = said.iter().map(|(_, registered)| *registered).collect();
        match &self.state {
            Some((before, was, since)) if *before == said && *was == life => *since,
            _ => {
                self.state = Some((said, life, now));
                now
            }
        }
    }
}

const _: () = assert!(INTERVAL.as_millis() * 3 < COUNTS.as_millis() && COUNTS.as_millis() < SETTLED.as_millis());
