//! Counts against what they count: of users, of posts, and of users as authors.

use super::walk::PAGE;
use super::{Comparison, Difference, DifferenceKind, Mode, stamped};
use crate::domain::{PostId, UserId};
use crate::ports::{Recount, StoreResult, Stores};
use crate::services::progress::Progress;

/// Recounts everything, and sets wrong counts right if that is wanted.
pub(super) async fn verify(
    comparison: Comparison<'_>,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    let Stores { users, posts, .. } = comparison.stores;
    let mut part = progress.start("counts of users", users.count_users().await?);
    let mut after: Option<UserId> = None;
    loop {
        let page: Vec<UserId> = users.scan_users(after, PAGE).await?.into_iter().map(|user| user.id).collect();
        let Some(&last) = page.last() else { break };
        after = Some(last);
        let wrong = tell("user", &users.recount_users(&page).await?, found);
        if let Mode::Repair(stamps) = comparison.mode {
            users.fix_user_counts(&stamped(&wrong, stamps)).await?;
        }
        let wrong = tell("user", &posts.recount_authors(&page).await?, found);
        if let Mode::Repair(stamps) = comparison.mode {
            posts.fix_author_counts(&stamped(&wrong, stamps)).await?;
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
        if let Mode::Repair(stamps) = comparison.mode {
            posts.fix_post_counts(&stamped(&wrong, stamps)).await?;
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
            is_waiting: false,
        });
        if !wrong.contains(&count.id) {
            wrong.push(count.id);
        }
    }
    wrong
}
