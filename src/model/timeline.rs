//! What is known of a runtime over time: for which times its Activity Log was read, the events in it, when its keys were seen, rotations by
//! afresh, and declarations. From this follows when its keys were made ([`joint`](super::joint)).
//!
//! Evidence does not expire: what was proved of a key stays proved as long as its slot holds that key.

pub(super) mod log;

use super::birth::{Evidence, Interval};
use super::runtime::{
    Declaration, Fingerprint, KeySight, LogSight, PerSlot, Rotation, RuntimeMemory, RuntimeSight,
    Slot, SlotMemory, TOLD_SLACK,
};
use super::time::Timestamp;

pub use log::{LogMemory, LogSpan, lag};

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
