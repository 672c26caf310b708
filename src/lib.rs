//! Polygraph: one GraphQL API over polyglot stores.
//!
//! Users and follows live in SQL, posts and likes in documents, search and analytics in an index, resolved results
//! in a cache; one request joins them. `docs/architecture.md` is the map of this crate, and a test holds the imports
//! between its modules to it.

pub mod app;
pub mod cache;
pub mod cli;
pub mod config;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod live;

pub mod loaders;
pub mod ports;
pub mod services;
pub mod stores;
pub mod sync;
