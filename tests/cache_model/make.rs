//! What each step comes to.

use crate::gateway::{Beginner, Look, Reader, Waits, Writer};
use crate::rules::{Rule, Rules};
use crate::server::{Data, Entry, Life, Server, Value};
use crate::state::{Register, State};
use crate::world::{Step, World};

fn writer_wait(gateway: usize) -> Waits {
    1 << (2 * gateway)
}

fn beginner_wait(gateway: usize) -> Waits {
    2 << (2 * gateway)
}

impl State {
    /// The life that every store which counts names.
    fn registered(&self, world: &World) -> Option<Life> {
        let stores = world.bounds.stores;
        let first = if world.rules.hold(Rule::EveryStoreConfirms) { 0 } else { stores - 1 };
        let mut named = self.registers[first..stores].iter().map(|register| register.active);
        let life = named.next()??;
        named.all(|other| other == Some(life)).then_some(life)
    }

    /// Marks what will have lapsed when this wait is over.
    fn begin_wait(&mut self, wait: Waits, rules: Rules) {
        let is_marked = |look: &&mut Look| look.has_arrived || rules.hold(Rule::CountedFromTheQuestion);
        for look in self.gateways.iter_mut().filter_map(|gateway| gateway.look.as_mut()).filter(is_marked) {
            look.outlived_by |= wait;
        }
        for gateway in &mut self.gateways {
            if let Writer::Found { outlived_by, .. } = &mut gateway.writer {
                *outlived_by |= wait;
            }
        }
    }

    /// What began before this wait lapses by its end at the latest, where `lapses`.
    fn end_wait(&mut self, wait: Waits, lapses: bool) {
        for gateway in &mut self.gateways {
            if lapses {
                gateway.look = gateway.look.filter(|look| look.outlived_by & wait == 0);
            }
            if let Some(look) = &mut gateway.look {
                look.outlived_by &= !wait;
            }
            if let Writer::Found { value, outlived_by } = &mut gateway.writer {
                if lapses && *outlived_by & wait != 0 {
                    gateway.writer = Writer::Committed { value: *value, told: None };
                } else {
                    *outlived_by &= !wait;
                }
            }
        }
    }

    fn acknowledge(&mut self, gateway: usize, value: Value) {
        self.acknowledged = self.acknowledged.max(value);
        self.gateways[gateway].writer = Writer::Idle;
    }

    fn server_of(&mut self, gateway: usize) -> Option<&mut Server> {
        self.gateways[gateway].link.map(|server| &mut self.servers[usize::from(server)])
    }

    pub fn started_writes(&self) -> u8 {
        let early = self.gateways.iter().filter(|gateway| matches!(gateway.writer, Writer::Early { .. }));
        self.truth + u8::try_from(early.count()).unwrap_or(u8::MAX)
    }
}

impl World {
    /// Makes a step, where it can be made.
    pub fn make(&self, state: &mut State, step: Step) -> Option<()> {
        match step {
            Step::Look(n) => {
                let look = |life| Look { life, has_arrived: false, outlived_by: 0 };
                state.gateways[n].look = state.registered(self).map(look);
            }
            Step::TakeIn(n) => state.gateways[n].look.as_mut()?.has_arrived = true,
            Step::Ask(_) | Step::LookUp(_) | Step::Decide(_) | Step::ReadTruth(_) | Step::Keep(_) => {
                self.make_reader(state, step)?;
                if let (true, Step::LookUp(n)) = (self.bounds.swift_readers, step) {
                    // Where it found nothing, or may not use it, there is nothing to go on with.
                    let _ = self
                        .make_reader(state, Step::Decide(n))
                        .and_then(|()| self.make_reader(state, Step::ReadTruth(n)));
                }
            }
            Step::TellEarly(_)
            | Step::FindEarly(_)
            | Step::Commit(_)
            | Step::Tell(_)
            | Step::AcknowledgeTold(_)
            | Step::FindActive(_)
            | Step::AcknowledgeFound(_)
            | Step::FindSuspended(_)
            | Step::EndWait(_) => self.make_writer(state, step)?,
            Step::Suspend(_, store) => {
                let register = &mut state.registers[store];
                register.active.take()?;
                register.generation += 1;
            }
            Step::NoticeSuspension(_)
            | Step::EndPatience(_)
            | Step::Begin(_)
            | Step::Activate(..)
            | Step::GiveUp(_) => self.make_beginner(state, step)?,
            Step::Cut(n) => state.gateways[n].link = None,
            Step::Connect(n, server) => state.gateways[n].link = Some(server),
            Step::Save(n) => state.servers[n].saved = state.servers[n].data,
            Step::RestartEmpty(n) | Step::RestartOld(n) => {
                let server = &mut state.servers[n];
                server.data = if let Step::RestartOld(_) = step { server.saved } else { Data::default() };
                server.run = state.runs;
                state.runs += 1;
            }
            Step::ForgetHash(n) => {
                state.servers[n].data.hash.take()?;
            }
            Step::ForgetEntry(n) => {
                state.servers[n].data.entry.take()?;
            }
            Step::Replicate => state.servers[1].data = state.servers[0].data,
        }
        Some(())
    }

    fn make_reader(&self, state: &mut State, step: Step) -> Option<()> {
        let rules = self.rules;
        match step {
            Step::Ask(n) => state.gateways[n].reader = Reader::Asked { at_least: state.acknowledged },
            Step::LookUp(n) => {
                let Reader::Asked { at_least } = state.gateways[n].reader else { return None };
                let looked = state.server_of(n).and_then(|server| server.look(rules));
                let reader = looked.map(|(as_of, found)| Reader::Looked { at_least, as_of, found });
                state.gateways[n].reader = reader.unwrap_or_default();
            }
            Step::Decide(n) => {
                let Reader::Looked { at_least, as_of, found } = state.gateways[n].reader else { return None };
                let may = state.gateways[n].confirms(as_of.life) || !rules.hold(Rule::ReadersConfirm);
                state.gateways[n].reader = match found {
                    None if may => Reader::Misses { as_of },
                    _ => Reader::Idle,
                };
                if let Some(value) = found.filter(|_| may) {
                    state.is_stale |= value < at_least;
                    state.is_used |= value > 0;
                }
            }
            Step::ReadTruth(n) => {
                let Reader::Misses { as_of } = state.gateways[n].reader else { return None };
                state.gateways[n].reader = Reader::Holds { as_of, value: state.truth };
            }
            Step::Keep(n) => {
                let Reader::Holds { as_of, value } = state.gateways[n].reader else { return None };
                if let Some(server) = state.server_of(n) {
                    server.data.entry = Some(Entry { as_of, value });
                }
                state.gateways[n].reader = Reader::Idle;
            }
            _ => return None,
        }
        Some(())
    }

    fn make_writer(&self, state: &mut State, step: Step) -> Option<()> {
        let rules = self.rules;
        match step {
            Step::TellEarly(n) => {
                let told = Some(state.server_of(n)?.invalidate(rules)?);
                state.gateways[n].writer = Writer::Early { told, found: None };
            }
            Step::FindEarly(n) => {
                let Register { generation, active: None } = state.registers[0] else { return None };
                (state.gateways[n].waited == Some(generation)).then_some(())?;
                state.gateways[n].writer = Writer::Early { told: None, found: Some(generation) };
            }
            Step::Commit(n) => {
                state.truth += 1;
                let value = state.truth;
                match state.gateways[n].writer {
                    Writer::Early { found: Some(_), .. } => state.acknowledge(n, value),
                    Writer::Early { told, .. } => state.gateways[n].writer = Writer::Committed { value, told },
                    _ => state.gateways[n].writer = Writer::Committed { value, told: None },
                }
            }
            Step::Tell(n) => {
                let Writer::Committed { value, told } = state.gateways[n].writer else { return None };
                let life = state.server_of(n)?.look(rules)?.0.life;
                (told != Some(life)).then_some(())?;
                let told = state.server_of(n)?.invalidate(rules);
                state.gateways[n].writer = Writer::Committed { value, told };
            }
            Step::AcknowledgeTold(n) => {
                let Writer::Committed { value, told: Some(life) } = state.gateways[n].writer else { return None };
                (state.gateways[n].confirms(life) || !rules.hold(Rule::WritersConfirm)).then_some(())?;
                state.acknowledge(n, value);
            }
            Step::FindActive(n) => {
                let Writer::Committed { value, told: told @ Some(_) } = state.gateways[n].writer else { return None };
                (state.registers[0].active == told).then_some(())?;
                state.gateways[n].writer = Writer::Found { value, outlived_by: 0 };
            }
            Step::AcknowledgeFound(n) => {
                let Writer::Found { value, .. } = state.gateways[n].writer else { return None };
                state.acknowledge(n, value);
            }
            Step::FindSuspended(n) => {
                let Writer::Committed { value, .. } = state.gateways[n].writer else { return None };
                let Register { generation, active: None } = state.registers[0] else { return None };
                if state.gateways[n].waited == Some(generation) {
                    state.acknowledge(n, value);
                } else {
                    state.gateways[n].writer = Writer::Waits { value, generation };
                    state.begin_wait(writer_wait(n), rules);
                }
            }
            Step::EndWait(n) => {
                let Writer::Waits { value, generation } = state.gateways[n].writer else { return None };
                state.end_wait(writer_wait(n), rules.hold(Rule::WritersWait));
                state.gateways[n].waited = Some(generation);
                state.acknowledge(n, value);
            }
            _ => return None,
        }
        Some(())
    }

    fn make_beginner(&self, state: &mut State, step: Step) -> Option<()> {
        let rules = self.rules;
        match step {
            Step::NoticeSuspension(n) => {
                let seen = state.registers;
                let is_suspended = seen[..self.bounds.stores].iter().all(|register| register.active.is_none());
                (is_suspended && state.lives < self.bounds.lives).then_some(())?;
                (seen[0].generation < self.bounds.generations).then_some(())?;
                state.gateways[n].beginner = Beginner::Waits { seen };
                state.begin_wait(beginner_wait(n), rules);
            }
            Step::EndPatience(n) => {
                let Beginner::Waits { seen } = state.gateways[n].beginner else { return None };
                state.end_wait(beginner_wait(n), rules.hold(Rule::SuccessorsWait));
                state.gateways[n].beginner = Beginner::Waited { seen };
            }
            Step::Begin(n) => {
                let Beginner::Waited { seen } = state.gateways[n].beginner else { return None };
                (state.lives < self.bounds.lives).then_some(())?;
                let life = if rules.hold(Rule::LivesAreFresh) { state.lives } else { 0 };
                state.server_of(n)?.begin(life);
                state.lives += 1;
                state.gateways[n].beginner = Beginner::Begun { seen, life };
            }
            Step::Activate(n, store) => {
                let Beginner::Begun { seen, life } = state.gateways[n].beginner else { return None };
                let register = &mut state.registers[store];
                let is_as_seen = *register == seen[store];
                (is_as_seen || !rules.hold(Rule::CompareAndSet)).then_some(())?;
                (register.active != Some(life)).then_some(())?;
                *register = Register { generation: register.generation + 1, active: Some(life) };
            }
            Step::GiveUp(n) => {
                state.end_wait(beginner_wait(n), false);
                state.gateways[n].beginner = Beginner::Idle;
            }
            _ => return None,
        }
        Some(())
    }
}
