//! What the tests of this module share: claims in short form.

use uuid::Uuid;

use crate::domain::event::{Aggregate, Happened, Stamp};
use crate::domain::{PostId, Timestamp, UserId};
use crate::ports::{Claim, Waiting};

pub(super) fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

pub(super) fn post(n: u128) -> PostId {
    PostId(Uuid::from_u128(n))
}

/// A claim of first tries, with the version of each event.
pub(super) fn claim(aggregate: impl Into<Aggregate>, events: &[(u64, Happened)]) -> Claim {
    let aggregate = aggregate.into();
    let waiting = |&(version, happened): &(u64, Happened)| {
        let event = Uuid::from_u128((aggregate.uuid().as_u128() << 64) | u128::from(version));
        let stamp = Stamp { at: Timestamp::from_millis(0), event };
        Waiting { event: stamp.event(aggregate, version, happened), attempts: 0 }
    };
    Claim { aggregate, events: events.iter().map(waiting).collect() }
}
