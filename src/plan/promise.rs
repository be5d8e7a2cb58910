//! Whether a promise holds, from the same survey as the verdict and independently of it.
//!
//! It is kept or broken only if the evidence proves that. If the evidence allows both it is unproven, and if nothing could be read it is
//! unknown.

use super::job::run::{is_ending, is_running, undated_success};
use super::leak;
use super::ruling::Moment;
use crate::model::job::{JobSight, Phase, Requirement, Run, SubmissionSight};
use crate::model::joint::Joint;
use crate::model::promise::{BrokenPart, Promise};
use crate::model::runtime::Slot;
use crate::model::survey::{JobCase, Looked, RuntimeCase, SubmissionCase};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::JobFacts;

/// A promise with the instants at which it changes by the passing of time alone.
pub(super) struct Judged {
    pub(super) promise: Promise,
    /// When it is proved to be broken, if it is not yet.
    pub(super) breaks_at: Option<Timestamp>,
    /// When a kept one is no longer proved.
    pub(super) doubtful_at: Option<Timestamp>,
    /// When another part of the subject breaks it, too, or a `bornAfter` that lies ahead begins to count.
    pub(super) part_changes_at: Option<Timestamp>,
}

impl Judged {
    /// One that time does not change.
    pub(super) const fn lasting(promise: Promise) -> Self {
        Self {
            promise,
            breaks_at: None,
            doubtful_at: None,
            part_changes_at: None,
        }
    }

    const fn broken(since: Option<Timestamp>, part: BrokenPart) -> Self {
        Self::lasting(Promise::Broken { since, part })
    }

    /// When it is no longer proved, if it is until then and not proved to be broken from then on.
    pub(super) fn proved_until(&self) -> Option<Timestamp> {
        self.doubtful_at.filter(|at| self.breaks_at != Some(*at))
    }

    /// The instants at which it changes.
    pub(super) fn turns(&self) -> impl Iterator<Item = Timestamp> {
        let turns = self.breaks_at.into_iter().chain(self.doubtful_at);
        turns.chain(self.part_changes_at)
    }

    /// What stands though the look failed: only that a promise is kept, since keys get only younger and a success stays past.
    fn unseen<T>(self, sight: &Looked<T>) -> Self {
        match (sight, self.promise) {
            (Looked::Seen(_) | Looked::NotAsked, _) | (Looked::Failed(_), Promise::Kept) => self,
            (Looked::Failed(trouble), _) => Self::lasting(trouble.kind.promise()),
        }
    }
}

/// No key is older than `age_max`, nor made before `bornAfter`, whichever story of the two keys is true. `seen`: its keys have been seen, now or before.
pub(super) fn keys(case: &RuntimeCase, joint: &Joint, seen: bool, moment: Moment) -> Judged {
    let limit = case.spec.age_max;
    let leak = case.spec.leak(moment.now);
    let judged = if let Some((since, part)) = broken(joint, limit, leak, moment) {
        Judged {
            part_changes_at: part_changes_at(joint, limit, moment),
            ..Judged::broken(Some(since), part)
        }
    } else {
        let is_after = leak.is_none_or(|leak| leak::none_before(joint, leak));
        let kept_until = joint.kept_until(limit).filter(|at| *at > moment.now);
        let kept_until = kept_until.filter(|_| is_after);
        Judged {
            promise: match (kept_until, seen) {
                (Some(_), _) => Promise::Kept,
                (None, true) => Promise::Unproven,
                (None, false) => Promise::Unknown,
            },
            breaks_at: joint.broken_from(limit),
            doubtful_at: kept_until,
            part_changes_at: None,
        }
    };
    let begins = moment.first_after(case.spec.born_after);
    let part_changes_at = judged.part_changes_at.into_iter().chain(begins).min();
    let judged = Judged {
        part_changes_at,
        ..judged
    };
    judged.unseen(&case.sight)
}

/// When it is proved of one more key that it has reached `limit`.
fn part_changes_at(joint: &Joint, limit: Span, moment: Moment) -> Option<Timestamp> {
    let reached = Slot::BOTH.map(|slot| joint.births.get(slot).latest.map(|at| limit.after(at)));
    moment.first_after(reached.into_iter().flatten())
}

/// Since when it is proved that a key has reached `limit`, or was made before `leak`; and which key that is.
pub(super) fn broken(
    joint: &Joint,
    limit: Span,
    leak: Option<Timestamp>,
    moment: Moment,
) -> Option<(Timestamp, BrokenPart)> {
    let aged = joint.broken_from(limit).filter(|at| *at <= moment.now);
    let leaked = leak.filter(|leak| leak::some_before(joint, *leak));
    let since = aged.into_iter().chain(leaked).min()?;
    let old = Slot::BOTH.map(|slot| {
        let birth = joint.births.get(slot);
        let is_old = |latest: Timestamp| limit.after(latest) <= moment.now;
        birth.latest.is_some_and(is_old) || leak.is_some_and(|leak| birth.is_before(leak))
    });
    let part = match old {
        [true, true] => BrokenPart::BothKeys,
        [true, false] => BrokenPart::Key(Slot::One),
        [false, true] => BrokenPart::Key(Slot::Two),
        [false, false] => BrokenPart::EitherKey,
    };
    Some((since, part))
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
            let kept = sight.active.iter().any(is_running);
            if !kept && sight.active.iter().any(is_ending) {
                // Whether one that is being ended still works, nobody tells.
                Judged::lasting(Promise::Unproven)
            } else {
                present(kept, last_end(sight))
            }
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
            part_changes_at: None,
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

/// This content has succeeded once. `lost`: a run of it was started, and nobody saw its end.
pub(super) fn submission(
    case: &SubmissionCase,
    sight: Option<&SubmissionSight>,
    lost: bool,
) -> Judged {
    let accept = &case.spec.accept;
    let remembered = case.memory.success(&case.spec.digest, accept).is_some();
    let seen = sight.is_some_and(|sight| sight.runs.iter().any(|run| run.has_succeeded(accept)));
    let judged = match (remembered || seen, sight) {
        (true, _) => Judged::lasting(Promise::Kept),
        (false, Some(_)) if lost => Judged::lasting(Promise::Unproven),
        (false, Some(_)) => Judged::broken(None, BrokenPart::Whole),
        (false, None) => Judged::lasting(Promise::Unknown),
    };
    judged.unseen(&case.sight)
}
