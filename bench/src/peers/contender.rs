//! Whoever is measured: a program that serves the five queries from the seeded stores.
//!
//! To add one, write a program that reads what [`Binary::env`] names from its environment, prints
//! `Listening on http://ADDRESS` once it serves `POST /graphql` there, and add it to [`all`]. Whatever it serves is
//! first compared with Polygraph's answers. It may be this program itself, with a subcommand of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::gateway::Binary;

/// What a contender is there for: it decides which budget it is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one whose figures these are.
    Polygraph,
    /// What the same batches cost without GraphQL, written by hand.
    Floor,
    /// Polygraph itself with the scheduler of another loader.
    OtherLoader,
    /// Another GraphQL server.
    Peer,
}

impl Role {
    /// The role's name in the figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Polygraph => "polygraph",
            Self::Floor => "floor",
            Self::OtherLoader => "other loader",
            Self::Peer => "peer",
        }
    }
}

/// A program that can be measured.
pub(crate) struct Contender {
    /// A short name for options and figures.
    pub(crate) name: &'static str,
    /// The name that readers see.
    pub(crate) title: &'static str,
    /// What it is there for.
    pub(crate) role: Role,
    /// Starts it.
    pub(crate) command: Command,
}

/// The setting that makes Polygraph, and what is made of its parts, wait for the stores longer than by default: the
/// others wait for ever, and 64 feeds at once may take seconds.
const PATIENCE: (&str, &str) = ("POLYGRAPH_STORE_TIMEOUT", "60s");

/// Everybody there is on these stores, Polygraph first: the others' answers are compared with its.
pub(crate) fn all(binary: &Binary) -> Result<Vec<Contender>, Failure> {
    let mut go = program(binary, built("peers-go")?, &peers()?.join("go"));
    go.env("GOGC", "400");
    let own = std::env::current_exe()?;
    let mut floor = program(binary, &own, Path::new("."));
    floor.arg("floor");
    let loader = |name, title, scheduler| {
        let mut command = program(binary, &own, Path::new("."));
        command.args(["loader", scheduler]);
        Contender { name, title, role: Role::OtherLoader, command }
    };
    Ok(vec![
        polygraph(binary, "polygraph", "Polygraph"),
        Contender { name: "floor", title: "by hand (axum)", role: Role::Floor, command: floor },
        loader("async-graphql-loader", "with async-graphql's", "async-graphql"),
        loader("dataloader-crate", "with dataloader's", "dataloader"),
        node(binary, "mercurius", "Mercurius (jit: 1)", &["mercurius.js"])?,
        node(binary, "yoga", "GraphQL Yoga", &["yoga.js"])?,
        node(binary, "yoga-tuned", "GraphQL Yoga, tuned", &["yoga.js", "--tuned"])?,
        node(binary, "apollo", "Apollo Server 5", &["apollo.js"])?,
        Contender { name: "go", title: "Go, graph-gophers", role: Role::Peer, command: go },
    ])
}

/// Polygraph as it is released, but for what the environment of `binary` sets.
pub(crate) fn polygraph(binary: &Binary, name: &'static str, title: &'static str) -> Contender {
    let mut command = binary.command(&[]);
    command.env(PATIENCE.0, PATIENCE.1);
    Contender { name, title, role: Role::Polygraph, command }
}

/// A peer on Node.js.
pub(crate) fn node(
    binary: &Binary,
    name: &'static str,
    title: &'static str,
    arguments: &[&str],
) -> Result<Contender, Failure> {
    let mut command = program(binary, "node", &peers()?.join("node"));
    command.args(arguments).env("NODE_ENV", "production");
    Ok(Contender { name, title, role: Role::Peer, command })
}

fn peers() -> Result<PathBuf, Failure> {
    Ok(Path::new("bench/peers").canonicalize().map_err(|_| "run this in the root of the repository")?)
}

/// A program beside this one.
fn built(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(format!("{} is not there: bench/run builds it", path.display()).into()) }
}

/// A program on the stores of `binary`, with nothing else of our own environment but what finds programs.
pub(crate) fn program(binary: &Binary, path: impl AsRef<Path>, folder: &Path) -> Command {
    let mut command = Command::new(path.as_ref());
    command.env_clear().envs(binary.env().iter().cloned()).envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    command
        .env(PATIENCE.0, PATIENCE.1)
        .env("HOST", "127.0.0.1")
        .env("PORT", "0")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}
