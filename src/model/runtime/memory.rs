//! What the ledger knows of a runtime.

use std::collections::BTreeMap;

use super::known_key::KnownKey;
use super::regeneration::Rotation;
use super::slot::{PerSlot, Slot};
use super::slot_memory::SlotMemory;
use super::undone::Undone;
use crate::model::birth::Interval;
use crate::model::hand_off::{Delivered, Destination};
use crate::model::time::Timestamp;
use crate::model::timeline::log::LogMemory;

/// What the ledger knows of a runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeMemory {
    /// Of each key.
    pub slots: PerSlot<SlotMemory>,
    /// When the runtime was made.
    pub created: Option<Timestamp>,
    /// Regenerations by afresh, in the order of their answers.
    pub rotations: Vec<Rotation>,
    /// Regenerations of afresh that were proved to have changed nothing.
    pub undone: Vec<Undone>,
    /// What was read of its Activity Log.
    pub log: LogMemory,
    /// From when on the log tells of it; `None`: from the beginning. Before, its keys lived under another resource id.
    pub log_from: Option<Timestamp>,
    /// The stories of both keys, if they came here together: what was known of the two of them where they lived before.
    pub home: Vec<PerSlot<Interval>>,
    /// Keys that it was seen to hold just now, and that the ledger knows from elsewhere or from earlier.
    pub recognised: PerSlot<Option<KnownKey>>,
    /// What was handed over last, by where it went.
    pub delivered: BTreeMap<Destination, Delivered>,
}

impl RuntimeMemory {
    /// Is a key of it known? There may be an entry for what the log told alone.
    pub fn knows_keys(&self) -> bool {
        let is_known = |slot: Slot| self.slots.get(slot).fingerprint.is_some();
        Slot::BOTH.into_iter().any(is_known)
    }

    /// Remembers that a key was handed over. What another apply delivered later stays.
    pub fn deliver(&mut self, to: &Destination, news: Delivered) {
        match self.delivered.get_mut(to) {
            Some(known) if news.last < known.last => {}
            Some(known) if known.fingerprint == news.fingerprint && known.slot == news.slot => {
                known.last = news.last;
                known.by = news.by;
            }
            Some(known) => *known = news,
            None => {
                self.delivered.insert(to.clone(), news);
            }
        }
    }

    /// Remembers a regeneration by afresh.
    pub fn rotated(&mut self, rotation: Rotation) {
        let later = |known: &Rotation| known.answered <= rotation.answered;
        let place = self.rotations.partition_point(later);
        self.rotations.insert(place, rotation);
    }

    /// The last regeneration by afresh: which key, and when it was answered.
    pub fn last_rotation(&self) -> Option<(Slot, Timestamp)> {
        let last = self.rotations.last()?;
        Some((last.slot, last.answered))
    }
}
