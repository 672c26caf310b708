//! PostgreSQL and SQLite: users, follows, posts and likes in SQL.
//!
//! One pool ([`Sql`]) serves both adapters, [`SqlUsers`] and [`SqlPosts`]. The statements are in [`queries`], each
//! written once where both dialects can say it, and their text never depends on how many keys they are asked for, so
//! that every connection prepares each of them once.

mod connect;
mod db;
mod error;
mod group;
mod posts;
pub mod queries;
mod recount;
mod rows;
mod users;
mod writes;

pub use connect::{Sql, SqlOptions, SqlUrlError};
pub use posts::SqlPosts;
pub use users::SqlUsers;
