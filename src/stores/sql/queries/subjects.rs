//! Subjects of outside issuers.

use sea_orm::{DbBackend, Statement};

use super::draft::Draft;
use crate::domain::UserId;

/// Links a subject to a user whose account is open, unless it is linked already.
pub(in super::super) fn link_subject(dialect: DbBackend, issuer: &str, subject: &str, user: UserId) -> Statement {
    let mut draft = Draft::new(dialect);
    let (issuer, subject, user) = (draft.bind(issuer), draft.bind(subject), draft.bind(user.0));
    draft.done(format!(
        "INSERT INTO external_identities (issuer, subject, user_id) SELECT {issuer}, {subject}, u.id FROM users u \
         WHERE u.id = {user} AND u.closed_at IS NULL ON CONFLICT (issuer, subject) DO NOTHING"
    ))
}

/// The user that a subject is, if their account is open.
pub(in super::super) fn user_of_subject(dialect: DbBackend, issuer: &str, subject: &str) -> Statement {
    let mut draft = Draft::new(dialect);
    let (issuer, subject) = (draft.bind(issuer), draft.bind(subject));
    draft.done(format!(
        "SELECT u.id FROM external_identities x JOIN users u ON u.id = x.user_id \
         WHERE x.issuer = {issuer} AND x.subject = {subject} AND u.closed_at IS NULL"
    ))
}
