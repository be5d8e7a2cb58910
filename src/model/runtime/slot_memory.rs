//! What the ledger knows of one key.

use super::fingerprint::Fingerprint;
use crate::model::birth::Evidence;
use crate::model::time::{Span, Timestamp};

/// When a service says that it made a key is by another clock than the times of its answers. The less, the fewer keys of others are taken
/// for ours.
pub const TOLD_SLACK: Span = Span::seconds(5);

/// A person's word on the birth of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// When the key was made.
    pub born: Timestamp,
    /// When they said so: of the key that the slot held then.
    pub said: Timestamp,
}

/// What the ledger knows of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotMemory {
    /// The fingerprint at the last look.
    pub fingerprint: Option<Fingerprint>,
    /// When that look was.
    pub last_seen: Option<Timestamp>,
    /// What looks and rotations say of this fingerprint's birth.
    pub evidence: Option<Evidence>,
    /// From when to when it is known to have held each key before: it did not change in between.
    pub former: Vec<(Timestamp, Timestamp)>,
    /// What a person declared of the key that this slot holds, or will be seen to hold.
    pub declared: Option<Declaration>,
}

impl SlotMemory {
    /// Is its key dated by the service, or by our own rotation? No look says more than that.
    pub const fn is_dated(&self) -> bool {
        matches!(
            self.evidence,
            Some(Evidence::Told { .. } | Evidence::Rotated { .. })
        )
    }

    /// Is the key that the ledger knows the one that the service says was made at `made`, or a newer one? Times only move forward, so
    /// that an earlier one is an old answer.
    pub fn is_made(&self, made: Timestamp) -> bool {
        match self.evidence {
            Some(Evidence::Told { at }) => made <= at,
            Some(Evidence::Rotated { answered, .. }) => made <= TOLD_SLACK.after(answered),
            Some(_) | None => self.last_seen.is_some_and(|seen| made <= seen),
        }
    }

    /// Is what is known newer than a look that shows this key? A look of the second in which our rotation was answered came before it:
    /// afresh reads a key before it regenerates it.
    pub fn is_newer_than(&self, fingerprint: &Fingerprint, at: Timestamp) -> bool {
        let rotated = matches!(self.evidence, Some(Evidence::Rotated { answered, .. }) if at <= answered)
            && self.fingerprint.as_ref() != Some(fingerprint);
        rotated || self.last_seen.is_some_and(|last| at < last)
    }
}
