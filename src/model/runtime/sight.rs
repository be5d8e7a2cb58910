//! What was seen of a runtime.

use super::fingerprint::Fingerprint;
use super::regeneration::Regeneration;
use super::slot::PerSlot;
use crate::model::nodes::NodesSight;
use crate::model::time::Timestamp;
use crate::model::trouble::Trouble;

/// What was seen of a runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSight {
    /// The service's time of the look (`Date`).
    pub at: Timestamp,
    /// Whether it has keys of its own.
    pub kind: OwnKeys,
    /// `createTime`, if the service told.
    pub created: Option<Timestamp>,
    /// Why its status, which tells that, was not shown, where the rest of the evidence has to do.
    pub status_refused: Option<Trouble>,
    /// Its keys, as fingerprints.
    pub keys: KeySight,
    /// When each key was made, where the service itself tells (`keyCreationTime` of a storage account).
    pub told: PerSlot<Option<Timestamp>>,
    /// Times that it tells and that are yet to come: nothing is told by them.
    pub told_ahead: PerSlot<Option<Timestamp>>,
    /// What the Activity Log says of it.
    pub log: LogSight,
    /// Its nodes, where a key may be due or a look at them is missing.
    pub nodes: NodesSight,
}

/// Whether a resource has keys of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnKeys {
    /// It has: a self-hosted runtime, a storage account.
    Yes,
    /// A runtime that is shared from another factory: its keys are there.
    Linked,
    /// A runtime that is managed by Azure: no keys.
    Managed,
    /// A storage account that takes none of its keys.
    Disabled,
    /// A type that this version does not know.
    Other(String),
}

impl OwnKeys {
    /// Why there is nothing to rotate, in words; `None`: it has keys of its own.
    pub fn why_none(&self) -> Option<String> {
        match self {
            Self::Yes => None,
            Self::Linked => {
                Some("linked from another factory: its keys are rotated there".to_owned())
            }
            Self::Managed => Some("managed by Azure: it has no keys".to_owned()),
            Self::Disabled => Some("keys are disabled (allowSharedKeyAccess is false)".to_owned()),
            Self::Other(word) => Some(format!(
                "of the type {word}, which this version does not know"
            )),
        }
    }
}

/// What was seen of the two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySight {
    /// Their fingerprints.
    Shown(PerSlot<Fingerprint>),
    /// Not asked for.
    NotAsked,
    /// Asked and not answered: usually the right to list keys is missing. Then age rests on the rest of the evidence.
    Refused(Trouble),
}

/// What was seen in the Activity Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSight {
    /// All regenerations of this runtime in the time the log was read for.
    Read {
        /// The first instant it was read for.
        since: Timestamp,
        /// The last one.
        until: Timestamp,
        /// Newest first.
        events: Vec<Regeneration>,
    },
    /// Not asked for.
    NotAsked,
    /// Asked and not answered: usually the right to read the log is missing.
    Refused(Trouble),
}
