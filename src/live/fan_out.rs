//! Resolves events for all who are told of them, in one batching scope.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::join_all;

use super::hub::{Hub, Job};
use super::{Telling, is_public};
use crate::domain::{About, UserId};
use crate::graphql::{Asker, RequestContext, Standing, Told};
use crate::loaders::Loaders;
use crate::loaders::batch::Scope;
use crate::ports::{StoreResult, deadline};

pub(super) struct FanOut(pub Telling);

/// One response to be made.
pub(super) struct Task<'a> {
    pub standing: &'a Standing,
    pub asker: Asker,
    pub about: About,
    pub request_id: &'a str,
}

impl<'a> From<&'a Job> for Task<'a> {
    fn from(job: &'a Job) -> Self {
        Self { standing: &job.standing, asker: job.asker, about: job.about, request_id: &job.id }
    }
}

impl FanOut {
    /// Makes these responses side by side, in their order. All that does not depend on who asks is loaded together: one
    /// store call for each key space and level. `None` where one can't be made, which is a defect.
    pub(super) async fn resolve(&self, tasks: Vec<Task<'_>>) -> Vec<Option<Told>> {
        let Telling { schema, stores, use_cases, patience, now } = &self.0;
        let mut scope = Scope::default();
        let public = Arc::new(Loaders::scheduled(&mut scope, stores, None));
        let mut own: HashMap<Option<UserId>, Arc<Loaders>> = HashMap::new();
        let mut responses = Vec::with_capacity(tasks.len());
        for Task { standing, asker, about, request_id } in tasks {
            let viewer = asker.viewer.id();
            let loaders = if is_public(standing) {
                &public
            } else {
                own.entry(viewer).or_insert_with(|| Arc::new(public.beside(&mut scope, stores, viewer)))
            };
            let context = RequestContext::through(Arc::clone(loaders), stores.clone(), use_cases.clone(), asker);
            let response = standing.resolve(schema, context, about, request_id);
            responses.push(AssertUnwindSafe(response).catch_unwind());
        }
        let responses = deadline::within(*now, *patience, scope.run(join_all(responses))).await;
        let responses = responses.into_iter().map(|response| match response {
            Ok(Ok(told)) => Some(told),
            Ok(Err(error)) => {
                tracing::error!(%error, "what an event comes to could not be serialised");
                None
            }
            Err(_) => {
                tracing::error!("resolving an event panicked");
                None
            }
        });
        responses.collect()
    }

    /// Which of `viewers` follow `author` now.
    pub(super) async fn followers(&self, author: UserId, viewers: &[UserId]) -> StoreResult<HashSet<UserId>> {
        let Telling { stores, patience, now, .. } = &self.0;
        deadline::within(*now, *patience, stores.users.followers_among(author, viewers)).await
    }

    /// Finds out for the feeds among these jobs who follows the author: one store call for each author. Those about whom
    /// it can't be told have missed it.
    pub(super) async fn choose_followers(&self, hub: &Hub, jobs: &mut Vec<Job>) {
        let mut viewers: HashMap<UserId, HashSet<UserId>> = HashMap::new();
        for job in jobs.iter() {
            if let Some(author) = job.followers_of {
                viewers.entry(author).or_default().extend(hub.viewers(job));
            }
        }
        let asked = viewers.into_iter().map(async |(author, viewers)| {
            let viewers: Vec<UserId> = viewers.into_iter().collect();
            (author, self.followers(author, &viewers).await)
        });
        let followers: HashMap<_, _> = join_all(asked).await.into_iter().collect();
        jobs.retain_mut(|job| match job.followers_of.and_then(|author| followers.get(&author)) {
            None => true,
            Some(Ok(followers)) => {
                job.among = Some(followers.clone());
                // Where nobody is told, nothing is read.
                !followers.is_empty()
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "whose feed a post belongs to can't be told");
                hub.tell(job, None);
                false
            }
        });
    }
}
