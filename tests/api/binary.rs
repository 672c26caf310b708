//! The binary as an operator meets it: it starts, says where it is, keeps its data, and ends when told to.

use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Serving, Which, namespace, polygraph, run, scratch, variables};

const COUNTS: &str = "{ users { totalCount } posts { totalCount } search(query: \"demo\") { totalCount } }";

fn assert_readiness(serving: &Serving, status: u16, body: Value) {
    let answer = run(serving.client.send(serving.client.request(Method::GET, "/readyz")));
    assert_eq!((answer.status, answer.json()), (status, body), "{}", serving.log());
}

#[test]
fn embedded_it_answers_at_once_and_keeps_its_data() {
    let directory = scratch();
    let env = variables(Which::Embedded, directory.path(), "polygraph");
    let first = Serving::start(&env, directory.path());
    let query = "{ posts(first: 5) { nodes { title author { handle followersCount } likeCount } } }";
    let data = run(first.client.ask(query)).data();
    assert_eq!(data["posts"]["nodes"].as_array().map(Vec::len), Some(5));
    assert!(data["posts"]["nodes"][0]["author"]["handle"].is_string(), "{data}");
    let expected =
        json!({ "users": { "totalCount": 100 }, "posts": { "totalCount": 1000 }, "search": { "totalCount": 1 } });
    assert_eq!(run(first.client.ask(COUNTS)).data(), expected);
    let store = |kind| json!({ "status": "up", "kind": kind });
    let stores = json!({
        "users": store("sqlite"), "posts": store("sqlite"), "search": store("tantivy"), "cache": store("memory"),
    });
    assert_readiness(&first, 200, json!({ "status": "ready", "stores": stores }));

    let (status, said) = first.terminate();
    assert_eq!(status.code(), Some(0), "SIGTERM is an orderly end");
    assert!(said.contains("GraphiQL") && said.contains("demo-demo-demo") && said.contains("curl http://"), "{said}");

    let before = std::fs::read(directory.path().join("demo-data")).expect("it remembers that it sowed");
    let second = Serving::start(&env, directory.path());
    assert_eq!(run(second.client.ask(query)).data(), data, "the same data after a restart");
    assert_eq!(run(second.client.ask(COUNTS)).data(), expected, "nothing sown again");
    assert_eq!(std::fs::read(directory.path().join("demo-data")).expect("still there"), before);
    assert_eq!(second.terminate().0.code(), Some(0));

    // What `seed` sows by default is what the first start sowed.
    let again = polygraph(&["seed"], &env, directory.path());
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_nothing_new(&again.out);
}

#[test]
fn without_demo_data_it_serves_empty_stores() {
    let directory = scratch();
    let mut env = variables(Which::Embedded, directory.path(), "polygraph");
    env.push(("POLYGRAPH_DEMO_DATA", "false".to_owned()));
    let serving = Serving::start(&env, directory.path());
    let data = run(serving.client.ask("{ users { totalCount nodes { id } } leaderboard { rank } }")).data();
    assert_eq!(data, json!({ "users": { "totalCount": 0, "nodes": [] }, "leaderboard": [] }));
    assert!(!serving.terminate().1.contains("demo-demo-demo"));
}

#[test]
fn on_real_stores_migrate_seed_serve() {
    let directory = scratch();
    let env = variables(Which::Real, directory.path(), &namespace());
    let command = |name: &str| polygraph(&[name], &env, directory.path());

    let unready = command("doctor");
    assert_eq!(unready.code, Some(1), "not migrated yet: {unready:?}");
    assert!(unready.out.contains("polygraph migrate"), "it says what to do: {unready:?}");

    let migrated = command("migrate");
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    assert!(migrated.out.lines().all(|line| line.contains(": applied ")), "{migrated:?}");
    let again = command("migrate");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.lines().all(|line| line.ends_with(": current")), "{again:?}");

    let doctor = command("doctor");
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    for kind in ["postgresql", "mongodb", "elasticsearch", "redis"] {
        assert!(doctor.out.lines().any(|line| line.contains(kind) && line.contains(" up ")), "{doctor:?}");
    }

    let seeded = command("seed");
    assert_eq!(seeded.code, Some(0), "{seeded:?}");
    let again = command("seed");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_nothing_new(&again.out);

    let serving = Serving::start(&env, directory.path());
    let data = run(serving.client.ask_with(include_str!("../golden/05-profile.graphql"), json!({ "handle": "demo" })));
    assert_eq!(data.data()["user"]["name"], "Demo Dupont");
    let store = |kind| json!({ "status": "up", "kind": kind });
    let stores = json!({
        "users": store("postgresql"), "posts": store("mongodb"), "search": store("elasticsearch"),
        "cache": store("redis"),
    });
    assert_readiness(&serving, 200, json!({ "status": "ready", "stores": stores }));
    assert_eq!(serving.terminate().0.code(), Some(0));
}

/// Every line of a report on sowing says that nothing was new.
fn assert_nothing_new(report: &str) {
    let stages: Vec<_> = report.lines().filter(|line| line.contains("already there")).collect();
    assert_eq!(stages.len(), 5, "{report}");
    for stage in stages {
        assert_eq!(stage.split_whitespace().nth(1), Some("0"), "{report}");
    }
}

#[test]
fn it_starts_with_stores_down_and_says_so() {
    let nothing = dead_port();
    let dead = |name: &'static str| match name {
        "DATABASE_URL" => (name, format!("postgres://polygraph@{nothing}/polygraph")),
        "MONGODB_URL" => (name, format!("mongodb://{nothing}/?directConnection=true")),
        "ELASTICSEARCH_URL" => (name, format!("http://{nothing}")),
        _ => (name, format!("redis://{nothing}")),
    };
    let down = |kind| json!({ "status": "down", "kind": kind });
    let up = |kind| json!({ "status": "up", "kind": kind });

    let directory = scratch();
    let mut env = variables(Which::Embedded, directory.path(), "polygraph");
    env.extend([dead("ELASTICSEARCH_URL"), dead("REDIS_URL")]);
    let serving = Serving::start(&env, directory.path());
    let stores = json!({
        "users": up("sqlite"), "posts": up("sqlite"), "search": down("elasticsearch"), "cache": down("redis"),
    });
    assert_readiness(&serving, 200, json!({ "status": "degraded", "stores": stores }));
    let doctor = polygraph(&["doctor"], &env, directory.path());
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(doctor.out.contains("DOWN") && doctor.out.contains("ELASTICSEARCH_URL"), "{doctor:?}");

    let directory = scratch();
    let mut env = variables(Which::Embedded, directory.path(), "polygraph");
    env.extend([dead("DATABASE_URL"), dead("MONGODB_URL")]);
    let serving = Serving::start(&env, directory.path());
    let stores = json!({
        "users": down("postgresql"), "posts": down("mongodb"), "search": up("tantivy"), "cache": up("memory"),
    });
    assert_readiness(&serving, 503, json!({ "status": "degraded", "stores": stores }));
    let alive = run(serving.client.send(serving.client.request(Method::GET, "/livez")));
    assert_eq!((alive.status, alive.text.as_str()), (200, "ok\n"));
    let answer = run(serving.client.ask("{ __typename users { totalCount } posts { totalCount } }"));
    assert_eq!(answer.partial(), json!({ "__typename": "Query", "users": null, "posts": null }));
    assert_eq!(serving.terminate().0.code(), Some(0), "it ends in order all the same");
}

/// An address where nothing listens.
fn dead_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

#[test]
fn the_schema_is_the_committed_one() {
    let directory = scratch();
    let printed = polygraph(&["schema"], &[], directory.path());
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert_eq!(printed.out, include_str!("../../schema.graphql"), "run `just schema`");
    let served = run(crate::support::World::embedded()
        .client()
        .send(crate::support::World::embedded().client().request(Method::GET, "/schema.graphql")));
    assert_eq!(served.text, printed.out);
}

#[test]
fn what_is_wrong_with_the_command_line_is_said_with_code_2() {
    let directory = scratch();
    let run = |arguments: &[&str], env: &[(&'static str, String)]| polygraph(arguments, env, directory.path());
    for (arguments, env) in [
        (&["serv"][..], vec![]),
        (&["serve", "--listn", "127.0.0.1:0"], vec![]),
        (&["serve", "--listen", "nonsense"], vec![]),
        (&["serve"], vec![("DATABASE_URL", "oracle://127.0.0.1/x".to_owned())]),
    ] {
        let ended = run(arguments, &env);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(!ended.err.trim().is_empty(), "{arguments:?}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = run(&["serve", "--listen", &address], &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("--listen"), "it says what to do next: {ended:?}");
}

#[test]
fn commands_that_look_work_beside_an_embedded_gateway() {
    let directory = scratch();
    let env = variables(Which::Embedded, directory.path(), "polygraph");
    let serving = Serving::start(&env, directory.path());
    let command = |arguments: &[&str]| polygraph(arguments, &env, directory.path());
    let doctor = command(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.out.lines().any(|line| line.starts_with("search") && line.contains(" up ")), "{doctor:?}");
    let outbox = command(&["outbox", "list"]);
    assert_eq!((outbox.code, outbox.out.as_str()), (Some(0), "Nothing is parked.\n"), "{outbox:?}");
    for needs_the_index in ["verify", "reindex"] {
        let refused = command(&[needs_the_index]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("in use by another process"), "{refused:?}");
    }
    assert_eq!(run(serving.client.ask(COUNTS)).data()["search"]["totalCount"], 1, "it goes on");
}

#[test]
fn commands_that_look_make_no_data() {
    let directory = scratch();
    let nowhere = directory.path().join("mistyped");
    let env = variables(Which::Embedded, &nowhere, "polygraph");
    let file = directory.path().join("query.graphql");
    std::fs::write(&file, "{ __typename }").expect("a file");
    let file = file.display().to_string();
    for arguments in [
        &["verify"][..],
        &["verify", "--repair"],
        &["reindex"],
        &["doctor"],
        &["outbox", "list"],
        &["explain", file.as_str()],
    ] {
        let refused = polygraph(arguments, &env, directory.path());
        assert_eq!(refused.code, Some(1), "{arguments:?}: {refused:?}");
        assert!(refused.err.contains("There is no ") && refused.err.contains("--data-dir"), "{refused:?}");
        assert!(!nowhere.exists(), "{arguments:?}");
    }
}

#[test]
fn an_empty_subject_is_linked_to_nobody() {
    let directory = scratch();
    let env = variables(Which::Embedded, directory.path(), "polygraph");
    for subject in ["", " "] {
        let refused = polygraph(&["link", "demo", subject], &env, directory.path());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("a subject can't be empty"), "{refused:?}");
    }
}
