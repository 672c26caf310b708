//! The protocol of the result cache, explored in every order in which its steps may happen.
//!
//! It holds the promise of `docs/decisions/0018-result-cache.md`: no question that is asked after a write was
//! acknowledged is answered from before that write. A step is what happens at one place at one moment: a command at a
//! server of the cache, a statement at a store of the truth, a decision in a gateway. Between any two steps anything
//! else may happen, and nothing ever has to: a gateway that is killed, or paused, is one whose next step never comes,
//! or late.
//!
//! Time is what the protocol makes of it: who waits long enough knows that every confirmation has lapsed that was
//! looked up before the wait began.
//!
//! `CACHE_MODEL=deep cargo test -p polygraph-cache-model` explores what takes minutes.
//!
//! It is a package of its own, since it is optimised in every profile.

#![cfg(test)]

mod explore;
mod gateway;
mod make;
mod rules;
mod server;
mod state;
mod world;

use explore::explore;
use rules::{Rule, Rules};
use world::{Bounds, Step, World};

fn told(steps: &[Step]) -> String {
    steps.iter().enumerate().map(|(n, step)| format!("{:>3}  {step:?}\n", n + 1)).collect()
}

fn is_deep() -> bool {
    std::env::var("CACHE_MODEL").is_ok_and(|depth| depth == "deep")
}

/// The worlds in which the promise has to hold.
fn worlds() -> Vec<(&'static str, Bounds)> {
    let mut worlds = vec![
        ("slow readers beside writers", Bounds::SLOW_READERS),
        ("a server that restarts, empty or with old data", Bounds::RESTARTS),
        ("a gateway that is cut off and comes back", Bounds::CUT_OFF),
        ("two servers that both believe to be the primary", Bounds::TWO_SERVERS),
        ("two stores of the truth", Bounds::TWO_STORES),
    ];
    if is_deep() {
        worlds.push(("three gateways", Bounds::THREE_GATEWAYS));
        worlds.push(("everything at once", Bounds::EVERYTHING));
    }
    worlds
}

/// And it is no promise of a cache that does nothing: answers do come from it, and every write is acknowledged.
#[test]
fn the_promise_holds() {
    for (name, bounds) in worlds() {
        let explored = explore(&World { rules: Rules::ALL, bounds });
        println!("{name}: {} states", explored.states);
        let broken = explored.broken.map(|steps| told(&steps));
        assert!(broken.is_none(), "{name}:\n{}", broken.unwrap_or_default());
        assert!(explored.is_used && explored.is_written, "{name}: nothing happens there");
    }
}

/// A model that finds nothing shows nothing: without any one of its rules the promise is broken.
#[test]
fn no_rule_can_be_left_out() {
    for rule in Rule::ALL {
        let found = worlds().into_iter().find_map(|(name, bounds)| {
            let explored = explore(&World { rules: Rules::without(rule), bounds });
            Some((name, explored.broken?))
        });
        let Some((name, steps)) = found else { panic!("nothing breaks without {rule:?}") };
        println!("without {rule:?}, {name}:\n{}", told(&steps));
    }
}
