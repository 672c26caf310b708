//! Likes against those whose they are.

use std::collections::BTreeSet;

use super::walk::PAGE;
use super::{Comparison, Difference, DifferenceKind, Mode, stamped};
use crate::domain::event::Aggregate;
use crate::domain::{LikeId, PostFields, PostId, UserId};
use crate::ports::{Projection, StoreResult};
use crate::services::progress::Progress;

/// Finds likes whose user or post is not there, and removes them if that is wanted.
pub(super) async fn verify(
    comparison: Comparison<'_>,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    let posts = &comparison.stores.posts;
    let mut part = progress.start("likes to check", 0);
    let mut after: Option<LikeId> = None;
    loop {
        let likes: Vec<LikeId> = posts.scan_likes(after, PAGE).await?.into_iter().map(|(like, _)| like.id).collect();
        let Some(&last) = likes.last() else { break };
        after = Some(last);
        let orphans = orphans(comparison, &likes).await?;
        for (id, gone) in &orphans {
            found(&Difference {
                kind: DifferenceKind::OrphanLike,
                id: format!("like {}:{}", id.post, id.user),
                truth: format!("no such {gone}"),
                derived: "a like".to_owned(),
                is_waiting: false,
            });
        }
        if let Mode::Repair(stamps) = comparison.mode {
            let orphans: Vec<LikeId> = orphans.iter().map(|(id, _)| *id).collect();
            posts.remove_likes(&stamped(&orphans, stamps)).await?;
        }
        part.advance(likes.len() as u64);
    }
    part.finish();
    Ok(())
}

/// Those of these likes whose user or post is not there, and which of the two.
async fn orphans(comparison: Comparison<'_>, likes: &[LikeId]) -> StoreResult<Vec<(LikeId, &'static str)>> {
    let stores = comparison.stores;
    let users: BTreeSet<UserId> = likes.iter().map(|id| id.user).collect();
    let posts: BTreeSet<PostId> = likes.iter().map(|id| id.post).collect();
    let users = stores.users.users_by_id(&Vec::from_iter(users)).await?;
    let posts = stores.posts.posts_by_id(&Vec::from_iter(posts), PostFields::default()).await?;
    let gone = |id: LikeId| match (users.contains_key(&id.user), posts.contains_key(&id.post)) {
        (true, true) => None,
        (false, _) => Some((id, "user")),
        (true, false) => Some((id, "post")),
    };
    let suspects: Vec<(LikeId, &str)> = likes.iter().copied().filter_map(gone).collect();
    if suspects.is_empty() {
        return Ok(suspects);
    }
    // A closed account is out of sight at once, while its likes are still being removed; and the post, or the account,
    // may have been deleted with its likes since they were read.
    let users: Vec<Aggregate> = suspects.iter().map(|(id, _)| id.user.into()).collect();
    let closing = comparison.waiting(Projection::Deletion, &users).await?;
    let still = stores.posts.likes_by_id(&suspects.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
    let is_orphan = |(id, _): &(LikeId, &str)| still.contains_key(id) && !closing.contains(&id.user.into());
    Ok(suspects.into_iter().filter(is_orphan).collect())
}
