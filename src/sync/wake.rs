//! Waking the relay when something was written here, so that it need not wait for its next look.

use tokio::sync::watch;

use crate::ports::Projection;

/// Wakes the loops of a relay. A loop that is at work when it is woken looks again afterwards. Clones wake the same.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    /// Of all projections but the one below.
    written: watch::Sender<()>,
    /// Of the deletion, which most writes are nothing to.
    closed: watch::Sender<()>,
}

impl Wake {
    /// Says that there are new events in an outbox, none of which tells that an account was closed.
    pub fn written(&self) {
        self.written.send_replace(());
    }

    /// Says that an account was closed.
    pub fn closed(&self) {
        self.written();
        self.closed.send_replace(());
    }

    /// What changes when the loops of this projection are woken.
    pub(crate) fn subscribe(&self, projection: Projection) -> watch::Receiver<()> {
        match projection {
            Projection::Deletion => self.closed.subscribe(),
            _ => self.written.subscribe(),
        }
    }
}
