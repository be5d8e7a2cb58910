//! Laws about hand-offs, asked of what was seen of each destination alone.

use crate::model::birth::Evidence;
use crate::model::hand_off::{
    Destination, DestinationCase, DestinationSight, HandOff, Serves, TAG_PROOF, TAG_RESOURCE,
    proof, resource_tag,
};
use crate::model::runtime::{Fingerprint, Slot};
use crate::model::survey::RuntimeCase;
use crate::model::vault::SecretSight;
use crate::model::verdict::{Presumed, Step};

/// Does the rule say that the key of this slot may go there?
pub(super) fn may_go(case: &RuntimeCase, to: &Destination, slot: Slot) -> bool {
    let fits = |one: &&DestinationCase| {
        let serves = match case.spec.serves {
            Serves::Newest => true,
            Serves::Key(served) => one.only.is_some() || served == slot,
        };
        one.to == *to && one.only.is_none_or(|only| only == slot) && serves
    };
    case.destinations
        .iter()
        .find(fits)
        .is_some_and(|one| is_writable(case, one))
}

/// Is every key that afresh made where it goes, and could the new one be handed over?
pub(super) fn may_rotate(case: &RuntimeCase, step: &Step, slot: Slot) -> bool {
    let gets = |one: &&DestinationCase| match (one.only, case.spec.serves) {
        (Some(only), _) | (None, Serves::Key(only)) => only == slot,
        (None, Serves::Newest) => true,
    };
    let could = case
        .destinations
        .iter()
        .filter(gets)
        .all(|one| is_writable(case, one));
    could && (case.destinations.is_empty() || twin_is_handed_over(case, step, slot.twin()))
}

/// If the other key was made by afresh after this one, it is the newest, and consumers are owed it.
fn twin_is_handed_over(case: &RuntimeCase, step: &Step, twin: Slot) -> bool {
    let known = case.memory.slots.get(twin);
    let is_ours = matches!(known.evidence, Some(Evidence::Rotated { .. }));
    let is_last = case.memory.last_rotation().map(|(slot, _)| slot) == Some(twin);
    let held = step.facts.runtime().map(|facts| facts.slots.get(twin));
    let held = held.and_then(|facts| facts.fingerprint.as_ref());
    if !(is_ours && is_last) || held != known.fingerprint.as_ref() {
        return true;
    }
    let wants = |one: &&DestinationCase| match (one.only, case.spec.serves) {
        (Some(only), _) | (None, Serves::Key(only)) => only == twin,
        (None, Serves::Newest) => true,
    };
    let has = |one: &DestinationCase| held.is_some_and(|key| has(case, one, key));
    case.destinations.iter().filter(wants).all(has)
}

fn has(case: &RuntimeCase, one: &DestinationCase, key: &Fingerprint) -> bool {
    match &one.sight {
        DestinationSight::Secret(sight) => match sight.as_ref() {
            SecretSight::Versions(versions) => {
                let tag = versions.newest().tags.get(TAG_PROOF);
                tag == Some(&proof(&case.target.id, key))
            }
            SecretSight::Absent | SecretSight::Deleted(_) | SecretSight::AbsentOrDeleted(_) => {
                false
            }
        },
        DestinationSight::Failed(_) => false,
        DestinationSight::NotAsked
        | DestinationSight::Command { .. }
        | DestinationSight::Person => {
            let settled = case.memory.delivered.get(&one.to);
            let resolved = case.doubts.iter().any(|doubt| {
                let handed = doubt.action.handed_over();
                handed.is_some_and(|(to, _, of)| *to == one.to && *of == Presumed::Key(key.clone()))
            });
            resolved || settled.is_some_and(|known| known.fingerprint == *key)
        }
    }
}

/// Is the place ours, or free?
fn is_writable(case: &RuntimeCase, one: &DestinationCase) -> bool {
    match (&one.sight, &one.hand_off) {
        (DestinationSight::Secret(sight), HandOff::Vault { adopt, .. }) => match sight.as_ref() {
            SecretSight::Versions(versions) => {
                let tag = resource_tag(&case.target.id);
                let is_ours = |tags: &std::collections::BTreeMap<String, String>| {
                    let named = tags.get(TAG_RESOURCE);
                    let named = named.is_some_and(|named| named.eq_ignore_ascii_case(&tag));
                    named && tags.contains_key(TAG_PROOF)
                };
                *adopt || versions.iter().any(|version| is_ours(&version.tags))
            }
            SecretSight::Absent | SecretSight::AbsentOrDeleted(_) => true,
            SecretSight::Deleted(_) => false,
        },
        (DestinationSight::Command { allowed }, _) => *allowed,
        (DestinationSight::Failed(_), _) => false,
        (
            DestinationSight::Secret(_) | DestinationSight::NotAsked | DestinationSight::Person,
            _,
        ) => true,
    }
}
