//! What everybody serves: the demo data in a namespace of this run, and somebody who is signed in.

use std::path::Path;
use std::process::Stdio;

use polygraph::services::seed::{DEMO_HANDLE, DEMO_PASSWORD};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::wire::{Connection, Viewer, json_headers};
use crate::gateway::Binary;
use crate::{Failure, Which};

const SIGN_IN: &str = "mutation ($login: String!, $password: String!) {
    signIn(input: { login: $login, password: $password }) { user { id } accessToken { token } userErrors { message } }
}";

/// Seeded stores.
pub(crate) struct World {
    /// Polygraph on them. Its environment tells any program where they are: `DATABASE_URL`, `MONGODB_URL`,
    /// `ELASTICSEARCH_URL`, and `POLYGRAPH_NAMESPACE`, which names the schema in PostgreSQL and begins the names of
    /// collections and indexes.
    pub(crate) binary: Binary,
    /// Who asks for what is personal.
    pub(crate) viewer: Viewer,
    /// Whatever Polygraph keeps on the disk beside its stores.
    _directory: TempDir,
}

impl World {
    /// Seeds such stores in a namespace of this name, and signs somebody in.
    pub(crate) async fn make(which: Which, name: &str) -> Result<Self, Failure> {
        std::fs::create_dir_all("target")?;
        let directory = tempfile::Builder::new().prefix("bench-").tempdir_in(Path::new("target").canonicalize()?)?;
        let binary = Binary::new(which, directory.path(), name)?;
        let seeded = binary.command(&["seed".to_owned()]).stdout(Stdio::null()).status()?;
        if !seeded.success() {
            return Err(format!("seeding failed: {seeded}").into());
        }
        if which != Which::Embedded {
            show_all(&binary).await?;
        }
        // Hashing a password takes memory, which is not to be found in the figures: this gateway is not measured.
        let gateway = binary.serve()?;
        let viewer = sign_in(gateway.url()).await?;
        gateway.stop()?;
        Ok(Self { binary, viewer, _directory: directory })
    }
}

/// Makes the index show all that it was given: it does so by itself once a second, with part of it before.
async fn show_all(binary: &Binary) -> Result<(), Failure> {
    let value = |name: &str| binary.value(name).ok_or_else(|| format!("{name} is not set"));
    let (url, namespace) = (value("ELASTICSEARCH_URL")?, value("POLYGRAPH_NAMESPACE")?);
    let address = format!("{}/{namespace}-search/_refresh", url.trim_end_matches('/'));
    reqwest::Client::builder().no_proxy().build()?.post(address).send().await?.error_for_status()?;
    Ok(())
}

async fn sign_in(url: &str) -> Result<Viewer, Failure> {
    let variables = json!({ "login": DEMO_HANDLE, "password": DEMO_PASSWORD });
    let body = json!({ "query": SIGN_IN, "variables": variables }).to_string().into();
    let answer = Connection::open(url).await?.ask(&json_headers(), &body).await?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
    match (text("/data/signIn/accessToken/token"), text("/data/signIn/user/id")) {
        (Some(token), Some(id)) => Ok(Viewer { token, id }),
        _ => Err(format!("nobody could sign in: {answer}").into()),
    }
}
