//! A ledger that is open: what it has read so far, and reading on.

use std::fmt;
use std::sync::Arc;

use super::error::LedgerError;
use super::event::Event;
use super::json;
use super::known::{Known, count_lines};
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

    /// Every whole line as it was written: JSON lines, the oldest first.
    ///
    /// # Errors
    /// The place is in trouble, or a line cannot be read.
    pub async fn export(&self) -> Result<Vec<u8>, LedgerError> {
        let stored = self.store.read(Position::default()).await?;
        json::read(&stored.bytes, 0)?;
        Ok(stored.bytes)
    }

    /// Every event, the oldest first, for `ledger show`.
    ///
    /// # Errors
    /// The place is in trouble, or a line cannot be read.
    pub async fn events(&self) -> Result<Vec<Event>, LedgerError> {
        let stored = self.store.read(Position::default()).await?;
        Ok(json::read(&stored.bytes, 0)?)
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }

    /// Reads what others appended since; after a compaction, all of the new generation.
    pub(super) async fn reload(&self) -> Result<(), LedgerError> {
        let since = self.known().position;
        let stored = self.store.read(since).await?;
        let mut known = self.known();
        if stored.from != since && since != Position::default() {
            return known.begin_again(&stored.bytes, stored.position);
        }
        let events = json::read(&stored.bytes, known.lines)?;
        known.lines += count_lines(&stored.bytes);
        known.position = stored.position;
        for event in &events {
            known.touch(event);
            known.fold.add(event);
        }
        Ok(())
    }
}
