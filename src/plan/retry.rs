//! When something that failed is tried again, computed from the runs that were seen: a broken job is not run for ever.

use super::ruling::Ruling;
use crate::model::job::{Phase, Retry, Run, RunId, RunResult};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::Hold;

/// An end that was no success.
pub(super) type Failure = (RunId, Timestamp, RunResult);

/// Ends after `since` whose result is not in `accept`, the newest end first.
pub(super) fn failures(
    runs: &[Run],
    accept: &[RunResult],
    since: Option<Timestamp>,
) -> Vec<Failure> {
    let failed = |run: &Run| match &run.phase {
        // One of which no time is known cannot be put into an order: it is not counted.
        Phase::Ended { result, .. } if !accept.contains(result) => run
            .ended_no_earlier_than()
            .filter(|at| since.is_none_or(|since| since < *at))
            .map(|at| (run.id, at, result.clone())),
        _ => None,
    };
    let mut failures: Vec<Failure> = runs.iter().filter_map(failed).collect();
    failures.sort_by_key(|(run, at, _)| std::cmp::Reverse((*at, *run)));
    failures
}

/// The hold that failures ask for; `None`: a new attempt is free.
pub(super) fn pause(retry: &Retry, failures: &[Failure], now: Timestamp) -> Option<Ruling> {
    let (_, last, _) = failures.first()?;
    let count = count(failures);
    if count >= retry.attempts_max.max(1) {
        return Some(Ruling::hold(Hold::GaveUp { failures: count }, None));
    }
    let until = length(retry, count).after(*last);
    (now < until).then(|| Ruling::hold(Hold::BackOff { failures: count }, Some(until)))
}

/// How many.
pub(super) fn count(failures: &[Failure]) -> u32 {
    u32::try_from(failures.len()).unwrap_or(u32::MAX)
}

/// `backoff` after the first failure, doubled with each further one, `backoff_max` at most.
fn length(retry: &Retry, failures: u32) -> Span {
    let doubled = 1_u64
        .checked_shl(failures.saturating_sub(1))
        .and_then(|factor| retry.backoff.as_secs().checked_mul(factor))
        .map_or(retry.backoff_max, Span::seconds);
    doubled.min(retry.backoff_max)
}
