//! The event that has a document made again.

use uuid::Uuid;

use crate::domain::event::{Happened, Stamp};
use crate::domain::search::{IndexChange, IndexDocument, IndexKey, Indexed};
use crate::ports::Touch;

/// How far the version of what is missing in the index is raised. The index may remember its deletion, under a version
/// that can't be asked for; whoever deleted it there by hand left one that is a little above the truth's.
const LEAP: u64 = 1_000;

/// The event about a document which differs, as the truth has it and as the index does.
pub(super) fn touch(key: IndexKey, truth: Option<&IndexChange>, indexed: Option<&Indexed>, stamp: Stamp) -> Touch {
    let document = truth.and_then(|put| put.document.as_ref());
    let author = document.or(indexed.and_then(|indexed| indexed.document.as_ref())).map_or(Uuid::nil(), author_of);
    let happened = match (key, document.is_some()) {
        (IndexKey::User(_), true) => Happened::UserUpdated,
        (IndexKey::User(_), false) => Happened::UserDeleted,
        (IndexKey::Post(_), true) => Happened::PostUpdated { author },
        (IndexKey::Post(_), false) => Happened::PostDeleted { author },
        (IndexKey::Like(id), true) => Happened::PostLiked { author, user: id.user.0 },
        (IndexKey::Like(id), false) => Happened::PostUnliked { author, user: id.user.0 },
    };
    let above = match (indexed, truth) {
        (Some(indexed), _) => indexed.version,
        (None, truth) => truth.map_or(0, |put| put.version) + LEAP,
    };
    Touch { aggregate: key.aggregate(), happened, above, stamp }
}

fn author_of(document: &IndexDocument) -> Uuid {
    match document {
        IndexDocument::User { id, .. } => id.0,
        IndexDocument::Post { author, .. } | IndexDocument::Like { author, .. } => author.0,
    }
}
