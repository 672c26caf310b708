//! What every store of posts must do when its owners change them: exact counts, one event for each change, none else.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod closing;
mod delete;
mod edit;
mod helpers;
mod likes;
mod publish;
mod races;

/// Runs every test of the suite on one backend: `$open` gives an empty, migrated store that no other test uses.
macro_rules! publishing_contract {
    ($backend:ident, $open:expr) => {
        publishing_contract! { $backend, $open;
            closing::a_closed_author_publishes_edits_and_likes_no_more,
            closing::a_closed_author_takes_back_likes_and_deletes_posts,
            closing::closing_leaves_no_event_and_counts_nothing,
            closing::what_was_under_way_is_there_before_closing_returns_or_never,
            delete::a_deletion_that_is_refused_changes_nothing,
            delete::a_post_goes_with_all_that_was_counted,
            delete::a_post_is_deleted_once,
            edit::an_edit_changes_what_it_names,
            edit::an_edit_that_changes_nothing_is_none,
            edit::an_edit_that_is_refused_changes_nothing,
            edit::of_edits_that_expect_one_revision_one_is_made,
            edit::revision_grows_by_edits_alone_and_version_by_everything,
            likes::a_group_of_a_hundred_is_granted_at_once,
            likes::a_like_again_is_the_same_like,
            likes::a_post_that_is_not_there_is_not_liked,
            likes::an_unlike_takes_back_what_was_liked,
            likes::likes_of_a_closed_account_are_left_alone,
            publish::a_key_is_the_authors_own,
            publish::a_key_with_other_content_is_in_use,
            publish::a_new_post_is_stored_counted_and_told_of,
            publish::old_keys_are_forgotten,
            publish::old_keys_are_swept,
            publish::one_key_used_at_once_makes_one_post,
            publish::the_same_key_again_finds_the_post_of_before,
            races::counts_are_exact_when_groups_race,
            races::counts_are_exact_when_likes_race_a_deletion,
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

publishing_contract!(mongodb, crate::fixture::mongodb());
publishing_contract!(postgresql, crate::fixture::postgresql());
publishing_contract!(sqlite, crate::fixture::sqlite());
