//! What is remembered of the runs of a job: the newest success, and the failed attempts since then.
//!
//! No run is counted twice, and a failure is forgotten once a later success has made up for it.

use crate::model::job::{JobMemory, KnownFailure, RunId, RunResult};
use crate::model::time::Timestamp;

/// A success. It makes up for every attempt before its end.
pub(super) fn succeed(
    job: &mut JobMemory,
    name: Option<&str>,
    (run, ended, result): (RunId, Timestamp, &RunResult),
    asks: Option<&str>,
) {
    if let Some(name) = name {
        job.name = Some(name.to_owned());
    }
    let known = job.last_success.as_ref();
    if known.is_some_and(|known| (known.1, known.0) > (ended, run)) {
        return;
    }
    job.last_success = Some((run, ended, result.clone()));
    job.last_success_for = asks.map(str::to_owned);
    // What was seen before it and has no time was before it, as far as anybody can tell.
    job.failures
        .retain(|failure| failure.run != run && failure.ended.is_some_and(|at| at > ended));
    job.cancelled.retain(|_, at| *at > ended);
    job.forgiven.clear();
    job.drop_ended_starts();
}

/// A failure. Seen again, it may have been repaired and have failed once more: then it ended later.
pub(super) fn fail(job: &mut JobMemory, failure: KnownFailure) {
    let success = job.last_success.as_ref().map(|(_, end, _)| *end);
    let since = success.max(job.forgiven_at);
    let is_over = match failure.ended {
        Some(at) => since.is_some_and(|since| at <= since),
        None => job.forgiven.contains(&failure.run),
    };
    if is_over {
        return;
    }
    job.failures.retain(|known| known.run != failure.run);
    job.failures.push(failure);
    job.drop_ended_starts();
}

/// A run of others that afresh cancelled did not fail by itself; an attempt of our own that took too long did.
pub(super) fn cancel(job: &mut JobMemory, run: RunId, at: Timestamp) {
    if job.own(run).is_none() {
        job.cancelled.insert(run, at);
    }
}

/// A person wants it to be tried anew.
pub(super) fn forgive(job: &mut JobMemory, at: Timestamp) {
    job.forgiven_at = job.forgiven_at.max(Some(at));
    let failures = std::mem::take(&mut job.failures);
    for failure in failures {
        match failure.ended {
            Some(ended) if ended > at => job.failures.push(failure),
            Some(_) => {}
            None => drop(job.forgiven.insert(failure.run)),
        }
    }
    job.drop_ended_starts();
}
