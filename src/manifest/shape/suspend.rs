//! What any rule may say of itself: that it is suspended.

use super::super::mark::At;
use super::declare::record;
use super::leaf::{Filled, Instant};
use crate::model::suspension::Suspension;

record! {
    /// A rule that takes no action. What it promises is still judged.
    SuspendText {
        /// Why: it is shown with each subject of the rule.
        "reason" reason: Filled,
        /// The first instant at which the rule acts again. Default: it is suspended until `suspend` is taken out.
        "until" until: Option<At<Instant>>,
    }
}

impl SuspendText {
    /// As it is written.
    pub fn suspension(&self) -> Suspension {
        Suspension {
            reason: self.reason.0.clone(),
            until: self.until.as_ref().map(|at| at.value.0),
        }
    }
}
