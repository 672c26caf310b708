//! Enums of the schema.

use async_graphql::Enum;

use crate::domain::{self, search};

/// The order of a list of users.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[graphql(remote = "domain::UserOrder")]
pub(in crate::graphql) enum UserOrder {
    /// The latest to sign up first.
    #[default]
    Newest,
    /// By handle, ascending.
    Handle,
    /// The most followed first; ties by id, descending.
    MostFollowed,
}

/// The order of a list of posts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[graphql(remote = "domain::PostOrder")]
pub(in crate::graphql) enum PostOrder {
    /// The latest first.
    #[default]
    Newest,
    /// The most liked first; ties by id, descending.
    MostLiked,
}

/// The order of search results.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::graphql) enum SearchOrder {
    /// The best match first; ties by id, descending.
    #[default]
    Relevance,
    /// The latest first.
    Newest,
}

/// What can be searched for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "search::SearchType")]
pub(in crate::graphql) enum SearchType {
    /// Users, by handle, name and bio.
    User,
    /// Posts, by title and content.
    Post,
}

/// A calendar interval in UTC.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[graphql(remote = "domain::Interval")]
pub(in crate::graphql) enum Interval {
    /// An hour.
    Hour,
    /// A day.
    #[default]
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
}

/// What is wrong with a part of an input.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::input::UserErrorCode")]
pub(in crate::graphql) enum UserErrorCode {
    /// It is empty or blank.
    Required,
    /// It has another form than it must have.
    Invalid,
    /// It is shorter than `limit`.
    TooShort,
    /// It is longer than `limit`.
    TooLong,
    /// It is among the first that anybody would guess.
    TooCommon,
    /// Somebody else has it.
    Taken,
    /// There is no such thing.
    NotFound,
    /// It is somebody else's.
    Forbidden,
    /// It does not fit what happened meanwhile, or before.
    Conflict,
    /// Login or password is wrong; which of them is not told.
    WrongCredentials,
}
