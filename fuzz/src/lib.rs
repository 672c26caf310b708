//! What reads bytes of strangers: whatever they are, they are read or refused, and what is read means the same again.
//!
//! A target takes bytes and panics where something is wrong. libFuzzer calls each (`fuzz_targets/`, `scripts/fuzz`), and
//! so does a test with every file of `corpus/` in each run of the suite. What libFuzzer finds goes there.

mod documents;
mod frames;
mod requests;
mod searches;
mod tokens;

pub use documents::documents;
pub use frames::frames;
pub use requests::requests;
pub use searches::searches;
pub use tokens::{cursors, ids};

/// Panics where something is wrong with these bytes.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus.
pub const TARGETS: [(&str, Target); 6] = [
    ("ids", ids),
    ("cursors", cursors),
    ("requests", requests),
    ("documents", documents),
    ("searches", searches),
    ("frames", frames),
];
