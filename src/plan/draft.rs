//! What is to become of one subject, before the guardrails: each kind decides for itself.

use super::ruling::{Draft, Moment};
use super::{job, runtime, submission};
use crate::model::survey::Subject;
use crate::model::verdict::{Action, Facts, Hold, Refusal, Step, Verdict};

/// Decides about `subject`.
pub(super) fn draft(subject: &Subject, moment: Moment) -> Draft {
    match subject {
        Subject::Runtime(case) => refused(runtime::draft(case, moment), case.refused.as_ref()),
        Subject::Job(case) => refused(job::draft(case, moment), case.refused.as_ref()),
        Subject::Submission(case) => {
            refused(submission::draft(case, moment), case.refused.as_ref())
        }
        Subject::Unresolved {
            address,
            rule,
            trouble,
        } => Draft {
            step: Step {
                address: address.clone(),
                rule: rule.clone(),
                target: None,
                promise: trouble.kind.promise(),
                breaks_at: None,
                proved_until: None,
                attention: None,
                verdict: Verdict::Hold {
                    why: Hold::Trouble(trouble.clone()),
                    until: None,
                },
                facts: Facts::None,
                changes_at: None,
                settlements: Vec::new(),
                wait: None,
                refused: None,
                candidate: None,
            },
            broken_at: None,
            attention: None,
            proposal_ends: None,
        },
    }
}

/// A draft that knows that what it is to do was refused the last time.
fn refused(mut draft: Draft, last: Option<&(Action, Refusal)>) -> Draft {
    let Verdict::Act { actions, .. } = &draft.step.verdict else {
        return draft;
    };
    let again = |(action, refusal): &&(Action, Refusal)| {
        actions.iter().any(|act| refusal.is_about(action, act))
    };
    draft.step.refused = last.filter(again).map(|(_, refusal)| refusal.clone());
    draft
}
