//! JWTs of an outside issuer, through the binary: linked on the command line, accepted at the door.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Serving, Which, namespace, polygraph, run, scratch, variables};

const ISSUER: &str = "https://login.example.org/";

/// An issuer's key pair.
struct Pair(Ed25519KeyPair);

impl Pair {
    fn new() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self(Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("a key"))
    }

    fn published(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({ "keys": [{ "kty": "OKP", "kid": "one", "crv": "Ed25519", "x": x }] }).to_string()
    }

    /// A token of `subject` for `audience`, that ends so many seconds from now.
    fn token(&self, subject: &str, audience: &str, seconds: i64) -> String {
        #[expect(clippy::disallowed_methods, reason = "the gateway under test goes by the system's clock")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
        let claims = json!({ "iss": ISSUER, "aud": audience, "sub": subject, "exp": now + seconds });
        let header = json!({ "alg": "EdDSA", "kid": "one", "typ": "JWT" });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.0.sign(message.as_bytes())))
    }
}

/// Publishes keys on this machine, and returns where.
async fn publish(keys: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/jwks.json", listener.local_addr().expect("an address"));
    let router = Router::new().route("/jwks.json", get(move || async { keys }));
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

fn tokens_are_accepted(which: Which, keys_at: impl Fn(&Path, String) -> String) {
    let (directory, pair) = (scratch(), Pair::new());
    let mut env = variables(which, directory.path(), &namespace());
    let command = |env: &[_], arguments: &[&str]| polygraph(arguments, env, directory.path());
    assert_eq!(command(&env, &["seed", "--posts", "10", "--likes", "10"]).code, Some(0));
    env.push(("POLYGRAPH_JWT_ISSUER", ISSUER.to_owned()));
    env.push(("POLYGRAPH_JWT_AUDIENCE", "polygraph".to_owned()));
    env.push(("POLYGRAPH_JWT_KEYS", keys_at(directory.path(), pair.published())));
    for (user, code) in [("demo", 0), ("demo", 0), ("nobody_at_all", 1)] {
        let linked = command(&env, &["link", user, "outside|1"]);
        assert_eq!(linked.code, Some(code), "{linked:?}");
    }

    let serving = Serving::start(&env, directory.path());
    let ask = |token: String| run(serving.client.signed_in(&token).ask("{ viewer { handle } }"));
    assert_eq!(ask(pair.token("outside|1", "polygraph", 60)).data(), json!({ "viewer": { "handle": "demo" } }));
    for (token, what) in [
        (pair.token("outside|2", "polygraph", 60), "a subject that nobody linked"),
        (pair.token("outside|1", "another", 60), "for somebody else"),
        (pair.token("outside|1", "polygraph", -60), "over"),
        (Pair::new().token("outside|1", "polygraph", 60), "signed with another key"),
    ] {
        let answer = ask(token);
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHENTICATED"), "{what}");
    }
}

fn in_a_file(directory: &Path, keys: String) -> String {
    let path = directory.join("jwks.json");
    std::fs::write(&path, keys).expect("a file");
    path.display().to_string()
}

#[test]
fn tokens_of_keys_in_a_file_are_accepted_embedded() {
    tokens_are_accepted(Which::Embedded, in_a_file);
}

#[test]
fn tokens_of_keys_at_a_url_are_accepted_real() {
    tokens_are_accepted(Which::Real, |_, keys| run(publish(keys)));
}
