//! Why a key is rotated outside its window, or earlier than it would be otherwise.

use std::fmt;

use super::super::time::{Timestamp, minute};

/// Why a key does not wait: `onWindowStarvation: rotate` keeps the limits of both keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Haste {
    /// Its window opens too late.
    Window {
        /// When it opens, as people near it read it; `None`: never.
        opens: Option<String>,
    },
    /// If it waited for its window, the other key, which waits for the overlap, would reach its limit.
    Twin {
        /// When the window opens, as people near it read it.
        opens: String,
    },
    /// A freeze lasts longer than its limit.
    Freeze {
        /// The first instant after it.
        until: Timestamp,
    },
    /// Both keys have to go in time, one after the other, with the overlap and freezes between them.
    Overlap,
}

impl fmt::Display for Haste {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { opens: Some(opens) } => write!(f, "which opens too late ({opens})"),
            Self::Window { opens: None } => f.write_str("which never opens"),
            Self::Twin { opens } => write!(
                f,
                "since after {opens} the other key could not follow within its limit"
            ),
            Self::Freeze { until } => write!(
                f,
                "before the freeze until {}, which outlasts its limit",
                minute(*until)
            ),
            Self::Overlap => f.write_str("early, so that both keys keep their limit"),
        }
    }
}
