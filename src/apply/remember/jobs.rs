//! What was seen of jobs: the newest success that counts, and the attempts that failed since.
//!
//! Nothing is written that the ledger already knows, nor more failures than are ever counted.

use crate::ledger::event::{Event, Subject};
use crate::limits::FAILURES_REMEMBERED_MAX;
use crate::model::job::{JobMemory, Run, RunId, RunResult};
use crate::model::memory::Memory;
use crate::model::time::Timestamp;
use crate::model::verdict::{JobFacts, Settled, Step};

/// The success first: what failed since then is counted from it on.
pub(super) fn observed(subject: &Subject, facts: &JobFacts, memory: &Memory) -> Vec<Event> {
    let known = memory.jobs.get(&subject.identity);
    let success = success(subject, facts, known);
    success
        .into_iter()
        .chain(failures(subject, facts, known))
        .collect()
}

fn success(subject: &Subject, facts: &JobFacts, known: Option<&JobMemory>) -> Option<Event> {
    let (run, ended) = facts.last_success?;
    let result = facts.success_result.clone()?;
    let is_known = known.is_some_and(|known| {
        let last = known.last_success.as_ref();
        let asks = known.last_success_for.as_ref();
        last.is_some_and(|last| {
            (last.1, last.0) > (ended, run)
                || (last.1, last.0) == (ended, run) && asks == Some(&facts.asks)
        })
    });
    (!is_known).then(|| Event::RunSeen {
        subject: subject.clone(),
        name: facts.name.clone(),
        run,
        ended,
        result,
        digest: None,
        asks: Some(facts.asks.clone()),
    })
}

fn failures(subject: &Subject, facts: &JobFacts, known: Option<&JobMemory>) -> Vec<Event> {
    let known = known.map(|known| known.failures.as_slice());
    let known = known.unwrap_or_default();
    let is_known = |run: RunId, ended: Option<Timestamp>| {
        let mut known = known.iter();
        known.any(|known| known.run == run && known.ended == ended)
    };
    let room = FAILURES_REMEMBERED_MAX.saturating_sub(known.len());
    // The oldest first, as they happened.
    let dated = facts.failures.iter().rev();
    let dated = dated.map(|(run, at, result)| (*run, Some(*at), result));
    let undated = facts.undated_failures.iter();
    let undated = undated.map(|(run, result)| (*run, None, result));
    undated
        .chain(dated)
        .filter(|(run, ended, _)| !is_known(*run, *ended))
        .take(room)
        .map(|(run, ended, result)| failed(subject, facts, (run, ended, result)))
        .collect()
}

fn failed(
    subject: &Subject,
    facts: &JobFacts,
    (run, ended, result): (RunId, Option<Timestamp>, &RunResult),
) -> Event {
    Event::RunFailed {
        subject: subject.clone(),
        run,
        ended,
        result: result.clone(),
        rule: Some(facts.rule.clone()),
    }
}

/// The end of a run that afresh started. Of one that was sent again as it had been meant nobody says here that the rule still asks for
/// the same: the next plan does.
pub(super) fn ended(
    step: &Step,
    subject: &Subject,
    facts: &JobFacts,
    run: &Run,
    accept: &[RunResult],
) -> Option<Event> {
    let mut settlements = step.settlements.iter();
    if settlements.any(|found| found.settled == Settled::Repeat) || run.never_ran() {
        return None;
    }
    let result = run.result()?;
    match run.succeeded_at(accept) {
        Some(ended) => Some(Event::RunSeen {
            subject: subject.clone(),
            name: facts.name.clone(),
            run: run.id,
            ended,
            result: result.clone(),
            digest: None,
            asks: Some(facts.asks.clone()),
        }),
        None if accept.contains(result) => None,
        None => Some(failed(
            subject,
            facts,
            (run.id, run.ended_no_earlier_than(), result),
        )),
    }
}
