//! Idle-triggered batching under async-graphql's own execution, for what the API has no fields for yet: the entities of
//! a federated graph, and the events of a subscription.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_graphql::{Context, EmptyMutation, Object, Request, Response, Result, Schema, Subscription, Variables};
use futures::{FutureExt as _, Stream, StreamExt as _};
use polygraph::loaders::batch::{Lane, Scope};
use serde_json::json;

/// The successor of each number.
type Successors = Lane<i64, i64>;

/// The sizes of the batches that were sent, in order.
type Sent = Arc<Mutex<Vec<usize>>>;

fn successors(scope: &mut Scope, sent: &Sent) -> Successors {
    let sent = Arc::clone(sent);
    scope.lane("successors", move |keys: Vec<i64>| {
        sent.lock().expect("nobody panics").push(keys.len());
        async move {
            tokio::task::yield_now().await;
            keys.into_iter().map(|key| (key, key + 1_000)).collect::<HashMap<_, _>>()
        }
        .boxed()
    })
}

async fn successor(context: &Context<'_>, number: i64) -> Result<i64> {
    let found = context.data_unchecked::<Successors>().load(number).await?;
    Ok(found.expect("every number has one"))
}

/// A number, known by itself.
struct Number(i64);

#[Object]
impl Number {
    async fn value(&self) -> i64 {
        self.0
    }

    async fn next(&self, context: &Context<'_>) -> Result<Number> {
        successor(context, self.0).await.map(Number)
    }
}

struct Query;

#[Object]
impl Query {
    async fn number(&self, value: i64) -> Number {
        Number(value)
    }

    #[graphql(entity)]
    async fn find_number(&self, context: &Context<'_>, value: i64) -> Result<Number> {
        // The entity itself has to be looked up, as a user or a post has.
        successor(context, value).await.map(|successor| Number(successor - 1_000))
    }
}

struct Events;

#[Subscription]
impl Events {
    /// Three events of 50 numbers each.
    async fn numbers(&self) -> impl Stream<Item = Vec<Number>> {
        futures::stream::iter([0, 100, 200]).map(|first| (first..first + 50).map(Number).collect())
    }
}

fn schema() -> Schema<Query, EmptyMutation, Events> {
    Schema::build(Query, EmptyMutation, Events).enable_federation().finish()
}

/// What was answered.
fn data(response: Response) -> serde_json::Value {
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().expect("JSON")
}

fn sent_by(sent: &Sent) -> Vec<usize> {
    sent.lock().expect("nobody panics").clone()
}

#[tokio::test]
async fn entities_are_looked_up_in_one_batch_and_so_is_each_level_below() {
    for count in [1, 30, 31, 500] {
        let (mut scope, sent) = (Scope::default(), Sent::default());
        let lane = successors(&mut scope, &sent);
        let query =
            "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Number { next { next { value } } } } }";
        let of: Vec<_> = (0..count).map(|value| json!({ "__typename": "Number", "value": value })).collect();
        let request = Request::new(query).variables(Variables::from_json(json!({ "of": of }))).data(lane);
        let answered = data(scope.run(schema().execute(request)).await);
        let expected: Vec<_> =
            (0..count).map(|value| json!({ "next": { "next": { "value": value + 2_000 } } })).collect();
        assert_eq!(answered["_entities"], json!(expected));
        // The entities, then what follows their successors: those are what was looked up for the entities.
        assert_eq!(sent_by(&sent), [count as usize; 2], "{count} entities");
    }
}

#[tokio::test]
async fn each_event_of_a_subscription_is_one_batch_a_level() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = successors(&mut scope, &sent);
    let request = Request::new("subscription { numbers { next { next { value } } } }").data(lane);
    let schema = schema();
    let mut events = std::pin::pin!(schema.execute_stream(request));
    let mut seen = 0;
    while let Some(response) = scope.run(events.next()).await {
        assert_eq!(data(response)["numbers"][49]["next"]["next"]["value"], seen * 100 + 49 + 2_000);
        seen += 1;
        // What one event read is not taken for true in the next.
        scope.forget();
    }
    assert_eq!(seen, 3);
    assert_eq!(sent_by(&sent), [50; 6], "two levels an event");
}
