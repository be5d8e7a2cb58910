//! The end of a plan: guardrails, freezes, rights that are missing, and the line that counts.

use std::collections::BTreeMap;

use super::row::Page;
use crate::escape::line;
use crate::model::runtime::Slot;
use crate::model::time::{Span, minute};
use crate::model::verdict::{Plan, Step, Verdict};
use crate::review::paint::Ink;
use crate::review::words;

pub(super) fn lines(page: &Page, plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for exceeded in &plan.exceeded {
        let end = if plan.refused {
            "this plan cannot be applied"
        } else {
            "the least urgent ones wait"
        };
        let text = format!("Guardrail {}: {end}.", words::exceeded(exceeded));
        let ink = if plan.refused { Ink::Old } else { Ink::Wait };
        lines.extend(page.left(ink, &text));
    }
    if let Some(part) = plan.part {
        lines.extend(page.left(Ink::Wait, &format!("{}.", words::part(part))));
    }
    for freeze in near_freezes(plan) {
        lines.extend(page.left(Ink::Wait, &freeze));
    }
    for note in missing_rights(plan) {
        lines.extend(page.left(Ink::Wait, &note));
    }
    lines.extend(headline(page, plan));
    lines
}

/// Freezes that hold now, or begin while the plan is valid.
pub(in crate::review) fn near_freezes(plan: &Plan) -> impl Iterator<Item = String> {
    let near = |freeze: &&crate::model::time::Freeze| freeze.from < plan.valid_until;
    plan.freezes.iter().filter(near).map(|freeze| {
        format!(
            "Frozen from {} to {}: {}.",
            minute(freeze.from),
            minute(freeze.to),
            line(&freeze.reason)
        )
    })
}

/// One sentence for each right that is missing while the plan could be made without it.
pub(in crate::review) fn missing_rights(plan: &Plan) -> Vec<String> {
    let mut rights: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for facts in plan.steps.iter().filter_map(|step| step.facts.runtime()) {
        let refusals = [
            ("the status", &facts.status_refused),
            ("the keys", &facts.keys_refused),
            ("the Activity Log", &facts.log_refused),
        ];
        for (what, refused) in refusals {
            if let Some(right) = refused.as_ref().and_then(words::missing_right) {
                *rights.entry((what, right)).or_default() += 1;
            }
        }
    }
    rights
        .into_iter()
        .map(|((what, right), n)| {
            let whose = words::count(n, "resource", "resources");
            format!("Not allowed to read {what} of {whose}; ages rest on the other evidence. To grant: {right}.")
        })
        .collect()
}

/// The sentences that count, on one line where they fit, else as many on a line as fit.
fn headline(page: &Page, plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sentence in sentences(plan) {
        match lines.last_mut() {
            Some(last) if page.fits(last, &sentence) => {
                last.push_str("  ");
                last.push_str(&sentence);
            }
            _ => lines.push(sentence),
        }
    }
    lines
        .iter()
        .flat_map(|text| page.left(Ink::Strong, text))
        .collect()
}

/// `Plan: 1 to regenerate, ….`, `Promises: 3 kept, ….`, `1 needs attention.`, `Valid until ….`, `5 requests.`. What could not be
/// read is said before it is said that there is nothing to do: nobody knows.
fn sentences(plan: &Plan) -> Vec<String> {
    let counts = plan.counts();
    let unread = words::unread(counts, plan.refresh);
    let tally = words::counts(counts);
    let mut all: Vec<String> = match (counts.pending(), unread) {
        (true, unread) => std::iter::once(format!("Plan: {tally}"))
            .chain(unread)
            .collect(),
        (false, Some(unread)) => vec![unread, tally],
        (false, None) => vec![words::nothing(plan.part), tally],
    };
    all.push(format!("Promises: {}", words::promises(counts)));
    all.extend(words::attention(counts));
    all.extend(words::as_of_last_read(plan.refresh).map(str::to_owned));
    all.push(format!("Valid until {}", minute(plan.valid_until)));
    all.push(words::requests(&plan.requests).replacen("no ", "No ", 1));
    all.iter().map(|sentence| format!("{sentence}.")).collect()
}

/// What is up to date now and changes first: `ingest/lab#authKey1 in 6d`.
pub(in crate::review) fn next(plan: &Plan) -> Option<String> {
    let kept = |step: &&Step| matches!(step.verdict, Verdict::Keep(_)) && !step.promise.is_broken();
    let (at, step) = plan
        .steps
        .iter()
        .filter(kept)
        .filter_map(|step| Some((step.changes_at?, step)))
        .min_by_key(|(at, _)| *at)?;
    let wait = Span::between(plan.at, at).rounded();
    Some(format!(
        "{}{} in {wait}",
        line(&step.address.to_string()),
        slot_mark(step)
    ))
}

/// `#authKey1`: the key that falls due first.
fn slot_mark(step: &Step) -> String {
    step.facts
        .runtime()
        .and_then(|facts| {
            Slot::BOTH
                .into_iter()
                .filter_map(|slot| Some((facts.slots.get(slot).due_at?, slot)))
                .min()
        })
        .map(|(_, slot)| format!("#{}", step.key_service().key_name(slot)))
        .unwrap_or_default()
}
