//! Why a text is not a plan that may be used, and why a plan is not written.

use std::path::PathBuf;

use super::file::FORMAT;
use crate::limits::{
    PLAN_BYTES_MAX, PLAN_LINE_BYTES_MAX, PLAN_LINE_VALUES_MAX, PLAN_LINES_MAX, PLAN_VALUES_MAX,
};

/// What could not be read as a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Why not.
    pub why: SavedError,
    /// Where the ledger lies that it was made from, as far as its beginning tells: for people, and never opened.
    pub ledger: Option<PathBuf>,
}

/// Why a text is not a plan that may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// Something else.
    #[error("this is not a plan file of afresh; `afresh plan --out FILE` writes one")]
    NotAPlan,
    /// Written by a later version.
    #[error(
        "this plan has the format `{format}`, and this version of afresh reads `{FORMAT}`: use the version that made it, or plan again"
    )]
    NewerVersion {
        /// The format it says it has.
        format: String,
    },
    /// Written by an earlier version.
    #[error(
        "this plan has the format `{format}` of an older version of afresh, and this version reads `{FORMAT}`: make a new plan"
    )]
    OlderVersion {
        /// The format it says it has.
        format: String,
    },
    /// Its seal, its digest or its number of lines does not match what it says.
    #[error(
        "this plan was changed after it was written: its {mark} does not match. Nothing of it is used; plan again"
    )]
    Tampered {
        /// `seal`, `digest` or `number of lines`.
        mark: &'static str,
    },
    /// Its last line is not there.
    #[error(
        "this plan file ends in the middle, in line {line}: it was cut off, or not written to its end. Nothing of it is used"
    )]
    Cut {
        /// 1-based: the line that is missing or not whole.
        line: usize,
    },
    /// Damaged.
    #[error("this plan file is damaged at {place}: {why}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong there.
        why: String,
    },
    /// Beyond one of its limits.
    #[error("this file has {excess}: is it the right file?")]
    TooLarge {
        /// Of what there is too much.
        excess: Excess,
    },
    /// The file cannot be read to its end.
    #[error("it cannot be read: {why}")]
    Unreadable {
        /// What the system says.
        why: String,
    },
}

impl SavedError {
    /// May a new plan be written over this file? Not over a plan of another version, which somebody may still use, and not over a file
    /// that is not a plan.
    pub const fn may_be_replaced(&self) -> bool {
        match self {
            Self::Tampered { .. } | Self::Malformed { .. } | Self::Cut { .. } => true,
            Self::NotAPlan
            | Self::NewerVersion { .. }
            | Self::OlderVersion { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => false,
        }
    }
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// 1-based.
    pub line: usize,
    /// 1-based, in bytes; `None`: it is about the field.
    pub column: Option<usize>,
    /// `step.verdict.act`; empty: it is about the line.
    pub path: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} (", self.path)?;
        }
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if !self.path.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// Of what a file has more than a plan may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// [`PLAN_BYTES_MAX`].
    Bytes,
    /// [`PLAN_LINES_MAX`].
    Lines,
    /// [`PLAN_VALUES_MAX`].
    Values,
    /// [`PLAN_LINE_BYTES_MAX`].
    LineBytes {
        /// 1-based.
        line: usize,
    },
    /// [`PLAN_LINE_VALUES_MAX`].
    LineValues {
        /// 1-based.
        line: usize,
    },
}

impl std::fmt::Display for Excess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes => write!(f, "more than {PLAN_BYTES_MAX} bytes"),
            Self::Lines => write!(f, "more than {PLAN_LINES_MAX} lines"),
            Self::Values => write!(f, "more than {PLAN_VALUES_MAX} values"),
            Self::LineBytes { line } => {
                write!(f, "more than {PLAN_LINE_BYTES_MAX} bytes in line {line}")
            }
            Self::LineValues { line } => {
                write!(f, "more than {PLAN_LINE_VALUES_MAX} values in line {line}")
            }
        }
    }
}

/// Why a plan was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Where it goes to.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It could not be read again.
    #[error(
        "the plan would have {0}, and no plan file may: plan fewer subjects at once, with --target or another project"
    )]
    TooLarge(Excess),
}

impl From<WriteError> for std::io::Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(error) => error,
            WriteError::TooLarge(_) => Self::other(error),
        }
    }
}
