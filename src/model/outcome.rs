//! What became of an apply, action by action.

use super::address::Address;
use super::job::{RunId, RunResult};
use super::key_service::KeyService;
use super::runtime::Slot;
use super::time::Timestamp;
use super::trouble::Trouble;
use super::verdict::{Action, Receipt};

/// One thing that happened during an apply, for the screen, for JSON lines and for the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which subject.
    pub address: Address,
    /// Whose keys it is about, if it is about keys.
    pub service: KeyService,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The intent is in the ledger; the request goes out now.
    Intended(Action),
    /// It is done.
    Done(Action, Receipt),
    /// It had been done before, by others or by an earlier apply; nothing was done.
    Already(Action, Receipt),
    /// What it presumed holds no longer; nothing was done.
    Stale(Action, String),
    /// Another apply's intent on the subject is open; nothing was done.
    Busy(Action, String),
    /// The service refused; nothing happened.
    Refused(Action, Trouble),
    /// The service took it, and nothing came of it: `not started: run 7 was skipped: …`.
    NotDone(Action, String),
    /// It is done, and something besides that nobody asked for.
    Besides(Action, String),
    /// The answer was lost: the next run settles it by evidence.
    InDoubt(Action, String),
    /// Not begun, since the apply was interrupted, a step before it failed, or a freeze began.
    NotBegun(Action, String),
    /// An older intent was settled.
    Settled(Action, String),
    /// The nodes of a runtime were looked at after a key was regenerated.
    Nodes {
        /// Which key.
        slot: Slot,
        /// `2 of 3 nodes online 5m later; not any more: vm-3`.
        text: String,
        /// What that comes to.
        how: NodesEnd,
    },
    /// A run that is waited for is still active, in the service's word for its phase.
    Waiting {
        /// Which.
        run: RunId,
        /// The phase.
        phase: String,
    },
    /// A run that was waited for has ended.
    Ended(RunEnd),
    /// A run that was waited for has not ended in time. It goes on.
    StillGoing {
        /// Which.
        run: RunId,
        /// Its page.
        url: Option<String>,
        /// Why the wait ended.
        why: String,
    },
    /// A run that was waited for cannot be looked at any more, so that nobody here knows how it goes on.
    OutOfSight {
        /// Which.
        run: RunId,
        /// Its page.
        url: Option<String>,
        /// Why.
        why: String,
    },
}

/// What became of the nodes that were online before a key was regenerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodesEnd {
    /// All are online.
    Online,
    /// Some are not, and the rule allows that, or does not say.
    Lost,
    /// More are not than the rule allows.
    TooMany,
    /// Nobody knows.
    Unknown,
}

/// How a run that was waited for ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// Which.
    pub run: RunId,
    /// How.
    pub result: RunResult,
    /// Is that result accepted?
    pub accepted: bool,
    /// Its page.
    pub url: Option<String>,
    /// Why it never ran, in the service's words, if it did not.
    pub skipped: Option<String>,
    /// The failing task and its error, if it failed and the service tells.
    pub failure: Option<TaskFailure>,
}

/// The task that made a run fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailure {
    /// Its key.
    pub task: String,
    /// Its error, in the service's words.
    pub error: String,
}
