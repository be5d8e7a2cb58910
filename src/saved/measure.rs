//! What a plan file may measure, held against both when it is written and when it is read: what is written can be read.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::error::Excess;
use crate::limits::{
    PLAN_BYTES_MAX, PLAN_LINE_BYTES_MAX, PLAN_LINE_VALUES_MAX, PLAN_LINES_MAX, PLAN_VALUES_MAX,
};
use crate::model::hex::hex;

/// What has been written or read so far.
#[derive(Default)]
pub(super) struct Measure {
    /// Lines, with the one that was counted last.
    pub(super) lines: usize,
    all: Weight,
    last: Weight,
    named: BTreeMap<Kind, BTreeMap<String, Weight>>,
}

/// How much a line is.
#[derive(Clone, Copy, Default)]
struct Weight {
    bytes: u64,
    values: usize,
}

/// What is written once, and named by other lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Cloud,
    Credential,
    KeyConnection,
    Workspace,
    Rule,
}

impl Measure {
    /// Counts a line, which stands there without its end.
    pub(super) fn count(&mut self, line: &[u8]) -> Result<(), Excess> {
        self.lines += 1;
        if line.len() > PLAN_LINE_BYTES_MAX {
            return Err(Excess::LineBytes { line: self.lines });
        }
        let values = values(line);
        if values > PLAN_LINE_VALUES_MAX {
            return Err(Excess::LineValues { line: self.lines });
        }
        if self.lines > PLAN_LINES_MAX {
            return Err(Excess::Lines);
        }
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.last = Weight { bytes, values };
        self.add(self.last)
    }

    /// The line that was counted last is named so from now on.
    pub(super) fn keep(&mut self, kind: Kind, name: &str) {
        let named = self.named.entry(kind).or_default();
        named.insert(name.to_owned(), self.last);
    }

    /// Counts what a line names once more: in memory each subject has its own.
    pub(super) fn repeat(&mut self, kind: Kind, name: &str) -> Result<(), Excess> {
        let named = self.named.get(&kind).and_then(|named| named.get(name));
        match named.copied() {
            Some(weight) => self.add(weight),
            None => Ok(()),
        }
    }

    fn add(&mut self, weight: Weight) -> Result<(), Excess> {
        self.all.bytes = self.all.bytes.saturating_add(weight.bytes);
        self.all.values = self.all.values.saturating_add(weight.values);
        if self.all.bytes > PLAN_BYTES_MAX {
            Err(Excess::Bytes)
        } else if self.all.values > PLAN_VALUES_MAX {
            Err(Excess::Values)
        } else {
            Ok(())
        }
    }
}

/// How many values JSON has, at most: what may follow each is counted, outside of strings.
pub(super) fn values(text: &[u8]) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// SHA-256 over lines, each with one line feed behind it, whatever ends them in a file that was carried through other systems.
#[derive(Default)]
pub(super) struct Seal(Sha256);

impl Seal {
    pub(super) fn add(&mut self, line: &[u8]) {
        self.0.update(line);
        self.0.update(b"\n");
    }

    /// In lower-case hex.
    pub(super) fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// A line without what ends it.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
