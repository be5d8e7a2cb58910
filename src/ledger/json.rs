//! The text of a ledger: each event a line of JSON with its version.
//!
//! A line in the middle that cannot be read, or an event of a newer afresh, is an error: skipping either would lose what it says.

mod looks;
mod read_error;
mod wire;

use std::borrow::Cow;

use super::event::Event;
use super::store::whole_lines;

use looks::Looks;
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
/// The first line that is damaged, newer than this afresh, or the beginning of another ledger.
pub fn read(bytes: &[u8], lines_before: usize) -> Result<Vec<Event>, ReadError> {
    let mut reader = Reader::behind(lines_before);
    let mut events = Vec::new();
    for line in lines(bytes) {
        events.extend(reader.event(line)?.map(Cow::into_owned));
    }
    Ok(events)
}

/// Whole lines, their ends left out.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = &bytes[..whole_lines(bytes)];
    let mut from = 0;
    memchr::memchr_iter(b'\n', whole).map(move |end| {
        let line = &whole[from..end];
        from = end + 1;
        line
    })
}

/// Reads one line after another, and knows what only all of them together tell.
pub(super) struct Reader {
    lines: usize,
    /// Does the next event name the ledger?
    names: bool,
    lineage: Option<String>,
    looks: Looks,
}

impl Reader {
    /// For what comes behind so many lines.
    pub fn behind(lines: usize) -> Self {
        Self {
            lines,
            names: lines == 0,
            lineage: None,
            looks: Looks::default(),
        }
    }

    /// The event that the next line holds, which is given without its end; `None`: it is empty.
    ///
    /// # Errors
    /// It is damaged, newer than this afresh, or the beginning of another ledger.
    pub fn event(&mut self, line: &[u8]) -> Result<Option<Cow<'_, Event>>, ReadError> {
        if let Some(place) = self.looks.repeated(line) {
            self.lines += 1;
            return Ok(self.looks.event(place).map(Cow::Borrowed));
        }
        if self.lines == 0 && MARKS.iter().any(|mark| line.starts_with(mark)) {
            return Err(ReadError::Encoded);
        }
        self.lines += 1;
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let names = std::mem::replace(&mut self.names, false);
        let event = wire::read_line(line, self.lines).map_err(|error| match error {
            ReadError::Damaged { line, why } if names => ReadError::Unnamed { line, why },
            other => other,
        })?;
        if let Event::Opened { lineage, .. } = &event {
            self.is_of_one_ledger(lineage)?;
        }
        self.looks.keep(line, &event);
        Ok(Some(Cow::Owned(event)))
    }

    /// Two ledgers in one place add up to nothing.
    fn is_of_one_ledger(&mut self, lineage: &str) -> Result<(), ReadError> {
        let first = self.lineage.get_or_insert_with(|| lineage.to_owned());
        if first == lineage {
            return Ok(());
        }
        Err(ReadError::Two {
            line: self.lines,
            lineage: lineage.to_owned(),
        })
    }
}

/// What editors begin a file with that they save as UTF-8 with a mark, or as UTF-16.
const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// The JSON Schema of a line, for other readers of the ledger.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<wire::Line>()
        .to_value()
}

#[cfg(test)]
mod tests;
