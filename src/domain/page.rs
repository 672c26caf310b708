//! Pages of a keyset-paginated list (Relay's Cursor Connections specification).

use super::cursor::{CursorField, CursorKey};
use super::{InvalidInput, cursor};

/// The most items one page may have.
pub const MAX_PAGE: u32 = 100;
/// How many items a page has when the client names no number.
pub const DEFAULT_PAGE: u32 = 20;

/// Which way a page is walked from its cursor. The order of the items it returns is the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `first`/`after`: towards the end of the list.
    Forward,
    /// `last`/`before`: towards its start.
    Backward,
}

/// The page a store is asked for: at most `limit` items next to `cursor`, which itself is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page<C> {
    /// How many items at most, 1 to 100.
    pub limit: u32,
    /// Which way to go from the cursor, or from the end of the list that it starts at without one.
    pub direction: Direction,
    /// The position that the page begins after (forward) or ends before (backward).
    pub cursor: Option<C>,
}

impl<C> Page<C> {
    /// The first `limit` items of a list.
    pub fn first(limit: u32) -> Self {
        Self { limit, direction: Direction::Forward, cursor: None }
    }

    /// Whether the page is walked forward.
    pub fn is_forward(&self) -> bool {
        self.direction == Direction::Forward
    }

    /// Makes a slice of the rows that a store found when it asked for one more than `limit`, in the direction of
    /// travel: the surplus row only shows that there is more, and the rest come in the list's own order.
    pub fn slice<T>(&self, mut rows: Vec<T>) -> Slice<T> {
        let limit = self.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if !self.is_forward() {
            rows.reverse();
        }
        Slice { items: rows, has_more }
    }
}

/// What a store found for a [`Page`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The items in the list's own order, whichever way the page was walked.
    pub items: Vec<T>,
    /// Whether more follow in the direction of travel.
    pub has_more: bool,
}

impl<T> Slice<T> {
    /// A page without items.
    pub fn empty() -> Self {
        Self { items: Vec::new(), has_more: false }
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Slice<U> {
        Slice { items: self.items.into_iter().map(f).collect(), has_more: self.has_more }
    }
}

/// A connection's arguments as a client sent them.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// How many from the start, or after `after`.
    pub first: Option<i32>,
    /// Only what comes after this cursor.
    pub after: Option<String>,
    /// How many from the end, or before `before`.
    pub last: Option<i32>,
    /// Only what comes before this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// The page that the arguments ask for, in the list that `field` names.
    ///
    /// # Errors
    /// [`InvalidInput`] when both pairs are used, a number is not within 1 to 100, or the cursor is not one that
    /// this list gave out.
    pub fn page<C: CursorKey>(&self, field: CursorField) -> Result<Page<C>, InvalidInput> {
        let forward = self.first.is_some() || self.after.is_some();
        let backward = self.last.is_some() || self.before.is_some();
        if forward && backward {
            return Err(InvalidInput::new("Use either `first` and `after`, or `last` and `before`, not both."));
        }
        let (direction, name, number, text) = if backward {
            (Direction::Backward, "last", self.last, &self.before)
        } else {
            (Direction::Forward, "first", self.first, &self.after)
        };
        let limit = number.map_or(Ok(DEFAULT_PAGE), |number| limit(name, number))?;
        let cursor = text.as_deref().map(|text| cursor::decode(field, text)).transpose()?;
        Ok(Page { limit, direction, cursor })
    }
}

/// Checks a `first` or `last`.
///
/// # Errors
/// [`InvalidInput`] when it is not within 1 to 100.
pub fn limit(name: &str, number: i32) -> Result<u32, InvalidInput> {
    match u32::try_from(number) {
        Ok(limit @ 1..=MAX_PAGE) => Ok(limit),
        _ => Err(InvalidInput::new(format!("`{name}` must be from 1 to {MAX_PAGE}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::PostId;
    use super::*;

    fn page(args: &PageArgs) -> Result<Page<PostId>, InvalidInput> {
        args.page(CursorField::PostsNewest)
    }

    #[test]
    fn twenty_where_no_number_is_given() {
        assert_eq!(page(&PageArgs::default()), Ok(Page::first(20)));
        let before = PageArgs {
            before: Some(cursor::encode(CursorField::PostsNewest, &PostId(uuid::Uuid::nil()))),
            ..PageArgs::default()
        };
        let page = page(&before).expect("a page");
        assert_eq!((page.limit, page.direction), (20, Direction::Backward));
    }

    #[test]
    fn limits_and_pairs_are_checked() {
        for first in [-1, 0, 101, i32::MIN, i32::MAX] {
            assert!(page(&PageArgs { first: Some(first), ..PageArgs::default() }).is_err(), "{first}");
        }
        assert!(page(&PageArgs { first: Some(1), last: Some(1), ..PageArgs::default() }).is_err());
        assert!(page(&PageArgs { first: Some(1), before: Some("x".into()), ..PageArgs::default() }).is_err());
    }

    #[test]
    fn a_slice_is_in_list_order_either_way() {
        let forward = Page::<PostId>::first(2);
        assert_eq!(forward.slice(vec![1, 2, 3]), Slice { items: vec![1, 2], has_more: true });
        let backward = Page::<PostId> { direction: Direction::Backward, ..Page::first(2) };
        assert_eq!(backward.slice(vec![9, 8]), Slice { items: vec![8, 9], has_more: false });
    }
}
