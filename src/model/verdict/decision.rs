//! When two decisions are the same. The digest of a plan is made from this, and `diff` compares by it: what changes the digest is told. `diff`
//! also tells when the state of a promise changed, which is not a decision.
//!
//! An age that grew, an instant, a count of failures and the service's own words are not decisions. A limit, a slot, a run and a key are.

use super::super::address::{Address, Name};
use super::super::birth::AgeRange;
use super::super::nodes::NodesUnfit;
use super::super::shard::Shard;
use super::super::time::{Freeze, Span, Timestamp};
use super::super::trouble::Trouble;
use super::cause::Cause;
use super::hand_off::Obstacle;
use super::hold::{HandOffStop, Hold};
use super::keep::Keep;
use super::plan::Plan;
use super::settlement::{Receipt, Settled, Settlement};
use super::step::{Step, Verdict, Wait};
use super::target::Target;

/// What was decided about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// About what.
    pub address: Address,
    /// By which rule.
    pub rule: Name,
    /// Where it is.
    pub target: Option<Target>,
    /// The verdict, its passing parts empty.
    pub verdict: Verdict,
    /// What becomes of which earlier intent, the times empty: what is settled by evidence is dated by the look.
    pub settlements: Vec<(String, Settled)>,
    /// How a run is waited for.
    pub wait: Option<Wait>,
}

/// What was decided about all subjects together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// From when to when nothing is applied, whatever the reason is.
    pub freezes: Vec<(Timestamp, Timestamp)>,
    /// Guardrails that were reached.
    pub guardrails: Vec<String>,
    /// May it not be applied?
    pub refused: bool,
    /// Which part of the subjects it is about; `None`: all.
    pub shard: Option<Shard>,
}

impl Plan {
    /// What was decided about all subjects together.
    pub fn frame(&self) -> Frame {
        let freeze = |freeze: &Freeze| (freeze.from, freeze.to);
        let exceeded = self.exceeded.iter();
        Frame {
            freezes: self.freezes.iter().map(freeze).collect(),
            guardrails: exceeded.map(|one| one.guardrail.clone()).collect(),
            refused: self.refused,
            shard: self.part.map(|part| part.shard),
        }
    }
}

impl Step {
    /// What was decided about it.
    pub fn decision(&self) -> Decision {
        Decision {
            address: self.address.clone(),
            rule: self.rule.clone(),
            target: self.target.clone(),
            verdict: verdict(&self.verdict),
            settlements: self.settlements.iter().map(settlement).collect(),
            wait: self.wait.clone(),
        }
    }
}

fn verdict(verdict: &Verdict) -> Verdict {
    match verdict {
        Verdict::Keep(keep) => Verdict::Keep(kept(keep)),
        Verdict::Act { actions, because } => Verdict::Act {
            actions: actions.clone(),
            because: cause(because),
        },
        Verdict::Hold { why, .. } => Verdict::Hold {
            why: hold(why),
            until: None,
        },
    }
}

fn kept(keep: &Keep) -> Keep {
    match keep {
        Keep::Fresh { .. } => Keep::Fresh {
            age: Span::ZERO,
            warn: false,
        },
        Keep::Young | Keep::Running { .. } | Keep::Idle | Keep::SucceededOnce { .. } => {
            keep.clone()
        }
    }
}

const NO_AGE: AgeRange = AgeRange {
    at_least: Span::ZERO,
    at_most: None,
};

pub(super) fn cause(cause: &Cause) -> Cause {
    let mut cause = cause.clone();
    match &mut cause {
        Cause::KeyDue { age, haste, .. } => (*age, *haste) = (NO_AGE, None),
        Cause::Stale { age, failures, .. } => (*age, *failures) = (None, 0),
        Cause::Ageing { age, failures, .. } => (*age, *failures) = (Span::ZERO, 0),
        Cause::StartsAgain { next } => *next = None,
        Cause::QueuedTooLong { queued, .. } => *queued = Span::ZERO,
        Cause::TooLong { ran, .. } => *ran = Span::ZERO,
        Cause::NotSucceededYet { failures } => *failures = 0,
        Cause::HandOffDue { .. }
        | Cause::NotRunning
        | Cause::MustNotRun
        | Cause::MadeBefore { .. } => {}
    }
    cause
}

fn hold(hold: &Hold) -> Hold {
    let mut hold = hold.clone();
    match &mut hold {
        Hold::Trouble(trouble) => untold(trouble),
        Hold::Busy { since, by, .. } => (*since, *by) = (Timestamp::UNIX_EPOCH, None),
        Hold::Doubt { since, .. } | Hold::LostRun { since, .. } => *since = Timestamp::UNIX_EPOCH,
        Hold::AgeUnknown { age, .. } => *age = NO_AGE,
        Hold::Window { opens, .. } => opens.clear(),
        Hold::Starved { opens, .. } => *opens = None,
        // How long it is shows in when the hold ends.
        Hold::Overlap { overlap, .. } => *overlap = Span::ZERO,
        Hold::NoKeys { why } => why.clear(),
        Hold::HandOff { why, .. } => stop(why),
        Hold::Nodes { why, .. } => unfit(why),
        Hold::NodesLost { names, .. } => names.clear(),
        Hold::QueuedRun { queued, .. } => *queued = None,
        Hold::BackOff { failures } | Hold::GaveUp { failures } => *failures = 0,
        Hold::ForeignRotation { .. }
        | Hold::EitherKeyDue { .. }
        | Hold::EitherKeyTooOld { .. }
        | Hold::Freeze { .. }
        | Hold::Suspended { .. }
        | Hold::Deferred { .. }
        | Hold::ActiveRun { .. }
        | Hold::UndatedSuccess { .. }
        | Hold::PauseFirst
        | Hold::UnpauseFirst
        | Hold::RestartsItself
        | Hold::RunsForbidden => {}
    }
    hold
}

/// That some are offline, whichever they are: a node that comes and goes changes no decision.
fn unfit(why: &mut NodesUnfit) {
    match why {
        NodesUnfit::Offline { names, all } => {
            names.clear();
            *all = 0;
        }
        NodesUnfit::Unknown(trouble) => untold(trouble),
    }
}

fn stop(stop: &mut HandOffStop) {
    match stop {
        HandOffStop::Person { since } => *since = Timestamp::UNIX_EPOCH,
        HandOffStop::Obstacle(Obstacle::Unread(trouble)) => untold(trouble),
        HandOffStop::Obstacle(Obstacle::Deleted { purged }) => *purged = None,
        HandOffStop::Obstacle(Obstacle::NotOurs | Obstacle::CommandsOff | Obstacle::Unfit(_)) => {}
    }
}

/// The kind of a trouble alone.
fn untold(trouble: &mut Trouble) {
    *trouble = Trouble {
        kind: trouble.kind.clone(),
        doing: String::new(),
        message: String::new(),
        ids: Box::default(),
    }
}

fn settlement(settlement: &Settlement) -> (String, Settled) {
    let mut settled = settlement.settled.clone();
    if let Settled::Done(receipt) = &mut settled {
        match receipt {
            Receipt::Regenerated { sent, answered, .. } => {
                (*sent, *answered) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
            }
            Receipt::HandedOver { answered, .. }
            | Receipt::Started { answered, .. }
            | Receipt::Cancelled { answered, .. } => {
                *answered = Timestamp::UNIX_EPOCH;
            }
        }
    }
    (settlement.intent.clone(), settled)
}
