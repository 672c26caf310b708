//! What is refused before a store is asked, and what is answered without harm.

use axum::http::{HeaderValue, Method, header};
use serde_json::json;

use super::range::{Attack, Range};

/// How many times the CPU of hello an attack may take.
const MOST: f64 = 20.0;
/// How many times the CPU of hello a text of 5,000 tokens, or of a megabyte, may take: it is 100 to 10,000 times as long.
const MOST_WITHIN: f64 = 500.0;

#[test]
fn attacks_are_refused_cheaply() {
    let range = Range::open(&[]);
    let attacks: Vec<_> = [documents(), bodies(), values(), simple_requests()].into_iter().flatten().collect();
    let faults = range.hold("Attacks", &attacks, MOST);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn documents() -> Vec<Attack> {
    let aliases = |n: usize| (0..n).map(|n| format!("a{n}: __typename ")).collect::<String>();
    let doubling: String =
        (0..30).map(|n| format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1)).collect();
    let doubling = format!("{{ ...F0 }}{doubling} fragment F30 on Query {{ __typename }}");
    let introspection = (0..9).fold("{ name }".to_owned(), |below, _| format!("{{ fields {{ type {below} }} }}"));
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }";
    let itself = "{ viewer { ...A } } fragment A on User { followers { nodes { ...A } } }";
    let deep = |open: &str, close: &str, n: usize| format!("{{ {} id {} }}", open.repeat(n), close.repeat(n));
    let variables: String = (0..5_000).map(|n| format!("$v{n}: Int ")).collect();
    let logins: String = (0..1_000)
        .map(|n| format!("l{n}: signIn(input: {{ login: \"demo\", password: \"{n}\" }}) {{ userErrors {{ code }} }} "))
        .collect();
    let hundred_logins = logins.split_inclusive("} } ").take(101).collect::<String>();
    vec![
        Attack::query("logins by alias x 101", &format!("mutation {{ {hundred_logins} }}"), 400, "TOO_MANY_ALIASES"),
        Attack::query("alias overloading x 10,000", &format!("{{ {} }}", aliases(10_000)), 400, "TOO_MANY_ALIASES"),
        Attack::query("logins by alias x 1,000", &format!("mutation {{ {logins} }}"), 400, "TOO_MANY_TOKENS"),
        Attack::query(
            "field duplication x 10,000",
            &format!("{{ {} }}", "__typename ".repeat(10_000)),
            400,
            "TOO_MANY_TOKENS",
        ),
        Attack::query(
            "directive overloading x 10,000",
            &format!("{{ __typename {} }}", "@skip(if: false) ".repeat(10_000)),
            400,
            "QUERY_TOO_COMPLEX",
        ),
        Attack::query(
            "unknown directives x 10,000",
            &format!("{{ __typename {} }}", "@a".repeat(10_000)),
            400,
            "QUERY_TOO_COMPLEX",
        ),
        Attack::query("circular fragments", circle, 400, "GRAPHQL_VALIDATION_FAILED"),
        Attack::query("a fragment that spreads itself", itself, 400, "GRAPHQL_VALIDATION_FAILED"),
        Attack::query("fragment doubling x 30", &doubling, 400, "QUERY_TOO_COMPLEX"),
        Attack::query(
            "circular introspection",
            &format!("{{ __schema {{ types {introspection} }} }}"),
            400,
            "QUERY_TOO_DEEP",
        ),
        Attack::query(
            "deep nesting x 1,000",
            &deep("viewer { followers { nodes {", "} } }", 1_000),
            400,
            "QUERY_TOO_DEEP",
        ),
        Attack::query("deep inline fragments x 1,000", &deep("... {", "}", 1_000), 400, "QUERY_TOO_DEEP"),
        Attack::query(
            "deep lists x 100,000",
            &format!("{{ nodes(ids: {}) {{ id }} }}", "[".repeat(100_000)),
            400,
            "QUERY_TOO_DEEP",
        ),
        Attack::query("deep types x 100,000", &format!("query ($a: {}", "[".repeat(100_000)), 400, "QUERY_TOO_DEEP"),
        Attack::query(
            "variables declared x 5,000",
            &format!("query ({variables}) {{ __typename }}"),
            400,
            "TOO_MANY_TOKENS",
        ),
        Attack::query("operations x 5,000", &"{ a } ".repeat(5_000), 400, "TOO_MANY_TOKENS"),
        Attack::query(
            "a string of 900 KB",
            &format!("{{ post(id: \"{}\") {{ id }} }}", "a".repeat(900_000)),
            200,
            "BAD_USER_INPUT",
        ),
        Attack::query("a comment of 900 KB", &format!("# {}", "a".repeat(900_000)), 400, "GRAPHQL_PARSE_FAILED"),
        Attack::query(
            "braces in a comment x 100,000",
            &format!("# {}", "{".repeat(100_000)),
            400,
            "GRAPHQL_PARSE_FAILED",
        ),
    ]
}

fn bodies() -> Vec<Attack> {
    let in_variables = |value: &str| format!("{{\"query\":\"{{ __typename }}\",\"variables\":{{\"a\":{value}}}}}");
    let nested = |n: usize| in_variables(&format!("{}1{}", "[".repeat(n), "]".repeat(n)));
    let login =
        json!({ "query": "mutation { signIn(input: { login: \"demo\", password: \"x\" }) { userErrors { code } } }" });
    let logins = serde_json::Value::Array(vec![login; 1_000]).to_string();
    let large = in_variables(&format!("\"{}\"", "x".repeat(10_000_000)));
    // 10 MB of zeros, by gzip: what it holds does not matter, since nothing unpacks it.
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    vec![
        Attack::post("logins by array x 1,000", logins, 400, "BAD_USER_INPUT"),
        Attack::post("a variable of 10 MB", large, 413, "REQUEST_TOO_LARGE"),
        Attack::post("nested JSON x 100", nested(100), 400, "BAD_USER_INPUT"),
        Attack::post("nested JSON x 100,000", nested(100_000), 400, "BAD_USER_INPUT"),
        Attack::post("arrays only x 500,000", "[".repeat(500_000), 400, "BAD_USER_INPUT"),
        Attack::post(
            "`query` twice",
            r#"{"query":"{ __typename }","query":"{ viewer { id } }"}"#,
            400,
            "BAD_USER_INPUT",
        ),
        Attack::post("a variable twice", in_variables("1,\"a\":2"), 400, "BAD_USER_INPUT"),
        Attack::post("a key of a variable twice", in_variables("{\"b\":1,\"b\":2}"), 400, "BAD_USER_INPUT"),
        Attack::post("invalid UTF-8", b"{\"query\":\"{ a(b: \\\"\xff\xfe\\\") }\"}".to_vec(), 400, "BAD_USER_INPUT"),
        Attack::post("half a pair of surrogates", r#"{"query":"{ a \ud800 }"}"#, 400, "BAD_USER_INPUT"),
        Attack::post("a number of 10,000 digits", in_variables(&"9".repeat(10_000)), 400, "BAD_USER_INPUT"),
        Attack::post("compression bomb: gzip", bomb.to_vec(), 415, "BAD_USER_INPUT")
            .with(header::CONTENT_ENCODING, b"gzip"),
        Attack::post("compression bomb: br, gzip, gzip", bomb.to_vec(), 415, "BAD_USER_INPUT")
            .with(header::CONTENT_ENCODING, b"br, gzip, gzip"),
    ]
}

fn values() -> Vec<Attack> {
    let search = |name: &str, text: &str, code| {
        let query = "query ($text: String!) { search(query: $text) { nodes { title } } }";
        Attack::post(name, json!({ "query": query, "variables": { "text": text } }).to_string(), 200, code).calling(1)
    };
    let by = |name: &str, argument: &str, value: &str, calls| {
        let query = match argument {
            "id" => "query ($v: ID!) { node(id: $v) { id } }",
            _ => "query ($v: String) { posts(after: $v) { nodes { id } } }",
        };
        let body = json!({ "query": query, "variables": { "v": value } }).to_string();
        let code = if calls == 0 { "BAD_USER_INPUT" } else { "" };
        Attack::post(name, body, 200, code).calling(calls)
    };
    let users_cursor = "{ users(first: 1, after: \"AAAA\") { nodes { id } } }";
    vec![
        search("search: nested quantifiers", "(a+)+$ (.*)*{1000}{1000} /.*a.*b.*c/", ""),
        search("search: query syntax", "a* OR *:* AND -b~9 \"c\"~9 [* TO *] _exists_:d ((((((", ""),
        search("search: JSON of a query", "{\"query\":{\"script\":{\"source\":\"while(true){}\"}}}", ""),
        search("search: 256 letters in one word", &"a".repeat(256), ""),
        search("search: 128 words", &"a ".repeat(128), ""),
        search("search: marks upon one letter", &format!("a{}", "\u{301}".repeat(255)), ""),
        search("search: more than 256 letters", &"a".repeat(257), "BAD_USER_INPUT"),
        search("search: 900 KB", &"a ".repeat(450_000), "BAD_USER_INPUT"),
        by("an id that is a path", "id", "../../../etc/passwd", 0),
        by("an id that is SQL", "id", "' OR 1=1; --", 0),
        by("an id of 900 KB", "id", &"A".repeat(900_000), 0),
        by("an id of nothing there is", "id", "VQAAAAAAAAAAAAAAAAAAAAAA", 0),
        by("a cursor that is none", "after", "' OR 1=1; --", 0),
        by("a cursor of 900 KB", "after", &"A".repeat(900_000), 0),
        by("a cursor made up", "after", "AQEBAQEBAQEBAQEBAQEBAQEBAQ", 0),
        Attack::query("a cursor of another list", users_cursor, 200, "BAD_USER_INPUT"),
        Attack::query("pages of 2,147,483,647", "{ posts(first: 2147483647) { nodes { id } } }", 200, "BAD_USER_INPUT"),
    ]
}

/// What a page of anybody can make a browser send without asking (Fetch, "CORS-safelisted").
fn simple_requests() -> Vec<Attack> {
    let mutation = r#"{"query":"mutation { signOut { sessionsEnded } }"}"#;
    let simple = |media: &'static str, body: &'static str| {
        let name = format!("CSRF: POST of {media}");
        Attack::post(&name, body, 415, "BAD_USER_INPUT").with(header::CONTENT_TYPE, media.as_bytes())
    };
    let get = |name: &str, parameters: &str, status, code| Attack {
        method: Method::GET,
        uri: format!("/graphql?{parameters}"),
        headers: Vec::new(),
        ..Attack::post(name, "", status, code)
    };
    let mut without_type = Attack::post("CSRF: POST without a type", mutation, 415, "BAD_USER_INPUT");
    without_type.headers.clear();
    vec![
        simple("application/x-www-form-urlencoded", "query=mutation%20%7B%20signOut%20%7B%20sessionsEnded%20%7D%20%7D"),
        simple(
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"query\"\r\n\r\n{ a }\r\n--x--",
        ),
        simple("text/plain", mutation),
        simple("text/plain; application/json", mutation),
        without_type,
        get(
            "CSRF: mutation by GET",
            "query=mutation%20%7B%20signOut%20%7B%20sessionsEnded%20%7D%20%7D",
            405,
            "BAD_USER_INPUT",
        ),
        get("GET with `query` twice", "query=%7B__typename%7D&query=%7Bviewer%7Bid%7D%7D", 400, "BAD_USER_INPUT"),
        get(
            "GET with nested variables",
            &format!("query=%7B__typename%7D&variables={}", "%5B".repeat(10_000)),
            400,
            "BAD_USER_INPUT",
        ),
    ]
}

/// Texts that no limit refuses before they are read to their end: what they take is bounded by the limit of tokens.
#[test]
fn texts_within_the_limits_take_what_the_limits_allow() {
    let fields = |n: usize| (0..n).map(|n| format!("a{n} ")).collect::<String>();
    let texts = [
        Attack::query("fields x 4,900", &format!("{{ {} }}", "__typename ".repeat(4_900)), 400, "QUERY_TOO_COMPLEX"),
        Attack::query("fields of one name x 4,900", &format!("{{ viewer {{ {} }} }}", "id ".repeat(4_900)), 200, ""),
        Attack::query(
            "unknown fields x 4,900",
            &format!("{{ viewer {{ {} }} }}", fields(4_900)),
            400,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        Attack::query("white space of 900 KB", &" ".repeat(900_000), 400, "BAD_USER_INPUT"),
        Attack::query("line breaks x 450,000", &format!("a{}", "\n".repeat(450_000)), 400, "GRAPHQL_PARSE_FAILED"),
    ];
    let faults = Range::open(&[]).hold("Texts within the limits", &texts, MOST_WITHIN);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_refusal_says_stays_short() {
    let range = Range::open(&[]);
    let unknown: String = (0..3_000).map(|n| format!("nam{n} ")).collect();
    let attack = Attack::query("unknown fields x 3,000", &format!("{{ viewer {{ {unknown} }} }}"), 400, "");
    let shot = range.shoot(&attack);
    assert_eq!(shot.status, 400, "{}", shot.text);
    assert!(shot.text.len() < 10_000, "{} bytes", shot.text.len());
    assert_eq!(shot.headers.get(header::CACHE_CONTROL), Some(&HeaderValue::from_static("no-store")));
}
