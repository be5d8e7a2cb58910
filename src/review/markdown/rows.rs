//! Tables of changes and holds, the evidence behind them, counts for each connection.

use std::collections::BTreeMap;

use super::escape;
use super::options::MarkdownOptions;
use crate::model::address::Name;
use crate::model::job::ParameterValue;
use crate::model::key_service::KeyService;
use crate::model::promise::Promise;
use crate::model::verdict::{Action, Counts, Plan, Step, Verdict};
use crate::review::change::{Change, changes, frame};
use crate::review::sentence::{hold_ends, promise_cell, promise_until, reason, sentence};
use crate::review::uses::Uses;
use crate::review::{text, words};

/// How soon a row is to be read: where not all fit, the first are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A person is needed.
    Attention,
    /// It is acted on.
    Act,
    /// It waits.
    OnHold,
    /// It needs no action, and its promise is not proved to hold.
    NotProved,
    /// What became of an operation.
    Operation,
}

/// One subject's row, and the lines that belong to it.
pub(super) struct Row {
    pub(super) rank: Rank,
    pub(super) text: String,
}

/// A table that has rows.
pub(super) struct Table {
    /// The names of its columns, and the line below them.
    pub(super) head: String,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// As Markdown.
    pub(super) fn text(&self) -> String {
        let rows: Vec<&str> = self.rows.iter().map(|row| row.text.as_str()).collect();
        format!("{}\n{}", self.head, rows.join("\n"))
    }
}

/// What changes, what needs attention, what waits, what is not proved; each only if there is any.
pub(super) fn tables(plan: &Plan) -> Vec<Table> {
    let acts = plan.acts().map(|step| Row {
        rank: rank(step),
        text: act_row(step, plan),
    });
    let mut tables = vec![Table {
        head: "| subject | change | promise | why |\n|---|---|---|---|".to_owned(),
        rows: acts.collect(),
    }];
    for (head, of) in [
        ("needs attention", Section::Attention),
        ("on hold", Section::OnHold),
        ("not proved", Section::NotProved),
    ] {
        let steps = plan.steps.iter().filter(|step| section(step) == Some(of));
        let rows = steps.map(|step| Row {
            rank: rank(step),
            text: waiting_row(step, plan),
        });
        tables.push(Table {
            head: format!("| {head} | until | promise | why |\n|---|---|---|---|"),
            rows: rows.collect(),
        });
    }
    let operations = plan.steps.iter().flat_map(settlement_rows).map(|text| Row {
        rank: Rank::Operation,
        text,
    });
    tables.push(Table {
        head: "| operation on | what became of it |\n|---|---|".to_owned(),
        rows: operations.collect(),
    });
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn rank(step: &Step) -> Rank {
    match (&step.verdict, step.attention) {
        (_, Some(_)) => Rank::Attention,
        (Verdict::Act { .. }, None) => Rank::Act,
        (Verdict::Hold { .. }, None) => Rank::OnHold,
        (Verdict::Keep(_), None) => Rank::NotProved,
    }
}

/// Where a subject stands that is not acted on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Attention,
    OnHold,
    /// It needs no action, and its promise is not proved to hold.
    NotProved,
}

/// `None`: it acts, or is up to date and kept.
fn section(step: &Step) -> Option<Section> {
    match &step.verdict {
        Verdict::Hold { .. } | Verdict::Keep(_) if step.attention.is_some() => {
            Some(Section::Attention)
        }
        Verdict::Hold { .. } => Some(Section::OnHold),
        Verdict::Keep(_) if step.promise != Promise::Kept => Some(Section::NotProved),
        Verdict::Keep(_) | Verdict::Act { .. } => None,
    }
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn address(step: &Step) -> String {
    escape::code(&step.address.to_string())
}

/// The state of its promise, and that it needs attention.
fn promise(step: &Step) -> String {
    let cell = escape::inline(&promise_cell(step));
    match step.attention {
        Some(_) => format!("{cell}; needs attention"),
        None => cell,
    }
}

/// A step's first action, and a line for each that follows.
fn act_row(step: &Step, plan: &Plan) -> String {
    let Verdict::Act { actions, because } = &step.verdict else {
        return String::new();
    };
    let first = row(&[
        address(step),
        change(&actions.first, step.key_service()),
        promise(step),
        with_notes(words::cause(because), step, plan),
    ]);
    let rest = actions.rest.iter().map(|action| {
        row(&[
            String::new(),
            format!("then {}", change(action, step.key_service())),
            String::new(),
            String::new(),
        ])
    });
    let lines: Vec<String> = std::iter::once(first).chain(rest).collect();
    lines.join("\n")
}

/// A reason, and what the row of a terminal has below it: what others did to keys and what was corrected, a refusal, runs that do not
/// count, and which job a name meant.
fn with_notes(reason: String, step: &Step, plan: &Plan) -> String {
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

fn change(action: &Action, service: KeyService) -> String {
    let title = escape::inline(&action.title(service));
    let pairs: Vec<String> = action
        .started_with()
        .into_iter()
        .flatten()
        .map(|(key, value)| match value {
            ParameterValue::Text(_) => escape::code(&format!("{key}={}", value.shown(key))),
            ParameterValue::Variable(_) => {
                let (key, value) = (escape::code(key), escape::inline(&value.shown(key)));
                format!("{key} {value}")
            }
        })
        .collect();
    if pairs.is_empty() {
        title
    } else {
        format!("{title} with {}", pairs.join(", "))
    }
}

/// A hold tells when its promise breaks, whether it lasts until then or not.
fn waiting_row(step: &Step, plan: &Plan) -> String {
    let (ends, promise) = match &step.verdict {
        Verdict::Hold { why, until } => (
            hold_ends(why, *until).unwrap_or_default(),
            promise_until(step, plan.at),
        ),
        Verdict::Keep(_) | Verdict::Act { .. } => (String::new(), promise_cell(step)),
    };
    row(&[
        address(step),
        escape::inline(&ends),
        escape::inline(&promise),
        with_notes(reason(step), step, plan),
    ])
}

fn settlement_rows(step: &Step) -> Vec<String> {
    step.settlements
        .iter()
        .map(|settlement| {
            row(&[
                address(step),
                escape::inline(&words::settlement(settlement, step.key_service())),
            ])
        })
        .collect()
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

/// The evidence behind every change, every hold and every promise that is not proved, each folded.
pub(super) fn evidence(plan: &Plan, given: &str) -> Vec<String> {
    plan.steps
        .iter()
        .filter(|step| section(step).is_some() || matches!(step.verdict, Verdict::Act { .. }))
        .map(|step| {
            let summary = format!("Evidence for {}", address(step));
            folded(&summary, &escape::fenced(&text::why(step, plan, given)))
        })
        .collect()
}

/// Every subject that is up to date, folded.
pub(super) fn up_to_date(plan: &Plan) -> Option<String> {
    let lines: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.verdict {
            Verdict::Keep(_) if !step.promise.is_broken() => Some(format!(
                "- {}: {}",
                address(step),
                with_notes(sentence(step), step, plan)
            )),
            _ => None,
        })
        .collect();
    let next = text::next(plan)
        .map(|next| format!(", next: {}", escape::inline(&next)))
        .unwrap_or_default();
    let summary = format!(
        "{} up to date{next}",
        words::count(lines.len(), "subject", "subjects")
    );
    (!lines.is_empty()).then(|| folded(&summary, &lines.join("\n")))
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
