//! Finds a one-time run again by its name. A run counts as ours only if its name has the form that afresh gives it.

use crate::model::job::Run;

/// The name under which a one-time run is submitted and found again: the rule and the mark of its content.
pub fn submission_name(rule: &str, digest: &str) -> String {
    format!("{rule} [afresh {}]", content_mark(digest))
}

/// What a run's name tells of its content: 16 digits of the digest.
pub fn content_mark(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}

/// A one-time run that afresh submitted, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedRun {
    /// The rule, as it was called then.
    pub rule: String,
    /// As [`content_mark`] gives it.
    pub content: String,
    /// The run.
    pub run: Run,
}

impl SubmittedRun {
    /// Reads what [`submission_name`] wrote; `None`: another's run.
    pub(super) fn named(name: &str, run: Run) -> Option<Self> {
        let (rule, mark) = name.strip_suffix(']')?.rsplit_once(" [afresh ")?;
        Some(Self {
            rule: rule.to_owned(),
            content: mark.to_owned(),
            run,
        })
    }
}
