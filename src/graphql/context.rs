//! What a request carries to its resolvers.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;

use super::errors::{ApiError, Result};
use super::explain::Explain;
use crate::domain::{SignedIn, UserId, Viewer};
use crate::loaders::Loaders;
use crate::ports::{ErrorKind, Role, StoreError, Stores, TokenHash};
use crate::services::fallback::Answered;
use crate::services::use_cases::UseCases;

/// The stores, the lanes to them, and who is asking: made anew for each request.
#[derive(Clone)]
pub struct RequestContext {
    /// The stores, for what is not a batched lookup.
    pub stores: Stores,
    /// The lanes of this request.
    pub loaders: Arc<Loaders>,
    /// What the viewer may do.
    pub use_cases: UseCases,
    /// Who is asking.
    pub viewer: Viewer,
    /// By which session, where they are signed in by one of ours.
    pub session: Option<TokenHash>,
    /// Whether they are still signed in, as far as can be told now.
    pub is_confirmed: bool,
    /// From where.
    pub address: IpAddr,
    /// What to explain beside the response, if that is wanted.
    pub(super) explain: Option<Explain>,
    /// Whether to say what the operation may cost.
    pub(super) tells_cost: bool,
    noted: Arc<Noted>,
}

/// What fields of a request note for others, and for the response.
#[derive(Default)]
pub(super) struct Noted {
    /// Whether the viewer has left by a field of this very request: what follows must not act for them.
    has_left: AtomicBool,
    /// Who signed in by a field of this very request.
    entered: Mutex<Vec<UserId>>,
    /// Whether the index was down, and the truth answered in its place.
    lacks_index: AtomicBool,
}

impl Noted {
    /// The store in whose place another has answered.
    pub(super) fn degraded(&self) -> Option<Role> {
        self.lacks_index.load(Ordering::Relaxed).then_some(Role::Search)
    }
}

/// Opens the lanes of a request to these stores: [`Loaders::new`], unless schedulers are compared.
pub type Loading = fn(&Stores, Option<UserId>) -> Loaders;

/// Who is asking, by which session, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Who.
    pub viewer: Viewer,
    /// By which session, where they are signed in by one of ours.
    pub session: Option<TokenHash>,
    /// Whether they are still signed in, as far as can be told now.
    pub is_confirmed: bool,
    /// From where.
    pub address: IpAddr,
}

impl RequestContext {
    /// The context of a request of `asker`, whose lanes are opened by `loading`.
    pub fn new(loading: Loading, stores: Stores, use_cases: UseCases, asker: Asker) -> Self {
        let loaders = loading(&stores, asker.viewer.id());
        Self::through(Arc::new(loaders), stores, use_cases, asker)
    }

    /// The context of what `asker` is told of an event, which loads through these lanes.
    pub fn through(loaders: Arc<Loaders>, stores: Stores, use_cases: UseCases, asker: Asker) -> Self {
        let Asker { viewer, session, is_confirmed, address } = asker;
        Self {
            stores,
            loaders,
            use_cases,
            viewer,
            session,
            is_confirmed,
            address,
            explain: None,
            tells_cost: false,
            noted: Arc::default(),
        }
    }

    /// The context, of a request that is to be explained.
    #[must_use]
    pub fn explained(self, explain: Explain) -> Self {
        Self { explain: Some(explain), ..self }
    }

    /// The context, of a request whose response is to say what it may cost, if `told`.
    #[must_use]
    pub fn telling_cost(self, told: bool) -> Self {
        Self { tells_cost: told, ..self }
    }

    /// The context of the request that `ctx` resolves a field of.
    pub(super) fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_unchecked()
    }

    /// The viewer, where somebody must be signed in.
    pub(super) fn signed_in(&self) -> Result<UserId> {
        self.viewer.id().ok_or(ApiError::Unauthenticated)
    }

    /// Notes that the session of the viewer was ended by a field of this request, or their account closed.
    pub(super) fn leave(&self) {
        self.noted.has_left.store(true, Ordering::Relaxed);
    }

    /// The answer, having noted whether the index had no part in it.
    pub(super) fn answered<T>(&self, Answered { answer, is_degraded }: Answered<T>) -> T {
        if is_degraded {
            self.noted.lacks_index.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// What the fields of this request note.
    pub(super) fn noted(&self) -> Arc<Noted> {
        Arc::clone(&self.noted)
    }

    /// Notes that a field of this request handed out a token of this user's.
    pub(super) fn enter(&self, user: UserId) {
        self.noted.entered.lock().unwrap_or_else(PoisonError::into_inner).push(user);
    }

    /// Who sees what is `user`'s own: the viewer, or the user where a token of theirs was handed out with this response.
    pub(super) fn who_sees(&self, user: UserId) -> Option<SignedIn> {
        let has_entered = self.noted.entered.lock().unwrap_or_else(PoisonError::into_inner).contains(&user);
        SignedIn::of(if has_entered { Viewer::User(user) } else { self.viewer })
    }

    /// The viewer as one who acts.
    pub(super) fn signed_in_user(&self) -> Result<SignedIn> {
        if self.noted.has_left.load(Ordering::Relaxed) {
            return Err(ApiError::Unauthenticated);
        }
        let who = SignedIn::of(self.viewer).ok_or(ApiError::Unauthenticated)?;
        if self.is_confirmed {
            return Ok(who);
        }
        let reason = "whether the session was ended can't be told";
        Err(StoreError::new(Role::Users, ErrorKind::Unavailable, reason).into())
    }
}
