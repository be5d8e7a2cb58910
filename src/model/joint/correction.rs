//! Facts that contradict stronger ones.

use crate::model::runtime::Slot;
use crate::model::time::Timestamp;

/// A fact that stronger ones exclude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correction {
    /// A person's word on the birth of this key.
    Declared {
        /// Which key.
        slot: Slot,
        /// What was said.
        born: Timestamp,
    },
    /// The log shows no regeneration, and the key changed all the same: the log is late, or the runtime was made anew.
    Silence {
        /// Which key.
        slot: Slot,
    },
    /// The runtime says that it was made after this key was seen.
    Created {
        /// Which key.
        slot: Slot,
        /// What it says.
        at: Timestamp,
    },
    /// An event of the log, while looks show that neither key changed then.
    Event {
        /// When.
        at: Timestamp,
    },
    /// The service says that it made this key at a time that is yet to come.
    Ahead {
        /// Which key.
        slot: Slot,
        /// What it says.
        at: Timestamp,
    },
}
