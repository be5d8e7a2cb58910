//! How every subject stands when an apply ends: what the plan found, less what the apply did.
//!
//! A key that was regenerated is new, which says nothing of the other key. A run that was started and not waited for has not succeeded yet.
//! But something is being done about its promise, so it does not count as broken; the next plan judges it.

use std::collections::BTreeMap;

use super::kinds::Standing;
use crate::model::address::Address;
use crate::model::outcome::{Happened, Report};
use crate::model::promise::{Attention, BrokenPart, Promise};
use crate::model::runtime::Slot;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Facts, Plan, RuntimeFacts, Step, Verdict};

/// The standing of every step after `reports`, in the order of the steps.
pub fn left(plan: &Plan, reports: &[Report]) -> Vec<Standing> {
    let mut done: BTreeMap<&Address, Vec<&Action>> = BTreeMap::new();
    for report in reports {
        if let Happened::Done(action, _) | Happened::Already(action, _) = &report.what {
            done.entry(&report.address).or_default().push(action);
        }
    }
    let of = |step| done.get(step).map(Vec::as_slice).unwrap_or_default();
    plan.steps
        .iter()
        .map(|step| after(step, of(&step.address), plan.at))
        .collect()
}

fn after(step: &Step, done: &[&Action], at: Timestamp) -> Standing {
    let found = Standing::of(step);
    let Verdict::Act { actions, .. } = &step.verdict else {
        return found;
    };
    if done.is_empty() || done.len() < actions.iter().count() {
        return found;
    }
    match &step.facts {
        Facts::Runtime(facts) => {
            let promise = without_rotated(step.promise, facts, done, at);
            Standing {
                promise,
                // Who could do it was let in.
                attention: found
                    .attention
                    .filter(|why| promise.is_broken() && *why != Attention::Access),
            }
        }
        Facts::Job(_) | Facts::Submission(_) | Facts::None => Standing {
            promise: Promise::Kept,
            attention: None,
        },
    }
}

/// The promise of the keys that were not rotated: the others are new.
fn without_rotated(
    found: Promise,
    facts: &RuntimeFacts,
    done: &[&Action],
    at: Timestamp,
) -> Promise {
    let rotated = |slot: Slot| done.iter().any(|action| action.regenerated() == Some(slot));
    let old = Slot::BOTH.into_iter().filter(|slot| !rotated(*slot));
    // The worst of them is the promise of the whole.
    old.map(|slot| of_slot(found, slot, facts, at))
        .max_by_key(|promise| gravity(*promise))
        .unwrap_or(Promise::Kept)
}

fn of_slot(found: Promise, slot: Slot, facts: &RuntimeFacts, at: Timestamp) -> Promise {
    let young = facts
        .slots
        .get(slot)
        .birth
        .earliest
        .is_some_and(|earliest| facts.spec.age_max.after(earliest) > at);
    match found {
        Promise::Kept => Promise::Kept,
        _ if young => Promise::Kept,
        Promise::Broken { since, part } => match part {
            BrokenPart::Key(broken) if broken != slot => Promise::Unproven,
            // Which of the two it was, nobody can tell; the other one is new.
            BrokenPart::EitherKey => Promise::Unproven,
            BrokenPart::Key(_) | BrokenPart::BothKeys | BrokenPart::Whole => Promise::Broken {
                since,
                part: BrokenPart::Key(slot),
            },
        },
        Promise::Unproven | Promise::Unknown => found,
    }
}

const fn gravity(promise: Promise) -> u8 {
    match promise {
        Promise::Kept => 0,
        Promise::Unproven => 1,
        Promise::Unknown => 2,
        Promise::Broken { .. } => 3,
    }
}
