//! What a store holds, where it ends, and why it could not be read or written.

/// Where a ledger ends. Compaction begins a new generation, so an offset means something in its own generation only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which generation: equal numbers of one store mean the same one, and nothing else. 0: nothing was written yet.
    pub generation: u64,
    /// The length of all whole lines of this generation, in bytes.
    pub offset: u64,
}

/// Whole lines, and where the next one goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Where `bytes` begin: what was asked for, or the beginning of a newer generation.
    pub from: Position,
    /// Every whole line from there on. A torn last line is not data and is left out.
    pub bytes: Vec<u8>,
    /// Where the next append goes.
    pub position: Position,
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

/// The length of all whole lines in `bytes`.
pub(crate) fn whole_lines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |last| last + 1)
}
