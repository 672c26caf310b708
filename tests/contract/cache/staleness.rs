//! What counts, and what does not any more.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;

use super::{AsOf, Invalidated, Kept, Lookup, MINUTE, World, body, key, set, tags};

pub(super) async fn an_invalidated_tag_ends_what_is_made_of_it_alone(world: &dyn World) {
    let kept = world.alive().await;
    for (name, of) in [("one", &[1][..]), ("both", &[1, 2]), ("other", &[2]), ("nothing", &[])] {
        kept.keep(name, of, &body(name.to_owned())).await;
    }
    kept.invalidate(tags(&[])).await;
    assert_eq!(kept.get("both").await, Some(body("both")));
    kept.invalidate(tags(&[1, 3])).await;
    let mut left = Vec::new();
    for name in ["one", "both", "other", "nothing"] {
        left.extend(kept.get(name).await.map(|_| name));
    }
    assert_eq!(left, ["other", "nothing"]);
}

pub(super) async fn what_a_slow_reader_keeps_does_not_count(world: &dyn World) {
    let kept = world.alive().await;
    let before = kept.moment().await;
    kept.invalidate(tags(&[1])).await;
    kept.put("key", before, &[1], &body("read before"), MINUTE).await;
    assert_eq!(kept.get("key").await, None);
    kept.put("key", before, &[2], &body("of something else"), MINUTE).await;
    assert_eq!(kept.get("key").await, Some(body("of something else")));
    kept.invalidate(Invalidated::Everything).await;
    kept.put("key", before, &[], &body("read before"), MINUTE).await;
    assert_eq!(kept.get("key").await, None);
}

pub(super) async fn what_is_read_afterwards_counts(world: &dyn World) {
    let kept = world.alive().await;
    for n in 0..5 {
        kept.invalidate(tags(&[1])).await;
        let Lookup::Miss(as_of) = kept.look("key").await else { panic!("what is kept is old") };
        kept.put("key", as_of, &[1], &body(format!("new {n}")), MINUTE).await;
        assert_eq!(kept.get("key").await, Some(body(format!("new {n}"))));
    }
}

pub(super) async fn everything_ends_at_once(world: &dyn World) {
    let kept = world.alive().await;
    for n in 0..100 {
        kept.keep(&format!("key-{n}"), &[n], &body("kept")).await;
    }
    kept.keep("of nothing", &[], &body("kept")).await;
    kept.invalidate(Invalidated::Everything).await;
    for n in 0..100 {
        assert_eq!(kept.get(&format!("key-{n}")).await, None);
    }
    assert_eq!(kept.get("of nothing").await, None);
    kept.keep("key-0", &[0], &body("anew")).await;
    assert_eq!(kept.get("key-0").await, Some(body("anew")));
}

pub(super) async fn many_tags_are_taken(world: &dyn World) {
    let kept = world.alive().await;
    let many: Vec<u16> = (0..3_500).map(|n| n * 7).collect();
    kept.keep("key", &many, &body("of much")).await;
    assert_eq!(kept.get("key").await, Some(body("of much")));
    kept.invalidate(tags(&[3_499 * 7])).await;
    assert_eq!(kept.get("key").await, None);
    kept.keep("key", &[9], &body("of little")).await;
    kept.invalidate(tags(&many)).await;
    assert_eq!(kept.get("key").await, Some(body("of little")));
    let all: Vec<u16> = (0..=u16::MAX).collect();
    kept.invalidate(tags(&all)).await;
    assert_eq!(kept.get("key").await, None);
}

/// The cache as its contract tells of it: no hash, no slot, no clever order.
#[derive(Default)]
struct Model {
    now: u64,
    floor: u64,
    last: HashMap<u16, u64>,
    kept: HashMap<u8, (u64, Vec<u16>, u32)>,
}

impl Model {
    fn get(&self, name: u8) -> Option<u32> {
        let (as_of, tags, value) = self.kept.get(&name)?;
        let last = tags.iter().filter_map(|tag| self.last.get(tag)).max().copied().unwrap_or(0);
        (last.max(self.floor) <= *as_of).then_some(*value)
    }
}

pub(super) async fn it_answers_as_a_plain_model_does(world: &dyn World) {
    let kept = world.alive().await;
    let (mut model, mut moments) = (Model::default(), vec![AsOf { life: kept.life, now: 0 }]);
    let mut state = 12_345_u32;
    let mut dice = |sides: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % sides
    };
    for n in 0..1_500 {
        let name = u8::try_from(dice(12)).expect("small");
        let some = |dice: &mut dyn FnMut(u32) -> u32| -> Vec<u16> {
            (0..dice(4)).map(|_| u16::try_from(dice(8)).expect("small")).collect()
        };
        match dice(10) {
            0 if dice(8) == 0 => {
                kept.invalidate(Invalidated::Everything).await;
                model.now += 1;
                model.floor = model.now;
            }
            0..3 => {
                let mut changed = some(&mut dice);
                changed.push(u16::try_from(dice(8)).expect("small"));
                kept.invalidate(tags(&changed)).await;
                model.now += 1;
                model.last.extend(changed.into_iter().map(|tag| (tag, model.now)));
            }
            3..6 => {
                // Often as of now, sometimes as of long ago.
                let as_of =
                    moments[moments.len() - 1 - dice(u32::try_from(moments.len()).expect("few").min(5)) as usize];
                let of = some(&mut dice);
                kept.put(&name.to_string(), as_of, &of, &body(n.to_string()), MINUTE).await;
                model.kept.insert(name, (as_of.now, of, n));
            }
            _ => match (kept.look(&name.to_string()).await, model.get(name)) {
                (Lookup::Hit { body: found, .. }, Some(value)) => assert_eq!(found, body(value.to_string())),
                (Lookup::Miss(as_of), None) => {
                    assert_eq!(as_of.now, model.now);
                    moments.push(as_of);
                }
                (found, expected) => panic!("step {n}: {found:?} where {expected:?} is kept"),
            },
        }
    }
}

/// Writers raise numbers and tell the cache; readers keep what they read, late or at once. Whoever asks after a write
/// was acknowledged is told that write's number or a higher one.
pub(super) async fn no_answer_is_older_than_an_acknowledged_write(world: &dyn World) {
    const THINGS: u16 = 4;
    const WRITES: u64 = 150;

    let kept = Arc::new(world.alive().await);
    let numbers = || Arc::new((0..THINGS).map(|_| AtomicU64::new(0)).collect::<Vec<_>>());
    let (truth, acknowledged) = (numbers(), numbers());
    let (hits, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));

    let write = |thing: u16| {
        let (kept, truth, acknowledged) = (kept.clone(), truth.clone(), acknowledged.clone());
        let (hits, done) = (hits.clone(), done.clone());
        async move {
            for number in 0.. {
                if number >= WRITES && hits.load(Ordering::SeqCst) > 0 {
                    break;
                }
                // More and more seldom, where nothing was ever kept for long enough to be answered.
                for _ in WRITES..number {
                    tokio::task::yield_now().await;
                }
                let value = truth[usize::from(thing)].fetch_add(1, Ordering::SeqCst) + 1;
                kept.invalidate(tags(&[thing])).await;
                acknowledged[usize::from(thing)].fetch_max(value, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let read = |reader: u16| {
        let (kept, truth, acknowledged) = (kept.clone(), truth.clone(), acknowledged.clone());
        let (hits, done) = (hits.clone(), done.clone());
        async move {
            let mut turn = reader;
            while done.load(Ordering::SeqCst) < u64::from(THINGS) {
                // A cache in process never lets anybody else run.
                tokio::task::yield_now().await;
                turn = turn.wrapping_add(1);
                let thing = turn % THINGS;
                let at_least = acknowledged[usize::from(thing)].load(Ordering::SeqCst);
                let found = kept.cache.lookup(key(&thing.to_string())).await.expect("the cache answers");
                match found {
                    Lookup::Hit { body, .. } => {
                        let value: u64 = std::str::from_utf8(&body.bytes).expect("text").parse().expect("a number");
                        assert!(value >= at_least, "{value} is told after {at_least} was acknowledged");
                        hits.fetch_add(1, Ordering::SeqCst);
                    }
                    Lookup::Miss(as_of) => keep(&kept, &truth, thing, as_of, turn).await,
                    Lookup::Bypass(why) => panic!("{why:?}"),
                }
            }
        }
    };
    let tasks = (0..THINGS).map(|thing| tokio::spawn(write(thing))).chain((0..6).map(|n| tokio::spawn(read(n))));
    for ended in join_all(tasks.collect::<Vec<_>>()).await {
        ended.expect("nothing was stale");
    }
    assert!(hits.load(Ordering::SeqCst) > 0, "something was answered from the cache");
}

/// Reads the truth and keeps it, some of the time after having dawdled.
async fn keep(kept: &Kept, truth: &[AtomicU64], thing: u16, as_of: AsOf, turn: u16) {
    let value = truth[usize::from(thing)].load(Ordering::SeqCst);
    for _ in 0..turn % 7 * 3 {
        tokio::task::yield_now().await;
    }
    let (name, body) = (thing.to_string(), body(value.to_string()));
    kept.cache.store(key(&name), as_of, &set(&[thing]), &body, MINUTE).await.expect("the cache takes a body");
}
