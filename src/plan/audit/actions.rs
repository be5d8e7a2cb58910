//! What a step is to do, as the audit reads it.

use crate::model::verdict::{Action, Step, Verdict};

/// Every action of `step`, in order; none if it does not act.
pub(super) fn actions(step: &Step) -> Vec<&Action> {
    match &step.verdict {
        Verdict::Act { actions, .. } => actions.iter().collect(),
        Verdict::Keep(_) | Verdict::Hold { .. } => Vec::new(),
    }
}
