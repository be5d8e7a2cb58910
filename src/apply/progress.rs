//! What the actions of a step have done so far.

use crate::model::job::RunId;
use crate::model::runtime::{Fingerprint, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt};

/// Whether the next action of a step may follow.
pub(super) enum Next {
    /// It may.
    Go,
    /// It presumes what was not done.
    Halt,
}

/// What the actions of a step have done so far.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) cancelled: Vec<RunId>,
    pub(super) started: Option<RunId>,
    /// The key that the step has made, and when.
    pub(super) rotated: Option<(Slot, Timestamp)>,
    made: Option<(Slot, Fingerprint)>,
}

impl Progress {
    /// The key of this slot that the step has made.
    pub(super) fn made(&self, slot: Slot) -> Option<&Fingerprint> {
        let (of, key) = self.made.as_ref()?;
        (*of == slot).then_some(key)
    }

    /// What came of an action. A key that could not be handed over to one place is handed over to the next all the same.
    pub(super) fn took(&mut self, action: &Action, receipt: Option<&Receipt>) -> Next {
        match receipt {
            Some(Receipt::Cancelled { run, .. }) => self.cancelled.push(*run),
            Some(Receipt::Started { run, .. }) => self.started = Some(*run),
            Some(Receipt::Regenerated {
                slot,
                fingerprint,
                answered,
                ..
            }) => {
                self.made = Some((*slot, fingerprint.clone()));
                self.rotated = Some((*slot, *answered));
            }
            Some(Receipt::HandedOver { .. }) => {}
            None => return Self::after(action),
        }
        Next::Go
    }

    /// May what follows an action be done that was not done?
    pub(super) const fn after(action: &Action) -> Next {
        if action.handed_over().is_some() {
            Next::Go
        } else {
            Next::Halt
        }
    }
}
