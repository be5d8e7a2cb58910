//! What is wrong with manifests, or probably not meant, as one row of a report.

use super::desired::Place;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The manifests cannot be used.
    Error,
    /// They can, and mean something that is probably not meant.
    Warning,
}

impl Severity {
    /// Its word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Where it is; `None`: no line is to blame.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do, if that is known.
    pub help: Option<String>,
}
