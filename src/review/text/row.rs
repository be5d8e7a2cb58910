//! Columns: addresses below each other, actions below each other, reasons after them, wrapped with a hanging indent.

use super::shown::{TextOptions, Unshown};
use crate::escape::line;
use crate::model::survey::Refresh;
use crate::model::time::Timestamp;
use crate::model::verdict::{Plan, Step, Verdict};
use crate::review::paint::{Ink, Paint};

/// Addresses longer than this push their own row aside, not all rows.
const ADDRESS_COLUMN_MAX: usize = 44;
/// Between two columns.
const GAP: usize = 3;
/// Least room for a reason beside the columns; with less it stands below them.
const REASON_ROOM_MIN: usize = 24;
/// Where a reason stands that has no room beside the columns.
const HANG_BELOW: usize = 6;

/// The columns of one plan.
pub(super) struct Page<'a> {
    pub(super) paint: Paint,
    /// The time of the plan.
    pub(super) at: Timestamp,
    /// How the plan was read.
    pub(super) refresh: Refresh,
    /// What commands that are proposed end with.
    pub(super) given: &'a str,
    width: Option<usize>,
    address: usize,
    action: usize,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        plan: &Plan,
        shown: &[&Step],
        unshown: Unshown,
        options: TextOptions<'a>,
    ) -> Self {
        let addresses = shown
            .iter()
            .map(|step| letters(&line(&step.address.to_string())))
            .chain(
                plan.skipped
                    .iter()
                    .map(|passed| letters(&line(&passed.address.to_string()))),
            )
            .chain(unshown.words().map(|words| letters(&words)));
        Self {
            paint: Paint {
                color: options.color,
            },
            at: plan.at,
            refresh: plan.refresh,
            given: options.given,
            width: options.width,
            address: addresses.max().unwrap_or(0).min(ADDRESS_COLUMN_MAX),
            action: shown.iter().copied().map(action_width).max().unwrap_or(0),
        }
    }

    /// An address, an action and its reason.
    pub(super) fn action(&self, address: &str, action: &str, reason: &str) -> Vec<String> {
        let (start, at) = self.start(address);
        if reason.is_empty() {
            return vec![format!("{start}{}", self.paint.dye(Ink::Strong, action))];
        }
        let room = (self.action + GAP).saturating_sub(letters(action)).max(GAP);
        let dyed = self.paint.dye(Ink::Strong, action);
        let start = format!("{start}{dyed}{}", " ".repeat(room));
        self.flow(start, at + letters(action) + room, Ink::Plain, reason)
    }

    /// An address and a sentence.
    pub(super) fn sentence(&self, address: &str, ink: Ink, text: &str) -> Vec<String> {
        let (start, at) = self.start(address);
        self.flow(start, at, ink, text)
    }

    /// A sentence below a row.
    pub(super) fn note(&self, text: &str) -> Vec<String> {
        self.flow(" ".repeat(6), 6, Ink::Faint, text)
    }

    /// A command below a row, alone on its line and never wrapped.
    pub(super) fn command(&self, command: &str) -> String {
        format!("{}{}", " ".repeat(10), self.paint.dye(Ink::Faint, command))
    }

    /// A sentence at the left.
    pub(super) fn left(&self, ink: Ink, text: &str) -> Vec<String> {
        self.flow(String::new(), 0, ink, text)
    }

    /// Is there room for one more sentence on a line?
    pub(super) fn fits(&self, text: &str, more: &str) -> bool {
        self.width
            .is_none_or(|width| letters(text) + 2 + letters(more) <= width)
    }

    /// The address with the blanks after it, and the column that follows.
    fn start(&self, address: &str) -> (String, usize) {
        let room = (self.address + GAP)
            .saturating_sub(letters(address))
            .max(GAP);
        let at = 2 + letters(address) + room;
        (format!("  {address}{}", " ".repeat(room)), at)
    }

    /// Text behind `start`, which ends at column `at`; below it where there is too little room beside it.
    pub(super) fn flow(&self, start: String, at: usize, ink: Ink, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut indent = start;
        if self.width.is_some_and(|width| hang(width, at) < at) {
            lines.push(indent.trim_end().to_owned());
            indent = " ".repeat(HANG_BELOW);
        }
        for piece in wrap(text, self.width.map(|width| room(width, at))) {
            lines.push(
                format!("{indent}{}", self.paint.dye(ink, piece))
                    .trim_end()
                    .to_owned(),
            );
            indent = " ".repeat(self.width.map_or(at, |width| hang(width, at)));
        }
        lines
    }
}

/// Room for text that starts at column `at`.
fn room(width: usize, at: usize) -> usize {
    width.saturating_sub(hang(width, at)).max(REASON_ROOM_MIN)
}

/// Where its further lines start; before `at` if all of them have to stand below.
fn hang(width: usize, at: usize) -> usize {
    if at <= HANG_BELOW || width >= at + REASON_ROOM_MIN {
        at
    } else {
        HANG_BELOW
    }
}

/// Pieces of at most `room` letters, broken at blanks; a longer word stays whole.
fn wrap(text: &str, room: Option<usize>) -> Vec<&str> {
    let Some(room) = room else { return vec![text] };
    let (mut pieces, mut start, mut last_blank) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        if c != ' ' {
            continue;
        }
        if let Some(blank) = last_blank
            && letters(&text[start..at]) > room
        {
            pieces.push(&text[start..blank]);
            start = blank + 1;
        }
        last_blank = Some(at);
    }
    if let Some(blank) = last_blank
        && blank >= start
        && letters(&text[start..]) > room
    {
        pieces.push(&text[start..blank]);
        start = blank + 1;
    }
    pieces.push(&text[start..]);
    pieces
}

fn action_width(step: &Step) -> usize {
    match &step.verdict {
        Verdict::Act { actions, .. } => letters(&actions.first.title(step.key_service())),
        _ => 0,
    }
}

/// Columns that a text takes, one for each character.
pub(super) fn letters(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn a_long_reason_is_broken_at_blanks() {
        assert_eq!(
            wrap("one two three four", Some(8)),
            ["one two", "three", "four"]
        );
        assert_eq!(wrap("one two three", None), ["one two three"]);
        assert_eq!(
            wrap("a-word-longer-than-the-room so", Some(5)),
            ["a-word-longer-than-the-room", "so"]
        );
        assert_eq!(wrap("", Some(5)), [""]);
    }
}
