//! A ledger file that is read on in pieces, up to where it ended when it was opened.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::super::{Pieces, Position, Reading, StoreError, Stored, shorter};
use super::system::{off_the_runtime, trouble};

/// How much is read at once: enough that the system is asked rarely, and little beside what is remembered.
const PIECE_BYTES: u64 = 256 * 1024;

/// A file whose end was found.
pub(super) enum Opened {
    /// There are no lines.
    Empty(Stored),
    /// From the first of these to the second. A later generation takes its name and not this open file.
    Lines(File, Position, Position),
}

/// What is left to read of a file.
struct FilePieces {
    place: String,
    file: Arc<File>,
    left: u64,
}

impl Opened {
    /// # Errors
    /// The file cannot be read.
    pub(super) fn reading(self, place: String) -> Result<Reading<'static>, StoreError> {
        match self {
            Self::Empty(nothing) => Ok(nothing.into()),
            Self::Lines(mut file, from, end) => {
                file.seek(SeekFrom::Start(from.offset))
                    .map_err(|error| trouble("read", place.clone(), &error))?;
                let pieces = FilePieces {
                    place: place.clone(),
                    file: Arc::new(file),
                    left: end.offset - from.offset,
                };
                Ok(Reading::new((from, end), place, pieces))
            }
        }
    }
}

impl FilePieces {
    async fn next_piece(&mut self, buffer: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.left == 0 {
            return Ok(());
        }
        let (file, most) = (Arc::clone(&self.file), self.left.min(PIECE_BYTES));
        let mut bytes = std::mem::take(buffer);
        let before = bytes.len();
        let read = off_the_runtime(move || {
            Read::take(&*file, most).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        });
        *buffer = read
            .await
            .map_err(|error| trouble("read", self.place.clone(), &error))?;
        let read = (buffer.len() - before) as u64;
        self.left -= read;
        if read < most {
            return Err(shorter(self.place.clone()));
        }
        Ok(())
    }
}

impl Pieces for FilePieces {
    fn read_on<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.next_piece(buffer))
    }
}
