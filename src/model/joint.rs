//! When both keys of a runtime were made, judged together: every story of the two keys that the facts allow.
//!
//! An event of the Activity Log is about one key, and mostly does not say which. So a single event in 90 days proves that one of two old
//! keys is 90 days old, though nobody can tell which. That is why neither key is judged alone.
//!
//! Where facts contradict each other, the weakest are dropped first: declarations, silence of the log, single events. A `createTime` after
//! the first sight of a key is dropped as well. What was dropped is reported.

mod events;
mod stories;

use events::{Event, changes};
use stories::{Need, told};

use super::birth::{Birth, Evidence};
use super::runtime::{Declaration, PerSlot, Slot};
use super::time::{Span, Timestamp};
use super::timeline::{LogSpan, Tenure, Timeline, lag};

/// Our own requests are matched with events by time: `Date` has whole seconds, and clocks differ.
const OWN_SLACK: Span = Span::seconds(60);
/// A look is dated by `Date`, which has whole seconds.
const LOOK_SLACK: Span = Span::seconds(1);
/// A person's word on a day means any hour of it, in any zone.
const DECLARED_SLACK: Span = Span::hours(36);

/// What the facts say of both keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// The interval of each key over all stories.
    pub births: PerSlot<Birth>,
    /// Every story, as an interval for the birth of each key. At least one.
    pub stories: Vec<PerSlot<Interval>>,
    /// Facts that had to give way.
    pub corrected: Vec<Correction>,
}

/// From when to when something happened; `None`: nothing bounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// Not before this.
    pub earliest: Option<Timestamp>,
    /// Not after this.
    pub latest: Option<Timestamp>,
}

/// A fact that stronger ones exclude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correction {
    /// A person's word on the birth of this key.
    Declared {
        /// Which key.
        slot: Slot,
        /// What was said.
        born: Timestamp,
    },
    /// The log shows no regeneration, and the key changed all the same: the log is late, or the runtime was made anew.
    Silence {
        /// Which key.
        slot: Slot,
    },
    /// The runtime says that it was made after this key was seen.
    Created {
        /// Which key.
        slot: Slot,
        /// What it says.
        at: Timestamp,
    },
    /// An event of the log, while looks show that neither key changed then.
    Event {
        /// When.
        at: Timestamp,
    },
}

/// Judges all facts of a timeline together.
pub fn joint(timeline: &Timeline) -> Joint {
    let mut corrected = Vec::new();
    let created = PerSlot::from_fn(|slot| created(timeline, slot, &mut corrected));
    let events = changes(timeline, &mut corrected);
    let judged = |believed: Believed| {
        let keys = PerSlot::from_fn(|slot| Key::new(timeline, slot, *created.get(slot), believed));
        let stories = told(&keys, &events);
        (keys, stories)
    };
    let mut last = None;
    for rank in Believed::RANKS {
        let mut consistent = rank
            .iter()
            .map(|believed| (*believed, judged(*believed)))
            .filter(|(_, (_, stories))| !stories.is_empty());
        // Where either of two facts may be the wrong one, neither is believed: the next rank.
        match (consistent.next(), consistent.next()) {
            (Some((believed, found)), None) => {
                last = Some((believed, found));
                break;
            }
            (Some(first), Some(_)) => last = Some(first),
            (None, _) => {}
        }
    }
    let (believed, (keys, stories)) = last.unwrap_or_else(|| {
        // Without a log any story goes; only to be total.
        let keys = PerSlot::from_fn(|slot| Key::new(timeline, slot, None, Believed::LOOKS));
        let stories = vec![PerSlot::from_fn(|slot| keys.get(slot).range)];
        (Believed::ALL, (keys, stories))
    });
    corrected.extend(believed.corrections(timeline));
    Joint {
        births: PerSlot::from_fn(|slot| keys.get(slot).birth(&stories, &events)),
        stories,
        corrected,
    }
}

impl Joint {
    /// Until when both keys are proved to be younger than `limit`; `None`: they are not.
    pub fn kept_until(&self, limit: Span) -> Option<Timestamp> {
        let ends: Option<Vec<Timestamp>> = self
            .stories
            .iter()
            .flat_map(|story| Slot::BOTH.map(|slot| story.get(slot).earliest))
            .map(|earliest| earliest.map(|earliest| limit.after(earliest)))
            .collect();
        ends?.into_iter().min()
    }

    /// From when on some key is proved to have reached `limit`, whichever it is; `None`: no evidence ever says so.
    pub fn broken_from(&self, limit: Span) -> Option<Timestamp> {
        let first = |story: &PerSlot<Interval>| {
            let latest = Slot::BOTH
                .into_iter()
                .filter_map(|slot| story.get(slot).latest);
            latest.map(|latest| limit.after(latest)).min()
        };
        let all: Option<Vec<Timestamp>> = self.stories.iter().map(first).collect();
        all?.into_iter().max()
    }
}

/// Which of the weaker facts are believed.
#[derive(Clone, Copy, Debug)]
struct Believed {
    declared: [bool; 2],
    silence: [bool; 2],
}

impl Believed {
    const ALL: Self = Self::but([true; 2], [true; 2]);
    const LOOKS: Self = Self::but([false; 2], [false; 2]);
    /// From everything down to what looks and events say. Those of one rank are equally good.
    const RANKS: [&'static [Self]; 5] = [
        &[Self::ALL],
        &[
            Self::but([false, true], [true; 2]),
            Self::but([true, false], [true; 2]),
        ],
        &[Self::but([false; 2], [true; 2])],
        &[
            Self::but([false; 2], [false, true]),
            Self::but([false; 2], [true, false]),
        ],
        &[Self::LOOKS],
    ];

    const fn but(declared: [bool; 2], silence: [bool; 2]) -> Self {
        Self { declared, silence }
    }

    const fn of(pair: [bool; 2], slot: Slot) -> bool {
        match slot {
            Slot::One => pair[0],
            Slot::Two => pair[1],
        }
    }

    fn corrections(self, timeline: &Timeline) -> impl Iterator<Item = Correction> {
        let declared = move |slot: Slot| {
            let said = timeline.slots.get(slot).declared;
            let said = said.filter(|_| !Self::of(self.declared, slot))?;
            Some(Correction::Declared {
                slot,
                born: said.born,
            })
        };
        let silence = move |slot: Slot| {
            (!Self::of(self.silence, slot)).then_some(Correction::Silence { slot })
        };
        let both = |slot| [declared(slot), silence(slot)];
        Slot::BOTH.map(both).into_iter().flatten().flatten()
    }
}

/// The runtime's creation, if it may bound this key: a key that was seen before it is not of this runtime.
fn created(timeline: &Timeline, slot: Slot, corrected: &mut Vec<Correction>) -> Option<Timestamp> {
    let at = timeline.created?;
    let tenure = timeline.slots.get(slot);
    if matches!(tenure.own, Some(Evidence::KnownBefore { .. })) {
        return None;
    }
    if tenure
        .bounds()
        .1
        .is_none_or(|by| at <= LOOK_SLACK.after(by))
    {
        return Some(at);
    }
    corrected.push(Correction::Created { slot, at });
    None
}

/// What may be the birth of a key.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    interval: Interval,
    /// The event that it is, by its place.
    event: Option<usize>,
}

/// One key with the facts about it that are believed.
struct Key<'a> {
    slot: Slot,
    tenure: &'a Tenure,
    created: Option<Timestamp>,
    /// What looks and the creation leave.
    range: Interval,
    /// When it may have been replaced unseen.
    unseen: Option<Interval>,
    /// A person's word.
    declared: Option<Declaration>,
    /// Where the log was read, and tells of every regeneration.
    covered: Vec<(Timestamp, Timestamp)>,
}

impl<'a> Key<'a> {
    fn new(
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
    fn candidates(&self, events: &[Event]) -> Vec<Candidate> {
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
    fn need(&self, event: &Event) -> Need {
        let declared = self.declared.is_some_and(|declared| {
            DECLARED_SLACK.after(declared.born) < event.at && event.at <= declared.said
        });
        if declared || !event.may_be(self.slot) {
            return Need::Impossible;
        }
        self.as_birth(event).map_or(Need::Nothing, Need::BornFrom)
    }

    /// The interval over all stories, with what it rests on.
    fn birth(&self, stories: &[PerSlot<Interval>], events: &[Event]) -> Birth {
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

#[cfg(test)]
mod tests;
