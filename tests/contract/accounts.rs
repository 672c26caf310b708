//! The contract of `AccountStore`, and of `UserStore` where accounts are closed.
//!
//! A case is a function of a [`World`] that nobody is in yet; [`contract!`] makes a test of each for a backend.

mod closing;
mod follows;
mod hidden;
mod profiles;
mod sessions;
mod subjects;
mod world;

use std::any::Any;
use std::sync::Arc;

use polygraph::ports::Role;
use polygraph::stores::sql::{Sql, SqlAccounts, SqlOutbox, SqlUsers};

use self::world::World;
use crate::sql;

macro_rules! tests_of {
    ($backend:ident: $($module:ident::{$($case:ident),+ $(,)?};)+) => {
        mod $backend {
            $($(
                #[tokio::test]
                async fn $case() {
                    let world = super::$backend().await;
                    super::$module::$case(&world).await;
                }
            )+)+
        }
    };
}

macro_rules! contract {
    ($backend:ident) => {
        tests_of! { $backend:
            profiles::{
                a_new_account_is_there_and_told_of,
                a_handle_or_an_address_in_use_is_refused,
                of_many_who_want_one_handle_one_gets_it,
                credentials_are_found_by_handle_and_address,
                a_profile_is_changed_where_it_is_told_to,
                a_change_to_what_is_already_so_is_none,
                another_ones_handle_or_address_is_refused,
                of_many_who_rename_themselves_alike_one_succeeds,
                nobody_has_no_profile,
            };
            sessions::{
                a_session_is_there_until_it_expires,
                living_sessions_are_told_together_with_when_they_end,
                an_ended_session_stays_ended,
                sessions_only_grow_longer,
                all_sessions_of_one_user_end_together,
                a_new_password_ends_other_sessions,
                expired_sessions_are_swept,
                nobody_has_no_session,
                no_session_outlives_its_account,
                no_session_outlives_its_password,
                of_many_who_replace_a_password_one_succeeds,
            };
            subjects::{
                a_subject_is_the_user_it_was_linked_to,
                the_subject_of_a_closed_account_is_nobody,
            };
            follows::{
                a_follow_counts_on_both_sides,
                to_follow_again_changes_nothing,
                strangers_are_not_followed,
                a_storm_of_follows_leaves_exact_counts,
            };
            closing::{
                an_account_is_closed_once,
                a_closed_account_keeps_its_names_until_it_is_deleted,
                follows_are_removed_step_by_step,
                an_open_account_is_neither_emptied_nor_deleted,
                deleting_takes_follows_that_are_left_off_the_counts,
                many_empty_one_account_at_once,
            };
            hidden::{
                keys_do_not_find_closed_accounts,
                lists_leave_closed_accounts_out,
                relations_leave_closed_accounts_out,
                closed_accounts_are_neither_suggested_nor_mutual,
                closed_accounts_get_no_new_relations,
            };
        }
    };
}

contract!(sqlite);
contract!(postgresql);

async fn sqlite() -> World {
    let (sql, directory) = sql::sqlite().await;
    world(sql, Box::new(directory))
}

async fn postgresql() -> World {
    world(sql::postgresql().await, Box::new(()))
}

fn world(sql: Arc<Sql>, keep: Box<dyn Any>) -> World {
    World {
        accounts: Arc::new(SqlAccounts::new(Arc::clone(&sql))),
        users: Arc::new(SqlUsers::new(Arc::clone(&sql))),
        outbox: Arc::new(SqlOutbox::new(sql, Role::Users)),
        _keep: keep,
    }
}
