//! What an apply comes to: counts, and the one word that becomes the exit code.

use super::skip::Skip;
use crate::model::outcome::{Happened, NodesEnd, Report};

/// Everything that happened, in order, and what it comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Every report, in the order in which things happened.
    pub reports: Vec<Report>,
    /// How many of each.
    pub tally: Tally,
}

/// How many of each. Actions that were not begun because one before them was not done are not counted: that one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Actions done by this apply. What others did in its place is reported, not counted.
    pub done: usize,
    /// Actions whose presumption no longer held, or whose plan expired.
    pub stale: usize,
    /// Actions left to another apply.
    pub busy: usize,
    /// Actions that a service refused.
    pub refused: usize,
    /// Actions that a service took and nothing came of.
    pub not_done: usize,
    /// Actions of which nobody knows yet whether they happened.
    pub in_doubt: usize,
    /// Actions not begun for another reason: a freeze, the ledger.
    pub not_begun: usize,
    /// Actions not begun, or waits given up, because of an interrupt or because the time was over.
    pub interrupted: usize,
    /// Runs that were waited for and did not succeed, or not in time.
    pub runs_not_succeeded: usize,
    /// Runs that were waited for and cannot be looked at any more.
    pub out_of_sight: usize,
    /// Rotations after which more nodes are missing than their rule allows.
    pub nodes_lost: usize,
    /// Older intents that were settled.
    pub settled: usize,
}

/// What an apply comes to. `cli` maps it to the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done, and every run that was waited for succeeded.
    AllDone,
    /// Some of it was not done, or nobody knows (3).
    PartlyOrDoubt,
    /// Nothing was done: the plan was stale or has expired (4).
    Stale,
    /// Nothing was done: other applies work on the same subjects (6).
    Busy,
    /// A run that was waited for did not succeed (7).
    RunNotSucceeded,
    /// Interrupted, or out of time, before its end (8).
    Interrupted,
}

impl Outcome {
    /// What it comes to.
    pub const fn exit(&self) -> Exit {
        self.tally.exit()
    }
}

impl Tally {
    pub(super) fn count(&mut self, what: &Happened) {
        match what {
            Happened::Done(..) => self.done += 1,
            Happened::Stale(..) => self.stale += 1,
            Happened::Busy(..) => self.busy += 1,
            Happened::Refused(..) => self.refused += 1,
            Happened::NotDone(..) => self.not_done += 1,
            Happened::InDoubt(..) => self.in_doubt += 1,
            Happened::NotBegun(..) => self.not_begun += 1,
            Happened::Settled(..) => self.settled += 1,
            Happened::Ended(end) => self.runs_not_succeeded += usize::from(!end.accepted),
            Happened::StillGoing { .. } => self.runs_not_succeeded += 1,
            Happened::OutOfSight { .. } => self.out_of_sight += 1,
            Happened::Nodes { how, .. } => match how {
                NodesEnd::Online | NodesEnd::Lost => {}
                NodesEnd::TooMany => self.nodes_lost += 1,
                NodesEnd::Unknown => self.out_of_sight += 1,
            },
            Happened::Intended(_)
            | Happened::Already(..)
            | Happened::Besides(..)
            | Happened::Waiting { .. } => {}
        }
    }

    pub(super) fn skip(&mut self, skip: &Skip) {
        match skip {
            Skip::Stopped | Skip::TimeOver => self.interrupted += 1,
            Skip::Expired(_) => self.stale += 1,
            Skip::Earlier => {}
            Skip::Frozen(_)
            | Skip::Refused
            | Skip::Unapproved
            | Skip::StillRuns(_)
            | Skip::NoLedger(_)
            | Skip::ClockOff(_)
            | Skip::Nodes(_)
            | Skip::Overslept => self.not_begun += 1,
        }
    }

    /// The first of these that applies. Interrupted. Unresolved, refused or not done. A run that did not succeed. A run that was lost track
    /// of, or work that was done only in part. Busy. Stale. All done.
    ///
    /// What needs a person soonest comes first. Busy comes before stale, since only the one passes by itself.
    pub const fn exit(&self) -> Exit {
        let missed = self.stale + self.busy + self.not_begun;
        if self.interrupted > 0 {
            Exit::Interrupted
        } else if self.in_doubt + self.refused + self.not_done > 0 {
            Exit::PartlyOrDoubt
        } else if self.runs_not_succeeded > 0 {
            Exit::RunNotSucceeded
        } else if self.out_of_sight + self.nodes_lost > 0
            || missed > 0 && (self.done > 0 || self.not_begun > 0)
        {
            Exit::PartlyOrDoubt
        } else if self.busy > 0 {
            Exit::Busy
        } else if self.stale > 0 {
            Exit::Stale
        } else {
            Exit::AllDone
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::RunId;
    use crate::model::trouble::{Trouble, TroubleKind};
    use crate::model::verdict::{Action, Receipt};

    #[test]
    fn what_happened_is_counted_where_it_belongs_each_time() {
        let action = || Action::Cancel { run: RunId(7) };
        let receipt = || Receipt::Cancelled {
            run: RunId(7),
            answered: crate::model::time::Timestamp::UNIX_EPOCH,
        };
        let trouble = Trouble {
            kind: TroubleKind::NotFound,
            doing: String::new(),
            message: String::new(),
            ids: Box::default(),
        };
        let why = String::new;
        let happened = [
            Happened::Done(action(), receipt()),
            Happened::Stale(action(), why()),
            Happened::Busy(action(), why()),
            Happened::Refused(action(), trouble),
            Happened::NotDone(action(), why()),
            Happened::InDoubt(action(), why()),
            Happened::NotBegun(action(), why()),
            Happened::Settled(action(), why()),
        ];
        let mut tally = Tally::default();
        for (place, what) in happened.iter().enumerate() {
            (0..=place).for_each(|_| tally.count(what));
        }
        // These are reported and not counted.
        tally.count(&Happened::Intended(action()));
        tally.count(&Happened::Already(action(), receipt()));
        tally.count(&Happened::Besides(action(), why()));
        let counted = Tally {
            done: 1,
            stale: 2,
            busy: 3,
            refused: 4,
            not_done: 5,
            in_doubt: 6,
            not_begun: 7,
            settled: 8,
            ..Tally::default()
        };
        assert_eq!(tally, counted);
    }

    #[test]
    fn what_was_skipped_is_counted_by_why_each_time() {
        let mut tally = Tally::default();
        let times = |tally: &mut Tally, times: usize, skip: &Skip| {
            (0..times).for_each(|_| tally.skip(skip));
        };
        times(&mut tally, 2, &Skip::TimeOver);
        times(
            &mut tally,
            3,
            &Skip::Expired(crate::model::time::Timestamp::UNIX_EPOCH),
        );
        times(&mut tally, 4, &Skip::Refused);
        times(&mut tally, 5, &Skip::Earlier);
        let counted = Tally {
            interrupted: 2,
            stale: 3,
            not_begun: 4,
            ..Tally::default()
        };
        assert_eq!(tally, counted);
    }

    #[test]
    fn an_apply_comes_to_what_needs_a_person_soonest() {
        let none = Tally::default();
        let done = Tally { done: 3, ..none };
        for (tally, exit) in [
            (none, Exit::AllDone),
            (done, Exit::AllDone),
            (Tally { settled: 1, ..none }, Exit::AllDone),
            (Tally { stale: 1, ..done }, Exit::PartlyOrDoubt),
            (Tally { stale: 2, ..none }, Exit::Stale),
            (Tally { busy: 1, ..done }, Exit::PartlyOrDoubt),
            (
                Tally {
                    busy: 1,
                    stale: 1,
                    ..none
                },
                Exit::Busy,
            ),
            (Tally { refused: 1, ..none }, Exit::PartlyOrDoubt),
            (
                Tally {
                    not_done: 1,
                    ..done
                },
                Exit::PartlyOrDoubt,
            ),
            (
                Tally {
                    in_doubt: 1,
                    ..done
                },
                Exit::PartlyOrDoubt,
            ),
            (
                Tally {
                    not_begun: 1,
                    ..none
                },
                Exit::PartlyOrDoubt,
            ),
            (
                Tally {
                    runs_not_succeeded: 1,
                    stale: 1,
                    ..done
                },
                Exit::RunNotSucceeded,
            ),
            (
                Tally {
                    out_of_sight: 1,
                    ..done
                },
                Exit::PartlyOrDoubt,
            ),
            (
                Tally {
                    interrupted: 1,
                    in_doubt: 1,
                    ..done
                },
                Exit::Interrupted,
            ),
        ] {
            assert_eq!(tally.exit(), exit, "{tally:?}");
        }
    }
}
