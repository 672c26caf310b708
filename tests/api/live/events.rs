//! Events: a write on one gateway is told on another, to those whom it concerns, once and in order.

use serde_json::{Value, json};

use super::pair::{Pair, Person};
use super::socket::{Heard, Socket};
use crate::support::{Which, run};

#[test]
fn embedded() {
    run(all(Which::Embedded));
}

#[test]
fn real() {
    run(all(Which::Real));
}

async fn all(which: Which) {
    let pair = Pair::start(which);
    let (ada, bea) = (pair.sign_up("ada").await, pair.sign_up("bea").await);
    posts_are_told_as_they_are_published(&pair, &ada, &bea).await;
    a_post_is_told_of_until_it_is_deleted(&pair, &ada, &bea).await;
    likes_are_told_to_those_whose_conditions_they_meet(&pair, &ada, &bea).await;
    a_feed_is_told_of_those_who_are_followed_now(&pair, &ada, &bea).await;
    what_is_private_is_told_to_each_as_they_see_it(&pair, &ada, &bea).await;
}

fn complete(id: &str) -> Heard {
    Heard::Said(json!({ "id": id, "type": "complete" }))
}

async fn posts_are_told_as_they_are_published(pair: &Pair, ada: &Person, bea: &Person) {
    let mut socket = Socket::ready(pair.reader(), None).await;
    let query = "subscription ($a: ID) { postCreated(author: $a) { id title content author { handle } likeCount } }";
    socket.subscribe("all", query, json!({})).await;
    socket.settle().await;
    let mut of_bea = Socket::ready(pair.reader(), None).await;
    of_bea.subscribe("bea", query, json!({ "a": bea.id })).await;
    of_bea.settle().await;
    let mut ids = Vec::new();
    for turn in 0..5 {
        ids.push((pair.publish(ada, &format!("a{turn}")).await, "ada", format!("a{turn}")));
        ids.push((pair.publish(bea, &format!("b{turn}")).await, "bea", format!("b{turn}")));
    }
    // Posts of different people may come in any order, each once.
    let mut told: Vec<Value> = Vec::new();
    for _ in &ids {
        told.push(socket.data("all").await["postCreated"].clone());
    }
    for (id, author, title) in &ids {
        let expected = json!({
            "id": id, "title": title, "content": "text", "author": { "handle": author }, "likeCount": 0
        });
        assert_eq!(told.iter().filter(|post| **post == expected).count(), 1, "{expected} in {told:?}");
    }
    for _ in 0..5 {
        let post = of_bea.data("bea").await["postCreated"].clone();
        assert_eq!(post["author"]["handle"], "bea");
    }
    of_bea.settle().await;
}

async fn a_post_is_told_of_until_it_is_deleted(pair: &Pair, ada: &Person, bea: &Person) {
    let post = pair.publish(ada, "first").await;
    let mut socket = Socket::ready(pair.reader(), None).await;
    let query = "subscription ($p: ID!) { postChanged(id: $p) { title revision likeCount } }";
    socket.subscribe("1", query, json!({ "p": post })).await;
    socket.settle().await;
    let told = async |socket: &mut Socket| socket.data("1").await["postChanged"].clone();

    let edit = "mutation ($p: ID!) { updatePost(input: { id: $p, title: \"second\" }) { post { revision } } }";
    pair.act(ada, edit, json!({ "p": post })).await;
    assert_eq!(told(&mut socket).await, json!({ "title": "second", "revision": 2, "likeCount": 0 }));
    pair.like(bea, &post).await;
    assert_eq!(told(&mut socket).await, json!({ "title": "second", "revision": 2, "likeCount": 1 }));
    let unlike = "mutation ($p: ID!) { unlikePost(input: { postId: $p }) { post { id } } }";
    pair.act(bea, unlike, json!({ "p": post })).await;
    assert_eq!(told(&mut socket).await, json!({ "title": "second", "revision": 2, "likeCount": 0 }));
    let delete = "mutation ($p: ID!) { deletePost(input: { id: $p }) { deletedPostId } }";
    pair.act(ada, delete, json!({ "p": post })).await;
    assert_eq!(told(&mut socket).await, json!(null));
    assert_eq!(socket.hear().await, complete("1"));

    // One that is not there has nothing to wait for.
    socket.subscribe("1", query, json!({ "p": post })).await;
    assert_eq!(told(&mut socket).await, json!(null));
    assert_eq!(socket.hear().await, complete("1"));
}

async fn likes_are_told_to_those_whose_conditions_they_meet(pair: &Pair, ada: &Person, bea: &Person) {
    let (hers, his) = (pair.publish(ada, "hers").await, pair.publish(bea, "his").await);
    let query =
        "subscription ($p: ID, $a: ID) { postLiked(post: $p, author: $a) { user { handle } post { id likeCount } } }";
    let mut socket = Socket::ready(pair.reader(), None).await;
    for (id, variables) in [
        ("all", json!({})),
        ("hers", json!({ "p": hers })),
        ("bea's", json!({ "a": bea.id })),
        ("neither", json!({ "p": hers, "a": bea.id })),
        ("both", json!({ "p": hers, "a": ada.id })),
    ] {
        socket.subscribe(id, query, variables).await;
    }
    socket.settle().await;
    pair.like(bea, &hers).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let Heard::Said(message) = socket.hear().await else { panic!("closed") };
        let like = json!({ "user": { "handle": "bea" }, "post": { "id": hers, "likeCount": 1 } });
        assert_eq!(message["payload"]["data"]["postLiked"], like, "{message}");
        told.push(message["id"].as_str().expect("an id").to_owned());
    }
    told.sort();
    assert_eq!(told, ["all", "both", "hers"]);
    // To like it again is nothing new.
    pair.like(bea, &hers).await;
    pair.like(ada, &his).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let Heard::Said(message) = socket.hear().await else { panic!("closed") };
        assert_eq!(message["payload"]["data"]["postLiked"]["post"]["id"], his, "{message}");
        told.push(message["id"].as_str().expect("an id").to_owned());
    }
    told.sort();
    assert_eq!(told, ["all", "bea's"]);
    socket.settle().await;
}

async fn a_feed_is_told_of_those_who_are_followed_now(pair: &Pair, ada: &Person, bea: &Person) {
    let carl = pair.sign_up("carl").await;
    let follow = "mutation ($u: ID!) { follow(input: { userId: $u }) { user { id } } }";
    let unfollow = "mutation ($u: ID!) { unfollow(input: { userId: $u }) { user { id } } }";
    let mut socket = Socket::ready(pair.reader(), Some(&carl.token)).await;
    socket.subscribe("feed", "subscription { feed { title } }", json!({})).await;
    socket.settle().await;
    let mut others = Socket::ready(pair.reader(), Some(&ada.token)).await;
    others.subscribe("feed", "subscription { feed { title } }", json!({})).await;
    others.settle().await;

    // Who follows is found out when an event is told, so it must have been.
    let mut witness = Socket::ready(pair.reader(), None).await;
    witness.subscribe("1", "subscription ($a: ID) { postCreated(author: $a) { title } }", json!({ "a": ada.id })).await;
    witness.settle().await;
    let told = |title: &str| json!({ "postCreated": { "title": title } });
    pair.publish(ada, "before").await;
    assert_eq!(witness.data("1").await, told("before"));
    pair.act(&carl, follow, json!({ "u": ada.id })).await;
    pair.publish(ada, "followed").await;
    assert_eq!(socket.data("feed").await, json!({ "feed": { "title": "followed" } }));
    assert_eq!(witness.data("1").await, told("followed"));
    pair.act(&carl, unfollow, json!({ "u": ada.id })).await;
    pair.act(&carl, follow, json!({ "u": bea.id })).await;
    pair.publish(ada, "after").await;
    assert_eq!(witness.data("1").await, told("after"));
    pair.publish(bea, "another").await;
    assert_eq!(socket.data("feed").await, json!({ "feed": { "title": "another" } }));
    socket.settle().await;
    others.settle().await;
}

async fn what_is_private_is_told_to_each_as_they_see_it(pair: &Pair, ada: &Person, bea: &Person) {
    let post = pair.publish(ada, "private").await;
    let query = "subscription ($p: ID!) { postChanged(id: $p) { likeCount viewerHasLiked author { email } } }";
    let mut sockets = [
        Socket::ready(pair.reader(), Some(&ada.token)).await,
        Socket::ready(pair.reader(), Some(&bea.token)).await,
        Socket::ready(pair.reader(), None).await,
    ];
    for socket in &mut sockets {
        socket.subscribe("1", query, json!({ "p": post })).await;
        socket.settle().await;
    }
    pair.like(bea, &post).await;
    for (socket, (has_liked, email)) in sockets.iter_mut().zip([
        (json!(false), json!("ada@example.org")),
        (json!(true), json!(null)),
        (json!(null), json!(null)),
    ]) {
        let expected = json!({ "likeCount": 1, "viewerHasLiked": has_liked, "author": { "email": email } });
        assert_eq!(socket.data("1").await["postChanged"], expected);
    }
}
