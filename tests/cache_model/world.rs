//! The steps that may happen next, and what each comes to.

use crate::gateway::{Beginner, Gateway, Reader, Writer};
use crate::rules::{Rule, Rules};
use crate::server::{Data, Hash, Life, Server, Value};
use crate::state::{Register, State};

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub gateways: usize,
    /// The first so many of them write; the others ask.
    pub writers: usize,
    /// The last so many of them look after lives.
    pub beginners: usize,
    pub servers: usize,
    pub stores: usize,
    pub writes: Value,
    pub lives: Life,
    pub generations: u8,
    pub faults: u8,
    /// Whether a reader looks, decides and reads the truth without anything in between. That it keeps what it read, it
    /// does whenever it likes.
    pub swift_readers: bool,
    /// Which faults there are.
    pub cuts: bool,
    pub restarts: bool,
    pub failovers: bool,
}

impl Bounds {
    const SMALL: Self = Self {
        gateways: 2,
        writers: 1,
        beginners: 1,
        servers: 1,
        stores: 1,
        writes: 1,
        lives: 1,
        generations: 1,
        faults: 0,
        swift_readers: true,
        cuts: false,
        restarts: false,
        failovers: false,
    };
    pub const SLOW_READERS: Self = Self { writes: 2, swift_readers: false, ..Self::SMALL };
    pub const RESTARTS: Self = Self { restarts: true, faults: 1, lives: 2, generations: 3, ..Self::SMALL };
    pub const CUT_OFF: Self = Self { cuts: true, writes: 2, faults: 1, lives: 2, generations: 4, ..Self::SMALL };
    pub const TWO_SERVERS: Self =
        Self { servers: 2, failovers: true, faults: 2, lives: 2, generations: 3, ..Self::SMALL };
    pub const TWO_STORES: Self = Self { stores: 2, cuts: true, faults: 1, generations: 2, ..Self::SMALL };
    pub const THREE_GATEWAYS: Self =
        Self { gateways: 3, writers: 2, beginners: 2, swift_readers: false, ..Self::CUT_OFF };
    pub const EVERYTHING: Self = Self {
        servers: 2,
        swift_readers: false,
        cuts: true,
        restarts: true,
        failovers: true,
        writes: 2,
        faults: 3,
        lives: 3,
        generations: 5,
        ..Self::SMALL
    };
}

/// A world: its rules, and how large it is.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub rules: Rules,
    pub bounds: Bounds,
}

/// A step. The first number is the gateway's or the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Look(usize),
    TakeIn(usize),

    Ask(usize),
    LookUp(usize),
    Decide(usize),
    ReadTruth(usize),
    Keep(usize),

    TellEarly(usize),
    FindEarly(usize),
    Commit(usize),
    Tell(usize),
    AcknowledgeTold(usize),
    FindActive(usize),
    AcknowledgeFound(usize),
    FindSuspended(usize),
    Suspend(usize, usize),
    EndWait(usize),

    NoticeSuspension(usize),
    EndPatience(usize),
    Begin(usize),
    Activate(usize, usize),
    GiveUp(usize),

    Cut(usize),
    Connect(usize, u8),
    Save(usize),
    RestartEmpty(usize),
    RestartOld(usize),
    ForgetHash(usize),
    ForgetEntry(usize),
    Replicate,
}

impl World {
    fn steps_of_reader(n: usize, gateway: &Gateway, steps: &mut Vec<Step>) {
        steps.push(match gateway.reader {
            Reader::Idle => Step::Ask(n),
            Reader::Asked { .. } => Step::LookUp(n),
            Reader::Looked { .. } => Step::Decide(n),
            Reader::Misses { .. } => Step::ReadTruth(n),
            Reader::Holds { .. } => Step::Keep(n),
        });
    }

    fn steps_of_writer(&self, state: &State, n: usize, steps: &mut Vec<Step>) {
        match state.gateways[n].writer {
            Writer::Idle if state.started_writes() < self.bounds.writes => {
                steps.push(Step::Commit(n));
                if !self.rules.hold(Rule::InvalidateAfterTheCommit) {
                    steps.push(Step::TellEarly(n));
                }
                if !self.rules.hold(Rule::LookAfterTheCommit) {
                    steps.push(Step::FindEarly(n));
                }
            }
            Writer::Idle => {}
            Writer::Early { .. } => steps.push(Step::Commit(n)),
            Writer::Committed { told, .. } => {
                steps.extend([Step::Tell(n), Step::FindSuspended(n), Step::Suspend(n, 0)]);
                if told.is_some() {
                    steps.extend([Step::AcknowledgeTold(n), Step::FindActive(n)]);
                }
            }
            Writer::Found { .. } => steps.push(Step::AcknowledgeFound(n)),
            Writer::Waits { .. } => steps.push(Step::EndWait(n)),
        }
    }

    fn steps_of_beginner(&self, n: usize, gateway: &Gateway, steps: &mut Vec<Step>) {
        match gateway.beginner {
            Beginner::Idle => {
                steps.push(Step::NoticeSuspension(n));
                // Whoever finds that the server has forgotten the life suspends it; here, anybody at any time.
                steps.extend((0..self.bounds.stores).map(|store| Step::Suspend(n, store)));
            }
            Beginner::Waits { .. } => steps.push(Step::EndPatience(n)),
            Beginner::Waited { .. } => steps.push(Step::Begin(n)),
            Beginner::Begun { .. } => {
                steps.extend((0..self.bounds.stores).map(|store| Step::Activate(n, store)));
                steps.push(Step::GiveUp(n));
            }
        }
    }

    fn faults(&self, state: &State, steps: &mut Vec<Step>) {
        for n in 0..self.bounds.gateways {
            if self.bounds.cuts {
                steps.extend([Step::Cut(n), Step::Connect(n, 0)]);
            }
            if self.bounds.failovers {
                steps.extend([Step::Connect(n, 0), Step::Connect(n, 1)]);
            }
        }
        if self.bounds.failovers {
            steps.push(Step::Replicate);
        }
        if self.bounds.restarts {
            for n in 0..self.bounds.servers {
                if state.servers[n].saved == Data::default() {
                    steps.push(Step::Save(n));
                }
                steps.extend([Step::RestartEmpty(n), Step::RestartOld(n), Step::ForgetHash(n), Step::ForgetEntry(n)]);
            }
        }
        if state.faults == 0 {
            steps.retain(|step| !step.is_fault());
        }
    }
}

impl Step {
    /// Coming back is no fault, and neither is saving data.
    fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Cut(_)
                | Self::Connect(_, 1)
                | Self::RestartEmpty(_)
                | Self::RestartOld(_)
                | Self::ForgetHash(_)
                | Self::ForgetEntry(_)
                | Self::Replicate
        )
    }
}

impl World {
    /// One life is active, and nobody has looked yet.
    pub fn first(&self) -> State {
        let hash = Hash { run: 0, life: 0, now: 0 };
        let first = Server { data: Data { hash: Some(hash), entry: None }, ..Server::default() };
        let server = |n: usize| if n == 0 { first } else { Server { run: 1, ..Server::default() } };
        State {
            truth: 0,
            acknowledged: 0,
            registers: [Register { generation: 1, active: Some(0) }; 2],
            servers: (0..self.bounds.servers).map(server).collect(),
            gateways: vec![Gateway { link: Some(0), ..Gateway::default() }; self.bounds.gateways],
            lives: 1,
            runs: 2,
            faults: self.bounds.faults,
            is_stale: false,
            is_used: false,
        }
    }

    /// The steps that can be made, and what each comes to.
    pub fn next(&self, state: &State) -> impl Iterator<Item = (Step, State)> {
        self.steps(state).into_iter().filter_map(|step| {
            let mut next = state.clone();
            if step.is_fault() {
                next.faults -= 1;
            }
            self.make(&mut next, step)?;
            (next != *state).then_some((step, next))
        })
    }

    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        if state.is_stale {
            return steps;
        }
        for (n, gateway) in state.gateways.iter().enumerate() {
            steps.extend([Step::Look(n), Step::TakeIn(n)]);
            if n < self.bounds.writers {
                self.steps_of_writer(state, n, &mut steps);
            } else {
                Self::steps_of_reader(n, gateway, &mut steps);
            }
            if self.bounds.generations > 1 && n >= self.bounds.gateways - self.bounds.beginners {
                self.steps_of_beginner(n, gateway, &mut steps);
            }
        }
        self.faults(state, &mut steps);
        steps
    }
}
