//! Whom to follow and what to read, worked out by hand. (`recommendedPosts` is walked in `pagination`.)

use polygraph::ports::NewUser;
use serde_json::{Value, json};

use crate::support::{Society, World, global, on_both};

on_both!(friends_of_friends_are_suggested_by_how_many, recommended_posts_are_those_that_friends_like);

/// A few users: `demo`, one who follows many, one who follows few.
fn viewers(society: &Society) -> Vec<&NewUser> {
    let ranked = Society::ranked(society.follows.iter().map(|follow| follow.follower));
    let ends = [ranked[0].0, ranked[ranked.len() - 1].0];
    [society.demo()].into_iter().chain(ends.map(|id| society.user(id))).collect()
}

async fn friends_of_friends_are_suggested_by_how_many(world: &World) {
    let society = &world.society;
    for viewer in viewers(society) {
        let followees = society.followees(viewer.id);
        let second = society.follows.iter().filter(|follow| followees.contains(&follow.follower));
        let strangers = second.map(|follow| follow.followed).filter(|id| *id != viewer.id && !followees.contains(id));
        let expected = Society::ranked(strangers).into_iter().take(100).map(|(id, count)| {
            let mutual = society.followers(id).into_iter().filter(|follow| followees.contains(&follow.follower));
            let handles = mutual.map(|follow| json!({ "handle": society.handle(follow.follower) }));
            let handles: Vec<_> = handles.collect();
            let few = &handles[..handles.len().min(3)];
            json!({ "mutualCount": count, "user": { "id": global(id) }, "mutuals": few, "all": handles })
        });
        let query = "{ suggestedFollows(first: 100) { mutualCount user { id } mutuals { handle }
            all: mutuals(first: 100) { handle } } }";
        let data = world.client().signed_in(viewer.handle.as_str()).ask(query).await.data();
        assert_eq!(data["suggestedFollows"], expected.collect::<Value>(), "for {}", viewer.handle);
    }
}

async fn recommended_posts_are_those_that_friends_like(world: &World) {
    let society = &world.society;
    for viewer in viewers(society) {
        let followees = society.followees(viewer.id);
        let mine = |like: &&polygraph::domain::Like| like.id.user == viewer.id;
        let liked: Vec<_> = society.likes.iter().filter(mine).map(|like| like.id.post).collect();
        let by_friends = society.likes.iter().filter(|like| followees.contains(&like.id.user));
        let others = by_friends.filter(|like| like.author != viewer.id && !liked.contains(&like.id.post));
        let ranked = Society::ranked(others.map(|like| like.id.post));
        let expected: Value = ranked.iter().take(20).map(|(post, _)| json!({ "id": global(*post) })).collect();
        let query = "{ recommendedPosts { totalCount nodes { id } } }";
        let data = world.client().signed_in(viewer.handle.as_str()).ask(query).await.data();
        let expected = json!({ "totalCount": null, "nodes": expected });
        assert_eq!(data["recommendedPosts"], expected, "for {}", viewer.handle);
    }
}
