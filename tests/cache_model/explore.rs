//! Every state that can be reached, breadth first: the first path that is found to a stale answer is a shortest one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::state::State;
use crate::world::{Step, World};

/// What was found in a world.
pub struct Explored {
    /// How many states can be reached.
    pub states: usize,
    /// The steps to an answer that is older than an acknowledged write.
    pub broken: Option<Vec<Step>>,
    /// An answer from the cache was seen that shows a write.
    pub is_used: bool,
    /// All writes that there may be were seen acknowledged.
    pub is_written: bool,
}

/// Explores a world to its end, or to the first stale answer.
pub fn explore(world: &World) -> Explored {
    let first = world.first();
    // Each state with its number; of each number, where it was come to from, and by which step.
    let mut numbers = HashMap::from([(first.clone(), 0_u32)]);
    let mut origins: Vec<(u32, Step)> = vec![(0, Step::Replicate)];
    let mut front = vec![(first, 0_u32)];
    let (mut is_used, mut is_written) = (false, false);
    while !front.is_empty() {
        let mut next_front: Vec<(State, u32)> = Vec::new();
        for (state, number) in &front {
            is_used |= state.is_used;
            is_written |= state.acknowledged == world.bounds.writes;
            for (step, next) in world.next(state) {
                let Entry::Vacant(new) = numbers.entry(next) else { continue };
                let next_number = u32::try_from(origins.len()).expect("fewer states than that fit the memory");
                origins.push((*number, step));
                if new.key().is_stale {
                    let broken = Some(path(&origins, next_number));
                    return Explored { states: origins.len(), broken, is_used, is_written };
                }
                next_front.push((new.key().clone(), next_number));
                new.insert(next_number);
            }
        }
        front = next_front;
    }
    Explored { states: origins.len(), broken: None, is_used, is_written }
}

fn path(origins: &[(u32, Step)], mut number: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    while number != 0 {
        let (origin, step) = origins[number as usize];
        steps.push(step);
        number = origin;
    }
    steps.reverse();
    steps
}
