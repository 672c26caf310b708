//! What the limits let through, and what not.

use serde_json::json;

use super::testing::LIMITS;
use super::*;
use crate::graphql::syntax::{self, Unreadable};

/// Why a document is refused by limits, as when it is sent.
fn refused_by(limits: Limits, query: &str) -> Option<ErrorCode> {
    match syntax::parse(query, limits.bounds()) {
        Ok(parsed) => limits.check_document(&parsed.document, true).err().map(|excess| excess.code),
        Err(Unreadable::Beyond(bound)) => Some(limits.beyond(bound).code),
        Err(Unreadable::Syntax { message, .. }) => panic!("{message}: {query}"),
    }
}

fn refused(query: &str) -> Option<ErrorCode> {
    refused_by(LIMITS, query)
}

/// Fragments that each spread the next one twice.
fn doubling(times: usize) -> String {
    let fragments = (0..times).map(|n| format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1));
    format!("{{ ...F0 }}{} fragment F{times} on Query {{ a }}", fragments.collect::<String>())
}

#[test]
fn fragments_are_expanded_without_walking_them_again() {
    let wide = Limits { root_fields: u64::MAX, ..LIMITS };
    assert_eq!(refused_by(wide, &doubling(13)), None, "8,192 fields");
    assert_eq!(refused_by(wide, &doubling(14)), Some(ErrorCode::QueryTooComplex));
    assert_eq!(refused(&doubling(90)), Some(ErrorCode::QueryTooComplex), "more than can be counted");
}

#[test]
fn depth_is_that_of_fields_whatever_fragments_lie_between() {
    let deep = |n: usize, open: &str, close: &str| format!("{{ {} a {} }}", open.repeat(n), close.repeat(n));
    assert_eq!(refused(&deep(LIMITS.depth - 1, "a {", "}")), None);
    assert_eq!(refused(&deep(LIMITS.depth, "a {", "}")), Some(ErrorCode::QueryTooDeep));
    assert_eq!(refused(&deep(20, "a { ... on A {", "} }")), None);
    let long = Limits { tokens: usize::MAX, ..LIMITS };
    let chain: String = (0..20_000).map(|n| format!(" fragment F{n} on Query {{ ...F{} }}", n + 1)).collect();
    assert_eq!(refused_by(long, &format!("{{ ...F0 }}{chain}")), Some(ErrorCode::QueryTooDeep), "a chain of fragments");
    let known_first = format!("{{ ...F19999 ...F19920 ...F19840 ...F19760 }}{chain}");
    assert_eq!(refused_by(long, &known_first), Some(ErrorCode::QueryTooDeep), "a chain measured from its end");
}

#[test]
fn fragments_that_never_end_are_invalid() {
    let cycle = "{ ...A } fragment A on Query { a { ...B } } fragment B on Query { ...A }";
    assert_eq!(refused(cycle), Some(ErrorCode::ValidationFailed));
    assert_eq!(refused("{ a } fragment A on Query { ...A }"), None, "one that is never spread is not expanded");
}

#[test]
fn each_limit_lets_as_many_through_as_it_says() {
    let times = |n: usize, text: &str| format!("{{ a {} }}", text.repeat(n));
    let directives = |n: usize| format!("{{ a {} }}", "@skip(if: false)".repeat(n));
    for (what, limits, most, one_more, code) in [
        ("tokens", Limits { tokens: 8, ..LIMITS }, times(5, "a "), times(6, "a "), ErrorCode::TooManyTokens),
        ("aliases", Limits { aliases: 3, ..LIMITS }, times(3, "b: a "), times(4, "b: a "), ErrorCode::TooManyAliases),
        ("directives", Limits { directives: 2, ..LIMITS }, directives(2), directives(3), ErrorCode::QueryTooComplex),
        (
            "root fields",
            Limits { root_fields: 3, ..LIMITS },
            times(2, "a "),
            times(3, "a "),
            ErrorCode::QueryTooComplex,
        ),
        (
            "fields",
            Limits { fields: 5, ..LIMITS },
            times(2, "a { b }"),
            times(3, "a { b }"),
            ErrorCode::QueryTooComplex,
        ),
    ] {
        assert_eq!((refused_by(limits, &most), refused_by(limits, &one_more)), (None, Some(code)), "{what}");
    }
    let hidden = "{ ...A ...A } fragment A on Query { a b }";
    assert_eq!(
        refused_by(Limits { root_fields: 3, ..LIMITS }, hidden),
        Some(ErrorCode::QueryTooComplex),
        "in fragments"
    );
    assert_eq!(LIMITS.check_cost(u64::MAX), Ok(()));
    let costly = Limits { cost: Some(7), ..LIMITS };
    assert_eq!(costly.check_cost(7), Ok(()));
    assert_eq!(costly.check_cost(8).map_err(|excess| excess.code), Err(ErrorCode::QueryTooComplex));
}

#[test]
fn introspection_fits_whatever_the_depth_but_not_in_circles() {
    let tools = include_str!("../../../tests/api/attacks/introspection.graphql");
    let shallow = Limits { depth: 1, ..LIMITS };
    assert_eq!(refused_by(shallow, tools), None, "as graphql-js sends it");
    let circle = |n| (0..n).fold("{ name }".to_owned(), |below, _| format!("{{ fields {{ type {below} }} }}"));
    for (n, expected) in [(2, None), (3, Some(ErrorCode::QueryTooDeep)), (9, Some(ErrorCode::QueryTooDeep))] {
        assert_eq!(refused(&format!("{{ __schema {{ types {} }} }}", circle(n))), expected, "{n}");
    }
    let in_fragments = "{ __type(name: \"A\") { ...T } } fragment T on __Type { fields { type { ...U } } }
        fragment U on __Type { interfaces { ...V } } fragment V on __Type { possibleTypes { name } }";
    assert_eq!(refused(in_fragments), Some(ErrorCode::QueryTooDeep));
    let many = |n: usize| format!("{{ {} }}", "__schema { types { name } } ".repeat(n));
    assert_eq!((refused(&many(16)), refused(&many(17))), (None, Some(ErrorCode::QueryTooComplex)));
}

#[test]
fn the_schema_is_asked_about_only_where_that_may_be() {
    for (query, asks) in [
        ("{ __typename }", false),
        ("{ a { __typename } }", false),
        ("{ __schema { types { name } } }", true),
        ("query A { a } query B { ...F } fragment F on Query { __type(name: \"A\") { name } }", true),
    ] {
        let parsed = syntax::parse(query, LIMITS.bounds()).expect(query);
        let refused = LIMITS.check_document(&parsed.document, false).err().map(|excess| excess.code);
        assert_eq!(refused, asks.then_some(ErrorCode::IntrospectionDisabled), "{query}");
    }
}

#[test]
fn variables_are_nested_as_deeply_as_they_may_be() {
    let nested = |depth: usize| {
        (0..depth).fold(json!(1), |inner, n| if n % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) })
    };
    for (depth, fits) in [(0, true), (16, true), (17, false), (100, false)] {
        let variables = json!({ "a": 1, "b": nested(depth) });
        let checked = LIMITS.check_variables(variables.as_object().expect("an object"));
        assert_eq!(checked.is_ok(), fits, "{depth}");
    }
}
