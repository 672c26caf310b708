//! What a single gateway keeps in its own memory, where no Redis is configured.

mod cache;
mod documents;
mod events;
mod events_group;
mod rate_limit;
mod sessions;
#[cfg(test)]
mod testing;
mod throttle;

pub use cache::MemoryCache;
pub use documents::MemoryDocuments;
pub use events::MemoryEvents;
pub use rate_limit::MemoryRateLimiter;
pub use sessions::MemorySessions;
pub use throttle::MemoryThrottle;
