//! Begins an operation: the answer to a query or mutation, or what a subscription is told.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures::stream::{BoxStream, StreamExt as _};

use super::super::accept::MediaType;
use super::super::caching::{Verdict, Why};
use super::super::graphql::{self, Exchange};
use super::super::request::Encoded;
use super::super::request_id::RequestId;
use crate::cache::Form;
use crate::graphql::{Asker, ErrorCode, Opened, Standing, open};
use crate::http::Gateway;
use crate::live::Frame;
use crate::ports::{Position, deadline};
use crate::services::identity::Identified;
use crate::services::rate_limits::Payer;

/// What an operation has come to at its beginning.
pub(in crate::http) enum Begun {
    /// It is answered.
    Answered(Response),
    /// It is a subscription, which is told this.
    Told {
        frames: BoxStream<'static, Frame>,
        /// By what whoever asked was identified.
        identified: Option<Identified>,
    },
}

/// Begins an operation that came with these headers. A subscription is told first what happened after the position
/// `after`.
pub(in crate::http) async fn begin(
    gateway: &Arc<Gateway>,
    id: &RequestId,
    headers: &HeaderMap,
    encoded: Encoded<'_>,
    after: Option<Position>,
) -> Begun {
    let is_get = encoded.form == Form::Parameters;
    let exchange = Exchange { gateway, id, headers, media: MediaType::GraphqlResponse, is_get };
    let opened = deadline::within(gateway.now, gateway.request_timeout, exchange.open(encoded)).await;
    match opened {
        Ok(None) => Begun::Answered(graphql::answer(gateway, id, headers, encoded).await),
        Err(refusal) => Begun::Answered(*refusal),
        Ok(Some((standing, asker, identified))) => {
            let payer = Payer::of(asker.viewer, id.address);
            let Some(slot) = gateway.live.clients.enter(payer) else {
                let message = format!(
                    "At most {} subscriptions at once. End some of them first.",
                    gateway.live.limits.client_subscriptions
                );
                let refusal = exchange.refuse(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, &message);
                return Begun::Answered(refusal);
            };
            let frames = gateway.live.live.subscribe(standing, asker, after);
            // The place is left when the stream is dropped.
            let frames = frames.map(move |frame| {
                let _ = &slot;
                frame
            });
            Begun::Told { frames: frames.boxed(), identified }
        }
    }
}

impl Exchange<'_> {
    /// Opens the operation, if it is a subscription; `Err` where it is refused.
    async fn open(
        &self,
        encoded: Encoded<'_>,
    ) -> Result<Option<(Arc<Standing>, Asker, Option<Identified>)>, Box<Response>> {
        let mut ready = self.prepare(self.decode(encoded)?).await?;
        if !ready.is_subscription() {
            return Ok(None);
        }
        let identified = self.identify().await?;
        let asker = self.asker(identified, false);
        self.charge(Payer::of(asker.viewer, self.id.address), || ready.cost(&self.gateway.schema)).await?;
        let context = self.context(self.gateway.stores.clone(), asker);
        match open(&self.gateway.schema, context, ready, &self.id.id).await {
            Ok(Opened::Standing(standing)) => Ok(Some((standing, asker, identified))),
            Ok(Opened::Refused(refused)) => Err(Box::new(self.executed(refused, None, Verdict::Bypass(Why::Refused)))),
            Err(error) => {
                tracing::error!(%error, "a refusal could not be serialised");
                let message = "Something went wrong on our side.";
                Err(Box::new(self.refuse(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, message)))
            }
        }
    }
}
