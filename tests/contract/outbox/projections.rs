//! Two projections of one event, in SQL: each at its own pace, and the event goes with the last.

use std::sync::Arc;

use futures::future::join_all;
use polygraph::ports::{Claim, Outbox as _, Projection, Role};
use polygraph::stores::sql::{Sql, SqlOutbox};
use sea_orm::{ConnectionTrait as _, Statement};

use super::helpers::{ids, lease};
use crate::fixture::{Fixture, over};
use crate::sql;

const BOTH: [Projection; 2] = [Projection::Index, Projection::Bus];

/// Twelve posts, whose events wait for the index and for the bus.
async fn for_both(sql: &Arc<Sql>) -> Fixture {
    let store = over(Arc::clone(sql));
    for n in 0..12 {
        store.publish_at(n, 10).await;
    }
    store
}

async fn count(sql: &Sql, table: &str) -> i64 {
    let connection = sql.connection();
    let count = Statement::from_string(connection.get_database_backend(), format!("SELECT count(*) FROM {table}"));
    connection.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn one_down_delays_no_other(sql: Arc<Sql>) {
    let store = for_both(&sql).await;
    let claims = store.claim(1, 100).await;
    assert_eq!(claims.len(), 12);
    let told = store.outbox.claim(Projection::Bus, 5, lease(2, 100)).await.unwrap();
    assert_eq!(told.len(), 5, "what the index has, another may have, too");
    for claim in &claims {
        store.outbox.park(Projection::Index, &ids(&claim.events), "The index is down.").await.unwrap();
    }
    for claim in &told {
        store.outbox.finish(Projection::Bus, &ids(&claim.events)).await.unwrap();
    }
    let backlog = store.outbox.backlog(Projection::Bus).await.unwrap();
    assert_eq!((backlog.waiting, backlog.parked), (7, 0));
    let backlog = store.outbox.backlog(Projection::Index).await.unwrap();
    assert_eq!((backlog.waiting, backlog.parked), (0, 12));
    assert_eq!(count(&sql, "outbox").await, 12, "a parked event is kept");
    for claim in &claims {
        assert!(store.outbox.drop_parked(claim.events[0].event.id).await.unwrap());
    }
    assert_eq!(count(&sql, "outbox").await, 7, "an event is kept for whom it waits");
    assert_eq!(count(&sql, "outbox_queue").await, 7);
}

async fn an_event_goes_with_the_last_of_two_that_are_done_at_once(sql: Arc<Sql>) {
    let store = for_both(&sql).await;
    let claims = store.claim(1, 100).await;
    store.outbox.claim(Projection::Bus, 100, lease(2, 100)).await.unwrap();
    let outbox = SqlOutbox::new(Arc::clone(&sql), Role::Users);
    let finish = |(projection, claim): (Projection, &Claim)| {
        let (outbox, ids) = (&outbox, ids(&claim.events));
        async move { outbox.finish(projection, &ids).await.unwrap() }
    };
    let both = claims.iter().flat_map(|claim| BOTH.map(|projection| (projection, claim)));
    join_all(both.map(finish)).await;
    for table in ["outbox", "outbox_waiting", "outbox_queue"] {
        assert_eq!(count(&sql, table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_one_down_delays_no_other() {
    one_down_delays_no_other(sql::postgresql().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_one_down_delays_no_other() {
    let (sql, _directory) = sql::sqlite().await;
    one_down_delays_no_other(sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_an_event_goes_with_the_last_of_two_that_are_done_at_once() {
    an_event_goes_with_the_last_of_two_that_are_done_at_once(sql::postgresql().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_an_event_goes_with_the_last_of_two_that_are_done_at_once() {
    let (sql, _directory) = sql::sqlite().await;
    an_event_goes_with_the_last_of_two_that_are_done_at_once(sql).await;
}
