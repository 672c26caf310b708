//! Moments, periods and calendar intervals, in UTC with a resolution of one millisecond.

use std::fmt;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};

use super::InvalidInput;

/// A moment: milliseconds since the Unix epoch. Its year is between 1 and 9999, as RFC 3339 can print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

const FIRST_MILLI: i64 = -62_135_596_800_000; // 0001-01-01T00:00:00.000Z
const LAST_MILLI: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch, held within the years 1 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST_MILLI, LAST_MILLI))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 moment with any offset. What is finer than a millisecond is rounded up: moments that
    /// clients send are bounds, and every stored moment `t` has `t >= bound` exactly when `t >= ceil(bound)`.
    ///
    /// # Errors
    /// [`InvalidInput`] when it is not RFC 3339, or outside the years 1 to 9999.
    pub fn parse(text: &str) -> Result<Self, InvalidInput> {
        let moment = DateTime::parse_from_rfc3339(text)
            .map_err(|_| InvalidInput::new("Not a moment as RFC 3339 writes it, for instance 2026-01-31T12:00:00Z."))?;
        let finer = i64::from(moment.timestamp_subsec_nanos() % 1_000_000 != 0);
        let millis = moment.timestamp_millis() + finer;
        if (FIRST_MILLI..=LAST_MILLI).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(InvalidInput::new("A moment must lie in the years 1 to 9999."))
        }
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A half-open period, `from <= t < to`; a side left out is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Period {
    /// The first moment inside.
    pub from: Option<Timestamp>,
    /// The first moment after.
    pub to: Option<Timestamp>,
}

impl Period {
    /// The period from `from` up to, not including, `to`.
    ///
    /// # Errors
    /// [`InvalidInput`] when `from` is not before `to`.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self, InvalidInput> {
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(InvalidInput::new("`from` must be before `to`.")),
            _ => Ok(Self { from, to }),
        }
    }

    /// Whether `moment` lies inside.
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.to.is_none_or(|to| moment < to)
    }
}

/// A calendar interval in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// From minute 0 of an hour.
    Hour,
    /// From midnight.
    Day,
    /// From Monday's midnight (ISO 8601).
    Week,
    /// From the first of a month.
    Month,
}

impl Interval {
    /// The start of the interval that holds `moment`.
    pub fn start_of(self, moment: Timestamp) -> Timestamp {
        let millis = moment.millis();
        match self {
            Self::Hour => Timestamp::from_millis(millis - millis.rem_euclid(3_600_000)),
            Self::Day => Timestamp::from_millis(millis - millis.rem_euclid(86_400_000)),
            Self::Week => {
                let day = moment.utc().date_naive();
                let monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
                midnight(monday)
            }
            Self::Month => {
                let day = moment.utc().date_naive();
                midnight(day.with_day(1).unwrap_or(day))
            }
        }
    }

    /// The start of the interval after the one that starts at `start`.
    pub fn next(self, start: Timestamp) -> Timestamp {
        let utc = start.utc();
        let next = match self {
            Self::Hour => utc.checked_add_signed(TimeDelta::hours(1)),
            Self::Day => utc.checked_add_days(Days::new(1)),
            Self::Week => utc.checked_add_days(Days::new(7)),
            Self::Month => utc.checked_add_months(Months::new(1)),
        };
        Timestamp::from_millis(next.map_or(LAST_MILLI, |next| next.timestamp_millis()))
    }

    /// The starts of all intervals that meet `from <= t < to`, at most `limit` of them.
    ///
    /// # Errors
    /// [`InvalidInput`] when there are more than `limit`.
    pub fn starts(self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<Timestamp>, InvalidInput> {
        let mut starts = Vec::new();
        let mut start = self.start_of(from);
        while start < to {
            if starts.len() == limit {
                return Err(InvalidInput::new(format!(
                    "The period has more than {limit} intervals. Shorten it, or choose a longer interval."
                )));
            }
            starts.push(start);
            let next = self.next(start);
            if next <= start {
                break;
            }
            start = next;
        }
        Ok(starts)
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    Timestamp::from_millis(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a valid moment")
    }

    #[test]
    fn prints_utc_with_milliseconds_and_z() {
        assert_eq!(at("2026-03-01T01:30:00+02:00").to_string(), "2026-02-28T23:30:00.000Z");
        assert_eq!(at("2026-03-01T01:30:00.0001Z").to_string(), "2026-03-01T01:30:00.001Z");
    }

    #[test]
    fn what_rfc_3339_does_not_know_is_refused() {
        for text in
            ["", "2026-03-01", "2026-03-01T01:30:00", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+01:00"]
        {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn weeks_start_on_monday_and_months_on_the_first() {
        let sunday = at("2026-11-22T15:04:05Z");
        assert_eq!(Interval::Week.start_of(sunday), at("2026-11-16T00:00:00Z"));
        assert_eq!(Interval::Month.start_of(sunday), at("2026-11-01T00:00:00Z"));
        assert_eq!(Interval::Day.start_of(sunday), at("2026-11-22T00:00:00Z"));
        assert_eq!(Interval::Hour.start_of(sunday), at("2026-11-22T15:00:00Z"));
        assert_eq!(Interval::Hour.start_of(at("1969-12-31T23:59:59Z")), at("1969-12-31T23:00:00Z"));
    }

    #[test]
    fn intervals_cover_the_period_and_are_bounded() {
        let days = Interval::Day.starts(at("2026-01-30T12:00:00Z"), at("2026-02-02T00:00:00Z"), 1_000);
        let days: Vec<_> = days.expect("three days").iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-01-30T00:00:00.000Z", "2026-01-31T00:00:00.000Z", "2026-02-01T00:00:00.000Z"]);
        assert!(Interval::Hour.starts(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), 1_000).is_err());
        assert_eq!(
            Interval::Month.starts(at("9999-12-01T00:00:00Z"), at("9999-12-31T00:00:00Z"), 9).map(|s| s.len()),
            Ok(1)
        );
    }

    #[test]
    fn a_period_is_half_open_and_not_empty() {
        let (a, b) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        assert!(Period::new(Some(b), Some(a)).is_err());
        assert!(Period::new(Some(a), Some(a)).is_err());
        let period = Period::new(Some(a), Some(b)).expect("a day");
        assert!(period.contains(a) && !period.contains(b));
    }
}
