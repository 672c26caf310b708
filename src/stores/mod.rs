//! Adapters: what the ports ask, said to each engine in its own language. None of them knows another one.

pub mod memory;
pub mod redis;
