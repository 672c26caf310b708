//! How long lists are and what fields cost, where readers of the schema find it: the directives `@listSize` and `@cost`
//! of the GraphQL Cost Directive Specification (IBM; Apollo reads the same). [`super::cost`] reads them off the schema's
//! text, so what is written there is what counts.

use std::borrow::Cow;

use async_graphql::parser::types::ConstDirective;
use async_graphql::registry::location_traits::Directive_At_FIELD_DEFINITION;
use async_graphql::registry::{MetaDirectiveInvocation, Registry};
use async_graphql::{Positioned, TypeDirective};
use async_graphql_value::ConstValue;

/// How long a page is where the request does not say.
const DEFAULT_PAGE: i32 = 20;

/// How long the list is that a field returns, or those are that its object holds.
#[TypeDirective(name = "listSize", location = "FieldDefinition")]
fn list_size(
    #[graphql(desc = "The length where no argument says it.")] assumed_size: Option<i32>,
    #[graphql(desc = "The arguments that say it: a number, or a list that is as long.")] slicing_arguments: Option<
        Vec<String>,
    >,
    #[graphql(desc = "The fields of the returned object that are that long, where it is not the field itself.")]
    sized_fields: Option<Vec<String>>,
    #[graphql(desc = "Whether one of the arguments must be given.", default = true)] require_one_slicing_argument: bool,
) {
}

/// What a field costs each time it is resolved, beside the objects that it returns: each of them costs 1.
#[TypeDirective(name = "cost", location = "FieldDefinition")]
fn cost(#[graphql(desc = "A whole number.")] weight: String) {}

/// What says how long a list is.
pub(super) enum Length {
    /// `first` or `last`, of a connection.
    Page,
    /// `first`, of a connection that is paged forward only.
    ForwardPage,
    /// `first`, which has a default.
    First,
    /// The list `ids`.
    Ids,
    /// The list `representations`.
    Representations,
    /// Nothing: this is the most that it can be.
    AtMost(i32),
}

/// `@listSize` on a field.
pub(super) struct ListSize;

impl ListSize {
    /// The directive as the schema shows it.
    pub(super) fn apply(length: Length) -> MetaDirectiveInvocation {
        let names = |names: &[&str]| Some(names.iter().copied().map(str::to_owned).collect());
        let (assumed, slicing, sized) = match length {
            Length::Page => (Some(DEFAULT_PAGE), names(&["first", "last"]), names(&["edges", "nodes"])),
            Length::ForwardPage => (Some(DEFAULT_PAGE), names(&["first"]), names(&["edges", "nodes"])),
            Length::First => (None, names(&["first"]), None),
            Length::Ids => (None, names(&["ids"]), None),
            Length::Representations => (None, names(&["representations"]), None),
            Length::AtMost(most) => (Some(most), None, None),
        };
        list_size::apply(assumed, slicing, sized, false)
    }
}

/// `@cost` on a field.
pub(super) struct Cost;

impl Cost {
    /// The directive as the schema shows it.
    pub(super) fn apply(weight: u32) -> MetaDirectiveInvocation {
        cost::apply(weight.to_string())
    }
}

impl Directive_At_FIELD_DEFINITION for ListSize {}
impl Directive_At_FIELD_DEFINITION for Cost {}

impl TypeDirective for ListSize {
    fn name(&self) -> Cow<'static, str> {
        list_size.name()
    }

    fn register(&self, registry: &mut Registry) {
        list_size.register(registry);
    }
}

impl TypeDirective for Cost {
    fn name(&self) -> Cow<'static, str> {
        cost.name()
    }

    fn register(&self, registry: &mut Registry) {
        cost.register(registry);
    }
}

/// What the directives of a field say.
#[derive(Debug, Clone, Default)]
pub(super) struct Weights {
    /// What it costs beside its objects.
    pub cost: u64,
    /// The length that it has where no argument says it.
    pub assumed: Option<u64>,
    /// The arguments that say how long it is.
    pub slicing: Vec<String>,
    /// The fields of its object that are that long; none where it is itself.
    pub sized: Vec<String>,
}

impl Weights {
    /// Reads them.
    pub(super) fn of(directives: &[Positioned<ConstDirective>]) -> Self {
        let argument = |directive: &str, argument: &str| {
            let directive = directives.iter().find(|found| found.node.name.node == directive)?;
            directive.node.arguments.iter().find(|(name, _)| name.node == argument).map(|(_, value)| &value.node)
        };
        let names = |value: Option<&ConstValue>| match value {
            Some(ConstValue::List(names)) => names.iter().filter_map(text).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Self {
            cost: argument("cost", "weight").and_then(text).and_then(|weight| weight.parse().ok()).unwrap_or(0),
            assumed: argument("listSize", "assumedSize").and_then(number),
            slicing: names(argument("listSize", "slicingArguments")),
            sized: names(argument("listSize", "sizedFields")),
        }
    }
}

fn text(value: &ConstValue) -> Option<&str> {
    match value {
        ConstValue::String(text) => Some(text),
        _ => None,
    }
}

/// A value as a number that is not negative.
pub(super) fn number(value: &ConstValue) -> Option<u64> {
    match value {
        ConstValue::Number(number) => number.as_u64(),
        _ => None,
    }
}
