//! Layers: what every call of a store goes through, whatever the store and the method, as a decorator of its port.
//!
//! A port's decorator says for each method what call it is and how to make it; a [`Policy`] decides what happens
//! around it. For requests that is a [`Guard`]. Policies never see arguments or answers, only how large they are.

mod accounts;
mod breaker;
mod bulkhead;
mod guard;
mod measure;
mod policy;
mod posts;
mod publishing;
mod search;
#[cfg(test)]
mod tests;
mod traced;
mod users;

use std::sync::Arc;

pub use guard::{Guard, GuardLimits};
pub use measure::Rows;
pub use policy::{Call, CallLog, Deadline, Effect, Policy};
pub use traced::traced;

/// A store behind a policy. It implements the port that the store does.
pub struct Layered<S: ?Sized, P> {
    store: Arc<S>,
    policy: P,
}

impl<S: ?Sized, P: Policy> Layered<S, P> {
    /// Puts `store` behind `policy`.
    pub fn new(store: Arc<S>, policy: P) -> Arc<Self> {
        Arc::new(Self { store, policy })
    }
}

/// Implements a port for [`Layered`]: each method goes to the store through the policy, as a call that reads, one that
/// scans (reads much, in place of the index), one that sets (which may be made again where it was not made) or one that
/// writes.
macro_rules! layered {
    (
        $port:ident for $role:expr;
        $($effect:ident fn $method:ident(&self $(, $arg:ident: $type:ty)*) -> $answer:ty;)*
    ) => {
        use $crate::stores::layer::measure::{Argument, Unmeasured as _};

        #[async_trait::async_trait]
        impl<P: $crate::stores::layer::Policy> $crate::ports::Backend
            for $crate::stores::layer::Layered<dyn $crate::ports::$port, P>
        {
            fn kind(&self) -> &'static str {
                self.store.kind()
            }

            async fn check(&self) -> $crate::ports::StoreResult<String> {
                self.store.check().await
            }
        }

        #[async_trait::async_trait]
        impl<P: $crate::stores::layer::Policy> $crate::ports::$port
            for $crate::stores::layer::Layered<dyn $crate::ports::$port, P>
        {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $crate::ports::StoreResult<$answer> {
                    let call = $crate::stores::layer::Call {
                        keys: None$(.or(Argument(&$arg).keys()))*,
                        omitted: None$(.or(Argument(&$arg).omitted()))*,
                        ..$crate::stores::layer::Call::$effect($role, stringify!($method))
                    };
                    self.policy.around(call, || self.store.$method($($arg),*)).await
                }
            )*
        }
    };
}
use layered;
