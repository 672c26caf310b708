//! What a single gateway keeps in its own memory, where no Redis is configured.

mod cache;
mod sessions;
mod throttle;

pub use cache::MemoryCache;
pub use sessions::MemorySessions;
pub use throttle::MemoryThrottle;
