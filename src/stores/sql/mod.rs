//! PostgreSQL and SQLite: accounts, users, follows, posts and likes in SQL.
//!
//! One pool ([`Sql`]) serves all adapters. The statements are in [`queries`], each written once where both dialects can
//! say it, and their text never depends on how many keys they are asked for, so that every connection prepares each of
//! them once.

mod accounts;
mod connect;
mod db;
mod error;
mod group;
mod outbox;
mod posts;
mod publishing;
mod publishing_likes;
pub mod queries;
mod recount;
mod register;
mod retry;
mod rows;
mod users;
mod writes;

pub use accounts::SqlAccounts;
pub use connect::{Sql, SqlOptions, SqlUrlError};
pub use outbox::SqlOutbox;
pub use posts::SqlPosts;
pub use publishing::SqlPublishing;
pub use register::SqlRegister;
pub use users::SqlUsers;
