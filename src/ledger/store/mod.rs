//! The interface to where the ledger is kept: bytes that only grow, appended at an expected position.
//!
//! A whole line is never overwritten, and nobody is locked out for longer than one append. A store does not interpret the events in them.

pub mod blob;
pub mod file;
pub mod memory;
mod reading;
mod stored;

use futures_util::future::BoxFuture;

pub use reading::{Pieces, Reading};
pub(crate) use stored::whole_lines;
pub use stored::{Position, StoreError, Stored};

use crate::limits::LEDGER_BYTES_MAX;

/// Why an append did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// Somebody else appended first: read again, decide again.
    Conflict,
    /// Somebody else has been in the middle of an append for too long. Nothing was written.
    Held(StoreError),
    /// The place is in trouble. A lost append may still arrive later, at its own position or not at all: an intent of it was never
    /// acted upon, so it settles as not done.
    Store(StoreError),
}

/// How soon a ledger should be compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is enough.
    Enough,
    /// It takes long to read: compacting it pays if much of it is superseded.
    Large,
    /// Not much more can be appended, so it must be compacted first, however little that drops.
    NearlyFull,
}

/// Where a ledger lies.
pub trait Store: Send + Sync {
    /// The whole lines that came after `since`; if a newer generation began since, all of that one. A ledger that does not exist yet
    /// is empty at the default position. What is appended after this answer is not among them.
    ///
    /// # Errors
    /// The place is in trouble, or the ledger is shorter than `since` says.
    fn stream(&self, since: Position) -> BoxFuture<'_, Result<Reading<'_>, StoreError>>;

    /// As [`Store::stream`], all at once: for a ledger that is known to be small.
    ///
    /// # Errors
    /// As [`Store::stream`].
    fn read(&self, since: Position) -> BoxFuture<'_, Result<Stored, StoreError>> {
        Box::pin(async move { self.stream(since).await?.all().await })
    }

    /// Appends `bytes` (whole lines) if the ledger still ends at `at`, durably, and gives its new end. All or nothing: a store whose
    /// answer was lost must find out by itself whether the bytes are there before it answers.
    ///
    /// # Errors
    /// Somebody was faster, or the place is in trouble.
    fn append(&self, at: Position, bytes: Vec<u8>) -> BoxFuture<'_, Result<Position, AppendError>>;

    /// Begins the next generation with `bytes` (whole lines, the first of them unlike any earlier generation's first) if the ledger
    /// still ends at `at`. The generation before is kept under another name, which is given too. Nobody who knows only the old one
    /// can append any more.
    ///
    /// # Errors
    /// Somebody was faster, or the place is in trouble; the old generation is as it was.
    fn replace(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>>;

    /// As [`Store::replace`], for a ledger that compacts itself. Where generations take room for good, the one before takes the place of
    /// the one that was kept by the last such compaction, so that they do not add up.
    ///
    /// # Errors
    /// As [`Store::replace`].
    fn supersede(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>> {
        self.replace(at, bytes)
    }

    /// Should a ledger that ends at `at` be compacted before much more is appended?
    fn room(&self, _at: Position) -> Room {
        Room::Enough
    }
}

/// The ledger was cut or replaced while it was open.
fn shorter(place: String) -> StoreError {
    StoreError {
        doing: "read",
        place,
        what: "it is shorter than it was: somebody cut or replaced it".to_owned(),
        advice: "restore it from a copy if something is missing, and run the command again"
            .to_owned(),
    }
}

/// Says of a ledger that is larger than any, before it fills the memory, how large it is.
fn too_large(length: u64) -> Option<String> {
    (length > LEDGER_BYTES_MAX)
        .then(|| format!("it has {length} bytes, and a ledger has at most {LEDGER_BYTES_MAX}"))
}

/// Where in a ledger that ends at `end` that begins which came after `since`; `None`: it is shorter than that.
const fn start(since: Position, end: Position) -> Option<u64> {
    let start = if since.generation == end.generation {
        since.offset
    } else if since.offset > 0 && end.generation == 0 {
        return None;
    } else {
        0
    };
    if start > end.offset {
        None
    } else {
        Some(start)
    }
}

/// What `bytes`, all there is, hold after `since`; `None`: they are shorter than that.
fn tail(mut bytes: Vec<u8>, since: Position) -> Option<Stored> {
    bytes.truncate(whole_lines(&bytes));
    let position = Position {
        generation: generation_of(first_line(&bytes)),
        offset: bytes.len() as u64,
    };
    let start = start(since, position)?;
    bytes.drain(..usize::try_from(start).ok()?);
    Some(Stored {
        from: Position {
            offset: start,
            ..position
        },
        bytes,
        position,
    })
}

/// Tells generations apart by their first line; 0 without one.
fn generation_of(first_line: &[u8]) -> u64 {
    use sha2::{Digest, Sha256};
    if first_line.is_empty() {
        return 0;
    }
    let digest = Sha256::digest(first_line);
    let mut short = [0; 8];
    short.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(short).max(1)
}

/// The first line of `bytes` that is not empty, its end left out.
fn first_line(bytes: &[u8]) -> &[u8] {
    bytes
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_position_of_another_generation_is_all_there_is() {
        let read = |bytes: &[u8], generation, offset| {
            tail(bytes.to_vec(), Position { generation, offset }).map(|stored| stored.bytes)
        };
        let own = generation_of(b"one");
        let whole = b"one\ntwo\n".to_vec();
        assert_eq!(read(&whole, own, 4), Some(b"two\n".to_vec()));
        assert_eq!(read(&whole, own, 9), None, "shorter than that");
        // It has been compacted, or begun, since.
        assert_eq!(read(&whole, 5, 4), Some(whole.clone()));
        assert_eq!(read(&whole, 0, 0), Some(whole.clone()));
        // It is empty: so it was when it began, but not after something was read.
        assert_eq!(read(b"", 5, 0), Some(Vec::new()));
        assert_eq!(read(b"", 5, 4), None);
    }
}
