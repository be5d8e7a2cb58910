//! Where the lines of a file end, found without reading what is before.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};

use super::super::{Position, first_line, generation_of, reading, whole_lines};
use crate::limits::LEDGER_LINE_BYTES_MAX;

/// How much is read at once while looking for the last line's end.
const TAIL_BYTES: u64 = 4096;

/// Where the ledger in the first `length` bytes of `file` ends.
pub(super) fn position(file: &mut File, length: u64) -> io::Result<Position> {
    let offset = end_of_lines(file, length)?;
    file.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    // Where the first line is longer than any, who reads it is told.
    let most = offset.min(LEDGER_LINE_BYTES_MAX);
    let mut lines = BufReader::new(Read::take(&mut *file, most));
    while first.trim_ascii().is_empty() {
        first.clear();
        if lines.read_until(b'\n', &mut first)? == 0 {
            break;
        }
    }
    let generation = generation_of(first_line(&first));
    Ok(Position { generation, offset })
}

/// The length of all whole lines, found from the end: the file may be large, its last line is not.
fn end_of_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(TAIL_BYTES);
        let whole = whole_lines(&between(file, start, end)?) as u64;
        if whole > 0 {
            return Ok(start + whole);
        }
        if length - start > LEDGER_LINE_BYTES_MAX {
            return Err(io::Error::other(reading::too_long()));
        }
        end = start;
    }
    Ok(0)
}

/// What lies between two places in a file, or before its end.
pub(super) fn between(file: &mut File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    Read::take(file, end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}
