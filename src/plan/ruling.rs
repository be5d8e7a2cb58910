//! What the kinds share: a moment with its freezes, and a verdict on its way to becoming a step.

use std::time::Duration;

use super::openings::Rests;
use crate::model::memory::Doubt;
use crate::model::promise::Attention;
use crate::model::suspension::Suspension;
use crate::model::time::{Freeze, Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{
    Action, Cause, Hold, Keep, NonEmpty, Settled, Settlement, Step, Verdict,
};

/// The time that is decided for, and the times in which nothing is applied.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: Timestamp,
    pub(super) freezes: &'a [Freeze],
    /// The same freezes, merged.
    pub(super) rests: &'a Rests,
    /// Those of the policy alone, merged.
    pub(super) firm: &'a Rests,
}

impl<'a> Moment<'a> {
    /// Why everything rests now, and until when: freezes that meet or overlap are one.
    pub(super) fn frozen(&self) -> Option<(&'a str, Timestamp)> {
        let first = self.freezes.iter().find(|freeze| freeze.covers(self.now))?;
        Some((&first.reason, self.rests.at(self.now)?.to))
    }

    /// The same by the policy's freezes alone.
    pub(super) fn frozen_firmly(&self) -> Option<(&'a str, Timestamp)> {
        let mut firm = self.freezes.iter().filter(|freeze| freeze.firm);
        let first = firm.find(|freeze| freeze.covers(self.now))?;
        Some((&first.reason, self.firm.at(self.now)?.to))
    }

    /// When the next freeze begins.
    pub(super) fn next_freeze(&self) -> Option<Timestamp> {
        self.rests.next(self.now).map(|rest| rest.from)
    }

    /// Freezes that are not over.
    pub(super) fn ahead(&self) -> Vec<Freeze> {
        let live = |freeze: &&Freeze| freeze.to > self.now && freeze.from < freeze.to;
        self.freezes.iter().filter(live).cloned().collect()
    }

    /// The first of `instants` that is yet to come.
    pub(super) fn first_after(
        &self,
        instants: impl IntoIterator<Item = Timestamp>,
    ) -> Option<Timestamp> {
        instants
            .into_iter()
            .filter(|instant| *instant > self.now)
            .min()
    }
}

/// A bound of [`limits`](crate::limits) after `instant`.
pub(super) fn later(instant: Timestamp, by: Duration) -> Timestamp {
    Span::seconds(by.as_secs()).after(instant)
}

/// A step before the guardrails.
pub(super) struct Draft {
    pub(super) step: Step,
    /// When what is due now is too late, or was; `None`: nothing tells. Part of its [`urgency`](super::urgency).
    pub(super) broken_at: Option<Timestamp>,
    /// Why a person is needed whatever the verdict is; else its hold tells.
    pub(super) attention: Option<Attention>,
    /// When what it proposes to do changes by time alone.
    pub(super) proposal_ends: Option<Timestamp>,
}

/// A verdict with the instants that belong to it.
pub(super) struct Ruling {
    pub(super) verdict: Verdict,
    pub(super) changes_at: Option<Timestamp>,
    pub(super) broken_at: Option<Timestamp>,
}

impl Ruling {
    pub(super) const fn keep(keep: Keep) -> Self {
        Self {
            verdict: Verdict::Keep(keep),
            changes_at: None,
            broken_at: None,
        }
    }

    pub(super) const fn hold(why: Hold, until: Option<Timestamp>) -> Self {
        Self {
            verdict: Verdict::Hold { why, until },
            changes_at: until,
            broken_at: None,
        }
    }

    /// What `--refresh none` leaves open: the ledger cannot judge, and nobody looked.
    pub(super) fn not_looked_at() -> Self {
        Self::hold(
            Hold::Trouble(Trouble {
                kind: TroubleKind::Unexpected,
                doing: "judge it from the ledger alone".to_owned(),
                message: "not read (--refresh none)".to_owned(),
                ids: Box::default(),
            }),
            None,
        )
    }

    pub(super) const fn act(
        actions: NonEmpty<Action>,
        because: Cause,
        broken_at: Option<Timestamp>,
    ) -> Self {
        Self {
            verdict: Verdict::Act { actions, because },
            changes_at: None,
            broken_at,
        }
    }

    /// The same, changing at the first of `instants` that is yet to come, if that is earlier.
    pub(super) fn changing(
        mut self,
        moment: Moment,
        instants: impl IntoIterator<Item = Timestamp>,
    ) -> Self {
        self.changes_at = moment.first_after(instants.into_iter().chain(self.changes_at));
        self
    }

    /// Nothing is done, and nothing is waited for, while the rule is suspended.
    pub(super) fn unless_suspended(self, rule: Option<&Suspension>, moment: Moment) -> Self {
        let Some(suspension) = rule.filter(|suspension| suspension.holds(moment.now)) else {
            return self;
        };
        if let Verdict::Hold { why, .. } = &self.verdict
            && why.outlasts_suspension()
        {
            return self.changing(moment, suspension.until);
        }
        let reason = suspension.reason.clone();
        Self::hold(Hold::Suspended { reason }, suspension.until)
    }

    /// A freeze beats every act.
    pub(super) fn unless_frozen(self, moment: Moment) -> Self {
        match (&self.verdict, moment.frozen()) {
            (Verdict::Act { .. }, Some((reason, end))) => {
                let reason = reason.to_owned();
                Self::hold(Hold::Freeze { reason }, Some(end)).changing(moment, self.changes_at)
            }
            (Verdict::Act { .. }, None) => self.changing(moment, moment.next_freeze()),
            (Verdict::Keep(_) | Verdict::Hold { .. }, _) => self,
        }
    }
}

/// The hold while another apply may be sending: until the last of its deadlines.
pub(super) fn busy(doubts: &[Doubt], now: Timestamp) -> Option<Ruling> {
    let last = doubts
        .iter()
        .filter(|doubt| now < doubt.act_by)
        .max_by_key(|doubt| doubt.act_by)?;
    let (action, since) = (last.action.clone(), last.at);
    let by = last.by.clone();
    Some(Ruling::hold(
        Hold::Busy { action, since, by },
        Some(last.act_by),
    ))
}

/// The hold while nobody can tell what became of `doubt`.
pub(super) fn doubtful(doubt: &Doubt, until: Option<Timestamp>) -> Ruling {
    let (action, since) = (doubt.action.clone(), doubt.at);
    Ruling::hold(Hold::Doubt { action, since }, until)
}

/// What was found out about `doubt`.
pub(super) fn settlement(doubt: &Doubt, settled: Settled) -> Settlement {
    Settlement {
        intent: doubt.intent.clone(),
        action: doubt.action.clone(),
        settled,
    }
}
