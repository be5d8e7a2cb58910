//! Intervals: the true birth lies in each, and the ledger's only narrow.

use std::collections::BTreeMap;

use afresh::model::birth::Birth;
use afresh::model::runtime::Slot;
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Facts, Plan, RuntimeFacts, Step};

use crate::play::{History, LAG};
use crate::stand::Standing;
use crate::tally::Law;
use crate::truth::{Runtime, Truth};

const SLOTS: [Slot; 2] = Slot::BOTH;
/// Services date their answers in whole seconds.
const SECOND: Span = Span::seconds(1);

/// When a step's look showed the keys.
pub fn seen_at(step: &Step) -> Option<Timestamp> {
    match &step.facts {
        Facts::Runtime(facts) => facts.seen_at,
        Facts::Job(_) | Facts::Submission(_) | Facts::None => None,
    }
}

/// What a runtime's step rests on, with what is true of the runtime.
pub fn runtimes<'a>(
    plan: &'a Plan,
    truth: &'a Truth,
) -> impl Iterator<Item = (&'a Step, &'a RuntimeFacts, &'a Runtime)> {
    plan.steps.iter().filter_map(|step| match &step.facts {
        Facts::Runtime(facts) => {
            let runtime = truth.runtimes.get(&step.address.subject)?;
            Some((step, &**facts, runtime))
        }
        Facts::Job(_) | Facts::Submission(_) | Facts::None => None,
    })
}

/// Every interval that is shown.
pub fn shown(history: &mut History, plan: &Plan, truth: &Truth) {
    for (step, facts, runtime) in runtimes(plan, truth) {
        let name = &step.address.subject;
        let unseen = history.is_unseen_at(name, runtime, facts, plan.at);
        if unseen || history.is_beyond(name, runtime, plan.at) {
            continue;
        }
        // Without a look what is shown is as of the last one: a key only gets younger.
        let late =
            facts.seen_at.is_none() && (!facts.looked || runtime.is_remade_within(LAG, plan.at));
        for (place, slot) in SLOTS.into_iter().enumerate() {
            let born = runtime.slots[place].born;
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
pub fn narrowing(history: &mut History, before: &Known) {
    let (truth, at) = (history.truth(), history.standing.now());
    for (key, (fingerprint, birth)) in ledger(&history.standing) {
        let Some((known, old)) = before.get(&key) else {
            continue;
        };
        let name = key.0.rsplit('/').next().unwrap_or_default();
        let runtime = truth.runtimes.get(name);
        if known != &fingerprint || runtime.is_none_or(|one| history.is_beyond(name, one, at)) {
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
