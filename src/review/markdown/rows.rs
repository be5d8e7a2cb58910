//! What stands beside the tables: notes, the evidence behind rows, what is up to date, counts for each connection, and hosts.

use std::collections::BTreeMap;

use super::escape;
use super::options::MarkdownOptions;
use crate::model::address::Name;
use crate::model::verdict::{Counts, Plan, Step, Verdict};
use crate::review::change::{Change, changes, frame};
use crate::review::sentence::sentence;
use crate::review::uses::Uses;
use crate::review::{text, words};

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn address(step: &Step) -> String {
    escape::code(&step.address.to_string())
}

/// A reason, and what the row of a terminal has below it: what others did to keys and what was corrected, a refusal, runs that do not
/// count, and which job a name meant.
pub(super) fn with_notes(reason: String, step: &Step, plan: &Plan) -> String {
    let notes = text::job_notes(step, plan.at);
    let id = words::remembered_id(step, plan.refresh);
    let all: Vec<String> = std::iter::once(reason)
        .chain(words::runtime_notes(step))
        .chain(words::refused(step))
        .chain(notes)
        .chain(id)
        .collect();
    escape::inline(&all.join("; "))
}

/// What was skipped, and rights that are missing.
pub(super) fn notes(plan: &Plan) -> Option<String> {
    let passed = plan.skipped.iter().map(|passed| {
        let (who, why) = (
            escape::code(&passed.address.to_string()),
            escape::inline(&passed.why),
        );
        format!("- skipped {who}: {why}")
    });
    let rights = text::missing_rights(plan);
    let lines: Vec<String> = passed
        .chain(
            rights
                .iter()
                .map(|right| format!("- {}", escape::inline(right))),
        )
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What is decided differently than in the plan that the comment showed before.
pub(super) fn since_last(plan: &Plan, options: &MarkdownOptions) -> Option<String> {
    let previous = options.previous?;
    let frame = frame(previous, plan).into_iter();
    let frame = frame.map(|told| format!("- {}", escape::inline(&told)));
    let changes = changes(previous, plan);
    let lines: Vec<String> = frame.chain(changes.iter().map(changed_line)).collect();
    (!lines.is_empty()).then(|| folded("Since the last plan", &lines.join("\n")))
}

pub(super) fn changed_line(change: &Change) -> String {
    let address = escape::code(&change.address().to_string());
    let said = |step: &Step| escape::inline(&sentence(step));
    match change {
        Change::Added(step) => format!("- new: {address}: {}", said(step)),
        Change::Removed(step) => format!("- gone: {address}, was: {}", said(step)),
        Change::Changed(old, new) => {
            format!("- {address}: {}, was: {}", said(new), said(old))
        }
    }
}

/// The evidence behind a row, folded.
pub(super) fn evidence(step: &Step, plan: &Plan, given: &str) -> String {
    let summary = format!("Evidence for {}", address(step));
    folded(&summary, &escape::fenced(&text::why(step, plan, given)))
}

/// A line for every subject that is up to date.
pub(super) fn up_to_date(plan: &Plan) -> Vec<String> {
    let lines = plan.steps.iter().filter_map(|step| match &step.verdict {
        Verdict::Keep(_) if !step.promise.is_broken() => Some(format!(
            "- {}: {}",
            address(step),
            with_notes(sentence(step), step, plan)
        )),
        Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => None,
    });
    lines.collect()
}

/// What is folded there.
pub(super) fn up_to_date_summary(plan: &Plan, count: usize) -> String {
    let next = text::next(plan)
        .map(|next| format!(", next: {}", escape::inline(&next)))
        .unwrap_or_default();
    format!(
        "{} up to date{next}",
        words::count(count, "subject", "subjects")
    )
}

/// Hosts, ledger and credentials, folded; nothing of a simulated cloud.
pub(super) fn uses(uses: Uses<'_>) -> Option<String> {
    let lines: Vec<String> = uses
        .labelled(true)
        .into_iter()
        .map(|(label, all)| {
            let all: Vec<String> = all.iter().map(|one| escape::code(one)).collect();
            format!("- {label}: {}", all.join(", "))
        })
        .collect();
    (!lines.is_empty()).then(|| folded("Hosts, ledger and credentials", &lines.join("\n")))
}

/// Markdown inside needs an empty line around it.
pub(super) fn folded(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{body}\n\n</details>")
}

/// Counts for each connection.
pub(super) fn groups(plan: &Plan) -> Option<String> {
    let mut groups: BTreeMap<&Name, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        groups
            .entry(&step.address.connection)
            .or_default()
            .push(step);
    }
    let rows: Vec<String> = groups
        .into_iter()
        .map(|(connection, steps)| group_row(connection, Counts::of(steps)))
        .collect();
    let head = "| connection | regenerate | run | cancel | on hold | up to date | kept | broken | unproven | unknown | needs attention |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";
    (!rows.is_empty()).then(|| format!("{head}\n{}", rows.join("\n")))
}

fn group_row(connection: &Name, counts: Counts) -> String {
    let numbers = [
        counts.regenerate,
        counts.run,
        counts.cancel,
        counts.on_hold,
        counts.up_to_date,
        counts.kept,
        counts.broken,
        counts.unproven,
        counts.unknown,
        counts.attention,
    ];
    let cells: Vec<String> = std::iter::once(escape::code(connection.as_str()))
        .chain(numbers.iter().map(ToString::to_string))
        .collect();
    row(&cells)
}
