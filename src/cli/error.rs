//! How a command ends: an exit code, and where it failed, a summary with what, why and what to do.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::process::ExitCode;

use super::typed::Typed;
use crate::escape;
use crate::ledger::LedgerError;

/// The documented exit codes of a command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As wanted.
    AsWanted = 0,
    /// An error.
    Error = 1,
    /// There is something to do (`plan --detailed-exitcode`).
    Pending = 2,
    /// A subject is of a kind named by `--fail-on`, or not everything was done.
    Partly = 3,
    /// The plan is stale, expired, or for another ledger.
    Stale = 4,
    /// Refused by a guardrail, by the policy, or for lack of trust.
    Refused = 5,
    /// Another apply's intent is open.
    Busy = 6,
    /// A run that was waited for did not succeed.
    RunFailed = 7,
    /// Interrupted, or its time was over.
    Interrupted = 8,
    /// The command line is wrong.
    Usage = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    summary: String,
    /// What was found and is printed already, in lines.
    details: Option<Box<str>>,
    advice: Option<String>,
    /// Why a command helps, and its words behind `afresh`: the arguments that were typed complete it.
    proposal: Option<(String, Vec<String>)>,
}

impl Failure {
    /// An error (exit code 1) in one sentence.
    pub fn new(summary: impl Into<String>) -> Self {
        Self {
            exit: Exit::Error,
            summary: summary.into(),
            details: None,
            advice: None,
            proposal: None,
        }
    }

    /// An error that says what was being done, and then everything its source says.
    pub fn because(doing: &str, error: &dyn StdError) -> Self {
        Self::new(format!("{doing}: {}", chain(error)))
    }

    /// Of the ledger: an append that another process is in the middle of passes by itself.
    pub fn of_ledger(error: LedgerError) -> Self {
        let exit = match &error {
            LedgerError::Held(_) => Exit::Busy,
            _ => Exit::Error,
        };
        Self::from(error).with_exit(exit)
    }

    /// With another exit code.
    #[must_use]
    pub fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// With what was found and is printed already, for those who see the failure elsewhere.
    #[must_use]
    pub fn with_details(self, details: impl Into<String>) -> Self {
        Self {
            details: Some(details.into().into_boxed_str()),
            ..self
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }

    /// With a command that helps, alone on its line.
    #[must_use]
    pub fn with_command(self, why: &str, command: &str) -> Self {
        self.with_advice(format!("{why}\n    {command}"))
    }

    /// With a command on the same manifests and the same world, where what was typed is not at hand.
    #[must_use]
    pub fn proposing(self, why: &str, words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            proposal: Some((why.to_owned(), words)),
            ..self
        }
    }

    /// With the arguments that were typed behind the command that it proposes.
    #[must_use]
    pub fn completed(mut self, typed: &Typed) -> Self {
        match self.proposal.take() {
            None => self,
            Some((why, words)) => {
                let command = typed.command(words.iter().map(String::as_str));
                self.with_command(&why, &command)
            }
        }
    }

    /// The first sentence of the message.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What was found and is printed already.
    pub fn details(&self) -> &str {
        self.details.as_deref().unwrap_or_default()
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// The whole message.
    pub fn message(&self) -> String {
        let mut text = format!("error: {}\n", escape::paragraph(&self.summary));
        if let Some(advice) = &self.advice {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n{advice}");
        }
        text
    }
}

impl<E: StdError> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(chain(&error))
    }
}

/// An error and its sources, once each.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.ends_with(&more) {
            let _ = write!(text, ": {more}");
        }
        source = error.source();
    }
    text
}
