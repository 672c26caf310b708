//! What is written is told on the event bus, by a gateway as it is run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polygraph::app::SystemEntropy;
use polygraph::domain::event::{Event, Happened};
use polygraph::domain::{GlobalId, PostId, UserId};
use polygraph::ports::{EventBus, Start};
use polygraph::stores::amqp::{AmqpEvents, AmqpEventsOptions};
use polygraph::stores::redis::{RedisEvents, RedisEventsOptions};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Serving, Which, env_url, namespace, polygraph, run, scratch, variables};

const PATIENCE: Duration = Duration::from_secs(20);
const MOST: u64 = 10_000;

fn redis(url: String, namespace: String) -> Arc<dyn EventBus> {
    let options = RedisEventsOptions {
        url,
        namespace,
        connect_timeout: PATIENCE,
        command_timeout: PATIENCE,
        most_events: MOST,
        longest: PATIENCE * 100,
        patience: PATIENCE,
    };
    Arc::new(RedisEvents::connect_lazy(options, Arc::new(SystemEntropy)).expect("a URL"))
}

fn rabbitmq(url: String, namespace: String) -> Arc<dyn EventBus> {
    let options = AmqpEventsOptions {
        url,
        namespace,
        connect_timeout: PATIENCE,
        command_timeout: PATIENCE,
        most_events: MOST,
        longest: PATIENCE * 100,
    };
    Arc::new(AmqpEvents::connect_lazy(options, Arc::new(SystemEntropy)).expect("a URL"))
}

const SIGN_UP: &str = "mutation ($i: SignUpInput!) { signUp(input: $i) { user { id } accessToken { token } } }";
const PUBLISH: &str = "mutation ($i: CreatePostInput!) { createPost(input: $i) { post { id } } }";
const LIKE: &str = "mutation ($post: ID!) { likePost(input: { postId: $post }) { like { id } } }";

/// Signs up, publishes and likes. Returns who and what.
async fn write(serving: &Serving) -> (UserId, PostId) {
    let ada = json!({ "handle": "ada_l", "name": "Ada", "email": "ada@example.org", "password": "a-long-password" });
    let data = serving.client.ask_with(SIGN_UP, json!({ "i": ada })).await.data();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let client = serving.client.signed_in(&text(&data["signUp"]["accessToken"]["token"]));
    let user = GlobalId::parse(&text(&data["signUp"]["user"]["id"])).and_then(GlobalId::user).expect("a user");
    let data = client.ask_with(PUBLISH, json!({ "i": { "title": "First", "content": "Words" } })).await.data();
    let post = text(&data["createPost"]["post"]["id"]);
    client.ask_with(LIKE, json!({ "post": post })).await.data();
    (user, GlobalId::parse(&post).and_then(GlobalId::post).expect("a post"))
}

fn what_is_written_is_told(kind: &str, url: String, open: fn(String, String) -> Arc<dyn EventBus>) {
    let (directory, namespace) = (scratch(), namespace());
    let mut env = variables(Which::Embedded, directory.path(), &namespace);
    env.extend([("EVENTS_URL", url.clone()), ("POLYGRAPH_DEMO_DATA", "false".to_owned())]);
    let serving = Serving::start(&env, directory.path());
    let bus = open(url, namespace);
    run(async {
        let mut follower = bus.follow(Start::Now).await.expect("it can be followed").events;
        let (user, post) = write(&serving).await;
        let (written, mut told) = (Instant::now(), Vec::<Event>::new());
        while told.len() < 3 {
            let next = tokio::time::timeout(PATIENCE, follower.next()).await.expect("it is told soon");
            told.extend(next.expect("the bus answers").iter().map(|delivered| delivered.event));
        }
        println!("{kind}: told {:?} after the last write was answered", written.elapsed());
        let author = user.0;
        let of_post: Vec<_> = told.iter().filter(|event| event.aggregate == post.into()).collect();
        let happened: Vec<_> = of_post.iter().map(|event| event.happened).collect();
        assert_eq!(happened, [Happened::PostCreated { author }, Happened::PostLiked { author, user: author }]);
        assert!(of_post[0].version < of_post[1].version);
        let of_user: Vec<_> = told.iter().filter(|event| event.aggregate == user.into()).collect();
        assert_eq!(of_user.iter().map(|event| event.happened).collect::<Vec<_>>(), [Happened::UserCreated]);

        let ready = serving.client.send(serving.client.request(Method::GET, "/readyz")).await.json();
        assert_eq!(ready["stores"]["events"], json!({ "status": "up", "kind": kind }), "{ready}");
        assert_eq!(ready["status"], "ready");
    });
    let doctor = polygraph(&["doctor"], &env, directory.path());
    let line = doctor.out.lines().find(|line| line.starts_with("events ")).expect("a line for the bus");
    assert!(line.contains(kind) && line.contains(" up "), "{line}");
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
}

#[test]
fn what_is_written_is_told_in_redis() {
    what_is_written_is_told("redis", env_url("POLYGRAPH_TEST_REDIS_URL"), redis);
}

#[test]
fn what_is_written_is_told_on_rabbitmq() {
    what_is_written_is_told("rabbitmq", env_url("POLYGRAPH_TEST_RABBITMQ_URL"), rabbitmq);
}

#[test]
fn a_bus_that_is_down_is_said_to_be_and_keeps_nobody_from_writing() {
    let directory = scratch();
    let mut env = variables(Which::Embedded, directory.path(), &namespace());
    let nobody = format!("amqp://{}", crate::support::dead_port());
    env.extend([("EVENTS_URL", nobody), ("POLYGRAPH_DEMO_DATA", "false".to_owned())]);
    let serving = Serving::start(&env, directory.path());
    run(async {
        write(&serving).await;
        let ready = serving.client.send(serving.client.request(Method::GET, "/readyz")).await;
        assert_eq!(ready.status, 200);
        assert_eq!(ready.json()["stores"]["events"], json!({ "status": "down", "kind": "rabbitmq" }));
        assert_eq!(ready.json()["status"], "degraded");
    });
    let doctor = polygraph(&["doctor"], &env, directory.path());
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(doctor.out.contains("EVENTS_URL is its address"), "{doctor:?}");
    let waiting = doctor.out.lines().find(|line| line.starts_with("outbox  bus")).expect("a line for what waits");
    assert!(waiting.contains("3 waiting"), "{waiting}");
    assert!(serving.log().contains("the event bus is down: what happens is told later"), "{}", serving.log());
}
