//! Colours, or none.

use anstyle::{AnsiColor, Style};

/// What a piece of text is, which says how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// What there will be.
    New,
    /// What there was, and what is wrong.
    Old,
    /// What waits.
    Wait,
    /// What matters most on a line.
    Strong,
    /// What can be passed over.
    Faint,
    /// The rest.
    Plain,
}

/// Dyes text if it may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    /// Colours are wanted.
    pub(super) color: bool,
}

impl Paint {
    /// The text in its colour.
    pub(super) fn dye(self, ink: Ink, text: &str) -> String {
        let style = match ink {
            Ink::New => AnsiColor::Green.on_default(),
            Ink::Old => AnsiColor::Red.on_default(),
            Ink::Wait => AnsiColor::Yellow.on_default(),
            Ink::Strong => Style::new().bold(),
            Ink::Faint => Style::new().dimmed(),
            Ink::Plain => Style::new(),
        };
        if self.color && ink != Ink::Plain && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}
