//! Suggestions of whom to follow.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::User;
use crate::domain::{self, page};
use crate::graphql::context::RequestContext;
use crate::graphql::errors::Result;
use crate::graphql::in_place::{InPlace, List};
use crate::graphql::pages::int;
use crate::graphql::scalars::AtMost;
use crate::graphql::weights::{Length, ListSize};
use crate::loaders::Mutuals;

/// Somebody worth following, since those whom the viewer follows do.
pub(in crate::graphql) struct FollowSuggestion {
    user: Arc<domain::User>,
    mutual_count: u64,
}

impl From<domain::Suggestion> for FollowSuggestion {
    fn from(suggestion: domain::Suggestion) -> Self {
        Self { user: Arc::new(suggestion.user), mutual_count: suggestion.mutual_count }
    }
}

/// Somebody worth following, since those whom the viewer follows do.
#[Object]
impl FollowSuggestion {
    /// Who is suggested.
    async fn user(&self) -> InPlace<User> {
        InPlace(User(Arc::clone(&self.user)))
    }

    /// How many of those whom the viewer follows follow them.
    async fn mutual_count(&self) -> i32 {
        int(self.mutual_count)
    }

    /// Who those are, the latest to follow them first.
    #[graphql(directive = ListSize::apply(Length::First))]
    async fn mutuals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most: 1 to 100.", default_with = "AtMost::default()")] first: AtMost<3>,
    ) -> async_graphql::Result<List<User>> {
        Ok(List(self.fetch_mutuals(ctx, first.0).await?))
    }
}

impl FollowSuggestion {
    pub(in crate::graphql) fn suggested(&self) -> &Arc<domain::User> {
        &self.user
    }

    async fn fetch_mutuals(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<User>> {
        let key = Mutuals { of: self.user.id, limit: page::limit("first", first)? };
        let loaders = &RequestContext::of(ctx).loaders;
        let users = loaders.users.mutuals.load(key).await?.unwrap_or_default();
        loaders.users.prime(users.iter());
        Ok(users.iter().cloned().map(User).collect())
    }
}
