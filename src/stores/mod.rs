//! Adapters: one module per engine, each implementing ports. They know nothing of each other, nor of GraphQL.

pub mod mongo;
