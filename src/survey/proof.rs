//! What the ledger proves of a runtime, so that it need not be read.

use super::scene::Scene;
use crate::model::birth::Evidence;
use crate::model::runtime::{OnStarvation, RuntimeMemory, RuntimeSpec, Slot};
use crate::model::survey::{Refresh, RuntimeCase};
use crate::model::time::Span;

/// Unless it is another shard's, or the ledger proves that no key is due, with its share of the jitter, no intent on it is without an end, and its log has been told
/// all.
pub(super) fn needs_look(scene: &Scene<'_>, case: &RuntimeCase) -> bool {
    scene.options.is_ours(&case.target.identity()) && lacks_proof(scene, case)
}

fn lacks_proof(scene: &Scene<'_>, case: &RuntimeCase) -> bool {
    scene.options.refresh == Refresh::All
        || !case.doubts.is_empty()
        || case.memory.awaits_log()
        || owes_node_look(case)
        || !case
            .memory
            .proves_younger(due_at_the_earliest(scene, &case.spec), scene.options.now)
}

/// Is a look at its nodes missing after a rotation, or are nodes? Only rules that ask for such looks get more of them.
pub(super) fn owes_node_look(case: &RuntimeCase) -> bool {
    let is_open = |look| case.memory.owes_node_look(look) || case.memory.has_lost_nodes();
    case.spec.nodes.look.is_some_and(is_open)
}

/// May a key that is due go now, as far as the rule and the ledger say? Not while the rule is suspended, its windows are closed, everything is
/// frozen, or the other key was regenerated within the overlap.
pub(super) fn may_go(scene: &Scene<'_>, case: &RuntimeCase) -> bool {
    let (now, spec) = (scene.options.now, &case.spec);
    let is_suspended = case.suspend.as_ref().is_some_and(|one| one.holds(now));
    let rotated = case.memory.last_rotation();
    let is_overlapped = rotated.is_some_and(|(_, at)| now < spec.overlap.after(at));
    let mut windows = spec.windows.iter();
    let is_open = spec.windows.is_empty() || windows.any(|window| window.closes(now).is_some());
    let passes = spec.ignore_windows || spec.on_starvation == OnStarvation::Rotate;
    let mut freezes = scene.desired.project.freezes.iter();
    let is_frozen = !spec.ignore_windows && freezes.any(|freeze| freeze.covers(now));
    !is_suspended && !is_overlapped && !is_frozen && (is_open || passes)
}

/// No key of any age below this is due, whatever its share of the jitter and whatever lies ahead.
pub(super) fn due_at_the_earliest(scene: &Scene<'_>, spec: &RuntimeSpec) -> Span {
    let drawn = spec.due_age().minus(spec.jitter);
    let by_age = drawn.minus(haste_max(scene, spec));
    leak_age(scene, spec).map_or(by_age, |age| age.min(by_age))
}

/// A key of this age or more may have been made before the rule's `bornAfter`; `None`: it has none.
pub(super) fn leak_age(scene: &Scene<'_>, spec: &RuntimeSpec) -> Option<Span> {
    let leak = spec.leak(scene.options.now)?;
    Some(Span::between(leak, scene.options.now))
}

/// How much earlier than at its due age a key may be due: before freezes that outlast limits, and so that the other key can follow.
fn haste_max(scene: &Scene<'_>, spec: &RuntimeSpec) -> Span {
    match spec.on_starvation {
        OnStarvation::Wait | OnStarvation::Fail => Span::ZERO,
        OnStarvation::Rotate => {
            let freezes = scene.desired.project.freezes.iter();
            let ahead = freezes.filter(|freeze| freeze.to > scene.options.now);
            let pair = spec.overlap.plus(spec.overlap).plus(spec.overlap);
            ahead.fold(pair, |sum, freeze| {
                sum.plus(spec.overlap)
                    .plus(Span::between(freeze.from, freeze.to))
            })
        }
    }
}

/// The log adds nothing to what our own rotations prove.
pub(super) fn rotated_by_us(memory: &RuntimeMemory) -> bool {
    Slot::BOTH.into_iter().all(|slot| {
        memory
            .slots
            .get(slot)
            .evidence
            .is_some_and(|evidence| matches!(evidence, Evidence::Rotated { .. }))
    })
}
