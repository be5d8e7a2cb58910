//! Which readings of Activity Logs are kept: those that tell of a regeneration, and as few more as cover the same time.

use std::collections::BTreeSet;

use super::line::Line;
use crate::model::memory::{GroupLog, LogReading};

/// Those of one log; all of them if fewer would not add up to the same.
pub(super) fn needed(mut readings: Vec<Line<LogReading>>) -> Vec<Line<LogReading>> {
    let chosen = chain(&readings);
    let some = || readings.iter().filter(|line| chosen.contains(&line.number));
    if folded(some()) == folded(readings.iter()) {
        readings.retain(|line| chosen.contains(&line.number));
    }
    readings
}

/// Each link is the reading that reaches furthest of those that meet what is covered already.
fn chain(readings: &[Line<LogReading>]) -> BTreeSet<usize> {
    let telling = readings.iter().filter(|line| !line.says.events.is_empty());
    let mut chosen: BTreeSet<usize> = telling.map(|line| line.number).collect();
    let mut sorted: Vec<&Line<LogReading>> = readings.iter().collect();
    sorted.sort_by_key(|line| (line.says.span, line.number));
    let mut rest = sorted.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut link = first;
        chosen.insert(link.number);
        loop {
            let mut next = link;
            while let Some(met) =
                rest.next_if(|line| line.says.span.since <= link.says.span.holds_until())
            {
                if met.says.span.until > next.says.span.until {
                    next = met;
                }
            }
            if next.number == link.number {
                break;
            }
            link = next;
            chosen.insert(link.number);
        }
    }
    chosen
}

fn folded<'a>(readings: impl Iterator<Item = &'a Line<LogReading>>) -> GroupLog {
    let mut log = GroupLog::default();
    for line in readings {
        log.add(&line.says);
    }
    log
}
