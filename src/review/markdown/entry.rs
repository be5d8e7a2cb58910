//! What the tables say of each subject, before rows that say the same become one.

use super::escape;
use super::rows::with_notes;
use crate::model::job::ParameterValue;
use crate::model::key_service::KeyService;
use crate::model::promise::Promise;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, NonEmpty, Plan, Step, Verdict};
use crate::review::sentence::{hold_ends, promise_cell, promise_until, reason};
use crate::review::words;

/// The tables, in the order in which they are read. What stops something stands apart from what starts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// A person is needed, and nothing is done.
    Attention,
    /// A run is cancelled, whatever follows.
    Cancels,
    /// A key is regenerated.
    Rotations,
    /// A key is handed over, and none is regenerated.
    HandOffs,
    /// A run is started.
    Starts,
    /// It waits.
    OnHold,
    /// It needs no action, and its promise is not proved to hold.
    NotProved,
    /// What became of an operation.
    Operations,
}

impl Table {
    pub(super) const ALL: [Self; 8] = [
        Self::Attention,
        Self::Cancels,
        Self::Rotations,
        Self::HandOffs,
        Self::Starts,
        Self::OnHold,
        Self::NotProved,
        Self::Operations,
    ];

    /// The names of its columns, and the line below them.
    pub(super) const fn head(self) -> &'static str {
        match self {
            Self::Attention => "| needs attention | until | promise | why |\n|---|---|---|---|",
            Self::Cancels => "| cancel | action | promise | why |\n|---|---|---|---|",
            Self::Rotations => "| rotate | action | promise | why |\n|---|---|---|---|",
            Self::HandOffs => "| hand over | action | promise | why |\n|---|---|---|---|",
            Self::Starts => "| start | action | promise | why |\n|---|---|---|---|",
            Self::OnHold => "| on hold | until | promise | why |\n|---|---|---|---|",
            Self::NotProved => "| not proved | until | promise | why |\n|---|---|---|---|",
            Self::Operations => "| operation on | what became of it |\n|---|---|",
        }
    }
}

/// What is to be read first, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Urgency {
    /// What needs a person, then what is done, what waits, what is not proved, and what became of operations.
    rank: u8,
    /// What is broken comes before what is not, the longest broken first, and then what breaks first.
    is_not_broken: bool,
    at: Timestamp,
}

/// One subject's row.
pub(super) struct Entry<'a> {
    pub(super) step: &'a Step,
    pub(super) table: Table,
    pub(super) urgency: Urgency,
    /// The cells after the subject's, escaped.
    pub(super) cells: Vec<String>,
    /// Cells of the lines below it: actions that follow the first.
    pub(super) more: Vec<Vec<String>>,
}

/// All of them, the most urgent first.
pub(super) fn all(plan: &Plan) -> Vec<Entry<'_>> {
    let mut all: Vec<Entry> = Vec::new();
    for step in &plan.steps {
        all.extend(entry(step, plan));
        all.extend(step.settlements.iter().map(|settlement| Entry {
            step,
            table: Table::Operations,
            urgency: urgency(step, Table::Operations),
            cells: vec![escape::inline(&words::settlement(
                settlement,
                step.key_service(),
            ))],
            more: Vec::new(),
        }));
    }
    all.sort_by_key(|entry| entry.urgency);
    all
}

/// `None`: it is up to date and kept.
fn entry<'a>(step: &'a Step, plan: &Plan) -> Option<Entry<'a>> {
    let table = table(step)?;
    let (cells, more) = match &step.verdict {
        Verdict::Act { actions, because } => {
            let why = with_notes(words::cause(because), step, plan);
            (
                vec![
                    change(&actions.first, step.key_service()),
                    promise(step),
                    why,
                ],
                then(actions, step),
            )
        }
        Verdict::Hold { .. } | Verdict::Keep(_) => (waiting(step, plan), Vec::new()),
    };
    Some(Entry {
        step,
        table,
        urgency: urgency(step, table),
        cells,
        more,
    })
}

fn table(step: &Step) -> Option<Table> {
    match &step.verdict {
        Verdict::Act { actions, .. } => Some(of_actions(actions)),
        Verdict::Hold { .. } | Verdict::Keep(_) if step.attention.is_some() => {
            Some(Table::Attention)
        }
        Verdict::Hold { .. } => Some(Table::OnHold),
        Verdict::Keep(_) if step.promise != Promise::Kept => Some(Table::NotProved),
        Verdict::Keep(_) => None,
    }
}

/// Whatever follows a cancel, somebody's run is ended.
fn of_actions(actions: &NonEmpty<Action>) -> Table {
    let kinds = actions.iter().map(|action| match action {
        Action::Cancel { .. } => Table::Cancels,
        Action::Regenerate { .. } => Table::Rotations,
        Action::HandOver { .. } => Table::HandOffs,
        Action::Start { .. } | Action::Submit { .. } => Table::Starts,
    });
    kinds.min().unwrap_or(Table::Starts)
}

fn urgency(step: &Step, table: Table) -> Urgency {
    let rank = match (table, step.attention) {
        (Table::Operations, _) => 4,
        (_, Some(_)) => 0,
        (
            Table::Attention | Table::Cancels | Table::Rotations | Table::HandOffs | Table::Starts,
            None,
        ) => 1,
        (Table::OnHold, None) => 2,
        (Table::NotProved, None) => 3,
    };
    let (is_not_broken, at) = match step.promise {
        Promise::Broken { since, .. } => (false, since),
        Promise::Kept | Promise::Unproven | Promise::Unknown => (true, step.breaks_at),
    };
    Urgency {
        rank,
        is_not_broken,
        at: at.unwrap_or(Timestamp::MAX),
    }
}

/// The state of its promise, and that it needs attention.
fn promise(step: &Step) -> String {
    let cell = escape::inline(&promise_cell(step));
    match step.attention {
        Some(_) => format!("{cell}; needs attention"),
        None => cell,
    }
}

fn then(actions: &NonEmpty<Action>, step: &Step) -> Vec<Vec<String>> {
    let line = |action: &Action| {
        let change = format!("then {}", change(action, step.key_service()));
        vec![change, String::new(), String::new()]
    };
    actions.rest.iter().map(line).collect()
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
fn waiting(step: &Step, plan: &Plan) -> Vec<String> {
    let (ends, promise) = match &step.verdict {
        Verdict::Hold { why, until } => (
            hold_ends(why, *until).unwrap_or_default(),
            promise_until(step, plan.at),
        ),
        Verdict::Keep(_) | Verdict::Act { .. } => (String::new(), promise_cell(step)),
    };
    vec![
        escape::inline(&ends),
        escape::inline(&promise),
        with_notes(reason(step), step, plan),
    ]
}
