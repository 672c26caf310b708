//! Documents: the lexer, the parser, the limits, validation and what an operation may cost.

use std::sync::LazyLock;

use polygraph::app::schema_options;
use polygraph::config::Config;
use polygraph::domain::Scope;
use polygraph::graphql::{Operation, PolygraphSchema, SchemaOptions, prepare, schema};
use tokio::runtime::{Builder, Runtime};

/// The schema with the limits of production.
static SCHEMA: LazyLock<PolygraphSchema> = LazyLock::new(|| {
    let config = Config::from_sources(None, &[("POLYGRAPH_PRODUCTION".into(), "true".into())], &[]);
    let config = config.expect("the defaults are valid");
    schema(SchemaOptions { introspection: true, suggestions: true, ..schema_options(&config) })
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// A document is as good, costs as much and is as private when it is found among those that are kept.
pub fn documents(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let first = found_out(text);
    assert_eq!(first, found_out(text));
    let (scope, cost) = first;
    assert!(scope.is_none() || cost >= 1, "a query for nothing");
}

fn found_out(text: &str) -> (Option<Scope>, u64) {
    let operation = Operation { query: text.to_owned(), name: None, variables: Default::default(), safe: false };
    let mut ready = RUNTIME.block_on(prepare(&SCHEMA, operation));
    (ready.scope(), ready.cost(&SCHEMA))
}
