//! Time as a world file writes it: an instant, `97d ago`, `in 3d`, or a duration such as `1d12h`. Bare numbers and negative durations
//! are errors.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// An instant, or a distance from the instant at which the world is first loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum When {
    /// This very instant.
    At(Timestamp),
    /// So long before the world's beginning.
    Ago(Duration),
    /// So long after it.
    In(Duration),
}

impl When {
    /// The instant that is meant in a world that begins at `beginning`.
    pub(crate) fn resolve(self, beginning: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(span) => before(beginning, span),
            Self::In(span) => after(beginning, span),
        }
    }
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a time: write `2026-11-22T09:00:00Z`, `2026-11-22`, `97d ago` or `in 3d`"
            )
        };
        if text == "now" {
            return Ok(Self::Ago(Duration::ZERO));
        }
        if let Some(distance) = text.strip_suffix(" ago") {
            return span(distance).map(Self::Ago).ok_or_else(wrong);
        }
        if let Some(distance) = text.strip_prefix("in ") {
            return span(distance).map(Self::In).ok_or_else(wrong);
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self::At(instant));
        }
        let midnight = text
            .parse::<Date>()
            .ok()
            .and_then(|date| date.to_zoned(TimeZone::UTC).ok());
        midnight
            .map(|zoned| Self::At(zoned.timestamp()))
            .ok_or_else(wrong)
    }
}

/// A length of time: `90d`, `1d12h`, `250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        span(&text).map(Self).ok_or_else(|| {
            format!(
                "`{text}` is not a length of time: write `90d`, `1d12h`, `30m`, `45s` or `250ms`"
            )
        })
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        format!("{}ms", span.0.as_millis())
    }
}

/// Reads a sum of whole numbers with units; `None` for anything else.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        total = total.checked_add(unit(&rest[..letters], number)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then_some(total)
}

fn unit(name: &str, number: u64) -> Option<Duration> {
    let seconds = match name {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// `instant` and `span` more, at the end of time at most.
pub(crate) fn after(instant: Timestamp, span: Duration) -> Timestamp {
    instant.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// `instant` less `span`, at the beginning of time at least.
pub(crate) fn before(instant: Timestamp, span: Duration) -> Timestamp {
    instant.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

/// From `earlier` to `later`; nothing if they are the other way round.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

/// With seven fractional digits, as Azure prints instants.
pub(crate) fn azure(instant: Timestamp) -> String {
    let ticks = instant.subsec_nanosecond() / 100;
    format!("{}.{ticks:07}Z", instant.strftime("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sums_with_units_and_never_bare_numbers() {
        assert_eq!(span("1d12h"), Some(Duration::from_hours(36)));
        assert_eq!(span("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "90", "d", "-1d", "1w", "1d 2h", "99999999999999999999d"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_is_an_instant_a_day_or_a_distance() {
        let beginning: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let read = |text: &str| {
            When::try_from(text.to_owned())
                .unwrap()
                .resolve(beginning)
                .to_string()
        };
        assert_eq!(read("2d ago"), "2026-11-20T09:00:00Z");
        assert_eq!(read("in 1d12h"), "2026-11-23T21:00:00Z");
        assert_eq!(read("2026-08-17"), "2026-08-17T00:00:00Z");
        assert_eq!(read("2026-08-17T03:12:00Z"), "2026-08-17T03:12:00Z");
        assert!(
            When::try_from("yesterday".to_owned())
                .unwrap_err()
                .contains("is not a time")
        );
    }

    #[test]
    fn azure_prints_seven_fractional_digits() {
        assert_eq!(
            azure("2021-04-26T06:14:06.5886459Z".parse().unwrap()),
            "2021-04-26T06:14:06.5886459Z"
        );
        assert_eq!(
            azure("2021-04-26T06:14:06Z".parse().unwrap()),
            "2021-04-26T06:14:06.0000000Z"
        );
    }
}
