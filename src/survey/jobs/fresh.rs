//! Which successes satisfy a rule about jobs, and what runs are compared with.

use crate::cloud::{ListedJob, Parts};
use crate::model::job::{Requirement, Run};
use crate::model::survey::JobCase;
use crate::model::time::{Span, Timestamp};

/// Is it a success for what the rule asks that ended after this?
pub(super) fn is_fresh(case: &JobCase, run: &Run, from: Timestamp) -> bool {
    let end = run.succeeded_at(&case.spec.accept);
    end.is_some_and(|end| end > from) && case.spec.mismatch(run, &case.memory).is_none()
}

/// What runs are compared with, where the rule asks for all tasks of the job.
pub(super) fn parts<'a>(case: &JobCase, job: &'a ListedJob) -> Option<Parts<'a>> {
    case.spec.judges_parameters().then(|| Parts {
        tasks: job.tasks.as_ref(),
        own: case.memory.last_start.as_ref().map(|own| own.run),
    })
}

/// A success that ended after this is fresh; `None`: the rule asks for something else than a success.
pub(super) fn fresh_from(require: &Requirement, now: Timestamp) -> Option<Timestamp> {
    due_after(require).map(|due| due.before(now))
}

/// How old a success may be before a run is wanted.
pub(super) fn due_after(require: &Requirement) -> Option<Span> {
    match require {
        Requirement::Succeeded {
            start_after,
            error_after,
            ..
        } => Some(start_after.unwrap_or(*error_after)),
        Requirement::Running | Requirement::NotRunning => None,
    }
}
