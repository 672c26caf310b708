//! The search indexes' migration, on Elasticsearch and OpenSearch.

use polygraph::ports::{Backend as _, ErrorKind};
use serde_json::{Value, json};

use crate::elastic::{Indexes, on_both};

async fn get(indexes: &Indexes, path: &str) -> Value {
    let response = reqwest::get(indexes.url.join(path).expect("an address")).await.expect("an answer");
    response.json().await.expect("JSON")
}

async fn it_makes_what_is_missing_and_records_it(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let elastic = indexes.open("standard");
    let namespace = &indexes.namespace;
    let names = [format!("{namespace}-search-v1"), format!("{namespace}-likes-v1")];
    assert_eq!(elastic.pending().await.expect("an answer"), names);
    assert_eq!(elastic.migrate().await.expect("both made"), names);
    assert_eq!(elastic.pending().await.expect("an answer"), Vec::<String>::new());
    assert_eq!(elastic.migrate().await.expect("nothing to do"), Vec::<String>::new());

    let search = &get(&indexes, &format!("{namespace}-search")).await[&names[0]];
    assert_eq!(search["mappings"]["_meta"]["polygraph"], json!({ "schema": 1, "language": "standard" }));
    assert_eq!(search["mappings"]["dynamic"], "strict");
    assert!(search["mappings"]["properties"].get("email").is_none());
    let settings = &search["settings"]["index"];
    assert_eq!(
        (&settings["refresh_interval"], &settings["gc_deletes"], &settings["number_of_shards"]),
        (&json!("500ms"), &json!("1h"), &json!("1"))
    );
}

async fn several_instances_may_run_it_at_once(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let instances = [(); 4].map(|()| indexes.open("standard"));
    let applied = futures::future::try_join_all(instances.iter().map(|instance| instance.migrate())).await;
    let mut applied = applied.expect("all succeed").concat();
    applied.sort_unstable();
    let namespace = &indexes.namespace;
    assert_eq!(applied, [format!("{namespace}-likes-v1"), format!("{namespace}-search-v1")], "each by one of them");
    for instance in &instances {
        instance.check().await.expect("ready");
    }
}

async fn a_lost_alias_is_set_again(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let elastic = indexes.open("standard");
    elastic.migrate().await.expect("both made");
    let alias = format!("{0}-search-v1/_alias/{0}-search", indexes.namespace);
    let address = indexes.url.join(&alias).expect("an address");
    reqwest::Client::new().delete(address).send().await.expect("the alias to be deleted");
    assert_eq!(elastic.check().await.map_err(|error| error.kind), Err(ErrorKind::NotReady));
    elastic.migrate().await.expect("the alias to be set");
    elastic.check().await.expect("ready");
}

async fn another_language_needs_another_index(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    indexes.open("standard").migrate().await.expect("both made");
    let said = indexes.open("english").migrate().await.expect_err("made for another language").to_string();
    assert!(said.contains("`standard`, not `english`"), "{said}");
}

async fn a_language_that_the_server_does_not_know_is_named(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let elastic = indexes.open("klingon");
    let said = elastic.migrate().await.expect_err("no such analyzer").to_string();
    assert!(said.contains("has no analyzer `klingon`"), "{said}");
    assert_eq!(elastic.pending().await.expect("an answer").len(), 2, "nothing was made");
}

async fn a_foreign_index_is_left_alone(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let foreign = indexes.url.join(&format!("{}-search", indexes.namespace)).expect("an address");
    let client = reqwest::Client::new();
    client.put(foreign.clone()).send().await.expect("an index to be made");
    let said = indexes.open("standard").migrate().await.expect_err("the name is taken").to_string();
    client.delete(foreign).send().await.expect("it to be deleted");
    assert!(said.contains("did not make"), "{said}");
}

on_both! {
    it_makes_what_is_missing_and_records_it,
    several_instances_may_run_it_at_once,
    a_lost_alias_is_set_again,
    another_language_needs_another_index,
    a_language_that_the_server_does_not_know_is_named,
    a_foreign_index_is_left_alone,
}
