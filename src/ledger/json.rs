//! The text of a ledger: each event a line of JSON with its version.
//!
//! A line in the middle that cannot be read, or an event of a newer afresh, is an error: skipping either would lose what it says.

mod read_error;
mod wire;

use super::event::Event;
use super::store::whole_lines;

pub use read_error::ReadError;

impl Event {
    /// The event as one line, line end included.
    ///
    /// # Errors
    /// Never for values that [`read`] gave; jiff and serde could refuse in theory.
    pub fn line(&self) -> Result<String, String> {
        let line = wire::Line::of(self);
        serde_json::to_string(&line)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string())
    }
}

/// Reads whole lines; `lines_before` counts those that came before them. A torn last line is left out; empty lines are none.
///
/// # Errors
/// The first line that is damaged or newer than this afresh.
pub fn read(bytes: &[u8], lines_before: usize) -> Result<Vec<Event>, ReadError> {
    if lines_before == 0 && MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(ReadError::Encoded);
    }
    let events: Vec<Event> = lines(bytes)
        .enumerate()
        .map(|(number, (index, text))| {
            let event = wire::read_line(text, lines_before + index + 1);
            event.map_err(|error| match error {
                ReadError::Damaged { line, why } if number == 0 && lines_before == 0 => {
                    ReadError::Unnamed { line, why }
                }
                other => other,
            })
        })
        .collect::<Result<_, _>>()?;
    one_ledger(&events, bytes)?;
    Ok(events)
}

/// Whole lines that are not empty, their ends left out, each with how many lines came before it.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let whole = &bytes[..whole_lines(bytes)];
    whole
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, text)| !text.trim_ascii().is_empty())
}

/// What editors begin a file with that they save as UTF-8 with a mark, or as UTF-16.
const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// Two ledgers in one place add up to nothing.
fn one_ledger(events: &[Event], bytes: &[u8]) -> Result<(), ReadError> {
    let mut names = events
        .iter()
        .zip(lines(bytes))
        .filter_map(|(event, (line, _))| match event {
            Event::Opened { lineage, .. } => Some((lineage, line + 1)),
            _ => None,
        });
    let first = names.next();
    let other = names.find(|(name, _)| first.is_some_and(|(first, _)| first != *name));
    other.map_or(Ok(()), |(name, line)| {
        Err(ReadError::Two {
            line,
            lineage: name.clone(),
        })
    })
}

/// The JSON Schema of a line, for other readers of the ledger.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<wire::Line>()
        .to_value()
}

#[cfg(test)]
mod tests;
