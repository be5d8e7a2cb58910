//! Regenerations of keys, as the Activity Log tells of them and as afresh did them.

use super::slot::Slot;
use crate::model::time::Timestamp;

/// A successful `regenerateAuthKey` in the Activity Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regeneration {
    /// When it happened.
    pub at: Timestamp,
    /// Which key, if our own request id tells; Azure does not say. Then it was afresh, with this ledger or another.
    pub slot: Option<Slot>,
    /// Who did it, if the service told; never written down.
    pub by: Option<String>,
}

impl Regeneration {
    /// The same event, whoever did it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.at == other.at && self.slot == other.slot
    }
}

/// A regeneration by afresh whose answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Which key.
    pub slot: Slot,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it was answered.
    pub answered: Timestamp,
}
