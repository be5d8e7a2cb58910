//! Which readings of Activity Logs are kept: those that tell of a regeneration, and as few more as cover the same time.

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::Event;
use crate::model::memory::{GroupLog, LogId, LogReading};

/// The readings that the memory rests on, by their places.
pub(super) fn resting_on(events: &[Event]) -> BTreeSet<usize> {
    let mut logs: BTreeMap<&LogId, Vec<(usize, &LogReading)>> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        if let Event::LogRead(reading) = event {
            logs.entry(&reading.log).or_default().push((place, reading));
        }
    }
    logs.values()
        .flat_map(|readings| needed(readings))
        .collect()
}

/// Those of one log; all of them if fewer would not add up to the same.
fn needed(readings: &[(usize, &LogReading)]) -> Vec<usize> {
    let chosen = chain(readings);
    let some = || readings.iter().filter(|(place, _)| chosen.contains(place));
    if folded(some()) == folded(readings.iter()) {
        some().map(|(place, _)| *place).collect()
    } else {
        readings.iter().map(|(place, _)| *place).collect()
    }
}

/// Each link is the reading that reaches furthest of those that meet what is covered already.
fn chain(readings: &[(usize, &LogReading)]) -> BTreeSet<usize> {
    let telling = readings
        .iter()
        .filter(|(_, reading)| !reading.events.is_empty());
    let mut chosen: BTreeSet<usize> = telling.map(|(place, _)| *place).collect();
    let mut sorted: Vec<&(usize, &LogReading)> = readings.iter().collect();
    sorted.sort_by_key(|(place, reading)| (reading.span, *place));
    let mut rest = sorted.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut link = first;
        chosen.insert(link.0);
        loop {
            let mut next = link;
            while let Some(met) =
                rest.next_if(|(_, reading)| reading.span.since <= link.1.span.holds_until())
            {
                if met.1.span.until > next.1.span.until {
                    next = met;
                }
            }
            if next.0 == link.0 {
                break;
            }
            link = next;
            chosen.insert(link.0);
        }
    }
    chosen
}

fn folded<'a>(readings: impl Iterator<Item = &'a (usize, &'a LogReading)>) -> GroupLog {
    let mut log = GroupLog::default();
    for (_, reading) in readings {
        log.add(reading);
    }
    log
}
