//! The exit codes of `plan` and `apply`, as pure functions of what was decided, what was done, and what `--fail-on` names.
//!
//! A code does not depend on what was printed: `--quiet`, a closed stdout and a saved plan change nothing here.

pub(super) mod kinds;
mod left;

#[cfg(test)]
mod tests;

use self::kinds::{FailOn, Kind, Standing};
use super::error::Exit;
use crate::apply;
use crate::model::verdict::{Hold, Plan, Step, Verdict};

pub use left::left;

/// Could no subject be read? Of no subjects nothing had to be.
fn nothing_known(standings: &[Standing]) -> bool {
    let unknown = |standing: &Standing| Kind::Unknown.is(standing);
    !standings.is_empty() && standings.iter().all(unknown)
}

/// The code of a plan: the first that applies of 1, 5, 2, 3 and 0.
pub fn of_plan(plan: &Plan, detailed: bool, fail_on: &FailOn) -> Exit {
    let counts = plan.counts();
    let found: Vec<Standing> = plan.steps.iter().map(Standing::of).collect();
    if nothing_known(&found) {
        Exit::Error
    } else if plan.refused {
        Exit::Refused
    } else if detailed && counts.pending() {
        Exit::Pending
    } else if found.iter().any(|standing| fail_on.names(standing)) {
        Exit::Partly
    } else {
        Exit::AsWanted
    }
}

/// The code of an apply. What was done decides; then what is left, as of a plan: that no subject could be read, an operation that is
/// unresolved, a subject that `--fail-on` names, and what another apply is working on.
pub fn of_apply(
    done: apply::Exit,
    plan: &Plan,
    left: &[Standing],
    doubts_beside: bool,
    fail_on: &FailOn,
) -> Exit {
    let held = |kind: fn(&Hold) -> bool| {
        let is = |step: &Step| matches!(&step.verdict, Verdict::Hold { why, .. } if kind(why));
        plan.steps.iter().any(is)
    };
    let unresolved = doubts_beside || held(|why| matches!(why, Hold::Doubt { .. }));
    match done {
        apply::Exit::AllDone if nothing_known(left) => Exit::Error,
        apply::Exit::AllDone
            if unresolved || left.iter().any(|standing| fail_on.names(standing)) =>
        {
            Exit::Partly
        }
        apply::Exit::AllDone if held(|why| matches!(why, Hold::Busy { .. })) => Exit::Busy,
        apply::Exit::AllDone => Exit::AsWanted,
        apply::Exit::PartlyOrDoubt => Exit::Partly,
        apply::Exit::Stale => Exit::Stale,
        apply::Exit::Busy => Exit::Busy,
        apply::Exit::RunNotSucceeded => Exit::RunFailed,
        apply::Exit::Interrupted => Exit::Interrupted,
    }
}
