//! The write side from outside, through the binary: what a new user does, and what is refused.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Serving, Which, run, scratch};

/// How long derived views may take to follow, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn data(client: &Client, query: &str, variables: Value) -> Value {
    run(client.ask_with(query, variables)).data()
}

/// Asks until the answer is as expected: derived views follow within moments.
fn eventually(client: &Client, query: &str, expected: &Value) {
    let began = Instant::now();
    loop {
        let answer = run(client.ask(query)).json();
        if answer["data"] == *expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{answer} is not yet {expected}");
    }
}

fn sign_up(client: &Client, handle: &str) -> Client {
    let query = "mutation ($handle: String!, $email: String!) {
        signUp(input: { handle: $handle, name: \" Ada \", email: $email, password: \"analytical engine\" }) {
            user { handle name email } accessToken { token } userErrors { code }
        }
    }";
    let email = format!("{handle}@Example.org");
    let signed_up = data(client, query, json!({ "handle": handle, "email": email }));
    assert_eq!(signed_up["signUp"]["user"], json!({ "handle": handle, "name": "Ada", "email": email }));
    assert_eq!(signed_up["signUp"]["userErrors"], json!([]));
    client.signed_in(signed_up["signUp"]["accessToken"]["token"].as_str().expect("a token"))
}

fn create_post(client: &Client, title: &str) -> String {
    let query = "mutation ($title: String!) {
        createPost(input: { title: $title, content: \"Of zyzzyvas.\", idempotencyKey: \"k-1\" }) {
            post { id author { handle } likeCount revision } userErrors { code }
        }
    }";
    let created = data(client, query, json!({ "title": title }));
    let again = data(client, query, json!({ "title": title }));
    assert_eq!(created, again, "the same key is the same post");
    assert_eq!(created["createPost"]["userErrors"], json!([]));
    created["createPost"]["post"]["id"].as_str().expect("an id").to_owned()
}

fn a_new_user(which: Which) {
    let directory = scratch();
    let serving = Serving::with_demo_data(which, directory.path());
    let stranger = serving.client.clone();
    let ada = sign_up(&stranger, "ada_l");
    let viewer = data(&ada, "{ viewer { handle email } }", json!({}));
    assert_eq!(viewer["viewer"], json!({ "handle": "ada_l", "email": "ada_l@Example.org" }));

    let sign_in = "mutation {
        wrong: signIn(input: { login: \"ada_l\", password: \"a wrong password\" }) { user { email } }
        right: signIn(input: { login: \"ada_l\", password: \"analytical engine\" }) { user { email } }
    }";
    let signed_in = data(&stranger, sign_in, json!({}));
    assert_eq!(signed_in, json!({ "wrong": { "user": null }, "right": { "user": { "email": "ada_l@Example.org" } } }));
    let seen = data(&stranger, "{ user(handle: \"ada_l\") { email } }", json!({}));
    assert_eq!(seen["user"]["email"], Value::Null, "to others it stays hidden");

    let post = create_post(&ada, "Zyzzyva weevils");
    let liked = "mutation ($post: ID!) { likePost(input: { postId: $post }) { post { likeCount } like { id user { handle } } } }";
    let first = data(&ada, liked, json!({ "post": post }));
    assert_eq!(first["likePost"]["post"]["likeCount"], 1);
    assert_eq!(data(&ada, liked, json!({ "post": post })), first, "to like again changes nothing");

    let edit = "mutation ($post: ID!) {
        now: updatePost(input: { id: $post, title: \"Zyzzyva beetles\", expectedRevision: 1 }) { post { title revision } }
        late: updatePost(input: { id: $post, title: \"No\", expectedRevision: 1 }) { post { id } userErrors { code path } }
    }";
    let edited = data(&ada, edit, json!({ "post": post }));
    assert_eq!(edited["now"]["post"], json!({ "title": "Zyzzyva beetles", "revision": 2 }));
    assert_eq!(edited["late"]["userErrors"], json!([{ "code": "CONFLICT", "path": ["expectedRevision"] }]));

    let found = "{ search(query: \"zyzzyva\") { totalCount nodes { title } } }";
    eventually(&stranger, found, &json!({ "search": { "totalCount": 1, "nodes": [{ "title": "Zyzzyva beetles" }] } }));
    let gone = "mutation ($post: ID!) {
        unlikePost(input: { postId: $post }) { post { likeCount } userErrors { code } }
        deletePost(input: { id: $post }) { deletedPostId userErrors { code } }
    }";
    let deleted = data(&ada, gone, json!({ "post": post }));
    assert_eq!(deleted["unlikePost"]["post"]["likeCount"], 0);
    assert_eq!(deleted["deletePost"]["deletedPostId"], post.as_str());
    eventually(&stranger, found, &json!({ "search": { "totalCount": 0, "nodes": [] } }));

    let out = data(&ada, "mutation { signOut { sessionsEnded } }", json!({}));
    assert_eq!(out["signOut"]["sessionsEnded"], 1);
    let refused = run(ada.ask("{ viewer { id } }"));
    assert_eq!((refused.status, refused.code().as_str()), (401, "UNAUTHENTICATED"));
}

fn a_deleted_account(which: Which) {
    let directory = scratch();
    let serving = Serving::with_demo_data(which, directory.path());
    let stranger = serving.client.clone();
    let demo = data(&stranger, "{ user(handle: \"demo\") { id followersCount } }", json!({}));
    let (demo, followers) = (demo["user"]["id"].clone(), demo["user"]["followersCount"].as_i64().expect("a count"));
    let ada = sign_up(&stranger, "ada_l");
    create_post(&ada, "Zyzzyva weevils");
    let follow = "mutation ($user: ID!) { follow(input: { userId: $user }) { user { followersCount viewerFollows } } }";
    let followed = data(&ada, follow, json!({ "user": demo }));
    assert_eq!(followed["follow"]["user"], json!({ "followersCount": followers + 1, "viewerFollows": true }));

    let delete = "mutation ($password: String!) { deleteAccount(input: { password: $password }) { deletedUserId userErrors { code path } } }";
    let wrong = data(&ada, delete, json!({ "password": "a wrong password" }));
    assert_eq!(wrong["deleteAccount"]["userErrors"], json!([{ "code": "WRONG_CREDENTIALS", "path": ["password"] }]));
    let right = data(&ada, delete, json!({ "password": "analytical engine" }));
    assert!(right["deleteAccount"]["deletedUserId"].is_string(), "{right}");
    assert_eq!(run(ada.ask("{ viewer { id } }")).status, 401, "its sessions are gone");
    assert_eq!(data(&stranger, "{ user(handle: \"ada_l\") { id } }", json!({}))["user"], Value::Null);

    let rest =
        "{ user(handle: \"demo\") { followersCount } search(query: \"zyzzyva\") { totalCount } posts { totalCount } }";
    let expected = json!({
        "user": { "followersCount": followers }, "search": { "totalCount": 0 }, "posts": { "totalCount": 1000 }
    });
    eventually(&stranger, rest, &expected);
}

fn what_is_refused(which: Which) {
    let directory = scratch();
    let serving = Serving::with_demo_data(which, directory.path());
    let stranger = &serving.client;
    let faulty = "mutation {
        signUp(input: { handle: \"x\", name: \" \", email: \"bad\", password: \"short\" }) { user { id } userErrors { code path limit } }
    }";
    let expected = json!([
        { "code": "TOO_SHORT", "path": ["handle"], "limit": 3 },
        { "code": "REQUIRED", "path": ["name"], "limit": null },
        { "code": "INVALID", "path": ["email"], "limit": null },
        { "code": "TOO_SHORT", "path": ["password"], "limit": 10 },
    ]);
    assert_eq!(data(stranger, faulty, json!({}))["signUp"]["userErrors"], expected);
    let taken = "mutation {
        signUp(input: { handle: \"DEMO\", name: \"D\", email: \"Demo@Example.org\", password: \"analytical engine\" }) { userErrors { code path } }
    }";
    let expected = json!([{ "code": "TAKEN", "path": ["handle"] }, { "code": "TAKEN", "path": ["email"] }]);
    assert_eq!(data(stranger, taken, json!({}))["signUp"]["userErrors"], expected);

    let anonymous =
        run(stranger.ask("mutation { createPost(input: { title: \"t\", content: \"c\" }) { post { id } } }"));
    assert_eq!((anonymous.status, anonymous.code().as_str()), (200, "UNAUTHENTICATED"));
    let sign_in = "mutation ($password: String!) { signIn(input: { login: \"demo\", password: $password }) { accessToken { token } userErrors { code path } } }";
    let wrong = data(stranger, sign_in, json!({ "password": "a wrong password" }));
    assert_eq!(wrong["signIn"]["userErrors"], json!([{ "code": "WRONG_CREDENTIALS", "path": [] }]));
    let demo = data(stranger, sign_in, json!({ "password": "demo-demo-demo" }));
    let demo = stranger.signed_in(demo["signIn"]["accessToken"]["token"].as_str().expect("a token"));
    let others = data(&demo, "{ posts(first: 1) { nodes { id author { id } } } viewer { id } }", json!({}));
    let refusals = "mutation ($post: ID!, $viewer: ID!) {
        deletePost(input: { id: $post }) { userErrors { code path } }
        follow(input: { userId: $viewer }) { userErrors { code path } }
    }";
    let post = others["posts"]["nodes"][0]["id"].clone();
    let refused = data(&demo, refusals, json!({ "post": post, "viewer": others["viewer"]["id"] }));
    assert_eq!(refused["deletePost"]["userErrors"], json!([{ "code": "FORBIDDEN", "path": ["id"] }]));
    assert_eq!(refused["follow"]["userErrors"], json!([{ "code": "INVALID", "path": ["userId"] }]));

    let by_get = stranger.request(reqwest::Method::GET, "/graphql?query=mutation%7BsignOut%7BsessionsEnded%7D%7D");
    let by_get = run(stranger.send(by_get));
    assert_eq!((by_get.status, by_get.header("allow")), (405, Some("POST")));
}

#[test]
fn a_new_user_signs_up_writes_and_leaves_embedded() {
    a_new_user(Which::Embedded);
}

#[test]
fn a_new_user_signs_up_writes_and_leaves_real() {
    a_new_user(Which::Real);
}

#[test]
fn a_deleted_account_leaves_nothing_behind_embedded() {
    a_deleted_account(Which::Embedded);
}

#[test]
fn a_deleted_account_leaves_nothing_behind_real() {
    a_deleted_account(Which::Real);
}

#[test]
fn what_a_form_can_mend_is_said_of_every_field_embedded() {
    what_is_refused(Which::Embedded);
}

#[test]
fn what_a_form_can_mend_is_said_of_every_field_real() {
    what_is_refused(Which::Real);
}

/// However often a mutation is selected, it is one write; and who has left in a request acts no more in it.
fn one_request(which: Which) {
    let directory = scratch();
    let serving = Serving::with_demo_data(which, directory.path());
    let ada = sign_up(&serving.client, "ada_l");
    let post = "createPost(input: { title: \"Once\", content: \"Written once.\" })";
    for mutation in [
        format!("mutation {{ {post} {{ post {{ id }} }} {post} {{ post {{ title }} }} }}"),
        format!("mutation {{ ...F ...F }} fragment F on Mutation {{ {post} {{ post {{ id title }} }} }}"),
        format!("mutation {{ {post} {{ post {{ id }} }} ... @include(if: true) {{ {post} {{ post {{ title }} }} }} }}"),
        format!(
            "mutation ($no: Boolean = false) {{ {post} {{ post {{ id }} }} {post} @skip(if: $no) {{ post {{ title }} }} }}"
        ),
    ] {
        let created = data(&ada, &mutation, json!({}));
        assert_eq!(created["createPost"]["post"]["title"], "Once", "{created}");
        assert!(created["createPost"]["post"]["id"].is_string(), "{created}");
    }
    assert_eq!(data(&ada, "{ viewer { postsCount } }", json!({}))["viewer"]["postsCount"], 4);

    let leaving =
        ["signOut { sessionsEnded }", "deleteAccount(input: { password: \"analytical engine\" }) { deletedUserId }"];
    for (leaves, handle) in leaving.into_iter().zip(["grace_h", "edsger_d"]) {
        let leaver = sign_up(&serving.client, handle);
        let answer = run(leaver.ask(&format!("mutation {{ {leaves} {post} {{ post {{ id }} }} }}")));
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{}", answer.text);
        assert_eq!(answer.partial()["createPost"], json!(null));
    }
}

#[test]
fn a_request_writes_once_and_ends_where_its_viewer_leaves_embedded() {
    one_request(Which::Embedded);
}

#[test]
fn a_request_writes_once_and_ends_where_its_viewer_leaves_real() {
    one_request(Which::Real);
}
