//! What browsers are told, what requests' own headers can do, and which pages may read answers.

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Client, World, run};

/// A request of each kind of answer: a page, data, errors, and what is not there.
async fn answers(client: &Client) -> Vec<(&'static str, Answer)> {
    let get = |path| client.send(client.request(Method::GET, path));
    let post = client.request(Method::POST, "/graphql");
    vec![
        ("GraphiQL", get("/").await),
        ("the schema", get("/schema.graphql").await),
        ("liveness", get("/livez").await),
        ("readiness", get("/readyz").await),
        ("metrics", get("/metrics").await),
        ("nothing", get("/nothing").await),
        ("data", client.ask("{ __typename }").await),
        ("an error", client.ask("{").await),
        ("a wrong method", client.send(client.request(Method::DELETE, "/graphql")).await),
        ("a wrong type", client.send(post.body("x")).await),
        ("a redirect", client.send(client.request(Method::GET, "/graphql").header("accept", "text/html")).await),
    ]
}

#[test]
fn every_answer_has_the_headers_that_browsers_are_to_heed() {
    run(async {
        let world = World::embedded();
        for (what, answer) in answers(world.client()).await {
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{what}");
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}");
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{what}");
            assert_eq!(policy.contains("script-src"), what == "GraphiQL", "{what}: {policy}");
            assert_eq!(answer.header("strict-transport-security"), None, "{what}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
            assert_eq!(answer.header("server"), None, "{what}");
        }
        let served = world.configured(&[("POLYGRAPH_HSTS_MAX_AGE", "24h")]).await;
        let answer = served.client.ask("{ __typename }").await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=86400"));
    });
}

#[test]
fn the_policy_of_graphiql_names_no_other_origin_and_lets_no_text_become_a_script() {
    let world = World::embedded();
    let answer = run(world.client().send(world.client().request(Method::GET, "/")));
    let policy = answer.header("content-security-policy").expect("a policy");
    for part in policy.split("; ") {
        let (directive, sources) = part.split_once(' ').expect("a directive with its sources");
        let allowed: &[_] = match directive {
            "style-src" => &["'self'", "'unsafe-inline'"],
            "script-src" | "font-src" | "worker-src" | "connect-src" => &["'self'"],
            "img-src" => &["data:"],
            _ => &["'none'"],
        };
        assert_eq!(sources.split(' ').collect::<Vec<_>>(), allowed, "{directive}");
    }
}

#[test]
fn pages_of_other_origins_read_answers_only_where_they_are_named() {
    const APP: &str = "https://app.example.org";
    run(async {
        let world = World::embedded();
        let preflight = async |client: &Client, origin: &str| {
            let request = client.request(Method::OPTIONS, "/graphql").header("origin", origin);
            let request = request.header("access-control-request-method", "POST");
            client.send(request.header("access-control-request-headers", "content-type,authorization")).await
        };
        let ask = async |client: &Client, origin: &str| {
            let body = json!({ "query": "{ __typename }" });
            client.send(client.request(Method::POST, "/graphql").header("origin", origin).json(&body)).await
        };
        let none = world.client();
        assert_eq!(preflight(none, APP).await.status, 405, "by default there is no such thing");

        let some =
            world.configured(&[("POLYGRAPH_CORS_ORIGINS", "https://app.example.org, http://localhost:3000")]).await;
        for (origin, allowed) in [(APP, true), ("http://localhost:3000", true), ("https://evil.example.org", false)] {
            let expected = allowed.then_some(origin);
            let asked = preflight(&some.client, origin).await;
            assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, expected), "{origin}");
            let headers = asked.header("access-control-allow-headers").expect("headers");
            assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
            let answer = ask(&some.client, origin).await;
            answer.data();
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            let varies: Vec<_> =
                answer.headers.get_all("vary").iter().map(|value| value.to_str().expect("text")).collect();
            let varies = varies.join(", ");
            assert!(["origin", "accept", "authorization"].iter().all(|by| varies.contains(by)), "{varies}");
        }
        let all = world.configured(&[("POLYGRAPH_CORS_ORIGINS", "*")]).await;
        assert_eq!(ask(&all.client, "https://any.example.org").await.header("access-control-allow-origin"), Some("*"));
    });
}

#[test]
fn what_comes_in_a_header_goes_out_in_none() {
    run(async {
        let world = World::embedded();
        let long = "a".repeat(65);
        for id in ["a b", "<script>", "a\tb", "\"", "a,b", "../x", "%0d%0aset-cookie: a=b", "é", long.as_str()] {
            let request = world.client().request(Method::POST, "/graphql").json(&json!({ "query": "{ nothing }" }));
            let value = HeaderValue::from_bytes(id.as_bytes()).expect("a header's value");
            let answer = world.client().send(request.header("x-request-id", value)).await;
            let given = answer.header("x-request-id").expect("an id");
            assert!(given.len() == 24 && given.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id} becomes {given}");
        }
        for name in ["x-forwarded-host", "x-original-url", "x-http-method-override", "origin"] {
            let request = world.client().request(Method::GET, "/graphql").header("accept", "text/html");
            let request = request.header(HeaderName::from_static(name), "https://evil.example.org/");
            let answer = world.client().send(request).await;
            assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{name}");
            assert!(!format!("{:?}", answer.headers).contains("evil"), "{name}: {:?}", answer.headers);
        }
    });
}

/// What no HTTP client sends: refused by the reader of HTTP, before there is a request.
#[test]
fn requests_that_two_readers_may_read_differently_are_refused() {
    let body = r#"{"query":"{ __typename }"}"#;
    let length = body.len();
    let head = "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let cases = [
        (
            "a line break in a value",
            format!("{head}x-request-id: a\rset-cookie: b=c\r\ncontent-length: {length}\r\n\r\n{body}"),
        ),
        ("a null in a value", format!("{head}x-request-id: a\0b\r\ncontent-length: {length}\r\n\r\n{body}")),
        ("a folded value", format!("{head}x-request-id: a\r\n b\r\ncontent-length: {length}\r\n\r\n{body}")),
        ("a space before the colon", format!("{head}content-length : {length}\r\n\r\n{body}")),
        ("two lengths", format!("{head}content-length: {length}\r\ncontent-length: 5\r\n\r\n{body}")),
        ("a length that is none", format!("{head}content-length: +{length}\r\n\r\n{body}")),
        ("no version", "GET /livez\r\n\r\n".to_owned()),
        ("101 headers", format!("{head}{}content-length: {length}\r\n\r\n{body}", "a: b\r\n".repeat(101))),
        ("a header of 1 MiB", format!("{head}a: {}\r\n\r\n", "b".repeat(1 << 20))),
        ("a path of 1 MiB", format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "b".repeat(1 << 20))),
    ];
    run(async {
        let served = World::embedded().configured(&[]).await;
        for (what, request) in cases {
            let mut stream = TcpStream::connect(served.address).await.expect("a connection");
            // It may be closed before all of it is sent.
            let _ = stream.write_all(request.as_bytes()).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            let answer = String::from_utf8_lossy(&answer);
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(["", "400", "414", "431"].contains(&status), "{what}: {answer}");
            assert!(!answer.contains("set-cookie"), "{what}: {answer}");
        }
    });
}
