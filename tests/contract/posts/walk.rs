//! Walking a list by its pages, forth and back.

use std::fmt::Debug;

use polygraph::domain::{Direction, Page, Slice};

/// Walks a list forth and back by pages of several sizes: each way it must give exactly `expected`, each page in the
/// list's own order, and must know on each page whether more follow.
pub(super) async fn assert_pages<T, C>(
    expected: &[T],
    cursor_of: impl Fn(&T) -> C,
    fetch: impl AsyncFn(Page<C>) -> Slice<T>,
) where
    T: Clone + Debug + PartialEq,
{
    for limit in [1, 7, 100] {
        for direction in [Direction::Forward, Direction::Backward] {
            let met = walk(limit, direction, expected.len(), &cursor_of, &fetch).await;
            assert_eq!(met, expected, "by pages of {limit}, {direction:?}");
        }
    }
}

async fn walk<T: Clone, C>(
    limit: u32,
    direction: Direction,
    most: usize,
    cursor_of: &impl Fn(&T) -> C,
    fetch: &impl AsyncFn(Page<C>) -> Slice<T>,
) -> Vec<T> {
    let mut met: Vec<T> = Vec::new();
    let mut cursor = None;
    loop {
        let Slice { items, has_more } = fetch(Page { limit, direction, cursor }).await;
        assert!(items.len() <= limit as usize, "a page has at most {limit} items");
        assert!(!has_more || items.len() == limit as usize, "a page that more follow is full");
        let next = match direction {
            Direction::Forward => items.last(),
            Direction::Backward => items.first(),
        };
        cursor = next.map(cursor_of);
        match direction {
            Direction::Forward => met.extend(items),
            Direction::Backward => met.splice(0..0, items).for_each(drop),
        }
        if !has_more {
            return met;
        }
        assert!(met.len() <= most, "a walk of {most} items does not end");
    }
}
