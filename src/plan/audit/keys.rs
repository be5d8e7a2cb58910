//! Laws about keys. The question asked of the raw evidence is always the same: may this key have been made after that instant?

use super::{Law, moves, windows};
use crate::model::birth::Evidence;
use crate::model::runtime::{
    KeySight, LogSight, OnStarvation, PerSlot, Regeneration, RuntimeKind, RuntimeSight, Slot,
};
use crate::model::survey::{Looked, RuntimeCase};
use crate::model::time::Timestamp;
use crate::model::verdict::{Keep, Move, Plan, Presumed, Receipt, Settled, Step, Verdict};

pub(super) fn laws(case: &RuntimeCase, plan: &Plan, step: &Step) -> Vec<Law> {
    let mut broken = Vec::new();
    let moves = moves(step);
    if moves.len() > 1 {
        broken.push(Law::BothKeys);
    }
    for movement in moves {
        match movement {
            Move::Regenerate {
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
            Move::Start { .. } | Move::Submit { .. } | Move::Cancel { .. } => {
                broken.push(Law::Kind);
            }
        }
    }
    let limit = case.spec.age_max.before(plan.at);
    let old = |slot: Slot| !Key::new(case, step, slot).may_be_made_after(limit);
    if step.verdict == Verdict::Keep(Keep::Young) && Slot::BOTH.into_iter().any(old) {
        broken.push(Law::OldKey);
    }
    broken
}

fn regenerate(case: &RuntimeCase, plan: &Plan, step: &Step, slot: Slot, broken: &mut Vec<Law>) {
    if matches!(&case.sight, Looked::Seen(sight) if sight.kind != RuntimeKind::SelfHosted) {
        broken.push(Law::NoKeys);
    }
    let overlap_began = case.spec.overlap.before(plan.at);
    let twin = Key::new(case, step, slot.twin());
    let touched = case
        .memory
        .last_rotation
        .is_some_and(|(_, at)| at > overlap_began);
    // Without an overlap there is nothing to prove: no key is made after the present.
    let young = overlap_began < plan.at && twin.may_be_made_after(overlap_began);
    if touched || young {
        broken.push(Law::Overlap);
    }
    if !windows::is_open(&case.spec.windows, plan.at) {
        let own = Key::new(case, step, slot);
        let in_time = windows::leaves_time(case, plan, [own.not_before(), twin.not_before()]);
        if case.spec.on_starvation != OnStarvation::Rotate || in_time {
            broken.push(Law::Window);
        }
    }
}

/// One key, before the raw evidence.
struct Key<'a> {
    case: &'a RuntimeCase,
    slot: Slot,
    sight: Option<&'a RuntimeSight>,
    /// The keys that afresh made, as this plan has found out: between these two.
    found: PerSlot<Option<(Timestamp, Timestamp)>>,
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
        let found = PerSlot::from_fn(|slot| made_by_intent(step, slot));
        let sight = match &case.sight {
            Looked::Seen(sight) => Some(sight),
            Looked::NotAsked | Looked::Failed(_) => None,
        };
        Self {
            case,
            slot,
            sight,
            found,
        }
    }

    fn presumed(&self, presumed: &Presumed) -> bool {
        match (self.sight.map(|sight| &sight.keys), presumed) {
            (Some(KeySight::Shown(keys)), Presumed::Key(key)) => keys.get(self.slot) == key,
            (Some(KeySight::Shown(_)), Presumed::Unseen) => false,
            (_, Presumed::Key(key)) => {
                self.case.memory.slots.get(self.slot).fingerprint.as_ref() == Some(key)
            }
            (_, Presumed::Unseen) => true,
        }
    }

    /// Does the slot hold the key that the ledger speaks of?
    fn remembered_is_present(&self) -> bool {
        let memory = self.case.memory.slots.get(self.slot);
        match self.sight {
            None => true,
            Some(sight) => match &sight.keys {
                KeySight::Shown(keys) => memory.fingerprint.as_ref() == Some(keys.get(self.slot)),
                KeySight::NotAsked | KeySight::Refused(_) => {
                    memory.last_seen.is_some_and(|seen| self.quiet_since(seen))
                }
            },
        }
    }

    fn evidence(&self) -> &'a [Evidence] {
        if self.remembered_is_present() {
            &self.case.memory.slots.get(self.slot).evidence
        } else {
            &[]
        }
    }

    /// The key existed at this instant, without the log and without a person's word.
    fn existed_at(&self) -> Option<Timestamp> {
        if let Some((_, answered)) = *self.found.get(self.slot) {
            return Some(answered);
        }
        let shown = self
            .sight
            .filter(|sight| matches!(sight.keys, KeySight::Shown(_)))
            .map(|sight| sight.at);
        let remembered = self.evidence().iter().filter_map(|piece| piece.bounds().1);
        // The very key that is there was already there when it was last looked at.
        let memory = self.case.memory.slots.get(self.slot);
        let same = memory.fingerprint.is_some() && self.remembered_is_present();
        let seen = memory.last_seen.filter(|_| shown.is_some() && same);
        remembered.chain(shown).chain(seen).min()
    }

    /// The key did not exist before this instant.
    fn not_before(&self) -> Option<Timestamp> {
        if let Some((sent, _)) = *self.found.get(self.slot) {
            return Some(sent);
        }
        let memory = self.case.memory.slots.get(self.slot);
        let shown = self
            .sight
            .is_some_and(|sight| matches!(sight.keys, KeySight::Shown(_)));
        let replaced = shown && memory.fingerprint.is_some() && !self.remembered_is_present();
        if replaced {
            return memory.last_seen;
        }
        // A key gets only younger: this holds whether or not it is still the same one.
        let bounds = memory.evidence.iter().filter_map(|piece| piece.bounds().0);
        bounds.max()
    }

    /// When its runtime was made; nothing if the key is proved to have existed before that.
    fn created(&self) -> Option<Timestamp> {
        let seen = self.sight.and_then(|sight| sight.created);
        seen.or(self.case.memory.created)
            .filter(|made| self.existed_at().is_none_or(|at| *made <= at))
    }

    fn may_be_made_after(&self, instant: Timestamp) -> bool {
        if self
            .not_before()
            .max(self.created())
            .is_some_and(|made| made > instant)
        {
            return true;
        }
        let proved = self.existed_at().is_some_and(|at| at <= instant)
            || self.declared_before(instant)
            || self.log_proves(instant);
        !proved
    }

    fn declared_before(&self, instant: Timestamp) -> bool {
        let memory = self.case.memory.slots.get(self.slot);
        let Some(declared) = memory
            .declared
            .filter(|_| self.found.get(self.slot).is_none())
        else {
            return false;
        };
        let shown = self
            .sight
            .is_some_and(|sight| matches!(sight.keys, KeySight::Shown(_)));
        let still = if shown {
            memory.fingerprint.is_none() || self.remembered_is_present()
        } else {
            !self
                .events()
                .any(|event| event.at > declared && self.concerns(event))
        };
        // A declaration yields to proof: one that lies before the key could exist says nothing.
        let logged = self
            .events()
            .filter(|event| event.slot == Some(self.slot))
            .filter(|event| self.existed_at().is_none_or(|at| event.at <= at))
            .map(|event| event.at)
            .max();
        let first = self.not_before().max(self.created()).max(logged);
        declared <= instant && still && first.is_none_or(|made| made <= declared)
    }

    fn events(&self) -> impl Iterator<Item = &'a Regeneration> {
        let events: &[Regeneration] = match self.sight.map(|sight| &sight.log) {
            Some(LogSight::Read { events, .. }) => events,
            _ => &[],
        };
        events.iter()
    }

    fn quiet_since(&self, instant: Timestamp) -> bool {
        let covered = matches!(self.sight.map(|sight| &sight.log), Some(LogSight::Read { since, .. }) if *since <= instant);
        covered
            && !self
                .events()
                .any(|event| event.at > instant && self.concerns(event))
    }

    /// The log covers all the time since, and none of its events in that time can be the one that made this key.
    fn log_proves(&self, instant: Timestamp) -> bool {
        let Some(LogSight::Read { since, .. }) = self.sight.map(|sight| &sight.log) else {
            return false;
        };
        let possible = |event: &&Regeneration| {
            self.concerns(event)
                && self.existed_at().is_none_or(|at| event.at <= at)
                && self.not_before().is_none_or(|made| made <= event.at)
        };
        let (before, after): (Vec<_>, Vec<_>) = self
            .events()
            .filter(possible)
            .partition(|event| event.at <= instant);
        let holes = self.not_before().is_some_and(|made| made > *since);
        *since <= instant && after.is_empty() && (!holes || !before.is_empty())
    }

    /// Not if it is known to be the other key's: by its request, or as a rotation of ours.
    fn concerns(&self, event: &Regeneration) -> bool {
        match event.slot {
            Some(slot) => slot == self.slot,
            None => self.ours(self.slot, event) || !self.ours(self.slot.twin(), event),
        }
    }

    fn ours(&self, slot: Slot, event: &Regeneration) -> bool {
        let inside =
            |sent: Timestamp, answered: Timestamp| sent <= event.at && event.at <= answered;
        match *self.found.get(slot) {
            Some((sent, answered)) => inside(sent, answered),
            None => self.case.memory.slots.get(slot).evidence.iter().any(|piece| {
                matches!(*piece, Evidence::Rotated { sent, answered } if inside(sent, answered))
            }),
        }
    }
}
