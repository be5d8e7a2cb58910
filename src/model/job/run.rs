//! One run: where it is in its life, and what it was started with.
//!
//! Only a run that has ended has an end. A run in an unknown phase is active, and an unknown result is never a success.

use std::fmt;

use super::id::RunId;
use crate::model::time::Timestamp;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it is in its life.
    pub phase: Phase,
    /// When it started; `None` while it waits in a queue.
    pub started: Option<Timestamp>,
    /// Since when it waits in a queue; `None`: it does not, or the service does not tell.
    pub queued_since: Option<Timestamp>,
    /// What it was started with.
    pub inputs: Inputs,
    /// Its page in the workspace.
    pub url: Option<String>,
    /// The service's words on it.
    pub message: Option<String>,
}

/// What a run was started with, as far as the service tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Job parameters; `None`: not told.
    pub parameters: Option<Vec<Parameter>>,
    /// Parameters of the old kinds that stand over those of its tasks: `notebook_params`.
    pub overriding: Vec<String>,
    /// Whether it ran all tasks of its job.
    pub tasks: TasksRun,
}

/// Whether a run ran all tasks of its job: `only` of run-now starts some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TasksRun {
    /// It did.
    All,
    /// Nobody tells.
    #[default]
    Untold,
    /// It did not, in words: `only task load`.
    Some(String),
}

/// A job parameter of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The job's default at that time.
    pub default: Option<String>,
    /// What it was set to; `None`: it had its default.
    pub value: Option<String>,
}

/// Where a run is in its life. An end only if it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not ended: everything that is not known to have ended.
    Active(ActivePhase),
    /// Ended.
    Ended {
        /// When, if the service tells it.
        at: Option<Timestamp>,
        /// How.
        result: RunResult,
    },
}

/// Phases before the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivePhase {
    /// Waits for a place.
    Queued,
    /// Waits for its cluster.
    Pending,
    /// Runs.
    Running,
    /// Is being ended.
    Terminating,
    /// Waits for another task, or to be tried again.
    Waiting,
    /// A phase that this version does not know, in the service's words. Counts as active.
    Unknown(String),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunResult {
    /// `SUCCESS`.
    Success,
    /// `SUCCESS_WITH_FAILURES`.
    SuccessWithFailures,
    /// `FAILED`, also for the job-level phase `INTERNAL_ERROR`.
    Failed,
    /// `TIMEDOUT`.
    TimedOut,
    /// `CANCELED`.
    Canceled,
    /// It never ran: `SKIPPED`, `MAXIMUM_CONCURRENT_RUNS_REACHED`, `EXCLUDED`, `DISABLED`; the service's word.
    NeverRan(String),
    /// A result that this version does not know, in the service's words. Never a success.
    Unknown(String),
}

impl RunResult {
    /// The service's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "SUCCESS",
            Self::SuccessWithFailures => "SUCCESS_WITH_FAILURES",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMEDOUT",
            Self::Canceled => "CANCELED",
            Self::NeverRan(word) | Self::Unknown(word) => word,
        }
    }

    /// Reads the service's word; never fails.
    pub fn parse(word: &str) -> Self {
        match word {
            "SUCCESS" => Self::Success,
            "SUCCESS_WITH_FAILURES" => Self::SuccessWithFailures,
            "FAILED" | "UPSTREAM_FAILED" => Self::Failed,
            "TIMEDOUT" => Self::TimedOut,
            "CANCELED" | "UPSTREAM_CANCELED" => Self::Canceled,
            "SKIPPED" | "MAXIMUM_CONCURRENT_RUNS_REACHED" | "EXCLUDED" | "DISABLED" => {
                Self::NeverRan(word.to_owned())
            }
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl fmt::Display for RunResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Run {
    /// Has it not ended?
    pub const fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active(_))
    }

    /// Does it wait in a queue?
    pub const fn is_queued(&self) -> bool {
        matches!(self.phase, Phase::Active(ActivePhase::Queued))
    }

    /// Since when it has been active: its start, or since when it has been queued.
    pub fn active_since(&self) -> Option<Timestamp> {
        self.started
            .or(self.queued_since)
            .filter(|_| self.is_active())
    }

    /// Has it ended without running at all: skipped, excluded, disabled?
    pub const fn never_ran(&self) -> bool {
        matches!(
            self.phase,
            Phase::Ended {
                result: RunResult::NeverRan(_),
                ..
            }
        )
    }

    /// How it ended.
    pub const fn result(&self) -> Option<&RunResult> {
        match &self.phase {
            Phase::Ended { result, .. } => Some(result),
            Phase::Active(_) => None,
        }
    }

    /// Has it ended with one of `accept`?
    pub fn has_succeeded(&self, accept: &[RunResult]) -> bool {
        matches!(&self.phase, Phase::Ended { result, .. } if accept.contains(result))
    }

    /// When it ended, or where the service does not tell that, when it started: no earlier than this. `None`: not ended, or
    /// nothing is known of its times.
    pub fn ended_no_earlier_than(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Ended { at, .. } => at.or(self.started),
            Phase::Active(_) => None,
        }
    }

    /// When it started, or where the service does not tell that, when it ended. `None`: nothing is known of its times, or it has
    /// neither yet.
    pub fn started_no_later_than(&self) -> Option<Timestamp> {
        self.started.or_else(|| self.ended_no_earlier_than())
    }

    /// [`Self::ended_no_earlier_than`], if it ended with one of `accept`.
    pub fn succeeded_at(&self, accept: &[RunResult]) -> Option<Timestamp> {
        self.ended_no_earlier_than()
            .filter(|_| self.has_succeeded(accept))
    }
}
