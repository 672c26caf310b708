//! Watches the stores: says when one goes and comes back, migrates what comes, and keeps `/readyz` true.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;

use super::OpenStores;
use super::progress::TerminalProgress;
use crate::http::Health;
use crate::ports::{Clock, ErrorKind, Role, StoreError, StoreResult};
use crate::services::reindex::{IndexReport, fill_index};

/// How often a store is asked whether it serves.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches the stores of a gateway.
pub(super) struct Monitor {
    pub stores: Arc<OpenStores>,
    pub health: Arc<Health>,
    pub clock: Arc<dyn Clock>,
    pub migrates: bool,
    pub index: IndexState,
}

/// What is known of the index's content: nothing at first.
#[derive(Default)]
pub(super) struct IndexState {
    /// It has been looked into since it came up, and filled if need be.
    settled: AtomicBool,
    /// It has a part that was just made, or was being filled when a store failed: that it is not empty means nothing.
    half_full: AtomicBool,
}

impl Monitor {
    /// Looks at every store once, and migrates those that ask for it. Users come first, the rest side by side: where
    /// users and posts share a new SQLite file, two first connections would race to set it up.
    pub async fn look(&self) {
        self.look_at(Role::Users).await;
        let others = self.stores.watched().into_iter().filter(|role| *role != Role::Users);
        join_all(others.map(|role| self.look_at(role))).await;
    }

    /// Looks at every store again and again. Ends only by being dropped.
    pub async fn watch(self) {
        let watch = async |role| {
            loop {
                tokio::time::sleep(INTERVAL).await;
                self.look_at(role).await;
                if role == Role::Search {
                    self.fill_empty_index().await;
                }
            }
        };
        join_all(self.stores.watched().into_iter().map(watch)).await;
    }

    async fn look_at(&self, role: Role) {
        let mut checked = self.check(role).await;
        if self.migrates && checked.as_ref().is_err_and(|error| error.kind == ErrorKind::NotReady) {
            match self.stores.migrate(role).await {
                Ok(applied) => {
                    tracing::info!(%role, applied = applied.len(), "migrated");
                    // One of its parts is new and empty, whatever the others hold.
                    self.index.half_full.fetch_or(role == Role::Search && !applied.is_empty(), Ordering::Relaxed);
                    self.unsettle(role);
                    checked = self.check(role).await;
                }
                Err(error) => {
                    let source = error.source().map(ToString::to_string);
                    tracing::warn!(%role, %error, source, "the migration failed, and is tried again");
                }
            }
        }
        let kind = self.stores.backend(role).kind();
        match (&checked, self.health.observe(role, checked.is_ok())) {
            (Ok(version), true) => {
                tracing::info!(%role, kind, version, "the store is up");
                self.unsettle(role);
            }
            (Err(error), true) => self.say_down(role, kind, error),
            (_, false) => {}
        }
    }

    /// An index that came back, or was made again while nobody looked, may have lost what it held.
    fn unsettle(&self, role: Role) {
        if role == Role::Search {
            self.index.settled.store(false, Ordering::Relaxed);
        }
    }

    fn say_down(&self, role: Role, kind: &str, error: &StoreError) {
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        let next = match error.kind {
            ErrorKind::NotReady => "run `polygraph migrate`",
            _ => "it is tried again every second, and used when it is back",
        };
        match role {
            Role::Events => {
                tracing::warn!(kind, %error, source, next, "the event bus is down: what happens is told later")
            }
            _ => tracing::warn!(%role, kind, %error, source, next, "the store is down: fields that need it are null"),
        }
    }

    async fn check(&self, role: Role) -> StoreResult<String> {
        let late = || StoreError::new(role, ErrorKind::Timeout, "no answer in time");
        tokio::time::timeout(PATIENCE, self.stores.backend(role).check()).await.unwrap_or_else(|_| Err(late()))
    }

    /// An index that lost everything, or is new, is filled from the truth, as soon as all of it answers.
    pub async fn fill_empty_index(&self) {
        let needed = [Role::Users, Role::Posts, Role::Search];
        if self.index.settled.load(Ordering::Relaxed) || !needed.into_iter().all(|role| self.health.is_up(role)) {
            return;
        }
        match self.fill_if_empty().await {
            Ok(report) => {
                self.index.settled.store(true, Ordering::Relaxed);
                if let Some(report) = report {
                    tracing::info!(documents = report.documents(), "the empty index was filled");
                }
            }
            Err(error) => tracing::warn!(%error, "the index was not filled, and it is tried again"),
        }
    }

    async fn fill_if_empty(&self) -> StoreResult<Option<IndexReport>> {
        let OpenStores { users, posts, search, .. } = &*self.stores;
        let half_full = &self.index.half_full;
        let wanted = half_full.load(Ordering::Relaxed) || self.stores.index_needs_filling().await?;
        if !wanted || users.count_users().await? == 0 {
            return Ok(None);
        }
        half_full.store(true, Ordering::Relaxed);
        let progress = TerminalProgress::new(Arc::clone(&self.clock));
        let report = fill_index(&**users, &**posts, &**search, &progress).await?;
        self.stores.index_was_filled().await?;
        half_full.store(false, Ordering::Relaxed);
        Ok(Some(report))
    }
}
