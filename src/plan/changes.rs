//! When a verdict really changes: of all instants at which it may, the first at which deciding again gives something else.
//!
//! An age that merely grew is not a change.

use std::borrow::Cow;

use super::draft::draft;
use super::ruling::{Draft, Moment};
use crate::model::runtime::LogSight;
use crate::model::survey::{Looked, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::lag;
use crate::model::verdict::{Cause, Hold, Keep, Verdict};

/// Most instants that are tried: each is one at which something could have changed.
const TRIED_MAX: usize = 100;

/// Finds the first instant at which the subject is decided otherwise, and notes it in the draft. A hold that ends earlier than its own
/// evidence tells ends then.
pub(super) fn foresee(subject: &Subject, now: &mut Draft, moment: Moment) {
    let Some((at, then)) = first(subject, now, moment, is_same) else {
        now.step.changes_at = None;
        return;
    };
    now.step.changes_at = Some(at);
    if let Verdict::Hold {
        until: Some(until), ..
    } = &mut now.step.verdict
        && !matches!(then.step.verdict, Verdict::Hold { .. })
    {
        *until = at.min(*until);
    }
}

/// The first instant at which the subject's draft proposes something else, or nothing; `None`: time alone never changes what it proposes, or
/// it proposes nothing now.
pub(super) fn proposal_ends(subject: &Subject, now: &Draft, moment: Moment) -> Option<Timestamp> {
    now.step.proposal()?;
    let same = |one: &Draft, other: &Draft| one.step.proposal() == other.step.proposal();
    first(subject, now, moment, same).map(|(at, _)| at)
}

/// The first instant with another decision, and that decision; `None`: time alone never changes it. After so many instants without a change
/// the last one stands for it.
fn first(
    subject: &Subject,
    now: &Draft,
    moment: Moment,
    is_same: impl Fn(&Draft, &Draft) -> bool,
) -> Option<(Timestamp, Draft)> {
    let told = log_is_told(subject);
    let next = |after: Timestamp, draft: &Draft| {
        let told = told.filter(|told| *told > after);
        draft.step.changes_at.into_iter().chain(told).min()
    };
    let mut at = next(moment.now, now)?;
    for _ in 0..TRIED_MAX {
        let then = draft(&read_again(subject, at), Moment { now: at, ..moment });
        if !is_same(now, &then) {
            return Some((at, then));
        }
        at = next(at, &then)?;
    }
    let last = draft(&read_again(subject, at), Moment { now: at, ..moment });
    Some((at, last))
}

/// When the Activity Log will tell everything that had happened as the runtime was looked at: what is judged then may change earlier than
/// what is judged now.
fn log_is_told(subject: &Subject) -> Option<Timestamp> {
    if let Some(case) = subject.runtime()
        && let Looked::Seen(sight) = &case.sight
        && let LogSight::Read { until, .. } = sight.log
    {
        return Some(lag().after(until));
    }
    None
}

/// The subject if nothing happens until `at`, and its Activity Log is read again then: what it could not tell yet, it tells now.
fn read_again(subject: &Subject, at: Timestamp) -> Cow<'_, Subject> {
    let mut subject = Cow::Borrowed(subject);
    if log_is_told(&subject).is_some()
        && let Some(case) = subject.to_mut().runtime_mut()
        && let Looked::Seen(sight) = &mut case.sight
        && let LogSight::Read { until, .. } = &mut sight.log
    {
        *until = at.max(*until);
    }
    subject
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
            // Whether it is early is about its age, too.
            Cause::KeyDue { age, haste, .. } => {
                age.at_least = Span::ZERO;
                age.at_most = None;
                *haste = None;
            }
            Cause::Stale { age, .. } => *age = age.map(|_| Span::ZERO),
            Cause::Ageing { age, .. } => *age = Span::ZERO,
            Cause::TooLong { ran, .. } => *ran = Span::ZERO,
            Cause::QueuedTooLong { queued, .. } => *queued = Span::ZERO,
            Cause::HandOffDue { .. }
            | Cause::NotRunning
            | Cause::MustNotRun
            | Cause::MadeBefore { .. }
            | Cause::StartsAgain { .. }
            | Cause::NotSucceededYet { .. } => {}
        },
        Verdict::Hold { why, .. } => match why {
            Hold::AgeUnknown { age, .. } => {
                age.at_least = Span::ZERO;
                age.at_most = None;
            }
            Hold::QueuedRun { queued, .. } => *queued = queued.map(|_| Span::ZERO),
            // The instant is the hold's own; its text drops the year once that has begun.
            Hold::Window { opens, .. } => opens.clear(),
            Hold::Starved { opens, .. } => *opens = None,
            Hold::Trouble(_)
            | Hold::HandOff { .. }
            | Hold::Nodes { .. }
            | Hold::NodesLost { .. }
            | Hold::Busy { .. }
            | Hold::Doubt { .. }
            | Hold::ForeignRotation { .. }
            | Hold::EitherKeyDue { .. }
            | Hold::EitherKeyTooOld { .. }
            | Hold::Overlap { .. }
            | Hold::Freeze { .. }
            | Hold::Suspended { .. }
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
