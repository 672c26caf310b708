//! Lives of a cache: one ends when an invalidation may have been forgotten.

use super::{AsOf, Bypass, Invalidated, Kept, Life, Lookup, MINUTE, World, body, key, set, tags};

pub(super) async fn without_a_life_it_is_not_used(world: &dyn World) {
    let cache = world.cache();
    assert_eq!(cache.life().await.expect("it answers"), None);
    assert_eq!(cache.lookup(key("key")).await.expect("it answers"), Lookup::Bypass(Bypass::Lifeless));
    for what in [tags(&[]), tags(&[1]), Invalidated::Everything] {
        assert_eq!(cache.invalidate(&what).await.expect("it answers"), None);
    }
    let as_of = AsOf { life: Life(0), now: 0 };
    cache.store(key("key"), as_of, &set(&[]), &body("of no life"), MINUTE).await.expect("it answers");
    assert_eq!(cache.lookup(key("key")).await.expect("it answers"), Lookup::Bypass(Bypass::Lifeless));
    assert_eq!(super::begin(cache).await.get("key").await, None);
}

pub(super) async fn a_new_life_knows_nothing_of_the_last(world: &dyn World) {
    let kept = world.alive().await;
    kept.keep("key", &[1], &body("kept")).await;
    kept.invalidate(tags(&[2])).await;
    let before = kept.moment().await;

    let anew = Kept { life: Life(8), cache: kept.cache.clone() };
    assert!(anew.cache.begin(anew.life, Some(kept.life)).await.expect("it answers"));
    assert_eq!(anew.cache.life().await.expect("it answers"), Some(anew.life));
    assert_eq!(anew.get("key").await, None);
    assert_eq!(anew.moment().await, AsOf { life: anew.life, now: 0 });
    anew.put("key", before, &[1], &body("read in the last life"), MINUTE).await;
    assert_eq!(anew.get("key").await, None);
    anew.keep("key", &[2], &body("read in this one")).await;
    assert_eq!(anew.get("key").await, Some(body("read in this one")));
}

pub(super) async fn a_life_begins_only_instead_of_the_one_that_is_meant(world: &dyn World) {
    let kept = world.alive().await;
    kept.keep("key", &[1], &body("kept")).await;
    for instead_of in [None, Some(Life(6)), Some(Life(0))] {
        assert!(!kept.cache.begin(Life(8), instead_of).await.expect("it answers"));
    }
    assert_eq!(kept.get("key").await, Some(body("kept")));
}
