//! Adapters: the ports, implemented for each engine. They never name each other.

pub mod sql;
