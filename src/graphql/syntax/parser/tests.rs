//! The parser beside async-graphql's own, and where the two differ.

use async_graphql::parser::parse_query;

use super::*;
use crate::graphql::syntax::parse;

const MOST_OPEN: usize = 8;
const BOUNDS: Bounds = Bounds { open: MOST_OPEN, tokens: 1_000_000, aliases: 100, directives: 100 };

fn parsed(text: &str) -> Parsed {
    parse(text, BOUNDS).expect(text)
}

/// A document without its places and in one order.
fn told(document: &ExecutableDocument) -> String {
    let mut operations: Vec<_> = document.operations.iter().collect();
    operations.sort_by_key(|(name, _)| *name);
    let mut fragments: Vec<_> = document.fragments.iter().collect();
    fragments.sort_by_key(|(name, _)| *name);
    format!("{operations:#?} {fragments:#?}")
}

/// As [`told`], without the places.
fn shape(document: &ExecutableDocument) -> String {
    told(document).lines().filter(|line| !line.trim_start().starts_with("pos: ")).collect()
}

#[test]
fn what_both_parsers_read_is_the_same_tree() {
    for text in [
        "{ a }",
        "query Q { a: b(c: 1, d: [1.5, \"x\", true, null, E, {}, { f: [[]] }]) @e(g: $h) @i { j } }",
        "mutation M($a: [Int!]! = [1, 2], $b: I = { c: D }) @e { x(a: $a, b: [$b]) { __typename } }",
        "query A { ...F ... on B @c { d } ... { e } ... @f { g } } query H { i } fragment F on J @k { l { m } }",
        "fragment query on on { fragment: on mutation subscription: true }query fragment{...query}",
        "subscription { a(b: \"\"\"\n  c\n   d\n\"\"\", e: \"\\u00e9\\n\") } # the end",
        "\u{feff}{a,b,,c}",
        "{ a(b: -1, c: 9007199254740993, d: 1e3, e: 18446744073709551615, f: 99999999999999999999) }",
    ] {
        assert_eq!(shape(&parsed(text).document), shape(&parse_query(text).expect(text)), "{text}");
        assert!(parsed(text).faults.is_empty(), "{text}");
    }
    let text = "query Q {\n  a: b(c: 1, d: $e) @f { ...G }\n} fragment G on H { i { j } }";
    let [ours, theirs] = [parsed(text).document, parse_query(text).expect(text)].map(|document| told(&document));
    let differing = ours.lines().zip(theirs.lines()).filter(|(one, other)| one != other);
    assert_eq!(differing.count(), 0, "the places of what errors name");
}

#[test]
fn what_the_other_parser_refuses_is_read() {
    for text in [
        r#"{ a(b: "\uD83D\uDE00") }"#,
        r#"{ a(b: "\u{1F600}") }"#,
        "query ($a: [ Int ! ] !) { a }",
        "query ($a: Int = 1 @b) { a }",
    ] {
        assert!(parse_query(text).is_err(), "{text}");
        assert!(parsed(text).faults.is_empty(), "{text}");
    }
    assert_eq!(
        shape(&parsed("query ($a: [ Int ! ] !) { a }").document),
        shape(&parsed("query($a:[Int!]!){a}").document)
    );
}

#[test]
fn what_is_no_document_is_refused_where_it_fails() {
    for (text, column, expected) in [
        ("", 1, "an operation or a fragment, found the end"),
        ("{ a", 4, "a name, found the end of the document"),
        ("{ }", 3, "a name, found \"}\""),
        ("{ a { } }", 7, "a name, found \"}\""),
        ("{ a() }", 5, "a name, found \")\""),
        ("query () { a }", 8, "\"$\", found \")\""),
        ("{ a(b) }", 6, "\":\", found \")\""),
        ("{ a(b: ) }", 8, "a value, found \")\""),
        ("{ a(b: \"x\" \"y\") }", 12, "a name, found a string"),
        ("{ a } b", 7, "an operation or a fragment, found \"b\""),
        ("{ a } }", 7, "an operation or a fragment, found \"}\""),
        ("queryA { a }", 1, "an operation or a fragment, found \"queryA\""),
        ("query ($a: Int = $b) { a }", 18, "a constant, found \"$\""),
        ("query ($a: Int = [{ b: $c }]) { a }", 24, "a constant, found \"$\""),
        ("query ($a: [Int) { a }", 16, "\"]\", found \")\""),
        ("fragment on on A { b }", 10, "a fragment's name, found \"on\""),
        ("fragment F A { b }", 12, "\"on\", found \"A\""),
        ("{ ... on }", 10, "a name, found \"}\""),
        ("{ a: }", 6, "a name, found \"}\""),
        ("{ a @ }", 7, "a name, found \"}\""),
        ("type A { b: Int }", 1, "an operation or a fragment, found \"type\""),
        ("{ a(b: &) }", 8, "a value, found \"&\""),
    ] {
        let Err(Unreadable::Syntax { message, at }) = parse(text, BOUNDS) else { panic!("{text} is read") };
        assert!(message.starts_with(&format!("expected {expected}")), "{text}: {message}");
        assert_eq!(at, Pos { line: 1, column }, "{text}");
    }
}

#[test]
fn brackets_may_be_open_up_to_a_limit() {
    for [open, middle, close] in [["{ a", " ", " }"], ["[", "1", "]"], ["{ a: ", "1", " }"]] {
        let nested = |n: usize| {
            let inner = format!("{}{middle}{}", open.repeat(n), close.repeat(n));
            if open == "{ a" { inner } else { format!("{{ a(b: {inner}) }}") }
        };
        let around = if open == "{ a" { 0 } else { 2 };
        assert!(parse(&nested(MOST_OPEN - around), BOUNDS).is_ok(), "{open}");
        assert_eq!(
            parse(&nested(MOST_OPEN - around + 1), BOUNDS).err(),
            Some(Unreadable::Beyond(Bound::Open)),
            "{open}"
        );
    }
    let ty = format!("query ($a: {}Int{}) {{ a }}", "[".repeat(MOST_OPEN), "]".repeat(MOST_OPEN));
    assert_eq!(parse(&ty, BOUNDS).err(), Some(Unreadable::Beyond(Bound::Open)));
    assert_eq!(parse(&"{a".repeat(100_000), BOUNDS).err(), Some(Unreadable::Beyond(Bound::Open)), "never closed");
    let many = "[{(".repeat(20);
    for harmless in [format!("{{ a(b: \"{many}\" c: \"\"\"\" {many}\"\"\") }} # {many}"), "{ a { b } }".repeat(50)] {
        assert!(parse(&harmless, BOUNDS).is_ok(), "{harmless}");
    }
}

#[test]
fn what_the_tree_can_not_hold_is_told() {
    for (text, fault, column) in [
        ("{ a(b: { c: 1, d: 2, c: 3 }) }", "only one input field named \"c\"", 22),
        ("{ a(b: [{ c: { d: 1, d: 1 } }]) }", "only one input field named \"d\"", 22),
        ("query ($a: I = { c: 1 c: 1 }) { a }", "only one input field named \"c\"", 23),
        ("query A { a } query A { b }", "only one operation named \"A\"", 15),
        ("fragment F on A { a } query A { ...F } fragment F on A { b }", "only one fragment named \"F\"", 40),
        ("query A { a } { b }", "without a name must be the only one", 15),
        ("{ a } { b }", "without a name must be the only one", 1),
        ("fragment F on A { a }", "no operation", 1),
        ("{ a(b: 1e999) }", "1e999 is beyond all numbers", 8),
    ] {
        let faults = parsed(text).faults;
        assert!(faults[0].message.contains(fault), "{text}: {faults:?}");
        assert_eq!(faults[0].locations, [Pos { line: 1, column }], "{text}");
    }
}
