//! What seems to differ, looked at until it is certain.
//!
//! A write that is on its way to the index is no difference. One look reads, in this order: which of the suspects'
//! events wait, the index, the truth. A suspect differs for good when nothing about it waits, and the truth is as it
//! was at the look before: whatever that said was written before this look asked for events, and had been carried to
//! the index when the index was read. Everything else is looked at again after a pause. When there have been enough of
//! those, what still differs is told of, and that its event waits: perhaps nobody carries it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::touches::touch;
use super::walk::{put_post, put_user};
use super::{Comparison, Difference, DifferenceKind, Mode};
use crate::domain::event::Aggregate;
use crate::domain::search::{IndexChange, IndexDocument, IndexKey, Indexed};
use crate::domain::{LikeId, PostFields, PostId, UserId};
use crate::ports::{Projection, StoreResult, Stores};

/// The shortest pause between two looks and the longest; each is twice the one before.
const PAUSE: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(1_600)];

/// Judges suspects.
pub(super) struct Suspects<'a> {
    comparison: Comparison<'a>,
    /// No longer once all pauses went by without any suspect coming to agree: then nobody is at work, and the rest of
    /// what waits would be waited for in vain.
    is_patient: bool,
}

/// The pauses that fit into a time.
fn pauses(time: Duration) -> impl Iterator<Item = Duration> {
    let mut left = time;
    std::iter::successors(Some(PAUSE[0]), |pause| Some((*pause * 2).min(PAUSE[1]))).map_while(move |pause| {
        left = left.checked_sub(pause)?;
        Some(pause)
    })
}

/// A key at one look.
struct Suspect<'a> {
    key: IndexKey,
    truth: Option<&'a IndexChange>,
    indexed: Option<&'a Indexed>,
}

impl<'a> Suspects<'a> {
    pub(super) fn new(comparison: Comparison<'a>) -> Self {
        Self { comparison, is_patient: true }
    }

    /// Tells which of these really differ, and mends those if that is wanted.
    pub(super) async fn judge(
        &mut self,
        mut keys: Vec<IndexKey>,
        found: &mut (dyn FnMut(&Difference) + Send),
    ) -> StoreResult<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let stores = self.comparison.stores;
        let mut before = read(stores, &keys).await?;
        let mut pauses = pauses(if self.is_patient { self.comparison.patience } else { Duration::ZERO });
        let mut has_moved = false;
        loop {
            let aggregates: HashSet<Aggregate> = keys.iter().map(|key| key.aggregate()).collect();
            let waiting = self.comparison.waiting(Projection::Index, &Vec::from_iter(aggregates)).await?;
            let index = stores.search.documents_by_key(&keys).await?;
            let truth = read(stores, &keys).await?;
            let (mut certain, mut open) = (Vec::new(), Vec::new());
            for key in std::mem::take(&mut keys) {
                let suspect = Suspect { key, truth: truth.get(&key), indexed: index.get(&key) };
                if suspect.agrees() {
                    has_moved = true;
                } else if !waiting.contains(&key.aggregate()) && before.get(&key) == suspect.truth {
                    certain.push(suspect);
                } else {
                    open.push(suspect);
                }
            }
            self.tell(&certain, false, found).await?;
            if open.is_empty() {
                return Ok(());
            }
            let Some(pause) = pauses.next() else {
                // What changes from look to look is being written, and none can say whether it differs.
                open.retain(|suspect| document(before.get(&suspect.key)) == document(suspect.truth));
                self.tell(&open, true, found).await?;
                self.is_patient = has_moved;
                return Ok(());
            };
            keys = open.iter().map(|suspect| suspect.key).collect();
            before = truth;
            tokio::time::sleep(pause).await;
        }
    }

    async fn tell(
        &self,
        suspects: &[Suspect<'_>],
        is_waiting: bool,
        found: &mut (dyn FnMut(&Difference) + Send),
    ) -> StoreResult<()> {
        suspects.iter().for_each(|suspect| found(&suspect.difference(is_waiting)));
        let Mode::Repair(stamps) = self.comparison.mode else { return Ok(()) };
        let touches = suspects.iter().map(|it| touch(it.key, it.truth, it.indexed, stamps.stamp()));
        let (users, posts): (Vec<_>, Vec<_>) = touches.partition(|touch| matches!(touch.aggregate, Aggregate::User(_)));
        self.comparison.stores.users.touch_users(&users).await?;
        self.comparison.stores.posts.touch_posts(&posts).await
    }
}

impl Suspect<'_> {
    fn agrees(&self) -> bool {
        document(self.truth) == self.indexed.and_then(|indexed| indexed.document.as_ref())
            && self.truth.is_some() == self.indexed.is_some()
    }

    fn difference(&self, is_waiting: bool) -> Difference {
        let kind = match (self.truth, self.indexed) {
            (Some(_), None) => DifferenceKind::MissingDocument,
            (Some(_), Some(_)) => DifferenceKind::StaleDocument,
            (None, _) => DifferenceKind::SurplusDocument,
        };
        Difference {
            kind,
            id: format!("{} {}", self.key.kind().name(), self.key),
            truth: described(document(self.truth).zip(self.truth.map(|truth| truth.version))),
            derived: match self.indexed {
                Some(Indexed { document: None, version, .. }) => format!("unreadable, version {version}"),
                indexed => described(indexed.and_then(|indexed| Some((indexed.document.as_ref()?, indexed.version)))),
            },
            is_waiting,
        }
    }
}

fn document(change: Option<&IndexChange>) -> Option<&IndexDocument> {
    change.and_then(|change| change.document.as_ref())
}

/// What the truth says of these now. Posts are read before likes, so that no removal of a like is older than the
/// version that it is put with.
async fn read(stores: &Stores, keys: &[IndexKey]) -> StoreResult<HashMap<IndexKey, IndexChange>> {
    let (mut users, mut posts, mut likes) = (Vec::<UserId>::new(), Vec::<PostId>::new(), Vec::<LikeId>::new());
    for key in keys {
        match *key {
            IndexKey::User(id) => users.push(id),
            IndexKey::Post(id) => posts.push(id),
            IndexKey::Like(id) => likes.push(id),
        }
    }
    let mut truth = HashMap::new();
    let users = stores.users.users_by_id(&users).await?;
    truth.extend(users.values().map(put_user).map(|put| (put.key, put)));
    for post in stores.posts.posts_by_id(&posts, PostFields::ALL).await?.values() {
        let put = put_post(post)?;
        truth.insert(put.key, put);
    }
    let liked: BTreeSet<PostId> = likes.iter().map(|id| id.post).collect();
    let liked = stores.posts.posts_by_id(&Vec::from_iter(liked), PostFields::default()).await?;
    for like in stores.posts.likes_by_id(&likes).await?.values() {
        // An orphan, which another part of the comparison tells of, is derived from nothing.
        if let Some(post) = liked.get(&like.id.post) {
            let put = IndexChange::put(IndexDocument::of_like(like), post.version);
            truth.insert(put.key, put);
        }
    }
    Ok(truth)
}

/// A document in short: enough to see what differs.
fn described(document: Option<(&IndexDocument, u64)>) -> String {
    let Some((document, version)) = document else { return "none".to_owned() };
    let what = match document {
        IndexDocument::User { handle, name, .. } => format!("@{handle} {name:?}"),
        IndexDocument::Post { title, .. } => format!("{title:?}"),
        IndexDocument::Like { created_at, .. } => format!("of {created_at}"),
    };
    format!("{what}, version {version}")
}
