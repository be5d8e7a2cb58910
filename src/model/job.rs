//! Databricks jobs, their runs, and what is promised of them.

use std::collections::{BTreeMap, BTreeSet};

use super::time::{Span, Timestamp};

mod counting;
mod parameter;
mod run;
mod trigger;

pub use counting::Counting;
pub use parameter::{ParameterValue, VARIABLE_PREFIX, ends_with_any, is_secret, names_secret};
pub use run::{ActivePhase, Inputs, Parameter, Phase, Run, RunResult, TasksRun};
pub use trigger::Trigger;

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
    /// A run that has been going for longer than this is cancelled.
    pub duration_max: Option<Span>,
    /// A run that has been queued for longer than this is cancelled; `None`: `duration_max` holds here, too.
    pub queue_max: Option<Span>,
    /// What happens when a run is wanted while another is active.
    pub concurrency: Concurrency,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// Which runs count: those with the rule's parameters, or any.
    pub counts: Counting,
    /// When a failed job is tried again.
    pub retry: Retry,
    /// `job_parameters` of a started run.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// How long apply waits for the end of a run that it started; `None`: it does not.
    pub wait_max: Option<Span>,
    /// SHA-256 of selector, parameters, accepted results and retry: where it changes, attempts are counted anew.
    pub digest: String,
    /// SHA-256 of what makes a run count: a success that the ledger remembers proves nothing to a rule that asks for another one.
    pub asks: String,
}

impl JobSpec {
    /// How long a run may wait in a queue.
    pub fn queued_max(&self) -> Option<Span> {
        self.queue_max.or(self.duration_max)
    }

    /// Were attempts under `rule` attempts under this one? An older ledger does not tell; then they were.
    pub fn is_same_rule(&self, rule: Option<&str>) -> bool {
        rule.is_none_or(|rule| rule == self.digest)
    }
}

/// Succeeded, running, or not running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The newest accepted end is not older than `error_after`.
    Succeeded {
        /// A run is started from this age on; `None`: from `error_after` on, when the promise is broken already.
        start_after: Option<Span>,
        /// Older than this is said, not acted on.
        warn_after: Option<Span>,
        /// Older than this breaks the promise.
        error_after: Span,
    },
    /// There is an active run that does not wait in a queue.
    Running,
    /// There is no active run, and none in a queue.
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

/// What the ledger knows of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobMemory {
    /// The name under which people knew it last.
    pub name: Option<String>,
    /// The newest run that afresh started.
    pub last_start: Option<OwnStart>,
    /// Runs that afresh started before it, after the newest success, and whose ends nobody wrote down; the oldest first.
    pub open_starts: Vec<OwnStart>,
    /// The newest success that was seen: run, end, result.
    pub last_success: Option<(RunId, Timestamp, RunResult)>,
    /// The [`JobSpec::asks`] that it was one for; `None`: an older ledger does not tell.
    pub last_success_for: Option<String>,
    /// Failures that were seen since then, in the order in which they were written down.
    pub failures: Vec<KnownFailure>,
    /// Runs of others that afresh cancelled since then, and when the service took note: they did not fail by themselves.
    pub cancelled: BTreeMap<RunId, Timestamp>,
    /// When a person last had the attempts forgotten.
    pub forgiven_at: Option<Timestamp>,
    /// Runs of those attempts of which nobody knows when they ended.
    pub forgiven: BTreeSet<RunId>,
}

impl JobMemory {
    /// What is known of the start of `run`, if it was a start by afresh that is remembered.
    pub fn own(&self, run: RunId) -> Option<&OwnStart> {
        self.starts().find(|own| own.run == run)
    }

    /// The newest instant that is remembered of it.
    pub fn last_heard(&self) -> Option<Timestamp> {
        let started = self.last_start.as_ref().map(|own| own.at);
        let succeeded = self.last_success.as_ref().map(|(_, end, _)| *end);
        let failed = self.failures.iter().filter_map(|known| known.ended);
        let told = [started, succeeded, self.forgiven_at];
        failed.chain(told.into_iter().flatten()).max()
    }

    /// Adds a start by afresh. An earlier one whose end is not known stays remembered: it was an attempt, too.
    pub fn start(&mut self, start: OwnStart) {
        if self.own(start.run).is_some() {
            return;
        }
        let is_newer = self
            .last_start
            .as_ref()
            .is_none_or(|known| known.at <= start.at);
        let older = if is_newer {
            self.last_start.replace(start)
        } else {
            Some(start)
        };
        let Some(older) = older.filter(|older| self.is_open(older)) else {
            return;
        };
        let place = self
            .open_starts
            .partition_point(|known| known.at <= older.at);
        self.open_starts.insert(place, older);
    }

    /// Has nobody written down its end, nor a later success, nor that a person forgave it?
    fn is_open(&self, own: &OwnStart) -> bool {
        let success = self.last_success.as_ref().map(|(_, end, _)| *end);
        let after = success.max(self.forgiven_at);
        after.is_none_or(|after| after < own.at)
            && self.failures.iter().all(|known| known.run != own.run)
    }

    /// Drops the starts whose ends, or what made up for them, are known by now.
    pub fn drop_ended_starts(&mut self) {
        let open = std::mem::take(&mut self.open_starts);
        self.open_starts = open.into_iter().filter(|own| self.is_open(own)).collect();
    }

    /// The starts by afresh that are remembered, the newest first.
    pub fn starts(&self) -> impl Iterator<Item = &OwnStart> {
        self.last_start.iter().chain(self.open_starts.iter().rev())
    }
}

/// A run that afresh started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnStart {
    /// Its id.
    pub run: RunId,
    /// When the service answered.
    pub at: Timestamp,
    /// The parameters that it was started with.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The [`JobSpec::digest`] of that time; `None`: an older ledger does not tell.
    pub rule: Option<String>,
}

/// A failure that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// Which run.
    pub run: RunId,
    /// When it ended, if the service told.
    pub ended: Option<Timestamp>,
    /// How.
    pub result: RunResult,
    /// The [`JobSpec::digest`] that it was an attempt for.
    pub rule: Option<String>,
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
