//! Regenerations of afresh that changed nothing.

use super::regeneration::Regeneration;
use super::slot::Slot;
use crate::limits::CLOCK_SKEW_MAX;
use crate::model::memory::doubt::Doubt;
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::action::Action;

/// A regeneration of afresh that was proved to have changed nothing. The Activity Log may tell of it as done all the same: the service took
/// the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The key that it was to replace.
    pub slot: Slot,
    /// When it was written down.
    pub since: Timestamp,
    /// Until when its request may have been under way.
    pub until: Timestamp,
}

impl Undone {
    /// What is proved of an intent that did not happen; `None`: it was to do something else.
    pub const fn of(doubt: &Doubt) -> Option<Self> {
        match doubt.action {
            Action::Regenerate { slot, .. } => Some(Self {
                slot,
                since: doubt.at,
                until: doubt.act_by,
            }),
            Action::HandOver { .. }
            | Action::Start { .. }
            | Action::Submit { .. }
            | Action::Cancel { .. } => None,
        }
    }

    /// Is an event of this time and key the one that the log has of it? Both instants are of our own clock, the event's is the service's.
    pub fn is(&self, event: &Regeneration) -> bool {
        let skew = Span::seconds(CLOCK_SKEW_MAX.as_secs());
        let about = skew.before(self.since) <= event.at && event.at <= skew.after(self.until);
        about && event.slot == Some(self.slot)
    }
}
