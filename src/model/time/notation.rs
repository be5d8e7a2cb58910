//! What a length of time in another notation is here: `90 days`, `P90D`, `24hrs`, `1w`, `3mo`.
//!
//! Such a text is refused all the same, since a manifest has one notation. It is only told what to write.

/// Longer texts are not looked at: no length of time needs so many characters.
const CHARS_MAX: usize = 40;
/// Months and years have no fixed length. These are the lengths that rules mean by them.
const MONTH_DAYS: u64 = 30;
const YEAR_DAYS: u64 = 365;

/// The seconds of a text that is a length of time in ISO 8601 or in words; `None` also for no time at all.
pub(super) fn seconds(text: &str) -> Option<u64> {
    if text.len() > CHARS_MAX {
        return None;
    }
    let read: jiff::Span = text.trim().to_lowercase().parse().ok()?;
    let count = |number: i64| u64::try_from(number).ok();
    let days = [
        (i64::from(read.get_years()), YEAR_DAYS),
        (i64::from(read.get_months()), MONTH_DAYS),
        (i64::from(read.get_weeks()), 7),
        (i64::from(read.get_days()), 1),
    ];
    let parts = [
        (i64::from(read.get_hours()), 3_600),
        (read.get_minutes(), 60),
        (read.get_seconds(), 1),
    ];
    let mut seconds = 0_u64;
    for (number, each) in days {
        seconds = seconds.checked_add(count(number)?.checked_mul(each * 86_400)?)?;
    }
    for (number, each) in parts {
        seconds = seconds.checked_add(count(number)?.checked_mul(each)?)?;
    }
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    #[test]
    fn other_notations_are_understood() {
        for (text, meant) in [
            ("90 days", 90 * DAY),
            ("90D", 90 * DAY),
            ("1 day", DAY),
            ("P90D", 90 * DAY),
            ("PT24H", DAY),
            ("P1DT12H", DAY + DAY / 2),
            ("1w", 7 * DAY),
            ("2 weeks", 14 * DAY),
            ("3mo", 90 * DAY),
            ("3 months", 90 * DAY),
            ("1y", 365 * DAY),
            ("24hrs", DAY),
            ("2 hours", DAY / 12),
            ("30 min", 1_800),
            ("90d 12h", 90 * DAY + DAY / 2),
        ] {
            assert_eq!(seconds(text), Some(meant), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_means_nothing() {
        for text in ["", "90", "soon", "-3 days", "0 days", "P", "5ms", "@daily"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(seconds(&"1 day ".repeat(20)), None);
    }
}
