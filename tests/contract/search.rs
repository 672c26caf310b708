//! The contract of `SearchIndex`. Engines are compared by what they find and by the rules of order, never by scores.
//!
//! A case is a function of an empty index; [`contract!`] makes a test of each for a backend, which is a function that
//! opens an empty index: to add one, write that function and a line with its name.

mod building;
mod changes;
mod counting;
mod facets;
mod highlights;
mod matching;
mod paging;
mod scanning;
mod suggesting;
mod world;

use std::any::Any;
use std::sync::Arc;

use polygraph::domain::Timestamp;
use polygraph::ports::{Clock, SearchIndex};
use polygraph::stores::tantivy::TantivyIndex;

use crate::elastic;

/// An empty index for one test alone.
struct Fixture {
    index: Arc<dyn SearchIndex>,
    /// What must live as long as the index: its directory, for instance.
    _keep: Box<dyn Any>,
}

macro_rules! tests_of {
    ($backend:ident: $($module:ident::{$($case:ident),+ $(,)?};)+) => {
        mod $backend {
            $($(
                #[tokio::test]
                async fn $case() {
                    let fixture = super::$backend().await;
                    super::$module::$case(fixture.index.as_ref()).await;
                }
            )+)+
        }
    };
}

macro_rules! contract {
    ($backend:ident) => {
        tests_of! { $backend:
            building::{
                what_is_built_is_seen_when_it_is_swapped_in_and_not_before,
                changes_meanwhile_are_in_both,
                a_deletion_meanwhile_is_remembered_in_both,
                an_abandoned_one_leaves_everything_as_it_was,
                the_one_begun_last_takes_the_place,
                documents_are_found_by_key,
            };
            changes::{
                a_newer_version_wins,
                an_older_or_equal_version_is_ignored,
                a_deletion_is_remembered,
                a_batch_may_hold_several_changes_of_one_key,
                applying_again_changes_nothing,
                kinds_with_the_same_id_are_apart,
                thousands_at_once,
                changes_are_seen_without_a_refresh,
            };
            counting::{
                the_most_liked_authors_come_first,
                the_most_liked_posts_come_first,
                activity_is_counted_by_interval,
                deleted_likes_do_not_count,
                nothing_is_counted_in_an_empty_index,
            };
            facets::{
                filters_narrow,
                periods_are_half_open,
                facets_cover_the_whole_filtered_result,
                author_ties_are_by_id_descending,
                only_what_is_asked_for_is_answered,
            };
            highlights::{
                every_hit_shows_why,
                markup_is_escaped,
                long_content_is_shown_by_a_fragment,
            };
            matching::{
                what_is_found_is_what_the_words_say,
                words_match_over_fields_together,
                typos_are_forgiven_by_length,
                exact_words_come_before_typos,
                operators_have_no_meaning,
                text_without_words_finds_nothing,
                nobody_is_found_by_email,
                long_words_and_long_texts,
                hits_carry_titles,
            };
            paging::{
                newest_walks_each_result_once,
                relevance_walks_each_result_once,
                ties_are_by_id_descending,
                the_total_is_the_same_on_every_page,
            };
            scanning::{
                documents_come_whole_and_in_the_order_of_keys,
                a_walk_goes_on_where_it_was_left,
                deletions_are_not_walked,
                the_likes_of_a_post_go_together,
                likes_removed_with_their_post_do_no_harm,
            };
            suggesting::{
                the_exact_handle_comes_first,
                words_of_names_and_titles_begin_with_the_prefix,
                several_words_stand_in_one_field,
                suggestions_show_why,
                suggestions_are_narrowed_and_limited,
                prefixes_have_no_operators,
            };
        }
    };
}

contract!(elasticsearch);
contract!(opensearch);
contract!(tantivy);

async fn elasticsearch() -> Fixture {
    on_server(elastic::ELASTICSEARCH).await
}

async fn opensearch() -> Fixture {
    on_server(elastic::OPENSEARCH).await
}

async fn on_server(variable: &str) -> Fixture {
    let (index, indexes) = elastic::migrated(variable, "standard").await;
    Fixture { index: Arc::new(index), _keep: Box::new(indexes) }
}

async fn tantivy() -> Fixture {
    struct At(Timestamp);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            self.0
        }
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let clock = Arc::new(At(world::at("2026-06-01T00:00:00Z")));
    let index = TantivyIndex::open(directory.path().into(), clock).expect("an index in an empty directory");
    Fixture { index: Arc::new(index), _keep: Box::new(directory) }
}
