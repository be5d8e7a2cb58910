//! Which keys are listed: those that a decision needs. Listing is a write to Azure, and brings live keys into this process.
//!
//! Keys are not listed where the rest of the evidence is enough for the decision. An Activity Log that was read without a gap since the
//! keys were last seen shows every regeneration; if it shows none, the keys are those that the ledger knows.

use crate::cloud::Dated;
use crate::model::connection::Factory;
use crate::model::runtime::{
    Fingerprint, LogSight, PerSlot, RuntimeMemory, RuntimeSight, Slot, UnknownAge,
};
use crate::model::survey::{KeyReading, Refresh, RuntimeCase};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::Timeline;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::survey::scene::Scene;

/// Are they needed whatever `createTime` and the log say? What became of an operation is told by the keys alone; and keys that the ledger
/// does not know yet are recorded.
pub fn are_needed_anyway(scene: &Scene<'_>, case: &RuntimeCase) -> bool {
    let is_new = Slot::BOTH
        .into_iter()
        .any(|slot| case.memory.slots.get(slot).fingerprint.is_none());
    scene.options.refresh == Refresh::All
        || !case.doubts.is_empty()
        || is_new && scene.options.keys == KeyReading::Recorded
}

/// Do the keys decide anything beside the ledger, `createTime` and the log, which `sight` has? `due_age`: no younger key is due.
///
/// They do not where none is due, whether they are the known ones or younger, as the log tells of no others.
pub fn are_needed(
    scene: &Scene<'_>,
    case: &RuntimeCase,
    sight: &RuntimeSight,
    due_age: Span,
) -> bool {
    let (are_young, may_be_due) = ages(scene, case, sight, due_age);
    // Of a runtime that may have been made anew no log tells.
    let are_known = sight.created.is_some() && log_is_silent_since_seen(&case.memory, &sight.log);
    let needs_none = match scene.options.keys {
        KeyReading::Recorded => are_known && !may_be_due,
        KeyReading::Needed | KeyReading::Never => {
            are_known && !may_be_due || are_young && !may_have_moved(scene, case)
        }
    };
    !needs_none
}

/// Are both keys surely younger than `due_age`, and may one be due by how the rule judges?
fn ages(
    scene: &Scene<'_>,
    case: &RuntimeCase,
    sight: &RuntimeSight,
    due_age: Span,
) -> (bool, bool) {
    let now = scene.options.now;
    let joint = Timeline::of(&case.memory, Some(sight)).births();
    let are_young = joint.kept_until(due_age).is_some_and(|at| now < at);
    let may_be_due = match case.spec.unknown_age {
        // After a leak the greatest age counts, whatever the rule says of others.
        UnknownAge::Adopt if case.spec.leak(now).is_some() => !are_young,
        UnknownAge::Adopt => joint.broken_from(due_age).is_some_and(|at| at <= now),
        UnknownAge::Rotate | UnknownAge::Fail => !are_young,
    };
    (are_young, may_be_due)
}

/// May a key of what was seen so be due? `due_age`: no younger key is.
pub fn may_be_due(
    scene: &Scene<'_>,
    case: &RuntimeCase,
    sight: &RuntimeSight,
    due_age: Span,
) -> bool {
    ages(scene, case, sight, due_age).1
}

/// Was the log read without a gap since the keys were last seen, and does it tell of no regeneration?
fn log_is_silent_since_seen(memory: &RuntimeMemory, log: &LogSight) -> bool {
    let LogSight::Read { since, events, .. } = log else {
        return false;
    };
    Slot::BOTH.into_iter().all(|slot| {
        let known = memory.slots.get(slot);
        let seen = known.last_seen.filter(|_| known.fingerprint.is_some());
        let is_silent = |seen: Timestamp| events.iter().all(|event| event.at <= seen);
        seen.is_some_and(|seen| *since <= seen && is_silent(seen))
    })
}

/// Does the ledger know no key of it, and those of a runtime of its name elsewhere? Then its keys may be older than itself.
fn may_have_moved(scene: &Scene<'_>, case: &RuntimeCase) -> bool {
    let name = case.target.id.name().to_ascii_lowercase();
    !case.memory.knows_keys() && scene.runtime_names.contains(&name)
}

/// May they be asked for at all?
pub const fn are_wanted(scene: &Scene<'_>) -> bool {
    match scene.options.keys {
        KeyReading::Recorded | KeyReading::Needed => true,
        KeyReading::Never => false,
    }
}

/// May those of the resource of this name be listed?
///
/// # Errors
/// They are not wanted.
pub fn wanted(scene: &Scene<'_>, name: &str) -> Result<(), Trouble> {
    if are_wanted(scene) {
        return Ok(());
    }
    Err(Trouble {
        kind: TroubleKind::Unwanted,
        doing: format!("list the keys of {name}"),
        message: "not wanted (--evidence status)".to_owned(),
        ids: Box::default(),
    })
}

/// Lists them, unless that is not wanted.
pub async fn list(
    scene: &Scene<'_>,
    factory: &Factory,
    name: &str,
) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
    wanted(scene, name)?;
    let keys = scene.reader.keys(factory, name);
    scene.gate.pass(factory, keys).await
}

/// Does age rest on the rest of the evidence instead? A planner needs read rights only; listing keys is more than that.
pub fn may_do_without(scene: &Scene<'_>, trouble: &Trouble) -> bool {
    !are_wanted(scene) || trouble.kind.is_forbidden()
}
