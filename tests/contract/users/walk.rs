//! Walking a list page by page, as clients do.

use polygraph::domain::{Direction, Page, Slice};
use polygraph::ports::StoreResult;

/// All items of a list in its own order, read in pages of `limit` from its start or from its end. Each page but the
/// last must be full and say that there is more; the last must say that there isn't.
pub(super) async fn walk<T, C>(
    limit: u32,
    direction: Direction,
    cursor: impl Fn(&T) -> C,
    fetch: impl AsyncFn(&Page<C>) -> StoreResult<Slice<T>>,
) -> Vec<T> {
    let mut walked = Vec::new();
    let mut page = Page { limit, direction, cursor: None };
    loop {
        let Slice { items, has_more } = fetch(&page).await.expect("a page");
        let last = if page.is_forward() { items.last() } else { items.first() };
        page.cursor = last.map(&cursor);
        assert!(items.len() == limit as usize || (!has_more && items.len() < limit as usize), "a page is full");
        if page.is_forward() {
            walked.extend(items);
        } else {
            walked.splice(0..0, items);
        }
        if !has_more {
            return walked;
        }
    }
}

/// Both directions, with several sizes of page: the list must be the same each time.
pub(super) async fn assert_walks_to<T: PartialEq + std::fmt::Debug, C>(
    expected: &[T],
    cursor: impl Fn(&T) -> C,
    fetch: impl AsyncFn(&Page<C>) -> StoreResult<Slice<T>>,
) {
    let exactly = expected.len().clamp(1, 100) as u32;
    for limit in [3, 7, exactly, 100] {
        for direction in [Direction::Forward, Direction::Backward] {
            let walked = walk(limit, direction, &cursor, &fetch).await;
            assert_eq!(walked, expected, "{direction:?} by {limit}");
        }
    }
}
