//! Waking the relay when something was written here, so that it need not wait for its next look.

use tokio::sync::watch;

/// Wakes every loop of a relay. A loop that is at work when it is woken looks again afterwards. Clones wake the same.
#[derive(Debug, Clone)]
pub struct Wake(watch::Sender<()>);

impl Default for Wake {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Wake {
    /// Says that there are new events in an outbox.
    pub fn wake(&self) {
        self.0.send_replace(());
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
