//! Checks whether an action that the service has accepted really happened: one more look, and what follows from it.
//!
//! A successful response does not prove that the action happened. A run may be skipped after its start was accepted, and a token may return an old run. A key may come back
//! unchanged, and the other key may have changed, too.

use super::act::Answer;
use super::ground::{self, KeysSeen};
use super::hands::Hands;
use super::look;
use super::remember;
use crate::ledger::event::Event;
use crate::model::address::Identity;
use crate::model::job::{Phase, Run, RunId, RunResult};
use crate::model::memory::Memory;
use crate::model::runtime::PerSlot;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt, Settled, Step, Target};

/// Why a regenerate that was answered is not known to have happened.
pub(super) enum Unproved {
    /// It did not, and why that is known.
    NotDone(String),
    /// Nobody knows yet, and why.
    Doubt(String),
}

/// The answer to a regenerate, if the key was replaced. Where the one that was to be replaced came back, the service lists its keys
/// once more: only they tell.
///
/// # Errors
/// It was not, or nobody knows.
pub(super) async fn of_key(
    hands: &Hands<'_>,
    target: &Target,
    action: &Action,
    mut answer: Answer,
) -> Result<Answer, Unproved> {
    let (Some(target), Some((slot, replaced)), Receipt::Regenerated { fingerprint, .. }) =
        (target.runtime(), action.replaced(), &mut answer.receipt)
    else {
        return Ok(answer);
    };
    if fingerprint != replaced {
        return Ok(answer);
    }
    let answered = format!(
        "the service answered with the key that was to be replaced ({})",
        replaced.short()
    );
    let keys = match hands.connections.keys_of(target) {
        Ok(connection) => hands.reader.keys_of(connection, &target.id).await,
        Err(trouble) => Err(trouble),
    };
    match keys {
        Ok(keys) if keys.said.get(slot) != replaced => {
            fingerprint.clone_from(keys.said.get(slot));
            Ok(answer)
        }
        Ok(_) => Err(Unproved::NotDone(format!(
            "not done: {answered}, and still lists it"
        ))),
        Err(trouble) => Err(Unproved::Doubt(format!("{answered}; {trouble}"))),
    }
}

/// After a regenerate that is done: is the key beside it another one now? With what the ledger is to know of it.
pub(super) async fn beside(
    hands: &Hands<'_>,
    step: &Step,
    target: &Target,
    action: &Action,
    answer: &Answer,
) -> Option<(String, Option<Event>)> {
    let (runtime, slot, before) = (target.runtime()?, action.regenerated()?, action.beside()?);
    let Receipt::Regenerated {
        fingerprint,
        answered,
        ..
    } = &answer.receipt
    else {
        return None;
    };
    let (at, keys) = if let Some(beside) = &answer.beside {
        (*answered, slot.pair(fingerprint.clone(), beside.clone()))
    } else {
        let connection = hands.connections.keys_of(runtime).ok()?;
        // Without this look everything is as the answer says: it only adds to it.
        let listed = hands.reader.keys_of(connection, &runtime.id).await.ok()?;
        (listed.at, listed.said)
    };
    let now = keys.get(slot.twin());
    if now == before {
        return None;
    }
    let said = format!(
        "{} changed, too ({} instead of {}): whoever uses it needs the new key",
        target.key_service().key_name(slot.twin()),
        now.short(),
        before.short()
    );
    // A list that does not show the new key yet is not written down.
    let seen = KeysSeen {
        service: target.key_service(),
        keys: &keys,
        told: PerSlot::default(),
    };
    let news = (keys.get(slot) == fingerprint).then(|| {
        let identity = target.identity();
        hands
            .ledger
            .ask(|memory| remember::news_of_keys(memory, &identity, &step.address, at, seen))
    });
    Some((said, news.flatten()))
}

/// Was the run that a start returned known before? Then it is no new one, whether it can be looked at or not. Sending a stored token
/// again is meant to find its run.
pub(super) fn known_before(
    hands: &Hands<'_>,
    step: &Step,
    action: &Action,
    receipt: &Receipt,
) -> Option<String> {
    let Receipt::Started { run, .. } = receipt else {
        return None;
    };
    let is_sent_again = step
        .settlements
        .iter()
        .any(|found| found.settled == Settled::Repeat && action.is_same_send(&found.action));
    let identity = step.target.as_ref().map(Target::identity)?;
    let is_known = || {
        planned(step, action, *run)
            || hands
                .ledger
                .ask(|memory| remembered(memory, &identity, *run))
    };
    (!is_sent_again && is_known())
        .then(|| format!("not started: the service returned run {run}, which was there before"))
}

/// Did the plan see this run?
fn planned(step: &Step, action: &Action, run: RunId) -> bool {
    let submitted = step.facts.submission();
    let of_submission =
        submitted.is_some_and(|facts| facts.runs.iter().any(|known| known.id == run));
    let followed = match action {
        Action::Start { after, .. } => *after == Some(run),
        Action::Submit { .. }
        | Action::Cancel { .. }
        | Action::Regenerate { .. }
        | Action::HandOver { .. } => false,
    };
    of_submission || followed || look::known_runs(step, &[]).contains(&run)
}

/// Does the ledger know this run of the subject?
fn remembered(memory: &Memory, identity: &Identity, run: RunId) -> bool {
    let of_job = memory.jobs.get(identity).is_some_and(|job| {
        let started = job
            .last_start
            .as_ref()
            .is_some_and(|known| known.run == run);
        started
            || job.failures.iter().any(|known| known.run == run)
            || job
                .last_success
                .as_ref()
                .is_some_and(|known| known.0 == run)
    });
    let of_submission = memory.submissions.get(identity).is_some_and(|known| {
        let mut ends = known.ends.iter().map(|(_, run, ..)| *run);
        known.submitted(run).is_some() || ends.any(|known| known == run)
    });
    of_job || of_submission
}

/// Is this look at a run that was just started a look at one that runs, or did?
///
/// # Errors
/// Why nothing was started.
pub(super) fn has_begun(run: &Run, looked: Timestamp) -> Result<(), String> {
    ground::started(run, looked)?;
    match why_it_never_ran(run) {
        Some(why) => Err(format!("not started: run {} {why}", run.id)),
        None => Ok(()),
    }
}

/// `was skipped: …`, in the service's words; `None`: it runs, or it ran.
pub(super) fn why_it_never_ran(run: &Run) -> Option<String> {
    let Phase::Ended {
        result: RunResult::NeverRan(word),
        ..
    } = &run.phase
    else {
        return None;
    };
    let how = match word.as_str() {
        "SKIPPED" => "was skipped".to_owned(),
        "EXCLUDED" => "was excluded".to_owned(),
        "DISABLED" => "was disabled".to_owned(),
        other => format!("never ran ({other})"),
    };
    let said = run.message.as_ref().map(|said| format!(": {said}"));
    Some(how + &said.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::ActivePhase;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ended(result: RunResult, message: Option<&str>) -> Run {
        Run {
            id: RunId(7),
            phase: Phase::Ended {
                at: Some(at(101)),
                result,
            },
            started: Some(at(100)),
            queued_since: None,
            inputs: crate::model::job::Inputs::default(),
            url: None,
            message: message.map(str::to_owned),
        }
    }

    #[test]
    fn a_run_that_never_ran_is_no_start() {
        let never = |word: &str| RunResult::NeverRan(word.to_owned());
        let begun = |run: &Run| has_begun(run, at(100));
        for (word, message, wanted) in [
            (
                "SKIPPED",
                Some("at its limit."),
                "not started: run 7 was skipped: at its limit.",
            ),
            ("DISABLED", None, "not started: run 7 was disabled"),
            (
                "MAXIMUM_CONCURRENT_RUNS_REACHED",
                None,
                "not started: run 7 never ran (MAXIMUM_CONCURRENT_RUNS_REACHED)",
            ),
        ] {
            assert_eq!(begun(&ended(never(word), message)), Err(wanted.to_owned()));
        }
        assert_eq!(begun(&ended(RunResult::Failed, None)), Ok(()));
        let queued = Run {
            phase: Phase::Active(ActivePhase::Queued),
            ..ended(RunResult::Failed, None)
        };
        assert_eq!(begun(&queued), Ok(()));
    }
}
