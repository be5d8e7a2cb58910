//! How to apply.

use std::collections::BTreeSet;

use super::stop::StopFlag;
use crate::cloud::Width;
use crate::model::address::{Address, Name};
use crate::model::time::Timestamp;

/// How to apply.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much is under way at a time. Waiting for runs to end takes no place.
    pub width: Width,
    /// This apply's own id, unique in its ledger.
    pub apply_id: String,
    /// Whose apply this is, for people who meet its intents: `alice on build-7, process 4711`. No secret.
    pub by: Option<String>,
    /// Wait for the end of every run that is started (`--wait`), not only where the manifest says so.
    pub wait: bool,
    /// Until when the plan holds: after this, nothing more is begun.
    pub not_after: Timestamp,
    /// When the command's time is over: after this, nothing more is begun or waited for.
    pub ends_at: Timestamp,
    /// Steps that nobody approved: they are left and named.
    pub unapproved: BTreeSet<(Address, Name)>,
    /// Raised by the first Ctrl-C: what is under way is finished, nothing more is begun.
    pub stop: StopFlag,
}
