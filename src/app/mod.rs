//! The composition root: what ties configuration, stores and doors together, and how it shows itself to people.

pub mod progress;
