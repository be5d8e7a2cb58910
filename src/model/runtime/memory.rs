//! What the ledger knows of a runtime.

use std::collections::BTreeMap;

use super::known_key::KnownKey;
use super::regeneration::Rotation;
use super::slot::{PerSlot, Slot};
use super::slot_memory::SlotMemory;
use super::undone::Undone;
use crate::model::birth::Interval;
use crate::model::hand_off::{Delivered, Destination};
use crate::model::nodes::{self, NodeLook, NodeRecord};
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
    /// What the last regeneration of each key did to its nodes, where they were looked at before it.
    pub nodes: PerSlot<Option<NodeRecord>>,
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

    /// Remembers a look at its nodes. What was seen later stays.
    pub fn nodes_looked(&mut self, slot: Slot, news: NodeRecord) {
        let known = self.nodes.get_mut(slot);
        let looked = |record: &NodeRecord| {
            let after = record.after.as_ref().map(|after| after.at);
            (record.before.at, after)
        };
        if known
            .as_ref()
            .is_none_or(|known| looked(known) <= looked(&news))
        {
            *known = Some(news);
        }
    }

    /// When the key of a record of nodes was regenerated; `None`: it was not, as far as anybody knows.
    pub fn rotated_after_look(&self, slot: Slot) -> Option<Timestamp> {
        let looked = self.nodes.get(slot).as_ref()?.before.at;
        let rotated = |one: &&Rotation| one.slot == slot && looked <= one.answered;
        let first = self.rotations.iter().find(rotated)?;
        Some(first.answered)
    }

    /// Is a look at its nodes missing, after the last time that a key of it was regenerated?
    pub fn owes_node_look(&self, look: NodeLook) -> bool {
        let is_open = |(slot, record): (Slot, &NodeRecord)| {
            record.is_open(look)
                && (record.after.is_some() || self.rotated_after_look(slot).is_some())
        };
        nodes::newest(&self.nodes).is_some_and(is_open)
    }

    /// Did the last regeneration leave nodes behind that were online before?
    pub fn has_lost_nodes(&self) -> bool {
        nodes::newest(&self.nodes).is_some_and(|(_, record)| !record.lost().is_empty())
    }

    /// The last regeneration by afresh: which key, and when it was answered.
    pub fn last_rotation(&self) -> Option<(Slot, Timestamp)> {
        let last = self.rotations.last()?;
        Some((last.slot, last.answered))
    }
}
