//! Fewer lines that add up to the same memory: `fold(compact(events)) = fold(events)`.
//!
//! But for the opening line, only lines that were really written are kept, so that what is left is still evidence and not a summary of it.
//! An intent without an end is never left out. The choice is not taken on trust: what is kept of each subject is folded and compared, and
//! a subject is kept whole if its memory would differ.

mod choice;
mod line;
mod logs;
mod rest;

use std::fmt;

use super::error::LedgerError;
use super::fold::fold;
use super::handle::Ledger;
use super::json;
use super::store::{AppendError, Position, Room};
use crate::escape;
use crate::limits::LEDGER_CONFLICTS_MAX;
use rest::Rest;

/// What compaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Lines before and after.
    pub lines: (usize, usize),
    /// Bytes before and after.
    pub bytes: (usize, usize),
    /// Where the lines before are kept.
    pub kept: String,
}

impl fmt::Display for Compacted {
    /// `Compacted: 812 lines (210 kB) are now 64 (17 kB). Before: .afresh/ledger.jsonl.1`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Compacted: {} lines ({}) are now {} ({}).\nThe lines before are kept: {}",
            self.lines.0,
            size(self.bytes.0),
            self.lines.1,
            size(self.bytes.1),
            escape::line(&self.kept)
        )
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// What became of a ledger that compacts itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// It is not due.
    NotDue,
    /// It has a new generation.
    Done(Compacted),
    /// It is due, and could not be done. The ledger goes on as it is: it is only larger than it needs to be.
    PutOff(LedgerError),
}

/// When a compaction is worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// Where a line can be left out.
    Line,
    /// Where half of the bytes can be left out.
    Half,
    /// Always: the place takes no more.
    Always,
}

impl Worth {
    fn is_reached(self, compacted: &Compacted) -> bool {
        match self {
            Self::Line => compacted.lines.1 < compacted.lines.0,
            Self::Half => compacted.bytes.1 <= compacted.bytes.0 / 2,
            Self::Always => true,
        }
    }
}

/// What becomes of the generation before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// It stays beside those that were kept earlier: a person asked for it.
    Kept,
    /// It takes the place of the one that was kept the last time.
    KeptUntilNext,
}

impl Ledger {
    /// Begins a new generation that holds only what the memory rests on. `None`: nothing can be left out.
    ///
    /// # Errors
    /// The place is in trouble, a line cannot be read, or others append faster, again and again.
    pub async fn compact(&self) -> Result<Option<Compacted>, LedgerError> {
        let worth = match self.store.room(self.position()) {
            Room::Enough | Room::Large => Worth::Line,
            Room::NearlyFull => Worth::Always,
        };
        self.begin_generation(worth, Before::Kept).await
    }

    /// As [`Ledger::compact`], if it is large and half of it or more can be left out, or if the place it lies in is nearly full. For who
    /// is about to write.
    ///
    /// # Errors
    /// As [`Ledger::compact`], where nothing can be written without it.
    pub async fn compact_if_due(&self) -> Result<Upkeep, LedgerError> {
        let (worth, is_needed) = match self.store.room(self.position()) {
            Room::Enough => return Ok(Upkeep::NotDue),
            Room::Large => (Worth::Half, false),
            Room::NearlyFull => (Worth::Always, true),
        };
        match self.begin_generation(worth, Before::KeptUntilNext).await {
            Ok(Some(compacted)) => Ok(Upkeep::Done(compacted)),
            Ok(None) => Ok(Upkeep::NotDue),
            Err(error) if is_needed => Err(error),
            Err(error) => Ok(Upkeep::PutOff(error)),
        }
    }

    async fn begin_generation(
        &self,
        worth: Worth,
        before: Before,
    ) -> Result<Option<Compacted>, LedgerError> {
        let _baton = self.queue.baton().await;
        for _ in 0..LEDGER_CONFLICTS_MAX {
            self.reload().await?;
            let Some((quick, at)) = self.rest(self.ask(Rest::of)).await? else {
                continue;
            };
            let mut left = self.left(quick)?;
            if !left.is_right {
                let Some((rest, _)) = self.rest(Rest::default()).await? else {
                    continue;
                };
                left = self.left(rest)?;
            }
            let mut compacted = Compacted {
                lines: left.lines,
                bytes: (
                    usize::try_from(at.offset).unwrap_or(usize::MAX),
                    left.text.len(),
                ),
                kept: String::new(),
            };
            if !worth.is_reached(&compacted) {
                return Ok(None);
            }
            if !left.is_right {
                return Err(LedgerError::Miscompacted);
            }
            let text = left.text;
            let replaced = match before {
                Before::Kept => self.store.replace(at, text).await,
                Before::KeptUntilNext => self.store.supersede(at, text).await,
            };
            match replaced {
                Ok((_, kept)) => {
                    self.reload().await?;
                    compacted.kept = kept;
                    return Ok(Some(compacted));
                }
                Err(AppendError::Conflict) => {}
                Err(AppendError::Held(error)) => return Err(LedgerError::Held(error)),
                Err(AppendError::Store(error)) => return Err(error.into()),
            }
        }
        Err(LedgerError::Overtaken(LEDGER_CONFLICTS_MAX))
    }

    /// All lines through `rest`, and where the ledger ends that they were taken from; `None`: that is not what is known.
    async fn rest(&self, mut rest: Rest) -> Result<Option<(Rest, Position)>, LedgerError> {
        let mut reading = self.store.stream(Position::default()).await?;
        let at = reading.position;
        if at != self.position() {
            return Ok(None);
        }
        let mut reader = json::Reader::behind(0);
        while let Some(lines) = reading.lines().await? {
            for line in json::lines(lines) {
                if let Some(event) = reader.event(line)? {
                    rest.add(line, event.into_owned());
                }
            }
        }
        Ok(Some((rest, at)))
    }

    /// What is left as it would be read again.
    fn left(&self, rest: Rest) -> Result<Left, LedgerError> {
        let lines = rest.read();
        let text = rest.text().map_err(LedgerError::Unwritable)?;
        let after = json::read(&text, 0)?;
        let folded = fold(&after).memory;
        Ok(Left {
            lines: (lines, after.len()),
            is_right: self.ask(|memory| *memory == folded),
            text,
        })
    }
}

/// What would be the next generation.
struct Left {
    /// Lines before and after.
    lines: (usize, usize),
    text: Vec<u8>,
    /// Does it add up to the same?
    is_right: bool,
}

/// What is left of them.
#[cfg(test)]
pub(super) fn compact(events: &[super::event::Event]) -> Vec<super::event::Event> {
    tests::picked(events, Rest::default())
}

#[cfg(test)]
mod tests;
