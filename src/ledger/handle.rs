//! A ledger that is open: what it has read so far, and reading on.

use std::fmt;
use std::sync::Arc;

use super::error::LedgerError;
use super::json;
use super::known::Known;
use super::queue::Queue;
use super::store::{Position, Store};
use crate::clock::Clock;
use crate::model::memory::Memory;
use crate::mutex::{Mutex, MutexGuard};

/// A ledger in use. Shared by reference: concurrent calls share appends.
pub struct Ledger {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    known: Mutex<Known>,
    pub(super) queue: Queue,
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
        // What was there when it was opened is news to nobody.
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

    /// Every whole line as it was written: JSON lines, the oldest first, some at a time.
    ///
    /// # Errors
    /// The place is in trouble, or a line cannot be read.
    pub async fn export(&self, mut tell: impl FnMut(&[u8])) -> Result<(), LedgerError> {
        let mut reading = self.store.stream(Position::default()).await?;
        let mut reader = json::Reader::behind(0);
        while let Some(lines) = reading.lines().await? {
            for line in json::lines(lines) {
                reader.event(line)?;
            }
            tell(lines);
        }
        Ok(())
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }

    /// Reads what others appended since; after a compaction, all of the new generation. Only whoever holds the baton does so: nobody
    /// appends meanwhile through this handle.
    pub(super) async fn reload(&self) -> Result<(), LedgerError> {
        let since = self.known().position;
        let mut reading = self.store.stream(since).await?;
        if reading.from != since && since != Position::default() {
            let mut anew = Known::default();
            let mut reader = json::Reader::behind(0);
            while let Some(lines) = reading.lines().await? {
                anew.read_on(lines, &mut reader)?;
            }
            anew.position = reading.position;
            return self.known().begin_again(anew);
        }
        let end = reading.position;
        let mut reader = json::Reader::behind(self.known().lines);
        while let Some(lines) = reading.lines().await? {
            let mut known = self.known();
            known.position.generation = end.generation;
            known.read_on(lines, &mut reader)?;
        }
        self.known().position = end;
        Ok(())
    }
}
