//! Instants, lengths of time, and windows.
//!
//! Refuses: a bare number as a length, a calendar month (which has no length), a window without a timezone.

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

pub use jiff::Timestamp;

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
            Ok(Self(total))
        }
    }
}

/// A recurring time in which effects are wanted.
#[derive(Clone, Debug)]
pub struct Window {
    cron: Cron,
    zone: TimeZone,
    zone_name: String,
    length: Span,
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.cron_text() == other.cron_text()
            && self.zone_name == other.zone_name
            && self.length == other.length
    }
}

impl Eq for Window {}

impl Window {
    /// A window that opens whenever `cron` (five fields) fires in the IANA timezone `zone`, and stays open for `length`.
    ///
    /// # Errors
    /// A sentence on the cron expression or the timezone.
    pub fn new(cron: &str, zone: &str, length: Span) -> Result<Self, String> {
        let parsed = Cron::from_str(cron)
            .map_err(|error| format!("`{cron}` is not a cron expression: {error}"))?;
        let zone_found = TimeZone::get(zone)
            .map_err(|_| format!("`{zone}` is not an IANA timezone such as Europe/Paris or UTC"))?;
        Ok(Self {
            cron: parsed,
            zone: zone_found,
            zone_name: zone.to_owned(),
            length,
        })
    }

    /// The cron expression as it was written.
    pub fn cron_text(&self) -> &str {
        self.cron.as_str()
    }

    /// The timezone's IANA name.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// How long it stays open.
    pub fn length(&self) -> Span {
        self.length
    }

    /// If it is open at `now`: when it closes.
    pub fn closes(&self, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned(self.zone.clone());
        let opened = if self.cron.is_time_matching(&local).unwrap_or(false) {
            local
        } else {
            self.cron.find_previous_occurrence(&local, true).ok()?
        };
        let end = self.length.after(start_of_second(&opened));
        (now < end).then_some(end)
    }

    /// When it opens next after `now`; `None` if it never does.
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned(self.zone.clone());
        self.cron
            .find_next_occurrence(&local, false)
            .ok()
            .map(|next| next.timestamp())
    }

    /// `instant` as people near the window read it: `Sat 28 Nov 02:00 Europe/Paris`.
    pub fn local(&self, instant: Timestamp) -> String {
        format!(
            "{} {}",
            instant
                .to_zoned(self.zone.clone())
                .strftime("%a %-d %b %H:%M"),
            self.zone_name
        )
    }
}

fn start_of_second(instant: &Zoned) -> Timestamp {
    Timestamp::from_second(instant.timestamp().as_second()).unwrap_or(instant.timestamp())
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
}

impl Freeze {
    /// Is `now` inside?
    pub fn covers(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
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

    #[test]
    fn a_window_is_open_from_its_firing_until_its_length_has_passed() {
        let window = Window::new("0 2 * * 6", "Europe/Paris", Span::hours(4)).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(window.closes(at("2026-11-28T00:59:59Z")), None);
        assert_eq!(
            window.closes(at("2026-11-28T01:00:00Z")),
            Some(at("2026-11-28T05:00:00Z"))
        );
        assert_eq!(
            window.closes(at("2026-11-28T01:00:30Z")),
            Some(at("2026-11-28T05:00:00Z"))
        );
        assert_eq!(
            window.closes(at("2026-11-28T04:59:59.999Z")),
            Some(at("2026-11-28T05:00:00Z"))
        );
        assert_eq!(window.closes(at("2026-11-28T05:00:00Z")), None);
        assert_eq!(
            window.next_opening(at("2026-11-22T09:00:00Z")),
            Some(at("2026-11-28T01:00:00Z"))
        );
        assert_eq!(
            window.local(at("2026-11-28T01:00:00Z")),
            "Sat 28 Nov 02:00 Europe/Paris"
        );
    }

    #[test]
    fn a_window_needs_a_real_zone_and_a_real_cron() {
        assert!(Window::new("0 2 * *", "UTC", Span::hours(1)).is_err());
        assert!(Window::new("0 2 * * 6", "Mars/Olympus", Span::hours(1)).is_err());
    }
}
