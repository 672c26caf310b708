//! On a real server: several instances at once, and again.

use mongodb::{Client, Database, bson::doc};

use super::*;

/// The test server's database, and a namespace that no other test or run uses.
async fn server(test: &str) -> (Database, String) {
    let url = std::env::var("POLYGRAPH_TEST_MONGODB_URL")
        .expect("set POLYGRAPH_TEST_MONGODB_URL: run `scripts/stores up`, then `eval \"$(scripts/stores env)\"`");
    let client = Client::with_uri_str(url).await.unwrap();
    (client.database("polygraph_test"), format!("m{}_{test}", std::process::id()))
}

async fn drop_all(database: &Database, namespace: &str) {
    for name in database.list_collection_names().await.unwrap() {
        if name.starts_with(&format!("{namespace}_")) {
            database.collection::<Document>(&name).drop().await.unwrap();
        }
    }
}

#[tokio::test]
async fn four_instances_at_once_apply_each_step_once() {
    let (database, namespace) = server("four").await;
    drop_all(&database, &namespace).await;
    let all: Vec<String> = STEPS.iter().map(|step| step.name.to_owned()).collect();
    assert_eq!(pending(&database, &namespace).await.unwrap(), all);

    let (a, b, c, d) = tokio::try_join!(
        up(&database, &namespace),
        up(&database, &namespace),
        up(&database, &namespace),
        up(&database, &namespace)
    )
    .unwrap();
    let mut applied = [a, b, c, d].concat();
    applied.sort();
    assert_eq!(applied, all, "each step is recorded by one of the four");
    assert!(pending(&database, &namespace).await.unwrap().is_empty());
    assert!(up(&database, &namespace).await.unwrap().is_empty(), "nothing is left to do");

    let likes = database.collection::<Document>(&collection(&namespace, "likes"));
    let mut names = likes.list_index_names().await.unwrap();
    names.sort();
    assert_eq!(names, [index::ID, index::LIKES_BY_POST, index::LIKES_BY_TIME, index::LIKES_BY_USER]);
    let refused = likes.insert_one(doc! { "_id": { "post": 1, "user": 2 } }).await.unwrap_err();
    assert_eq!(code_of(&refused), Some(121), "the validator refuses what is not a like");
    drop_all(&database, &namespace).await;
}

#[tokio::test]
async fn a_step_that_was_applied_but_not_recorded_is_applied_again() {
    let (database, namespace) = server("again").await;
    drop_all(&database, &namespace).await;
    up(&database, &namespace).await.unwrap();
    ledger(&database, &namespace).drop().await.unwrap();
    assert_eq!(up(&database, &namespace).await.unwrap().len(), STEPS.len());
    drop_all(&database, &namespace).await;
}

#[tokio::test]
async fn a_deployment_of_the_first_step_goes_on_with_what_it_holds() {
    let (database, namespace) = server("forward").await;
    drop_all(&database, &namespace).await;
    let first = &STEPS[0];
    for collection in (first.collections)() {
        bring_about(&database, &namespace, &collection).await.unwrap();
    }
    record(&database, &namespace, first.name).await.unwrap();
    let authors = database.collection::<Document>(&collection(&namespace, "authors"));
    let author = doc! { "_id": mongodb::bson::Uuid::from_bytes([7; 16]), "posts": 3_i64, "likes": 1_i64 };
    authors.insert_one(author.clone()).await.unwrap();

    let later: Vec<String> = STEPS[1..].iter().map(|step| step.name.to_owned()).collect();
    assert_eq!(up(&database, &namespace).await.unwrap(), later);
    assert_eq!(authors.find_one(doc! {}).await.unwrap(), Some(author));
    let closed = doc! { "$set": { "closed": true } };
    assert_eq!(authors.update_one(doc! {}, closed).await.unwrap().modified_count, 1);
    let odd = authors.update_one(doc! {}, doc! { "$set": { "closed": "yes" } }).await.unwrap_err();
    assert_eq!(code_of(&odd), Some(121), "the later validator is in force");
    drop_all(&database, &namespace).await;
}
