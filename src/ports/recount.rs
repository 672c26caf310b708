//! Counts, checked.

/// A count as it is kept, and as it comes out when everything is counted again, both of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recount<I> {
    /// Whose.
    pub id: I,
    /// Which, as the API names it: `followersCount`, `followingCount`, `likeCount`, `postsCount` or `likesCount`.
    pub name: &'static str,
    /// As it is kept.
    pub stored: u64,
    /// As it should be.
    pub counted: u64,
}
