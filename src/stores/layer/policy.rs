//! What happens around a call.

use std::error::Error as _;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Rows;
use crate::ports::{ErrorKind, Role, StoreError, StoreResult};

/// A call of a store: one round trip, as the API counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    /// Which store.
    pub role: Role,
    /// Which method of its port.
    pub method: &'static str,
    /// What it does to what is stored.
    pub effect: Effect,
    /// How many keys it asks for together; `None` for what has no keys.
    pub keys: Option<u64>,
    /// What it leaves unread, since nothing selects it.
    pub omitted: Option<&'static str>,
}

/// What a call does to what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// Nothing, but it reads much, in place of a store that is made for it.
    Scans,
    /// It changes something, and done again it changes nothing more. Without an answer it may have been made or not.
    Sets,
    /// It changes something, done again it may do more. Without an answer it may have been made or not.
    Writes,
}

impl Call {
    /// A call that changes nothing.
    pub fn read(role: Role, method: &'static str) -> Self {
        Self { role, method, effect: Effect::Reads, keys: None, omitted: None }
    }

    /// A call that changes nothing and reads much.
    pub fn scan(role: Role, method: &'static str) -> Self {
        Self { effect: Effect::Scans, ..Self::read(role, method) }
    }

    /// A call that may change something, and does no harm if it is made again where it was not made.
    pub fn set(role: Role, method: &'static str) -> Self {
        Self { effect: Effect::Sets, ..Self::read(role, method) }
    }

    /// A call that may change something.
    pub fn write(role: Role, method: &'static str) -> Self {
        Self { effect: Effect::Writes, ..Self::read(role, method) }
    }

    /// Whether it may change something.
    pub fn writes(&self) -> bool {
        matches!(self.effect, Effect::Sets | Effect::Writes)
    }
}

/// What happens around every call of a store.
pub trait Policy: Send + Sync {
    /// Makes the call, or does not. `attempt` makes it anew whenever it is called.
    fn around<T, F>(
        &self,
        call: Call,
        attempt: impl Fn() -> F + Send + Sync,
    ) -> impl Future<Output = StoreResult<T>> + Send
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send;
}

/// No call takes longer than this: it is dropped then, and fails with [`ErrorKind::Timeout`], or if it writes with
/// [`ErrorKind::OutcomeUnknown`]. For work that nobody waits for; what requests ask goes through a
/// [`Guard`](super::Guard). A call that fails is logged.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Duration);

impl Policy for Deadline {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        let late = |_| {
            let kind = if call.writes() { ErrorKind::OutcomeUnknown } else { ErrorKind::Timeout };
            Err(StoreError::new(call.role, kind, format!("{} took too long", call.method)))
        };
        let answer = tokio::time::timeout(self.0, attempt()).await.unwrap_or_else(late);
        if let Err(error) = &answer {
            log(call, error);
        }
        answer
    }
}

/// Logs a call's failure, once for all the fields that asked together.
pub(super) fn log(call: Call, error: &StoreError) {
    let (role, method, kind) = (call.role.name(), call.method, error.kind);
    let source = error.source().map(ToString::to_string);
    match kind {
        ErrorKind::Internal => tracing::error!(role, method, source, "a call of a store failed"),
        _ => tracing::warn!(role, method, ?kind, source, "a store does not serve a call"),
    }
}

/// Remembers every call, for tests and explanations.
#[derive(Debug, Clone, Default)]
pub struct CallLog(Arc<Mutex<Vec<Call>>>);

impl CallLog {
    /// The calls since the last time, in the order in which they began.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Policy for CallLog {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        attempt().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Deadline = Deadline(Duration::from_secs(5));

    fn read() -> Call {
        Call::read(Role::Posts, "posts_by_id")
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_hangs_ends_at_its_deadline() {
        let error = LIMIT.around(read(), std::future::pending::<StoreResult<()>>).await.expect_err("late");
        assert_eq!((error.kind, error.role), (ErrorKind::Timeout, Role::Posts));
        assert_eq!(LIMIT.around(read(), || async { Ok(1_u64) }).await.expect("in time"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_knows_of_a_write_that_was_dropped_whether_it_was_made() {
        let write = Call::write(Role::Users, "create_account");
        let error = LIMIT.around(write, std::future::pending::<StoreResult<()>>).await.expect_err("late");
        assert_eq!((error.kind, error.role), (ErrorKind::OutcomeUnknown, Role::Users));
        let refusal = StoreError::new(Role::Users, ErrorKind::Unavailable, "not even begun");
        let refused = || std::future::ready(StoreResult::<()>::Err(refusal.clone()));
        let error = LIMIT.around(write, refused).await.expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Unavailable, "what the store says of a write is kept");
    }

    #[tokio::test]
    async fn calls_are_remembered_until_taken() {
        let log = CallLog::default();
        log.around(read(), || async { Ok(()) }).await.expect("done");
        assert_eq!(log.take(), [read()]);
        assert_eq!(log.take(), []);
    }
}
