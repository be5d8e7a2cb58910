//! Intervals: the true birth lies in each, and the ledger's only narrow.

use std::collections::BTreeMap;

use afresh::model::birth::{Birth, Evidence};
use afresh::model::runtime::Slot;
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Facts, Plan, RuntimeFacts, Step};

use crate::play::{History, LAG};
use crate::stand::Standing;
use crate::tally::Law;
use crate::truth::{Holder, Truth};

const SLOTS: [Slot; 2] = Slot::BOTH;
/// Services date their answers in whole seconds.
const SECOND: Span = Span::seconds(1);
/// Of its own rotation afresh knows when it was sent and when it was answered, which is as long as a request may take.
const REQUEST: Span = Span::seconds(60);

/// What a step on keys rests on.
pub fn facts_of(step: &Step) -> Option<&RuntimeFacts> {
    match &step.facts {
        Facts::Runtime(facts) => Some(facts),
        Facts::Job(_) | Facts::Submission(_) | Facts::None => None,
    }
}

/// When a look showed the keys, or the service told when it made both.
pub fn seen_at(facts: &RuntimeFacts) -> Option<Timestamp> {
    let is_told = facts.told.one.is_some() && facts.told.two.is_some();
    facts.seen_at.or(facts.read.at().filter(|_| is_told))
}

/// What each step on keys rests on, with what is true of those.
pub fn holders<'a>(
    plan: &'a Plan,
    truth: &'a Truth,
) -> impl Iterator<Item = (&'a Step, &'a RuntimeFacts, &'a Holder)> {
    plan.steps.iter().filter_map(|step| {
        let facts = facts_of(step)?;
        let holder = truth.holders.get(&step.address.subject)?;
        Some((step, facts, holder))
    })
}

/// Every interval that is shown.
pub fn shown(history: &mut History, plan: &Plan, truth: &Truth) {
    for (step, facts, holder) in holders(plan, truth) {
        told(history, plan, step, facts, holder);
        let name = &step.address.subject;
        let unseen = history.is_unseen_at(name, holder, facts, plan.at);
        if unseen || history.is_beyond(name, holder, plan.at) {
            continue;
        }
        // Without a look what is shown is as of the last one: a key only gets younger.
        let late = seen_at(facts).is_none()
            && (facts.read.at().is_none() || holder.is_remade_within(LAG, plan.at));
        for (place, slot) in SLOTS.into_iter().enumerate() {
            let born = holder.slots[place].born;
            let birth = &facts.slots.get(slot).birth;
            let after = |earliest| SECOND.before(earliest) <= born;
            let before = |latest| born <= SECOND.after(latest);
            let fits =
                birth.earliest.is_none_or(after) && (late || birth.latest.is_none_or(before));
            history.tally.check(Law::Births, plan.at, fits, || {
                format!(
                    "{}#{slot:?} was made {born}, and what is shown is {} (seen {:?})",
                    step.address,
                    interval(birth),
                    facts.seen_at
                )
            });
        }
    }
}

/// What the service tells is exact, however little is known besides. Not where the look failed or there was none: then nothing was told.
/// An account without keys of its own is not asked for what the list leaves out.
fn told(history: &mut History, plan: &Plan, step: &Step, facts: &RuntimeFacts, holder: &Holder) {
    let slots = SLOTS.into_iter().zip(&holder.slots);
    for (slot, key) in
        slots.filter(|(_, key)| facts.read.at().is_some() && key.is_told && holder.kind.has_keys())
    {
        let birth = &facts.slots.get(slot).birth;
        let (earliest, latest) = (birth.earliest, birth.latest);
        let is_own = |piece: &Evidence| matches!(piece, Evidence::Rotated { .. });
        let is_own = birth.evidence.iter().any(is_own);
        let slack = if is_own { REQUEST } else { SECOND };
        let near = |at: Timestamp| Span::between(at.min(key.born), at.max(key.born)) <= slack;
        let holds = earliest.is_some_and(near) && latest.is_some_and(near);
        history.tally.check(Law::Told, plan.at, holds, || {
            format!(
                "of {}#{slot:?} the service tells {}, and what is shown is {}",
                step.address,
                key.born,
                interval(birth)
            )
        });
    }
}

fn interval(birth: &Birth) -> String {
    let side = |at: Option<Timestamp>| at.map_or_else(|| "?".to_owned(), |at| at.to_string());
    format!(
        "{} .. {}, by {:?}",
        side(birth.earliest),
        side(birth.latest),
        birth.evidence
    )
}

/// Of each slot of each remembered runtime: its fingerprint and its interval, from the ledger alone. Not of those whose facts exclude
/// each other: then the weaker go, and that is said.
pub type Known = BTreeMap<(String, Slot), (String, Birth)>;

pub fn ledger(standing: &Standing) -> Known {
    let memory = standing.memory();
    let mut known = Known::new();
    for identity in memory.runtimes.keys() {
        let runtime = memory.runtime(identity);
        let joint = runtime.births();
        for slot in SLOTS.into_iter().filter(|_| joint.corrected.is_empty()) {
            if let Some(key) = &runtime.slots.get(slot).fingerprint {
                let entry = (key.as_str().to_owned(), joint.births.get(slot).clone());
                known.insert((identity.to_string(), slot), entry);
            }
        }
    }
    known
}

/// While the fingerprint stays, nothing is forgotten.
pub fn narrowing(history: &mut History, before: &Known, truth: &Truth) {
    let at = truth.at;
    for (key, (fingerprint, birth)) in ledger(&history.standing) {
        let Some((known, old)) = before.get(&key) else {
            continue;
        };
        let name = key.0.rsplit('/').next().unwrap_or_default();
        let holder = truth.holders.get(name);
        if known != &fingerprint || holder.is_none_or(|one| history.is_beyond(name, one, at)) {
            continue;
        }
        let earliest = old.earliest <= birth.earliest;
        let latest = old
            .latest
            .is_none_or(|old| birth.latest.is_some_and(|latest| latest <= old));
        history
            .tally
            .check(Law::Narrowing, at, earliest && latest, || {
                format!(
                    "of {}#{:?} the ledger knew {}, and now {}",
                    key.0,
                    key.1,
                    interval(old),
                    interval(&birth)
                )
            });
    }
}
