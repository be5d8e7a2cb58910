//! A plan as text for a terminal: what changes, what waits, and one line for all that is up to date.
//!
//! ```text
//!   ingest/gateway-west       regenerate authKey1   97d old, limit 90d
//!       authKey1:
//!     -   age: 97d        (rotated by afresh 2026-08-17 03:12 UTC)
//!     +   age: 0d
//! ```
//!
//! Nothing is cut off: long lines are wrapped, or left to the terminal.

mod access;
mod advice;
mod diff;
mod hand_off;
mod inventory;
mod job;
mod label;
mod nodes;
mod pull;
mod remedy;
mod report;
mod row;
mod runtime;
mod shown;
mod summary;
mod uses;
mod why;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::paint::{Ink, Paint};
use super::{sentence, words};
use crate::escape::line;
use crate::model::job::ParameterValue;
use crate::model::nodes::NodeRecord;
use crate::model::promise::Promise;
use crate::model::requests::Requests;
use crate::model::survey::Skipped;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Cause, Hold, Keep, NonEmpty, Plan, Step, Verdict};
use row::Page;
use shown::{UNPROVEN_RANK, Unshown, rank, shown, unshown};

pub(super) use report::run_of;
pub(super) use summary::{missing_rights, near_freezes, next};

pub use access::{access, accesses};
pub use diff::diff;
pub use inventory::inventory;
pub use pull::pull;
pub use report::{outcome, recorded, report};
pub use shown::TextOptions;
pub use uses::{uses, uses_diff};
pub use why::why;

/// Subjects of one trouble that are told one by one; the rest is counted.
const SAME_TROUBLE_SHOWN: usize = 3;
/// Subjects that need no action and whose promise is not proved, likewise.
const UNPROVEN_SHOWN: usize = 20;

/// `21 requests (9 ARM reads, 5 ARM writes, 4 Databricks, 3 sign-ins)`.
pub fn requests(requests: &Requests) -> String {
    words::requests(requests)
}

/// What a rotation did to nodes: `authKey1 regenerated 2026-11-22 09:00 UTC: 3 of 3 nodes online 5m later`.
pub fn node_record(key: &str, known: &NodeRecord) -> String {
    super::nodes::record(key, known)
}

/// A subject in one sentence, as its row says it: `regenerate authKey1: 97d old, limit 90d; broken since 2026-11-22 09:00 UTC`.
pub fn sentence(step: &Step) -> String {
    sentence::sentence(step)
}

/// The whole plan, with a line end at its end.
pub fn plan(plan: &Plan, options: &TextOptions) -> String {
    let shown = shown(plan, options.verbose);
    let unshown = unshown(plan, options.verbose);
    let page = Page::new(plan, &shown, unshown, *options);
    let mut lines = rows(&page, &shown, options.verbose);
    lines.extend(up_to_date(&page, plan, unshown));
    lines.extend(
        plan.skipped
            .iter()
            .flat_map(|passed| skipped(&page, passed)),
    );
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(summary::lines(&page, plan));
    lines.join("\n") + "\n"
}

/// A line or more for each step. Of many subjects that have one thing to say, a connection that fails, the first few are told and
/// the rest is counted.
fn rows(page: &Page, shown: &[&Step], verbose: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for group in shown.chunk_by(|one, next| is_alike(one, next)) {
        let (most, what) = match &group[0].verdict {
            Verdict::Keep(_) => (UNPROVEN_SHOWN, "promise unproven"),
            Verdict::Act { .. } | Verdict::Hold { .. } => (SAME_TROUBLE_SHOWN, "the same trouble"),
        };
        let told = if verbose {
            group.len()
        } else {
            group.len().min(most)
        };
        let (first, alike) = (&group[..1], &group[1..told]);
        lines.extend(first.iter().flat_map(|step| step_lines(page, step)));
        lines.extend(alike.iter().flat_map(|step| again_lines(page, step)));
        if told < group.len() {
            let more = words::count(group.len() - told, "more subject", "more subjects");
            lines.extend(page.sentence(
                &format!("and {more}"),
                Ink::Old,
                &format!("{what}; -v names each"),
            ));
        }
    }
    lines
}

/// A step after one that it is alike to: of a trouble that takes several lines, only that it is the same.
fn again_lines(page: &Page, step: &Step) -> Vec<String> {
    match sentence::again(step) {
        Some(again) => page.sentence(&line(&step.address.to_string()), ink(step), &again),
        None => step_lines(page, step),
    }
}

/// The same words of the service on both, whatever was asked and whatever the request's id; or nothing but a promise that is not
/// proved.
fn is_alike(one: &Step, next: &Step) -> bool {
    let unproven = |step: &Step| rank(step, false) == Some(UNPROVEN_RANK);
    let trouble = |step: &Step| match &step.verdict {
        Verdict::Hold {
            why: Hold::Trouble(trouble),
            ..
        } => Some((trouble.kind.clone(), trouble.message.clone())),
        _ => None,
    };
    unproven(one) && unproven(next) || trouble(one).is_some_and(|one| trouble(next) == Some(one))
}

fn step_lines(page: &Page, step: &Step) -> Vec<String> {
    let address = line(&step.address.to_string());
    let mut lines = match &step.verdict {
        Verdict::Act { actions, because } => act(page, step, &address, actions, because),
        Verdict::Hold { .. } | Verdict::Keep(_) => {
            let all = sentence::lines(step);
            let mut all = all.iter();
            let first = all.next().map_or("", String::as_str);
            let mut lines = page.sentence(&address, ink(step), first);
            lines.extend(all.flat_map(|more| page.note(more)));
            lines.extend(advice::of_row(page, step));
            lines
        }
    };
    for note in words::runtime_notes(step)
        .into_iter()
        .chain(words::refused(step))
    {
        lines.extend(page.note(&note));
    }
    if let Some(id) = words::remembered_id(step, page.refresh) {
        lines.extend(page.note(&id));
    }
    let notes = job_notes(step, page.at);
    lines.extend(notes.iter().flat_map(|text| page.note(text)));
    for settlement in &step.settlements {
        lines.extend(page.note(&words::settlement(settlement, step.key_service())));
    }
    if step.resumes() {
        lines.extend(page.note("apply waits for this run to end"));
    }
    lines
}

/// What a row of a job says below its reason: a success that does not count, scheduled runs that would not.
pub(super) fn job_notes(step: &Step, now: Timestamp) -> Vec<String> {
    let facts = step.facts.job();
    facts.map_or_else(Vec::new, |facts| job::notes(facts, now))
}

/// The colour of what does not act: it says nothing that the words do not say.
fn ink(step: &Step) -> Ink {
    match &step.verdict {
        Verdict::Hold { .. } | Verdict::Keep(_) if step.attention.is_some() => Ink::Old,
        Verdict::Keep(Keep::Fresh { warn: true, .. }) | Verdict::Hold { .. } => Ink::Wait,
        Verdict::Keep(_) | Verdict::Act { .. } if step.promise == Promise::Kept => Ink::Faint,
        Verdict::Keep(_) | Verdict::Act { .. } => Ink::Wait,
    }
}

/// The first action with the reason, the others below it, and what each changes.
fn act(
    page: &Page,
    step: &Step,
    address: &str,
    actions: &NonEmpty<Action>,
    because: &Cause,
) -> Vec<String> {
    let mut lines = page.action(
        address,
        &actions.first.title(step.key_service()),
        &sentence::cause(step, because),
    );
    lines.extend(effect(page, step, &actions.first));
    for action in &actions.rest {
        lines.extend(page.action(
            "",
            &format!("then {}", action.title(step.key_service())),
            "",
        ));
        lines.extend(effect(page, step, action));
    }
    lines
}

fn effect(page: &Page, step: &Step, action: &Action) -> Vec<String> {
    match action {
        Action::Start { parameters, .. } => parameter_lines(page.paint, parameters),
        Action::Submit { digest, .. } => {
            let short = line(digest.get(..8).unwrap_or(digest));
            vec![format!(
                "    {}   content: {short}",
                page.paint.dye(Ink::New, "+")
            )]
        }
        Action::HandOver { .. } | Action::Cancel { .. } => Vec::new(),
        Action::Regenerate { .. } => words::replaced(step, action)
            .map(|(slot, facts)| runtime::slot_block(page, (slot, step.key_service()), facts))
            .unwrap_or_default(),
    }
}

fn parameter_lines(paint: Paint, parameters: &BTreeMap<String, ParameterValue>) -> Vec<String> {
    parameters
        .iter()
        .map(|(key, value)| {
            let plus = paint.dye(Ink::New, "+");
            let value = line(&value.shown(key));
            format!("    {plus}   parameter {}: {value}", line(key))
        })
        .collect()
}

/// `11 subjects up to date    next: ingest/lab#authKey1 in 6d`.
fn up_to_date(page: &Page, plan: &Plan, unshown: Unshown) -> Vec<String> {
    let next = summary::next(plan);
    match (unshown.words(), next) {
        (Some(kept), Some(next)) => page.sentence(&kept, Ink::Plain, &format!("next: {next}")),
        (Some(kept), None) => page.sentence(&kept, Ink::Plain, ""),
        (None, Some(next)) => page.sentence("next", Ink::Plain, &next),
        (None, None) => Vec::new(),
    }
}

fn skipped(page: &Page, passed: &Skipped) -> Vec<String> {
    page.sentence(
        &line(&passed.address.to_string()),
        Ink::Faint,
        &format!("skipped: {}", line(&passed.why)),
    )
}
