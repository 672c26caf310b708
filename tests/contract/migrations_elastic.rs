//! The search indexes' migration, on Elasticsearch and OpenSearch.

use polygraph::ports::{Backend as _, ErrorKind, SearchIndex as _};
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
    let said = indexes.open("simple").migrate().await.expect_err("made for another language").to_string();
    assert!(said.contains("`standard`, not `simple`") && said.contains("run `polygraph reindex`"), "{said}");
    let simple = indexes.open("simple");
    assert_eq!(simple.check().await.map_err(|error| error.kind), Err(ErrorKind::NotReady));
    simple.begin_build().await.expect("begun").swap().await.expect("swapped");
    simple.check().await.expect("ready");
    assert_eq!(names(&indexes).await, ["likes-v2", "search-v2"], "the old ones are gone");
}

/// The indexes that there are, without the namespace.
async fn names(indexes: &Indexes) -> Vec<String> {
    let listed = get(indexes, &format!("{}-*/_alias", indexes.namespace)).await;
    let own = |name: &String| name.strip_prefix(&format!("{}-", indexes.namespace)).map(str::to_owned);
    let mut names: Vec<String> = listed.as_object().expect("indexes").keys().filter_map(own).collect();
    names.sort();
    names
}

async fn what_builds_have_left_is_removed_by_the_next(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let elastic = indexes.open("standard");
    elastic.migrate().await.expect("both made");
    // A build that was killed; one that was killed after the swap would leave an index without an alias.
    drop(elastic.begin_build().await.expect("begun"));
    let address = indexes.url.join(&format!("{}-search-v3", indexes.namespace)).expect("an address");
    reqwest::Client::new().put(address).send().await.expect("an index to be made");
    assert_eq!(names(&indexes).await, ["likes-v1", "likes-v2", "search-v1", "search-v2", "search-v3"]);
    elastic.check().await.expect("ready all the same");
    let build = elastic.begin_build().await.expect("begun");
    assert_eq!(names(&indexes).await, ["likes-v1", "likes-v4", "search-v1", "search-v4"]);
    build.abandon().await.expect("abandoned");
    assert_eq!(names(&indexes).await, ["likes-v1", "search-v1"]);
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
    what_builds_have_left_is_removed_by_the_next,
}
