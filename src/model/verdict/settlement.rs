//! What became of intents, and what effects leave behind.

use super::super::hand_off::Destination;
use super::super::job::RunId;
use super::super::runtime::{Fingerprint, Slot};
use super::super::time::Timestamp;
use super::action::Action;

/// What is found out about an intent that had no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The intent's number.
    pub intent: String,
    /// What it meant to do.
    pub action: Action,
    /// What became of it.
    pub settled: Settled,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It happened.
    Done(Receipt),
    /// It did not happen, and will not any more.
    NotDone,
    /// Only sending it again, with the same token, tells: the same run comes back.
    Repeat,
}

/// What an effect left behind. No secret: a new key only as its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// A key was regenerated.
    Regenerated {
        /// Which.
        slot: Slot,
        /// The new key.
        fingerprint: Fingerprint,
        /// The service's time before the request went out.
        sent: Timestamp,
        /// The service's time of the answer.
        answered: Timestamp,
    },
    /// A key was handed over.
    HandedOver {
        /// Where it went.
        to: Destination,
        /// Which key.
        slot: Slot,
        /// Its value, as its fingerprint.
        fingerprint: Fingerprint,
        /// The service's time of the answer, or when the program ended.
        answered: Timestamp,
    },
    /// A run was started, or submitted, or found under its token.
    Started {
        /// Its id.
        run: RunId,
        /// The service's time of the answer.
        answered: Timestamp,
    },
    /// A cancel was accepted: the run is ending, or has ended.
    Cancelled {
        /// Which.
        run: RunId,
        /// The service's time of the answer.
        answered: Timestamp,
    },
}
