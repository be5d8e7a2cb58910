//! Something that a person can do about a subject, in words or as a command.

use crate::review::command;

/// Something that a person can do.
pub(super) struct Remedy {
    /// In a sentence; with a command, what the command is for.
    pub(super) what: String,
    /// The words of the command behind `afresh`, without what was given.
    command: Option<Vec<String>>,
}

impl Remedy {
    pub(super) fn only(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            command: None,
        }
    }

    pub(super) fn by(what: &str, command: &[&str]) -> Self {
        Self {
            what: format!("{what}:"),
            command: Some(command.iter().map(|word| (*word).to_owned()).collect()),
        }
    }

    pub(super) fn line(&self, given: &str) -> Option<String> {
        let words: Vec<&str> = self.command.as_ref()?.iter().map(String::as_str).collect();
        Some(command::afresh(&words, given))
    }
}
