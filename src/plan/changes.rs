//! When a verdict really changes: of all instants at which it may, the first at which deciding again says something else.
//!
//! Refuses: an instant at which nothing changes but ages.

use super::ruling::{Draft, Moment};
use super::{Subject, draft};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Cause, Hold, Keep, Verdict};

/// Most instants that are tried: each is one at which something could have changed.
const TRIED_MAX: usize = 100;

/// The first instant at which the subject is decided otherwise; `None`: time alone never changes it.
pub(super) fn first(subject: &Subject, now: &Draft, moment: Moment) -> Option<Timestamp> {
    let mut next = now.step.changes_at;
    for _ in 0..TRIED_MAX {
        let at = next?;
        let then = draft(subject, Moment { now: at, ..moment });
        if !is_same(now, &then) {
            return Some(at);
        }
        next = then.step.changes_at;
    }
    next
}

fn is_same(one: &Draft, other: &Draft) -> bool {
    one.step.promise == other.step.promise
        && one.attention == other.attention
        && one.step.settlements == other.step.settlements
        && ageless(&one.step.verdict) == ageless(&other.step.verdict)
}

/// A verdict without what merely grows older.
fn ageless(verdict: &Verdict) -> Verdict {
    let mut verdict = verdict.clone();
    match &mut verdict {
        Verdict::Keep(Keep::Fresh { age, .. }) => *age = Span::ZERO,
        Verdict::Keep(_) => {}
        Verdict::Act { because, .. } => match because {
            Cause::KeyDue { age, .. } => {
                age.at_least = Span::ZERO;
                age.at_most = None;
            }
            Cause::Stale { age, .. } => *age = age.map(|_| Span::ZERO),
            Cause::Ageing { age, .. } => *age = Span::ZERO,
            Cause::TooLong { ran, .. } => *ran = Span::ZERO,
            Cause::QueuedTooLong { queued, .. } => *queued = Span::ZERO,
            Cause::NotRunning
            | Cause::MustNotRun
            | Cause::StartsAgain { .. }
            | Cause::NotSucceededYet { .. } => {}
        },
        Verdict::Hold { why, .. } => match why {
            Hold::AgeUnknown { age, .. } => {
                age.at_least = Span::ZERO;
                age.at_most = None;
            }
            Hold::QueuedRun { queued, .. } => *queued = queued.map(|_| Span::ZERO),
            Hold::Trouble(_)
            | Hold::Busy { .. }
            | Hold::Doubt { .. }
            | Hold::ForeignRotation { .. }
            | Hold::EitherKeyTooOld { .. }
            | Hold::Window { .. }
            | Hold::Starved { .. }
            | Hold::Overlap { .. }
            | Hold::Freeze { .. }
            | Hold::NoKeys { .. }
            | Hold::Deferred { .. }
            | Hold::ActiveRun { .. }
            | Hold::LostRun { .. }
            | Hold::UndatedSuccess { .. }
            | Hold::BackOff { .. }
            | Hold::GaveUp { .. }
            | Hold::PauseFirst
            | Hold::UnpauseFirst
            | Hold::RestartsItself
            | Hold::RunsForbidden => {}
        },
    }
    verdict
}
