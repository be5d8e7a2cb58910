//! The lines of files as problems show them.
//!
//! Each line is scanned once, however many problems it has, so that many problems on a long line stay cheap.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::mark::Mark;
use super::super::source::Source;
use super::super::{blank, mask, split};

/// Characters before a place and after it that its excerpt is made of: many more than are shown, as hidden ones take no room.
const NEAR: usize = 1_000;

/// The lines of all files.
pub(super) struct Lines<'a> {
    all: Vec<Vec<&'a str>>,
    /// Those that were looked through, by file and number.
    known: BTreeMap<(u32, u32), Line<'a>>,
}

/// A line that was looked through.
pub(super) struct Line<'a> {
    pub text: &'a str,
    /// What is odd about its blanks.
    pub note: Option<String>,
    /// Where each character begins, in bytes.
    starts: Vec<usize>,
    /// What must not be shown, in bytes: in order, and apart.
    hidden: Vec<Range<usize>>,
}

impl<'a> Lines<'a> {
    pub fn of(sources: &'a [Source]) -> Self {
        let lines = |source: &'a Source| split::lines(&source.text).map(|(_, line)| line);
        Self {
            all: sources.iter().map(|one| lines(one).collect()).collect(),
            known: BTreeMap::new(),
        }
    }

    /// The line of a place; behind the last one, an empty one. `None`: there is no such file.
    pub fn at(&mut self, mark: Mark) -> Option<&Line<'a>> {
        let lines = self.all.get(usize::try_from(mark.file).ok()?)?;
        let number = usize::try_from(mark.line).ok()?.saturating_sub(1);
        let line = || {
            let before = lines[..number.min(lines.len())].iter().rev();
            let before = before.copied().find(|line| !line.trim().is_empty());
            let text = lines.get(number).copied().unwrap_or_default();
            Line::of(text, before.is_some_and(mask::carries))
        };
        let known = self.known.entry((mark.file, mark.line));
        Some(known.or_insert_with(line))
    }
}

impl<'a> Line<'a> {
    fn of(text: &'a str, carried: bool) -> Self {
        Self {
            text,
            note: blank::note(text),
            starts: text.char_indices().map(|(at, _)| at).collect(),
            hidden: mask::hidden(text, carried),
        }
    }

    /// The byte at which the character `column` begins, or the line's end.
    pub fn byte_of(&self, column: usize) -> usize {
        let start = self.starts.get(column).copied();
        start.unwrap_or(self.text.len())
    }

    /// The bytes around a place that its excerpt is made of.
    pub fn around(&self, column: usize) -> (usize, usize) {
        let column = column.min(self.starts.len());
        let from = self.byte_of(column.saturating_sub(NEAR));
        (from, self.byte_of(column.saturating_add(NEAR)))
    }

    /// What must not be shown of these bytes, counted from the first of them.
    pub fn hidden_in(&self, from: usize, to: usize) -> Vec<Range<usize>> {
        let first = self.hidden.partition_point(|range| range.end <= from);
        let near = self.hidden[first..].iter();
        let near = near.take_while(|range| range.start < to);
        near.map(|range| range.start.max(from) - from..range.end.min(to) - from)
            .collect()
    }
}
