//! Adapters: one module per engine, each implementing ports. They never use each other.

pub mod elastic;
