//! GraphiQL: its page, and the files that it loads.

use std::io::Read as _;

use flate2::read::GzDecoder;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

use crate::support::{Answer, Client, World, run};

/// The files that a page loads at once.
async fn files(client: &Client) -> Vec<String> {
    let page = client.send(client.request(Method::GET, "/")).await;
    let named = page.text.split('"').filter(|part| part.starts_with("/assets/graphiql/"));
    named.map(ToOwned::to_owned).collect()
}

async fn get(client: &Client, path: &str, encoding: &str) -> reqwest::Response {
    let request = client.request(Method::GET, path).header(ACCEPT_ENCODING, encoding);
    request.send().await.expect("an answer")
}

#[test]
fn the_page_is_asked_for_each_time_and_sent_when_it_has_changed() {
    run(async {
        let world = World::embedded();
        let client = world.client();
        let page = client.send(client.request(Method::GET, "/")).await;
        assert_eq!((page.status, page.header("cache-control")), (200, Some("no-cache")));
        let tag = page.header("etag").expect("a tag").to_owned();
        let again = client.send(client.request(Method::GET, "/").header(IF_NONE_MATCH, &tag)).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
        // What a browser has kept takes the headers of a 304.
        let policy = |answer: &Answer| answer.header("content-security-policy").map(ToOwned::to_owned);
        assert_eq!((again.header("etag"), policy(&again)), (Some(tag.as_str()), policy(&page)));
        let other = client.send(client.request(Method::GET, "/").header(IF_NONE_MATCH, "\"another\"")).await;
        assert_eq!((other.status, other.text), (200, page.text));
    });
}

#[test]
fn files_are_kept_for_ever_and_sent_as_the_client_takes_them() {
    run(async {
        let world = World::embedded();
        let client = world.client();
        let files = files(client).await;
        assert!(files.len() >= 5, "{files:?}");
        for path in files {
            let compressed = get(client, &path, "br, gzip").await;
            let plain = get(client, &path, "identity").await;
            for answer in [&compressed, &plain] {
                assert_eq!(answer.status(), 200, "{path}");
                assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable", "{path}");
                assert_eq!(answer.headers()["vary"], "accept-encoding", "{path}");
                let expected = match path.rsplit('.').next() {
                    Some("js") => "text/javascript; charset=utf-8",
                    Some("css") => "text/css; charset=utf-8",
                    _ => "text/markdown; charset=utf-8",
                };
                assert_eq!(answer.headers()["content-type"], expected, "{path}");
            }
            assert_eq!(compressed.headers()["content-encoding"], "gzip");
            assert!(plain.headers().get("content-encoding").is_none());
            let mut inflated = Vec::new();
            let compressed = compressed.bytes().await.expect("a body");
            GzDecoder::new(&compressed[..]).read_to_end(&mut inflated).expect("gzip");
            assert!(inflated == plain.bytes().await.expect("a body"), "{path}");

            let head = client.request(Method::HEAD, &path).header(ACCEPT_ENCODING, "gzip").send().await.expect("one");
            assert_eq!(
                (head.status().as_u16(), &head.headers()["content-encoding"]),
                (200, &"gzip".parse().expect("one"))
            );
            assert_eq!(head.headers()["content-length"], compressed.len().to_string().as_str());
            assert!(head.bytes().await.expect("no body").is_empty());
            let post = client.request(Method::POST, &path).send().await.expect("an answer");
            assert_eq!((post.status().as_u16(), &post.headers()["allow"]), (405, &"GET, HEAD".parse().expect("one")));
        }
        for path in ["/assets/graphiql/", "/assets/graphiql/other.js", "/assets/graphiql/..%2findex.html", "/assets"] {
            assert_eq!(get(client, path, "gzip").await.status(), 404, "{path}");
        }
    });
}

#[test]
fn where_graphiql_is_off_nothing_of_it_is_there() {
    run(async {
        let world = World::embedded();
        let files = files(world.client()).await;
        let off = world.configured(&[("POLYGRAPH_GRAPHIQL", "off")]).await;
        for path in files.iter().map(String::as_str).chain(["/"]) {
            assert_eq!(get(&off.client, path, "gzip").await.status(), 404, "{path}");
        }
    });
}
