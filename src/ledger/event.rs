//! What the ledger holds: one event after another, each a line of JSON with its version.
//!
//! An event holds no secret. A line in the middle that cannot be read, or an event of a newer afresh, is an error: skipping either would
//! lose what it says.

mod wire;

use std::collections::BTreeMap;
use std::fmt;

use crate::model::address::{Address, Identity};
use crate::model::job::{RunId, RunResult};
use crate::model::memory::LogReading;
use crate::model::runtime::{Fingerprint, PerSlot, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Presumed, Receipt};

/// The version that is written. Unknown fields do not raise it; a field that an old reader must not overlook does.
pub const VERSION: u32 = 1;

/// Something that happened, was seen, was meant or was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The ledger was begun.
    Opened {
        /// Its name for good: a plan is for one ledger.
        lineage: String,
        /// When.
        at: Timestamp,
        /// The afresh that began it.
        tool: String,
        /// How often it was compacted since: tells its generations apart.
        compactions: u32,
    },
    /// A runtime was looked at.
    Looked {
        /// Which.
        subject: Subject,
        /// The service's time of the look.
        at: Timestamp,
        /// When the runtime was made, if the service told.
        created: Option<Timestamp>,
        /// Its keys, if the service showed them.
        keys: Option<PerSlot<Fingerprint>>,
        /// When each key was made, where the service itself tells.
        told: PerSlot<Option<Timestamp>>,
    },
    /// An Activity Log was read.
    LogRead(LogReading),
    /// An ended run was seen that is worth remembering: a success.
    RunSeen {
        /// Of which job or one-time submit.
        subject: Subject,
        /// The job's own name, if known.
        name: Option<String>,
        /// Which run.
        run: RunId,
        /// When it ended.
        ended: Timestamp,
        /// How.
        result: RunResult,
        /// SHA-256 of the content, for one-time submits.
        digest: Option<String>,
        /// SHA-256 of what the rule asks of a job's run, which this one was an answer to.
        asks: Option<String>,
    },
    /// A run was seen to have failed: an attempt.
    RunFailed {
        /// Of which job or one-time submit.
        subject: Subject,
        /// Which run.
        run: RunId,
        /// When it ended, if the service told.
        ended: Option<Timestamp>,
        /// How.
        result: RunResult,
        /// SHA-256 of the rule that it was an attempt for: another rule counts anew.
        rule: Option<String>,
    },
    /// An action was decided and comes next.
    Intended(Intent),
    /// It is known what became of an intent.
    Settled {
        /// Its number.
        intent: String,
        /// What became of it.
        how: Ending,
        /// When that was found out.
        at: Timestamp,
    },
    /// A person said when a key was made.
    Declared {
        /// Of which runtime.
        subject: Subject,
        /// Which key.
        slot: Slot,
        /// When it was made.
        born: Timestamp,
        /// When that was said.
        at: Timestamp,
        /// Who said it.
        by: String,
    },
    /// A person said that a one-time run whose end was never seen has succeeded.
    Confirmed(Confirmation),
    /// A person had the failed attempts on a subject forgotten: they are counted anew.
    AttemptsForgotten {
        /// Which.
        subject: Subject,
        /// When.
        at: Timestamp,
        /// Who.
        by: String,
    },
    /// A person had everything about a subject forgotten.
    Forgotten {
        /// Which.
        subject: Subject,
        /// When.
        at: Timestamp,
        /// Of a one-time submit: how often each content has been forgotten by then. It makes the next token another one.
        generations: BTreeMap<String, u32>,
    },
}

/// What a subject is, and what people called it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What it is.
    pub identity: Identity,
    /// What people called it.
    pub address: Address,
}

/// An action, written down before it is done. A regenerate names both keys, as they were seen right before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number, unique in its ledger.
    pub intent: String,
    /// The apply that means it.
    pub apply: String,
    /// Whose apply that is, for people: `alice on build-7, process 4711`.
    pub by: Option<String>,
    /// Of which subject.
    pub subject: Subject,
    /// What.
    pub action: Action,
    /// SHA-256 of the rule of a job that it is an attempt for.
    pub rule: Option<String>,
    /// When both keys were seen to be those that a regenerate names, by the service's clock.
    pub seen: Option<Timestamp>,
    /// When it was written down.
    pub at: Timestamp,
    /// Until when its request may be under way.
    pub act_by: Timestamp,
}

impl Intent {
    /// The keys that were seen right before a regenerate, and when.
    pub fn seen(&self) -> Option<(Timestamp, PerSlot<Fingerprint>)> {
        let at = self.seen?;
        match &self.action {
            Action::Regenerate {
                slot,
                replacing: Presumed::Key(key),
                beside: Presumed::Key(beside),
            } => Some((at, slot.pair(key.clone(), beside.clone()))),
            Action::Regenerate { .. }
            | Action::Start { .. }
            | Action::Submit { .. }
            | Action::Cancel { .. } => None,
        }
    }
}

/// What a person says of a one-time run whose end was never seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Of which one-time submit.
    pub subject: Subject,
    /// SHA-256 of the content.
    pub digest: String,
    /// Which run.
    pub run: RunId,
    /// When that was said.
    pub at: Timestamp,
    /// Who said it.
    pub by: String,
    /// How they know, if they say.
    pub reason: Option<String>,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It happened.
    Done(Receipt),
    /// It did not, and will not any more.
    NotDone(Why),
}

/// How it is known that an intent did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its request was never sent, or what it was to change was looked at afterwards and had not changed.
    Proved,
    /// A person said so.
    Said {
        /// Who.
        by: String,
    },
    /// The service refused it.
    Refused {
        /// In the words a person needs.
        why: String,
        /// A right or a sign-in is missing.
        is_access: bool,
    },
    /// An older ledger does not tell.
    Untold,
}

/// A ledger that cannot be read as a whole, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A newer afresh wrote here.
    #[error(
        "line {line} was written by a newer afresh ({what}): use that version or a later one; nothing was lost or changed"
    )]
    Newer {
        /// 1-based.
        line: usize,
        /// `version 2`, `event "moved"`.
        what: String,
    },
    /// An editor saved it in its own way.
    #[error(
        "it begins with a mark of UTF-16 or of a byte order, so an editor saved it anew: save it as plain UTF-8, or restore it from a copy"
    )]
    Encoded,
    /// Another ledger was put behind it.
    #[error(
        "at line {line} another ledger begins ({lineage}): restore the one that this project has had from a copy"
    )]
    Two {
        /// 1-based.
        line: usize,
        /// The other one's name.
        lineage: String,
    },
    /// The line that names the ledger is no event. Without it a ledger gets another name, which no saved plan was made for.
    #[error(
        "line {line}, which names the ledger, is damaged ({why}): restore that line or the ledger from a copy, and do not remove it"
    )]
    Unnamed {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It is no event.
    #[error(
        "line {line} is damaged ({why}): restore the ledger from a copy, or remove that line if you know what it said"
    )]
    Damaged {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Event {
    /// The event as one line, line end included.
    ///
    /// # Errors
    /// Never for values that [`read`] gave; jiff and serde could refuse in theory.
    pub fn line(&self) -> Result<String, String> {
        let line = wire::Line::of(self);
        serde_json::to_string(&line)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string())
    }

    /// The subject it is about; `None`: the whole ledger, or that of its intent.
    pub const fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Looked { subject, .. }
            | Self::RunSeen { subject, .. }
            | Self::RunFailed { subject, .. }
            | Self::Intended(Intent { subject, .. })
            | Self::Declared { subject, .. }
            | Self::Confirmed(Confirmation { subject, .. })
            | Self::AttemptsForgotten { subject, .. }
            | Self::Forgotten { subject, .. } => Some(subject),
            Self::Opened { .. } | Self::LogRead(_) | Self::Settled { .. } => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// Reads whole lines; `lines_before` counts those that came before them. A torn last line is left out; empty lines are none.
///
/// # Errors
/// The first line that is damaged or newer than this afresh.
pub fn read(bytes: &[u8], lines_before: usize) -> Result<Vec<Event>, ReadError> {
    if lines_before == 0 && MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(ReadError::Encoded);
    }
    let events: Vec<Event> = lines(bytes)
        .enumerate()
        .map(|(number, (index, text))| {
            let event = wire::read_line(text, lines_before + index + 1);
            event.map_err(|error| match error {
                ReadError::Damaged { line, why } if number == 0 && lines_before == 0 => {
                    ReadError::Unnamed { line, why }
                }
                other => other,
            })
        })
        .collect::<Result<_, _>>()?;
    one_ledger(&events, bytes)?;
    Ok(events)
}

/// Whole lines that are not empty, their ends left out, each with how many lines came before it.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let whole = &bytes[..super::store::whole_lines(bytes)];
    whole
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, text)| !text.trim_ascii().is_empty())
}

/// What editors begin a file with that they save as UTF-8 with a mark, or as UTF-16.
const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// Two ledgers in one place add up to nothing.
fn one_ledger(events: &[Event], bytes: &[u8]) -> Result<(), ReadError> {
    let mut names = events
        .iter()
        .zip(lines(bytes))
        .filter_map(|(event, (line, _))| match event {
            Event::Opened { lineage, .. } => Some((lineage, line + 1)),
            _ => None,
        });
    let first = names.next();
    let other = names.find(|(name, _)| first.is_some_and(|(first, _)| first != *name));
    other.map_or(Ok(()), |(name, line)| {
        Err(ReadError::Two {
            line,
            lineage: name.clone(),
        })
    })
}

/// The JSON Schema of a line, for other readers of the ledger.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<wire::Line>()
        .to_value()
}

#[cfg(test)]
mod tests;
