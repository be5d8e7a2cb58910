//! What is known of a runtime over time: for which times its Activity Log was read, the events in it, when its keys were seen, rotations by
//! afresh, and declarations. From this follows when its keys were made, judged for both keys together.
//!
//! Evidence does not expire: what was proved of a key stays proved as long as its slot holds that key.

use super::birth::{Birth, Evidence};
use super::joint::{Interval, Joint, joint};
use super::runtime::{
    Declaration, Fingerprint, KeySight, LogSight, PerSlot, Regeneration, Rotation, RuntimeMemory,
    RuntimeSight, Slot, SlotMemory, TOLD_SLACK,
};
use super::time::{Span, Timestamp};
use crate::limits::ACTIVITY_LOG_LAG;

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
pub fn add_span(spans: &mut Vec<LogSpan>, span: LogSpan) {
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
pub fn add_events(known: &mut Vec<Regeneration>, read: &[Regeneration]) {
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

/// Everything about the keys of one runtime, as of one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// When the runtime was made, if the service told.
    pub created: Option<Timestamp>,
    /// The key that each slot holds.
    pub slots: PerSlot<Tenure>,
    /// What was read of the Activity Log.
    pub log: LogMemory,
    /// The log says nothing of this runtime before this: until then its keys lived under another resource id.
    pub log_from: Option<Timestamp>,
    /// Regenerations by afresh, also of keys that are gone, in the order of their answers.
    pub rotations: Vec<Rotation>,
    /// The stories of both keys where they lived together before; empty: they did not.
    pub home: Vec<PerSlot<Interval>>,
}

/// One key, while its slot holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tenure {
    /// What looks and our own rotations say of its birth: at most one piece.
    pub own: Option<Evidence>,
    /// From the first time that it was seen until the last time, its slot did not change.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// It may have been replaced unseen between its last look and this instant: keys were not shown.
    pub unseen_until: Option<Timestamp>,
    /// Earlier times in which the slot did not change either: it held other keys then.
    pub former: Vec<(Timestamp, Timestamp)>,
    /// A person's word on its birth.
    pub declared: Option<Declaration>,
}

impl Tenure {
    /// After, and not after: what looks and rotations leave for its birth.
    pub fn bounds(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        self.own
            .map_or((None, self.unseen_until), |own| own.bounds())
    }

    /// Its birth is known to the second or from elsewhere: the log has nothing to add.
    pub const fn is_pinned(&self) -> bool {
        matches!(
            self.own,
            Some(Evidence::Rotated { .. } | Evidence::KnownBefore { .. } | Evidence::Told { .. })
        )
    }
}

impl Timeline {
    /// From the ledger and, if the runtime was looked at, from that look.
    pub fn of(memory: &RuntimeMemory, sight: Option<&RuntimeSight>) -> Self {
        let mut log = memory.log.clone();
        if let Some(LogSight::Read {
            since,
            until,
            events,
        }) = sight.map(|sight| &sight.log)
        {
            let (since, until) = (*since, *until);
            log.add(LogSpan { since, until }, events);
        }
        // Only the id of a request tells that an event is of one that changed nothing; without it, it may be anybody's.
        log.events
            .retain(|event| !memory.undone.iter().any(|undone| undone.is(event)));
        Self {
            created: created(memory, sight),
            slots: PerSlot::from_fn(|slot| tenure(memory, sight, slot)),
            log,
            log_from: memory.log_from,
            rotations: memory.rotations.clone(),
            home: memory.home.clone(),
        }
    }

    /// When the keys were made, judged together.
    pub fn births(&self) -> Joint {
        let mut joint = joint(self);
        let here = |slot: Slot| {
            let own = self.slots.get(slot).own;
            matches!(own, Some(Evidence::KnownBefore { .. }))
        };
        if Slot::BOTH.into_iter().all(here) {
            joint.stories = among(joint.stories, &self.home);
        }
        joint
    }
}

/// When the runtime was made. What the ledger knows of that may be another runtime's of the same name where its status could not be read
/// now.
pub fn created(memory: &RuntimeMemory, sight: Option<&RuntimeSight>) -> Option<Timestamp> {
    match sight {
        Some(sight) if sight.status_refused.is_some() => None,
        Some(sight) => sight.created.or(memory.created),
        None => memory.created,
    }
}

/// The stories that agree with one of those that are known of the same two keys, as far as both allow. Where none does, what is known of
/// each key alone stays.
fn among(stories: Vec<PerSlot<Interval>>, known: &[PerSlot<Interval>]) -> Vec<PerSlot<Interval>> {
    let both = |one: &Interval, other: &Interval| {
        let earliest = one.earliest.max(other.earliest);
        let latest = [one.latest, other.latest].into_iter().flatten().min();
        let is_possible = earliest.zip(latest).is_none_or(|(from, to)| from <= to);
        is_possible.then_some(Interval { earliest, latest })
    };
    let pairs = stories
        .iter()
        .flat_map(|story| known.iter().map(move |known| (story, known)));
    let agreeing: Vec<PerSlot<Interval>> = pairs
        .filter_map(|(story, known)| {
            let (one, two) = (both(&story.one, &known.one)?, both(&story.two, &known.two)?);
            Some(PerSlot { one, two })
        })
        .collect();
    if agreeing.is_empty() {
        stories
    } else {
        agreeing
    }
}

fn tenure(memory: &RuntimeMemory, sight: Option<&RuntimeSight>, slot: Slot) -> Tenure {
    let known = memory.slots.get(slot);
    let Some(sight) = sight else {
        return remembered(known);
    };
    if let Some(made) = *sight.told.get(slot) {
        return told(known, made, sight.at);
    }
    match &sight.keys {
        KeySight::Shown(keys) => shown(memory, slot, keys.get(slot), sight.at),
        KeySight::NotAsked | KeySight::Refused(_) if is_another(known, sight) => Tenure {
            unseen_until: Some(as_of(sight)),
            ..Tenure::default()
        },
        KeySight::NotAsked | KeySight::Refused(_) => Tenure {
            unseen_until: Some(as_of(sight)),
            ..remembered(known)
        },
    }
}

/// The service says when it made the key. Our own rotation says more, if that key is the one or a newer one.
fn told(known: &SlotMemory, made: Timestamp, at: Timestamp) -> Tenure {
    let before = remembered(known);
    if known.is_made(made) && known.is_dated() {
        return Tenure {
            seen: before.seen.map(|(first, last)| (first, last.max(at))),
            ..before
        };
    }
    let gone = before.seen.filter(|(_, last)| *last < made);
    Tenure {
        own: Some(Evidence::Told { at: made }),
        seen: Some((TOLD_SLACK.after(made).min(at), at)),
        former: known.former.iter().copied().chain(gone).collect(),
        ..Tenure::default()
    }
}

/// Was the runtime deleted and created anew since its keys were seen?
fn is_another(known: &SlotMemory, sight: &RuntimeSight) -> bool {
    let created = sight.created.zip(known.last_seen);
    created.is_some_and(|(created, seen)| created > seen)
}

/// Where keys are not shown, a look is as good as its log, and as of its reading.
const fn as_of(sight: &RuntimeSight) -> Timestamp {
    match &sight.log {
        LogSight::Read { until, .. } => *until,
        LogSight::NotAsked | LogSight::Refused(_) => sight.at,
    }
}

fn remembered(known: &SlotMemory) -> Tenure {
    let own = known.evidence.or_else(|| {
        let at = known.last_seen.filter(|_| known.fingerprint.is_some())?;
        Some(Evidence::FirstSeen { at })
    });
    Tenure {
        own,
        seen: own.and_then(|own| seen(own, known.last_seen)),
        unseen_until: None,
        former: known.former.clone(),
        declared: known.declared,
    }
}

/// From its first sight to the last one.
fn seen(own: Evidence, last: Option<Timestamp>) -> Option<(Timestamp, Timestamp)> {
    let first = match own {
        Evidence::KnownBefore { seen, .. } => Some(seen),
        other => other.bounds().1,
    }?;
    Some((first, last.map_or(first, |last| last.max(first))))
}

fn shown(memory: &RuntimeMemory, slot: Slot, key: &Fingerprint, at: Timestamp) -> Tenure {
    let known = memory.slots.get(slot);
    if known.fingerprint.as_ref() == Some(key) {
        let mut tenure = remembered(known);
        let own = tenure.own.get_or_insert(Evidence::FirstSeen { at });
        tenure.seen = seen(*own, Some(at));
        return tenure;
    }
    let own = match (memory.recognised.get(slot), known.last_seen) {
        (Some(elsewhere), _) if elsewhere.fingerprint == *key => elsewhere.evidence(at),
        (_, Some(after)) if known.fingerprint.is_some() => Evidence::Changed { after, by: at },
        _ => Evidence::FirstSeen { at },
    };
    let before = remembered(known).seen;
    Tenure {
        own: Some(own),
        seen: Some((at, at)),
        unseen_until: None,
        former: known.former.iter().copied().chain(before).collect(),
        // What was declared of a key that is gone is void.
        declared: known.declared.filter(|_| known.fingerprint.is_none()),
    }
}

impl RuntimeMemory {
    /// When the keys were made, from the ledger alone.
    ///
    /// A key only gets younger behind our back: the latest bound may be wrong by now, the earliest may not, so what this proves
    /// to be young enough *is* young enough.
    pub fn births(&self) -> Joint {
        Timeline::of(self, None).births()
    }

    /// When the key in `slot` was made, from the ledger alone.
    pub fn birth(&self, slot: Slot) -> Birth {
        self.births().births.get(slot).clone()
    }

    /// Did others change a key so shortly before the log was read last that it did not tell all of it yet? A later reading will.
    pub fn awaits_log(&self) -> bool {
        let Some(last) = self.log.spans.last() else {
            return false;
        };
        let is_late = |by: Timestamp| last.holds_until() < by && by <= lag().after(last.until);
        Slot::BOTH.into_iter().any(|slot| {
            let evidence = self.slots.get(slot).evidence;
            matches!(evidence, Some(Evidence::Changed { by, .. }) if is_late(by))
        })
    }

    /// Does the ledger alone prove that both keys are younger than `limit` at `now`? Then no look is needed.
    pub fn proves_younger(&self, limit: Span, now: Timestamp) -> bool {
        let joint = self.births();
        Slot::BOTH.into_iter().all(|slot| {
            let earliest = joint.births.get(slot).earliest;
            earliest.is_some_and(|earliest| limit.after(earliest) > now)
        })
    }
}
