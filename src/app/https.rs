//! HTTPS, where a certificate is configured: read at the start, and read again on SIGHUP.

use std::future::Future;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::AppError;
use super::serve::no_signals;
use crate::config::Config;
use crate::http::Tls;

/// What connections are encrypted with, if they are.
///
/// # Errors
/// When certificate and key can't be used.
pub(super) async fn open(config: &Config) -> Result<Option<Arc<Tls>>, AppError> {
    let Some(files) = config.server.tls.clone() else { return Ok(None) };
    let opened = Tls::open(files).await.map_err(|error| {
        AppError::new("HTTPS can't be served. Mend what tls_certificate and tls_key name, or unset both.", error)
    });
    Ok(Some(Arc::new(opened?)))
}

/// Reads certificate and key again each time that the process gets SIGHUP; never ends. Without TLS the signal is left
/// alone: it then ends the process, as it does when a terminal is closed.
pub(super) fn renewing(tls: Option<Arc<Tls>>) -> Result<impl Future<Output = ()>, AppError> {
    let renewal = tls.map(|tls| Ok((tls, signal(SignalKind::hangup()).map_err(no_signals)?))).transpose()?;
    Ok(async move {
        let Some((tls, mut told)) = renewal else { return std::future::pending().await };
        while told.recv().await.is_some() {
            match tls.reload().await {
                Ok(()) => tracing::info!("new connections get the certificate as it is now (SIGHUP)"),
                Err(error) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the certificate was not read again, and the one in use stays (SIGHUP)"
                ),
            }
        }
    })
}
