//! Which run an apply waits for: the one that the step starts, or one that an earlier apply started and did not see end.
//!
//! A run that somebody else started is not waited for.

use super::ruling::Ruling;
use crate::model::job::{RunId, RunResult};
use crate::model::time::Span;
use crate::model::verdict::{Action, Hold, Verdict, Wait};

/// `max`: what the rule declares; `own`: the run that afresh started last for this rule.
pub(super) fn wait(
    ruling: &Ruling,
    max: Option<Span>,
    accept: &[RunResult],
    own: Option<RunId>,
) -> Option<Wait> {
    let wait = |max, run| {
        Some(Wait {
            max,
            accept: accept.to_vec(),
            run,
        })
    };
    match &ruling.verdict {
        Verdict::Act { actions, .. } if actions.iter().any(Action::starts_a_run) => {
            wait(Some(max?), None)
        }
        Verdict::Hold {
            why: Hold::ActiveRun { run } | Hold::QueuedRun { run, .. },
            ..
        } if own == Some(*run) => wait(max, own),
        Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => None,
    }
}
