//! The contract of each port, run against every adapter: a module per port, a submodule per backend.

mod search;
