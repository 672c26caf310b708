//! The index against the truth.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::walk::{IndexWalk, TruthWalk, put_post, put_user};
use super::{Difference, DifferenceKind, Mode};
use crate::domain::search::{DocumentKind, IndexChange, IndexDocument, IndexKey, Indexed};
use crate::domain::{LikeId, PostFields, PostId, UserId};
use crate::ports::{StoreResult, Stores};
use crate::services::progress::Progress;

/// How many seeming differences are looked at once more together.
const SUSPECTS: usize = 200;

/// A key of which the two sides differed when they were walked.
struct Suspect {
    key: IndexKey,
    indexed: Option<Indexed>,
}

/// Compares the documents of all kinds.
pub(super) async fn verify_index(
    stores: &Stores,
    mode: Mode,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    stores.search.refresh().await?;
    let mut part = progress.start("index to compare", stores.search.count_documents().await?);
    for kind in DocumentKind::ALL {
        let (mut truth, mut index) = (TruthWalk::new(stores, kind), IndexWalk::new(stores, kind));
        let mut suspects = Vec::new();
        loop {
            let order = match (truth.peek().await?, index.peek().await?) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(expected), Some(shown)) => expected.cmp(&shown),
            };
            let expected = if order.is_le() { truth.take() } else { None };
            let indexed = if order.is_ge() { index.take() } else { None };
            part.advance(u64::from(indexed.is_some()));
            let agree = expected.as_ref().and_then(|change| change.document.as_ref())
                == indexed.as_ref().and_then(|indexed| indexed.document.as_ref());
            let key = expected.as_ref().map(|change| change.key).or(indexed.as_ref().map(|indexed| indexed.key));
            if let (false, Some(key)) = (agree, key) {
                suspects.push(Suspect { key, indexed });
            }
            if suspects.len() >= SUSPECTS {
                judge(stores, mode, std::mem::take(&mut suspects), found).await?;
            }
        }
        judge(stores, mode, suspects, found).await?;
    }
    part.finish();
    Ok(())
}

/// Reads the truth of the suspects again, tells which differ from it, and mends those if that is wanted.
async fn judge(
    stores: &Stores,
    mode: Mode,
    suspects: Vec<Suspect>,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    if suspects.is_empty() {
        return Ok(());
    }
    let truth = read(stores, &suspects).await?;
    let mut changes = Vec::new();
    for Suspect { key, indexed } in suspects {
        let (kind, mended) = match (truth.get(&key), &indexed) {
            (Some(put), Some(indexed)) if put.document == indexed.document => continue,
            (None, None) => continue,
            (Some(put), Some(_)) => (DifferenceKind::StaleDocument, put.clone()),
            (Some(put), None) => (DifferenceKind::MissingDocument, put.clone()),
            // Whatever comes to be under this key again has a version above that of its removal, and so above this.
            (None, Some(indexed)) => (DifferenceKind::SurplusDocument, IndexChange::delete(key, indexed.version + 1)),
        };
        found(&Difference {
            kind,
            id: format!("{} {key}", key.kind().name()),
            truth: described(mended.document.as_ref().map(|document| (document, mended.version))),
            derived: match &indexed {
                Some(Indexed { document: None, version, .. }) => format!("unreadable, version {version}"),
                indexed => described(indexed.as_ref().and_then(|i| Some((i.document.as_ref()?, i.version)))),
            },
        });
        changes.push(mended);
    }
    if mode == Mode::Repair && !changes.is_empty() {
        stores.search.apply(&changes).await?;
    }
    Ok(())
}

/// What the truth says of the suspects now. Posts are read before likes, so that no removal of a like is older than
/// the version that it is put with.
async fn read(stores: &Stores, suspects: &[Suspect]) -> StoreResult<HashMap<IndexKey, IndexChange>> {
    let (mut users, mut posts, mut likes) = (Vec::<UserId>::new(), Vec::<PostId>::new(), Vec::<LikeId>::new());
    for suspect in suspects {
        match suspect.key {
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
