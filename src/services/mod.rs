//! Use cases that span stores: each is written against the ports alone.

pub mod accounts;
pub mod deletion;
pub mod documents;
pub mod fallback;
pub mod feed;
pub mod follows;
pub mod identity;
pub mod likes;
pub mod outcome;
pub mod outside;
pub mod passwords;
pub mod progress;
pub mod publishing;
pub mod rate_limits;
pub mod reindex;
pub mod seed;
pub mod sessions;
pub mod stamps;
pub mod sweeping;
#[cfg(test)]
pub(crate) mod testing;
pub mod throttling;
pub mod use_cases;
pub mod verify;
