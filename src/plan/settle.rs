//! What became of an intent whose end was not recorded, judged by evidence. The planner uses it, and so does apply before it acts.
//!
//! `None` means that nobody can tell yet. Before an intent's deadline it is always `None`, since its request may still be under way.

use crate::limits;
use crate::model::job::{ActivePhase, JobSight, Phase, Run, RunId, SubmissionSight};
use crate::model::memory::Doubt;
use crate::model::runtime::{Fingerprint, KeySight, PerSlot, RuntimeSight, Slot, TOLD_SLACK};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Action, Receipt, Settled};

/// A regeneration happened if the slot shows another key than the one it was to replace. An unchanged slot proves that it did
/// not happen only if it was looked at after the time of its request was over: until then it may be on its way.
/// `None` too where the *other* key changed meanwhile ([`foreign_rotation`]), where no keys were shown, and where the time at which the
/// service says that it made the key does not fit.
pub fn runtime(doubt: &Doubt, sight: &RuntimeSight, now: Timestamp) -> Option<Settled> {
    let keys = shown(doubt, sight, now)?;
    let (slot, replaced) = doubt.action.replaced()?;
    let is_another = keys.get(slot) != replaced;
    let made = *sight.told.get(slot);
    if made.is_some_and(|made| contradicts(doubt, made, is_another)) {
        return None;
    }
    if is_another {
        return Some(Settled::Done(Receipt::Regenerated {
            slot,
            fingerprint: keys.get(slot).clone(),
            // The intent is dated by our own clock, the sight by the service's.
            sent: made
                .map_or(earliest(doubt), |made| {
                    earliest(doubt).max(TOLD_SLACK.before(made))
                })
                .min(sight.at),
            answered: made.map_or(sight.at, |made| sight.at.min(TOLD_SLACK.after(made))),
        }));
    }
    let proof = sight.at >= doubt.act_by && foreign_rotation(doubt, sight, now).is_none();
    proof.then_some(Settled::NotDone)
}

/// Does the time at which the service says that it made the key exclude what its fingerprint says? Only where it is surely before the
/// intent, or surely after: the clocks are two.
fn contradicts(doubt: &Doubt, made: Timestamp, is_another: bool) -> bool {
    let skew = Span::seconds(limits::CLOCK_SKEW_MAX.as_secs());
    // One that was made when the request was long over is somebody else's.
    let is_late = made > skew.after(doubt.act_by);
    is_late || is_another && made < earliest(doubt)
}

/// The key that somebody else changed while `doubt` was open and its own slot stayed as it was.
pub fn foreign_rotation(doubt: &Doubt, sight: &RuntimeSight, now: Timestamp) -> Option<Slot> {
    let keys = shown(doubt, sight, now)?;
    let (slot, replaced) = doubt.action.replaced()?;
    let (twin, beside) = (slot.twin(), doubt.action.beside()?);
    (keys.get(slot) == replaced && keys.get(twin) != beside).then_some(twin)
}

/// A start happened if there is a run that it may have started; else only sending it again tells ([`Settled::Repeat`]: the
/// same token returns the same run). A cancel happened if its run has ended or is being ended.
pub fn job(doubt: &Doubt, sight: &JobSight, now: Timestamp) -> Option<Settled> {
    if now < doubt.act_by {
        return None;
    }
    match &doubt.action {
        Action::Start {
            after, parameters, ..
        } => {
            let runs = sight.active.iter().chain(&sight.ended);
            // One that tells other parameters than were sent is somebody else's, a backfill for instance.
            let runs =
                runs.filter(|run| Some(run.id) == *after || run.may_be_sent_with(parameters));
            Some(started(doubt, runs, *after, sight.at))
        }
        Action::Cancel { run } => Some(cancelled(*run, sight.active.iter(), sight.at)),
        Action::Regenerate { .. } | Action::HandOver { .. } | Action::Submit { .. } => None,
    }
}

/// As [`job`]'s start. The runs must be of the content that the intent meant to submit, seen at `at`.
pub fn submission<'a>(
    doubt: &Doubt,
    runs: impl Iterator<Item = &'a Run>,
    at: Timestamp,
    now: Timestamp,
) -> Option<Settled> {
    if now < doubt.act_by {
        return None;
    }
    match &doubt.action {
        Action::Submit { .. } => Some(started(doubt, runs, None, at)),
        Action::Start { .. }
        | Action::Cancel { .. }
        | Action::Regenerate { .. }
        | Action::HandOver { .. } => None,
    }
}

/// What the runs of earlier contents show of an intent: a submit of one of them, or a cancel. `None`: nothing yet.
pub fn former(doubt: &Doubt, sight: &SubmissionSight, now: Timestamp) -> Option<Settled> {
    if now < doubt.act_by {
        return None;
    }
    match &doubt.action {
        Action::Submit { digest, .. } => {
            let same = sight.former.iter();
            let same = same.filter(|former| digest.starts_with(&former.content));
            let found = started(doubt, same.map(|former| &former.run), None, sight.at);
            matches!(found, Settled::Done(_)).then_some(found)
        }
        Action::Cancel { run } => {
            let runs = sight.former.iter().map(|former| &former.run);
            Some(cancelled(*run, runs, sight.at))
        }
        Action::Start { .. } | Action::Regenerate { .. } | Action::HandOver { .. } => None,
    }
}

/// When the intent was written, or the first one that was to send the same token, at the earliest, by the service's clock.
fn earliest(doubt: &Doubt) -> Timestamp {
    Span::seconds(limits::CLOCK_SKEW_MAX.as_secs()).before(doubt.since)
}

fn shown<'a>(
    doubt: &Doubt,
    sight: &'a RuntimeSight,
    now: Timestamp,
) -> Option<&'a PerSlot<Fingerprint>> {
    match &sight.keys {
        KeySight::Shown(keys) if now >= doubt.act_by => Some(keys),
        _ => None,
    }
}

/// A run that began after the intent was written is taken for its run. If somebody else started it, the need is met all the
/// same; if both did, the token still stands for one run only. A queued run has no start: its number must be higher.
fn started<'a>(
    doubt: &Doubt,
    runs: impl Iterator<Item = &'a Run>,
    after: Option<RunId>,
    answered: Timestamp,
) -> Settled {
    let runs: Vec<&Run> = runs.collect();
    // Behind a known run everything is news, also where our own clock, which dated the intent, was ahead of the service's.
    let known = runs.iter().find(|run| Some(run.id) == after);
    let known = known.and_then(|run| Some((run.started?, run.id)));
    let begun = |run: &Run, started: Timestamp| {
        started >= earliest(doubt) && known.is_none_or(|known| (started, run.id) > known)
    };
    let follows = |run: &&Run| match run.started {
        Some(started) => begun(run, started) && Some(run.id) != after,
        None => run.is_active() && after.is_some_and(|after| run.id > after),
    };
    runs.into_iter()
        .filter(follows)
        .min_by_key(|run| (run.started.unwrap_or(Timestamp::MAX), run.id))
        .map_or(Settled::Repeat, |run| {
            Settled::Done(Receipt::Started {
                run: run.id,
                answered,
            })
        })
}

fn cancelled<'a>(run: RunId, mut runs: impl Iterator<Item = &'a Run>, at: Timestamp) -> Settled {
    let terminating = Phase::Active(ActivePhase::Terminating);
    let going =
        runs.any(|active| active.id == run && active.is_active() && active.phase != terminating);
    if going {
        Settled::NotDone
    } else {
        Settled::Done(Receipt::Cancelled { run, answered: at })
    }
}
