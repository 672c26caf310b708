//! Idle-triggered batching: one batch per key space per level of a request, without a timer.
//!
//! A request is one future. It is polled until it is *idle*: it returned `Pending`, and nothing that it polled woke it
//! meanwhile. Then every part of it that can ask for a key has asked, and that is the moment to send the batches of
//! all key spaces at once. The batches are driven inside the same task, so dropping the request cancels them and
//! tracing context is kept; nothing is spawned.
//!
//! ```text
//!            ┌──────────── poll the request ◄───────────────┐
//!            │                                              │ woken (an answer came, other I/O is ready,
//!   Pending  ▼            woken while it was polled?        │  or it yielded: see below)
//!          idle? ── no ─────────────────────────────────────┤
//!            │ yes                                          │
//!            ▼                                              │
//!   start a batch for each key space with waiting keys      │
//!            │                                              │
//!            ▼                                              │
//!   poll the batches in flight ── one is done: hand out ────┘
//!            │ none
//!            ▼
//!         Pending
//! ```
//!
//! The trap: a `FuturesUnordered` (as `try_join_all` uses above 30 siblings) yields after some polls by waking itself
//! and returning `Pending`. Flushing on that would send a fragment of a level. So the request is polled with a waker of
//! ours that notices self-wakes, and polled again before anything is sent.
//!
//! Nothing is ever delayed for the sake of a fuller batch: a sibling that does other I/O is not waited for, which
//! could deadlock. A key that is in flight already is shared, and what came is kept for the length of the [`Scope`].
//!
//! Nothing in here knows of the social graph.

mod lane;
mod scope;
mod signal;

/// What [`signal`] is made of.
mod sync {
    pub(super) use std::sync::Mutex;
    pub(super) use std::sync::atomic::{AtomicU8, Ordering};
}

pub use lane::{BatchPanicked, Lane};
pub use scope::Scope;

#[cfg(test)]
mod tests;
