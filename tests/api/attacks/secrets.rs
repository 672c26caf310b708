//! Secrets that are planted where the gateway reads them, and looked for wherever it says something.

use serde_json::json;

use crate::support::{Serving, Which, polygraph, run, scratch, variables};

/// Every secret has this in it.
const MARK: &str = "s3cr3t";

fn assert_hidden(what: &str, text: &str) {
    let line = text.lines().find(|line| line.contains(MARK));
    assert_eq!(line, None, "{what} tells a secret");
    assert!(!text.is_empty(), "{what} says nothing, so it proves nothing");
}

#[test]
fn secrets_are_told_by_no_command_no_log_and_no_answer() {
    let directory = scratch();
    let down = |scheme: &str, rest: &str| format!("{scheme}://ada:{MARK}-url@127.0.0.1:1{rest}");
    let stores = [
        ("DATABASE_URL", down("postgres", "/app?sslpassword=s3cr3t-parameter")),
        ("MONGODB_URL", down("mongodb", "/app?directConnection=true&serverSelectionTimeoutMS=200")),
        ("ELASTICSEARCH_URL", down("http", "")),
        ("REDIS_URL", down("redis", "/0")),
        ("EVENTS_URL", down("amqp", "/vhost")),
    ];
    // Each store by itself beside embedded ones, then all of them: what works may say more than what does not.
    let worlds = stores.iter().map(|store| vec![store.clone()]).chain([stores.to_vec()]);
    for (number, urls) in worlds.enumerate() {
        let directory = directory.path().join(number.to_string());
        std::fs::create_dir(&directory).expect("a directory");
        let mut env = variables(Which::Embedded, &directory, "polygraph");
        env.extend(urls);
        env.push(("POLYGRAPH_LOG", "trace".to_owned()));
        env.push(("POLYGRAPH_STORE_TIMEOUT", "1s".to_owned()));
        env.retain(|(name, value)| *name != "POLYGRAPH_STORE_TIMEOUT" || value == "1s");
        for arguments in [&["config"][..], &["config", "--format", "json"], &["doctor"], &["migrate"], &["verify"]] {
            let ended = polygraph(arguments, &env, &directory);
            assert_hidden(&format!("{arguments:?}"), &format!("{}{}", ended.out, ended.err));
        }
        let serving = Serving::start(&env, &directory);
        let said = run(ask_with_secrets(&serving));
        assert_hidden("an answer", &said);
        assert_hidden("the log", &serving.log());
    }
}

/// Sends secrets wherever clients have any. Returns all that was answered.
async fn ask_with_secrets(serving: &Serving) -> String {
    let client = &serving.client;
    let password = format!("{MARK}-password");
    let mut said = String::new();
    for (query, variables) in [
        (
            "mutation ($p: String!) { signIn(input: { login: \"demo\", password: $p }) { accessToken { expiresAt } } }"
                .to_owned(),
            json!({ "p": password }),
        ),
        (
            format!(
                "mutation {{ signIn(input: {{ login: \"demo\", password: \"{password}\" }}) {{ userErrors {{ message }} }} }}"
            ),
            json!({}),
        ),
        (
            "mutation ($i: SignUpInput!) { signUp(input: $i) { userErrors { message path } } }".to_owned(),
            json!({ "i": { "handle": "ada_l", "name": "Ada", "email": "ada@example.org", "password": password } }),
        ),
        // Refused before anything runs: the refusals must not quote what they refuse.
        ("mutation ($p: Int!) { signOut { sessionsEnded } }".to_owned(), json!({ "p": password })),
        (
            "mutation ($i: SignInInput!) { signIn(input: $i) { userErrors { message } } }".to_owned(),
            json!({ "i": { "login": 7, "password": password } }),
        ),
        (
            format!(
                "mutation {{ signIn(input: {{ login: 7, password: \"{password}\" }}) {{ userErrors {{ message }} }} }}"
            ),
            json!({}),
        ),
        (format!("mutation {{ signIn(input: {{ password: \"{password}"), json!({})),
        ("{ viewer { email } posts { totalCount } search(query: \"a\") { totalCount } }".to_owned(), json!({})),
    ] {
        said += &client.ask_with(&query, variables.clone()).await.text;
        let token = format!("{MARK}-token");
        let answer = client.signed_in(&token).ask_with(&query, variables).await;
        said += &answer.text;
        said += &format!("{:?}", answer.headers);
    }
    said
}
