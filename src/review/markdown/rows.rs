//! Tables of changes and holds, the evidence behind them, counts for each connection.

use std::collections::BTreeMap;

use super::{MarkdownOptions, escape};
use crate::model::address::Name;
use crate::model::verdict::{Counts, Move, Plan, Step, Verdict};
use crate::review::change::{Change, changes, sentence};
use crate::review::{text, words};

/// What changes, what needs a person, what waits, what was passed over; each only if there is any.
pub(super) fn tables(plan: &Plan) -> Vec<String> {
    let mut tables = Vec::new();
    tables.extend(table(
        "| subject | change | why |\n|---|---|---|",
        &plan.acts().flat_map(act_rows).collect::<Vec<String>>(),
    ));
    let holds = |problem: bool| {
        plan.steps
            .iter()
            .filter(|step| matches!(step.verdict, Verdict::Hold { .. }))
            .filter(|step| words::needs_attention(step) == problem)
            .filter_map(hold_row)
            .collect::<Vec<String>>()
    };
    tables.extend(table(
        "| needs a person | until | why |\n|---|---|---|",
        &holds(true),
    ));
    tables.extend(table(
        "| on hold | until | why |\n|---|---|---|",
        &holds(false),
    ));
    let settlements: Vec<String> = plan.steps.iter().flat_map(settlement_rows).collect();
    tables.extend(table(
        "| doubt of | what became of it |\n|---|---|",
        &settlements,
    ));
    tables.extend(notes(plan));
    tables
}

fn table(head: &str, rows: &[String]) -> Option<String> {
    (!rows.is_empty()).then(|| format!("{head}\n{}", rows.join("\n")))
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn address(step: &Step) -> String {
    escape::code(&step.address.to_string())
}

fn act_rows(step: &Step) -> Vec<String> {
    let Verdict::Act { moves, because } = &step.verdict else {
        return Vec::new();
    };
    let first = row(&[
        address(step),
        change(&moves.first),
        escape::inline(&words::cause(because)),
    ]);
    let rest = moves.rest.iter().map(|movement| {
        row(&[
            String::new(),
            format!("then {}", change(movement)),
            String::new(),
        ])
    });
    std::iter::once(first).chain(rest).collect()
}

fn change(movement: &Move) -> String {
    let title = escape::inline(&movement.title());
    match movement {
        Move::Start { parameters, .. } if !parameters.is_empty() => {
            let pairs: Vec<String> = parameters
                .iter()
                .map(|(key, value)| escape::code(&format!("{key}={value}")))
                .collect();
            format!("{title} with {}", pairs.join(", "))
        }
        _ => title,
    }
}

fn hold_row(step: &Step) -> Option<String> {
    let Verdict::Hold { why, until } = &step.verdict else {
        return None;
    };
    let ends = words::hold_ends(why, *until).unwrap_or_default();
    let why = escape::inline(&why.to_string());
    Some(row(&[address(step), escape::inline(&ends), why]))
}

fn settlement_rows(step: &Step) -> Vec<String> {
    step.settlements
        .iter()
        .map(|settlement| {
            row(&[
                address(step),
                escape::inline(&words::settlement(settlement)),
            ])
        })
        .collect()
}

/// What was passed over, and rights that are missing.
fn notes(plan: &Plan) -> Option<String> {
    let passed = plan.passed_over.iter().map(|passed| {
        let (who, why) = (
            escape::code(&passed.address.to_string()),
            escape::inline(&passed.why),
        );
        format!("- passed over {who}: {why}")
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
    let changes = changes(options.previous?, plan);
    let lines: Vec<String> = changes.iter().map(changed_line).collect();
    (!lines.is_empty()).then(|| folded("Since the last plan", &lines.join("\n")))
}

fn changed_line(change: &Change) -> String {
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

/// The evidence behind every change and every hold, each folded.
pub(super) fn evidence(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .filter(|step| !matches!(step.verdict, Verdict::Keep(_)))
        .map(|step| {
            let summary = format!("Evidence for {}", address(step));
            folded(&summary, &escape::fenced(&text::why(step, plan)))
        })
        .collect()
}

/// Every subject that is in order, folded.
pub(super) fn in_order(plan: &Plan) -> Option<String> {
    let lines: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.verdict {
            Verdict::Keep(keep) => Some(format!(
                "- {}: {}",
                address(step),
                escape::inline(&keep.to_string())
            )),
            _ => None,
        })
        .collect();
    let next = text::next(plan)
        .map(|next| format!(", next: {}", escape::inline(&next)))
        .unwrap_or_default();
    let summary = format!(
        "{} in order{next}",
        words::count(lines.len(), "subject", "subjects")
    );
    (!lines.is_empty()).then(|| folded(&summary, &lines.join("\n")))
}

/// Markdown inside needs an empty line around it.
fn folded(summary: &str, body: &str) -> String {
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
    table(
        "| connection | regenerate | run | cancel | on hold | needs a person | in order |\n|---|--:|--:|--:|--:|--:|--:|",
        &rows,
    )
}

fn group_row(connection: &Name, counts: Counts) -> String {
    let numbers = [
        counts.regenerate,
        counts.run,
        counts.cancel,
        counts.on_hold,
        counts.attention,
        counts.in_order,
    ];
    let cells: Vec<String> = std::iter::once(escape::code(connection.as_str()))
        .chain(numbers.iter().map(ToString::to_string))
        .collect();
    row(&cells)
}
