//! The stores of a gateway, together.

use std::sync::Arc;

use super::{PostStore, SearchIndex, UserStore};

/// The stores that queries are answered from. Cheap to clone.
#[derive(Clone)]
pub struct Stores {
    /// Users and follows.
    pub users: Arc<dyn UserStore>,
    /// Posts and likes.
    pub posts: Arc<dyn PostStore>,
    /// Search and analytics.
    pub search: Arc<dyn SearchIndex>,
}
