//! Demo data: a small society that is the same wherever the same plan is sown.
//!
//! [`SeedPlan`] holds the numbers, [`DemoData`] makes the people, follows, posts and likes of a plan one by one, and
//! [`run()`] sows them in the stores. Everything is drawn from dice that are seeded per item (the plan's seed, what is
//! drawn, its index), so that an item does not depend on those made before it. Times count back from [`TODAY`], a
//! fixed day. What must add up over many items (totals that are exact, pairs that are distinct) holds by
//! construction: counts are shares of the total (`shares`), and who is meant by them is a seeded shuffling of all
//! candidates that is computed and never stored (`shuffle`). Memory is a few dozen bytes for each user and post, and
//! nothing for a like or a follow.

mod bios;
mod data;
mod demo;
mod dice;
mod people;
mod plan;
mod prose;
mod report;
mod run;
mod shares;
mod shuffle;
mod timeline;
mod topics;

pub use data::DemoData;
pub use demo::{EMAIL as DEMO_EMAIL, HANDLE as DEMO_HANDLE, PASSWORD as DEMO_PASSWORD};
pub use plan::SeedPlan;
pub use report::{SeedReport, StageReport};
pub use run::{SeedError, run};
pub use timeline::TODAY;
