//! A request's own deadline: what is missing then is null, with a code that says so, and the rest is there.

use std::time::{Duration, Instant};

use polygraph::services::seed::SeedPlan;
use serde_json::json;

use crate::relay::Relay;
use crate::support::{Which, World, authority, env_url, global, run};

const QUERY: &str = "query ($post: ID!) {
    user(handle: \"demo\") { handle followersCount likedPosts { totalCount } }
    post(id: $post) { title }
    leaderboard(first: 1) { user { handle } }
}";

#[test]
fn what_a_request_has_no_time_for_is_null_and_the_rest_is_there() {
    run(async {
        let world =
            World::open(Which::Real, SeedPlan { users: 20, follows: 50, posts: 40, likes: 200, ..SeedPlan::default() })
                .await;
        let url = env_url("POLYGRAPH_TEST_MONGODB_URL");
        let relay = Relay::to(authority(&url)).await;
        let moved = ("MONGODB_URL", url.replace(&authority(&url), &format!("127.0.0.1:{}", relay.port())));
        let in_a_hurry = ("POLYGRAPH_REQUEST_TIMEOUT", "3s".to_owned());
        let served = world.with(&[moved, in_a_hurry, ("POLYGRAPH_RESULT_CACHE_TTL", "off".to_owned())]).await;
        let variables = json!({ "post": global(world.society.posts[0].id) });
        let whole = served.client.ask_with(QUERY, variables.clone()).await.data();

        relay.stall();
        let asked = Instant::now();
        let answer = served.client.ask_with(QUERY, variables.clone()).await;
        // The store alone would have had thirty.
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
        let late = ["post", "user.likedPosts"].map(|path| (path.to_owned(), "TIMEOUT".to_owned()));
        assert_eq!(answer.failures(), late, "{}", answer.text);
        let mut rest = whole.clone();
        rest["post"] = json!(null);
        rest["user"]["likedPosts"] = json!(null);
        assert_eq!(answer.partial(), rest);

        let write = "mutation { createPost(input: { title: \"a\", content: \"b\" }) { post { title } } }";
        let answer = served.client.signed_in("demo").ask(write).await;
        assert_eq!(answer.code(), "TIMEOUT");
        assert_eq!(answer.json()["errors"][0]["extensions"]["outcome"], "UNKNOWN", "nobody knows whether it was made");

        relay.come_back();
        let mended = Instant::now();
        while served.client.ask_with(QUERY, variables.clone()).await.json()["data"] != whole {
            assert!(mended.elapsed() < Duration::from_secs(30), "not healed");
        }
    });
}
