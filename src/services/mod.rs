//! Use cases that span stores.

pub mod feed;
pub mod identity;
pub mod progress;
pub mod reindex;
pub mod seed;
