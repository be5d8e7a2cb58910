//! Keys that were rotated outside afresh since they were last read, or that the ledger knows from elsewhere.
//!
//! When it happened and who did it is said only where exactly one event of the log can be it.

use crate::model::birth::Evidence;
use crate::model::memory::Doubt;
use crate::model::runtime::{KeySight, Regeneration, RuntimeMemory, RuntimeSight, Slot};
use crate::model::time::Timestamp;
use crate::model::timeline::Timeline;
use crate::model::verdict::OutsideChange;

/// What changed behind our back, key by key.
pub(super) fn rotations(
    timeline: &Timeline,
    memory: &RuntimeMemory,
    sight: &RuntimeSight,
    doubts: &[Doubt],
) -> Vec<OutsideChange> {
    if let Some(at) = created_anew(memory, sight) {
        return vec![OutsideChange::CreatedAnew { at }];
    }
    let KeySight::Shown(keys) = &sight.keys else {
        return told(memory, sight, doubts);
    };
    // A change that an operation of ours may have made is not somebody else's.
    let may_be_ours = |slot: Slot| may_be_ours(doubts, slot);
    let changed = |slot: &Slot| {
        let known = memory.slots.get(*slot).fingerprint.as_ref();
        known != Some(keys.get(*slot)) && !may_be_ours(*slot)
    };
    let both = Slot::BOTH.iter().all(changed);
    let told = |slot: Slot| {
        if let Some(known) = memory.recognised.get(slot) {
            return Some(OutsideChange::Returned {
                slot,
                from: known.of.clone(),
                was: known.slot,
            });
        }
        memory.slots.get(slot).fingerprint.as_ref()?;
        Some(rotation(timeline, slot, both))
    };
    Slot::BOTH
        .into_iter()
        .filter(changed)
        .filter_map(told)
        .collect()
}

/// When the resource was created, if that was after its keys were last seen: they are gone with what they were of. Where they are not shown
/// either, it is news until its creation is recorded.
fn created_anew(memory: &RuntimeMemory, sight: &RuntimeSight) -> Option<Timestamp> {
    let seen = Slot::BOTH.map(|slot| memory.slots.get(slot).last_seen);
    let last = seen.into_iter().flatten().max()?;
    let is_shown = matches!(sight.keys, KeySight::Shown(_));
    let is_news = |created: &Timestamp| is_shown || memory.created != Some(*created);
    let created = sight.created.filter(|created| *created > last);
    created.filter(is_news)
}

fn may_be_ours(doubts: &[Doubt], slot: Slot) -> bool {
    let mut open = doubts.iter().map(|doubt| &doubt.action);
    open.any(|action| action.regenerated() == Some(slot))
}

/// Keys that the service says it made since the ledger last saw them.
fn told(memory: &RuntimeMemory, sight: &RuntimeSight, doubts: &[Doubt]) -> Vec<OutsideChange> {
    let changed = |slot: Slot| {
        let known = memory.slots.get(slot);
        let made = (*sight.told.get(slot)).filter(|made| !known.is_made(*made))?;
        known.last_seen?;
        (!may_be_ours(doubts, slot)).then_some(OutsideChange::Rotated {
            slot,
            at: Some(made),
            by: None,
            by_afresh: false,
        })
    };
    Slot::BOTH.into_iter().filter_map(changed).collect()
}

fn rotation(timeline: &Timeline, slot: Slot, both: bool) -> OutsideChange {
    let event = the_only_one(timeline, slot, both);
    OutsideChange::Rotated {
        slot,
        at: event.map(|event| event.at),
        by: event.and_then(|event| event.by.clone()),
        by_afresh: event.is_some_and(|event| event.slot.is_some()),
    }
}

/// The one event between the looks around the change that can be it.
fn the_only_one(timeline: &Timeline, slot: Slot, both: bool) -> Option<&Regeneration> {
    let Some(Evidence::Changed { after, by }) = timeline.slots.get(slot).own else {
        return None;
    };
    let inside = |event: &&Regeneration| after < event.at && event.at <= by;
    let events = || timeline.log.events.iter().filter(inside);
    let mut known = events().filter(|event| event.slot == Some(slot));
    let mut untold = events().filter(|event| event.slot.is_none());
    match (known.next_back(), untold.next(), untold.next()) {
        (Some(newest), None, _) => Some(newest),
        (None, Some(only), None) if !both => Some(only),
        _ => None,
    }
}
