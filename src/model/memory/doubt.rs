//! Intents of which nobody knows yet what became of them.

use crate::model::time::Timestamp;
use crate::model::verdict::action::Action;

/// An intent without an end: an action that was written down, and of which nobody wrote down what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The intent's own number: unique in its ledger.
    pub intent: String,
    /// The apply that wrote it.
    pub apply: String,
    /// Whose apply that is, for people: `alice on build-7, process 4711`. Older ledgers do not tell.
    pub by: Option<String>,
    /// What it meant to do.
    pub action: Action,
    /// The rule's digest at that time ([`JobSpec::digest`](crate::model::job::JobSpec::digest)). Older ledgers do not tell.
    pub rule: Option<String>,
    /// When it was written down (service or local time, the later).
    pub at: Timestamp,
    /// When its token was first meant to be sent: `at`, unless an intent before it was to send the same one.
    pub since: Timestamp,
    /// Until when its request may be under way; before this the subject is busy, after it the doubt can be settled.
    pub act_by: Timestamp,
}
