//! Plain values, counts, nodes, and what depends on who is asking.

use polygraph::domain::{GlobalId, Timestamp};
use polygraph::ports::NewUser;
use serde_json::{Value, json};

use crate::support::{Society, World, global, on_both};

on_both!(
    users_and_posts_are_as_they_were_sown,
    counts_are_those_of_the_connections,
    node_and_nodes_return_each_thing_at_its_place,
    an_email_address_is_for_its_owner,
    what_depends_on_the_viewer_is_null_for_nobody,
    what_is_made_for_the_viewer_needs_one,
    the_viewer_sees_their_relations,
    a_moment_with_any_offset_is_accepted,
    introspection_answers,
);

async fn users_and_posts_are_as_they_were_sown(world: &World) {
    let society = &world.society;
    let (users, posts) = (society.users.iter().step_by(7), society.posts.iter().step_by(83));
    let ids: Vec<_> =
        users.clone().map(|user| global(user.id)).chain(posts.clone().map(|post| global(post.id))).collect();
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id
        ... on User { handle name bio createdAt email }
        ... on Post { title content createdAt updatedAt revision likeCount author { id } likes { totalCount } } } }";
    let data = world.client().ask_with(query, json!({ "ids": ids })).await.data();
    let user = |user: &NewUser| {
        json!({
            "id": global(user.id), "handle": user.handle.as_str(), "name": user.name, "bio": user.bio, "email": null,
            "createdAt": user.created_at.to_string(),
        })
    };
    let expected = users.map(user).chain(posts.map(|post| {
        let (at, likes) = (post.created_at.to_string(), society.likes_of(post.id).len());
        json!({
            "id": global(post.id), "title": post.title, "content": post.content, "createdAt": at, "updatedAt": at,
            "revision": 1, "likeCount": likes, "author": { "id": global(post.author) }, "likes": { "totalCount": likes },
        })
    }));
    assert_eq!(data["nodes"], expected.collect::<Value>());
    let at = data["nodes"][0]["createdAt"].as_str().expect("a moment");
    assert!(at.len() == 24 && at.ends_with('Z') && &at[19..20] == ".", "milliseconds and Z: {at}");
}

async fn counts_are_those_of_the_connections(world: &World) {
    let society = &world.society;
    let query = "{ users(first: 100) { totalCount nodes { id followersCount followingCount postsCount
        followers { totalCount } following { totalCount } posts { totalCount } likedPosts { totalCount } } }
        posts { totalCount } }";
    let data = world.client().ask(query).await.data();
    assert_eq!((&data["users"]["totalCount"], &data["posts"]["totalCount"]), (&json!(100), &json!(1_000)));
    let mut users: Vec<_> = society.users.iter().collect();
    users.sort_by_key(|user| std::cmp::Reverse(user.id));
    let expected = users.into_iter().map(|user| {
        let followers = society.follows.iter().filter(|follow| follow.followed == user.id).count();
        let following = society.follows.iter().filter(|follow| follow.follower == user.id).count();
        let posts = society.posts.iter().filter(|post| post.author == user.id).count();
        let likes = society.likes.iter().filter(|like| like.id.user == user.id).count();
        json!({
            "id": global(user.id), "followersCount": followers, "followingCount": following, "postsCount": posts,
            "followers": { "totalCount": followers }, "following": { "totalCount": following },
            "posts": { "totalCount": posts }, "likedPosts": { "totalCount": likes },
        })
    });
    assert_eq!(data["users"]["nodes"], expected.collect::<Value>());
}

async fn node_and_nodes_return_each_thing_at_its_place(world: &World) {
    let society = &world.society;
    let (user, post, like) = (&society.users[9], &society.posts[9], &society.likes[9]);
    let typename = |id: &str| match GlobalId::parse(id).expect("an id") {
        GlobalId::User(_) => "User",
        GlobalId::Post(_) => "Post",
        GlobalId::Like(_) => "Like",
    };
    let (user, post, like) = (global(user.id), global(post.id), global(like.id));
    let ids = [&like, &user, &post, &user, &like];
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let data = world.client().ask_with(query, json!({ "ids": ids })).await.data();
    let expected: Value = ids.iter().map(|id| json!({ "__typename": typename(id), "id": id })).collect();
    assert_eq!(data["nodes"], expected, "order and duplicates are kept");
    for id in [&user, &post, &like] {
        let query = "query ($id: ID!) { node(id: $id) { __typename id
            ... on Like { createdAt user { handle } post { title } } } }";
        let node = world.client().ask_with(query, json!({ "id": id })).await.data()["node"].clone();
        assert_eq!((&node["__typename"], &node["id"]), (&json!(typename(id)), &json!(id)));
        if id == &like {
            let sown = &society.likes[9];
            assert_eq!(node["createdAt"], sown.created_at.to_string());
            assert_eq!(node["user"]["handle"], society.handle(sown.id.user));
            assert_eq!(
                node["post"]["title"],
                society.posts.iter().find(|post| post.id == sown.id.post).expect("it").title
            );
        }
    }
}

async fn an_email_address_is_for_its_owner(world: &World) {
    let other = &world.society.users[3];
    let query = "query ($other: String!) { viewer { handle email } demo: user(handle: \"demo\") { email }
        other: user(handle: $other) { email } all: users(first: 100) { nodes { handle email } } }";
    let ask = |client: crate::support::Client| async move {
        client.ask_with(query, json!({ "other": other.handle.as_str() })).await.data()
    };
    let nobody = ask(world.client().clone()).await;
    assert_eq!((&nobody["viewer"], &nobody["demo"]["email"]), (&Value::Null, &Value::Null));
    let demo = ask(world.client().signed_in("demo")).await;
    assert_eq!(demo["viewer"], json!({ "handle": "demo", "email": "demo@example.org" }));
    assert_eq!((&demo["demo"]["email"], &demo["other"]["email"]), (&json!("demo@example.org"), &Value::Null));
    let owner = ask(world.client().signed_in(other.handle.as_str())).await;
    assert_eq!((&owner["demo"]["email"], &owner["other"]["email"]), (&Value::Null, &json!(other.email)));
    for (answer, seen) in [(nobody, 0), (demo, 1), (owner, 1)] {
        let nodes = answer["all"]["nodes"].as_array().expect("users").clone();
        assert_eq!(nodes.iter().filter(|user| !user["email"].is_null()).count(), seen);
    }
}

async fn what_depends_on_the_viewer_is_null_for_nobody(world: &World) {
    let query = "{ viewer { id } posts(first: 3) { nodes { viewerHasLiked author {
        viewerFollows followsViewer mutualFollowers { totalCount } } } } }";
    let data = world.client().ask(query).await.data();
    let author = json!({ "viewerFollows": null, "followsViewer": null, "mutualFollowers": null });
    let post = json!({ "viewerHasLiked": null, "author": author });
    assert_eq!(data, json!({ "viewer": null, "posts": { "nodes": [post, post, post] } }));
}

async fn what_is_made_for_the_viewer_needs_one(world: &World) {
    let query = "{ feed { totalCount } suggestedFollows { mutualCount } recommendedPosts { totalCount } __typename }";
    let answer = world.client().ask(query).await;
    let failures = ["feed", "recommendedPosts", "suggestedFollows"].map(|path| (path.into(), "UNAUTHENTICATED".into()));
    assert_eq!((answer.status, answer.failures()), (200, failures.to_vec()));
    let expected = json!({ "feed": null, "suggestedFollows": null, "recommendedPosts": null, "__typename": "Query" });
    assert_eq!(answer.partial(), expected);
}

async fn the_viewer_sees_their_relations(world: &World) {
    let society: &Society = &world.society;
    let me = society.demo().id;
    let followees = society.followees(me);
    let query = "{ users(orderBy: HANDLE, first: 100) { nodes { handle viewerFollows followsViewer
        mutualFollowers(first: 100) { totalCount edges { followedAt node { handle } } } } }
        posts(first: 100) { nodes { id viewerHasLiked } } }";
    let data = world.client().signed_in("demo").ask(query).await.data();
    for user in data["users"]["nodes"].as_array().expect("users") {
        let id = society.find(user["handle"].as_str().expect("a handle")).expect("a user").id;
        let follows_me = society.follows.iter().any(|follow| follow.follower == id && follow.followed == me);
        let mutual = society.followers(id).into_iter().filter(|follow| followees.contains(&follow.follower));
        let edges: Vec<_> = mutual
            .map(|follow| {
                json!({ "followedAt": follow.created_at.to_string(), "node": { "handle": society.handle(follow.follower) } })
            })
            .collect();
        let expected = json!({
            "handle": user["handle"], "viewerFollows": followees.contains(&id), "followsViewer": follows_me,
            "mutualFollowers": { "totalCount": edges.len(), "edges": edges },
        });
        assert_eq!(*user, expected);
    }
    let liked = society.likes.iter().filter(|like| like.id.user == me).map(|like| global(like.id.post));
    let liked: std::collections::HashSet<_> = liked.collect();
    for post in data["posts"]["nodes"].as_array().expect("posts") {
        assert_eq!(post["viewerHasLiked"], liked.contains(post["id"].as_str().expect("an id")), "{post}");
    }
}

async fn a_moment_with_any_offset_is_accepted(world: &World) {
    let middle = world.society.posts[500].created_at;
    let same = [middle.to_string(), {
        let later = Timestamp::from_millis(middle.millis() + 2 * 3_600_000).to_string();
        later.replace('Z', "+02:00")
    }];
    let query = "query ($to: DateTime!) { trending(to: $to, first: 100) { likeCount post { id } } }";
    let [utc, offset] = same.map(|to| world.client().ask_with(query, json!({ "to": to })));
    assert_eq!(utc.await.data(), offset.await.data());
}

async fn introspection_answers(world: &World) {
    let query = "{ __schema { queryType { name } mutationType { name } types { kind name
        fields(includeDeprecated: true) { name args { name type { ...T } } type { ...T } } } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
    let data = world.client().ask(query).await.data();
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    let types = data["__schema"]["types"].as_array().expect("types");
    for name in ["User", "Post", "Like", "SearchConnection", "DateTime"] {
        assert!(types.iter().any(|known| known["name"] == name), "{name}");
    }
}
