//! Every mutation against every way to read: what was kept before a write is given to nobody after it.
//!
//! The ways to read are all fields of all types, as the schema lists them, and all lists in all orders; each is asked by a
//! stranger, another user and the owner. After each mutation a kept answer has to be what is answered afresh, at once.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::authorization::people::People;
use crate::authorization::{schema, ways};
use crate::support::{Answer, Client, Serving, Which, namespace, polygraph, run, scratch, variables};

#[test]
fn no_kept_answer_outlives_a_write_embedded() {
    hold(Which::Embedded);
}

#[test]
fn no_kept_answer_outlives_a_write_real() {
    hold(Which::Real);
}

/// What a query contains whose answer comes from the index, which follows within a second.
const DERIVED: [&str; 5] = ["search(", "suggest(", "leaderboard", "trending", "activity("];

/// The mutations in an order in which each changes something, with who makes them.
const MUTATIONS: [(&str, &str); 17] = [
    ("other", "unfollow(input: { userId: USER })"),
    ("other", "follow(input: { userId: USER })"),
    ("owner", "unfollow(input: { userId: DEMO })"),
    ("owner", "follow(input: { userId: DEMO })"),
    ("other", "unlikePost(input: { postId: POST })"),
    ("other", "likePost(input: { postId: POST })"),
    ("owner", "unlikePost(input: { postId: POST })"),
    ("owner", "likePost(input: { postId: POST })"),
    ("owner", "updatePost(input: { id: POST, title: \"Edited\", content: \"Edited, too.\" })"),
    ("owner", "createPost(input: { title: \"Second\", content: \"Of weevils.\" })"),
    ("other", "createPost(input: { title: \"Third\", content: \"Of beetles.\" })"),
    ("owner", "updateProfile(input: { name: \"Renamed\", bio: \"Anew\", email: \"anew@example.org\" })"),
    (
        "stranger",
        "signUp(input: { handle: \"new_here\", name: \"New\", email: \"n@example.org\", password: PASSWORD })",
    ),
    ("other", "updateProfile(input: { handle: \"bob_c\" })"),
    ("other", "updateProfile(input: { handle: \"bob_b\" })"),
    ("owner", "deletePost(input: { id: POST })"),
    ("other", "deleteAccount(input: { password: PASSWORD })"),
];

/// A way to read, and as whom.
struct Read {
    query: String,
    who: usize,
}

fn hold(which: Which) {
    let directory = scratch();
    let mut env = variables(which, directory.path(), &namespace());
    env.push(("POLYGRAPH_RESULT_CACHE_TTL", "1h".to_owned()));
    env.push(("POLYGRAPH_RATE_LIMITS", "off".to_owned()));
    if let Which::Real = which {
        for step in ["migrate", "seed"] {
            assert_eq!(polygraph(&[step], &env, directory.path()).code, Some(0));
        }
    }
    let writes = Serving::start(&env, directory.path());
    // Where stores are shared, what one gateway writes another reads.
    let reads = matches!(which, Which::Real).then(|| Serving::start(&env, directory.path()));
    run(walk(&writes.client, &reads.as_ref().unwrap_or(&writes).client));
}

async fn walk(writes: &Client, reads: &Client) {
    let people = People::move_in(writes).await;
    let ways = ways_to_read(&people, writes).await;
    for (who, mutation) in MUTATIONS {
        let mut before = Vec::new();
        for read in &ways {
            before.push(keep(&people, reads, read).await);
        }
        write(&people, writes, who, mutation).await;
        let mut changed = 0;
        for (read, before) in ways.iter().zip(before) {
            let kept = ask(&people, reads, read, false).await;
            if mutation.starts_with("deleteAccount") {
                // What belongs to a closed account goes step by step, and is read beside that.
                match read.who {
                    OTHER => assert_eq!(kept.status, 401, "nothing that was kept for them is given away"),
                    _ => agree(&people, reads, read).await,
                }
            } else {
                let fresh = ask(&people, reads, read, true).await;
                assert_eq!(kept.text, fresh.text, "after {mutation} of {who}, as {}: {}", read.who, read.query);
            }
            changed += usize::from(kept.text != before.text);
        }
        assert!(changed > 0, "nothing that is read shows {mutation} of {who}");
    }
}

/// Waits until a kept answer is what is answered afresh.
async fn agree(people: &People, client: &Client, read: &Read) {
    for _ in 0..500 {
        let kept = ask(people, client, read, false).await;
        if kept.text == ask(people, client, read, true).await.text {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("as {}, a kept answer is never what is answered afresh: {}", read.who, read.query);
}

/// The place of the other user among those who ask.
const OTHER: usize = 1;

async fn write(people: &People, stranger: &Client, who: &str, mutation: &str) {
    let client = match who {
        "owner" => &people.owner.client,
        "other" => &people.other.client,
        _ => stranger,
    };
    let quoted = |text: &str| format!("\"{text}\"");
    let filled = mutation
        .replace("USER", &quoted(&people.user))
        .replace("POST", &quoted(&people.post))
        .replace("DEMO", &quoted(&people.demo))
        .replace("PASSWORD", &quoted(people.other.password));
    let done = client.ask(&format!("mutation {{ done: {filled} {{ userErrors {{ code }} }} }}")).await.data();
    assert_eq!(done["done"]["userErrors"], json!([]), "{mutation}");
}

/// Asks until the answer is kept, and returns it. A cache that has just begun a life is not used for a moment.
async fn keep(people: &People, client: &Client, read: &Read) -> Answer {
    for _ in 0..500 {
        let answer = ask(people, client, read, false).await;
        match answer.header("x-cache") {
            Some("HIT") => return answer,
            Some("MISS") if !answer.errors().is_empty() => return answer,
            Some("MISS") => {}
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("never kept: {}", read.query);
}

/// Asks the gateway at which is read, as one of the three.
async fn ask(people: &People, client: &Client, read: &Read, afresh: bool) -> Answer {
    let client = people.askers()[read.who].client.at(client);
    let mut request = client.request(Method::POST, "/graphql").header("x-request-id", "matrix");
    if afresh {
        request = request.header("cache-control", "no-cache");
    }
    client.send(request.json(&json!({ "query": read.query }))).await
}

async fn ways_to_read(people: &People, client: &Client) -> Vec<Read> {
    let is_read = |name: &str| {
        !name.ends_with("Payload") && !["Mutation", "Subscription", "AccessToken", "UserError"].contains(&name)
    };
    let mut queries = lists(people);
    for (name, fields) in schema::types(client).await.iter().filter(|(name, _)| is_read(name)) {
        queries.extend(fields.iter().map(|field| ways::to(people, &people.owner, name, field).0));
    }
    queries.retain(|query| DERIVED.iter().all(|derived| !query.contains(derived)));
    assert!(queries.len() > 80, "{}", queries.len());
    queries.into_iter().flat_map(|query| (0..3).map(move |who| Read { query: query.clone(), who })).collect()
}

/// All lists in all orders, and what is absent.
fn lists(people: &People) -> Vec<String> {
    let People { user, post, like, demo, .. } = people;
    let users = "(first: 5) { edges { cursor node { handle name followersCount followingCount } } totalCount }";
    let posts = "(first: 5) { edges { cursor node { title likeCount author { name } } } totalCount }";
    let likes = "(first: 5) { edges { cursor node { user { handle } post { title } } } totalCount }";
    let mut fields = Vec::new();
    for order in ["NEWEST", "HANDLE", "MOST_FOLLOWED"] {
        fields.push(format!("users{}", users.replace("first", &format!("orderBy: {order}, first"))));
    }
    for order in ["NEWEST", "MOST_LIKED"] {
        fields.push(format!("posts{}", posts.replace("first", &format!("orderBy: {order}, first"))));
        let of_author = format!("orderBy: {order}, author: \"{user}\", first");
        fields.push(format!("posts{}", posts.replace("first", &of_author)));
    }
    for id in [user, demo] {
        for list in ["followers", "following", "mutualFollowers"] {
            fields.push(format!("user(id: \"{id}\") {{ {list}{users} }}"));
        }
        fields.push(format!("user(id: \"{id}\") {{ posts{posts} postsCount }}"));
        fields.push(format!("user(id: \"{id}\") {{ likedPosts{likes} }}"));
        fields.push(format!("user(id: \"{id}\") {{ viewerFollows followsViewer email }}"));
    }
    fields.push(format!("post(id: \"{post}\") {{ viewerHasLiked likeCount likes{likes} }}"));
    fields.push(format!("node(id: \"{like}\") {{ ... on Like {{ createdAt post {{ likeCount }} user {{ name }} }} }}"));
    fields.push(format!("nodes(ids: [\"{user}\", \"{post}\", \"{like}\"]) {{ id ... on Post {{ title }} }}"));
    fields.push(format!("feed{posts}"));
    fields.push("recommendedPosts(first: 5) { nodes { title likeCount } }".to_owned());
    fields.push("suggestedFollows(first: 5) { mutualCount user { followersCount } mutuals { handle } }".to_owned());
    for handle in ["new_here", "bob_b", "bob_c", "ada_l"] {
        fields.push(format!("user(handle: \"{handle}\") {{ id name email }}"));
    }
    fields.into_iter().map(|field| format!("{{ {field} }}")).collect()
}
