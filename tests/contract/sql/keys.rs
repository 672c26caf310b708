//! Lookups by many keys: one statement of one text with one value for all of them, so that neither the limit of bound
//! values (65,535 on PostgreSQL, 32,766 on SQLite) nor the number of prepared statements has to do with how many there
//! are.

use polygraph::domain::text::Handle;
use polygraph::domain::{ByTime, LikeId, Page, PostFields, PostId, UserId};
use polygraph::stores::sql::queries;
use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

/// Every statement that looks many keys up, for so many of them.
fn keyed(dialect: DbBackend, keys: usize) -> Vec<(&'static str, Statement)> {
    let ids = || (1..).map(Uuid::from_u128).take(keys);
    let (users, posts): (Vec<_>, Vec<_>) = (ids().map(UserId).collect(), ids().map(PostId).collect());
    let likes: Vec<_> = users.iter().zip(&posts).map(|(&user, &post)| LikeId { post, user }).collect();
    let handles: Vec<_> = (0..keys).map(|n| Handle::parse(&format!("user_{n}")).expect("a handle")).collect();
    let (viewer, fields) = (UserId(Uuid::max()), PostFields::ALL);
    let (by_time, by_id) = (&Page::<ByTime>::first(3), &Page::<PostId>::first(3));
    vec![
        ("users_by_id", queries::users_by_id(dialect, &users)),
        ("users_by_handle", queries::users_by_handle(dialect, &handles)),
        ("followers", queries::followers(dialect, &users, by_time)),
        ("following", queries::following(dialect, &users, by_time)),
        ("mutual_followers", queries::mutual_followers(dialect, viewer, &users, by_time)),
        ("count_mutual_followers", queries::count_mutual_followers(dialect, viewer, &users)),
        ("followed_by", queries::followed_by(dialect, viewer, &users)),
        ("followers_among", queries::followers_among(dialect, viewer, &users)),
        ("posts_by_id", queries::posts_by_id(dialect, &posts, fields)),
        ("posts_of_authors", queries::posts_of_authors(dialect, &users, by_id, fields)),
        ("feed", queries::feed(dialect, &users, by_id, fields)),
        ("recommended", queries::recommended(dialect, viewer, &users, &Page::first(3), fields)),
        ("author_stats", queries::author_stats(dialect, &users)),
        ("likes_by_id", queries::likes_by_id(dialect, &likes)),
        ("likes_of_posts", queries::likes_of_posts(dialect, &posts, by_time)),
        ("likes_by_users", queries::likes_by_users(dialect, &users, by_time)),
        ("liked_among", queries::liked_among(dialect, viewer, &posts)),
    ]
}

#[test]
fn a_statement_is_the_same_for_any_number_of_keys() {
    for dialect in [DbBackend::Postgres, DbBackend::Sqlite] {
        for ((name, one), (_, many)) in keyed(dialect, 1).into_iter().zip(keyed(dialect, 100_000)) {
            assert_eq!(one.sql, many.sql, "{name}");
            let bound = |statement: &Statement| statement.values.as_ref().map(|values| values.0.len());
            assert_eq!(bound(&one), bound(&many), "{name}");
        }
    }
}
