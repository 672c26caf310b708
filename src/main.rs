//! The `polygraph` binary.

fn main() {}
