//! Objects and lists whose fields are resolved in place.
//!
//! async-graphql 7.2 puts each field of an object into a `FuturesUnordered`: two allocations, a waker and a queue for
//! each, also where it is only read from a struct. Here the fields of an object are polled in order, and those that
//! have to wait are kept. What waits for a batch is polled again when the batch is there, and all of a level wait for
//! the same batches, so polling them all loses nothing. It is also the end of a trap: polling in order never wakes
//! itself ([`crate::loaders::batch`]).
//!
//! Wrap what a resolver returns: [`InPlace`] an object or a union of objects, [`List`] a list.
//!
//! There are no custom directives and no extensions, so neither is called.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{
    ContainerType, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerError, ServerResult, Value,
};
use futures::future::{BoxFuture, FutureExt as _};

use super::errors::Result;

/// An object, or a union of objects, whose fields are resolved in place.
#[derive(Clone)]
pub(super) struct InPlace<T>(pub T);

/// What was found for each of several keys, in place: an error stands where its key stood, and fails no other.
pub(super) fn each_by_itself<T>(found: Vec<Result<Option<T>>>) -> Vec<Option<async_graphql::Result<InPlace<T>>>> {
    found
        .into_iter()
        .map(|one| one.map(|one| one.map(InPlace)).map_err(async_graphql::Error::from).transpose())
        .collect()
}

/// A list whose items are resolved in place.
pub(super) struct List<T>(pub Vec<T>);

/// What can be resolved in place.
pub(super) trait Resolve: OutputType {
    /// Resolves the selected fields. Those that fail are left out, their errors noted.
    fn resolve_fields<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>>;
}

impl<T: ObjectType> Resolve for T {
    fn resolve_fields<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        // Boxed, since the types of objects may contain each other.
        resolve_object(ctx, self).boxed()
    }
}

impl<T: Resolve> OutputType for InPlace<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve_fields(ctx).await
    }
}

impl<T: Resolve> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let items = self.0.iter().enumerate().map(|(index, item)| resolve_item(ctx.with_index(index), item));
        Ok(Value::List(join_in_order(items).await.collect::<ServerResult<_>>()?))
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

async fn resolve_item<T: Resolve>(ctx: ContextSelectionSet<'_>, item: &T) -> ServerResult<Value> {
    item.resolve_fields(&ctx).await.map_err(|error| ctx.set_error_path(error))
}

/// Resolves the fields of an object side by side.
async fn resolve_object<'a, T: ContainerType>(ctx: &'a ContextSelectionSet<'a>, object: &'a T) -> ServerResult<Value> {
    let mut fields = Vec::with_capacity(ctx.item.node.items.len());
    collect::<T>(ctx, &ctx.item.node, &mut fields)?;
    let field = |field: &'a Positioned<Field>| {
        let ctx = ctx.with_field(field);
        async move {
            let value = if field.node.name.node == "__typename" {
                Value::String(object.introspection_type_name().into_owned())
            } else {
                object.resolve_field(&ctx).await?.unwrap_or_default()
            };
            Ok((field.node.response_key().node.clone(), value))
        }
    };
    let mut values = IndexMap::with_capacity(fields.len());
    for resolved in join_in_order(fields.into_iter().map(field)).await {
        match resolved {
            Ok((key, value)) => merge(&mut values, key, value),
            Err(error) => ctx.add_error(error),
        }
    }
    Ok(if values.is_empty() { Value::Null } else { Value::Object(values) })
}

/// The fields that a selection set selects of an object of the type `T` (GraphQL specification, §6.3.2).
fn collect<'a, T: OutputType>(
    ctx: &ContextSelectionSet<'a>,
    selection: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) -> ServerResult<()> {
    for item in &selection.items {
        let (condition, selection) = match &item.node {
            Selection::Field(field) => {
                fields.push(field);
                continue;
            }
            Selection::InlineFragment(inline) => (inline.node.type_condition.as_ref(), &inline.node.selection_set),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name;
                let unknown = || ServerError::new(format!("Unknown fragment \"{}\".", name.node), Some(spread.pos));
                let fragment = ctx.query_env.fragments.get(&name.node).ok_or_else(unknown)?;
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
        };
        if condition.is_none_or(|condition| is_a::<T>(ctx, &condition.node.on.node)) {
            collect::<T>(ctx, &selection.node, fields)?;
        }
    }
    Ok(())
}

/// Whether objects of the type `T` fulfil a type condition, be it their type, an interface or a union.
fn is_a<T: OutputType>(ctx: &ContextSelectionSet<'_>, condition: &str) -> bool {
    let name = T::type_name();
    name == condition || ctx.schema_env.registry.types.get(condition).is_some_and(|ty| ty.is_possible_type(&name))
}

/// Puts a field's value in. A field that was resolved twice, since two fragments select it, is merged.
fn merge(values: &mut IndexMap<Name, Value>, key: Name, value: Value) {
    match values.entry(key) {
        Entry::Vacant(entry) => _ = entry.insert(value),
        Entry::Occupied(mut entry) => merge_value(entry.get_mut(), value),
    }
}

fn merge_value(into: &mut Value, value: Value) {
    match (into, value) {
        (Value::Object(into), Value::Object(fields)) => {
            fields.into_iter().for_each(|(key, value)| merge(into, key, value));
        }
        (Value::List(into), Value::List(items)) => {
            into.iter_mut().zip(items).for_each(|(into, item)| merge_value(into, item));
        }
        _ => {}
    }
}

/// What the futures come to, in their order. They are polled in order, too, and never wake themselves.
///
/// Most fields are read from a struct and are ready at once, but the future of a field is as large as the largest that
/// its type has: half a kilobyte. So they are put one after the other into the same place, which is left to one that
/// has to wait. An array with a place for each would fill the processor's caches with what is used once.
async fn join_in_order<F: Future>(futures: impl ExactSizeIterator<Item = F>) -> impl Iterator<Item = F::Output> {
    let mut outputs = Vec::with_capacity(futures.len());
    let mut waiting: Vec<(usize, Pin<Box<Option<F>>>)> = Vec::new();
    let mut futures = Some(futures);
    poll_fn(|cx| {
        if let Some(futures) = futures.take() {
            let mut free = None;
            for future in futures {
                let mut place = free.take().unwrap_or_else(|| Box::pin(None));
                place.set(Some(future));
                let output = poll_in(&mut place, cx);
                if output.is_some() {
                    free = Some(place);
                } else {
                    waiting.push((outputs.len(), place));
                }
                outputs.push(output);
            }
        } else {
            waiting.retain_mut(|(at, place)| {
                outputs[*at] = poll_in(place, cx);
                outputs[*at].is_none()
            });
        }
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten()
}

/// Polls the future in this place, and clears the place when it is ready.
fn poll_in<F: Future>(place: &mut Pin<Box<Option<F>>>, cx: &mut Context<'_>) -> Option<F::Output> {
    match place.as_mut().as_pin_mut()?.poll(cx) {
        Poll::Ready(output) => {
            place.set(None);
            Some(output)
        }
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject, Union};
    use futures::FutureExt as _;
    use futures::task::{ArcWake, waker};
    use serde_json::json;

    use super::*;

    /// A number.
    #[derive(SimpleObject, Clone)]
    #[graphql(complex)]
    struct Number {
        value: i32,
    }

    #[async_graphql::ComplexObject]
    impl Number {
        async fn odd_only(&self) -> async_graphql::Result<i32> {
            if self.value % 2 == 1 { Ok(self.value) } else { Err("even".into()) }
        }

        async fn late(&self) -> i32 {
            tokio::task::yield_now().await;
            self.value
        }

        async fn next(&self) -> InPlace<Self> {
            InPlace(Self { value: self.value + 1 })
        }
    }

    #[derive(SimpleObject)]
    struct Word {
        text: String,
    }

    #[derive(Union)]
    enum Thing {
        Number(Number),
        Word(Word),
    }

    impl Resolve for Thing {
        fn resolve_fields<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>> {
            match self {
                Self::Number(number) => number.resolve_fields(ctx),
                Self::Word(word) => word.resolve_fields(ctx),
            }
        }
    }

    struct Query;

    #[Object]
    impl Query {
        async fn numbers(&self, count: i32) -> List<Number> {
            (0..count).map(|value| Number { value }).collect()
        }

        async fn number(&self) -> Option<InPlace<Number>> {
            Some(InPlace(Number { value: 1 }))
        }

        async fn things(&self) -> List<Thing> {
            List(vec![Thing::Number(Number { value: 1 }), Thing::Word(Word { text: "one".into() })])
        }
    }

    fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
        Schema::new(Query, EmptyMutation, EmptySubscription)
    }

    async fn answer(query: &str) -> serde_json::Value {
        serde_json::to_value(schema().execute(query).await).expect("serialisable")
    }

    #[tokio::test]
    async fn fields_come_in_order_under_their_aliases() {
        let query = "{ number { b: value __typename ...F ... @include(if: true) { a: value } } }
                     fragment F on Number { next { value } next { again: value } }";
        let response = schema().execute(query).await;
        let text = serde_json::to_string(&response.data).expect("serialisable");
        let expected = r#"{"number":{"b":1,"__typename":"Number","next":{"value":2,"again":2},"a":1}}"#;
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn fragments_apply_by_type_and_by_union() {
        let query = "{ things { __typename ... on Number { value } ... on Word { text }
                       ... on Thing { ... on Word { again: text } } } }";
        let things = json!([
            {"__typename": "Number", "value": 1},
            {"__typename": "Word", "text": "one", "again": "one"},
        ]);
        assert_eq!(answer(query).await, json!({"data": {"things": things}}));
    }

    #[tokio::test]
    async fn errors_are_noted_with_their_paths_and_cost_no_sibling() {
        let answer = answer("{ numbers(count: 3) { value x: oddOnly } }").await;
        let paths: Vec<_> = answer["errors"].as_array().expect("errors").iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, [&json!(["numbers", 0, "x"]), &json!(["numbers", 2, "x"])]);
        assert_eq!(answer["data"], json!({"numbers": [{"value": 0}, {"value": 1, "x": 1}, {"value": 2}]}));
    }

    #[test]
    fn the_schema_is_that_of_the_types_within() {
        let sdl = schema().sdl();
        for field in ["numbers(count: Int!): [Number!]!", "number: Number", "things: [Thing!]!", "next: Number!"] {
            assert!(sdl.contains(field), "{field} in {sdl}");
        }
    }

    struct Count(std::sync::atomic::AtomicUsize);

    impl ArcWake for Count {
        fn wake_by_ref(this: &std::sync::Arc<Self>) {
            this.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// All of a level wait after one poll, and nothing asks to be polled again by itself.
    #[test]
    fn nothing_wakes_itself() {
        for count in [1, 30, 31, 100] {
            let wakes = std::sync::Arc::new(Count(Default::default()));
            let waker = waker(std::sync::Arc::clone(&wakes));
            let futures = (0..count).map(|value| async move {
                futures::pending!();
                value
            });
            let mut joined = join_in_order(futures).map(Iterator::collect::<Vec<_>>).boxed();
            let mut cx = Context::from_waker(&waker);
            assert!(joined.as_mut().poll(&mut cx).is_pending());
            assert_eq!(wakes.0.load(std::sync::atomic::Ordering::SeqCst), 0, "{count}");
            assert_eq!(joined.as_mut().poll(&mut cx), Poll::Ready((0..count).collect::<Vec<_>>()));
        }
    }

    #[tokio::test]
    async fn what_comes_late_comes_into_its_place() {
        let answer = answer("{ numbers(count: 40) { late value } }").await;
        let numbers: Vec<_> = (0..40).map(|value| json!({"late": value, "value": value})).collect();
        assert_eq!(answer, json!({"data": {"numbers": numbers}}));
    }
}
