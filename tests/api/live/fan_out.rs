//! However many wait for an event, it is read once, and no one of them keeps others waiting.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use polygraph::app::SystemEntropy;
use polygraph::domain::event::{Event, Happened, Stamp};
use polygraph::domain::{PostId, Timestamp, UserId, Viewer};
use polygraph::graphql::{Asker, Opened, Operation, RequestContext, Standing, open, prepare};
use polygraph::http::Gateway;
use polygraph::live::{Frame, Live, Missed, Telling};
use polygraph::loaders::Loaders;
use polygraph::ports::EventBus;
use polygraph::stores::layer::CallLog;
use polygraph::stores::memory::MemoryEvents;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::socket::PATIENCE;
use crate::support::{World, global, on_both};

on_both!(
    an_event_is_one_call_for_each_level_however_many_wait,
    who_is_slow_misses_events_and_is_told_so,
    an_event_that_comes_twice_is_told_once,
);

/// The subscribers of a gateway on a world's stores, and a bus of their own.
struct Fixture {
    gateway: Gateway,
    bus: Arc<MemoryEvents>,
    live: Arc<Live>,
    log: CallLog,
    stop: CancellationToken,
}

impl Fixture {
    async fn of(world: &World) -> Self {
        let (gateway, log) = world.counted_gateway(&[]);
        let bus = Arc::new(MemoryEvents::new(&SystemEntropy, 10_000));
        let telling = Telling {
            schema: gateway.schema.clone(),
            stores: gateway.stores.clone(),
            use_cases: gateway.use_cases.clone(),
            patience: Duration::from_secs(30),
            now: Instant::now,
        };
        let live = Arc::new(Live::new(Arc::clone(&bus) as _, telling));
        let stop = CancellationToken::new();
        let (running, stopped) = (Arc::clone(&live), stop.clone());
        tokio::spawn(async move { running.run(stopped).await });
        let mut is_behind = live.is_behind();
        timeout(PATIENCE, is_behind.wait_for(|is_behind| !is_behind)).await.expect("in time").expect("it is there");
        log.take();
        Self { gateway, bus, live, log, stop }
    }

    async fn open(&self, viewer: Viewer, query: &str, variables: Value) -> (Arc<Standing>, Asker) {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let asker = Asker { viewer, session: None, is_confirmed: true, address };
        let (stores, use_cases) = (self.gateway.stores.clone(), self.gateway.use_cases.clone());
        let context = RequestContext::new(Loaders::new, stores, use_cases, asker);
        let variables = variables.as_object().expect("an object").clone();
        let operation = Operation { query: query.to_owned(), name: None, variables, safe: false };
        let ready = prepare(&self.gateway.schema, operation).await;
        match open(&self.gateway.schema, context, ready, "test").await.expect("it can be written") {
            Opened::Standing(standing) => (standing, asker),
            Opened::Refused(refused) => panic!("{refused:?}"),
        }
    }

    async fn subscribe(&self, viewer: Viewer, query: &str, variables: Value) -> BoxStream<'static, Frame> {
        let (standing, asker) = self.open(viewer, query, variables).await;
        self.live.subscribe(standing, asker, None)
    }

    async fn publish(&self, events: &[Event]) {
        self.bus.publish(events).await.expect("it is in memory");
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A like of a post of the demo data, as an event of its own.
fn liked(world: &World, number: u8) -> (Event, PostId, UserId) {
    let like = &world.society.likes[0];
    let post = world.society.posts.iter().find(|post| post.id == like.id.post).expect("its post");
    let stamp = Stamp::new(Timestamp::from_millis(1), [number; 10]);
    let happened = Happened::PostLiked { author: post.author.0, user: like.id.user.0 };
    (stamp.event(post.id, 1, happened), post.id, post.author)
}

async fn next(frames: &mut BoxStream<'static, Frame>) -> Frame {
    timeout(PATIENCE, frames.next()).await.expect("something comes").expect("it goes on")
}

fn json_of(frame: &Frame) -> Value {
    serde_json::from_slice(frame.body.as_deref().expect("an event")).expect("JSON")
}

async fn an_event_is_one_call_for_each_level_however_many_wait(world: &World) {
    let fixture = Fixture::of(world).await;
    let (event, post, author) = liked(world, 1);
    let changed = "subscription ($p: ID!) { postChanged(id: $p) { title author { handle } likes(first: 2) { nodes { user { handle } } } } }";
    let given = "subscription ($a: ID) { postLiked(author: $a) { post { title author { handle } } user { handle } } }";
    let mut waiting = Vec::new();
    for number in 0..300 {
        let viewer = world.society.users.get(number % 7).map_or(Viewer::Anonymous, |user| Viewer::User(user.id));
        waiting.push(fixture.subscribe(viewer, changed, json!({ "p": global(post) })).await);
        waiting.push(fixture.subscribe(viewer, given, json!({ "a": global(author) })).await);
        waiting.push(fixture.subscribe(viewer, given, json!({})).await);
    }
    assert_eq!(fixture.live.count(), 900);
    // Whoever waits for a post looks whether it is there, once the stream is asked.
    for frames in &mut waiting {
        assert!(frames.next().now_or_never().is_none(), "nothing has happened yet");
    }
    let mut looked = 0;
    while looked < 300 {
        tokio::task::yield_now().await;
        looked += fixture.log.take().len();
    }
    fixture.publish(&[event]).await;
    let mut bodies = Vec::new();
    for frames in &mut waiting {
        bodies.push(json_of(&next(frames).await));
    }
    // The like and the post are read at once; then who gave it, its author, and its likes; then who gave those. Of the
    // first two, neither waits for the other, so the users behind them are one batch or two.
    let mut methods: Vec<_> = fixture.log.take().iter().map(|call| call.method).collect();
    methods.sort_unstable();
    let (users, others): (Vec<_>, Vec<_>) = methods.into_iter().partition(|method| *method == "users_by_id");
    assert_eq!(others, ["likes_by_id", "likes_of_posts", "posts_by_id"], "{:?}", &bodies[..3]);
    assert!((2..=3).contains(&users.len()), "{users:?}");
    for triple in bodies.chunks(3) {
        assert_eq!(triple, &bodies[..3], "all are told the same");
    }
    let http =
        world.client().ask(&format!("{{ post(id: \"{}\") {{ title author {{ handle }} }} }}", global(post))).await;
    assert_eq!(bodies[0]["data"]["postChanged"]["title"], http.data()["post"]["title"]);
    assert_eq!(bodies[1]["data"]["postLiked"]["post"], http.data()["post"]);
}

async fn who_is_slow_misses_events_and_is_told_so(world: &World) {
    let fixture = Fixture::of(world).await;
    let query = "subscription { postLiked { user { id } } }";
    let mut slow = fixture.subscribe(Viewer::Anonymous, query, json!({})).await;
    let mut quick = fixture.subscribe(Viewer::Anonymous, query, json!({})).await;
    for number in 0..200 {
        fixture.publish(&[liked(world, number).0]).await;
        assert_eq!(next(&mut quick).await.missed, Missed::Nothing, "nobody keeps it waiting");
    }
    let (mut told, mut missed) = (0, 0);
    while told + missed < 200 {
        let frame = next(&mut slow).await;
        told += u64::from(frame.body.is_some());
        match frame.missed {
            Missed::Nothing => {}
            Missed::Events(count) => missed += count,
            Missed::Unknown => panic!("the bus has lost nothing"),
        }
    }
    // Its queue has 64 places, and one is free again if the last event is told as it begins to read.
    assert!((64..=65).contains(&told), "{told} told, {missed} missed");
    fixture.publish(&[liked(world, 200).0]).await;
    let frame = next(&mut slow).await;
    assert_eq!((frame.missed, frame.body.is_some()), (Missed::Nothing, true), "it goes on");
}

async fn an_event_that_comes_twice_is_told_once(world: &World) {
    let fixture = Fixture::of(world).await;
    let mut frames =
        fixture.subscribe(Viewer::Anonymous, "subscription { postLiked { user { id } } }", json!({})).await;
    let (first, second) = (liked(world, 1).0, liked(world, 2).0);
    fixture.publish(&[first, first]).await;
    fixture.publish(&[first, second]).await;
    let positions = [next(&mut frames).await.position, next(&mut frames).await.position];
    assert_ne!(positions[0], positions[1]);
    fixture.publish(&[second, liked(world, 3).0]).await;
    let third = next(&mut frames).await;
    assert!(third.body.is_some() && third.position != positions[1], "nothing else is between them");
}
