//! When was each key made? All evidence about it, strongest first.
//!
//! Refuses: evidence about a key that the slot no longer holds.

use crate::model::birth::{Birth, Evidence};
use crate::model::runtime::{
    Fingerprint, KeySight, LogSight, PerSlot, Regeneration, RuntimeMemory, RuntimeSight, Slot,
    SlotMemory,
};
use crate::model::time::Timestamp;

/// What is known of both keys; without a sight, what the ledger says as it stands.
pub(super) fn births(memory: &RuntimeMemory, sight: Option<&RuntimeSight>) -> PerSlot<Birth> {
    PerSlot::from_fn(|slot| match sight {
        None => memory.birth(slot),
        Some(sight) => {
            let view = View {
                slot,
                memory,
                sight,
                remembered: memory.slots.get(slot),
            };
            match &sight.keys {
                KeySight::Shown(keys) => view.shown(keys.get(slot)),
                KeySight::NotAsked | KeySight::Refused(_) => view.unseen(),
            }
        }
    })
}

struct View<'a> {
    slot: Slot,
    memory: &'a RuntimeMemory,
    sight: &'a RuntimeSight,
    remembered: &'a SlotMemory,
}

impl View<'_> {
    fn shown(&self, key: &Fingerprint) -> Birth {
        match (&self.remembered.fingerprint, self.remembered.last_seen) {
            (Some(known), seen) if known == key => self.unchanged(seen),
            (Some(_), Some(after)) => self.changed(after),
            (Some(_), None) => self.combine(vec![Evidence::FirstSeen { at: self.sight.at }], None),
            (None, _) => {
                let first = vec![Evidence::FirstSeen { at: self.sight.at }];
                self.combine(first, self.remembered.declared)
            }
        }
    }

    /// What is remembered of this very key holds, whatever happened to the other one since.
    fn unchanged(&self, seen: Option<Timestamp>) -> Birth {
        let mut evidence = self.remembered.evidence.clone();
        if evidence.is_empty() {
            evidence.push(Evidence::FirstSeen {
                at: seen.unwrap_or(self.sight.at),
            });
        }
        self.combine(evidence, self.remembered.declared)
    }

    /// What is remembered was about another key, and so was a declaration.
    fn changed(&self, after: Timestamp) -> Birth {
        let by = self.sight.at;
        self.combine(vec![Evidence::Changed { after, by }], None)
    }

    /// Without a look the key may have got younger behind our back: what is remembered still says "not older than", but "not
    /// younger than" stands only if the log was read from the last look on and shows no event that may be this key's.
    /// A declaration is a person's word on the key that is there: it stands unless the log shows a later such event.
    fn unseen(&self) -> Birth {
        if self.unchanged_by_log() {
            return self.combine(self.remembered.evidence.clone(), self.remembered.declared);
        }
        let known = Birth::of(self.remembered.evidence.iter().copied());
        let floor = Birth {
            earliest: known.earliest,
            ..Birth::default()
        };
        let logged = self.logged(&floor);
        let newest = match logged {
            Some(Evidence::LogEvents { newest, .. }) => Some(newest),
            _ => None,
        };
        let declared = self
            .remembered
            .declared
            .filter(|at| newest.is_none_or(|newest| newest <= *at));
        let rest = Birth::of(
            self.created()
                .into_iter()
                .chain(logged)
                .chain(declare(declared)),
        );
        let earliest = known.earliest.max(rest.earliest);
        Birth {
            earliest,
            latest: rest
                .latest
                .filter(|latest| earliest.is_none_or(|earliest| earliest <= *latest)),
            evidence: known.evidence.into_iter().chain(rest.evidence).collect(),
        }
    }

    fn unchanged_by_log(&self) -> bool {
        match (&self.sight.log, self.remembered.last_seen) {
            (LogSight::Read { since, events, .. }, Some(seen)) if *since <= seen => !events
                .iter()
                .any(|event| event.at > seen && self.may_be_mine(event)),
            _ => false,
        }
    }

    fn combine(&self, own: Vec<Evidence>, declared: Option<Timestamp>) -> Birth {
        let logged = self.logged(&Birth::of(own.iter().copied()));
        Birth::of(
            own.into_iter()
                .chain(self.created())
                .chain(logged)
                .chain(declare(declared)),
        )
    }

    fn created(&self) -> Option<Evidence> {
        let at = self.sight.created.or(self.memory.created)?;
        Some(Evidence::RuntimeCreated { at })
    }

    /// What the log says of this key. Events outside what stronger evidence `proves` were the other key's, or an older one's.
    /// Silence says nothing where a change inside the log's time is proved: then the log is late or has a hole.
    fn logged(&self, proved: &Birth) -> Option<Evidence> {
        let LogSight::Read {
            since,
            until,
            events,
        } = &self.sight.log
        else {
            return None;
        };
        let (since, until) = (*since, *until);
        // No event of this runtime lies before its creation.
        let created = self
            .created()
            .and_then(|piece| piece.bounds().0)
            .filter(|made| proved.latest.is_none_or(|latest| *made <= latest));
        let inside = |at: Timestamp| {
            proved
                .earliest
                .max(created)
                .is_none_or(|earliest| earliest <= at)
                && proved.latest.is_none_or(|latest| at <= latest)
        };
        let mine = || {
            events
                .iter()
                .filter(|event| inside(event.at) && self.may_be_mine(event))
        };
        let newest = mine().map(|event| event.at).max();
        let known = mine()
            .filter(|event| self.whose(event).is_some())
            .map(|event| event.at)
            .max();
        match newest {
            Some(newest) => Some(Evidence::LogEvents {
                known,
                newest,
                until,
            }),
            None => proved
                .earliest
                .is_none_or(|earliest| earliest <= since)
                .then_some(Evidence::LogSilent { since, until }),
        }
    }

    fn may_be_mine(&self, event: &Regeneration) -> bool {
        self.whose(event).is_none_or(|slot| slot == self.slot)
    }

    /// An event is the key's that our request id names, or of the rotation of ours within whose bounds it falls.
    fn whose(&self, event: &Regeneration) -> Option<Slot> {
        let ours = |slot: &Slot| {
            self.memory.slots.get(*slot).evidence.iter().any(|piece| {
                matches!(piece, Evidence::Rotated { sent, answered } if *sent <= event.at && event.at <= *answered)
            })
        };
        event.slot.or_else(|| Slot::BOTH.into_iter().find(ours))
    }
}

fn declare(at: Option<Timestamp>) -> Option<Evidence> {
    at.map(|at| Evidence::Declared { at })
}
