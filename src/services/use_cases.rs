//! The use cases that mutations are, together.

use super::accounts::Accounts;
use super::follows::Follows;
use super::publishing::Publishing;

/// What clients may do. Cheap to clone.
#[derive(Clone)]
pub struct UseCases {
    /// Signing up, in and out; profiles, passwords, deletion.
    pub accounts: Accounts,
    /// Posts and likes.
    pub publishing: Publishing,
    /// Following.
    pub follows: Follows,
}
