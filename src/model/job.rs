//! Databricks jobs, their runs, and what is promised of them.
//!
//! Refuses: a running run with an end; a phase we do not know counting as success.

use std::collections::BTreeMap;
use std::fmt;

use super::time::{Span, Timestamp};

/// A job's id: a positive 64-bit number, never a float.
pub type JobId = i64;
/// A run's id: a positive 64-bit number, never a float.
pub type RunId = i64;

/// An `idempotency_token`: decided and stored before the call, at most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(String);

impl Token {
    /// Takes 1 to 64 characters of `[A-Za-z0-9-]`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=crate::limits::TOKEN_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// A SHA-256 as its 64 lower-case hex digits: exactly as long as a token may be.
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let digits = digest
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        Self(digits.collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is promised of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSpec {
    /// Succeeded, running, or not running.
    pub require: Requirement,
    /// An active run longer than this is cancelled.
    pub duration_max: Option<Span>,
    /// What happens when a run is wanted while another is active.
    pub concurrency: Concurrency,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// When a failed job is tried again.
    pub retry: Retry,
    /// `job_parameters` of a started run.
    pub parameters: BTreeMap<String, String>,
    /// How long apply waits for the end of a run that it started; `None`: it does not.
    pub wait_max: Option<Span>,
}

/// Succeeded, running, or not running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The newest accepted end is not older than this.
    Succeeded {
        /// Older than this is said, not acted on.
        warn_after: Option<Span>,
        /// Older than this is due.
        error_after: Span,
    },
    /// There is an active run.
    Running,
    /// There is none.
    NotRunning,
}

/// What happens when a run is wanted while another is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// Wait for it.
    #[default]
    Forbid,
    /// Cancel it, wait until it has ended, start.
    Replace,
    /// Start beside it.
    Allow,
}

/// When a failed job is tried again: after `backoff`, doubled with each failure since the last success up to `backoff_max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Pause after the first failure.
    pub backoff: Span,
    /// Longest pause.
    pub backoff_max: Span,
    /// Failures since the last success after which a person is needed.
    pub attempts_max: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            backoff: Span::seconds(900),
            backoff_max: Span::hours(6),
            attempts_max: 5,
        }
    }
}

/// A one-time run: it succeeds once per content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionSpec {
    /// The body of `runs/submit` without run name and token: canonical JSON (keys sorted).
    pub body: String,
    /// SHA-256 of `body`, lower-case hex.
    pub digest: String,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// What happens while a run of an earlier content of the rule is active. Beside one of the same content nothing is submitted.
    pub concurrency: Concurrency,
    /// When a failed run is tried again.
    pub retry: Retry,
    /// How long apply waits for its end; `None`: it does not.
    pub wait_max: Option<Span>,
}

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

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it is in its life.
    pub phase: Phase,
    /// When it started; `None` while it waits in a queue.
    pub started: Option<Timestamp>,
    /// Its page in the workspace.
    pub url: Option<String>,
    /// The service's words on it.
    pub message: Option<String>,
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

/// What the ledger knows of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobMemory {
    /// The name under which people knew it last.
    pub name: Option<String>,
    /// The newest run that afresh started: its id, and when the service answered.
    pub last_start: Option<(RunId, Timestamp)>,
    /// The newest success that was seen: run, end, result.
    pub last_success: Option<(RunId, Timestamp, RunResult)>,
}

/// What the ledger knows of a one-time submit, of its present content or an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionMemory {
    /// Runs that afresh submitted: digest of the content, run, when the service answered; oldest first.
    pub runs: Vec<(String, RunId, Timestamp)>,
    /// Ends that were seen: digest, run, end, result.
    pub ends: Vec<(String, RunId, Timestamp, RunResult)>,
    /// Runs whose end was never seen and which succeeded, as a person says: digest, run.
    pub confirmed: Vec<(String, RunId)>,
    /// When a person last had the failed attempts forgotten.
    pub forgiven_at: Option<Timestamp>,
    /// How often a person has had each content forgotten, by digest: part of its next token.
    pub forgotten: BTreeMap<String, u32>,
}
