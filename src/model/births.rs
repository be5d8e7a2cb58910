//! When the keys of a runtime were made, from everything that is known of it.

use super::birth::{Birth, Evidence, Interval};
use super::joint::{Joint, joint};
use super::runtime::{PerSlot, RuntimeMemory, Slot};
use super::time::{Span, Timestamp};
use super::timeline::{Timeline, lag};

impl Timeline {
    /// When the keys were made, judged together.
    pub fn births(&self) -> Joint {
        let mut joint = joint(self);
        let here = |slot: Slot| {
            let own = self.slots.get(slot).own;
            matches!(own, Some(Evidence::KnownBefore { .. }))
        };
        if Slot::BOTH.into_iter().all(here) {
            joint.stories = among(joint.stories, &self.home);
        }
        joint
    }
}

impl RuntimeMemory {
    /// When the keys were made, from the ledger alone.
    ///
    /// A key only gets younger behind our back: the latest bound may be wrong by now, the earliest may not, so what this proves
    /// to be young enough *is* young enough.
    pub fn births(&self) -> Joint {
        Timeline::of(self, None).births()
    }

    /// When the key in `slot` was made, from the ledger alone.
    pub fn birth(&self, slot: Slot) -> Birth {
        self.births().births.get(slot).clone()
    }

    /// Did others change a key so shortly before the log was read last that it did not tell all of it yet? A later reading will.
    pub fn awaits_log(&self) -> bool {
        let Some(last) = self.log.spans.last() else {
            return false;
        };
        let is_late = |by: Timestamp| last.holds_until() < by && by <= lag().after(last.until);
        Slot::BOTH.into_iter().any(|slot| {
            let evidence = self.slots.get(slot).evidence;
            matches!(evidence, Some(Evidence::Changed { by, .. }) if is_late(by))
        })
    }

    /// Does the ledger alone prove that both keys are younger than `limit` at `now`? Then no look is needed.
    pub fn proves_younger(&self, limit: Span, now: Timestamp) -> bool {
        let joint = self.births();
        Slot::BOTH.into_iter().all(|slot| {
            let earliest = joint.births.get(slot).earliest;
            earliest.is_some_and(|earliest| limit.after(earliest) > now)
        })
    }
}

/// The stories that agree with one of those that are known of the same two keys, as far as both allow. Where none does, what is known of
/// each key alone stays.
fn among(stories: Vec<PerSlot<Interval>>, known: &[PerSlot<Interval>]) -> Vec<PerSlot<Interval>> {
    let both = |one: &Interval, other: &Interval| {
        let earliest = one.earliest.max(other.earliest);
        let latest = [one.latest, other.latest].into_iter().flatten().min();
        let is_possible = earliest.zip(latest).is_none_or(|(from, to)| from <= to);
        is_possible.then_some(Interval { earliest, latest })
    };
    let pairs = stories
        .iter()
        .flat_map(|story| known.iter().map(move |known| (story, known)));
    let agreeing: Vec<PerSlot<Interval>> = pairs
        .filter_map(|(story, known)| {
            let (one, two) = (both(&story.one, &known.one)?, both(&story.two, &known.two)?);
            Some(PerSlot { one, two })
        })
        .collect();
    if agreeing.is_empty() {
        stories
    } else {
        agreeing
    }
}
