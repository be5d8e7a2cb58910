//! The evidence behind one verdict.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::verdict::{Plan, Step, Verdict};
use crate::review::sentence::sentence;
use crate::review::text;

/// The version of this shape.
const FORMAT: &str = "afresh-why/1";

/// What `why` tells.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "what afresh why --format json prints")]
pub struct Document {
    /// The version of this shape.
    format: &'static str,
    /// The time it was decided for.
    at: String,
    /// Nothing of what was decided changes before this by the passing of time alone.
    valid_until: String,
    subjects: Vec<Subject>,
    /// Subjects that a selector met and left alone.
    skipped: Vec<Skipped>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Subject {
    address: String,
    rule: String,
    decision: Decision,
    /// What is to be done, in this order.
    actions: Vec<String>,
    /// `kept`, `broken`, `unproven` or `unknown`.
    promise: &'static str,
    /// When the promise is proved to be broken, if nothing happens until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    breaks_at: Option<String>,
    /// When the verdict or the promise changes by the passing of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_at: Option<String>,
    /// A person is needed.
    needs_attention: bool,
    /// The decision in a sentence.
    text: String,
    /// What `why` prints for people: the same, and the evidence. Its words may change.
    evidence: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Decision {
    /// There is something to do.
    Act,
    /// It is up to date.
    Keep,
    /// It is on hold.
    Hold,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Skipped {
    address: String,
    why: String,
}

/// What is behind each verdict of the plan. Commands that are proposed end with what was `given`.
pub fn why(plan: &Plan, given: &str) -> Document {
    let skipped = plan.skipped.iter().map(|skipped| Skipped {
        address: skipped.address.to_string(),
        why: skipped.why.clone(),
    });
    Document {
        format: FORMAT,
        at: plan.at.to_string(),
        valid_until: plan.valid_until.to_string(),
        subjects: plan
            .steps
            .iter()
            .map(|step| subject(step, plan, given))
            .collect(),
        skipped: skipped.collect(),
    }
}

fn subject(step: &Step, plan: &Plan, given: &str) -> Subject {
    let service = step.key_service();
    let (decision, actions) = match &step.verdict {
        Verdict::Act { actions, .. } => {
            let actions = actions.iter().map(|action| action.title(service));
            (Decision::Act, actions.collect())
        }
        Verdict::Keep(_) => (Decision::Keep, Vec::new()),
        Verdict::Hold { .. } => (Decision::Hold, Vec::new()),
    };
    Subject {
        address: step.address.to_string(),
        rule: step.rule.to_string(),
        decision,
        actions,
        promise: step.promise.word(),
        breaks_at: step.breaks_at.map(|at| at.to_string()),
        changes_at: step.changes_at.map(|at| at.to_string()),
        needs_attention: step.attention.is_some(),
        text: sentence(step),
        evidence: text::why(step, plan, given)
            .lines()
            .map(str::to_owned)
            .collect(),
    }
}
