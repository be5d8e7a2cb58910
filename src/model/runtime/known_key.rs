//! Keys that the ledger has met before, here or elsewhere.

use super::fingerprint::Fingerprint;
use super::slot::Slot;
use crate::model::address::ResourceId;
use crate::model::birth::Evidence;
use crate::model::time::Timestamp;

/// A key that the ledger has met before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Which key.
    pub fingerprint: Fingerprint,
    /// Whose it was.
    pub of: ResourceId,
    /// In which slot.
    pub slot: Slot,
    /// What told of it first.
    pub evidence: Evidence,
}

impl KnownKey {
    /// What that says of a key that is seen again at `seen`.
    pub fn evidence(&self, seen: Timestamp) -> Evidence {
        let (earliest, latest) = self.evidence.bounds();
        Evidence::KnownBefore {
            earliest,
            latest: latest.unwrap_or(seen),
            seen,
        }
    }
}
