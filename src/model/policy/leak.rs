//! Whether a policy lets rules pass over windows and freezes after a leak.

use super::super::runtime::RuntimeSpec;
use super::{Part, Policy, Violation, violation};

impl Policy {
    /// What a rule breaks that passes over windows and freezes.
    pub(super) fn of_ignored_windows(&self, spec: &RuntimeSpec) -> Option<Violation> {
        let is_forbidden = self.require.ignore_windows == Some(false) && spec.ignore_windows;
        let message = "the policy does not allow `ignoreWindows: true`";
        is_forbidden.then(|| violation(Part::IgnoreWindows, message))
    }
}
