//! Counts against what they count, and likes against those whose they are.

use std::collections::BTreeSet;

use super::walk::PAGE;
use super::{Difference, DifferenceKind, Mode};
use crate::domain::{LikeId, PostFields, PostId, UserId};
use crate::ports::{Recount, StoreResult, Stores};
use crate::services::progress::Progress;

/// Finds likes whose user or post is not there.
pub(super) async fn verify_likes(
    stores: &Stores,
    mode: Mode,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    let mut part = progress.start("likes to check", 0);
    let mut after: Option<LikeId> = None;
    loop {
        let likes: Vec<LikeId> =
            stores.posts.scan_likes(after, PAGE).await?.into_iter().map(|(like, _)| like.id).collect();
        let Some(&last) = likes.last() else { break };
        after = Some(last);
        let users: BTreeSet<UserId> = likes.iter().map(|id| id.user).collect();
        let posts: BTreeSet<PostId> = likes.iter().map(|id| id.post).collect();
        let users = stores.users.users_by_id(&Vec::from_iter(users)).await?;
        let posts = stores.posts.posts_by_id(&Vec::from_iter(posts), PostFields::default()).await?;
        let is_orphan = |id: &&LikeId| !users.contains_key(&id.user) || !posts.contains_key(&id.post);
        let suspects: Vec<LikeId> = likes.iter().filter(is_orphan).copied().collect();
        // Their post may have been deleted with them since.
        let still = stores.posts.likes_by_id(&suspects).await?;
        let orphans: Vec<LikeId> = suspects.into_iter().filter(|id| still.contains_key(id)).collect();
        for id in &orphans {
            let gone = if users.contains_key(&id.user) { "post" } else { "user" };
            let (truth, derived) = (format!("no such {gone}"), "a like".to_owned());
            let id = format!("like {}:{}", id.post, id.user);
            found(&Difference { kind: DifferenceKind::OrphanLike, id, truth, derived });
        }
        if mode == Mode::Repair && !orphans.is_empty() {
            stores.posts.remove_likes(&orphans).await?;
        }
        part.advance(likes.len() as u64);
    }
    part.finish();
    Ok(())
}

/// Recounts what is counted of users, of posts, and of users as authors.
pub(super) async fn verify_counts(
    stores: &Stores,
    mode: Mode,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    let Stores { users, posts, .. } = stores;
    let mut part = progress.start("counts of users", users.count_users().await?);
    let mut after: Option<UserId> = None;
    loop {
        let page: Vec<UserId> = users.scan_users(after, PAGE).await?.into_iter().map(|user| user.id).collect();
        let Some(&last) = page.last() else { break };
        after = Some(last);
        let wrong = tell("user", &users.recount_users(&page).await?, found);
        if mode == Mode::Repair && !wrong.is_empty() {
            users.fix_user_counts(&wrong).await?;
        }
        let wrong = tell("user", &posts.recount_authors(&page).await?, found);
        if mode == Mode::Repair && !wrong.is_empty() {
            posts.fix_author_counts(&wrong).await?;
        }
        part.advance(page.len() as u64);
    }
    part.finish();

    let mut part = progress.start("counts of posts", posts.count_posts().await?);
    let mut after: Option<PostId> = None;
    loop {
        let page: Vec<PostId> = posts.scan_posts(after, PAGE).await?.into_iter().map(|post| post.id).collect();
        let Some(&last) = page.last() else { break };
        after = Some(last);
        let wrong = tell("post", &posts.recount_posts(&page).await?, found);
        if mode == Mode::Repair && !wrong.is_empty() {
            posts.fix_post_counts(&wrong).await?;
        }
        part.advance(page.len() as u64);
    }
    part.finish();
    Ok(())
}

/// Tells of each wrong count, and returns whose they are.
fn tell<I: Copy + PartialEq + std::fmt::Display>(
    kind: &str,
    counts: &[Recount<I>],
    found: &mut (dyn FnMut(&Difference) + Send),
) -> Vec<I> {
    let mut wrong = Vec::new();
    for count in counts.iter().filter(|count| count.stored != count.counted) {
        found(&Difference {
            kind: DifferenceKind::WrongCount,
            id: format!("{kind} {} {}", count.id, count.name),
            truth: count.counted.to_string(),
            derived: count.stored.to_string(),
        });
        if !wrong.contains(&count.id) {
            wrong.push(count.id);
        }
    }
    wrong
}
