//! The contract of `UserStore`.
//!
//! A case is a function of an empty store; [`contract!`] makes a test of each for a backend, which is a function that
//! opens an empty store: to add one, write that function and a line with its name.

mod keys;
mod lists;
mod model;
mod people;
mod relations;
mod unindexed;
mod walk;
mod writes;

use std::any::Any;
use std::sync::Arc;

use polygraph::ports::UserStore;
use polygraph::stores::sql::SqlUsers;

use crate::sql;

/// An empty store for one test alone.
struct Fixture {
    store: Arc<dyn UserStore>,
    /// What must live as long as the store: its directory, for instance.
    _keep: Box<dyn Any>,
}

macro_rules! tests_of {
    ($backend:ident: $($module:ident::{$($case:ident),+ $(,)?};)+) => {
        mod $backend {
            $($(
                #[tokio::test]
                async fn $case() {
                    let fixture = super::$backend().await;
                    super::$module::$case(fixture.store.as_ref()).await;
                }
            )+)+
        }
    };
}

macro_rules! contract {
    ($backend:ident) => {
        tests_of! { $backend:
            keys::{
                a_user_is_read_as_it_was_written,
                unknown_keys_are_left_out,
                keys_may_repeat,
                thousands_of_keys_at_once,
            };
            lists::{
                every_order_is_walked_both_ways,
                an_empty_list_has_no_page,
                lists_are_stable_while_users_are_added,
                a_cursor_outlives_its_user,
                all_users_are_scanned_in_order_of_id,
            };
            relations::{
                relations_are_walked_both_ways,
                a_batch_equals_its_singles,
                relations_of_thousands_at_once,
                those_without_relations_have_no_page,
                mutual_followers_are_those_whom_the_viewer_follows,
                who_follows_whom,
            };
            people::{
                suggestions_are_followed_by_those_whom_the_viewer_follows,
                ties_of_suggestions_go_by_id,
                who_follows_nobody_gets_no_suggestions,
            };
            unindexed::{
                users_are_looked_for_without_an_index,
            };
            writes::{
                counts_are_exact,
                inserting_again_changes_nothing,
                a_key_twice_in_one_call_counts_once,
                follows_of_unknown_users_are_left_out,
                counts_are_exact_after_concurrent_inserts,
                a_taken_handle_or_email_refuses_the_whole_call,
                a_cancelled_insert_is_made_wholly_or_not_at_all,
                counts_are_counted_again,
                versions_grow,
                a_thousand_at_once,
            };
        }
    };
}

contract!(sqlite);
contract!(postgresql);

async fn sqlite() -> Fixture {
    let (sql, directory) = sql::sqlite().await;
    Fixture { store: Arc::new(SqlUsers::new(sql)), _keep: Box::new(directory) }
}

async fn postgresql() -> Fixture {
    Fixture { store: Arc::new(SqlUsers::new(sql::postgresql().await)), _keep: Box::new(()) }
}
