//! A set of stores, and the answers that Polygraph makes from them without a cache: what is kept has to be the same.

use std::path::PathBuf;
use std::rc::Rc;

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::Value;
use tempfile::TempDir;

use super::TTL_SECONDS;
use crate::gateway::{Binary, RESULT_CACHE_TTL};
use crate::peers::compare::difference;
use crate::peers::contender::Role;
use crate::peers::load::Load;
use crate::peers::question::Question;
use crate::peers::rounds::Running;
use crate::peers::wire::{Connection, headers};
use crate::peers::world::World;
use crate::{Failure, Which};

/// Seeded stores, and what is answered from them.
pub(crate) struct Side {
    pub(crate) world: World,
    /// Polygraph on them, with its cache.
    pub(crate) binary: Binary,
    /// Bodies and answers, by question.
    made: Vec<Vec<(Bytes, Bytes)>>,
    files: TempDir,
}

impl Side {
    /// Seeds stores.
    pub(crate) async fn make(which: Which) -> Result<Self, Failure> {
        let world = World::make(which, "cached").await?;
        // Longer than any run: what is measured are answers that are kept.
        let binary = world.binary.with([(RESULT_CACHE_TTL, format!("{TTL_SECONDS}s").into())]);
        let files = tempfile::Builder::new().prefix("bench-").tempdir_in("target")?;
        Ok(Self { world, binary, made: Vec::new(), files })
    }

    /// Has all answers made, by a gateway that keeps none.
    pub(crate) async fn learn(&mut self, questions: &[Question]) -> Result<(), Failure> {
        let gateway = self.world.binary.serve()?;
        let mut connection = Connection::open(gateway.url()).await?;
        for question in questions {
            let headers = headers(question, &self.world.viewer)?;
            let mut made = Vec::new();
            for body in question.bodies() {
                let answer = connection.ask_until(&headers, body, is_made).await?;
                question.data(&answer)?;
                made.push((body.clone(), answer));
            }
            self.made.push(made);
        }
        // The next gateway needs the embedded stores for itself.
        gateway.stop()
    }

    /// Writes what the bare handlers answer with: these very bytes.
    pub(crate) fn answers(&self) -> Result<PathBuf, Failure> {
        let texts = self.made.iter().flatten().map(|pair| {
            let (body, answer) = (std::str::from_utf8(&pair.0)?, std::str::from_utf8(&pair.1)?);
            Ok::<_, Failure>((body, answer))
        });
        let path = self.files.path().canonicalize()?.join("answers.json");
        std::fs::write(&path, serde_json::to_vec(&texts.collect::<Result<Vec<_>, _>>()?)?)?;
        Ok(path)
    }

    /// Has a contender keep all answers, and fails where one that it kept is not the one that was made. What is returned
    /// is the load for each question.
    pub(crate) async fn loads(&self, contender: &Running, questions: &[Question]) -> Result<Vec<Rc<Load>>, Failure> {
        let is_kept = if contender.role == Role::Polygraph { is_hit } else { is_any };
        let mut connection = Connection::open(contender.url()).await?;
        let mut loads = Vec::with_capacity(questions.len());
        for (question, made) in questions.iter().zip(&self.made) {
            let named = |error: Failure| format!("{}, {}: {error}", contender.title, question.name);
            let headers = headers(question, &self.world.viewer)?;
            let mut requests = Vec::with_capacity(made.len());
            for (body, made) in made {
                connection.ask(&headers, body).await.map_err(named)?;
                let kept = connection.ask_until(&headers, body, is_kept).await.map_err(named)?;
                let data = |answer: &Bytes| question.data(answer).map_err(named);
                let (made, found): (Value, Value) = (data(made)?, data(&kept)?);
                if let Some(difference) = difference(&made, &found) {
                    return Err(
                        named(format!("not the answer that is made without a cache: {difference}").into()).into()
                    );
                }
                requests.push((body.clone(), kept.len()));
            }
            loads.push(Rc::new(Load { headers, requests, is_expected: is_kept }));
        }
        Ok(loads)
    }
}

/// What Polygraph's cache did for an answer.
fn verdict(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-cache")?.to_str().ok()
}

fn is_made(headers: &HeaderMap) -> bool {
    verdict(headers) == Some("BYPASS; reason=off")
}

/// Whether Polygraph had kept an answer.
pub(crate) fn is_hit(headers: &HeaderMap) -> bool {
    verdict(headers) == Some("HIT")
}

/// Others don't tell.
fn is_any(_: &HeaderMap) -> bool {
    true
}

/// Whether an answer was kept, as far as its headers tell.
pub(crate) fn may_be_kept(headers: &HeaderMap) -> bool {
    verdict(headers).is_none() || is_hit(headers)
}
