//! For which times an Activity Log was read, and what it tells of them.

use crate::limits::ACTIVITY_LOG_LAG;
use crate::model::runtime::regeneration::Regeneration;
use crate::model::time::{Span, Timestamp};

/// A stretch of time for which an Activity Log was read to its last page. Its end is when it was read: the last
/// [`ACTIVITY_LOG_LAG`] before that may lack events that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSpan {
    /// The first instant that was read.
    pub since: Timestamp,
    /// When it was read.
    pub until: Timestamp,
}

impl LogSpan {
    /// Up to where it holds for good.
    pub fn holds_until(self) -> Timestamp {
        lag().before(self.until).max(self.since)
    }
}

/// How late the Activity Log may tell of an event.
pub const fn lag() -> Span {
    Span::seconds(ACTIVITY_LOG_LAG.as_secs())
}

/// What was read of one log, or of one runtime in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogMemory {
    /// What was read, the earliest first. No two could be one.
    pub spans: Vec<LogSpan>,
    /// Regenerations, the earliest first, each once.
    pub events: Vec<Regeneration>,
}

impl LogMemory {
    /// Adds one reading. Spans become one where what holds for good of the earlier meets the later.
    pub fn add(&mut self, span: LogSpan, events: &[Regeneration]) {
        add_span(&mut self.spans, span);
        add_events(&mut self.events, events);
    }
}

/// Adds a span to spans, which stay sorted and apart.
pub(in crate::model) fn add_span(spans: &mut Vec<LogSpan>, span: LogSpan) {
    spans.push(span);
    spans.sort_unstable();
    let mut merged: Vec<LogSpan> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match merged.last_mut() {
            Some(last) if span.since <= last.holds_until() => {
                last.until = last.until.max(span.until);
            }
            Some(_) | None => merged.push(span),
        }
    }
    *spans = merged;
}

/// Adds the events of one reading to events, which stay sorted. An event of a reading before is the same one; two alike in one reading
/// are two.
pub(in crate::model) fn add_events(known: &mut Vec<Regeneration>, read: &[Regeneration]) {
    let mut added: Vec<Regeneration> = Vec::new();
    for event in read {
        let count =
            |events: &[Regeneration]| events.iter().filter(|other| other.is_same(event)).count();
        if count(known) + count(&added) < count(read) {
            added.push(event.clone());
        }
    }
    known.extend(added);
    known.sort_by_key(|event| (event.at, event.slot));
}
