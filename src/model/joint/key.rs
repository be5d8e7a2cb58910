//! One key with the facts about it that are believed: what may be its birth, and what an event would ask of it.

use super::believed::Believed;
use super::events::{Event, LOOK_SLACK};
use crate::model::birth::{Birth, Evidence, Interval};
use crate::model::runtime::{Declaration, PerSlot, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::{LogSpan, Tenure, Timeline, lag};

/// A person's word on a day means any hour of it, in any zone.
const DECLARED_SLACK: Span = Span::hours(36);

/// What may be the birth of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) interval: Interval,
    /// The event that it is, by its place.
    pub(super) event: Option<usize>,
}

/// What an event asks of a key whose slot it changed, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    #[default]
    Nothing,
    /// The key must not have been born before this.
    BornFrom(Timestamp),
    /// It cannot be of this slot.
    Impossible,
}

impl Need {
    pub(super) fn is_met_by(self, born: Candidate) -> bool {
        match (self, born.interval.latest) {
            (Self::Nothing, _) | (Self::BornFrom(_), None) => true,
            (Self::BornFrom(from), Some(latest)) => from <= latest,
            (Self::Impossible, _) => false,
        }
    }
}

/// One key with the facts about it that are believed.
pub(super) struct Key<'a> {
    slot: Slot,
    pub(super) tenure: &'a Tenure,
    created: Option<Timestamp>,
    /// What looks and the creation leave.
    pub(super) range: Interval,
    /// When it may have been replaced unseen.
    unseen: Option<Interval>,
    /// A person's word.
    declared: Option<Declaration>,
    /// Where the log was read, and tells of every regeneration.
    covered: Vec<(Timestamp, Timestamp)>,
}

impl<'a> Key<'a> {
    pub(super) fn new(
        timeline: &'a Timeline,
        slot: Slot,
        created: Option<Timestamp>,
        believed: Believed,
    ) -> Self {
        let tenure = timeline.slots.get(slot);
        let (after, by) = tenure.bounds();
        let earliest = after.max(created);
        let silence = Believed::of(believed.silence, slot);
        // While nobody tells when the runtime was made, it may have been made at any time, with new keys, and no log tells of that.
        let silence = silence && timeline.created.is_some();
        let spans = timeline.log.spans.iter().filter(|_| silence);
        let from = timeline.log_from.unwrap_or(Timestamp::MIN);
        let covered = spans.map(|span| (span.since.max(from), tells_until(tenure, *span)));
        let unseen = tenure.unseen_until.zip(tenure.seen);
        // A log that was read when the key was seen leaves no time in between.
        let unseen = unseen.filter(|(until, (_, last))| last < until);
        Self {
            slot,
            tenure,
            created,
            range: Interval {
                earliest: earliest.map(|earliest| by.map_or(earliest, |by| earliest.min(by))),
                latest: by,
            },
            unseen: unseen.map(|(until, (_, last))| Interval {
                earliest: Some(last),
                latest: Some(until),
            }),
            declared: tenure
                .declared
                .filter(|_| Believed::of(believed.declared, slot)),
            covered: covered.filter(|(since, until)| since < until).collect(),
        }
    }

    /// Everything that may be its birth.
    pub(super) fn candidates(&self, events: &[Event]) -> Vec<Candidate> {
        let of_event = |(place, event): (usize, &Event)| {
            let at = self.as_birth(event)?;
            Some(Candidate {
                interval: Interval {
                    earliest: Some(at),
                    latest: Some(at),
                },
                event: Some(place),
            })
        };
        let of_events = events.iter().enumerate().filter_map(of_event);
        let silent = self.silent().into_iter().map(|interval| Candidate {
            interval,
            event: None,
        });
        let all: Vec<Candidate> = of_events.chain(silent).collect();
        match self.declared {
            None => all,
            Some(declared) => as_declared(&all, declared),
        }
    }

    /// When an event would be its birth; `None`: it is none.
    fn as_birth(&self, event: &Event) -> Option<Timestamp> {
        // afresh reads a key before it regenerates it: its own event in the second of a look came after the look.
        let slack = if event.is_known {
            Span::ZERO
        } else {
            LOOK_SLACK
        };
        let inside = |range: Interval| {
            let after = range.earliest.is_none_or(|earliest| earliest < event.at);
            let by = |latest| event.at <= slack.after(latest);
            after && range.latest.is_none_or(by)
        };
        let ranges = Some(self.range).filter(|_| !self.tenure.is_pinned());
        let range = ranges
            .into_iter()
            .chain(self.unseen)
            .find(|range| inside(*range))?;
        event
            .may_be(self.slot)
            .then(|| range.latest.map_or(event.at, |latest| event.at.min(latest)))
    }

    /// Where it may have been made without an event: where no log was read, or with the runtime itself.
    fn silent(&self) -> Vec<Interval> {
        if self.tenure.is_pinned() {
            let replaced = self
                .unseen
                .into_iter()
                .flat_map(|range| self.uncovered(range));
            return std::iter::once(self.range).chain(replaced).collect();
        }
        let born_with_it = self
            .created
            .filter(|created| self.range.earliest == Some(*created))
            .map(|created| Interval {
                earliest: Some(created),
                latest: Some(created),
            });
        let ranges = std::iter::once(self.range).chain(self.unseen);
        let open = ranges.flat_map(|range| self.uncovered(range));
        let mut open: Vec<Interval> = open.collect();
        let told = |created: &Interval| !open.iter().any(|part| part.earliest == created.earliest);
        let born_with_it = born_with_it.filter(told);
        open.extend(born_with_it);
        open
    }

    /// The parts of a range that no log covers.
    fn uncovered(&self, range: Interval) -> Vec<Interval> {
        if range.earliest.is_some() && range.earliest == range.latest {
            return vec![range];
        }
        let mut left = vec![range];
        for (since, until) in &self.covered {
            left = left
                .into_iter()
                .flat_map(|part| without(part, *since, *until))
                .collect();
        }
        left
    }

    /// What an event asks of this key if it is to be of its slot: such an event is its birth, or came before it.
    pub(super) fn need(&self, event: &Event) -> Need {
        let declared = self.declared.is_some_and(|declared| {
            DECLARED_SLACK.after(declared.born) < event.at && event.at <= declared.said
        });
        if declared || !event.may_be(self.slot) {
            return Need::Impossible;
        }
        self.as_birth(event).map_or(Need::Nothing, Need::BornFrom)
    }

    /// The interval over all stories, with what it rests on.
    pub(super) fn birth(&self, stories: &[PerSlot<Interval>], events: &[Event]) -> Birth {
        let mine = || stories.iter().map(|story| story.get(self.slot));
        let earliest: Option<Vec<Timestamp>> = mine().map(|interval| interval.earliest).collect();
        let latest: Option<Vec<Timestamp>> = mine().map(|interval| interval.latest).collect();
        let declared = self.declared.filter(|declared| {
            let around = |interval: &Interval| {
                let slack = DECLARED_SLACK;
                interval
                    .earliest
                    .is_none_or(|at| at <= slack.after(declared.born))
                    && interval
                        .latest
                        .is_none_or(|at| slack.before(declared.born) <= at)
            };
            mine().any(around)
        });
        let created = self.created.map(|at| Evidence::RuntimeCreated { at });
        let said = declared.map(|declared| Evidence::Declared { at: declared.born });
        Birth {
            earliest: earliest.and_then(|all| all.into_iter().min()),
            latest: latest.and_then(|all| all.into_iter().max()),
            evidence: self
                .tenure
                .own
                .into_iter()
                .chain(created)
                .chain(self.logged(stories, events))
                .chain(said)
                .collect(),
        }
    }

    /// What the log adds: events that may be of this key, or silence.
    fn logged(&self, stories: &[PerSlot<Interval>], events: &[Event]) -> Option<Evidence> {
        let until = self.covered.iter().map(|(_, until)| *until).max();
        let births = |at: Timestamp| {
            stories.iter().any(|story| {
                let interval = story.get(self.slot);
                interval.earliest == Some(at) && interval.latest == Some(at)
            })
        };
        let mine = || {
            let births = |event: &&Event| self.as_birth(event).is_some_and(births);
            events.iter().filter(births)
        };
        if let Some(newest) = mine().map(|event| event.at).max() {
            let known = mine()
                .filter(|event| event.is_known)
                .map(|event| event.at)
                .max();
            let until = until.unwrap_or(newest);
            return Some(Evidence::LogEvents {
                known,
                newest,
                until,
            });
        }
        let (since, until) = self
            .covered
            .iter()
            .copied()
            .rfind(|covered| self.matters(*covered))?;
        Some(Evidence::LogSilent { since, until })
    }

    /// Does what was read fall into a time in which the key may have been made?
    fn matters(&self, (since, until): (Timestamp, Timestamp)) -> bool {
        let meets = |range: Interval| {
            range.latest.is_none_or(|latest| since < latest)
                && range.earliest.is_none_or(|earliest| earliest < until)
        };
        let range = Some(self.range).filter(|_| !self.tenure.is_pinned());
        range.into_iter().chain(self.unseen).any(meets)
    }
}

/// Up to where a reading of the log tells of every regeneration of this key. What is not told for lack of time counts as silence only
/// where nothing better will ever come: before the runtime's first look, and where keys are not shown, as of the reading.
fn tells_until(tenure: &Tenure, span: LogSpan) -> Timestamp {
    let holds = span.holds_until();
    if tenure.unseen_until.is_some_and(|as_of| as_of <= span.until) {
        return span.until;
    }
    match tenure.own {
        Some(Evidence::FirstSeen { at }) if at <= lag().after(span.until) => {
            holds.max(at.min(lag().after(span.until)))
        }
        _ => holds,
    }
}

/// What is left of a part without what was read.
fn without(part: Interval, since: Timestamp, until: Timestamp) -> Vec<Interval> {
    let apart = part.latest.is_some_and(|latest| latest <= since)
        || part.earliest.is_some_and(|earliest| until <= earliest);
    if apart {
        return vec![part];
    }
    let before = part
        .earliest
        .is_none_or(|earliest| earliest < since)
        .then_some(Interval {
            earliest: part.earliest,
            latest: Some(since),
        });
    let after = part
        .latest
        .is_none_or(|latest| until < latest)
        .then_some(Interval {
            earliest: Some(until),
            latest: part.latest,
        });
    before.into_iter().chain(after).collect()
}

/// What a person's word leaves: the birth that comes closest to what they tell, or whatever came after they told it.
fn as_declared(all: &[Candidate], declared: Declaration) -> Vec<Candidate> {
    let closest = |candidate: &Candidate| {
        let Interval { earliest, latest } = candidate.interval;
        let point = declared.born.max(earliest.unwrap_or(Timestamp::MIN));
        let point = point.min(latest.unwrap_or(Timestamp::MAX));
        let (first, last) = (point.min(declared.born), point.max(declared.born));
        (Span::between(first, last), point)
    };
    let before = |candidate: &&Candidate| closest(candidate).1 <= declared.said;
    let distances = all
        .iter()
        .filter(before)
        .map(|candidate| closest(candidate).0);
    let least = distances.min().filter(|least| *least <= DECLARED_SLACK);
    let born = all.iter().filter(before).filter_map(|candidate| {
        let (distance, point) = closest(candidate);
        (Some(distance) == least).then_some(Candidate {
            interval: Interval {
                earliest: Some(point),
                latest: Some(point),
            },
            event: candidate.event,
        })
    });
    let after = all.iter().filter_map(|candidate| {
        let latest = candidate.interval.latest;
        let later = latest.is_none_or(|latest| declared.said < latest);
        later.then_some(Candidate {
            interval: Interval {
                earliest: candidate.interval.earliest.max(Some(declared.said)),
                latest,
            },
            event: candidate.event,
        })
    });
    born.chain(after).collect()
}
