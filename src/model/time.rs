//! Instants, lengths of time, and freezes.
//!
//! A length of time is written with a unit. There are no calendar months, which have no fixed length.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

pub use jiff::Timestamp;

use crate::limits::YEARS;

mod notation;

/// A length of time in whole seconds: an age, a limit, a pause. Written `90d`, `12h`, `30m`, `45s` or a sum, `1d12h`.
/// A day has 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
const SPAN_SECONDS_MAX: u64 = 36_500 * 86_400;

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of so many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// A span of so many days of 24 hours.
    pub const fn days(days: u64) -> Self {
        Self(days * 86_400)
    }

    /// A span of so many hours.
    pub const fn hours(hours: u64) -> Self {
        Self(hours * 3_600)
    }

    /// The time from `earlier` to `later`, zero if they are the other way round.
    pub fn between(earlier: Timestamp, later: Timestamp) -> Self {
        Self(u64::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0))
    }

    /// Whole seconds.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// As jiff's duration.
    pub fn signed(self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    /// `instant` and this much later, at most the end of time.
    pub fn after(self, instant: Timestamp) -> Timestamp {
        instant
            .saturating_add(self.signed())
            .unwrap_or(Timestamp::MAX)
    }

    /// `instant` and this much earlier, at least the beginning of time.
    pub fn before(self, instant: Timestamp) -> Timestamp {
        instant
            .saturating_sub(self.signed())
            .unwrap_or(Timestamp::MIN)
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, zero at least.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads other notations, `90 days` or `P90D`, to tell what to write instead.
    pub fn in_words(text: &str) -> Option<Self> {
        let span = notation::seconds(text).map(Self)?;
        // What may not be written either is no advice.
        exactly(&span.to_string()).ok()
    }

    /// In the largest unit of which there are two or more, rounded down: `97d`, `31h`, `24h`, `5m`; just one hour or minute is
    /// `1h` or `1m`. For reading, not for computing.
    pub fn rounded(self) -> String {
        UNITS
            .iter()
            .find(|(unit, seconds)| self.0 >= 2 * seconds || (self.0 == *seconds && *unit != 'd'))
            .map_or_else(
                || format!("{}s", self.0),
                |(unit, seconds)| format!("{}{unit}", self.0 / seconds),
            )
    }
}

impl fmt::Display for Span {
    /// Exactly, as it would be written in a manifest: `1d12h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, seconds) in UNITS {
            if rest >= seconds {
                write!(f, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        exactly(text).map_err(|why| {
            Self::in_words(text).map_or(why.clone(), |meant| format!("write `{meant}`: {why}"))
        })
    }
}

/// Reads the one notation in which a length of time is written.
fn exactly(text: &str) -> Result<Span, String> {
    let hint = "a length of time reads 90d, 12h, 30m, 45s or a sum such as 1d12h";
    let mut total = 0_u64;
    let mut rest = text;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| hint.to_owned())?;
        let unit = rest[digits..]
            .chars()
            .next()
            .ok_or(format!("a bare number says no unit: {hint}"))?;
        let seconds = UNITS.iter().find(|(name, _)| *name == unit).ok_or(hint)?.1;
        if seconds >= last_unit {
            return Err(format!("units go from large to small, each once: {hint}"));
        }
        last_unit = seconds;
        total = number
            .checked_mul(seconds)
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= SPAN_SECONDS_MAX)
            .ok_or("a length of time is at most 36500d")?;
        rest = &rest[digits + 1..];
    }
    if text.is_empty() {
        Err(hint.to_owned())
    } else {
        Ok(Span(total))
    }
}

/// A time in which nothing is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Why, in the words of who declared it.
    pub reason: String,
    /// It is of the policy: no rule of a manifest passes it over.
    pub firm: bool,
}

impl Freeze {
    /// Is `now` inside?
    pub fn covers(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }
}

/// The same instant, unless it stands at one of the ends of time, where nothing can be reckoned with.
///
/// # Errors
/// In which years afresh decides.
pub fn in_calendar(instant: Timestamp) -> Result<Timestamp, String> {
    let year = instant.to_zoned(jiff::tz::TimeZone::UTC).year();
    let (first, last) = (YEARS.start(), YEARS.end());
    if YEARS.contains(&year) {
        Ok(instant)
    } else {
        Err(format!(
            "{instant} is not between the years {first} and {last}, in which afresh decides"
        ))
    }
}

/// `2026-08-17 03:12 UTC`: an instant for reading.
pub fn minute(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_and_writes_the_same_words() {
        for text in ["90d", "1d12h", "45s", "2h30m5s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "90",
            "d",
            "-3d",
            "1h1d",
            "1d1d",
            "2mo",
            "1.5h",
            "99999999d",
            "99999999999999999999d",
        ] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_span_in_another_notation_is_refused_with_the_right_one() {
        for (text, meant) in [
            ("90 days", "write `90d`: "),
            ("P90D", "write `90d`: "),
            ("3mo", "write `90d`: "),
            ("1.5h", "write `1h30m`: "),
            ("1h1d", "units go from large to small"),
            ("soon", "a length of time reads 90d"),
        ] {
            let why = text.parse::<Span>().unwrap_err();
            assert!(why.starts_with(meant), "{text}: {why}");
        }
    }

    #[test]
    fn a_span_rounds_to_what_people_say() {
        for (exact, said) in [
            ("97d5h", "97d"),
            ("31h", "31h"),
            ("1d", "24h"),
            ("1h", "1h"),
            ("60s", "1m"),
            ("61s", "61s"),
            ("90m", "90m"),
            ("119s", "119s"),
            ("120s", "2m"),
        ] {
            assert_eq!(exact.parse::<Span>().unwrap_or_default().rounded(), said);
        }
    }
}
