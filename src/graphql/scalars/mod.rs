//! Scalars of the schema, and enums that mirror the domain's.

mod date_time;
mod defaults;
mod enums;

pub(super) use date_time::DateTime;
pub(super) use defaults::{AtMost, OrDefault};
pub(super) use enums::{Interval, PostOrder, SearchOrder, SearchType, UserErrorCode, UserOrder};
