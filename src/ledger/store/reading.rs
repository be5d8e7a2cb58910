//! A ledger that is read in pieces, so that a large one never lies in memory as a whole.

use futures_util::future::BoxFuture;

use super::stored::{Position, StoreError, Stored, whole_lines};
use crate::limits::LEDGER_LINE_BYTES_MAX;

/// What a place gives, one piece after another, cut anywhere.
pub trait Pieces: Send {
    /// Puts the next piece behind what `buffer` holds. Nothing is added: there is no more.
    ///
    /// # Errors
    /// The place is in trouble, or what was there is there no more.
    fn read_on<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Whole lines, as many at a time as a piece holds, and where the next one goes.
pub struct Reading<'a> {
    /// Where the first of them begins: what was asked for, or the beginning of a newer generation.
    pub from: Position,
    /// Where the next append goes, once all of them were read.
    pub position: Position,
    /// `None`: all of them are in the buffer.
    pieces: Option<Box<dyn Pieces + 'a>>,
    /// For errors: the file's path or the blob's address.
    place: String,
    buffer: Vec<u8>,
    /// How much of the buffer was given already.
    given: usize,
}

impl From<Stored> for Reading<'_> {
    fn from(stored: Stored) -> Self {
        Self {
            from: stored.from,
            position: stored.position,
            pieces: None,
            place: String::new(),
            buffer: stored.bytes,
            given: 0,
        }
    }
}

impl<'a> Reading<'a> {
    /// What `pieces` give, which begin at `from` and end at `position`.
    pub fn new(
        (from, position): (Position, Position),
        place: String,
        pieces: impl Pieces + 'a,
    ) -> Self {
        Self {
            from,
            position,
            pieces: Some(Box::new(pieces)),
            place,
            buffer: Vec::new(),
            given: 0,
        }
    }

    /// The next whole lines, at least one; `None`: there are no more.
    ///
    /// # Errors
    /// The place is in trouble, a line is longer than any, or the last one has no end: it had one when the end was found.
    pub async fn lines(&mut self) -> Result<Option<&[u8]>, StoreError> {
        self.buffer.drain(..self.given);
        self.given = 0;
        loop {
            let before = self.buffer.len();
            if let Some(pieces) = &mut self.pieces {
                pieces.read_on(&mut self.buffer).await?;
            }
            // What was there before holds no line's end, unless all of it was there from the beginning.
            let new = if self.pieces.is_some() { before } else { 0 };
            let whole = match whole_lines(&self.buffer[new..]) {
                0 => 0,
                whole => new + whole,
            };
            if whole > 0 {
                self.given = whole;
                return Ok(Some(&self.buffer[..whole]));
            }
            if self.buffer.is_empty() {
                return Ok(None);
            }
            if self.buffer.len() == before {
                let what = "it was changed while it was read: a line has no end any more";
                return Err(self.trouble(what.to_owned(), "run the command again"));
            }
            if self.buffer.len() as u64 > LEDGER_LINE_BYTES_MAX {
                let advice = "check the place that the Project's `ledger` names";
                return Err(self.trouble(too_long(), advice));
            }
        }
    }

    fn trouble(&self, what: String, advice: &str) -> StoreError {
        StoreError {
            doing: "read",
            place: self.place.clone(),
            what,
            advice: advice.to_owned(),
        }
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Reading::lines`].
    pub async fn all(mut self) -> Result<Stored, StoreError> {
        let mut bytes = Vec::new();
        while let Some(lines) = self.lines().await? {
            bytes.extend_from_slice(lines);
        }
        Ok(Stored {
            from: self.from,
            bytes,
            position: self.position,
        })
    }
}

/// Says of a line that it is longer than any, before it fills the memory.
pub(super) fn too_long() -> String {
    format!("it has a line of more than {LEDGER_LINE_BYTES_MAX} bytes, and no event is as long")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    struct Given(VecDeque<Vec<u8>>);

    impl Pieces for Given {
        fn read_on<'a>(
            &'a mut self,
            buffer: &'a mut Vec<u8>,
        ) -> BoxFuture<'a, Result<(), StoreError>> {
            buffer.extend(self.0.pop_front().unwrap_or_default());
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn lines_of(pieces: impl IntoIterator<Item = Vec<u8>>) -> Result<Vec<Vec<u8>>, StoreError> {
        let start = Position::default();
        let pieces = Given(pieces.into_iter().collect());
        let mut reading = Reading::new((start, start), "here".to_owned(), pieces);
        let mut given = Vec::new();
        futures_util::FutureExt::now_or_never(async {
            while let Some(lines) = reading.lines().await? {
                given.push(lines.to_vec());
            }
            Ok(given)
        })
        .unwrap()
    }

    proptest! {
        /// Wherever they are cut.
        #[test]
        fn pieces_add_up_to_their_whole_lines(text in "[ab\n]{0,60}", size in 1_usize..20) {
            let bytes = text.as_bytes();
            let whole = &bytes[..whole_lines(bytes)];
            let given = lines_of(whole.chunks(size).map(<[u8]>::to_vec)).unwrap();
            prop_assert_eq!(given.concat(), whole);
            prop_assert!(given.iter().all(|lines| lines.ends_with(b"\n")));
            // A part of a line is never taken for the end.
            let all = lines_of(bytes.chunks(size).map(<[u8]>::to_vec));
            prop_assert_eq!(all.is_ok(), whole.len() == bytes.len());
        }
    }

    #[test]
    fn a_line_that_is_longer_than_any_is_told_before_it_fills_the_memory() {
        let piece = vec![b'x'; 1024 * 1024];
        let endless = std::iter::repeat_n(piece, 100);
        let error = lines_of(endless).unwrap_err();
        assert!(
            error.what.contains("a line of more than 16777216 bytes"),
            "{error}"
        );
    }
}
