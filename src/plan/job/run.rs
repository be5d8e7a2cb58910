//! What a run of a job counts as, for its rule and for its promise alike.

use crate::model::job::{ActivePhase, Phase, Run};
use crate::model::survey::JobCase;
use crate::model::verdict::JobFacts;

/// Is it being ended?
pub(in crate::plan) fn is_ending(run: &Run) -> bool {
    run.phase == Phase::Active(ActivePhase::Terminating)
}

/// Neither waiting for its turn nor about to end.
pub(in crate::plan) fn is_running(run: &Run) -> bool {
    !is_ending(run) && !run.is_queued()
}

/// A success that counts, and of which no time is known.
pub(in crate::plan) fn undated_success<'a>(case: &JobCase, facts: &'a JobFacts) -> Option<&'a Run> {
    let spec = &case.spec;
    let asked = |run: &&Run| spec.mismatch(run, &case.memory).is_none();
    let mut succeeded = facts
        .undated
        .iter()
        .filter(|run| run.has_succeeded(&spec.accept));
    succeeded.find(asked)
}
