//! The types of the schema, a file for each noun.

mod analytics;
mod like;
mod node;
mod post;
mod search;
mod suggestion;
mod user;

pub(super) use analytics::{ActivityBucket, LeaderboardEntry, TrendingPost};
pub(super) use like::Like;
pub(super) use node::Node;
pub(super) use post::{Post, PostConnection, post_edges};
pub(super) use search::{SearchConnection, SearchFacets, SearchResult, search_edges, search_page};
pub(super) use suggestion::FollowSuggestion;
pub(super) use user::{User, UserConnection, user_edges};
