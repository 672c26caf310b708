//! What fails meanwhile, one after the other.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::dice::Dice;
use crate::world::World;

/// How long all is well between two faults: long enough for the cache to be used again most of the time.
const PEACE: Duration = Duration::from_secs(6);

/// How many kinds of faults there are.
pub(crate) const KINDS: usize = 8;

/// Lets one thing after another fail, and mends each: every kind once, in an order of its own, before any comes again.
pub(crate) async fn inject(world: Arc<World>, seed: u64, stop: CancellationToken) {
    let mut dice = Dice::new(seed, 2, 0);
    let mut to_come = Vec::new();
    loop {
        if to_come.is_empty() {
            to_come.extend(0..KINDS);
        }
        let kind = to_come.swap_remove(dice.below(to_come.len()));
        let peace = PEACE + Duration::from_millis(dice.below(4_000) as u64);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(peace) => {}
        }
        let gateway = dice.below(world.gateways());
        let a_while = Duration::from_millis(dice.below(5_000) as u64);
        match kind {
            0 => {
                world.count("gateway killed");
                world.kill(gateway).await;
                world.start(gateway).await;
            }
            1 => {
                world.count("Redis stopped and continued");
                world.redis.signal("-STOP");
                tokio::time::sleep(a_while).await;
                world.redis.signal("-CONT");
            }
            2 => {
                world.count("Redis restarted empty");
                world.redis.restart(false, a_while).await;
            }
            3 => {
                world.count("Redis restarted with old data");
                world.redis.save().await;
                tokio::time::sleep(a_while).await;
                world.redis.restart(true, Duration::ZERO).await;
            }
            4 => {
                world.count("Redis evicted everything");
                world.redis.squeeze(Some("allkeys-random")).await;
                tokio::time::sleep(a_while).await;
                world.redis.squeeze(None).await;
            }
            5 => {
                world.count("Redis full");
                world.redis.squeeze(Some("noeviction")).await;
                tokio::time::sleep(a_while).await;
                world.redis.squeeze(None).await;
            }
            6 => {
                world.count("gateway killed while cut off");
                world.cut(gateway, true);
                tokio::time::sleep(a_while).await;
                world.kill(gateway).await;
                world.cut(gateway, false);
                world.start(gateway).await;
            }
            _ => {
                world.count("gateway cut off");
                world.cut(gateway, true);
                tokio::time::sleep(a_while).await;
                world.cut(gateway, false);
            }
        }
    }
}
