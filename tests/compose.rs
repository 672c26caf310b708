//! `compose.yaml` and the Dockerfile, held to what they promise without a container engine: which services there
//! are, that each is healthy before another needs it, what can be reached from outside, and that the gateway is told
//! nothing that it does not read.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value};

/// What the binary reads from its environment.
const READ_BY_THE_BINARY: [&str; 9] = [
    "DATABASE_URL",
    "MONGODB_URL",
    "ELASTICSEARCH_URL",
    "REDIS_URL",
    "EVENTS_URL",
    "POLYGRAPH_LISTEN",
    "POLYGRAPH_DATA_DIR",
    "POLYGRAPH_NAMESPACE",
    "POLYGRAPH_LOG",
];

const STORES: [&str; 4] = ["postgres", "mongodb", "elasticsearch", "redis"];
/// Services that end once their work is done.
const ONE_SHOT: [&str; 2] = ["migrate", "seed"];
const LOCAL_PASSWORD: &str = "local-use-only";

fn read(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn compose() -> Value {
    serde_saphyr::from_str(&read("compose.yaml")).expect("compose.yaml is YAML")
}

fn services() -> BTreeMap<String, Map<String, Value>> {
    serde_json::from_value(compose()["services"].take()).expect("services are objects by name")
}

fn service(name: &str) -> Map<String, Value> {
    services().remove(name).unwrap_or_else(|| panic!("no service {name}"))
}

/// The texts of a list, or nothing where there is no list.
fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.map(|item| item.as_str().unwrap_or_else(|| panic!("{item} is not a text")).to_owned()).collect()
}

/// The environment of a service, values that Compose passes through being empty.
fn environment(service: &Map<String, Value>) -> BTreeMap<String, String> {
    let entries = service.get("environment").and_then(Value::as_object).into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The service that a store's URL leads to.
fn host(url: &str) -> &str {
    let authority = url.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    host_and_port.split(':').next().unwrap_or_default()
}

#[test]
fn every_service_is_there_and_extras_are_in_profiles() {
    let profiles = |name: &str| texts(service(name).get("profiles"));
    for name in ["gateway", "migrate", "seed"].into_iter().chain(STORES) {
        assert_eq!(profiles(name), [""; 0], "{name}");
    }
    assert_eq!(profiles("rabbitmq"), ["events"]);
    assert_eq!(profiles("pgadmin"), ["admin"]);
    assert_eq!(profiles("mongo-express"), ["admin"]);
    assert_eq!(services().len(), 10);
}

#[test]
fn images_have_the_versions_that_are_promised() {
    let image = |name: &str| service(name)["image"].as_str().expect("an image").to_owned();
    assert_eq!(image("postgres"), "postgres:17");
    assert_eq!(image("mongodb"), "mongo:8");
    assert!(image("elasticsearch").starts_with("elasticsearch:9."));
    assert_eq!(image("redis"), "redis:8");
    for (name, service) in services() {
        let image = service["image"].as_str().expect("an image");
        let ours = service.contains_key("build");
        assert!(ours || image.split_once(':').is_some_and(|(_, tag)| tag != "latest"), "{name}: {image}");
    }
}

#[test]
fn what_stays_up_has_a_health_check_and_comes_back() {
    for (name, service) in services() {
        assert!(service.contains_key("mem_limit"), "{name} may eat the machine's memory");
        let restart = service["restart"].as_str();
        if ONE_SHOT.contains(&name.as_str()) {
            assert_eq!(restart, Some("no"), "{name}");
            assert_eq!(texts(service.get("command")), [name]);
        } else {
            assert_eq!(restart, Some("unless-stopped"), "{name}");
            let check = service["healthcheck"].as_object().unwrap_or_else(|| panic!("{name} has no health check"));
            let test = texts(check.get("test"));
            assert!(["CMD", "CMD-SHELL"].contains(&test[0].as_str()) && test.len() > 1, "{name}");
            for part in ["interval", "timeout", "retries"] {
                assert!(check.contains_key(part), "the health check of {name} has no {part}");
            }
        }
    }
}

#[test]
fn each_waits_for_what_it_needs() {
    let condition =
        |name: &str, other: &str| service(name)["depends_on"][other]["condition"].as_str().map(str::to_owned);
    let healthy = Some("service_healthy".to_owned());
    let completed = Some("service_completed_successfully".to_owned());
    for store in ["postgres", "mongodb", "elasticsearch"] {
        assert_eq!(condition("migrate", store), healthy, "{store}");
    }
    for name in ["gateway", "seed"] {
        assert_eq!(condition(name, "migrate"), completed, "{name}");
        assert_eq!(condition(name, "redis"), healthy, "{name}");
    }
}

#[test]
fn the_gateway_is_told_what_it_reads_and_nothing_else() {
    let services = services();
    for name in ["gateway", "migrate", "seed"] {
        let environment = environment(&services[name]);
        for variable in environment.keys() {
            assert!(READ_BY_THE_BINARY.contains(&variable.as_str()), "{name} is given {variable}, which nobody reads");
        }
        for (variable, store) in
            ["DATABASE_URL", "MONGODB_URL", "ELASTICSEARCH_URL", "REDIS_URL"].into_iter().zip(STORES)
        {
            assert_eq!(host(&environment[variable]), store, "{variable} of {name}");
        }
    }
    assert_eq!(environment(&services["gateway"])["POLYGRAPH_LISTEN"], "0.0.0.0:4000");
}

#[test]
fn only_the_gateway_and_the_admin_tools_are_reached_from_this_machine_alone() {
    let open = ["gateway", "pgadmin", "mongo-express"];
    let compose = compose();
    assert_eq!(compose["networks"]["stores"]["internal"], true);
    for (name, service) in services() {
        let (ports, networks) = (texts(service.get("ports")), texts(service.get("networks")));
        if open.contains(&name.as_str()) {
            assert!(ports.len() == 1 && ports[0].starts_with("127.0.0.1:"), "{name}: {ports:?}");
            assert_eq!(networks, ["stores", "outside"], "{name}");
        } else {
            assert_eq!(ports, [""; 0], "{name}");
            assert_eq!(networks, ["stores"], "{name}");
        }
    }
    assert_eq!(texts(service("gateway").get("ports")), ["127.0.0.1:${POLYGRAPH_PORT:-4000}:4000"]);
}

#[test]
fn what_is_true_survives_a_restart() {
    let declared = compose()["volumes"].as_object().expect("named volumes").clone();
    for (name, path) in [
        ("gateway", "/var/lib/polygraph"),
        ("postgres", "/var/lib/postgresql/data"),
        ("mongodb", "/data/db"),
        ("elasticsearch", "/usr/share/elasticsearch/data"),
        ("rabbitmq", "/var/lib/rabbitmq"),
    ] {
        assert_eq!(texts(service(name).get("volumes")), [format!("{name}:{path}")]);
        assert!(declared.contains_key(name), "{name}");
    }
}

#[test]
fn every_default_password_says_that_it_is_none() {
    let text = read("compose.yaml");
    let mut defaults = 0;
    for (at, _) in text.match_indices("_PASSWORD:-") {
        let default = text[at + "_PASSWORD:-".len()..].split('}').next();
        assert_eq!(default, Some(LOCAL_PASSWORD));
        defaults += 1;
    }
    assert!(defaults >= 4, "{defaults}");
    for (name, service) in services() {
        for (variable, value) in environment(&service) {
            let secret = variable.ends_with("PASSWORD") || variable.ends_with("PASS") || variable.ends_with("AUTH");
            assert!(!secret || value.contains("_PASSWORD:-") || value == "true", "{variable} of {name} is fixed");
        }
    }
}

#[test]
fn mongodb_becomes_a_replica_set_by_the_name_that_drivers_see() {
    let mongodb = service("mongodb");
    let command = texts(mongodb.get("command"));
    assert!(command.windows(2).any(|pair| pair == ["--replSet", "polygraph"]), "{command:?}");
    let check = texts(mongodb["healthcheck"].get("test")).concat();
    assert!(check.contains("rs.initiate") && check.contains(r#"host: "mongodb:27017""#), "{check}");
    assert!(environment(&service("gateway"))["MONGODB_URL"].ends_with("?replicaSet=polygraph"));
}

#[test]
fn the_containers_of_the_gateway_can_do_no_harm() {
    for name in ["gateway", "migrate", "seed"] {
        let service = service(name);
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(service.get("cap_drop")), ["ALL"], "{name}");
        assert_eq!(texts(service.get("security_opt")), ["no-new-privileges:true"], "{name}");
    }
}

/// The instructions of the Dockerfile, continued lines joined, comments left out.
fn instructions() -> Vec<(String, String)> {
    let lines: Vec<_> = read("Dockerfile").lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let text = lines.join("\n").replace("\\\n", " ");
    let split = text.lines().filter_map(|line| line.split_once(' '));
    split.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect()
}

#[test]
fn the_image_is_built_in_stages_and_runs_as_nobody() {
    let instructions = instructions();
    let stages: Vec<_> = (0..instructions.len()).filter(|&at| instructions[at].0 == "FROM").collect();
    assert_eq!(stages.len(), 2);
    let (build, last) = instructions.split_at(stages[1]);
    assert!(last[0].1.starts_with("debian:") && last[0].1.ends_with("-slim"), "{}", last[0].1);
    let all = |stage: &[(String, String)], name: &str| -> Vec<String> {
        stage.iter().filter(|(of, _)| of == name).map(|(_, rest)| rest.clone()).collect()
    };

    let compile = all(build, "RUN").concat();
    assert!(compile.contains("cargo build --locked --release"), "{compile}");
    assert_eq!(compile.matches("--mount=type=cache").count(), 2);

    let user = all(last, "USER").pop().expect("a user");
    let (id, group) = user.split_once(':').expect("a user and a group");
    assert!(id.parse::<u32>().is_ok_and(|id| id > 0) && id == group, "{user}");
    assert_eq!(all(last, "STOPSIGNAL"), ["SIGTERM"]);
    assert_eq!(all(last, "VOLUME"), ["/var/lib/polygraph"]);
    assert_eq!(all(last, "ENTRYPOINT"), [r#"["polygraph"]"#]);
    assert!(all(last, "LABEL").concat().contains("org.opencontainers.image.licenses=\"Apache-2.0\""));
    for setting in all(last, "ENV").concat().split_whitespace() {
        let name = setting.split('=').next().unwrap_or_default();
        assert!(READ_BY_THE_BINARY.contains(&name), "the image sets {name}, which nobody reads");
    }
}

#[test]
fn secrets_and_build_output_stay_out_of_the_image() {
    let ignored = read(".dockerignore");
    for path in [".git", ".env*", "target", "polygraph-data", "**/node_modules"] {
        assert!(ignored.lines().any(|line| line == path), "{path}");
    }
    // Cargo reads the manifest of every member, and looks for every test that is named, whatever it builds.
    for directory in ["tests", "bench", "migrations", "fuzz"] {
        assert!(ignored.lines().all(|line| line != directory), "{directory} holds what the build of the image reads");
    }
}
