//! Where an outside issuer's keys are: a file, or a URL.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, redirect};

use crate::ports::{ErrorKind, KeySource, Role, StoreError, StoreResult};

/// More than any issuer's key set has.
const MOST_BYTES: usize = 256 * 1024;

/// A key set in a file, read anew each time.
pub(super) struct FileKeys(pub PathBuf);

#[async_trait]
impl KeySource for FileKeys {
    async fn fetch(&self) -> StoreResult<Vec<u8>> {
        tokio::fs::read(&self.0).await.map_err(unavailable)
    }
}

/// A key set at a URL.
pub(super) struct UrlKeys {
    client: reqwest::Result<Client>,
    url: String,
}

impl UrlKeys {
    /// Keys at `url`, each fetch within `timeout`. Redirects are not followed: they could lead away from TLS.
    pub fn new(url: String, timeout: Duration) -> Self {
        Self { client: Client::builder().timeout(timeout).redirect(redirect::Policy::none()).build(), url }
    }
}

#[async_trait]
impl KeySource for UrlKeys {
    async fn fetch(&self) -> StoreResult<Vec<u8>> {
        let client = self.client.as_ref().map_err(|error| unavailable(error.to_string()))?;
        let answer = client.get(&self.url).send().await.map_err(unavailable)?;
        let mut answer = answer.error_for_status().map_err(unavailable)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unavailable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                return Err(unavailable("the key set is too large"));
            }
        }
        Ok(body)
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(Role::Users, ErrorKind::Unavailable, error)
}
