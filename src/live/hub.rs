//! Who waits for what, in groups of those who ask the same.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc;

use super::frame::{Frame, Missed};
use super::is_public;
use crate::domain::event::{Event, Happened};
use crate::domain::{About, Topic, UserId, Viewer};
use crate::graphql::{Asker, Asking, Standing, Told};
use crate::ports::{Delivered, Position};

/// How many events wait for a subscriber who is slow; those beyond are missed.
const WAITING: usize = 64;

/// The subscribers of a gateway.
#[derive(Default)]
pub(super) struct Hub(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    topics: HashMap<Topic, HashMap<Whose, Group>>,
    /// Up to where events were told, or are being told.
    at: Option<Position>,
    /// The number of the next subscriber.
    next: u64,
    count: usize,
    /// Whether anybody has missed something and does not know it yet.
    some_missed: bool,
}

/// What a group asks within its topic, and for whom, where that matters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whose {
    asking: Asking,
    viewer: Option<UserId>,
}

/// Where a group is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    topic: Topic,
    whose: Whose,
}

impl Place {
    /// Where those are who ask the same.
    pub(super) fn of(standing: &Standing, asker: &Asker) -> Self {
        let viewer = if is_public(standing) { None } else { asker.viewer.id() };
        Self { topic: standing.topic(), whose: Whose { asking: standing.asking(), viewer } }
    }
}

/// Those who are told the same.
struct Group {
    standing: Arc<Standing>,
    asker: Asker,
    members: HashMap<u64, Member>,
}

struct Member {
    queue: mpsc::Sender<Frame>,
    viewer: Option<UserId>,
    missed: Missed,
}

impl Member {
    /// Puts a frame into the queue, if there is room for it and for what was missed before it.
    fn tell(&mut self, mut frame: Frame) {
        frame.missed = self.missed;
        self.missed = match self.queue.try_send(frame) {
            Ok(()) => Missed::Nothing,
            Err(_) => self.missed.and_one(),
        };
    }
}

/// An event to be resolved for a group.
pub(super) struct Job {
    /// What the event is about.
    pub about: About,
    /// The event's id, as errors carry it.
    pub id: String,
    pub standing: Arc<Standing>,
    pub asker: Asker,
    position: Position,
    place: Place,
    /// Whose followers are meant, where it is not the whole group.
    pub followers_of: Option<UserId>,
    /// Who those are.
    pub among: Option<HashSet<UserId>>,
    /// Those who came later are not told.
    until: u64,
}

/// That somebody waits; it ends when it is dropped.
pub(super) struct Membership {
    hub: Weak<Mutex<State>>,
    place: Place,
    number: u64,
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            lock(&hub).remove(&self.place, self.number);
        }
    }
}

/// Whose followers are told of an event, where the topic is their feed.
fn author_in_feeds(topic: Topic, event: &Event) -> Option<UserId> {
    match (topic, event.happened) {
        (Topic::Feed, Happened::PostCreated { author }) => Some(UserId(author)),
        _ => None,
    }
}

/// Nothing that holds the lock can panic half-way through a change.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn remove(&mut self, place: &Place, number: u64) {
        let Some(groups) = self.topics.get_mut(&place.topic) else { return };
        let Some(group) = groups.get_mut(&place.whose) else { return };
        self.count -= usize::from(group.members.remove(&number).is_some());
        if group.members.is_empty() {
            groups.remove(&place.whose);
        }
        if groups.is_empty() {
            self.topics.remove(&place.topic);
        }
    }

    fn members(&mut self) -> impl Iterator<Item = &mut Member> {
        self.topics.values_mut().flat_map(HashMap::values_mut).flat_map(|group| group.members.values_mut())
    }
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Lets one more wait. Returns what they are told through, and up to where events were told without them.
    pub(super) fn join(
        &self,
        place: Place,
        standing: Arc<Standing>,
        asker: Asker,
    ) -> (Membership, mpsc::Receiver<Frame>, Option<Position>) {
        let (queue, frames) = mpsc::channel(WAITING);
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.count += 1;
        let groups = state.topics.entry(place.topic).or_default();
        // One that is resolved for nobody in particular must not know of anybody.
        let nobody = Asker { viewer: Viewer::Anonymous, session: None, ..asker };
        let asks = if place.whose.viewer.is_some() { asker } else { nobody };
        let group = groups.entry(place.whose.clone());
        let group = group.or_insert_with(|| Group { standing, asker: asks, members: HashMap::new() });
        group.members.insert(number, Member { queue, viewer: asker.viewer.id(), missed: Missed::Nothing });
        let at = state.at.clone();
        drop(state);
        (Membership { hub: Arc::downgrade(&self.0), place, number }, frames, at)
    }

    /// What is to be resolved for these events, which count as told from now on.
    pub(super) fn jobs(&self, events: &[Delivered]) -> Vec<Job> {
        let mut state = self.state();
        let mut jobs = Vec::new();
        for Delivered { position, event } in events {
            let Some(about) = About::of(event) else { continue };
            for topic in Topic::of(event) {
                for (whose, group) in state.topics.get(&topic).into_iter().flatten() {
                    jobs.push(Job {
                        about,
                        id: event.id.to_string(),
                        standing: Arc::clone(&group.standing),
                        asker: group.asker,
                        position: position.clone(),
                        place: Place { topic, whose: whose.clone() },
                        followers_of: author_in_feeds(topic, event),
                        among: None,
                        until: state.next,
                    });
                }
            }
        }
        if let Some(last) = events.last() {
            state.at = Some(last.position.clone());
        }
        jobs
    }

    /// Those of a job's group who are somebody.
    pub(super) fn viewers(&self, job: &Job) -> Vec<UserId> {
        let state = self.state();
        let group = state.topics.get(&job.place.topic).and_then(|groups| groups.get(&job.place.whose));
        group.into_iter().flat_map(|group| group.members.values()).filter_map(|member| member.viewer).collect()
    }

    /// Tells the members of a job's group what it came to; `None`: what can't be told, and so is missed.
    pub(super) fn tell(&self, job: &Job, told: Option<Told>) {
        let frame = match told {
            Some(Told::Nothing) => return,
            Some(Told::Next(body)) => Some(Frame::of(body, false, Some(job.position.clone()))),
            Some(Told::Last(body)) => Some(Frame::of(body, true, Some(job.position.clone()))),
            None => None,
        };
        let mut state = self.state();
        let groups = state.topics.get_mut(&job.place.topic);
        let Some(group) = groups.and_then(|groups| groups.get_mut(&job.place.whose)) else { return };
        let mut some_missed = false;
        for (number, member) in &mut group.members {
            let is_meant = job.among.as_ref().is_none_or(|among| member.viewer.is_some_and(|id| among.contains(&id)));
            if *number >= job.until || !is_meant {
                continue;
            }
            match &frame {
                Some(frame) => member.tell(frame.clone()),
                None => member.missed = member.missed.and_one(),
            }
            some_missed |= member.missed != Missed::Nothing;
        }
        state.some_missed |= some_missed;
    }

    /// Notes up to where events were told, before any came.
    pub(super) fn begin_at(&self, position: Option<Position>) {
        let mut state = self.state();
        if state.at.is_none() {
            state.at = position;
        }
    }

    /// Notes that the bus has lost events that everybody would have been told of.
    pub(super) fn lose(&self) {
        let mut state = self.state();
        state.members().for_each(|member| member.missed = Missed::Unknown);
        state.some_missed = true;
    }

    /// Tells those who have missed something, where there is room now: the next event may be long in coming.
    pub(super) fn tell_of_gaps(&self) {
        let mut state = self.state();
        if !state.some_missed {
            return;
        }
        let mut some_missed = false;
        for member in state.members().filter(|member| member.missed != Missed::Nothing) {
            match member.queue.try_send(Frame::gap(member.missed)) {
                Ok(()) => member.missed = Missed::Nothing,
                Err(_) => some_missed = true,
            }
        }
        state.some_missed = some_missed;
    }

    pub(super) fn count(&self) -> usize {
        self.state().count
    }
}
