//! What the ledger holds: one event after another. An event holds no secret.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::address::{Address, Identity};
use crate::model::hand_off::Destination;
use crate::model::job::{RunId, RunResult};
use crate::model::memory::LogReading;
use crate::model::nodes::NodeRecord;
use crate::model::runtime::{Fingerprint, PerSlot, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt};

/// Something that happened, was seen, was meant or was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The ledger was begun.
    Opened {
        /// Its name for good: a plan is for one ledger.
        lineage: String,
        /// When.
        at: Timestamp,
        /// The afresh that began it.
        tool: String,
        /// How often it was compacted since: tells its generations apart.
        compactions: u32,
    },
    /// A runtime was looked at.
    Looked {
        /// Which.
        subject: Subject,
        /// The service's time of the look.
        at: Timestamp,
        /// When the runtime was made, if the service told.
        created: Option<Timestamp>,
        /// Its keys, if the service showed them.
        keys: Option<PerSlot<Fingerprint>>,
        /// When each key was made, where the service itself tells.
        told: PerSlot<Option<Timestamp>>,
    },
    /// An Activity Log was read.
    LogRead(LogReading),
    /// An ended run was seen that is worth remembering: a success.
    RunSeen {
        /// Of which job or one-time submit.
        subject: Subject,
        /// The job's own name, if known.
        name: Option<String>,
        /// Which run.
        run: RunId,
        /// When it ended.
        ended: Timestamp,
        /// How.
        result: RunResult,
        /// SHA-256 of the content, for one-time submits.
        digest: Option<String>,
        /// SHA-256 of what the rule asks of a job's run, which this one was an answer to.
        asks: Option<String>,
    },
    /// A run was seen to have failed: an attempt.
    RunFailed {
        /// Of which job or one-time submit.
        subject: Subject,
        /// Which run.
        run: RunId,
        /// When it ended, if the service told.
        ended: Option<Timestamp>,
        /// How.
        result: RunResult,
        /// SHA-256 of the rule that it was an attempt for: another rule counts anew.
        rule: Option<String>,
    },
    /// An action was decided and comes next.
    Intended(Intent),
    /// It is known what became of an intent.
    Settled {
        /// Its number.
        intent: String,
        /// What became of it.
        how: Ending,
        /// When that was found out.
        at: Timestamp,
    },
    /// A person said when a key was made.
    Declared {
        /// Of which runtime.
        subject: Subject,
        /// Which key.
        slot: Slot,
        /// When it was made.
        born: Timestamp,
        /// When that was said.
        at: Timestamp,
        /// Who said it.
        by: String,
    },
    /// A person said that a one-time run whose end was never seen has succeeded.
    Confirmed(Confirmation),
    /// A person said that a key is where it goes.
    HandOffConfirmed(HandOffConfirmation),
    /// The nodes of a runtime were looked at, before or after a key was regenerated.
    NodesLooked(NodesLooked),
    /// A person had the failed attempts on a subject forgotten: they are counted anew.
    AttemptsForgotten {
        /// Which.
        subject: Subject,
        /// When.
        at: Timestamp,
        /// Who.
        by: String,
    },
    /// A person had everything about a subject forgotten.
    Forgotten {
        /// Which.
        subject: Subject,
        /// When.
        at: Timestamp,
        /// Of a one-time submit: how often each content has been forgotten by then. It makes the next token another one.
        generations: BTreeMap<String, u32>,
    },
}

/// What a subject is, and what people called it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What it is.
    pub identity: Identity,
    /// What people called it.
    pub address: Address,
}

/// An action, written down before it is done. A regenerate names both keys, as they were seen right before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number, unique in its ledger.
    pub intent: String,
    /// The apply that means it.
    pub apply: String,
    /// Whose apply that is, for people: `alice on build-7, process 4711`.
    pub by: Option<String>,
    /// Of which subject.
    pub subject: Subject,
    /// What.
    pub action: Action,
    /// SHA-256 of the rule of a job that it is an attempt for.
    pub rule: Option<String>,
    /// When both keys were seen to be those that a regenerate names, by the service's clock.
    pub seen: Option<Timestamp>,
    /// When it was written down.
    pub at: Timestamp,
    /// Until when its request may be under way.
    pub act_by: Timestamp,
}

impl Intent {
    /// The keys that were seen right before a regenerate, and when.
    pub fn seen(&self) -> Option<(Timestamp, PerSlot<Fingerprint>)> {
        let (slot, key) = self.action.replaced()?;
        let keys = slot.pair(key.clone(), self.action.beside()?.clone());
        Some((self.seen?, keys))
    }
}

/// What a person says of a one-time run whose end was never seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Of which one-time submit.
    pub subject: Subject,
    /// SHA-256 of the content.
    pub digest: String,
    /// Which run.
    pub run: RunId,
    /// When that was said.
    pub at: Timestamp,
    /// Who said it.
    pub by: String,
    /// How they know, if they say.
    pub reason: Option<String>,
}

/// What a person says of a hand-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOffConfirmation {
    /// Of which resource.
    pub subject: Subject,
    /// Where the key went.
    pub to: Destination,
    /// Which key.
    pub slot: Slot,
    /// Its value, as its fingerprint.
    pub fingerprint: Fingerprint,
    /// When that was said.
    pub at: Timestamp,
    /// Who said it.
    pub by: String,
    /// How they know, if they say.
    pub reason: Option<String>,
}

/// The nodes of a runtime, before or after a key was regenerated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesLooked {
    /// Of which runtime.
    pub subject: Subject,
    /// Which key.
    pub slot: Slot,
    /// Before it, and, once they were looked at again, after it.
    pub record: NodeRecord,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It happened.
    Done(Receipt),
    /// It did not, and will not any more.
    NotDone(Why),
}

/// How it is known that an intent did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its request was never sent, or what it was to change was looked at afterwards and had not changed.
    Proved,
    /// A person said so.
    Said {
        /// Who.
        by: String,
    },
    /// The service refused it.
    Refused {
        /// In the words a person needs.
        why: String,
        /// A right or a sign-in is missing.
        is_access: bool,
    },
    /// An older ledger does not tell.
    Untold,
}

impl Event {
    /// The subject it is about; `None`: the whole ledger, or that of its intent.
    pub const fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Looked { subject, .. }
            | Self::RunSeen { subject, .. }
            | Self::RunFailed { subject, .. }
            | Self::Intended(Intent { subject, .. })
            | Self::Declared { subject, .. }
            | Self::Confirmed(Confirmation { subject, .. })
            | Self::HandOffConfirmed(HandOffConfirmation { subject, .. })
            | Self::NodesLooked(NodesLooked { subject, .. })
            | Self::AttemptsForgotten { subject, .. }
            | Self::Forgotten { subject, .. } => Some(subject),
            Self::Opened { .. } | Self::LogRead(_) | Self::Settled { .. } => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
