//! Keys that may have been made before a leak (`bornAfter`): due at once, judged by the greatest age that they can have.
//!
//! Windows and freezes give way only where the rule says `ignoreWindows`, and only for these keys. The overlap never does.

use super::openings::Openings;
use super::ruling::{Moment, Ruling};
use crate::model::joint::Joint;
use crate::model::runtime::{PerSlot, RuntimeSpec, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Cause, NonEmpty, SlotFacts};

/// Which keys of a runtime may be older than its rule allows.
pub(super) struct Leak<'a> {
    spec: &'a RuntimeSpec,
    moment: Moment<'a>,
    at: Option<Timestamp>,
}

impl<'a> Leak<'a> {
    pub(super) fn of(spec: &'a RuntimeSpec, moment: Moment<'a>) -> Self {
        Self {
            spec,
            moment,
            at: spec.leak(moment.now),
        }
    }

    /// May this key have been made before?
    pub(super) fn may_be(&self, key: &SlotFacts) -> bool {
        self.at.is_some_and(|at| key.birth.may_be_before(at))
    }

    /// When this key may be regenerated.
    pub(super) fn openings(&self, key: &SlotFacts) -> Openings<'a> {
        if self.passes(key) {
            Openings {
                windows: &[],
                rests: self.moment.firm,
            }
        } else {
            Openings {
                windows: &self.spec.windows,
                rests: self.moment.rests,
            }
        }
    }

    /// Why everything rests now for this key, and until when.
    pub(super) fn frozen(&self, key: &SlotFacts) -> Option<(&'a str, Timestamp)> {
        if self.passes(key) {
            self.moment.frozen_firmly()
        } else {
            self.moment.frozen()
        }
    }

    fn passes(&self, key: &SlotFacts) -> bool {
        self.spec.ignore_windows && self.may_be(key)
    }

    /// Regenerates the key in this slot, if it may have been made before.
    pub(super) fn act(
        &self,
        slot: Slot,
        slots: &PerSlot<SlotFacts>,
        actions: impl FnOnce() -> NonEmpty<Action>,
    ) -> Option<Ruling> {
        let key = slots.get(slot);
        let at = self.at.filter(|_| self.may_be(key))?;
        let usual = Openings {
            windows: &self.spec.windows,
            rests: self.moment.rests,
        };
        let because = Cause::MadeBefore {
            slot,
            born_after: at,
            proved: key.birth.is_before(at),
            ignores_windows: !usual.is_open(self.moment.now),
            follows: self
                .may_be(slots.get(slot.twin()))
                .then_some(self.spec.overlap),
        };
        let turns = [
            usual.first_from(self.moment.now),
            usual.ends(self.moment.now),
        ];
        let ruling = Ruling::act(actions(), because, Some(at));
        Some(ruling.changing(self.moment, turns.into_iter().flatten()))
    }
}

/// Are both keys proved to be made at this instant or later, whichever story is true?
pub(super) fn none_before(joint: &Joint, at: Timestamp) -> bool {
    joint.stories.iter().all(|story| {
        let made = |slot: Slot| story.get(slot).earliest;
        Slot::BOTH
            .into_iter()
            .all(|slot| made(slot).is_some_and(|earliest| earliest >= at))
    })
}

/// Is it proved that some key was made before this instant, whichever it is?
pub(super) fn some_before(joint: &Joint, at: Timestamp) -> bool {
    joint.stories.iter().all(|story| {
        Slot::BOTH
            .into_iter()
            .any(|slot| story.get(slot).latest.is_some_and(|latest| latest < at))
    })
}
