//! The door to where the ledger lies: bytes that only grow, appended at an expected length.
//!
//! Refuses: overwriting, locking anybody out for longer than one append, understanding what the bytes say.

pub mod file;
pub mod memory;

use futures_util::future::BoxFuture;

/// Whole lines, and where the next one goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Every whole line. A torn last line is not data and is left out.
    pub bytes: Vec<u8>,
    /// Where the next append goes: the length of all whole lines.
    pub position: u64,
}

/// A place that could not be read or written, in the words a person needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing} the ledger {place}: {what}; {advice}")]
pub struct StoreError {
    /// `read`, `append to`.
    pub doing: &'static str,
    /// The file's path or the blob's address.
    pub place: String,
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

/// Why an append did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// Somebody else appended first: read again, decide again.
    Conflict,
    /// The place is in trouble; nothing was appended.
    Store(StoreError),
}

/// Where a ledger lies.
pub trait Store: Send + Sync {
    /// All whole lines; a ledger that does not exist yet is empty at position 0.
    ///
    /// # Errors
    /// The place is in trouble.
    fn read(&self) -> BoxFuture<'_, Result<Stored, StoreError>>;

    /// Appends `bytes` (whole lines) if the ledger still ends at `at`, durably, and gives its new end. All or nothing: a store whose
    /// answer was lost must find out by itself whether the bytes are there before it answers.
    ///
    /// # Errors
    /// Somebody was faster, or the place is in trouble.
    fn append(&self, at: u64, bytes: Vec<u8>) -> BoxFuture<'_, Result<u64, AppendError>>;
}

/// The length of all whole lines in `bytes`.
pub(crate) fn whole_lines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |last| last + 1)
}
