//! What differs between two plans, subject by subject.
//!
//! An age that merely grew is not a change.

use std::collections::BTreeMap;

use super::sentence::sentence;
use crate::escape::line;
use crate::model::address::Address;
use crate::model::time::{Freeze, minute};
use crate::model::verdict::{Frame, Plan, Step};

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
    let standings = old.promise.word() != new.promise.word() || old.attention != new.attention;
    standings || old.decision() != new.decision()
}

/// One of them in a line: `ingest/a: regenerate authKey1: …, was: up to date: …`.
pub(super) fn said(change: &Change) -> String {
    let told = |step: &Step| line(&sentence(step));
    let address = line(&change.address().to_string());
    match change {
        Change::Added(step) => format!("new: {address}: {}", told(step)),
        Change::Removed(step) => format!("gone: {address}, was: {}", told(step)),
        Change::Changed(old, new) => format!("{address}: {}, was: {}", told(new), told(old)),
    }
}

/// How what was decided about all subjects together differs: freezes, guardrails, whether the plan may be applied.
pub(super) fn frame(old: &Plan, new: &Plan) -> Vec<String> {
    let (before, after) = (old.frame(), new.frame());
    let words = |what: &str, differs: bool, was: String, is: String| {
        differs.then(|| format!("{what}: {is}, was: {was}"))
    };
    let freezes = |plan: &Plan| listed(plan.freezes.iter().map(freeze));
    let guardrails = |frame: &Frame| listed(frame.guardrails.iter().cloned());
    let leave = |frame: &Frame| if frame.refused { "no" } else { "yes" }.to_owned();
    let lines = [
        words(
            "freezes",
            before.freezes != after.freezes,
            freezes(old),
            freezes(new),
        ),
        words(
            "guardrails reached",
            before.guardrails != after.guardrails,
            guardrails(&before),
            guardrails(&after),
        ),
        words(
            "may be applied",
            before.refused != after.refused,
            leave(&before),
            leave(&after),
        ),
    ];
    lines.into_iter().flatten().collect()
}

fn freeze(freeze: &Freeze) -> String {
    let (from, to) = (minute(freeze.from), minute(freeze.to));
    format!("{from} to {to} ({})", freeze.reason)
}

fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

/// `1 added, 0 removed, 2 decided differently`, or that nothing was. `of_all`: what [`frame`] told.
pub(super) fn tally(changes: &[Change], of_all: &[String]) -> String {
    match (changes.is_empty(), of_all.is_empty()) {
        (true, true) => return "no decision differs".to_owned(),
        (true, false) => return "no subject is decided differently".to_owned(),
        (false, _) => {}
    }
    let count = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
    format!(
        "{} added, {} removed, {} decided differently",
        count(|change| matches!(change, Change::Added(_))),
        count(|change| matches!(change, Change::Removed(_))),
        count(|change| matches!(change, Change::Changed(..)))
    )
}
