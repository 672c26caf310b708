//! Stores: an adapter for each engine, and the layers that every call goes through.
//!
//! Adapters translate between a port and a driver, and know of nothing else: not of each other, not of GraphQL.

pub mod amqp;
pub mod elastic;
pub mod layer;
pub mod memory;
pub mod mongo;
pub mod redis;
pub mod sql;
pub mod tantivy;
