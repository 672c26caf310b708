//! Rows that a statement gives in no particular order, sorted into pages.

use std::collections::HashMap;
use std::hash::Hash;

use crate::domain::{Page, Slice};

/// The page of each parent, from the rows of all of them in any order. `key` is what the list is ordered by,
/// descending.
pub(super) fn slices<P: Eq + Hash, T, C, K: Ord>(
    page: &Page<C>,
    rows: Vec<(P, T)>,
    key: impl Fn(&T) -> K,
) -> HashMap<P, Slice<T>> {
    let mut children: HashMap<P, Vec<T>> = HashMap::new();
    for (parent, child) in rows {
        children.entry(parent).or_default().push(child);
    }
    children.into_iter().map(|(parent, rows)| (parent, slice(page, rows, &key))).collect()
}

/// The page that rows in any order make.
pub(super) fn slice<T, C, K: Ord>(page: &Page<C>, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Slice<T> {
    rows.sort_by(|a, b| if page.is_forward() { key(b).cmp(&key(a)) } else { key(a).cmp(&key(b)) });
    page.slice(rows)
}
