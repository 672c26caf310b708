//! What a single gateway keeps in its own memory, where no Redis is configured.

mod cache;

pub use cache::MemoryCache;
