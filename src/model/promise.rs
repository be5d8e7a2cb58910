//! Whether a promise holds. The verdict says what is done about it.
//!
//! Neither is derived from the other: both are decided from the same survey.

use std::fmt;

use super::job::RunId;
use super::runtime::slot::Slot;
use super::time::{Timestamp, minute};

/// Whether what a rule promises of a subject holds at the time of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// It is proved to hold.
    Kept,
    /// It is proved not to hold.
    Broken {
        /// From when on that is proved; `None`: no evidence dates it.
        since: Option<Timestamp>,
        /// Which part of the subject breaks it.
        part: BrokenPart,
    },
    /// The evidence allows both.
    Unproven,
    /// It could not be checked.
    Unknown,
}

/// Which part of a subject breaks its promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BrokenPart {
    /// The subject has no parts: a job, a one-time run.
    Whole,
    /// This key.
    Key(Slot),
    /// Both keys.
    BothKeys,
    /// One of the two keys: nobody can tell which.
    EitherKey,
}

impl Promise {
    /// `kept`, `broken`, `unproven`, `unknown`: the same word in every output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken { .. } => "broken",
            Self::Unproven => "unproven",
            Self::Unknown => "unknown",
        }
    }

    /// Is it proved not to hold?
    pub const fn is_broken(self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}

impl fmt::Display for Promise {
    /// `kept`, `broken since 2026-11-22 09:00 UTC`, `broken`, `unproven`, `unknown`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Broken {
                since: Some(since), ..
            } => write!(f, " since {}", minute(*since)),
            Self::Broken { since: None, .. } | Self::Kept | Self::Unproven | Self::Unknown => {
                Ok(())
            }
        }
    }
}

/// Why only a person can end this: a closed list. What time or the next apply mends is not on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// A right or a sign-in is missing.
    Access,
    /// A rule, a name or a selector cannot be right: an ambiguous name, two rules on one subject, a selector that selects nothing,
    /// a named runtime without keys of its own.
    Rule,
    /// The subject does not exist, or nobody showed it to us.
    NotFound,
    /// It failed too often, and is not tried again.
    GivenUp,
    /// While an intent was open, somebody else rotated the other key.
    ForeignRotation,
    /// A one-time run was started, and its end was never seen.
    LostRun,
    /// A run succeeded, and the service tells no time of it.
    UndatedSuccess,
    /// The job's settings stand in the way: a continuous job to pause or unpause, a job that allows no runs.
    Settings,
    /// The rule itself says that a person decides: `unknownAge: fail`, `onWindowStarvation: fail`.
    Policy,
    /// A promise is broken, and nobody can tell by which key.
    Unattributed,
    /// A key was made and is not handed over, or a hand-off cannot be begun.
    HandOff,
    /// The nodes of a runtime are not as its rule requires, or were lost after a rotation.
    Nodes,
    /// A run has blocked the subject for longer than its promise allows.
    Blocked {
        /// Which run.
        run: RunId,
    },
}
