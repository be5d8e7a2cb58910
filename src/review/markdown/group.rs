//! Rows that say the same of several subjects become one, with their names and their number.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::entry::{Entry, Table};
use super::escape;

/// So many names stand in the row itself.
const NAMED_MAX: usize = 3;

/// What counts as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Every word.
    Equal,
    /// Every word but numbers, lengths of time, and the subject's own name.
    Alike,
}

/// Subjects of one table of which the same is said, the most urgent first.
pub(super) struct Group {
    pub(super) table: Table,
    /// As Markdown.
    pub(super) names: Vec<String>,
    cells: Vec<String>,
    more: Vec<Vec<String>>,
    /// Some of them have other numbers than the first, whose cells are shown.
    differs: bool,
}

/// All of them, the most urgent first.
pub(super) fn grouped(entries: &[Entry<'_>], how: How) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<(Table, String), usize> = BTreeMap::new();
    for entry in entries {
        let key = (entry.table, key(entry, how));
        let place = *places.entry(key).or_insert(groups.len());
        let name = escape::code(&entry.step.address.to_string());
        match groups.get_mut(place) {
            Some(group) => {
                group.differs |= group.cells != entry.cells || group.more != entry.more;
                group.names.push(name);
            }
            None => groups.push(Group {
                table: entry.table,
                names: vec![name],
                cells: entry.cells.clone(),
                more: entry.more.clone(),
                differs: false,
            }),
        }
    }
    groups
}

fn key(entry: &Entry<'_>, how: How) -> String {
    let lines = std::iter::once(&entry.cells).chain(&entry.more);
    let lines: Vec<String> = lines.map(|cells| cells.join("|")).collect();
    let text = lines.join("\n");
    match how {
        How::Equal => text,
        How::Alike => {
            let name = escape::inline(&entry.step.address.subject);
            without_numbers(&text.replace(&name, "…"))
        }
    }
}

/// Text with `0` in the place of each number, with what belongs to it: `90d`, `1d12h`, `2026-11-22 09:00`.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if !c.is_ascii_digit() {
            out.push(c);
            continue;
        }
        out.push('0');
        while rest
            .next_if(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd' | '-' | ':' | '.'))
            .is_some()
        {}
    }
    out
}

impl Group {
    /// The lines of its row.
    pub(super) fn row(&self) -> String {
        let shown = self.names.iter().take(NAMED_MAX).cloned();
        let mut subject = shown.collect::<Vec<_>>().join(", ");
        if self.names.len() > 1 {
            subject = format!("**{}:** {subject}", self.names.len());
        }
        if self.hidden() > 0 {
            // Writing to a String cannot fail.
            let _ = write!(subject, " and {} more", self.hidden());
        }
        let mut cells = self.cells.clone();
        if let (true, Some(last)) = (self.differs, cells.last_mut()) {
            last.push_str(" (the first; the others have other numbers)");
        }
        let first = line(&subject, &cells);
        let more = self.more.iter().map(|cells| line("", cells));
        let lines: Vec<String> = std::iter::once(first).chain(more).collect();
        lines.join("\n")
    }

    /// How many names its row does not have.
    pub(super) fn hidden(&self) -> usize {
        self.names.len().saturating_sub(NAMED_MAX)
    }

    /// What is said of all of them, in a few words.
    pub(super) fn said(&self) -> String {
        let said: Vec<&str> = match (self.table, self.cells.as_slice()) {
            (
                Table::Cancels | Table::Rotations | Table::HandOffs | Table::Starts,
                [action, _, why],
            ) => {
                vec![action, why]
            }
            (Table::OnHold | Table::Attention | Table::NotProved, [_, _, why]) => vec![why],
            (_, cells) => cells.iter().map(String::as_str).collect(),
        };
        let more = if self.differs { ", …" } else { "" };
        format!("{}{more}", said.join(", "))
    }
}

fn line(subject: &str, cells: &[String]) -> String {
    format!("| {subject} | {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_numbers_only_is_alike() {
        for (one, other) in [
            ("97d old, limit 90d", "1d12h old, limit 2h"),
            (
                "run 7 has been active for 5h",
                "run 730000000001 has been active for 3m",
            ),
            (
                "broken since 2026-11-22 09:00 UTC",
                "broken since 2027-01-01 23:59 UTC",
            ),
        ] {
            assert_eq!(without_numbers(one), without_numbers(other));
        }
        assert_ne!(without_numbers("limit 90d"), without_numbers("no limit"));
        assert_ne!(
            without_numbers("authKey1 is due"),
            without_numbers("key1 is due")
        );
    }
}
