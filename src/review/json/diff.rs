//! Two plans beside each other.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::verdict::{Plan, Step};
use crate::review::Uses;
use crate::review::change::{Change, changes, frame, tally};
use crate::review::sentence::sentence;

/// The version of this shape.
const FORMAT: &str = "afresh-diff/1";

/// What `diff` tells: what the newer plan decides differently.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "what afresh diff --format json prints")]
pub struct Document {
    /// The version of this shape.
    format: &'static str,
    /// When the older plan was made.
    from: String,
    /// When the newer one was.
    to: String,
    /// Hosts, ledger and credentials that differ, a line each.
    uses: Vec<String>,
    /// Freezes, guardrails, and whether the plan may be applied, where that differs.
    plan: Vec<String>,
    /// Subjects that are decided differently, in the order of their addresses.
    subjects: Vec<Subject>,
    /// The same in a sentence.
    text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Subject {
    address: String,
    change: Kind,
    /// What the older plan says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Said>,
    /// What the newer one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Said>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Added,
    Removed,
    Changed,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Said {
    rule: String,
    /// `kept`, `broken`, `unproven` or `unknown`.
    promise: &'static str,
    /// The decision in a sentence.
    text: String,
}

/// What the newer plan decides differently.
pub fn diff(old: (&Plan, Uses<'_>), new: (&Plan, Uses<'_>)) -> Document {
    let ((before, old_uses), (after, new_uses)) = (old, new);
    let (changes, frame) = (changes(before, after), frame(before, after));
    Document {
        format: FORMAT,
        from: before.at.to_string(),
        to: after.at.to_string(),
        uses: old_uses.changes(new_uses),
        subjects: changes.iter().map(subject).collect(),
        text: tally(&changes, &frame),
        plan: frame,
    }
}

fn subject(change: &Change<'_>) -> Subject {
    let (kind, before, after) = match change {
        Change::Added(step) => (Kind::Added, None, Some(*step)),
        Change::Removed(step) => (Kind::Removed, Some(*step), None),
        Change::Changed(old, new) => (Kind::Changed, Some(*old), Some(*new)),
    };
    Subject {
        address: change.address().to_string(),
        change: kind,
        before: before.map(said),
        after: after.map(said),
    }
}

fn said(step: &Step) -> Said {
    Said {
        rule: step.rule.to_string(),
        promise: step.promise.word(),
        text: sentence(step),
    }
}
