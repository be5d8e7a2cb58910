//! A rule that is suspended: what it promises is judged as ever, and nothing is done about it.

use super::time::Timestamp;

/// Why a rule takes no action, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Why, in the words of who suspended it.
    pub reason: String,
    /// The first instant at which it acts again; `None`: when somebody takes the suspension out of the rule.
    pub until: Option<Timestamp>,
}

/// How a policy lets rules be suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspending {
    /// Not at all.
    Never,
    /// With `until`.
    WithUntil,
}

impl Suspension {
    /// Is the rule suspended at `now`?
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
