//! Whether a promise holds, from the same survey as the verdict and beside it.
//!
//! Refuses: a word that the evidence does not bear. What may be either way is unproven; what nobody could look at is unknown.

use super::job::undated_success;
use super::ruling::Moment;
use crate::model::job::{JobSight, Phase, Requirement, Run, RunResult, SubmissionSight};
use crate::model::promise::{BrokenPart, Promise};
use crate::model::runtime::{PerSlot, RuntimeSight, Slot};
use crate::model::survey::{JobCase, Looked, RuntimeCase, SubmissionCase};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{JobFacts, SlotFacts};

/// A promise with the instants at which it changes by the passing of time alone.
pub(super) struct Judged {
    pub(super) promise: Promise,
    /// When it is proved to be broken, if it is not yet.
    pub(super) breaks_at: Option<Timestamp>,
    /// When a kept one is no longer proved.
    pub(super) doubtful_at: Option<Timestamp>,
}

impl Judged {
    /// One that time does not change.
    pub(super) const fn lasting(promise: Promise) -> Self {
        Self {
            promise,
            breaks_at: None,
            doubtful_at: None,
        }
    }

    const fn broken(since: Option<Timestamp>, part: BrokenPart) -> Self {
        Self::lasting(Promise::Broken { since, part })
    }

    /// The instants at which it changes.
    pub(super) fn turns(&self) -> impl Iterator<Item = Timestamp> {
        self.breaks_at.into_iter().chain(self.doubtful_at)
    }

    /// What stands though the look failed: only that a promise is kept, since keys get only younger and a success stays past.
    fn unseen<T>(self, sight: &Looked<T>) -> Self {
        match (sight, self.promise) {
            (Looked::Seen(_) | Looked::NotAsked, _) | (Looked::Failed(_), Promise::Kept) => self,
            (Looked::Failed(trouble), _) => Self::lasting(trouble.kind.promise()),
        }
    }
}

/// No key is older than `age_max`.
pub(super) fn keys(
    case: &RuntimeCase,
    slots: &PerSlot<SlotFacts>,
    sight: Option<&RuntimeSight>,
    moment: Moment,
) -> Judged {
    let limit = case.spec.age_max;
    let broken_at = |slot: Slot| slots.get(slot).birth.latest.map(|at| limit.after(at));
    let doubtful_at = |slot: Slot| slots.get(slot).birth.earliest.map(|at| limit.after(at));
    let passed = |at: Option<Timestamp>| at.filter(|at| *at <= moment.now);
    let broken = Slot::BOTH.map(|slot| passed(broken_at(slot)));
    let seen = sight.is_some()
        || Slot::BOTH.map(|slot| slots.get(slot).fingerprint.is_some()) == [true; 2];
    let judged = match broken {
        [Some(one), Some(two)] => Judged::broken(Some(one.min(two)), BrokenPart::BothKeys),
        [Some(one), None] => Judged::broken(Some(one), BrokenPart::Key(Slot::One)),
        [None, Some(two)] => Judged::broken(Some(two), BrokenPart::Key(Slot::Two)),
        [None, None] => {
            let doubtful: Option<Vec<Timestamp>> =
                Slot::BOTH.map(doubtful_at).into_iter().collect();
            let doubtful = doubtful.and_then(|all| all.into_iter().min());
            let kept = doubtful.is_some_and(|at| at > moment.now);
            Judged {
                promise: match (kept, seen) {
                    (true, _) => Promise::Kept,
                    (false, true) => Promise::Unproven,
                    (false, false) => Promise::Unknown,
                },
                breaks_at: Slot::BOTH.into_iter().filter_map(broken_at).min(),
                doubtful_at: doubtful.filter(|_| kept),
            }
        }
    };
    judged.unseen(&case.sight)
}

/// A job has succeeded lately, runs, or does not run.
pub(super) fn job(
    case: &JobCase,
    facts: &JobFacts,
    sight: Option<&JobSight>,
    moment: Moment,
) -> Judged {
    let judged = match (&case.spec.require, sight) {
        (Requirement::Succeeded { error_after, .. }, _) => {
            fresh(case, *error_after, facts, sight, moment)
        }
        (Requirement::Running | Requirement::NotRunning, None) => Judged::lasting(Promise::Unknown),
        (Requirement::Running, Some(sight)) => {
            let kept = sight.active.iter().any(|run| !run.is_queued());
            present(kept, last_end(sight))
        }
        (Requirement::NotRunning, Some(sight)) => {
            let since = sight.active.iter().map(Run::active_since);
            let since: Option<Vec<Timestamp>> = since.collect();
            let since = since.and_then(|all| all.into_iter().min());
            present(sight.active.is_empty(), since)
        }
    };
    judged.unseen(&case.sight)
}

/// When the last run ended that ran at all.
fn last_end(sight: &JobSight) -> Option<Timestamp> {
    let ran = sight.ended.iter().filter(|run| !run.never_ran());
    let ends = ran.filter_map(|run| match run.phase {
        Phase::Ended { at, .. } => at,
        Phase::Active(_) => None,
    });
    ends.max()
}

fn present(kept: bool, broken_since: Option<Timestamp>) -> Judged {
    if kept {
        Judged::lasting(Promise::Kept)
    } else {
        Judged::broken(broken_since, BrokenPart::Whole)
    }
}

fn fresh(
    case: &JobCase,
    error_after: Span,
    facts: &JobFacts,
    sight: Option<&JobSight>,
    moment: Moment,
) -> Judged {
    let breaks_at = facts.last_success.map(|(_, end)| error_after.after(end));
    match (breaks_at, sight) {
        (Some(at), _) if at > moment.now => Judged {
            promise: Promise::Kept,
            breaks_at: Some(at),
            doubtful_at: None,
        },
        (_, None) => Judged::lasting(Promise::Unknown),
        _ if undated_success(case, facts).is_some() => Judged::lasting(Promise::Unproven),
        // Among runs that nobody read there may be a success that is fresh.
        (_, Some(sight)) if sight.history_since > error_after.before(moment.now) => {
            let breaks_at = Some(error_after.after(sight.history_since));
            Judged {
                breaks_at,
                ..Judged::lasting(Promise::Unproven)
            }
        }
        (at, Some(_)) => Judged::broken(at, BrokenPart::Whole),
    }
}

/// This content has succeeded once.
pub(super) fn submission(case: &SubmissionCase, sight: Option<&SubmissionSight>) -> Judged {
    let accept = &case.spec.accept;
    let counts = |result: &RunResult| accept.contains(result);
    let remembered = case.memory.successes.iter();
    let remembered = remembered
        .filter(|(digest, ..)| *digest == case.spec.digest)
        .any(|(_, _, _, result)| counts(result));
    let seen = sight.is_some_and(|sight| sight.runs.iter().any(|run| run.has_succeeded(accept)));
    let judged = match (remembered || seen, sight) {
        (true, _) => Judged::lasting(Promise::Kept),
        (false, Some(_)) => Judged::broken(None, BrokenPart::Whole),
        (false, None) => Judged::lasting(Promise::Unknown),
    };
    judged.unseen(&case.sight)
}
