//! What is wrong with a configuration is told in sentences, all of it at once.

use polygraph::config::{Config, Origin};

use super::{env, fault, file, from_env, from_file};

#[test]
fn each_wrong_variable_is_answered_with_a_sentence() {
    for (name, value, sentence) in [
        (
            "DATABASE_URL",
            "mysql://db",
            "DATABASE_URL has the scheme mysql://, which Polygraph has no adapter for. Supported: postgres://, sqlite://.",
        ),
        (
            "MONGODB_URL",
            "postgres://db",
            "MONGODB_URL has the scheme postgres://, which Polygraph has no adapter for. Supported: mongodb://, \
             mongodb+srv://.",
        ),
        (
            "ELASTICSEARCH_URL",
            "localhost:9200",
            "ELASTICSEARCH_URL is not a URL. Write it like https://user:password@host:9200.",
        ),
        ("REDIS_URL", "redis://", "REDIS_URL names no host. Write it like redis://user:password@host:6379/0."),
        (
            "REDIS_URL",
            "redis://cache:99999",
            "REDIS_URL is not a URL (invalid port number). Write it like redis://user:password@host:6379/0.",
        ),
        (
            "DATABASE_URL",
            "sqlite://",
            "DATABASE_URL names no file. Write sqlite:// and a path without parameters, like \
             sqlite://data/polygraph.sqlite3 or sqlite:///var/lib/polygraph.sqlite3.",
        ),
        (
            "POLYGRAPH_LISTEN",
            "4000",
            "POLYGRAPH_LISTEN is `4000`, which is not an IP address with a port. Write it like 127.0.0.1:4000, \
             0.0.0.0:4000 or [::1]:4000; port 0 takes a free one.",
        ),
        (
            "POLYGRAPH_NAMESPACE",
            "Blue",
            "POLYGRAPH_NAMESPACE is `Blue`, which is no name that every store takes. Write a lower-case letter, then up \
             to 30 lower-case letters, digits or underscores.",
        ),
        (
            "POLYGRAPH_STORE_TIMEOUT",
            "5",
            "POLYGRAPH_STORE_TIMEOUT is `5`, which is not a duration. Write a whole number and a unit, like 500ms, 2s, \
             5m or 1h.",
        ),
        (
            "POLYGRAPH_STORE_TIMEOUT",
            "0",
            "POLYGRAPH_STORE_TIMEOUT is `0`, which would let nothing succeed. Write a longer one, like 2s.",
        ),
        (
            "POLYGRAPH_REDIS_MAX_CONNECTIONS",
            "0",
            "POLYGRAPH_REDIS_MAX_CONNECTIONS is `0`, which is not a whole number from 1 to 10000.",
        ),
        (
            "POLYGRAPH_TRUSTED_PROXIES",
            "10.0.0.0/8, proxy.example.org",
            "POLYGRAPH_TRUSTED_PROXIES is `10.0.0.0/8, proxy.example.org`, which is not a list of addresses and networks. \
             Write them like 10.0.0.0/8, 192.0.2.7, fd00::/8.",
        ),
        (
            "POLYGRAPH_RATE_LIMIT_VIEWER",
            "0",
            "POLYGRAPH_RATE_LIMIT_VIEWER is `0`, which is not a whole number from 1 to 1000000.",
        ),
        (
            "POLYGRAPH_MAX_CONCURRENT_REQUESTS",
            "0",
            "POLYGRAPH_MAX_CONCURRENT_REQUESTS is `0`, which is not a whole number from 1 to 1000000.",
        ),
        (
            "POLYGRAPH_DEMO_DATA",
            "maybe",
            "POLYGRAPH_DEMO_DATA is `maybe`, which is neither true nor false. Write true or false.",
        ),
        (
            "POLYGRAPH_SEARCH_LANGUAGE",
            "english",
            "POLYGRAPH_SEARCH_LANGUAGE is `english`, which can't be analysed by the embedded index. Set \
             ELASTICSEARCH_URL, or leave it at `standard`.",
        ),
        (
            "POLYGRAPH_LOG_FORMAT",
            "xml",
            "POLYGRAPH_LOG_FORMAT is `xml`, which is not a log format. Write pretty or json.",
        ),
        (
            "POLYGRAPH_LOG",
            "polygraph=loud",
            "POLYGRAPH_LOG is `polygraph=loud`, which is not a log filter. Write error, warn, info, debug or trace, or \
             levels by module, like info,polygraph=debug.",
        ),
        (
            "POLYGRAPH_LISSTEN",
            "x",
            "The environment variable POLYGRAPH_LISSTEN is no setting. The nearest known one is POLYGRAPH_LISTEN.",
        ),
        (
            "POLYGRAPH_DATABASE_URL",
            "x",
            "The environment variable POLYGRAPH_DATABASE_URL is no setting. The nearest known one is DATABASE_URL.",
        ),
    ] {
        assert_eq!(fault(from_env(&[(name, value)])), sentence);
    }
}

#[test]
fn each_wrong_line_is_answered_with_a_sentence() {
    for (text, sentence) in [
        (
            "\ndatabase_urll = 'x'",
            "polygraph.toml, line 2: `database_urll` is no setting. The nearest known one is `database_url`.",
        ),
        (
            "[server]\nlisten = 'x'",
            "polygraph.toml, line 1: there is no section `server`. Write every setting at the top level, without \
             sections.",
        ),
        (
            "log = 'info'\nredis_max_connections = [1]",
            "polygraph.toml, line 2: `redis_max_connections` takes one value. Write it like redis_max_connections = 16.",
        ),
        (
            "\n\nstore_timeout = 5",
            "polygraph.toml, line 3: `store_timeout` is `5`, which is not a duration. Write a whole number and a unit, \
             like 500ms, 2s, 5m or 1h.",
        ),
        (
            "log = 'info'\nlisten = 127.0.0.1",
            "polygraph.toml, line 2: this is not TOML (invalid float, expected nothing). Write key = value, with \
             text in quotes, like listen = \"127.0.0.1:4000\".",
        ),
    ] {
        assert_eq!(fault(from_file(text)), sentence);
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let refused = Config::from_sources(
        Some(&file("lisen = 1\nnamespace = 'X'")),
        &env(&[("POLYGRAPH_PORT", "80"), ("DATABASE_URL", "mysql://db"), ("REDIS_URL", "memcached://db")]),
        &[],
    )
    .expect_err("five faults");
    assert_eq!(refused.faults().len(), 5, "{refused}");
}

#[test]
fn variables_of_scripts_and_of_others_are_left_alone() {
    let names = ["POLYGRAPH_TEST_REDIS_URL", "POLYGRAPH_STORES_DIR", "POLYGRAPH_CACHE_DIR", "POLYGRAPH_CONFIG", "PATH"];
    let config = from_env(&names.map(|name| (name, "x"))).expect("none of them is a setting");
    assert!(config.in_force().iter().all(|row| row.origin == Origin::Default));
}
