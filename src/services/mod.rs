//! Use cases that span stores.

pub mod feed;
pub mod identity;
