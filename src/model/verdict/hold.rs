//! Why something that is wanted waits.

use super::super::address::Address;
use super::super::birth::AgeRange;
use super::super::hand_off::Destination;
use super::super::job::RunId;
use super::super::nodes::{NodesRequired, NodesUnfit};
use super::super::promise::Attention;
use super::super::runtime::Slot;
use super::super::time::{Span, Timestamp};
use super::super::trouble::Trouble;
use super::action::Action;
use super::hand_off::Obstacle;

/// Why something wanted waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It could not be seen, or not be understood.
    Trouble(Trouble),
    /// Another apply's intent on it is open.
    Busy {
        /// What that apply is about to do.
        action: Action,
        /// Since when.
        since: Timestamp,
        /// Whose apply that is, if its ledger line tells.
        by: Option<String>,
    },
    /// An intent has no end, and the evidence does not say yet what became of it.
    Doubt {
        /// What was meant to happen.
        action: Action,
        /// Since when.
        since: Timestamp,
    },
    /// While an intent was open, the *other* key changed: somebody else rotates here too.
    ForeignRotation {
        /// The key that somebody else changed.
        slot: Slot,
    },
    /// A key may be due or not, and `unknownAge: fail`.
    AgeUnknown {
        /// Which.
        slot: Slot,
        /// What is known.
        age: AgeRange,
    },
    /// One of the two keys is due, and no evidence tells which.
    EitherKeyDue {
        /// The limit, which neither is proved to have reached.
        limit: Span,
    },
    /// One of the two keys has reached its limit, and no evidence tells which.
    EitherKeyTooOld {
        /// The limit.
        limit: Span,
    },
    /// A key is due, outside its window.
    Window {
        /// Which.
        slot: Slot,
        /// When the window opens, as people near it read it.
        opens: String,
        /// The limit will have been broken by then.
        breaks_limit: bool,
    },
    /// A key is due, its window opens too late, and `onWindowStarvation: fail`.
    Starved {
        /// Which.
        slot: Slot,
        /// When the window opens, as people near it read it; `None`: never.
        opens: Option<String>,
    },
    /// A key is due, but the other one may have been made too recently.
    Overlap {
        /// The due one.
        slot: Slot,
        /// How long must lie between the two.
        overlap: Span,
    },
    /// A key was not handed over, and only a person can go on.
    HandOff {
        /// Which key.
        slot: Slot,
        /// Where it goes.
        to: Destination,
        /// Why it is not there.
        why: HandOffStop,
    },
    /// A key is due, and the nodes are not as its rule requires, or are not known.
    Nodes {
        /// The due one.
        slot: Slot,
        /// What the rule requires.
        require: NodesRequired,
        /// What they are instead.
        why: NodesUnfit,
    },
    /// A key is due, and a runtime of the same factory has lost more nodes since a rotation than its rule allows.
    NodesLost {
        /// That runtime.
        of: Address,
        /// Nodes that were online before, and are not any more; empty: nobody has looked since.
        names: Vec<String>,
        /// How many may be lost.
        max: u32,
    },
    /// Inside a freeze.
    Freeze {
        /// Why it was declared.
        reason: String,
    },
    /// Its rule is suspended.
    Suspended {
        /// Why, in the words of who suspended it.
        reason: String,
    },
    /// Keys to be had elsewhere or nowhere.
    NoKeys {
        /// `linked from another factory: its keys are rotated there`.
        why: String,
    },
    /// A guardrail was reached; more urgent actions came first.
    Deferred {
        /// `maxRegenerations.perApply: 20`.
        guardrail: String,
    },
    /// A run is active, and it must end first.
    ActiveRun {
        /// Which.
        run: RunId,
    },
    /// A one-time run was started and is not found any more, and its end was never seen.
    LostRun {
        /// Which.
        run: RunId,
        /// When it was started.
        since: Timestamp,
    },
    /// A run succeeded, and the service tells no time of it: the success is neither fresh nor stale.
    UndatedSuccess {
        /// Which.
        run: RunId,
    },
    /// A run waits in a queue, and it must end first.
    QueuedRun {
        /// Which.
        run: RunId,
        /// For how long, if the service tells.
        queued: Option<Span>,
    },
    /// It failed; it is tried again later.
    BackOff {
        /// Failures since the last success.
        failures: u32,
    },
    /// It failed too often; a person is needed.
    GaveUp {
        /// Failures since the last success.
        failures: u32,
    },
    /// A continuous job restarts itself: it must be paused in its settings.
    PauseFirst,
    /// A continuous job is paused: it must be unpaused in its settings.
    UnpauseFirst,
    /// A continuous job has no active run just now and restarts itself within a minute.
    RestartsItself,
    /// The job's settings allow no runs at all (`max_concurrent_runs: 0`).
    RunsForbidden,
}

/// Why a hand-off waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOffStop {
    /// The person has to do it and to say so.
    Person {
        /// When the key was made.
        since: Timestamp,
    },
    /// Something is in the way.
    Obstacle(Obstacle),
}

impl Hold {
    /// Is it told also while the rule is suspended? It says what could not be read, or what is not known yet of an earlier operation: neither
    /// is about an action to come.
    pub const fn outlasts_suspension(&self) -> bool {
        match self {
            Self::Trouble(_)
            | Self::Busy { .. }
            | Self::Doubt { .. }
            | Self::ForeignRotation { .. }
            // A key that was made is not handed over: nobody may overlook that.
            | Self::HandOff { .. } => true,
            Self::AgeUnknown { .. }
            | Self::EitherKeyDue { .. }
            | Self::EitherKeyTooOld { .. }
            | Self::Window { .. }
            | Self::Starved { .. }
            | Self::Overlap { .. }
            | Self::Nodes { .. }
            | Self::NodesLost { .. }
            | Self::Freeze { .. }
            | Self::Suspended { .. }
            | Self::NoKeys { .. }
            | Self::Deferred { .. }
            | Self::ActiveRun { .. }
            | Self::LostRun { .. }
            | Self::UndatedSuccess { .. }
            | Self::QueuedRun { .. }
            | Self::BackOff { .. }
            | Self::GaveUp { .. }
            | Self::PauseFirst
            | Self::UnpauseFirst
            | Self::RestartsItself
            | Self::RunsForbidden => false,
        }
    }

    /// Why only a person can end it; `None`: time or the next apply does.
    pub const fn attention(&self) -> Option<Attention> {
        match self {
            Self::Trouble(trouble) => trouble.kind.attention(),
            Self::ForeignRotation { .. } => Some(Attention::ForeignRotation),
            Self::AgeUnknown { .. } | Self::Starved { .. } => Some(Attention::Policy),
            Self::NoKeys { .. } => Some(Attention::Rule),
            Self::EitherKeyDue { .. } | Self::EitherKeyTooOld { .. } => {
                Some(Attention::Unattributed)
            }
            Self::Nodes {
                why: NodesUnfit::Unknown(trouble),
                ..
            } => match trouble.kind.attention() {
                None => None,
                Some(_) => Some(Attention::Nodes),
            },
            // The next apply looks.
            Self::NodesLost { names, .. } if names.is_empty() => None,
            Self::Nodes { .. } | Self::NodesLost { .. } => Some(Attention::Nodes),
            Self::HandOff { why, .. } => match why {
                HandOffStop::Obstacle(Obstacle::Unread(trouble)) => trouble.kind.attention(),
                HandOffStop::Person { .. } | HandOffStop::Obstacle(_) => Some(Attention::HandOff),
            },
            Self::GaveUp { .. } => Some(Attention::GivenUp),
            Self::LostRun { .. } => Some(Attention::LostRun),
            Self::UndatedSuccess { .. } => Some(Attention::UndatedSuccess),
            Self::PauseFirst | Self::UnpauseFirst | Self::RunsForbidden => {
                Some(Attention::Settings)
            }
            Self::Window { .. }
            | Self::Busy { .. }
            | Self::Doubt { .. }
            | Self::Overlap { .. }
            | Self::Freeze { .. }
            | Self::Suspended { .. }
            | Self::Deferred { .. }
            | Self::ActiveRun { .. }
            | Self::QueuedRun { .. }
            | Self::BackOff { .. }
            | Self::RestartsItself => None,
        }
    }
}
