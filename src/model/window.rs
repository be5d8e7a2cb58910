//! Windows: recurring times in which effects are wanted, in the local time of a zone.
//!
//! A window always has a timezone. A clock change neither skips a window at a fixed time of day nor opens it twice.

use std::str::FromStr;

use croner::Cron;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::recurring::{comes, is_readable, time_zone};
use super::time::{Span, Timestamp};
use crate::limits::CRON_CHARS_MAX;

/// A recurring time in which effects are wanted.
///
/// Where clocks go forward, a window whose time of day is skipped opens at the first instant after the gap. Where they go back, one
/// with a fixed time of day opens at the first of the two; one of every hour or minute (`*`) opens at both, as cron does.
/// It stays open for its length as time passes, whatever clocks do meanwhile.
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

/// Most clock changes that a search goes through: leap days of a zone that changes twice a year lie eight years apart at most.
const CHANGES_MAX: usize = 64;

impl Window {
    /// A window that opens whenever `cron` (five fields) fires in the IANA timezone `zone`, and stays open for `length`.
    ///
    /// # Errors
    /// A sentence on the cron expression or the timezone.
    pub fn new(cron: &str, zone: &str, length: Span) -> Result<Self, String> {
        if !is_readable(cron) {
            return Err(format!(
                "a cron expression has at most {CRON_CHARS_MAX} characters"
            ));
        }
        let parsed = Cron::from_str(cron)
            .map_err(|_| format!("`{cron}` is not a cron expression: {}", wrong_field(cron)))?;
        if !comes(&parsed) {
            return Err(format!("`{cron}` never comes"));
        }
        let zone_found = time_zone(zone).ok_or_else(|| {
            format!("`{zone}` is not an IANA timezone such as Europe/Paris or UTC")
        })?;
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
        let end = self.length.after(self.last_opening(start_of_second(now))?);
        (now < end).then_some(end)
    }

    /// When it opens next after `now`; `None` if it never does.
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let now = start_of_second(now);
        if self.is_of_every_hour() {
            return self.next_of_every_hour(now);
        }
        let mut civil = self.zone.to_datetime(now);
        // Firings of the first of two equal hours lie behind a `now` in the second one.
        loop {
            civil = self.firing(civil, Side::After)?;
            let opens = self.instant(civil)?;
            if opens > now {
                return Some(opens);
            }
        }
    }

    /// `instant` as people near the window read it at `now`: `Sat 28 Nov 02:00 Europe/Paris`, of another year `Sat 2 Jan 2027 …`.
    pub fn local(&self, instant: Timestamp, now: Timestamp) -> String {
        let there = instant.to_zoned(self.zone.clone());
        let this_year = there.year() == now.to_zoned(self.zone.clone()).year();
        let day = if this_year {
            "%a %-d %b"
        } else {
            "%a %-d %b %Y"
        };
        format!(
            "{} {} {}",
            there.strftime(day),
            there.strftime("%H:%M"),
            self.zone_name
        )
    }

    /// Vixie cron's rule: with `*` in minutes or hours it fires as time passes, otherwise at times of the day.
    fn is_of_every_hour(&self) -> bool {
        let mut fields = self.cron_text().split_whitespace().take(2);
        fields.any(|field| field.starts_with('*'))
    }

    /// The nearest firing on the wall clock, whatever it does there.
    fn firing(&self, from: DateTime, side: Side) -> Option<DateTime> {
        let from = from.to_zoned(TimeZone::UTC).ok()?;
        let found = match side {
            Side::After => self.cron.find_next_occurrence(&from, false),
            Side::From => self.cron.find_next_occurrence(&from, true),
            Side::UpTo => self.cron.find_previous_occurrence(&from, true),
        };
        found.ok().map(|found| found.datetime())
    }

    /// When a fixed time of day comes; the later the time of day, the later that is, or the same instant behind a gap.
    fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok(),
            AmbiguousOffset::Gap { before, .. } => {
                let behind = before.to_timestamp(civil).ok()?;
                self.change_up_to(behind)
            }
        }
    }

    fn last_opening(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_of_every_hour() {
            return self.last_of_every_hour(now);
        }
        let mut opened = self.instant(self.firing(self.zone.to_datetime(now), Side::UpTo)?)?;
        // In the second of two equal hours, firings of the first lie ahead on the wall clock and behind in time.
        let mut civil = self.zone.to_datetime(now);
        while let Some(later) = self.firing(civil, Side::After)
            && let Some(at) = self.instant(later)
            && at <= now
        {
            (opened, civil) = (at, later);
        }
        Some(opened)
    }

    fn next_of_every_hour(&self, now: Timestamp) -> Option<Timestamp> {
        let (mut from, mut side) = (now, Side::After);
        for _ in 0..CHANGES_MAX {
            let offset = self.zone.to_offset(from);
            let firing = self.firing(offset.to_datetime(from), side)?;
            let opens = offset.to_timestamp(firing).ok()?;
            match self.zone.following(from).next() {
                Some(change) if change.timestamp() <= opens => {
                    (from, side) = (change.timestamp(), Side::From);
                }
                _ => return Some(opens),
            }
        }
        None
    }

    fn last_of_every_hour(&self, now: Timestamp) -> Option<Timestamp> {
        let mut until = now;
        for _ in 0..CHANGES_MAX {
            let offset = self.zone.to_offset(until);
            let firing = self.firing(offset.to_datetime(until), Side::UpTo)?;
            let opened = offset.to_timestamp(firing).ok()?;
            match self.change_up_to(until) {
                Some(change) if opened < change => {
                    until = Timestamp::from_second(change.as_second() - 1).ok()?;
                }
                _ => return Some(opened),
            }
        }
        None
    }

    /// The newest clock change that is not after `instant`.
    fn change_up_to(&self, instant: Timestamp) -> Option<Timestamp> {
        let mut before = self.zone.preceding(Span::seconds(1).after(instant));
        before.next().map(|change| change.timestamp())
    }
}

/// Where a firing is looked for.
#[derive(Clone, Copy)]
enum Side {
    After,
    From,
    UpTo,
}

fn start_of_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// The fields of a cron expression, and what each takes besides `*`, lists, ranges and steps.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of the week", "0 to 7, or SUN to SAT"),
];

/// Which field of a cron expression cannot be read: the first that is wrong also where all others are `*`.
fn wrong_field(cron: &str) -> String {
    let alone = |place: usize, field: &str| {
        let mut fields = ["*"; FIELDS.len()];
        fields[place] = field;
        Cron::from_str(&fields.join(" ")).is_ok()
    };
    let mut fields = cron.split_whitespace().zip(FIELDS).enumerate();
    match fields.find(|(place, (field, _))| !alone(*place, field)) {
        Some((_, (field, (name, takes)))) => format!("its {name} is `{field}`, and takes {takes}"),
        None => "its fields do not go together".to_owned(),
    }
}

#[cfg(test)]
mod tests;
