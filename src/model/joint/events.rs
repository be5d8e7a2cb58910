//! The regenerations that a log tells of: which are our own rotations, and of which key each other one may be.

use std::cmp::Reverse;

use super::believed::Believed;
use super::correction::Correction;
use crate::limits::{CLOCK_SKEW_MAX, REGENERATE_LIFETIMES, REQUEST_LIFETIME_MAX};
use crate::model::birth::Evidence;
use crate::model::runtime::{Regeneration, Rotation, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::{Tenure, Timeline};

/// Our own requests are matched with events by time: `Date` has whole seconds, and clocks differ.
const OWN_SLACK: Span = Span::seconds(60);
/// A look is dated by `Date`, which has whole seconds.
pub(super) const LOOK_SLACK: Span = Span::seconds(1);

/// An event, and whose it may be.
pub(super) struct Event {
    pub(super) at: Timestamp,
    may_be: [bool; 2],
    /// Its request says so.
    pub(super) is_known: bool,
}

impl Event {
    pub(super) const fn may_be(&self, slot: Slot) -> bool {
        Believed::of(self.may_be, slot)
    }
}

/// The events that changed a key, as far as looks allow. Those of our own rotations are explained, and left out: the rotation says more.
pub(super) fn changes(timeline: &Timeline, corrected: &mut Vec<Correction>) -> Vec<Event> {
    let ours = claimed(timeline);
    let mut events = Vec::new();
    let others = timeline.log.events.iter().enumerate();
    for (_, event) in others.filter(|(place, _)| !ours.contains(place)) {
        let may_be = Slot::BOTH.map(|slot| {
            event.slot.is_none_or(|known| known == slot) && !stood(timeline.slots.get(slot), event)
        });
        if may_be == [false; 2] {
            corrected.push(Correction::Event { at: event.at });
        } else {
            events.push(Event {
                at: event.at,
                may_be,
                is_known: event.slot.is_some(),
            });
        }
    }
    events
}

/// Did the slot hold one key through this event? afresh reads a key before it regenerates it, so that an event of its own in the second
/// of a look came after it.
fn stood(tenure: &Tenure, event: &Regeneration) -> bool {
    let mut stood = tenure.former.iter().chain(&tenure.seen);
    stood.any(|(first, last)| {
        let before_last = event.at < *last || (event.at == *last && event.slot.is_none());
        LOOK_SLACK.after(*first) < event.at && before_last
    })
}

/// When the request of a rotation was surely over. The answer may have been lost, and what became of it found out weeks later: what others
/// did meanwhile is none of it.
fn over(rotation: &Rotation) -> Timestamp {
    let lifetimes = REQUEST_LIFETIME_MAX.saturating_mul(REGENERATE_LIFETIMES);
    // Where its answer was lost it is dated by our own clock.
    let longest = Span::seconds(lifetimes.saturating_add(CLOCK_SKEW_MAX).as_secs());
    rotation.answered.min(longest.after(rotation.sent))
}

/// How far an event is from a rotation of ours; `None`: it is of another key, or too far.
fn distance(rotation: &Rotation, event: &Regeneration) -> Option<Span> {
    let early = Span::between(event.at, rotation.sent);
    let late = Span::between(over(rotation), event.at);
    let distance = early.max(late);
    let of_it = event.slot.is_none_or(|slot| slot == rotation.slot);
    (of_it && distance <= OWN_SLACK).then_some(distance)
}

/// The making of a key that the service itself dates, as a rotation of that instant.
fn told(timeline: &Timeline) -> impl Iterator<Item = Rotation> {
    Slot::BOTH.into_iter().filter_map(|slot| {
        let Some(Evidence::Told { at }) = timeline.slots.get(slot).own else {
            return None;
        };
        Some(Rotation {
            slot,
            sent: at,
            answered: at,
        })
    })
}

/// The events that are our own rotations, or that a service has dated itself, by their place. Each rotation is one event: one whose request
/// says so, else the nearest in time.
fn claimed(timeline: &Timeline) -> Vec<usize> {
    let mut claimed = Vec::new();
    for rotation in timeline.rotations.iter().copied().chain(told(timeline)) {
        let events = timeline.log.events.iter().enumerate();
        let near = events.filter_map(|(place, event)| {
            let distance = distance(&rotation, event)?;
            (!claimed.contains(&place)).then_some((event.slot.is_none(), distance, Reverse(place)))
        });
        if let Some((_, _, Reverse(place))) = near.min() {
            claimed.push(place);
        }
    }
    claimed
}
