//! REMEMBER: the journal is the state. Events are appended; what they add up to is [`crate::model::memory::Memory`].
//!
//! Nothing is locked for longer than one append. Whoever appends says where the ledger ended when they decided; a writer that was
//! overtaken reads again and decides again. An intent is not written on a subject that somebody else is busy with, or has changed since
//! this ledger was opened. A written line is never changed or lost: compaction keeps the old ledger. No line holds a secret.
//!
#![doc = include_str!("../../docs/guarantee.md")]

mod commit;
mod compact;
pub mod event;
pub mod fold;
pub mod store;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::limits::EVENTS_PER_APPEND_MAX;
use crate::model::address::Identity;
use crate::model::memory::{Doubt, Memory};
use crate::model::time::Timestamp;
use crate::mutex::{Mutex, MutexGuard};
use commit::{Queue, Wanted};
use event::{Confirmation, Event, Intent, ReadError};
use fold::Fold;
use store::{Position, Store, StoreError};

pub use event::schema;

/// Why the ledger could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The place it lies in is in trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process is in the middle of an append and does not finish.
    #[error(transparent)]
    Held(StoreError),
    /// It holds something that this afresh cannot read.
    #[error("cannot read the ledger: {0}")]
    Unreadable(#[from] ReadError),
    /// Another ledger lies in its place: somebody replaced it while it was open.
    #[error("the ledger was replaced by another one while it was open: run the command again")]
    Replaced,
    /// What compaction would leave does not add up to the same memory.
    #[error(
        "compacting would change what is remembered, so nothing was changed: please report this with `afresh ledger export`"
    )]
    Miscompacted,
    /// Others appended faster, again and again.
    #[error(
        "the ledger is too busy: others appended first {0} times in a row; run the command again"
    )]
    Overtaken(u32),
    /// The append that this one shared was broken off.
    #[error("the append was broken off before its end: run the command again")]
    BrokenOff,
    /// An event that cannot be written as JSON.
    #[error("cannot write an event: {0}")]
    Unwritable(String),
}

/// Why an intent was not written. Its request must not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntendError {
    /// Another apply's intent on the subject is open, and its request may be under way.
    Busy(Box<Doubt>),
    /// Somebody else changed or meant to change the subject since this ledger was opened: what was decided rests on old knowledge.
    Moved(String),
    /// The ledger failed.
    Ledger(LedgerError),
}

/// A ledger in use. Shared by reference: concurrent calls share appends.
pub struct Ledger {
    store: Arc<dyn Store>,
    clock: Clock,
    known: Mutex<Known>,
    queue: Queue,
}

/// What this handle has read and written so far.
#[derive(Debug, Default)]
struct Known {
    fold: Fold,
    position: Position,
    lines: usize,
    /// Subjects on which others wrote intents, settlements or a forget since this handle was opened.
    touched: BTreeSet<Identity>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger(at {})", self.known().position.offset)
    }
}

impl Ledger {
    /// Reads what is there; creates nothing.
    ///
    /// # Errors
    /// The place is in trouble, or a line cannot be read.
    pub async fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Self, LedgerError> {
        let ledger = Self {
            store,
            clock,
            known: Mutex::default(),
            queue: Queue::default(),
        };
        ledger.reload().await?;
        ledger.known().touched.clear();
        Ok(ledger)
    }

    /// What the ledger adds up to now.
    pub fn memory(&self) -> Memory {
        self.known().fold.memory.clone()
    }

    /// Asks the memory something without copying it. `ask` must not call the ledger.
    pub fn ask<T>(&self, ask: impl FnOnce(&Memory) -> T) -> T {
        ask(&self.known().fold.memory)
    }

    /// Events that fitted nowhere, in words.
    pub fn notes(&self) -> Vec<String> {
        self.known().fold.notes.clone()
    }

    /// The ledger's own name; `None`: it was never written to.
    pub fn lineage(&self) -> Option<String> {
        self.ask(|memory| memory.lineage.clone())
    }

    /// Where the next append goes, as far as this handle knows.
    pub fn position(&self) -> Position {
        self.known().position
    }

    /// Begins the ledger under the name `lineage_if_new` unless it has a name already; gives the name it has then.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub async fn ensure_opened(&self, lineage_if_new: &str) -> Result<String, LedgerError> {
        let event = Event::Opened {
            lineage: lineage_if_new.to_owned(),
            at: self.clock.now(),
            tool: concat!("afresh ", env!("CARGO_PKG_VERSION")).to_owned(),
            compactions: 0,
        };
        if self.lineage().is_none() {
            self.commit(Wanted::Opened(event))
                .await
                .map_err(|refusal| match refusal {
                    IntendError::Ledger(error) => error,
                    IntendError::Busy(_) | IntendError::Moved(_) => LedgerError::BrokenOff,
                })?;
        }
        Ok(self.lineage().unwrap_or_else(|| lineage_if_new.to_owned()))
    }

    /// Appends events that hold whatever others wrote meanwhile: looks, seen runs, settlements, declarations.
    ///
    /// # Errors
    /// The place is in trouble, or what others appended cannot be read.
    pub async fn record(&self, events: Vec<Event>) -> Result<(), LedgerError> {
        for piece in events.chunks(EVENTS_PER_APPEND_MAX) {
            match self.commit(Wanted::Events(piece.to_vec())).await {
                Ok(()) => {}
                Err(IntendError::Ledger(error)) => return Err(error),
                Err(IntendError::Busy(_) | IntendError::Moved(_)) => {
                    return Err(LedgerError::BrokenOff);
                }
            }
        }
        Ok(())
    }

    /// Appends what a person said of one subject, unless somebody else has changed it since this ledger was opened: they did not know
    /// of that.
    ///
    /// # Errors
    /// [`IntendError::Moved`], or the ledger failed.
    pub async fn record_if_untouched(
        &self,
        identity: &Identity,
        events: Vec<Event>,
    ) -> Result<(), IntendError> {
        self.commit(Wanted::IfUntouched(identity.clone(), events))
            .await
    }

    /// Appends an intent that was decided at `decided`, unless somebody else is busy with its subject or has changed it since. Only
    /// after `Ok` may its request go out.
    ///
    /// # Errors
    /// See [`IntendError`].
    pub async fn intend(&self, intent: Intent, decided: Timestamp) -> Result<(), IntendError> {
        self.commit(Wanted::Intent(intent, decided)).await
    }

    /// Every whole line as it was written: JSON lines, the oldest first.
    ///
    /// # Errors
    /// The place is in trouble, or a line cannot be read.
    pub async fn export(&self) -> Result<Vec<u8>, LedgerError> {
        let stored = self.store.read(Position::default()).await?;
        event::read(&stored.bytes, 0)?;
        Ok(stored.bytes)
    }

    /// Every event, the oldest first, for `ledger show`.
    ///
    /// # Errors
    /// The place is in trouble, or a line cannot be read.
    pub async fn events(&self) -> Result<Vec<Event>, LedgerError> {
        let stored = self.store.read(Position::default()).await?;
        Ok(event::read(&stored.bytes, 0)?)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }

    /// Reads what others appended since; after a compaction, all of the new generation.
    async fn reload(&self) -> Result<(), LedgerError> {
        let since = self.known().position;
        let stored = self.store.read(since).await?;
        let mut known = self.known();
        if stored.from != since && since != Position::default() {
            return known.begin_again(&stored.bytes, stored.position);
        }
        let events = event::read(&stored.bytes, known.lines)?;
        known.lines += count_lines(&stored.bytes);
        known.position = stored.position;
        for event in &events {
            known.touch(event);
            known.fold.add(event);
        }
        Ok(())
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.split_inclusive(|byte| *byte == b'\n').count()
}

impl Known {
    /// Takes over a new generation. It adds up to what the old one did, so whatever differs is what others did meanwhile.
    fn begin_again(&mut self, bytes: &[u8], position: Position) -> Result<(), LedgerError> {
        let fold = fold::fold(&event::read(bytes, 0)?);
        if fold.memory.lineage != self.fold.memory.lineage {
            return Err(LedgerError::Replaced);
        }
        self.touched
            .extend(compact::changed(&self.fold.memory, &fold.memory));
        self.fold = fold;
        self.position = position;
        self.lines = count_lines(bytes);
        Ok(())
    }

    /// Remembers whose subject somebody else's event changes.
    fn touch(&mut self, event: &Event) {
        let identity = match event {
            Event::Intended(Intent { subject, .. })
            | Event::Confirmed(Confirmation { subject, .. })
            | Event::Forgotten { subject, .. }
            | Event::AttemptsForgotten { subject, .. } => Some(subject.identity.clone()),
            Event::Settled { intent, .. } => self.fold.open(intent).cloned(),
            Event::Opened { .. }
            | Event::Looked { .. }
            | Event::LogRead(_)
            | Event::RunSeen { .. }
            | Event::RunFailed { .. }
            | Event::Declared { .. } => None,
        };
        self.touched.extend(identity);
    }

    /// May this intent be written, as far as this handle knows? An older doubt whose time is over was known when this was decided.
    fn allows(
        &self,
        intent: &Intent,
        decided: Timestamp,
        now: Timestamp,
    ) -> Result<(), IntendError> {
        let identity = &intent.subject.identity;
        let others = self.fold.memory.doubts(identity).iter();
        let newest = others
            .filter(|doubt| doubt.apply != intent.apply)
            .max_by_key(|doubt| doubt.act_by);
        match newest {
            Some(doubt) if now < doubt.act_by => Err(IntendError::Busy(Box::new(doubt.clone()))),
            Some(doubt) if decided < doubt.at => Err(IntendError::Moved(format!(
                "another apply wrote down `{}` and nobody knows yet what became of it",
                doubt.action.title(identity.key_service())
            ))),
            _ => self.untouched(identity),
        }
    }

    fn untouched(&self, identity: &Identity) -> Result<(), IntendError> {
        if self.touched.contains(identity) {
            let why = "another apply worked on it meanwhile".to_owned();
            return Err(IntendError::Moved(why));
        }
        Ok(())
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
