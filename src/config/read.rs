//! How the text of a setting is read, for types that several settings share.
//!
//! An error is the rest of a sentence that starts with the setting and its text: see [`Read`](super::setting::Read).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// An address with a port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "is not an IP address with a port. Write it like 127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000; port 0 takes a \
         free one."
            .to_owned()
    })
}

/// A path, relative to the working directory unless it is absolute.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

/// Yes or no.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "on" => Ok(true),
        "false" | "off" => Ok(false),
        _ => Err("is neither true nor false. Write true or false.".to_owned()),
    }
}

/// Yes or no, where it is said.
pub(super) fn optional_switch(text: &str) -> Result<Option<bool>, String> {
    if text.is_empty() { Ok(None) } else { switch(text).map(Some) }
}

/// A whole number from `LEAST` to `MOST`.
pub(super) fn count<const LEAST: u64, const MOST: u64>(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(count) if (LEAST..=MOST).contains(&count) => Ok(count),
        _ => Err(format!("is not a whole number from {LEAST} to {MOST}.")),
    }
}

/// So many bytes, from `LEAST` to `MOST`: a whole number, with or without a unit.
pub(super) fn bytes<const LEAST: u64, const MOST: u64>(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let bytes_per_unit = match unit.trim_start() {
        "" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        _ => None,
    };
    let bytes = bytes_per_unit.zip(number.parse::<u64>().ok()).and_then(|(unit, number)| number.checked_mul(unit));
    match bytes {
        Some(bytes) if (LEAST..=MOST).contains(&bytes) => Ok(bytes),
        _ => Err(format!("is not a size from {LEAST} to {MOST} bytes. Write it like 1048576, 1024KiB or 1MiB.")),
    }
}

/// How many connections a pool may hold.
pub(super) fn pool_size(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(size @ 1..=10_000) => Ok(size),
        _ => Err("is not a whole number from 1 to 10000.".to_owned()),
    }
}

/// How many of something, none included.
pub(super) fn small_count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count @ 0..=1_000_000) => Ok(count),
        _ => Err("is not a whole number from 0 to 1000000.".to_owned()),
    }
}

/// A duration: a whole number with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let fault = || "is not a duration. Write a whole number and a unit, like 500ms, 2s, 5m or 1h.".to_owned();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let millis_per_unit = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(fault()),
    };
    let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(millis_per_unit));
    // A hundred years: sums with a moment can't overflow.
    match millis {
        Some(millis @ 0..=3_153_600_000_000) => Ok(Duration::from_millis(millis)),
        _ => Err(fault()),
    }
}

/// A duration that is not zero.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("would let nothing succeed. Write a longer one, like 2s.".to_owned()),
        timeout => Ok(timeout),
    }
}

/// A duration, or `off` (or 0) for none.
pub(super) fn duration_or_off(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    match duration(text) {
        Ok(duration) => Ok((!duration.is_zero()).then_some(duration)),
        Err(fault) => Err(format!("{fault} `off` turns it off.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, millis) in
            [("500ms", 500), ("2s", 2_000), ("5m", 300_000), ("1h", 3_600_000), ("0", 0), ("0s", 0), ("2 s", 2_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "1.5s", "-1s", "2 days", "2S", "99999999999999999999s", "9999999999999h", "٣s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_is_longer_than_nothing() {
        assert_eq!(timeout("1ms"), Ok(Duration::from_millis(1)));
        assert!(timeout("0").is_err() && timeout("0s").is_err());
    }

    #[test]
    fn off_and_zero_mean_none() {
        for text in ["off", "0", "0s"] {
            assert_eq!(duration_or_off(text), Ok(None), "{text}");
        }
        assert_eq!(duration_or_off("1m"), Ok(Some(Duration::from_secs(60))));
        assert!(duration_or_off("never").is_err());
    }

    #[test]
    fn counts_and_sizes_have_bounds() {
        assert_eq!((count::<2, 10>("2"), count::<2, 10>("10")), (Ok(2), Ok(10)));
        for text in ["1", "11", "-3", "2.5", "", "many"] {
            assert!(count::<2, 10>(text).is_err(), "{text}");
        }
        for (text, expected) in [("1024", 1_024), ("1KiB", 1_024), ("2 KiB", 2_048), ("1MiB", 1_048_576)] {
            assert_eq!(bytes::<1_024, 1_048_576>(text), Ok(expected), "{text}");
        }
        for text in ["1023", "2MiB", "1MB", "KiB", "", "99999999999999999999MiB"] {
            assert!(bytes::<1_024, 1_048_576>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pools_hold_at_least_one_connection() {
        assert_eq!(pool_size("16"), Ok(16));
        for text in ["0", "-1", "many", "10001"] {
            assert!(pool_size(text).is_err(), "{text}");
        }
    }
}
