//! What is promised of a job or of a one-time run.

use std::collections::BTreeMap;

use super::parameter::ParameterValue;
use super::run::RunResult;
use crate::model::time::Span;

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

/// Which runs count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// Runs of all tasks with the rule's parameters, and the defaults of the others.
    #[default]
    SameParameters,
    /// Runs with any parameters.
    Any,
}

/// Succeeded, running, or not running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The newest accepted end is not older than `error_after`.
    Succeeded {
        /// A run is started from this age on; `None`: from `error_after` on, when the promise is broken already.
        start_after: Option<Span>,
        /// A success that is older than this is told as a warning. No run is started for it.
        warn_after: Option<Span>,
        /// Older than this breaks the promise.
        error_after: Span,
    },
    /// There is an active run that does not wait in a queue.
    Running,
    /// No run is active or queued.
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
