//! Laws about keys, asked of the raw evidence of each key alone: is there anything that says it is younger, or surely not?

use super::actions::actions;
use super::hand_off;
use super::law::Law;
use super::windows;
use crate::model::birth::Evidence;
use crate::model::nodes::{Node, NodesRequired, NodesSight};
use crate::model::runtime::{
    Fingerprint, KeySight, LogSight, OnStarvation, OwnKeys, Regeneration, RuntimeSight, Slot,
    SlotMemory,
};
use crate::model::survey::{Looked, RuntimeCase};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Keep, Plan, Presumed, Receipt, Settled, Step, Verdict};

pub(super) fn laws(case: &RuntimeCase, plan: &Plan, step: &Step) -> Vec<Law> {
    let mut broken = Vec::new();
    let actions = actions(step);
    let regenerated = actions.iter().filter_map(|action| action.regenerated());
    if regenerated.count() > 1 {
        broken.push(Law::BothKeys);
    }
    for action in actions {
        match action {
            Action::Regenerate {
                slot,
                replacing,
                beside,
            } => {
                regenerate(case, plan, step, *slot, &mut broken);
                let seen = Key::new(case, step, *slot).presumed(replacing)
                    && Key::new(case, step, slot.twin()).presumed(beside);
                if !seen {
                    broken.push(Law::Presumption);
                }
            }
            Action::HandOver { to, slot, .. } => {
                if !hand_off::may_go(case, to, *slot) {
                    broken.push(Law::HandOff);
                }
            }
            Action::Start { .. } | Action::Submit { .. } | Action::Cancel { .. } => {
                broken.push(Law::Kind);
            }
        }
    }
    let limit = case.spec.age_max.before(plan.at);
    let leak = leak(case, plan);
    let old = |slot: Slot| {
        let key = Key::new(case, step, slot);
        key.is_not_younger_than(limit) || leak.is_some_and(|leak| key.is_older_than(leak))
    };
    if step.verdict == Verdict::Keep(Keep::Young) && Slot::BOTH.into_iter().any(old) {
        broken.push(Law::OldKey);
    }
    broken
}

fn regenerate(case: &RuntimeCase, plan: &Plan, step: &Step, slot: Slot, broken: &mut Vec<Law>) {
    if matches!(&case.sight, Looked::Seen(sight) if sight.kind != OwnKeys::Yes) {
        broken.push(Law::NoKeys);
    }
    if !hand_off::may_rotate(case, step, slot) {
        broken.push(Law::HandOff);
    }
    if lacks_nodes(case) {
        broken.push(Law::Nodes);
    }
    let overlap_began = case.spec.overlap.before(plan.at);
    let twin = Key::new(case, step, slot.twin());
    let touched = case
        .memory
        .last_rotation()
        .is_some_and(|(_, at)| at > overlap_began);
    // Without an overlap there is nothing to prove: no key is made after the present.
    let young = overlap_began < plan.at && twin.may_be_younger_than(overlap_began);
    if touched || young {
        broken.push(Law::Overlap);
    }
    let own = Key::new(case, step, slot);
    if !windows::is_open(&case.spec.windows, plan.at) && !own.passes_over(plan) {
        let in_time = windows::leaves_time(case, plan, [own.not_before(), twin.not_before()]);
        if case.spec.on_starvation != OnStarvation::Rotate || in_time {
            broken.push(Law::Window);
        }
    }
}

/// Are the nodes that were looked at other than the rule requires? Where nobody looked, apply does before it acts.
fn lacks_nodes(case: &RuntimeCase) -> bool {
    let Looked::Seen(sight) = &case.sight else {
        return false;
    };
    let is_off = |node: &Node| node.status != "Online";
    match (case.spec.nodes.require, &sight.nodes) {
        (NodesRequired::Any, _) | (_, NodesSight::NotAsked) => false,
        (_, NodesSight::Refused(_)) => true,
        (NodesRequired::AllOnline, NodesSight::Shown(shown)) => shown.nodes.iter().any(is_off),
        (NodesRequired::AnyOnline, NodesSight::Shown(shown)) => shown.nodes.iter().all(is_off),
    }
}

/// The instant that no key may have been made before.
fn leak(case: &RuntimeCase, plan: &Plan) -> Option<Timestamp> {
    case.spec.born_after.filter(|leak| *leak <= plan.at)
}

/// Does every key that the step regenerates pass over freezes of the Project?
pub(super) fn pass_over(case: &RuntimeCase, plan: &Plan, step: &Step) -> bool {
    let all = actions(step);
    // Where a key is handed over in the same step, that belongs to its regenerate.
    let (others, slots): (Vec<&Action>, Vec<&Action>) = all
        .iter()
        .copied()
        .partition(|action| action.regenerated().is_none());
    let mut slots = slots.iter().filter_map(|action| action.regenerated());
    let follows = others.iter().all(|action| action.handed_over().is_some());
    let leaks = |slot| Key::new(case, step, slot).passes_over(plan);
    all.is_empty() || follows && slots.next().is_some_and(leaks) && slots.all(leaks)
}

/// One key, before the raw evidence.
struct Key<'a> {
    case: &'a RuntimeCase,
    slot: Slot,
    sight: Option<&'a RuntimeSight>,
    /// The key that afresh made, as this plan has found out: between these two.
    found: Option<(Timestamp, Timestamp)>,
}

fn made_by_intent(step: &Step, slot: Slot) -> Option<(Timestamp, Timestamp)> {
    step.settlements
        .iter()
        .rev()
        .find_map(|settlement| match settlement.settled {
            Settled::Done(Receipt::Regenerated {
                slot: made,
                sent,
                answered,
                ..
            }) if made == slot => Some((sent, answered)),
            _ => None,
        })
}

impl<'a> Key<'a> {
    fn new(case: &'a RuntimeCase, step: &'a Step, slot: Slot) -> Self {
        let sight = match &case.sight {
            Looked::Seen(sight) => Some(sight),
            Looked::NotAsked | Looked::Failed(_) => None,
        };
        Self {
            case,
            slot,
            sight,
            found: made_by_intent(step, slot),
        }
    }

    fn memory(&self) -> &'a SlotMemory {
        self.case.memory.slots.get(self.slot)
    }

    fn shown(&self) -> Option<&'a Fingerprint> {
        match self.sight.map(|sight| &sight.keys) {
            Some(KeySight::Shown(keys)) => Some(keys.get(self.slot)),
            _ => None,
        }
    }

    fn presumed(&self, presumed: &Presumed) -> bool {
        match (self.shown(), presumed) {
            (Some(shown), Presumed::Key(key)) => shown == key,
            (Some(_), Presumed::Unseen | Presumed::Made(_)) => false,
            (None, Presumed::Key(key)) => self.memory().fingerprint.as_ref() == Some(key),
            (None, Presumed::Unseen) => self.told().is_none(),
            (None, Presumed::Made(made)) => self.told() == Some(*made),
        }
    }

    /// When the service says that it made the key.
    fn told(&self) -> Option<Timestamp> {
        match (self.sight, self.memory().evidence) {
            (Some(sight), _) => *sight.told.get(self.slot),
            (None, Some(Evidence::Told { at })) => Some(at),
            (None, _) => None,
        }
    }

    /// The same, unless what the ledger knows of that very key says more.
    fn dated(&self) -> Option<Timestamp> {
        let memory = self.memory();
        let says_more = matches!(
            memory.evidence,
            Some(Evidence::Rotated { .. } | Evidence::Told { .. })
        );
        let made = self.told()?;
        (!says_more || !memory.is_made(made)).then_some(made)
    }

    /// The slot is known to hold another key than the one that the ledger speaks of.
    fn is_replaced(&self) -> bool {
        if let Some(made) = self.told() {
            return !self.memory().is_made(made);
        }
        let known = self.memory().fingerprint.as_ref();
        known.is_some() && self.shown().is_some_and(|shown| known != Some(shown))
    }

    fn is_known_from_before(&self) -> bool {
        let returned = matches!(self.memory().evidence, Some(Evidence::KnownBefore { .. }));
        self.case.memory.recognised.get(self.slot).is_some() || returned
    }

    /// The key did not exist before this instant.
    fn not_before(&self) -> Option<Timestamp> {
        if let Some((sent, _)) = self.found {
            return Some(sent);
        }
        if let Some(made) = self.dated() {
            return Some(made);
        }
        if let Some(known) = self.case.memory.recognised.get(self.slot) {
            return known.evidence.bounds().0;
        }
        if self.is_replaced() {
            return self.memory().last_seen;
        }
        let own = self.memory().evidence.and_then(|piece| piece.bounds().0);
        let created = self.sight.and_then(|sight| sight.created);
        let created = created.or(self.case.memory.created);
        // A key that was seen before its runtime was made is not of this runtime.
        let existed = self.existed_at();
        own.max(created.filter(|made| existed.is_none_or(|existed| *made <= existed)))
    }

    /// The key existed at this instant, by looks and rotations alone.
    fn existed_at(&self) -> Option<Timestamp> {
        if let Some((_, answered)) = self.found {
            return Some(answered);
        }
        let seen = self.sight.filter(|_| self.shown().is_some());
        let seen = seen.map(|sight| sight.at);
        if let Some(made) = self.dated() {
            return Some(made);
        }
        if self.is_replaced() {
            return seen;
        }
        let memory = self.memory();
        let known = memory.evidence.and_then(|piece| piece.bounds().1);
        [known.or(memory.last_seen), seen]
            .into_iter()
            .flatten()
            .min()
    }

    fn events(&self) -> impl Iterator<Item = &'a Regeneration> {
        let read = match self.sight.map(|sight| &sight.log) {
            Some(LogSight::Read { events, .. }) => events.as_slice(),
            _ => &[],
        };
        self.case.memory.log.events.iter().chain(read)
    }

    /// Does evidence say that it was made after `instant`, or is there none that says when it was made?
    fn may_be_younger_than(&self, instant: Timestamp) -> bool {
        if self.is_known_from_before() {
            return false;
        }
        let made_later = self.not_before().is_some_and(|made| made > instant);
        let existed = self.existed_at();
        let told = self.events().any(|event| {
            let before_it_was_seen = existed.is_none_or(|existed| event.at <= existed);
            event.slot == Some(self.slot) && event.at > instant && before_it_was_seen
        });
        // A look that could not show the key saw its runtime all the same, and a runtime always has both keys.
        let was_there = self.sight.is_some_and(|sight| sight.at <= instant);
        let nothing = existed.is_none()
            && !was_there
            && self.spans().is_empty()
            && self.memory().declared.is_none();
        made_later || told || nothing
    }

    fn spans(&self) -> Vec<(Timestamp, Timestamp)> {
        let known = self.case.memory.log.spans.iter();
        let known = known.map(|span| (span.since, span.until));
        let read = match self.sight.map(|sight| &sight.log) {
            Some(LogSight::Read { since, until, .. }) => Some((*since, *until)),
            _ => None,
        };
        known.chain(read).collect()
    }

    /// Does the rule let it pass over windows and freezes, and may it be older than that asks for?
    fn passes_over(&self, plan: &Plan) -> bool {
        let leak = leak(self.case, plan).filter(|_| self.case.spec.ignore_windows);
        leak.is_some_and(|leak| self.not_before().is_none_or(|made| made < leak))
    }

    /// Was it surely made before `instant`? By what looks say of the very key that is there.
    fn is_older_than(&self, instant: Timestamp) -> bool {
        self.is_there() && self.existed_at().is_some_and(|existed| existed < instant)
    }

    /// Was it surely made at `instant` or before? By what looks say of the very key that is there.
    fn is_not_younger_than(&self, instant: Timestamp) -> bool {
        self.is_there() && self.existed_at().is_some_and(|existed| existed <= instant)
    }

    fn is_there(&self) -> bool {
        self.shown().is_some() || self.told().is_some() || self.sight.is_none()
    }
}
