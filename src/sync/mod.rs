//! What keeps everything derived in agreement with the truth: events from the outbox, projected.
//!
//! Every write leaves its event in the outbox, in the transaction of the fact. The [`Relay`] claims events for each
//! [`Projection`](crate::ports::Projection) and hands them to its [`Projector`], at least once each. A projector reads
//! the truth again and writes what it finds with the truth's own version, so events that come late, twice or out of
//! order do no harm, and any number of relays may run at once.

mod bus;
mod deletion;
mod index;
mod projector;
mod relay;
mod results;
mod status;
#[cfg(test)]
mod testing;
mod wake;
mod worker;

pub use bus::BusProjection;
pub use deletion::{ClosedAccounts, DeletionProjection};
pub use index::{Derived, IndexProjection, Truth};
pub use projector::{ProjectError, Projector};
pub use relay::Relay;
pub use results::{Forgets, Invalidating};
pub use status::status;
pub use wake::Wake;
