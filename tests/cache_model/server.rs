//! A server of the cache, with one result and one thing that it is made of.

use crate::rules::{Rule, Rules};

/// A life's name.
pub type Life = u8;
/// What the truth's one thing is: how often it was written.
pub type Value = u8;

/// A moment of a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AsOf {
    pub life: Life,
    pub now: u8,
}

/// The result that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    pub as_of: AsOf,
    pub value: Value,
}

/// The hash: which life the cache is in, and how often the thing was invalidated in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash {
    pub run: u8,
    pub life: Life,
    pub now: u8,
}

/// What a server holds, and may write to a disk or a replica.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Data {
    pub hash: Option<Hash>,
    pub entry: Option<Entry>,
}

/// A server process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Server {
    /// Which process.
    pub run: u8,
    pub data: Data,
    /// What was saved last.
    pub saved: Data,
}

impl Server {
    fn hash(&self, rules: Rules) -> Option<Hash> {
        self.data.hash.filter(|hash| hash.run == self.run || !rules.hold(Rule::LifeEndsWithTheProcess))
    }

    /// The moment, and the value that is kept, if it counts.
    pub fn look(&self, rules: Rules) -> Option<(AsOf, Option<Value>)> {
        let hash = self.hash(rules)?;
        let counts = |entry: &Entry| {
            (entry.as_of.life == hash.life || !rules.hold(Rule::LivesAreApart))
                && (entry.as_of.now >= hash.now || !rules.hold(Rule::LateEntriesAreOld))
        };
        let found = self.data.entry.filter(counts).map(|entry| entry.value);
        Some((AsOf { life: hash.life, now: hash.now }, found))
    }

    pub fn invalidate(&mut self, rules: Rules) -> Option<Life> {
        let hash = self.hash(rules)?;
        self.data.hash = Some(Hash { now: hash.now + 1, ..hash });
        if !rules.hold(Rule::LateEntriesAreOld) {
            self.data.entry = None;
        }
        Some(hash.life)
    }

    pub fn begin(&mut self, life: Life) {
        self.data.hash = Some(Hash { run: self.run, life, now: 0 });
    }
}
