//! What is planted, by the drivers themselves.

pub(crate) mod elastic;
pub(crate) mod index;
pub(crate) mod mongo;
pub(crate) mod sql;
pub(crate) mod tantivy;
