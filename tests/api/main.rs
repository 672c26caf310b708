//! The API from outside: over HTTP, on the embedded stores and on the real ones, held to the same expectations.
//!
//! Most tests are made twice by [`support::on_both`]: `NAME::embedded` and `NAME::real`. They share one world for each
//! set of stores, seeded once, and only read; a test that writes or breaks something opens a world of its own. Every
//! answer, whatever the test looks at, is checked for what holds for all of them (`support::answer`).

mod attacks;
mod authorization;
mod bad_input;
mod batches;
mod binary;
mod cache;
mod cancelling;
mod deadline;
mod differential;
mod documents;
mod events;
mod explain;
mod exposure;
mod federation;
mod fields;
mod fuzz;
mod golden;
mod graphiql;
mod limits;
mod live;
mod outage;
mod outside;
mod overload;
mod pagination;
mod rate_limits;
mod readme;
#[path = "../contract/cache/relay.rs"]
mod relay;
mod sessions;
mod stores_over_tls;
mod support;
mod throttling;
mod timing;
mod tls;
mod without_index;
mod writing;
