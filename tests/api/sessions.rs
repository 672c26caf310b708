//! Sessions on several gateways: ended on one they are over on all, whatever the stores do meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::relay::Relay;
use crate::support::{Answer, Client, Serving, Which, namespace, polygraph, run, scratch, variables};

/// How long what follows an outage may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "analytical engine";

type Env = Vec<(&'static str, String)>;

/// The real stores, empty, and gateways on them.
fn env(directory: &Path) -> Env {
    let env = variables(Which::Real, directory, &namespace());
    let ended = polygraph(&["migrate"], &env, directory);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    env
}

/// A gateway, one of whose stores is behind a relay.
fn behind_a_relay(env: &Env, variable: &str, directory: &Path) -> (Serving, Relay) {
    let mut env = env.clone();
    let url = env.iter_mut().find(|(name, _)| *name == variable).expect("a store");
    let rest = url.1.split_once("://").expect("a URL").1;
    let authority = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).split(['/', '?']).next().expect("a host");
    let authority = authority.to_owned();
    let relay = run(Relay::to(authority.clone()));
    url.1 = url.1.replace(&authority, &format!("127.0.0.1:{}", relay.port()));
    (Serving::start(&env, directory), relay)
}

fn sign_up(client: &Client, handle: &str) -> String {
    let query = "mutation ($handle: String!, $email: String!, $password: String!) {
        signUp(input: { handle: $handle, name: \"Ada\", email: $email, password: $password }) { accessToken { token } }
    }";
    let email = format!("{handle}@example.org");
    let variables = json!({ "handle": handle, "email": email, "password": PASSWORD });
    token(&run(client.ask_with(query, variables)).data()["signUp"])
}

fn sign_in(client: &Client, handle: &str) -> String {
    let query = "mutation ($handle: String!, $password: String!) {
        signIn(input: { login: $handle, password: $password }) { accessToken { token } }
    }";
    token(&run(client.ask_with(query, json!({ "handle": handle, "password": PASSWORD }))).data()["signIn"])
}

fn token(payload: &Value) -> String {
    payload["accessToken"]["token"].as_str().unwrap_or_else(|| panic!("no token: {payload}")).to_owned()
}

fn ask(gateway: &Serving, token: &str, query: &str) -> Answer {
    run(gateway.client.signed_in(token).ask(query))
}

/// Whether a token is valid at a gateway.
fn is_valid(gateway: &Serving, token: &str) -> bool {
    let answer = ask(gateway, token, "{ viewer { handle } }");
    match answer.status {
        200 => answer.data()["viewer"]["handle"].is_string(),
        401 => false,
        _ => panic!("{answer:?}"),
    }
}

#[test]
fn an_ended_session_is_over_on_every_gateway_at_once() {
    let directory = scratch();
    let env = env(directory.path());
    let gateways = [Serving::start(&env, directory.path()), Serving::start(&env, directory.path())];
    let kept = sign_up(&gateways[0].client, "ada_l");
    for round in 0..4 {
        let (here, there) = (&gateways[round % 2], &gateways[(round + 1) % 2]);
        let tokens = [sign_in(&here.client, "ada_l"), sign_in(&there.client, "ada_l")];
        for gateway in &gateways {
            assert!(tokens.iter().all(|token| is_valid(gateway, token)));
        }
        let out = ask(here, &tokens[0], "mutation { signOut { sessionsEnded } }").data();
        assert_eq!(out["signOut"]["sessionsEnded"], 1);
        assert!(!is_valid(there, &tokens[0]) && !is_valid(here, &tokens[0]));
        assert!(is_valid(there, &tokens[1]));
        // The same password again is another one to the store.
        let change = format!(
            "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{PASSWORD}\" }}) {{
                userErrors {{ code }} }} }}"
        );
        assert_eq!(ask(here, &kept, &change).data()["changePassword"]["userErrors"], json!([]));
        assert!(!is_valid(there, &tokens[1]) && is_valid(there, &kept));
    }
    let delete = format!("mutation {{ deleteAccount(input: {{ password: \"{PASSWORD}\" }}) {{ deletedUserId }} }}");
    assert!(ask(&gateways[0], &kept, &delete).data()["deleteAccount"]["deletedUserId"].is_string());
    assert!(!is_valid(&gateways[1], &kept));
}

#[test]
fn a_gateway_cut_off_from_the_cache_ends_sessions_on_the_others() {
    let directory = scratch();
    let env = env(directory.path());
    let whole = Serving::start(&env, directory.path());
    let (cut, relay) = behind_a_relay(&env, "REDIS_URL", directory.path());
    sign_up(&whole.client, "ada_l");
    for outage in [Relay::go_down, Relay::stall] {
        relay.come_back();
        let token = sign_in(&whole.client, "ada_l");
        assert!(is_valid(&whole, &token) && is_valid(&cut, &token));
        outage(&relay);
        assert!(is_valid(&cut, &token), "the truth tells");
        assert!(is_valid(&whole, &token));
        let out = ask(&cut, &token, "mutation { signOut { sessionsEnded } }").data();
        assert_eq!(out["signOut"]["sessionsEnded"], 1);
        assert!(!is_valid(&whole, &token) && !is_valid(&cut, &token));
    }
}

#[test]
fn open_sessions_can_read_while_the_store_of_users_is_away() {
    let directory = scratch();
    let env = env(directory.path());
    let (gateway, relay) = behind_a_relay(&env, "DATABASE_URL", directory.path());
    let (token, ended) = (sign_up(&gateway.client, "ada_l"), sign_in(&gateway.client, "ada_l"));
    let created = ask(
        &gateway,
        &token,
        "mutation { createPost(input: { title: \"Of engines\", content: \"Of engines.\" }) { post { id } } }",
    );
    let post = created.data()["createPost"]["post"]["id"].as_str().expect("an id").to_owned();
    assert!(is_valid(&gateway, &token) && is_valid(&gateway, &ended));
    ask(&gateway, &ended, "mutation { signOut { sessionsEnded } }").data();
    // That a session of theirs ended makes the truth be asked about the others, once.
    assert!(is_valid(&gateway, &token));

    let like = format!("mutation {{ likePost(input: {{ postId: \"{post}\" }}) {{ like {{ id }} }} }}");
    relay.go_down();
    let began = Instant::now();
    while ask(&gateway, &token, &like).errors().is_empty() {
        assert!(began.elapsed() < PATIENCE, "it is not yet asked whether the session was ended");
    }
    let write = ask(&gateway, &token, &like);
    assert_eq!((write.status, write.code().as_str()), (200, "STORE_UNAVAILABLE"));
    let read = ask(&gateway, &token, "{ posts { nodes { title viewerHasLiked } } }").data();
    assert_eq!(read["posts"]["nodes"], json!([{ "title": "Of engines", "viewerHasLiked": true }]));
    let over = ask(&gateway, &ended, "{ posts { nodes { title } } }");
    assert_eq!((over.status, over.code().as_str()), (503, "STORE_UNAVAILABLE"), "nobody can tell, and it was ended");

    relay.come_back();
    let began = Instant::now();
    while ask(&gateway, &ended, "{ __typename }").status != 401 || !ask(&gateway, &token, &like).errors().is_empty() {
        assert!(began.elapsed() < PATIENCE, "it does not heal");
    }
}
