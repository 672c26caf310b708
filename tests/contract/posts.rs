//! What every store of posts must do, checked against a model that finds everything by brute force.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod lookups;
mod many_keys;
mod mongo_commands;
mod mongo_connection;
mod pages;
mod recounts;
mod unindexed;
mod walk;
pub(crate) mod world;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use polygraph::ports::PostStore;
use polygraph::stores::mongo::{Mongo, MongoOptions};
use polygraph::stores::sql::SqlPosts;

use crate::{sql, support};

/// Runs every test of the suite on one backend: `$open` gives an empty, migrated store that no other test uses.
macro_rules! post_store_contract {
    ($backend:ident, $open:expr) => {
        post_store_contract! { $backend, $open;
            lookups::an_empty_store_has_nothing,
            lookups::batches_answer_as_single_questions_do,
            lookups::content_is_read_where_it_is_asked_for,
            lookups::counts_are_those_of_the_model,
            lookups::empty_key_lists_are_answered,
            lookups::posts_come_back_as_they_were_stored,
            lookups::unknown_keys_are_left_out,
            lookups::which_posts_a_user_likes,
            many_keys::lists_of_thousands_of_parents_at_once,
            many_keys::thousands_of_keys_at_once,
            pages::a_feed_of_few_authors,
            pages::a_feed_of_many_authors,
            pages::likes_by_users,
            pages::likes_of_posts,
            pages::newest_is_stable_while_posts_are_added,
            pages::posts_most_liked,
            pages::posts_most_liked_of_an_author,
            pages::posts_newest,
            pages::posts_of_authors,
            pages::recommended,
            pages::those_who_write_and_like_much,
            pages::scans_walk_everything_in_order,
            writes::a_like_of_an_absent_post_is_left_out,
            writes::a_thousand_likes_go_in_at_once,
            writes::counts_are_exact_when_likes_race,
            writes::counts_are_exact_when_posts_race,
            recounts::fixing_what_is_right_changes_no_count,
            recounts::likes_are_removed_with_their_counts,
            recounts::what_is_kept_is_what_is_counted,
            unindexed::activity_is_counted_without_an_index,
            unindexed::likes_are_counted_without_an_index,
            unindexed::texts_are_looked_for_without_an_index,
            writes::inserting_again_changes_nothing,
            writes::what_is_given_twice_is_added_once,
        }
    };
    ($backend:ident, $open:expr; $($part:ident::$test:ident,)*) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    super::$part::$test($open.await).await;
                }
            )*
        }
    };
}

post_store_contract!(mongodb, super::mongodb());
post_store_contract!(postgresql, super::postgresql());
post_store_contract!(sqlite, super::sqlite());

/// A server for tests; it does no I/O yet.
pub(crate) fn mongo_server(options: MongoOptions) -> Mongo {
    Mongo::connect_lazy(options).unwrap()
}

/// The server at this URL, with a namespace of this test alone.
pub(crate) fn mongo_options(url: String) -> MongoOptions {
    MongoOptions {
        url,
        namespace: support::namespace(),
        max_pool_size: 32,
        connect_timeout: Duration::from_secs(2),
        server_selection_timeout: Duration::from_secs(5),
    }
}

/// The URL of the MongoDB that tests use.
pub(crate) fn mongo_url() -> String {
    support::env_url("POLYGRAPH_TEST_MONGODB_URL")
}

async fn mongodb() -> Arc<dyn PostStore> {
    let server = mongo_server(mongo_options(mongo_url()));
    server.migrate().await.unwrap();
    Arc::new(server.posts())
}

async fn postgresql() -> Arc<dyn PostStore> {
    Arc::new(SqlPosts::new(sql::postgresql().await))
}

/// The directory stays behind: a store has no say in when its file may go.
async fn sqlite() -> Arc<dyn PostStore> {
    let (sql, directory) = sql::sqlite().await;
    let _ = directory.keep();
    Arc::new(SqlPosts::new(sql))
}
