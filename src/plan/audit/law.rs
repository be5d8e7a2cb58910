//! What every plan must obey, and what it means to break it.

use std::fmt;

use crate::model::address::Address;

/// A law that a plan breaks: always a defect of afresh, never of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Where; `None`: in the plan as a whole.
    pub address: Option<Address>,
    /// Which law.
    pub law: Law,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{address}: {:?}", self.law),
            None => write!(f, "{:?}", self.law),
        }
    }
}

/// The laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Every subject has exactly one step, and there are no others.
    OneStepEach,
    /// Two steps never speak of one subject.
    OneSubjectEach,
    /// Two effects never share a token.
    OneTokenEach,
    /// Nothing is done inside a freeze, but what passes over those of the Project: a key that may be older than `bornAfter`, where its rule
    /// says `ignoreWindows`.
    Frozen,
    /// Nothing is done for a suspended rule.
    Suspended,
    /// Nothing is done to what could not be seen.
    Unseen,
    /// Nothing is done while another apply's request may be under way.
    Busy,
    /// No more is done than the guardrails allow.
    Guardrail,
    /// What is to come lies ahead: `until`, `changes_at`, `valid_until`.
    Past,
    /// Never both keys of one runtime.
    BothKeys,
    /// The other key is proved to be older than the overlap.
    Overlap,
    /// No key is regenerated while another one that consumers are owed is not handed over, nor where it could not be handed over; and a key
    /// is handed over only to where its rule says.
    HandOff,
    /// No key is regenerated while the nodes that were looked at are not as its rule requires, or may not be looked at.
    Nodes,
    /// Outside its windows a key is regenerated only if it may be older than `bornAfter`, and the rule says `ignoreWindows`; or if its limit, or the other key's after the overlap, may be broken before
    /// one opens outside every freeze, and the rule says so.
    Window,
    /// What is replaced is the key that was seen.
    Presumption,
    /// A runtime without keys of its own is left alone.
    NoKeys,
    /// A key that is proved to have reached its limit, or to be older than `bornAfter`, is not in order.
    OldKey,
    /// A job is in order only if a run that ended with an accepted result, or an active one, says so.
    Success,
    /// No run starts beside another unless the rule allows it.
    Company,
    /// A continuous job is not cancelled to make it stop: it would restart.
    Continuous,
    /// An action belongs to the kind of its subject.
    Kind,
}
