//! `/readyz`: whether the gateway takes requests, and which stores answer.

use std::sync::{Mutex, PoisonError};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, json};

use super::Shared;
use crate::ports::Role;

/// Where a gateway stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Stores are being looked at for the first time, migrated and seeded.
    Starting,
    /// Requests are taken.
    Serving,
    /// No more requests should come: those under way are finished.
    Draining,
}

/// What is known of the stores, as last looked at.
#[derive(Debug)]
pub struct Health(Mutex<Observed>);

#[derive(Debug)]
struct Observed {
    phase: Phase,
    /// Each with its kind and whether it answers: `None` before it was looked at.
    stores: Vec<(Role, &'static str, Option<bool>)>,
}

impl Observed {
    fn is_up(&self, role: Role) -> bool {
        self.stores.iter().any(|(observed, _, up)| *observed == role && *up == Some(true))
    }
}

impl Health {
    /// A gateway that is starting, on stores of these kinds.
    pub fn starting(kinds: impl IntoIterator<Item = (Role, &'static str)>) -> Self {
        let stores = kinds.into_iter().map(|(role, kind)| (role, kind, None)).collect();
        Self(Mutex::new(Observed { phase: Phase::Starting, stores }))
    }

    /// Says where the gateway stands now.
    pub fn enter(&self, phase: Phase) {
        self.locked(|state| state.phase = phase);
    }

    /// Says whether a store answers; returns whether that is news, as the first look at a store is.
    pub fn observe(&self, role: Role, up: bool) -> bool {
        self.locked(|state| {
            let stores = state.stores.iter_mut().filter(|(observed, _, _)| *observed == role);
            stores.fold(false, |news, (_, _, was_up)| was_up.replace(up) != Some(up) || news)
        })
    }

    /// Whether the store that plays this part answered when it was last asked.
    pub fn is_up(&self, role: Role) -> bool {
        self.locked(|state| state.is_up(role))
    }

    fn locked<T>(&self, change: impl FnOnce(&mut Observed) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) async fn ready(State(gateway): Shared) -> Response {
    let (serves, body) = gateway.health.locked(|state| {
        let up = |role: Role| state.is_up(role);
        let all_up = state.stores.iter().all(|(_, _, up)| *up == Some(true));
        let store = |(role, kind, up): &(Role, &'static str, Option<bool>)| {
            let status = if *up == Some(true) { "up" } else { "down" };
            (role.name().to_owned(), json!({ "status": status, "kind": kind }))
        };
        let stores: Map<_, _> = state.stores.iter().map(store).collect();
        let status = match state.phase {
            Phase::Starting => "starting",
            Phase::Draining => "draining",
            Phase::Serving if all_up => "ready",
            Phase::Serving => "degraded",
        };
        let serves = state.phase == Phase::Serving && (up(Role::Users) || up(Role::Posts));
        (serves, json!({ "status": status, "stores": stores }))
    });
    let status = if serves { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_at_a_store_is_news_and_then_each_change() {
        let health = Health::starting([(Role::Users, "one"), (Role::Posts, "other")]);
        let news = [false, false, true, true, false].map(|up| health.observe(Role::Users, up));
        assert_eq!(news, [true, false, true, false, true]);
        assert!(health.observe(Role::Posts, true), "of another store");
    }
}
