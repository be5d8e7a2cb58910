//! What may be done to a subject, and what that presumes.

use std::collections::BTreeMap;

use super::super::hand_off::Destination;
use super::super::job::{ParameterValue, RunId, Token};
use super::super::key_service::KeyService;
use super::super::runtime::fingerprint::Fingerprint;
use super::super::runtime::slot::Slot;
use super::super::time::Timestamp;

/// One effect. It names what it presumes, so that afterwards one can tell whether it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `regenerateAuthKey`. Happened if the slot's fingerprint is no longer `replacing`.
    Regenerate {
        /// Which key.
        slot: Slot,
        /// The key it replaces.
        replacing: Presumed,
        /// The other key, which must still be this one.
        beside: Presumed,
    },
    /// `run-now`. Happened if the token's run exists: sending again returns it.
    Start {
        /// Decided from what it follows, so that the same need has the same token.
        token: Token,
        /// The newest run at the time of the decision.
        after: Option<RunId>,
        /// `job_parameters`.
        parameters: BTreeMap<String, ParameterValue>,
        /// Whether other runs may be active when it starts.
        company: Company,
    },
    /// `runs/submit`. Happened if the token's run exists.
    Submit {
        /// Decided from the content and what it follows.
        token: Token,
        /// SHA-256 of the content.
        digest: String,
    },
    /// A key is handed to where its consumers take it from. Doing it twice does no harm: it is the same key.
    HandOver {
        /// Where it goes.
        to: Destination,
        /// Which key.
        slot: Slot,
        /// Its value; not seen yet where a regenerate before it in the same step makes it.
        key: Presumed,
    },
    /// `runs/cancel`. Happened if the run has ended, or is being ended.
    Cancel {
        /// Which run.
        run: RunId,
    },
}

/// A key as far as the planner was allowed to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presumed {
    /// This one.
    Key(Fingerprint),
    /// The planner may not list keys (it needs read rights only). Apply sees the key before it writes the intent.
    Unseen,
    /// The one that was made then, by the service's own word; which key that is, apply sees before it writes the intent.
    Made(Timestamp),
}

/// Whether other runs may be active when a run is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// None may: `Forbid`, or `Replace` after its cancels.
    Alone,
    /// Any may: `Allow`.
    Any,
}

impl Action {
    /// Would sending one return the other's run? Then they have one token.
    pub fn is_same_send(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Start { token: one, .. }, Self::Start { token: other, .. })
            | (Self::Submit { token: one, .. }, Self::Submit { token: other, .. }) => one == other,
            _ => false,
        }
    }

    /// Are both the same thing to do on one subject: with the same key, or with the same run?
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regenerate { slot: one, .. }, Self::Regenerate { slot: other, .. }) => {
                one == other
            }
            (Self::Cancel { run: one }, Self::Cancel { run: other }) => one == other,
            (Self::HandOver { to: one, .. }, Self::HandOver { to: other, .. }) => one == other,
            (Self::Start { .. }, Self::Start { .. })
            | (Self::Submit { .. }, Self::Submit { .. }) => true,
            (
                Self::Regenerate { .. }
                | Self::HandOver { .. }
                | Self::Cancel { .. }
                | Self::Start { .. }
                | Self::Submit { .. },
                _,
            ) => false,
        }
    }

    /// The key that it makes anew.
    pub const fn regenerated(&self) -> Option<Slot> {
        match self {
            Self::Regenerate { slot, .. } => Some(*slot),
            Self::HandOver { .. }
            | Self::Start { .. }
            | Self::Submit { .. }
            | Self::Cancel { .. } => None,
        }
    }

    /// The key that it replaces, where it is presumed by its value.
    pub const fn replaced(&self) -> Option<(Slot, &Fingerprint)> {
        match self {
            Self::Regenerate {
                slot,
                replacing: Presumed::Key(key),
                ..
            } => Some((*slot, key)),
            Self::Regenerate {
                replacing: Presumed::Unseen | Presumed::Made(_),
                ..
            }
            | Self::HandOver { .. }
            | Self::Start { .. }
            | Self::Submit { .. }
            | Self::Cancel { .. } => None,
        }
    }

    /// The key beside it, where it is presumed by its value.
    pub const fn beside(&self) -> Option<&Fingerprint> {
        match self {
            Self::Regenerate {
                beside: Presumed::Key(key),
                ..
            } => Some(key),
            Self::Regenerate {
                beside: Presumed::Unseen | Presumed::Made(_),
                ..
            }
            | Self::HandOver { .. }
            | Self::Start { .. }
            | Self::Submit { .. }
            | Self::Cancel { .. } => None,
        }
    }

    /// Does it start a run, of a job or a one-time one?
    pub const fn starts_a_run(&self) -> bool {
        match self {
            Self::Start { .. } | Self::Submit { .. } => true,
            Self::Regenerate { .. } | Self::HandOver { .. } | Self::Cancel { .. } => false,
        }
    }

    /// What it starts a job with.
    pub const fn started_with(&self) -> Option<&BTreeMap<String, ParameterValue>> {
        match self {
            Self::Start { parameters, .. } => Some(parameters),
            Self::Regenerate { .. }
            | Self::HandOver { .. }
            | Self::Submit { .. }
            | Self::Cancel { .. } => None,
        }
    }

    /// A start becomes the one that was sent before, with its token; false if one of them is no start. Others may be active as it says
    /// itself.
    pub fn send_again(&mut self, sent: &Self) -> bool {
        match (self, sent) {
            (
                Self::Start {
                    token,
                    after,
                    parameters,
                    company: _,
                },
                Self::Start {
                    token: stored,
                    after: followed,
                    parameters: filled,
                    company: _,
                },
            ) => {
                (*token, *after, *parameters) = (stored.clone(), *followed, filled.clone());
                true
            }
            (
                Self::Regenerate { .. }
                | Self::HandOver { .. }
                | Self::Start { .. }
                | Self::Submit { .. }
                | Self::Cancel { .. },
                _,
            ) => false,
        }
    }

    /// The digest of the content that it submits.
    pub fn submitted(&self) -> Option<&str> {
        match self {
            Self::Submit { digest, .. } => Some(digest),
            Self::Regenerate { .. }
            | Self::HandOver { .. }
            | Self::Start { .. }
            | Self::Cancel { .. } => None,
        }
    }

    /// The run that it cancels.
    pub const fn cancelled(&self) -> Option<RunId> {
        match self {
            Self::Cancel { run } => Some(*run),
            Self::Regenerate { .. }
            | Self::HandOver { .. }
            | Self::Start { .. }
            | Self::Submit { .. } => None,
        }
    }

    /// Are both of one kind, whatever they are about? They need the same right.
    pub fn is_alike(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Where a key is handed over, and which.
    pub const fn handed_over(&self) -> Option<(&Destination, Slot, &Presumed)> {
        match self {
            Self::HandOver { to, slot, key } => Some((to, *slot, key)),
            Self::Regenerate { .. }
            | Self::Start { .. }
            | Self::Submit { .. }
            | Self::Cancel { .. } => None,
        }
    }

    /// `regenerate authKey1`, `run now`, `submit`, `cancel run 7`. `service`: whose keys they are.
    pub fn title(&self, service: KeyService) -> String {
        match self {
            Self::Regenerate { slot, .. } => format!("regenerate {}", service.key_name(*slot)),
            Self::HandOver { to, slot, .. } => {
                format!("hand over {} to {to}", service.key_name(*slot))
            }
            Self::Start { .. } => "run now".to_owned(),
            Self::Submit { .. } => "submit".to_owned(),
            Self::Cancel { run } => format!("cancel run {run}"),
        }
    }
}
