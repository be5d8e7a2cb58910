//! How the hand-offs of a key stand.

use std::fmt;

use super::super::hand_off::Destination;
use super::super::runtime::{Fingerprint, Slot};
use super::super::time::{Timestamp, minute};
use super::super::trouble::Trouble;

/// How one hand-off stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOffFacts {
    /// Where the key goes.
    pub to: Destination,
    /// Which key.
    pub slot: Slot,
    /// Its fingerprint, if it is known.
    pub key: Option<Fingerprint>,
    /// How it stands.
    pub state: HandOffState,
    /// The other key is not regenerated before this is done.
    pub blocks: bool,
}

/// How a hand-off stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOffState {
    /// The key is there.
    Done {
        /// Since when, if that is known.
        since: Option<Timestamp>,
        /// Until when that counts: then the version expires.
        until: Option<Timestamp>,
        /// The vault shows it; else the ledger says so.
        is_seen: bool,
    },
    /// It is not, and afresh can hand it over.
    Due(Gap),
    /// A person has to hand it over and to say so.
    Waits {
        /// When the key was made.
        since: Timestamp,
    },
    /// It cannot be handed over before a person decides or mends something.
    Blocked(Obstacle),
    /// Nobody knows: the key was not shown, or nobody looked.
    Unknown,
    /// Nothing is owed there yet: the key was there before afresh rotated any.
    NotOwed,
}

/// Why a key is to be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nothing was ever handed over there.
    Never,
    /// The newest version holds another key, or one of an unknown value.
    Another,
    /// The secret is gone.
    Missing,
    /// The newest version is disabled.
    Disabled,
    /// The newest version has expired.
    Expired {
        /// When.
        at: Timestamp,
    },
}

/// What is missing where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOffGap {
    /// Where.
    pub to: Destination,
    /// What.
    pub gap: Gap,
}

/// Why a key cannot be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The secret holds what afresh did not write for this resource.
    NotOurs,
    /// A secret of this name was deleted and can still be recovered.
    Deleted {
        /// When its name becomes free by itself.
        purged: Option<Timestamp>,
    },
    /// The vault could not be read.
    Unread(Trouble),
    /// Programs may not be run.
    CommandsOff,
    /// Its version would not be taken: too many tags for instance.
    Unfit(String),
}

impl fmt::Display for HandOffGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = &self.to;
        match &self.gap {
            Gap::Never => write!(f, "not handed over to {to} yet"),
            Gap::Another => write!(f, "{to} has another key"),
            Gap::Missing => write!(f, "{to} is gone"),
            Gap::Disabled => write!(f, "the newest version of {to} is disabled"),
            Gap::Expired { at } => {
                write!(f, "the newest version of {to} expired at {}", minute(*at))
            }
        }
    }
}
