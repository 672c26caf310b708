//! The statements, one function each. Values are always bound; only what this module writes itself becomes text.
//!
//! Where one text serves both dialects, it is written once: both know `$1`, row values, `ON CONFLICT`, `RETURNING` and
//! `UPDATE … FROM`. The rest is in `draft` (lists of keys, tables of rows to insert), `pages` (a page of children
//! for each of many parents) and `feed`. Lists of keys are one bound value each, so that a statement's text does not
//! depend on their number: an array on PostgreSQL, JSON on SQLite.
//!
//! These functions are public for the test that EXPLAINs every paged one of them; nothing else calls them from outside.

mod accounts;
mod draft;
mod fallback;
mod feed;
mod follows;
mod likes;
pub(super) mod outbox;
pub(super) mod outbox_claims;
mod pages;
mod posts;
pub(super) mod publishing;
mod recount;
mod register;
mod sessions;
mod subjects;
mod users;
mod writes;

pub(super) use accounts::{
    close_account, credentials, credentials_of, delete_account, delete_follows, follows_of_closed, lock_all_users,
    set_password, taken, update_profile,
};
pub(super) use fallback::{activity, most_liked, posts_with, users_with};
pub use feed::feed;
pub use follows::{
    count_mutual_followers, followed_by, followees, followers, followers_among, following, mutual_followers,
    suggestions,
};
pub use likes::{liked_among, likes_by_id, likes_by_users, likes_of_posts, scan_likes};
pub use posts::{
    author_stats, count_posts, posts_by_id, posts_most_liked, posts_newest, posts_of_authors, recommended, scan_posts,
};
pub(super) use recount::{
    Versioned, fix_author_counts, fix_post_counts, fix_user_counts, lock_authors, lock_versions, raise_versions,
    remove_likes,
};
pub use recount::{recount_authors, recount_posts, recount_users};
pub(super) use register::{register, set_register};
pub(super) use sessions::{
    end_session, end_sessions, extend_session, living_sessions, open_session, session, sweep_sessions,
};
pub(super) use subjects::{link_subject, user_of_subject};
pub use users::{
    count_users, scan_users, users_by_handle, users_by_handle_order, users_by_id, users_most_followed, users_newest,
};
pub(super) use writes::{
    add_to_author_stats, add_to_posts, add_to_users, insert_follows, insert_likes, insert_posts, insert_users,
    lock_posts, lock_users,
};

use crate::domain::PostFields;

/// The columns of a user `u`, in the order in which they are read.
pub(super) const USER: &str =
    "u.id, u.handle, u.name, u.bio, u.email, u.created_at, u.followers_count, u.following_count, u.version";

/// The columns of a like `l`, in the order in which they are read.
pub(super) const LIKE: &str = "l.post_id, l.user_id, l.author_id, l.created_at";

/// The columns of a post `p`, in the order in which they are read.
pub(super) fn post(fields: PostFields) -> String {
    let content = if fields.content { "p.content" } else { "NULL" };
    format!(
        "p.id, p.author_id, p.title, p.created_at, p.updated_at, p.revision, p.like_count, p.version, {content} AS content"
    )
}
