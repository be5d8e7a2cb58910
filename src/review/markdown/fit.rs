//! How much is said: the same comment at four levels of detail, each whole in itself.

use super::limit::{Link, length};
use super::options::MarkdownOptions;
use super::rows::Table;
use super::{head, rows};
use crate::model::verdict::Plan;

/// Between two parts, and between two lines of one.
const PARAGRAPH: &str = "\n\n";
/// Counts for each connection, and notes, may take this part of what is left beside the head: the rest is for rows.
const SHARE: usize = 4;
/// Hosts and sources of credentials may take this one: a reviewer decides about them.
const USES_SHARE: usize = 2;
/// What they are called where they are left out.
const USES: &str = "hosts and credential sources";

/// Levels of detail, the fullest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Tables, and the evidence behind each row, folded.
    Full,
    /// Tables of what changes and what waits.
    Rows,
    /// Counts for each connection, and as many rows as fit.
    Some,
    /// The head alone.
    Counts,
}

impl Level {
    pub(super) const ALL: [Self; 4] = [Self::Full, Self::Rows, Self::Some, Self::Counts];
}

/// The comment at one level of detail, with a line end at its end.
pub(super) fn comment(
    plan: &Plan,
    options: &MarkdownOptions,
    level: Level,
    limit: usize,
) -> String {
    let head = head::lines(plan, options).join("\n");
    let mut parts = vec![head];
    match level {
        Level::Full => {
            parts.extend(rows::tables(plan).iter().map(Table::text));
            parts.extend(rows::notes(plan));
            parts.extend(rows::since_last(plan, options));
            parts.extend(rows::evidence(plan, options.given));
            parts.extend(rows::up_to_date(plan));
            parts.extend(rows::uses(options.uses));
        }
        Level::Rows => {
            parts.extend(rows::tables(plan).iter().map(Table::text));
            parts.extend(rows::notes(plan));
            parts.extend(rows::uses(options.uses));
            parts.push(shortened(
                "evidence, and names of up-to-date resources",
                options,
            ));
        }
        Level::Some => some(plan, options, limit, &mut parts),
        Level::Counts => parts.push(shortened(&but_the_counts(options), options)),
    }
    parts.join(PARAGRAPH) + "\n"
}

fn but_the_counts(options: &MarkdownOptions) -> String {
    let uses = rows::uses(options.uses).map(|_| format!(" (also {USES})"));
    format!("everything but the counts{}", uses.unwrap_or_default())
}

/// Whole rows as far as there is room, the most urgent first, and what is left out.
fn some(plan: &Plan, options: &MarkdownOptions, limit: usize, parts: &mut Vec<String>) {
    let tables = rows::tables(plan);
    let all: usize = tables.iter().map(|table| table.rows.len()).sum();
    let omitted = |rows: usize, more: &[&str]| {
        let more: Vec<String> = more.iter().map(|part| format!("{part}, ")).collect();
        let what = format!(
            "{rows} of {all} rows, {}evidence, and names of up-to-date resources",
            more.concat()
        );
        shortened(&what, options)
    };
    let extras = [
        (rows::groups(plan), SHARE, "counts for each connection"),
        (rows::notes(plan), SHARE, "notes"),
        (rows::uses(options.uses), USES_SHARE, USES),
    ];
    let taken: usize = parts.iter().map(|part| cost(part)).sum();
    let names = extras.each_ref().map(|(_, _, name)| *name);
    let mut room = limit.saturating_sub(taken + cost(&omitted(all, &names)));
    let (mut beside, mut left_out) = (Vec::new(), Vec::new());
    for (part, share, name) in extras {
        match part {
            Some(part) if cost(&part) <= room / share => beside.push(part),
            Some(_) => left_out.push(name),
            None => {}
        }
    }
    room = room.saturating_sub(beside.iter().map(|part| cost(part)).sum());
    let kept = kept(tables, room);
    let left: usize = kept.iter().map(|table| table.rows.len()).sum();
    parts.extend(kept.iter().map(Table::text));
    parts.extend(beside);
    parts.push(omitted(all.saturating_sub(left), &left_out));
}

/// What a part takes, with what parts it from the next.
fn cost(part: &str) -> usize {
    length(part) + length(PARAGRAPH)
}

/// The rows for which there is room, by rank, in their tables; the table with the most urgent row first.
fn kept(tables: Vec<Table>, mut room: usize) -> Vec<Table> {
    let mut order: Vec<_> = tables
        .iter()
        .enumerate()
        .flat_map(|(table, found)| {
            let rows = found.rows.iter().enumerate();
            rows.map(move |(place, row)| (row.rank, table, place))
        })
        .collect();
    order.sort_unstable();
    let mut keep: Vec<Vec<bool>> = tables
        .iter()
        .map(|table| vec![false; table.rows.len()])
        .collect();
    for (_, table, place) in order {
        let (Some(found), Some(kept)) = (tables.get(table), keep.get_mut(table)) else {
            continue;
        };
        let head = if kept.contains(&true) {
            0
        } else {
            cost(&found.head)
        };
        let takes = found.rows.get(place).map_or(0, |row| length(&row.text) + 1) + head;
        if let (true, Some(kept)) = (takes <= room, kept.get_mut(place)) {
            room -= takes;
            *kept = true;
        }
    }
    let with_kept = tables.into_iter().zip(keep).map(|(table, keep)| {
        let rows = table.rows.into_iter().zip(keep);
        Table {
            rows: rows.filter(|(_, keep)| *keep).map(|(row, _)| row).collect(),
            ..table
        }
    });
    let mut kept: Vec<Table> = with_kept.filter(|table| !table.rows.is_empty()).collect();
    kept.sort_by_key(|table| table.rows.iter().map(|row| row.rank).min());
    kept
}

/// That something is left out, and where it is.
fn shortened(what: &str, options: &MarkdownOptions) -> String {
    let where_else = options
        .link
        .and_then(Link::shown)
        .unwrap_or_else(|| "the saved plan with `afresh show`".to_owned());
    format!("_Shortened to fit the comment: {what} omitted. See {where_else}._")
}
