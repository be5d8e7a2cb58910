//! Why the ledger could not be read or written, and why an intent may not be.

use super::json::ReadError;
use super::store::StoreError;
use crate::model::memory::Doubt;

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
