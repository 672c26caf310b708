//! The contract of each port, held against every backend that has an adapter for it.
//!
//! A module per port, in it a submodule per backend. Backends that are servers are found by their
//! `POLYGRAPH_TEST_…_URL`; where one is missing the test fails and says so, since a skipped contract is none.

mod accounts;
mod cache;
mod documents;
mod elastic;
mod event_bus;
mod explain_mongo;
mod explain_sql;
mod fixture;
mod lost_answers;
mod migrations_elastic;
mod mongo_outbox;
mod outbox;
mod posts;
mod publishing;
mod rate_limit;
mod register;
mod search;
mod sessions;
mod sql;
mod support;
mod throttle;
mod users;
