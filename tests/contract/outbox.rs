//! The contract of `Outbox`: every event is kept until it is done with, each aggregate's in order, one worker at a
//! time. Events are left by real writes, of posts and likes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod claims;
mod helpers;
mod mending;
mod parking;
mod projections;
mod workers;
mod writes;

/// Runs every test of the suite on one backend: `$open` gives an empty, migrated store that no other test uses.
macro_rules! outbox_contract {
    ($backend:ident, $open:expr) => {
        outbox_contract! { $backend, $open;
            claims::a_lease_ends,
            claims::all_leases_can_be_ended_at_once,
            claims::an_aggregate_is_claimed_by_one_worker_at_a_time,
            claims::an_event_waits_until_it_is_done_with,
            claims::a_postponed_event_is_tried_again_when_it_is_due,
            claims::a_thousand_events_of_one_aggregate_come_in_parts,
            claims::events_of_an_aggregate_come_in_order,
            claims::no_events_are_settled_without_a_word,
            claims::those_that_waited_longest_come_first,
            mending::a_touch_raises_versions_and_leaves_its_events,
            mending::counts_are_fixed_with_an_event_for_each,
            mending::likes_are_removed_with_an_event_for_each,
            mending::those_that_wait_are_told_from_those_that_do_not,
            parking::a_backlog_is_counted,
            parking::a_dropped_event_is_gone,
            parking::an_aggregate_goes_on_after_a_parked_event,
            parking::a_retried_event_waits_again,
            parking::only_what_is_parked_is_retried_or_dropped,
            parking::parked_events_are_listed_from_the_oldest,
            workers::claimers_at_once_never_get_the_same_event,
            workers::nothing_is_lost_while_writers_and_workers_meet,
            writes::a_cancelled_write_is_there_with_its_event_or_not_at_all,
            writes::an_event_waits_for_none_that_does_not_want_it,
            writes::a_write_that_is_refused_leaves_no_event,
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

outbox_contract!(mongodb, crate::fixture::mongodb());
outbox_contract!(postgresql, crate::fixture::postgresql());
outbox_contract!(sqlite, crate::fixture::sqlite());
