//! The three who ask, and what the owner has.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Client;

/// The handle of the owner.
pub(crate) const OWNER: &str = "ada_l";
const OTHER: &str = "bob_b";
const PASSWORD: &str = "analytical engine";
/// How long the index may take to follow, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who asks.
pub(crate) struct Asker {
    pub(crate) client: Client,
    /// The same user by another session; the same nobody for the stranger.
    pub(crate) spare: Client,
    /// What they take for the owner's password.
    pub(crate) guess: &'static str,
    /// Their own; nobody has none.
    pub(crate) password: &'static str,
    /// Part of what they make that must be unique.
    pub(crate) name: &'static str,
}

pub(crate) struct People {
    pub(crate) stranger: Asker,
    pub(crate) other: Asker,
    pub(crate) owner: Asker,
    /// The owner's id, and those of their post and of their like of it.
    pub(crate) user: String,
    pub(crate) post: String,
    pub(crate) like: String,
    /// The id of `demo`.
    pub(crate) demo: String,
}

impl People {
    /// Signs two up: the owner writes a post, likes it, and follows the other and `demo`; the other likes it, too, and
    /// follows the owner.
    pub(crate) async fn move_in(stranger: &Client) -> Self {
        let (owner, other) = (sign_up(stranger, OWNER).await, sign_up(stranger, OTHER).await);
        let created = owner
            .client
            .ask("mutation { createPost(input: { title: \"Zyzzyva weevils\", content: \"Of weevils.\" }) { post { id } } }")
            .await
            .data();
        let post = text(&created["createPost"]["post"]["id"]);
        let like = format!("mutation {{ likePost(input: {{ postId: \"{post}\" }}) {{ like {{ id }} }} }}");
        let liked = owner.client.ask(&like).await.data();
        other.client.ask(&like).await.data();
        let user = text(&owner.client.ask("{ viewer { id } }").await.data()["viewer"]["id"]);
        for (follower, followed) in [(&other, OWNER), (&owner, OTHER), (&owner, "demo")] {
            follow(&follower.client, followed).await;
        }
        wait_for_the_index(stranger).await;
        let stranger = Asker {
            client: stranger.clone(),
            spare: stranger.clone(),
            guess: "a wrong password",
            password: "",
            name: "stranger",
        };
        let like = text(&liked["likePost"]["like"]["id"]);
        let demo = text(&owner.client.ask("{ user(handle: \"demo\") { id } }").await.data()["user"]["id"]);
        Self { stranger, other: Asker { guess: "a wrong password", ..other }, owner, user, post, like, demo }
    }

    /// The stranger, the other and the owner: the columns of the table.
    pub(crate) fn askers(&self) -> [&Asker; 3] {
        [&self.stranger, &self.other, &self.owner]
    }

    /// What the owner alone may change, as the owner sees it.
    pub(crate) async fn belongings(&self) -> Value {
        let query = "{
            viewer { handle name bio email posts { nodes { title content revision } } likedPosts { nodes { id } } }
            user(handle: \"demo\") { viewerFollows }
        }";
        self.owner.client.ask(query).await.data()
    }
}

async fn sign_up(client: &Client, handle: &'static str) -> Asker {
    let query = "mutation ($handle: String!, $email: String!, $password: String!) {
        signUp(input: { handle: $handle, name: \"A name\", bio: \"A bio\", email: $email, password: $password }) { accessToken { token } }
        signIn(input: { login: $handle, password: $password }) { accessToken { token } }
    }";
    let email = format!("{handle}@example.org");
    let variables = json!({ "handle": handle, "email": email, "password": PASSWORD });
    let signed = client.ask_with(query, variables).await.data();
    let session = |field: &str| client.signed_in(&text(&signed[field]["accessToken"]["token"]));
    Asker { client: session("signUp"), spare: session("signIn"), guess: PASSWORD, password: PASSWORD, name: handle }
}

async fn follow(client: &Client, handle: &str) {
    let found = client.ask(&format!("{{ user(handle: \"{handle}\") {{ id }} }}")).await.data();
    let query = "mutation ($user: ID!) { follow(input: { userId: $user }) { userErrors { code } } }";
    let followed = client.ask_with(query, json!({ "user": found["user"]["id"] })).await.data();
    assert_eq!(followed["follow"]["userErrors"], json!([]));
}

async fn wait_for_the_index(client: &Client) {
    let began = Instant::now();
    loop {
        let found = client.ask("{ search(query: \"zyzzyva\") { totalCount } }").await.data();
        if found["search"]["totalCount"] == 1 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the index does not follow: {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
