//! What the tests share: worlds, clients, and what is true of the demo data.

mod answer;
mod certificate;
mod client;
mod process;
mod society;
mod world;

use std::future::Future;
use std::net::TcpListener;
use std::sync::LazyLock;

use tokio::runtime::Runtime;

pub(crate) use answer::Answer;
pub(crate) use certificate::Certificate;
pub(crate) use client::Client;
pub(crate) use process::{Serving, polygraph};
pub(crate) use society::{Society, global};
pub(crate) use world::{Served, Which, World, clock, namespace, scratch, variables};

/// The one runtime of this process: the shared worlds' connections outlive the test that opened them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Runs a test to its end.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    RUNTIME.block_on(test)
}

/// The URL in the environment variable `name`.
pub(crate) fn env_url(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("set {name}: run `scripts/stores up`"))
}

/// An address where nothing listens.
pub(crate) fn dead_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// A URL's `host:port`.
pub(crate) fn authority(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest).to_owned()
}

/// Makes two tests of each named function, which takes the shared world of the embedded or of the real stores.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn embedded() {
                let world = crate::support::World::embedded();
                crate::support::run(super::$test(world));
            }

            #[test]
            fn real() {
                let world = crate::support::World::real();
                crate::support::run(super::$test(world));
            }
        }
    )+};
}
pub(crate) use on_both;
