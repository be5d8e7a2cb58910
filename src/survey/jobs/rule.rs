//! A rule about jobs, with its selector and what it promises.

use crate::model::address::Address;
use crate::model::desired::{JobRunRule, JobSelector};
use crate::model::job::JobSpec;
use crate::model::survey::Subject;
use crate::model::trouble::Trouble;

/// A rule about jobs, with what it promises.
pub(super) struct JobRule<'a> {
    pub rule: &'a JobRunRule,
    pub selector: &'a JobSelector,
    pub spec: &'a JobSpec,
}

impl JobRule<'_> {
    /// A rule about one job is known by its own name; a rule about tags is known by its jobs'.
    pub fn own_address(&self) -> Address {
        Address::new(self.rule.workspace.clone(), self.rule.name.as_str())
    }

    pub fn unresolved(&self, trouble: Trouble) -> Subject {
        Subject::Unresolved {
            address: self.own_address(),
            rule: self.rule.name.clone(),
            trouble,
        }
    }
}
