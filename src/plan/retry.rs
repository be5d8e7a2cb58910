//! When something that failed is tried again, computed from the runs that were seen. A broken job is not run for ever.
//!
//! A failure without a known time counts, unless it is known to be older than a success.

use super::ruling::Ruling;
use crate::model::job::{Phase, Retry, Run, RunId, RunResult};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::Hold;

/// An end that was no success.
pub(super) type Failure = (RunId, Timestamp, RunResult);

/// Ends that were no success, and that no success is known to have followed.
#[derive(Clone, Copy)]
pub(super) struct Failures<'a> {
    /// The newest end first.
    pub(super) dated: &'a [Failure],
    /// How many more there are of which no time is known.
    pub(super) undated: usize,
}

/// Failed ends after `since`, the newest first. Those without a time are [`undated`].
pub(super) fn dated<'a>(
    runs: impl IntoIterator<Item = &'a Run>,
    accept: &[RunResult],
    since: Option<Timestamp>,
) -> Vec<Failure> {
    let failed = |run: &Run| {
        let result = failure(run, accept)?;
        let at = run.ended_no_earlier_than()?;
        let is_since = since.is_none_or(|since| since < at);
        is_since.then(|| (run.id, at, result.clone()))
    };
    let mut failures: Vec<Failure> = runs.into_iter().filter_map(failed).collect();
    newest_first(&mut failures);
    failures
}

pub(super) fn newest_first(failures: &mut [Failure]) {
    failures.sort_by_key(|(run, at, _)| std::cmp::Reverse((*at, *run)));
}

/// How a run ended that failed. One that was skipped, excluded or disabled never ran, so it did not fail either.
pub(super) fn failure<'a>(run: &'a Run, accept: &[RunResult]) -> Option<&'a RunResult> {
    match &run.phase {
        Phase::Ended { result, .. } if !accept.contains(result) && !run.never_ran() => Some(result),
        Phase::Ended { .. } | Phase::Active(_) => None,
    }
}

/// Ended runs of which no time is known, whatever their result.
pub(super) fn undated(runs: &[Run]) -> impl Iterator<Item = &Run> {
    runs.iter()
        .filter(|run| !run.is_active() && run.ended_no_earlier_than().is_none())
}

impl<'a> Failures<'a> {
    /// `dated` with those among `undated` that failed.
    pub(super) fn new(
        dated: &'a [Failure],
        undated: impl Iterator<Item = &'a Run>,
        accept: &[RunResult],
    ) -> Self {
        Self {
            dated,
            undated: undated.filter(|run| failure(run, accept).is_some()).count(),
        }
    }

    /// How many.
    pub(super) fn count(self) -> u32 {
        u32::try_from(self.dated.len().saturating_add(self.undated)).unwrap_or(u32::MAX)
    }

    /// The hold that failures ask for; `None`: a new attempt is free. The pause counts from the last end that is known.
    pub(super) fn pause(self, retry: &Retry, now: Timestamp) -> Option<Ruling> {
        let failures = self.count();
        if failures > 0 && failures >= retry.attempts_max {
            return Some(Ruling::hold(Hold::GaveUp { failures }, None));
        }
        let (_, last, _) = self.dated.first()?;
        let until = length(retry, failures).after(*last);
        (now < until).then(|| Ruling::hold(Hold::BackOff { failures }, Some(until)))
    }
}

/// `backoff` after the first failure, doubled with each further one, `backoff_max` at most.
fn length(retry: &Retry, failures: u32) -> Span {
    let doubled = 1_u64
        .checked_shl(failures.saturating_sub(1))
        .and_then(|factor| retry.backoff.as_secs().checked_mul(factor))
        .map_or(retry.backoff_max, Span::seconds);
    doubled.min(retry.backoff_max)
}
