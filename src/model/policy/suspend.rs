//! Whether a policy lets rules be suspended: a promise that nobody keeps is no promise.

use super::super::suspension::{Suspending, Suspension};
use super::{Part, Policy, Violation, violation};

impl Policy {
    /// What a suspended rule breaks.
    pub fn of_suspension(&self, suspension: Option<&Suspension>) -> Option<Violation> {
        let (bound, suspension) = self.require.suspend.zip(suspension)?;
        let message = match (bound, suspension.until) {
            (Suspending::Never, _) => "the policy does not allow suspending a rule",
            (Suspending::WithUntil, None) => {
                "the policy asks for `until` where a rule is suspended"
            }
            (Suspending::WithUntil, Some(_)) => return None,
        };
        Some(violation(Part::Suspend, message))
    }
}
