//! Adapters: each makes an engine keep a port's promises. They know the domain and the ports, never each other.

pub mod tantivy;
