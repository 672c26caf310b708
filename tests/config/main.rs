//! The configuration as operators meet it: precedence, sentences, masking, documentation, and the command line.

mod faults;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use polygraph::cli::Cli;
use polygraph::config::{
    CacheChoice, Config, ConfigError, ConfigFile, CorsOrigins, DatabaseChoice, EventsChoice, InForce, LogFormat,
    Origin, PostsChoice, SearchChoice, render_json, render_table, settings,
};

fn env(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect()
}

fn file(text: &str) -> ConfigFile {
    ConfigFile { path: "polygraph.toml".into(), text: text.to_owned() }
}

fn from_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_sources(None, &env(pairs), &[])
}

fn from_file(text: &str) -> Result<Config, ConfigError> {
    Config::from_sources(Some(&file(text)), &[], &[])
}

fn row<'a>(config: &'a Config, key: &str) -> &'a InForce {
    config.in_force().iter().find(|row| row.key == key).expect("a known key")
}

/// The one fault of a configuration that must be refused.
fn fault(result: Result<Config, ConfigError>) -> String {
    let refused = result.expect_err("it must be refused");
    assert_eq!(refused.faults().len(), 1, "{refused}");
    refused.to_string()
}

#[test]
fn without_any_source_the_defaults_are_in_force() {
    let config = from_env(&[]).expect("the defaults are valid");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.server.shutdown_grace, Duration::from_secs(10));
    assert_eq!(config.data.data_dir, Path::new("polygraph-data"));
    assert_eq!(config.data.search_dir(), Path::new("polygraph-data/search"));
    assert_eq!(config.data.namespace, "polygraph");
    assert!(config.data.migrate_on_start && config.data.demo_data);
    assert_eq!(config.stores.database, DatabaseChoice::Sqlite("polygraph-data/polygraph.sqlite3".into()));
    assert_eq!(config.stores.posts, PostsChoice::Sql);
    assert_eq!(config.stores.search, SearchChoice::Embedded);
    assert_eq!(config.stores.cache, CacheChoice::Memory);
    assert_eq!(config.stores.database_max_connections, 16);
    assert_eq!(config.stores.mongodb_max_pool_size, 16);
    assert_eq!(config.stores.redis_max_connections, 16);
    assert_eq!(config.stores.store_connect_timeout, Duration::from_secs(2));
    assert_eq!(config.stores.store_timeout, Duration::from_secs(5));
    assert_eq!(config.server.request_timeout, Duration::from_secs(10));
    assert_eq!((config.stores.store_retries, config.stores.store_retry_pause), (2, Duration::from_millis(50)));
    assert_eq!((config.stores.store_breaker_failures, config.stores.store_breaker_pause), (5, Duration::from_secs(1)));
    assert_eq!((config.stores.elasticsearch_max_requests, config.stores.store_max_waiting), (32, 1_000));
    assert_eq!(config.search.search_language, "standard");
    assert_eq!(config.cache.result_cache_ttl, Some(Duration::from_secs(60)));
    assert!(config.limits.rate_limits && !config.server.production);
    assert_eq!((config.traffic.rate_limit_viewer, config.traffic.rate_limit_address), (60_000, 20_000));
    assert_eq!((config.traffic.max_concurrent_requests, config.traffic.max_queued_requests), (None, 1_024));
    assert_eq!(config.traffic.trusted_proxies, [], "nobody is believed");
    assert_eq!((config.log.log.as_str(), config.log.log_format), ("info", LogFormat::Pretty));
    assert!(config.notes.is_empty() && config.truth_is_embedded());
    assert!(config.in_force().iter().all(|row| row.origin == Origin::Default));
}

#[test]
fn every_setting_is_in_force_in_the_order_of_the_table() {
    let config = from_env(&[]).expect("the defaults are valid");
    let in_force: Vec<_> = config.in_force().iter().map(|row| row.key).collect();
    assert_eq!(in_force, settings().map(|about| about.key).collect::<Vec<_>>());
}

#[test]
fn the_environment_overrides_the_file_and_flags_override_both() {
    let file = file("# ours\nlisten = '127.0.0.1:1'\nnamespace = 'file'\nstore_timeout = '1s'");
    let env = env(&[("POLYGRAPH_LISTEN", "127.0.0.1:2"), ("POLYGRAPH_NAMESPACE", "env")]);
    let listen = settings().find(|about| about.key == "listen").expect("a known key");
    let config =
        Config::from_sources(Some(&file), &env, &[(listen, "127.0.0.1:3".to_owned())]).expect("a valid configuration");

    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(row(&config, "listen").origin, Origin::Flag { name: "listen" });
    assert_eq!(config.data.namespace, "env");
    assert_eq!(row(&config, "namespace").origin, Origin::Env { name: "POLYGRAPH_NAMESPACE".to_owned() });
    assert_eq!(config.stores.store_timeout, Duration::from_secs(1));
    assert_eq!(row(&config, "store_timeout").origin, Origin::File { path: "polygraph.toml".into(), line: 4 });
    assert_eq!(row(&config, "log").origin, Origin::Default);
}

#[test]
fn each_url_chooses_its_store_independently() {
    let config = from_env(&[("DATABASE_URL", "sqlite:///var/lib/x.db?mode=rwc"), ("REDIS_URL", "rediss://cache")])
        .expect("a valid configuration");
    assert_eq!(config.stores.database, DatabaseChoice::Sqlite("/var/lib/x.db".into()));
    assert!(matches!(config.stores.cache, CacheChoice::Redis(url) if url.expose() == "rediss://cache"));
    assert_eq!(config.stores.search, SearchChoice::Embedded);

    for (variable, url) in [
        ("DATABASE_URL", "postgres://db/app"),
        ("DATABASE_URL", "postgresql:///app?host=/run/postgresql"),
        ("MONGODB_URL", "mongodb://a:27017,b:27017/app?replicaSet=rs0"),
        ("MONGODB_URL", "mongodb+srv://cluster.example.org"),
    ] {
        let config = from_env(&[(variable, url)]).expect(url);
        assert!(!config.truth_is_embedded(), "{url}");
    }
    let config = from_env(&[("ELASTICSEARCH_URL", "http://[::1]:9200")]).expect("a valid configuration");
    assert!(config.truth_is_embedded(), "what is derived is no truth");
}

#[test]
fn an_empty_value_counts_as_absent() {
    let config = from_env(&[("DATABASE_URL", ""), ("POLYGRAPH_LISTEN", " ")]).expect("a valid configuration");
    assert!(config.truth_is_embedded());
    assert_eq!(row(&config, "listen").origin, Origin::Default);

    let file = file("namespace = 'file'\nredis_url = ''");
    let config =
        Config::from_sources(Some(&file), &env(&[("POLYGRAPH_NAMESPACE", "")]), &[]).expect("a valid configuration");
    assert_eq!(config.data.namespace, "file");
    assert_eq!(config.stores.cache, CacheChoice::Memory);
}

#[test]
fn numbers_and_switches_need_no_quotes_in_the_file() {
    let config = from_file("database_max_connections = 4\nmigrate_on_start = false\nresult_cache_ttl = 0")
        .expect("a valid configuration");
    assert_eq!(config.stores.database_max_connections, 4);
    assert!(!config.data.migrate_on_start);
    assert_eq!(config.cache.result_cache_ttl, None);
}

#[test]
fn rate_limits_can_be_lifted_with_a_warning() {
    let config = from_env(&[("POLYGRAPH_RATE_LIMITS", "off")]).expect("the API's contract names it");
    assert!(!config.limits.rate_limits);
    let [note] = &config.notes[..] else { panic!("one note: {:?}", config.notes) };
    assert!(note.starts_with("POLYGRAPH_RATE_LIMITS lifts every rate limit"), "{note}");
    let config = from_env(&[("POLYGRAPH_RATE_LIMITS", "on")]).expect("the default");
    assert!(config.limits.rate_limits && config.notes.is_empty());
}

#[test]
fn production_is_a_switch() {
    let load = |arguments: &[&str]| {
        let cli = Cli::try_parse_from(arguments).expect("a valid command line");
        cli.load_config([]).map(|config| config.server.production)
    };
    for (arguments, production) in [
        (&["polygraph"][..], false),
        (&["polygraph", "--production"], true),
        (&["polygraph", "--production", "serve"], true),
        (&["polygraph", "serve", "--production=false"], false),
    ] {
        assert_eq!(load(arguments).expect("a valid configuration"), production, "{arguments:?}");
    }
    assert!(load(&["polygraph", "--production=perhaps"]).is_err());
}

#[test]
fn production_limits_cost_and_hides_what_helps_developers_unless_it_is_set() {
    let with = |more: &[(&str, &str)]| {
        let Config { limits, security, .. } = from_env(more).expect("a valid configuration");
        (limits.max_query_cost, [security.introspection, security.suggestions, security.graphiql])
    };
    let production = ("POLYGRAPH_PRODUCTION", "true");
    assert_eq!(with(&[]), (None, [true; 3]));
    assert_eq!(with(&[production]), (Some(20_000), [false; 3]));
    assert_eq!(with(&[production, ("POLYGRAPH_RATE_LIMITS", "off")]), (None, [false; 3]));
    let all = ["POLYGRAPH_INTROSPECTION", "POLYGRAPH_SUGGESTIONS", "POLYGRAPH_GRAPHIQL"].map(|name| (name, "on"));
    assert_eq!(with(&[&[production, ("POLYGRAPH_MAX_QUERY_COST", "off")], &all[..]].concat()), (None, [true; 3]));
    assert_eq!(with(&[("POLYGRAPH_RATE_LIMITS", "off"), ("POLYGRAPH_MAX_QUERY_COST", "7")]), (Some(7), [true; 3]));
}

#[test]
fn limits_are_read_with_their_bounds() {
    let limits = from_env(&[]).expect("the defaults are valid").limits;
    assert_eq!((limits.max_body_size, limits.max_query_depth, limits.max_query_aliases), (1024 * 1024, 32, 100));
    let file = from_file("max_body_size = '64KiB'\nmax_query_depth = 20\nbody_timeout = '5s'").expect("valid");
    assert_eq!((file.limits.max_body_size, file.limits.max_query_depth), (64 * 1024, 20));
    assert_eq!(file.limits.body_timeout, Duration::from_secs(5));
    for (name, value) in [
        ("POLYGRAPH_MAX_BODY_SIZE", "1GiB"),
        ("POLYGRAPH_MAX_QUERY_DEPTH", "33"),
        ("POLYGRAPH_MAX_QUERY_TOKENS", "100"),
        ("POLYGRAPH_MAX_QUERY_COST", "none"),
        ("POLYGRAPH_HEADER_TIMEOUT", "0"),
    ] {
        let sentence = fault(from_env(&[(name, value)]));
        assert!(sentence.starts_with(&format!("{name} is `{value}`, which ")), "{sentence}");
    }
}

#[test]
fn origins_are_written_as_browsers_write_them() {
    let origins = |text| from_env(&[("POLYGRAPH_CORS_ORIGINS", text)]).map(|config| config.security.cors_origins);
    let these = |origins: &[&str]| CorsOrigins::These(origins.iter().map(|origin| (*origin).to_owned()).collect());
    assert_eq!(origins("").expect("none"), these(&[]));
    assert_eq!(origins("*").expect("all"), CorsOrigins::Any);
    let two = origins("https://app.example.org, http://localhost:3000").expect("two");
    assert_eq!(two, these(&["https://app.example.org", "http://localhost:3000"]));
    for text in
        ["app.example.org", "https://app.example.org/", "https://*.example.org", "null", "https://a, x", "ftp://a"]
    {
        let refused = origins(text).expect_err(text);
        assert!(refused.to_string().contains("no list of origins"), "{refused}");
    }
}

#[test]
fn the_event_bus_is_the_redis_that_there_is_unless_it_has_a_server_of_its_own() {
    let bus = |variables: &[(&str, &str)]| {
        let events = from_env(variables).expect("a valid configuration").events;
        let (kind, url) = match &events.bus {
            EventsChoice::Memory => ("memory", String::new()),
            EventsChoice::Redis(url) => ("redis", url.to_string()),
            EventsChoice::RabbitMq(url) => ("rabbitmq", url.to_string()),
        };
        (kind, url, events.has_a_server)
    };
    let url = |url: &str| url.to_owned();
    assert_eq!(bus(&[]), ("memory", url(""), false));
    assert_eq!(bus(&[("EVENTS_URL", "")]), ("memory", url(""), false));
    assert_eq!(bus(&[("REDIS_URL", "redis://one")]), ("redis", url("redis://one"), false));
    let [one, other] = ["redis://one", "rediss://other"].map(|events| ("EVENTS_URL", events));
    assert_eq!(bus(&[("REDIS_URL", "redis://one"), one]), ("redis", url("redis://one"), false));
    assert_eq!(bus(&[("REDIS_URL", "redis://one"), other]), ("redis", url("rediss://other"), true));
    assert_eq!(bus(&[one]), ("redis", url("redis://one"), true));
    for events in ["amqp://bus", "amqps://bus/vhost"] {
        assert_eq!(bus(&[("EVENTS_URL", events), ("REDIS_URL", "redis://one")]), ("rabbitmq", url(events), true));
    }
    let sentence = fault(from_env(&[("EVENTS_URL", "kafka://ada:s3cret@bus")]));
    assert_eq!(
        sentence,
        "EVENTS_URL has the scheme kafka://, which Polygraph has no adapter for. Supported: redis://, rediss://, \
         amqp://, amqps://."
    );
}

#[test]
fn whoever_shares_stores_but_no_bus_is_told_what_subscribers_miss() {
    let notes = |variables: &[(&str, &str)]| from_env(variables).expect("a valid configuration").notes;
    let postgres = ("DATABASE_URL", "postgres://db");
    let [note] = &notes(&[postgres])[..] else { panic!("one note") };
    assert!(note.starts_with("The default of `events_url` means this process alone"), "{note}");
    assert_eq!(notes(&[("MONGODB_URL", "mongodb://db")]).len(), 1);
    assert_eq!(notes(&[]), [""; 0], "its stores are its own");
    for bus in [("EVENTS_URL", "amqp://bus"), ("REDIS_URL", "redis://one")] {
        assert_eq!(notes(&[postgres, bus]), [""; 0]);
    }
}

#[test]
fn a_secret_is_shown_nowhere() {
    const URLS: [(&str, &str); 5] = [
        ("DATABASE_URL", "postgres://ada:s3cret@db/app?sslpassword=s3cret"),
        ("MONGODB_URL", "mongodb://ada:s3cret@a,b/app"),
        ("ELASTICSEARCH_URL", "https://s3cret@search/?api_key=s3cret"),
        ("REDIS_URL", "redis://:s3cret@cache"),
        ("EVENTS_URL", "amqp://ada:s3cret@bus/vhost?auth_password=s3cret"),
    ];
    let config = from_env(&URLS).expect("a valid configuration");
    for shown in [format!("{config:?}"), format!("{config:#?}"), render_table(&config), render_json(&config)] {
        assert!(!shown.contains("s3c"), "{shown}");
        assert!(shown.contains("postgres://ada:***@db/app?sslpassword=***"), "{shown}");
    }

    let wrong = [
        "mysql://ada:s3cret@db",
        "ada:s3cret@db",
        "postgres://ada:s3cret/@db",
        "mongodb:/ada:s3cret@db",
        "http://ada:s3cret@",
        "redis://ada:s3cret@db:port",
    ];
    for (variable, _) in &URLS {
        for url in wrong {
            let refused = from_env(&[(variable, url)]).expect_err(variable);
            assert!(!format!("{refused} {refused:?}").contains("s3c"), "{refused}");
        }
    }
    for text in [
        "database_url = postgres://ada:s3cret@db",
        "database_url = 'postgres://ada:s3cret@db",
        "database_url = 'x'\ndatabase_url = 's3cret'",
        "database_url = ['s3cret']",
        "database_ur = 's3cret'",
        "listen = 'postgres://ada:s3cret@db'",
    ] {
        let sentence = fault(from_file(text));
        assert!(!sentence.contains("s3c"), "{sentence}");
    }
}

#[test]
fn a_certificate_and_its_key_are_files_that_go_together() {
    let both = [("POLYGRAPH_TLS_CERTIFICATE", "a.pem"), ("POLYGRAPH_TLS_KEY", "b.pem")];
    let tls = from_env(&both).expect("both").server.tls.expect("HTTPS");
    assert_eq!((tls.certificate.as_path(), tls.key.as_path()), (Path::new("a.pem"), Path::new("b.pem")));
    assert_eq!(from_env(&[]).expect("neither").server.tls, None);
    for ((name, path), missing) in both.into_iter().zip(["tls_key", "tls_certificate"]) {
        let sentence = fault(from_env(&[(name, path)]));
        let expected = format!("{name} is `{path}`, which needs {missing} beside it: the two go together.");
        assert_eq!(sentence, expected);
    }
    // Whoever writes the key itself where its path should be does not find it in a log.
    let key = "-----BEGIN PRIVATE KEY-----\ns3cret://s3cret\n-----END PRIVATE KEY-----";
    let sentence = fault(from_env(&[both[0], ("POLYGRAPH_TLS_KEY", key)]));
    assert!(sentence.contains("is what should be in a file") && !sentence.contains("s3cret"), "{sentence}");
}

#[test]
fn urls_have_no_flag_since_command_lines_are_public() {
    assert!(settings().all(|about| !about.secret || about.flag.is_none()));
}

#[test]
fn a_flag_is_its_key_with_dashes() {
    for about in settings() {
        assert!(about.flag.is_none_or(|flag| flag == about.key.replace('_', "-")), "{}", about.key);
    }
}

#[test]
fn the_report_is_aligned_and_tells_origins() {
    let config = from_env(&[("REDIS_URL", "redis://:s3cret@cache")]).expect("a valid configuration");
    let table = render_table(&config);
    let column = table.find("ORIGIN").expect("a header");
    assert!(table.lines().skip(1).all(|line| line.as_bytes()[column - 1] == b' ' && line.as_bytes()[column] != b' '));
    assert!(table.contains("redis://:***@cache"), "{table}");
    assert!(table.contains("environment, REDIS_URL") && table.contains("(SQLite in the data directory)"), "{table}");

    let json: serde_json::Value = serde_json::from_str(&render_json(&config)).expect("JSON");
    let entries = json["settings"].as_array().expect("an array");
    let redis = entries.iter().find(|entry| entry["key"] == "redis_url").expect("an entry");
    assert_eq!(redis["value"], "redis://:***@cache");
    assert_eq!(redis["origin"], serde_json::json!({ "source": "env", "name": "REDIS_URL" }));
    assert_eq!(
        entries.iter().find(|entry| entry["key"] == "mongodb_url").expect("an entry")["value"],
        serde_json::Value::Null
    );
}

#[test]
fn the_file_is_found_by_flag_then_variable() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).to_str().expect("text").to_owned();
    std::fs::write(path("a.toml"), "namespace = 'a'").expect("a file");
    std::fs::write(path("b.toml"), "namespace = 'b'").expect("a file");
    let variable = [("POLYGRAPH_CONFIG".into(), path("b.toml").into())];

    let flagged = Cli::parse_from(["polygraph", "config", "--config", &path("a.toml")]);
    assert_eq!(flagged.load_config(variable.clone()).expect("a.toml is valid").data.namespace, "a");
    let plain = Cli::parse_from(["polygraph"]);
    assert_eq!(plain.load_config(variable).expect("b.toml is valid").data.namespace, "b");

    let missing = path("c.toml");
    let absent = Cli::parse_from(["polygraph", "--config", &missing]);
    assert_eq!(
        fault(absent.load_config([])),
        format!(
            "--config names the configuration file {missing}, which can't be read (No such file or directory (os error \
             2)). Name one that is there."
        )
    );
}
