//! What the ledger remembers, folded into one picture: `Memory = fold(events)`.

use std::collections::BTreeMap;

use super::address::{Address, Identity};
use super::job::{JobMemory, SubmissionMemory};
use super::runtime::RuntimeMemory;
use super::time::Timestamp;
use super::verdict::Move;

/// Everything the ledger knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The ledger's own name, chosen when it was made: a plan is for one ledger.
    pub lineage: Option<String>,
    /// Runtimes.
    pub runtimes: BTreeMap<Identity, RuntimeMemory>,
    /// Jobs.
    pub jobs: BTreeMap<Identity, JobMemory>,
    /// One-time submits.
    pub submissions: BTreeMap<Identity, SubmissionMemory>,
    /// Intents without an end, at most a few for each subject.
    pub doubts: BTreeMap<Identity, Vec<Doubt>>,
    /// What people last called each subject.
    pub addresses: BTreeMap<Identity, Address>,
}

impl Memory {
    /// The subject that people last called `address`.
    pub fn identity_of(&self, address: &Address) -> Option<&Identity> {
        self.addresses
            .iter()
            .find(|(_, known)| *known == address)
            .map(|(identity, _)| identity)
    }

    /// The open intents on a subject.
    pub fn doubts(&self, identity: &Identity) -> &[Doubt] {
        self.doubts
            .get(identity)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// An intent without an end: a move that was written down, and of which nobody wrote down what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The intent's own number: unique in its ledger.
    pub intent: String,
    /// The apply that wrote it.
    pub apply: String,
    /// Whose apply that is, for people: `alice on build-7, process 4711`. Older ledgers do not tell.
    pub by: Option<String>,
    /// What it meant to do.
    pub movement: Move,
    /// The rule's digest at that time ([`JobSpec::digest`](super::job::JobSpec::digest)). Older ledgers do not tell.
    pub rule: Option<String>,
    /// When it was written down (service or local time, the later).
    pub at: Timestamp,
    /// When its token was first meant to be sent: `at`, unless an intent before it was to send the same one.
    pub since: Timestamp,
    /// Until when its request may be under way; before this the subject is busy, after it the doubt can be settled.
    pub act_by: Timestamp,
}
