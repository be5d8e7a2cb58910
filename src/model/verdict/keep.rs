//! Why nothing has to be done.

use std::fmt;

use super::super::job::RunId;
use super::super::time::Span;

/// Why a subject is as promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// No key is due.
    Young,
    /// The newest success is fresh.
    Fresh {
        /// How long ago it ended.
        age: Span,
        /// Older than `warnAfter`.
        warn: bool,
    },
    /// A run is active, as wanted.
    Running {
        /// That run.
        run: RunId,
    },
    /// No run is active, as wanted.
    Idle,
    /// This content has succeeded once.
    SucceededOnce {
        /// With this run.
        run: RunId,
    },
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young => f.write_str("no key is due"),
            Self::Fresh { age, warn: false } => write!(f, "last success {} ago", age.rounded()),
            Self::Fresh { age, warn: true } => write!(
                f,
                "last success {} ago, older than warnAfter",
                age.rounded()
            ),
            Self::Running { run } => write!(f, "run {run} is active"),
            Self::Idle => f.write_str("no run is active"),
            Self::SucceededOnce { run } => write!(f, "run {run} succeeded with this content"),
        }
    }
}
