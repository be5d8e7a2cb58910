//! What differs between two plans, subject by subject.
//!
//! Refuses: to call an age that only grew a change.

use std::collections::BTreeMap;

use crate::model::address::Address;
use crate::model::verdict::{Cause, Hold, Plan, Step, Verdict};

/// How one subject's step differs.
pub(super) enum Change<'a> {
    /// Only the new plan speaks of it.
    Added(&'a Step),
    /// Only the old plan speaks of it.
    Removed(&'a Step),
    /// Another verdict, other actions, other presumptions, or another state of the promise.
    Changed(&'a Step, &'a Step),
}

impl Change<'_> {
    /// Whom it is about.
    pub(super) fn address(&self) -> &Address {
        match self {
            Self::Added(step) | Self::Removed(step) | Self::Changed(_, step) => &step.address,
        }
    }
}

/// All of them, in the order of addresses.
pub(super) fn changes<'a>(old: &'a Plan, new: &'a Plan) -> Vec<Change<'a>> {
    let by_address = |plan: &'a Plan| -> BTreeMap<&'a Address, &'a Step> {
        plan.steps
            .iter()
            .map(|step| (&step.address, step))
            .collect()
    };
    let (before, after) = (by_address(old), by_address(new));
    let mut changes: Vec<Change<'a>> = after
        .iter()
        .filter_map(|(address, step)| match before.get(address) {
            None => Some(Change::Added(step)),
            Some(old) if differ(old, step) => Some(Change::Changed(old, step)),
            Some(_) => None,
        })
        .collect();
    let gone = before
        .iter()
        .filter(|(address, _)| !after.contains_key(*address));
    changes.extend(gone.map(|(_, step)| Change::Removed(step)));
    changes.sort_by(|a, b| a.address().cmp(b.address()));
    changes
}

fn differ(old: &Step, new: &Step) -> bool {
    let verdicts = match (&old.verdict, &new.verdict) {
        (Verdict::Keep(a), Verdict::Keep(b)) => {
            std::mem::discriminant(a) != std::mem::discriminant(b)
        }
        (
            Verdict::Act { moves: a, because },
            Verdict::Act {
                moves: b,
                because: reason,
            },
        ) => a != b || cause_kind(because) != cause_kind(reason),
        (Verdict::Hold { why: a, .. }, Verdict::Hold { why: b, .. }) => holds_differ(a, b),
        _ => true,
    };
    let standings = old.promise.word() != new.promise.word() || old.attention != new.attention;
    verdicts || standings || old.target != new.target || old.rule != new.rule
}

fn cause_kind(cause: &Cause) -> std::mem::Discriminant<Cause> {
    std::mem::discriminant(cause)
}

/// Without ages, which pass.
fn holds_differ(a: &Hold, b: &Hold) -> bool {
    match (a, b) {
        (Hold::AgeUnknown { slot: a, .. }, Hold::AgeUnknown { slot: b, .. }) => a != b,
        (Hold::Trouble(a), Hold::Trouble(b)) => a.kind != b.kind || a.doing != b.doing,
        (a, b) => a != b,
    }
}

/// `1 added, 0 removed, 2 changed`, or that nothing was decided differently.
pub(super) fn tally(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no decision differs".to_owned();
    }
    let count = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
    format!(
        "{} added, {} removed, {} decided differently",
        count(|change| matches!(change, Change::Added(_))),
        count(|change| matches!(change, Change::Removed(_))),
        count(|change| matches!(change, Change::Changed(..)))
    )
}
