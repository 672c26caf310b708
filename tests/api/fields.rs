//! What fields say, compared with what follows from the demo data by brute force.

mod analytics;
mod search;
mod suggestions;
mod values;
