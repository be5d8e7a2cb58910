//! What is promised of a runtime's keys, and how they are judged.

use crate::model::hand_off::{HandOff, Serves};
use crate::model::nodes::NodeRule;
use crate::model::time::{Span, Timestamp};
use crate::model::window::Window;

/// What is promised of a runtime's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSpec {
    /// No key gets older than this.
    pub age_max: Span,
    /// A key is due this long before that.
    pub rotate_before: Span,
    /// Least time between regenerating the two keys.
    pub overlap: Span,
    /// How an age that is not known exactly is judged.
    pub unknown_age: UnknownAge,
    /// When rotation is wanted; empty: always.
    pub windows: Vec<Window>,
    /// What happens if a limit would be broken before a window opens or a freeze ends.
    pub on_starvation: OnStarvation,
    /// Due times of different runtimes are drawn earlier by up to this much, each by its own share.
    pub jitter: Span,
    /// Where the current key goes; empty: nowhere.
    pub hand_offs: Vec<HandOff>,
    /// Which key is the current one.
    pub serves: Serves,
    /// No key may have been made before this, as after a leak; `None`: age alone decides.
    pub born_after: Option<Timestamp>,
    /// What that makes due goes outside the windows, and in freezes of the Project.
    pub ignore_windows: bool,
    /// What is asked of the nodes of a runtime.
    pub nodes: NodeRule,
}

/// How an age that is not known exactly is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownAge {
    /// By what is proved: the least age.
    #[default]
    Adopt,
    /// By the worst case: the greatest age.
    Rotate,
    /// Not at all where it makes a difference: a hold.
    Fail,
}

impl UnknownAge {
    /// As a manifest writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Rotate => "rotate",
            Self::Fail => "fail",
        }
    }
}

/// What happens if a limit would be broken before a window opens or a freeze ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStarvation {
    /// The window is kept, the limit is not.
    #[default]
    Wait,
    /// The limits of both keys are kept, the window is not; a freeze always is, so keys go before one that lasts too long.
    Rotate,
    /// A person decides.
    Fail,
}

impl OnStarvation {
    /// As a manifest writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Rotate => "rotate",
            Self::Fail => "fail",
        }
    }
}

impl RuntimeSpec {
    /// The age from which a key is due, before jitter: `maxAge - rotateBefore`.
    pub fn due_age(&self) -> Span {
        self.age_max.minus(self.rotate_before)
    }

    /// The instant before which no key may have been made; `None`: there is none, or it lies ahead.
    pub fn leak(&self, now: Timestamp) -> Option<Timestamp> {
        self.born_after.filter(|at| *at <= now)
    }
}
