//! What was seen of a job or of a one-time run.

use std::collections::BTreeMap;

use super::id::JobId;
use super::run::Run;
use super::trigger::Trigger;
use crate::model::time::Timestamp;

/// What was seen of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSight {
    /// The service's time of the look (`Date`).
    pub at: Timestamp,
    /// Its id.
    pub job: JobId,
    /// Its name.
    pub name: String,
    /// Whether it restarts itself.
    pub continuous: Continuous,
    /// Most runs at a time; 0: every new run is skipped.
    pub runs_max: u32,
    /// What starts it by itself.
    pub trigger: Trigger,
    /// The parameters that it declares, with their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Active runs, newest first. Complete.
    pub active: Vec<Run>,
    /// Ended runs, newest start first, as far back as `history_since`.
    pub ended: Vec<Run>,
    /// The start time from which on `ended` is complete.
    pub history_since: Timestamp,
}

/// Whether a job restarts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuous {
    /// An ordinary job.
    No,
    /// It does.
    Unpaused,
    /// It would if it were not paused.
    Paused,
}

/// What was seen of a one-time run: every run of its content that could be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionSight {
    /// The service's time of the look (`Date`).
    pub at: Timestamp,
    /// Runs of the present content, under whatever name, newest first.
    pub runs: Vec<Run>,
    /// Runs of earlier contents of the rule that are active, or of which the ledger knows no end.
    pub former: Vec<FormerRun>,
}

/// A run of an earlier content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerRun {
    /// The beginning of that content's digest: 16 digits at least.
    pub content: String,
    /// The run.
    pub run: Run,
}
