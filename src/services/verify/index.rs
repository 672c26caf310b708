//! The index against the truth.

use std::cmp::Ordering;

use super::suspects::Suspects;
use super::walk::{IndexWalk, TruthWalk};
use super::{Comparison, Difference};
use crate::domain::search::{DocumentKind, IndexKey};
use crate::ports::StoreResult;
use crate::services::progress::Progress;

/// How many seeming differences are looked at again together.
const SUSPECTS: usize = 200;

/// Compares the documents of all kinds.
pub(super) async fn verify(
    comparison: Comparison<'_>,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<()> {
    let stores = comparison.stores;
    stores.search.refresh().await?;
    let mut part = progress.start("index to compare", stores.search.count_documents().await?);
    let mut suspects = Suspects::new(comparison);
    for kind in DocumentKind::ALL {
        let (mut truth, mut index) = (TruthWalk::new(stores, kind), IndexWalk::new(stores, kind));
        let mut keys: Vec<IndexKey> = Vec::new();
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
            if !agree {
                keys.extend(expected.map(|change| change.key).or(indexed.map(|indexed| indexed.key)));
            }
            if keys.len() >= SUSPECTS {
                suspects.judge(std::mem::take(&mut keys), found).await?;
            }
        }
        suspects.judge(keys, found).await?;
    }
    part.finish();
    Ok(())
}
