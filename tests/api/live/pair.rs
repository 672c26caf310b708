//! Two gateways on the same stores, and people who write. Of embedded stores there can be only one gateway: then it is
//! both.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Client, Serving, Which, namespace, polygraph, scratch, variables};

const PASSWORD: &str = "analytical engine";

pub(super) struct Pair {
    first: Serving,
    second: Option<Serving>,
    pub(super) env: Vec<(&'static str, String)>,
    pub(super) directory: TempDir,
    _other: TempDir,
}

/// Somebody who has an account.
pub(super) struct Person {
    pub(super) id: String,
    pub(super) token: String,
}

impl Pair {
    pub(super) fn start(which: Which) -> Self {
        Self::start_with(which, &[])
    }

    /// The same, configured differently by these variables.
    pub(super) fn start_with(which: Which, changes: &[(&'static str, String)]) -> Self {
        let (directory, other) = (scratch(), scratch());
        let mut env = variables(which, directory.path(), &namespace());
        env.extend_from_slice(changes);
        env.push(("POLYGRAPH_DEMO_DATA", "false".to_owned()));
        if which == Which::Real {
            let ended = polygraph(&["migrate"], &env, directory.path());
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        let first = Serving::start(&env, directory.path());
        let second = (which == Which::Real).then(|| Serving::start(&env, other.path()));
        Self { first, second, env, directory, _other: other }
    }

    /// Who is asked to write.
    pub(super) fn writer(&self) -> &Client {
        &self.first.client
    }

    /// The gateway where others wait.
    fn reading(&self) -> &Serving {
        self.second.as_ref().unwrap_or(&self.first)
    }

    /// Where others wait.
    pub(super) fn reader(&self) -> SocketAddr {
        self.reading().address
    }

    /// A client of where others wait.
    pub(super) fn reader_client(&self) -> &Client {
        &self.reading().client
    }

    /// Kills the gateway where others wait, and starts another in its place.
    pub(super) fn replace_reader(&mut self) {
        let start = |directory: &TempDir| Serving::start(&self.env, directory.path());
        match &mut self.second {
            Some(second) => {
                let new = start(&self.directory);
                *second = new;
            }
            None => panic!("one on embedded stores has nobody in its place"),
        }
    }

    pub(super) async fn sign_up(&self, handle: &str) -> Person {
        let query = "mutation ($input: SignUpInput!) {
            signUp(input: $input) { user { id } accessToken { token } }
        }";
        let email = format!("{handle}@example.org");
        let input = json!({ "handle": handle, "name": handle, "email": email, "password": PASSWORD });
        let data = self.writer().ask_with(query, json!({ "input": input })).await.data();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Person { id: text(&data["signUp"]["user"]["id"]), token: text(&data["signUp"]["accessToken"]["token"]) }
    }

    /// Does something as `person`. Returns the data.
    pub(super) async fn act(&self, person: &Person, mutation: &str, variables: Value) -> Value {
        self.writer().signed_in(&person.token).ask_with(mutation, variables).await.data()
    }

    /// Publishes a post. Returns its id.
    pub(super) async fn publish(&self, person: &Person, title: &str) -> String {
        let mutation = "mutation ($t: String!) { createPost(input: { title: $t, content: \"text\" }) { post { id } } }";
        let data = self.act(person, mutation, json!({ "t": title })).await;
        data["createPost"]["post"]["id"].as_str().expect("an id").to_owned()
    }

    /// Likes a post.
    pub(super) async fn like(&self, person: &Person, post: &str) {
        let mutation = "mutation ($p: ID!) { likePost(input: { postId: $p }) { post { id } } }";
        self.act(person, mutation, json!({ "p": post })).await;
    }
}
