//! How much is said: the room of a comment is filled, the most important first, and what is left out is counted.
//!
//! Tables come first, with one row for all subjects of which the same is said; then the names of those, evidence, and what is up to date.
//! Nothing is cut in the middle.

use super::entry::{self, Entry, Table};
use super::group::{self, Group, How};
use super::limit::Link;
use super::options::MarkdownOptions;
use super::{head, pull, rows};
use crate::model::verdict::Plan;
use crate::review::words;

/// Between two parts.
const PARAGRAPH: usize = 2;
/// Counts for each connection, and notes, may take this part of what is left: the rest is for rows.
const SHARE: usize = 4;
/// Hosts, what a pull request changes, and what changed since the last plan may take this one: a reviewer decides about them.
const DECIDING_SHARE: usize = 2;
/// So much is kept for the sentence that says what is left out, beside its link.
const NOTE_MAX: usize = 600;
/// More rows than these nobody reads one by one: those that differ in numbers only become one.
const ROWS_READ_MAX: usize = 60;
/// So many pieces of evidence in a row that do not fit end the search for one that does.
const MISSES_MAX: usize = 20;

/// The parts of a comment, in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Head,
    Pull,
    Tables,
    Connections,
    Names,
    Notes,
    Since,
    Evidence,
    UpToDate,
    Uses,
    LeftOut,
}

struct Page<'a> {
    options: &'a MarkdownOptions<'a>,
    room: usize,
    parts: Vec<(Part, String)>,
    /// What is left out, in words.
    left: Vec<String>,
}

/// The comment, with a line end at its end.
pub(super) fn comment(plan: &Plan, options: &MarkdownOptions) -> String {
    let mut page = Page {
        options,
        room: options.limit.units(),
        parts: Vec::new(),
        left: Vec::new(),
    };
    page.put(Part::Head, head::lines(plan, options).join("\n"));
    let note = page.left_out(&[]);
    let kept = page.cost(&note) + NOTE_MAX;
    page.room = page.room.saturating_sub(kept);
    page.changed();
    let entries = entry::all(plan);
    let groups = page.chosen(&entries, plan);
    let groups = page.tables(groups);
    let share = page.room / SHARE;
    page.offer(Part::Notes, rows::notes(plan), share, "notes");
    let share = page.room / DECIDING_SHARE;
    let uses = rows::uses(options.uses);
    page.offer(Part::Uses, uses, share, "hosts and credential sources");
    let share = page.room / DECIDING_SHARE;
    let since = rows::since_last(plan, options);
    page.offer(
        Part::Since,
        since,
        share,
        "what changed since the last plan",
    );
    page.names(&groups);
    page.evidence(&entries, plan);
    page.up_to_date(plan);
    page.whole()
}

impl Page<'_> {
    fn measure(&self, text: &str) -> usize {
        self.options.limit.measure(text)
    }

    fn cost(&self, part: &str) -> usize {
        self.measure(part) + PARAGRAPH
    }

    fn put(&mut self, part: Part, text: String) {
        self.room = self.room.saturating_sub(self.cost(&text));
        self.parts.push((part, text));
    }

    /// Puts what there is, if it takes no more than `most`; else it is left out under this name.
    fn offer(&mut self, part: Part, text: Option<String>, most: usize, name: &str) {
        match text {
            Some(text) if self.cost(&text) <= most.min(self.room) => self.put(part, text),
            Some(_) => self.left.push(name.to_owned()),
            None => {}
        }
    }

    /// What the pull request changes; line by line where there is no room for all of it.
    fn changed(&mut self) {
        let Some(pull) = self.options.pull else {
            return;
        };
        let most = self.room / DECIDING_SHARE;
        let lines = pull::lines(pull);
        let (shown, kept) = self.some("", &lines, "\n", most);
        if kept < lines.len() {
            self.left.push(format!(
                "{} of {} lines of what this pull request changes",
                lines.len() - kept,
                lines.len()
            ));
        }
        if kept > 0 {
            self.put(
                Part::Pull,
                format!("#### What this pull request changes\n\n{shown}"),
            );
        }
    }

    /// As many of `items` as fit into `most` behind `before`, joined, and how many those are.
    fn some(&self, before: &str, items: &[String], between: &str, most: usize) -> (String, usize) {
        let mut text = before.to_owned();
        let mut used = self.cost(before);
        let mut kept = 0;
        for item in items {
            let joint = if kept == 0 { "" } else { between };
            let takes = self.measure(item) + self.measure(joint);
            if used + takes > most.min(self.room) {
                break;
            }
            used += takes;
            text.push_str(joint);
            text.push_str(item);
            kept += 1;
        }
        (text, kept)
    }

    /// Rows by every word if there are few and all of that fits with the names, else by all but the numbers, with counts for each connection.
    fn chosen(&mut self, entries: &[Entry<'_>], plan: &Plan) -> Vec<Group> {
        let equal = group::grouped(entries, How::Equal);
        if equal.len() <= ROWS_READ_MAX && self.takes(&equal) <= self.room {
            return equal;
        }
        let share = self.room / SHARE;
        let counts = rows::groups(plan);
        self.offer(
            Part::Connections,
            counts,
            share,
            "counts for each connection",
        );
        group::grouped(entries, How::Alike)
    }

    /// What tables with all of these rows take, and the lists of names that are not in the rows.
    fn takes(&self, groups: &[Group]) -> usize {
        let heads = Table::ALL.iter().map(|table| self.cost(table.head()));
        let rows = groups.iter().map(|group| {
            let hidden = group.names.iter().skip(group.names.len() - group.hidden());
            self.measure(&group.row())
                + 1
                + hidden.map(|name| self.measure(name) + 2).sum::<usize>()
        });
        heads.chain(rows).sum()
    }

    /// Puts the rows for which there is room, the most urgent before all others, in their tables; and gives those.
    fn tables(&mut self, groups: Vec<Group>) -> Vec<Group> {
        let all = groups.len();
        let mut lines: Vec<(Table, Vec<String>)> = Vec::new();
        let (mut kept, mut dropped) = (Vec::new(), 0);
        for group in groups {
            let row = group.row();
            let place = lines.iter().position(|(table, _)| *table == group.table);
            let head = place.map_or_else(|| self.cost(group.table.head()), |_| 0);
            let takes = self.measure(&row) + 1 + head;
            if takes > self.room {
                dropped += group.names.len();
                continue;
            }
            self.room -= takes;
            match place.and_then(|place| lines.get_mut(place)) {
                Some((_, rows)) => rows.push(row),
                None => lines.push((group.table, vec![row])),
            }
            kept.push(group);
        }
        if kept.len() < all {
            let rows = words::count(all - kept.len(), "row", "rows");
            let subjects = words::count(dropped, "subject", "subjects");
            self.left.insert(0, format!("{rows} of {all} ({subjects})"));
        }
        lines.sort_by_key(|(table, _)| *table);
        for (table, rows) in lines {
            // Its room is taken already.
            let text = format!("{}\n{}", table.head(), rows.join("\n"));
            self.parts.push((Part::Tables, text));
        }
        kept
    }

    /// The names that the rows do not have, folded.
    fn names(&mut self, groups: &[Group]) {
        let mut left = 0;
        for group in groups.iter().filter(|group| group.hidden() > 0) {
            let all = group.names.len();
            let frame = rows::folded(&format!("{all} of {all} names: {}", group.said()), "");
            let most = self.room.saturating_sub(self.cost(&frame));
            let (names, kept) = self.some("", &group.names, ", ", most);
            if kept > all - group.hidden() {
                let of = if kept == all {
                    "All".to_owned()
                } else {
                    format!("{kept} of")
                };
                let summary = format!("{of} {all} names: {}", group.said());
                self.put(Part::Names, rows::folded(&summary, &names));
                left += all - kept;
            } else {
                left += group.hidden();
            }
        }
        if left > 0 {
            let names = words::count(left, "subject", "subjects");
            self.left.push(format!("names of {names}"));
        }
    }

    /// The evidence behind each row, the most urgent first.
    fn evidence(&mut self, entries: &[Entry<'_>], plan: &Plan) {
        let (mut left, mut misses) = (0, 0);
        let with_evidence = entries
            .iter()
            .filter(|entry| entry.table != Table::Operations);
        for entry in with_evidence {
            if misses >= MISSES_MAX {
                left += 1;
                continue;
            }
            let text = rows::evidence(entry.step, plan, self.options.given);
            if self.cost(&text) <= self.room {
                self.put(Part::Evidence, text);
                misses = 0;
            } else {
                left += 1;
                misses += 1;
            }
        }
        if left > 0 {
            let subjects = words::count(left, "subject", "subjects");
            self.left.push(format!("evidence of {subjects}"));
        }
    }

    fn up_to_date(&mut self, plan: &Plan) {
        let lines = rows::up_to_date(plan);
        if lines.is_empty() {
            return;
        }
        let summary = rows::up_to_date_summary(plan, lines.len());
        let frame = rows::folded(&summary, "");
        let most = self.room.saturating_sub(self.cost(&frame));
        let (shown, kept) = self.some("", &lines, "\n", most);
        if kept > 0 {
            self.put(Part::UpToDate, rows::folded(&summary, &shown));
        }
        if kept < lines.len() {
            let subjects = words::count(
                lines.len() - kept,
                "up-to-date subject",
                "up-to-date subjects",
            );
            self.left.push(format!("names of {subjects}"));
        }
    }

    /// That something is left out, and where it is.
    fn left_out(&self, what: &[String]) -> String {
        let whole = self.options.links.first().and_then(Link::shown);
        let whole = whole.unwrap_or_else(|| "the saved plan with `afresh show`".to_owned());
        format!(
            "_Shortened to fit the comment: {} omitted. See {whole}._",
            what.join(", ")
        )
    }

    fn whole(mut self) -> String {
        if !self.left.is_empty() {
            let text = self.left_out(&self.left);
            self.parts.push((Part::LeftOut, text));
        }
        self.parts.sort_by_key(|(part, _)| *part);
        let parts: Vec<String> = self.parts.into_iter().map(|(_, text)| text).collect();
        parts.join("\n\n") + "\n"
    }
}
