//! Why an action is not begun, in the words a person needs.

use std::fmt;

use crate::model::time::{Timestamp, minute};

/// Why an action is not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// The apply was interrupted.
    Stopped,
    /// The command's time is over.
    TimeOver,
    /// The plan holds no longer.
    Expired(Timestamp),
    /// A freeze covers this moment.
    Frozen(String),
    /// A guardrail refuses the whole plan.
    Refused,
    /// The approval does not cover it.
    Unapproved,
    /// An action of the same subject that comes first was not done.
    Earlier,
    /// A cancelled run does not end.
    StillRuns(String),
    /// A rotation in the same factory lost nodes, or nobody knows.
    Nodes(String),
    /// The ledger cannot be written: no request without a written intent.
    NoLedger(String),
    /// This machine's clock is too far off, in words.
    ClockOff(String),
    /// This process stood still for so long that the time for the request has passed.
    Overslept,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("interrupted before it began"),
            Self::TimeOver => {
                f.write_str("the time of this command was over before it began (--timeout)")
            }
            Self::Expired(until) => write!(f, "the plan held until {}", minute(*until)),
            Self::Frozen(reason) => write!(f, "frozen: {reason}"),
            Self::Refused => f.write_str("a guardrail refuses this plan"),
            Self::Unapproved => f.write_str("the approval does not cover it"),
            Self::Earlier => f.write_str("what comes before it was not done"),
            Self::StillRuns(why) | Self::Nodes(why) | Self::NoLedger(why) | Self::ClockOff(why) => {
                f.write_str(why)
            }
            Self::Overslept => {
                f.write_str("this process was paused for too long before its request went out")
            }
        }
    }
}
