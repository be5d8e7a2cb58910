//! What is proposed to be done to one subject, as whoever approves it means it: where, which actions, and for which reason.
//!
//! An approval given now has to fit the same decision hours later, so nothing in a proposal changes by the passing of time alone. Two
//! reasons that say the same of one promise are one: that a run is started before the last success is too old or after it, and that a
//! run must not be there whether or not another one is to follow.

use super::super::address::{Address, Name};
use super::super::runtime::Slot;
use super::action::{Action, Presumed};
use super::cause::Cause;
use super::decision;
use super::non_empty::NonEmpty;
use super::step::{Step, Verdict};
use super::target::Target;

/// What is proposed to be done to one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What people call it.
    pub address: Address,
    /// The rule that asks for it.
    pub rule: Name,
    /// Where it is.
    pub target: Option<Target>,
    /// What to do, in order, with what each presumes.
    pub actions: NonEmpty<Action>,
    /// Why, without ages.
    pub because: Cause,
}

impl Step {
    /// What it proposes; `None`: nothing.
    pub fn proposal(&self) -> Option<Proposal> {
        let Verdict::Act { actions, because } = &self.verdict else {
            return None;
        };
        Some(Proposal {
            address: self.address.clone(),
            rule: self.rule.clone(),
            target: self.target.clone(),
            actions: actions.clone(),
            because: reason(because),
        })
    }

    /// The same as a plan says it that was made without listing keys, for want of a right or of a need. A key that `is_known` from before
    /// stays named: whoever approved "whichever key it is" was not shown that one, and has not approved to replace it again.
    pub fn proposal_unlisted(&self, is_known: impl Fn(Slot) -> bool) -> Option<Proposal> {
        let told = self.facts.runtime().map(|facts| facts.told);
        let unlisted = |slot: Slot, presumed: &Presumed| match (
            presumed,
            told.and_then(|told| *told.get(slot)),
        ) {
            (Presumed::Key(_), Some(made)) => Presumed::Made(made),
            (Presumed::Key(_), None) if !is_known(slot) => Presumed::Unseen,
            (Presumed::Key(_) | Presumed::Made(_) | Presumed::Unseen, _) => presumed.clone(),
        };
        let of = |action: &Action| match action {
            Action::Regenerate {
                slot,
                replacing,
                beside,
            } => Action::Regenerate {
                slot: *slot,
                replacing: unlisted(*slot, replacing),
                beside: unlisted(slot.twin(), beside),
            },
            Action::HandOver { to, slot, key } => Action::HandOver {
                to: to.clone(),
                slot: *slot,
                key: unlisted(*slot, key),
            },
            Action::Start { .. } | Action::Submit { .. } | Action::Cancel { .. } => action.clone(),
        };
        let proposal = self.proposal()?;
        Some(Proposal {
            actions: NonEmpty {
                first: of(&proposal.actions.first),
                rest: proposal.actions.rest.iter().map(of).collect(),
            },
            ..proposal
        })
    }
}

fn reason(because: &Cause) -> Cause {
    match decision::cause(because) {
        Cause::Ageing { limit, .. } => Cause::Stale {
            age: None,
            limit,
            failures: 0,
        },
        Cause::StartsAgain { .. } => Cause::MustNotRun,
        because @ (Cause::KeyDue { .. }
        | Cause::HandOffDue { .. }
        | Cause::MadeBefore { .. }
        | Cause::Stale { .. }
        | Cause::NotRunning
        | Cause::MustNotRun
        | Cause::QueuedTooLong { .. }
        | Cause::TooLong { .. }
        | Cause::NotSucceededYet { .. }) => because,
    }
}
