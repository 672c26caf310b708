//! Keyset pages: where a page begins, and one page of children for each of many parents.

use sea_orm::{Statement, Value};

use super::draft::{Draft, Id};
use crate::domain::{ByCount, ByHandle, ByTime, Page, PostId, UserId};

/// The position that a cursor holds, as values of the columns that the list is ordered by.
pub(super) trait Position {
    fn values(&self) -> Vec<Value>;
}

impl Position for UserId {
    fn values(&self) -> Vec<Value> {
        vec![self.0.into()]
    }
}

impl Position for PostId {
    fn values(&self) -> Vec<Value> {
        vec![self.0.into()]
    }
}

impl Position for ByHandle {
    fn values(&self) -> Vec<Value> {
        vec![self.0.clone().into()]
    }
}

impl Position for ByCount {
    fn values(&self) -> Vec<Value> {
        // Cursors hold no larger count than this (see `ByCount::read`).
        vec![i64::try_from(self.count).unwrap_or(i64::MAX).into(), self.id.into()]
    }
}

impl Position for ByTime {
    fn values(&self) -> Vec<Value> {
        vec![self.at.millis().into(), self.id.into()]
    }
}

/// How a list is ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// A page's condition, order and bound limit, in the direction of travel.
pub(super) struct Seek {
    /// True beyond the cursor; true everywhere without one.
    pub(super) condition: String,
    /// The columns, each with its direction.
    pub(super) order: String,
    /// The placeholder of the number of rows: one more than the page has, to see whether there is more.
    pub(super) limit: String,
    /// `ASC` or `DESC`.
    pub(super) direction: &'static str,
    /// `>` or `<`.
    pub(super) beyond: &'static str,
}

impl Seek {
    /// The page of a list ordered by all of `columns` in the same direction.
    pub(super) fn new<C: Position>(draft: &mut Draft, columns: &[&str], order: Order, page: &Page<C>) -> Self {
        let ascending = (order == Order::Ascending) == page.is_forward();
        let (direction, beyond) = if ascending { ("ASC", ">") } else { ("DESC", "<") };
        let condition = match &page.cursor {
            Some(cursor) => {
                let values: Vec<String> = cursor.values().into_iter().map(|value| draft.bind(value)).collect();
                format!("({}) {beyond} ({})", columns.join(", "), values.join(", "))
            }
            None => "TRUE".to_owned(),
        };
        let limit = draft.bind(i64::from(page.limit) + 1);
        Self { condition, order: ordered(columns, direction), limit, direction, beyond }
    }
}

/// `columns`, each with the direction.
pub(super) fn ordered(columns: &[&str], direction: &str) -> String {
    columns.iter().map(|column| format!("{column} {direction}")).collect::<Vec<_>>().join(", ")
}

/// Children of many parents: which table they are in and how they are ordered.
pub(super) struct Children<'a> {
    /// What is selected after the parent's id.
    pub(super) columns: &'a str,
    /// The children's table and its alias.
    pub(super) table: &'a str,
    /// Another table that `columns` or the condition need, as a `JOIN … ON …`; or nothing.
    pub(super) join: &'a str,
    /// The condition on which a parent `k.id` has children at all.
    pub(super) parents: &'a str,
    /// The column that holds the parent's id.
    pub(super) parent: &'a str,
    /// The column that tells children of one parent apart.
    pub(super) child: &'a str,
    /// The columns of the order, newest first.
    pub(super) order: &'a [&'a str],
}

impl Children<'_> {
    /// One page of the children of each of `parents`, in no particular order: every row begins with its parent's id.
    /// No more than the page is read of any parent's children, where `condition` holds for all of them.
    pub(super) fn statement<C: Position>(
        &self,
        mut draft: Draft,
        parents: &[impl Id],
        condition: &str,
        page: &Page<C>,
    ) -> Statement {
        let Self { columns, table, join, parents: having, parent, child, .. } = self;
        let keys = draft.keys(parents);
        let Seek { condition: beyond, order, limit, .. } = Seek::new(&mut draft, self.order, Order::Descending, page);
        let wanted = format!("{parent} = k.id AND {condition} AND {beyond} ORDER BY {order} LIMIT {limit}");
        let sql = if draft.is_postgres() {
            format!(
                "SELECT k.id, page.* FROM {keys} \
                 CROSS JOIN LATERAL (SELECT {columns} FROM {table} {join} WHERE {wanted}) AS page WHERE {having}"
            )
        } else {
            // SQLite has no lateral joins, but subqueries may refer to the outer row.
            format!(
                "SELECT k.id, {columns} FROM {keys} CROSS JOIN {table} {join} \
                 WHERE {having} AND {parent} = k.id \
                   AND {child} IN (SELECT {child} FROM {table} {join} WHERE {wanted})"
            )
        };
        draft.done(sql)
    }
}
