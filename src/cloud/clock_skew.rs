//! How far this machine's clock differs from a service's. The difference is reported, never corrected.

use std::fmt;

use crate::limits::CLOCK_SKEW_MAX;
use crate::model::time::Span;

/// How far this machine's clock is from that of a service that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    pub(super) host: String,
    pub(super) by: Span,
    pub(super) is_ahead: bool,
}

impl ClockSkew {
    /// Too much for any decision to rest on this clock.
    pub fn forbids_deciding(&self) -> bool {
        self.by.as_secs() > CLOCK_SKEW_MAX.as_secs()
    }
}

impl fmt::Display for ClockSkew {
    /// `this machine's clock is 7m12s ahead of management.azure.com`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.is_ahead { "ahead of" } else { "behind" };
        write!(f, "this machine's clock is {} {way} {}", self.by, self.host)
    }
}
