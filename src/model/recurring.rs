//! What recurs: cron expressions and timezones, of manifests, plan files and services.
//!
//! An expression that never fires is recognised, since its next time would be searched for until the end of the calendar. A timezone is
//! found only if its name means the same on every machine.

use std::ops::Range;

use croner::{Cron, CronComponent, Weekday};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::limits::CRON_CHARS_MAX;

/// Years in which every pair of a date and a day of the week lies.
const CALENDAR: Range<i16> = 1972..2000;

/// A zone that means the same on every machine: a name like `localtime` is one in some systems' databases only. The system's rules count,
/// since they may be newer.
pub(super) fn time_zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()?;
    TimeZone::get(name).ok()
}

/// Is it short enough to be read at all?
pub(super) fn is_readable(cron: &str) -> bool {
    cron.len() <= CRON_CHARS_MAX
}

/// Is there a time of day, and a day on which it fires? Within 28 years each date has met each day of the week. Years are not looked at.
pub(super) fn comes(cron: &Cron) -> bool {
    let pattern = &cron.pattern;
    let has = |component: &CronComponent| !component.values().is_empty();
    let is_month = |month: &i8| pattern.month_match(u32::from(month.unsigned_abs()));
    let months: Vec<i8> = (1..=12)
        .filter(|month| is_month(month).unwrap_or(false))
        .collect();
    let mut firsts =
        CALENDAR.flat_map(|year| months.iter().map(move |month| date(year, *month, 1)));
    has(&pattern.seconds)
        && has(&pattern.minutes)
        && has(&pattern.hours)
        && firsts.any(|first| {
            let days = usize::from(first.days_in_month().unsigned_abs());
            first
                .series(1.day())
                .take(days)
                .any(|day| has_day(cron, day))
        })
}

fn has_day(cron: &Cron, day: Date) -> bool {
    let weekday = day.weekday().to_sunday_zero_offset().unsigned_abs();
    let fires = cron.pattern.day_match(
        i32::from(day.year()),
        u32::from(day.month().unsigned_abs()),
        u32::from(day.day().unsigned_abs()),
        Weekday::from_days_from_sunday(u32::from(weekday)),
    );
    fires.unwrap_or(false)
}
