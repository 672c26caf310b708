//! Use cases that span stores: each is written against the ports alone.

pub mod feed;
pub mod identity;
pub mod progress;
pub mod reindex;
pub mod seed;
pub mod verify;
