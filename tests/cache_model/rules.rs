//! The rules that keep the promise, each of which can be left out to see what happens.

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// An entry counts only in the life that it was read in.
    LivesAreApart,
    /// A life counts only in the server process that it began in.
    LifeEndsWithTheProcess,
    /// No life begins twice: each beginning has a name of its own.
    LivesAreFresh,
    /// An entry counts only if it was read after the last invalidation of what it is made of.
    LateEntriesAreOld,
    /// The cache is told of a write after its commit.
    InvalidateAfterTheCommit,
    /// Only a life that the register was seen to name, a short while ago at most, answers questions.
    ReadersConfirm,
    /// An invalidation is enough only in such a life, too.
    WritersConfirm,
    /// The while is counted from before the register was asked.
    CountedFromTheQuestion,
    /// Who suspends the life, or finds it suspended, waits until every earlier confirmation has lapsed.
    WritersWait,
    /// Who finds it suspended looked after its commit.
    LookAfterTheCommit,
    /// A life becomes active by a compare-and-set on the suspension that it follows.
    CompareAndSet,
    /// A life begins only when confirmations of the one before have lapsed.
    SuccessorsWait,
    /// A life is active only where every store of the truth says so.
    EveryStoreConfirms,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::LivesAreApart,
        Self::LifeEndsWithTheProcess,
        Self::LivesAreFresh,
        Self::LateEntriesAreOld,
        Self::InvalidateAfterTheCommit,
        Self::ReadersConfirm,
        Self::WritersConfirm,
        Self::CountedFromTheQuestion,
        Self::WritersWait,
        Self::LookAfterTheCommit,
        Self::CompareAndSet,
        Self::SuccessorsWait,
        Self::EveryStoreConfirms,
    ];
}

/// The rules that hold in a world.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    left_out: Option<Rule>,
}

impl Rules {
    /// Every rule.
    pub const ALL: Self = Self { left_out: None };

    /// Every rule but one.
    pub fn without(rule: Rule) -> Self {
        Self { left_out: Some(rule) }
    }

    /// Whether a rule holds.
    pub fn hold(self, rule: Rule) -> bool {
        self.left_out != Some(rule)
    }
}
