//! What a plan saw and found out, as events for the ledger, so that later plans need no request for it. Pure.
//!
//! Nothing is written that the ledger already knows, and no intent is settled twice.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::KeysSeen;
use crate::ledger::event::{Ending, Event, NodesLooked, Subject, Why};
use crate::model::address::{Address, Identity, ResourceId};
use crate::model::job::{Phase, Run, RunResult};
use crate::model::memory::{LogId, LogReading, Memory};
use crate::model::outcome::{Happened, Report};
use crate::model::runtime::{Fingerprint, PerSlot, Regeneration, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{
    Facts, Plan, RuntimeFacts, Settled, Settlement, Step, SubmissionFacts, Target,
};

mod jobs;

/// How much further a reading of a quiet log reaches before it is written down.
const LOG_GROWN: Span = Span::days(1);

/// Everything that the plan saw and `memory` does not know.
pub(super) fn observations(plan: &Plan, memory: &Memory) -> Vec<Event> {
    let mut events: Vec<Event> = plan
        .steps
        .iter()
        .flat_map(|step| observed(step, plan.at, memory))
        .collect();
    let looked: BTreeSet<LogId> = events.iter().filter_map(log_of_look).collect();
    let readings = one_of_each_log(&plan.logs).into_iter();
    events.extend(readings.filter_map(|reading| log_read(reading, memory, &looked)));
    events
}

/// The log that tells of a runtime whose keys are news.
fn log_of_look(event: &Event) -> Option<LogId> {
    match event {
        Event::Looked { subject, .. } => subject.identity.resource().and_then(LogId::of),
        _ => None,
    }
}

/// Several factories may lie in one resource group: the log's last reading, with the events of all.
fn one_of_each_log(readings: &[LogReading]) -> Vec<LogReading> {
    let mut logs: BTreeMap<&LogId, LogReading> = BTreeMap::new();
    for reading in readings {
        logs.entry(&reading.log)
            .and_modify(|known| {
                known.span = known.span.max(reading.span);
                known.events = of_both(&known.events, &reading.events);
            })
            .or_insert_with(|| reading.clone());
    }
    logs.into_values().collect()
}

/// The events of two readings of one log. Two alike in one reading are two; one that both have is one.
fn of_both(
    one: &[(ResourceId, Regeneration)],
    other: &[(ResourceId, Regeneration)],
) -> Vec<(ResourceId, Regeneration)> {
    let mut left: BTreeMap<_, usize> = BTreeMap::new();
    for (of, event) in one {
        *left.entry((of, event.at, event.slot)).or_default() += 1;
    }
    let more = other.iter().filter(|(of, event)| {
        let count = left.entry((of, event.at, event.slot)).or_default();
        let is_known = *count > 0;
        *count = count.saturating_sub(1);
        !is_known
    });
    one.iter().chain(more).cloned().collect()
}

/// A reading is written down if it tells of a regeneration, reaches a day further, or belongs to a look that is written down: so a quiet
/// estate does not fill the ledger.
fn log_read(reading: LogReading, memory: &Memory, looked: &BTreeSet<LogId>) -> Option<Event> {
    let known = memory.logs.get(&reading.log);
    // Two alike in one reading are two, so that all of them are written down where there are more than before.
    let mut read: BTreeMap<_, usize> = BTreeMap::new();
    for (of, event) in &reading.events {
        *read.entry((of, event.at, event.slot)).or_default() += 1;
    }
    let is_new = |(of, event): &(ResourceId, Regeneration)| {
        let told = known.and_then(|known| known.events.get(of));
        let told = told.into_iter().flatten();
        let told = told.filter(|known| known.is_same(event)).count();
        read.get(&(of, event.at, event.slot))
            .is_some_and(|count| told < *count)
    };
    let events: Vec<_> = reading
        .events
        .iter()
        .filter(|event| is_new(event))
        .cloned()
        .collect();
    let spans = known
        .map(|known| known.spans.as_slice())
        .unwrap_or_default();
    let grown = !spans.iter().any(|span| {
        span.since <= reading.span.since
            && Span::between(span.until, reading.span.until) < LOG_GROWN
    });
    let worth = grown || !events.is_empty() || looked.contains(&reading.log);
    worth.then_some(Event::LogRead(LogReading { events, ..reading }))
}

fn observed(step: &Step, decided: Timestamp, memory: &Memory) -> Vec<Event> {
    let Some(identity) = step.target.as_ref().map(Target::identity) else {
        return Vec::new();
    };
    let subject = Subject {
        identity,
        address: step.address.clone(),
    };
    match &step.facts {
        Facts::Runtime(facts) => {
            let nodes = nodes_news(&subject, facts, memory);
            let keys = runtime(subject, facts, memory);
            keys.into_iter().chain(nodes).collect()
        }
        Facts::Job(facts) => jobs::observed(&subject, facts, memory),
        Facts::Submission(facts) => submission(&subject, facts, decided, memory),
        Facts::None => Vec::new(),
    }
}

/// A look at nodes that was missing after a rotation, or that shows others missing than the last one. A loss that goes on is no news.
fn nodes_news(subject: &Subject, facts: &RuntimeFacts, memory: &Memory) -> Option<Event> {
    let (slot, record) = facts.nodes.newest()?;
    let after = record.after.as_ref()?;
    let known = memory
        .runtimes
        .get(&subject.identity)?
        .nodes
        .get(slot)
        .as_ref()?;
    let is_news = known.before == record.before
        && known.after.as_ref().is_none_or(|known| {
            let is_other = known.lost != after.lost || known.reported != after.reported;
            known.at < after.at && is_other
        });
    is_news.then(|| {
        Event::NodesLooked(NodesLooked {
            subject: subject.clone(),
            slot,
            record: record.clone(),
        })
    })
}

fn runtime(subject: Subject, facts: &RuntimeFacts, memory: &Memory) -> Option<Event> {
    let read_at = facts.read.at()?;
    let known = memory.runtimes.get(&subject.identity);
    let created_is_news =
        facts.created.is_some() && known.and_then(|known| known.created) != facts.created;
    let shown = facts.seen_at.and_then(|at| {
        let slots = &facts.slots;
        let one = slots.one.fingerprint.clone()?;
        let two = slots.two.fingerprint.clone()?;
        Some((at, PerSlot { one, two }))
    });
    let told_is_news = told_is_new(memory, &subject.identity, facts.told);
    let Some((at, keys)) = shown else {
        // Keys may not be shown: what the service tells of the resource and of its keys is news all the same.
        let news = created_is_news || told_is_news;
        return news.then_some(Event::Looked {
            subject,
            at: read_at,
            created: facts.created,
            keys: None,
            told: facts.told,
        });
    };
    if !created_is_news && !told_is_news && !are_new(memory, &subject.identity, &keys, at) {
        return None;
    }
    Some(Event::Looked {
        subject,
        at,
        created: facts.created,
        keys: Some(keys),
        told: facts.told,
    })
}

/// A look at both keys right before an action, if `memory` does not know them.
pub(super) fn news_of_keys(
    memory: &Memory,
    identity: &Identity,
    address: &Address,
    at: Timestamp,
    seen: KeysSeen<'_>,
) -> Option<Event> {
    let is_news =
        are_new(memory, identity, seen.keys, at) || told_is_new(memory, identity, seen.told);
    is_news.then(|| Event::Looked {
        subject: Subject {
            identity: identity.clone(),
            address: address.clone(),
        },
        at,
        created: None,
        keys: Some(seen.keys.clone()),
        told: seen.told,
    })
}

/// Does the service tell of a key that the ledger does not know by its time?
fn told_is_new(memory: &Memory, identity: &Identity, told: PerSlot<Option<Timestamp>>) -> bool {
    let known = memory.runtimes.get(identity);
    Slot::BOTH.into_iter().any(|slot| {
        let known = known.map(|known| known.slots.get(slot));
        told.get(slot)
            .is_some_and(|made| known.is_none_or(|known| !known.is_dated() || !known.is_made(made)))
    })
}

/// A look says something new if a key differs from the one that was seen last; a look before that one says nothing.
fn are_new(
    memory: &Memory,
    identity: &Identity,
    keys: &PerSlot<Fingerprint>,
    at: Timestamp,
) -> bool {
    Slot::BOTH.into_iter().any(|slot| {
        let known = memory
            .runtimes
            .get(identity)
            .map(|runtime| runtime.slots.get(slot));
        known.is_none_or(|known| {
            let key = keys.get(slot);
            known.fingerprint.as_ref() != Some(key) && !known.is_newer_than(key, at)
        })
    })
}

/// Every end: failures count when the service has long forgotten them, and a run without a known end may have succeeded. Of one whose
/// end the service does not date, the time of the plan counts.
fn submission(
    subject: &Subject,
    facts: &SubmissionFacts,
    decided: Timestamp,
    memory: &Memory,
) -> Vec<Event> {
    let known = memory.submissions.get(&subject.identity);
    let former = facts.former.iter().filter_map(|former| {
        let (digest, _) = known?.submitted(former.run.id)?;
        Some((&former.run, digest))
    });
    let present = facts.runs.iter().map(|run| (run, facts.digest.as_str()));
    present
        .chain(former)
        .filter_map(|(run, digest)| {
            let end = known.and_then(|known| known.end_of(run.id));
            end_of_submission(subject, run, digest, decided)
                .filter(|(result, _)| end.is_none_or(|(_, known)| known != result))
        })
        .map(|(_, event)| event)
        .collect()
}

/// How a one-time run ended, and that as an event; `None`: it has not.
fn end_of_submission(
    subject: &Subject,
    run: &Run,
    digest: &str,
    seen: Timestamp,
) -> Option<(RunResult, Event)> {
    let Phase::Ended { result, .. } = &run.phase else {
        return None;
    };
    let event = Event::RunSeen {
        subject: subject.clone(),
        name: None,
        run: run.id,
        ended: run.ended_no_earlier_than().unwrap_or(seen),
        result: result.clone(),
        digest: Some(digest.to_owned()),
        asks: None,
    };
    Some((result.clone(), event))
}

/// The end of a run that this step started and waited for, as an event.
pub(super) fn end(
    step: &Step,
    subject: &Subject,
    run: &Run,
    accept: &[RunResult],
    now: Timestamp,
) -> Option<Event> {
    match &step.facts {
        Facts::Job(facts) => jobs::ended(step, subject, facts, run, accept),
        Facts::Submission(facts) => {
            end_of_submission(subject, run, &facts.digest, now).map(|(_, event)| event)
        }
        Facts::Runtime(_) | Facts::None => None,
    }
}

/// What the plan found out about intents that are still open: the event, and the report for it.
pub(super) fn settlements(plan: &Plan, memory: &Memory, now: Timestamp) -> Vec<(Event, Report)> {
    // Of a one-time run it may be another rule's intent: that had the same content.
    let doubts = memory.doubts.values().flatten();
    let open: BTreeSet<&str> = doubts.map(|doubt| doubt.intent.as_str()).collect();
    plan.steps
        .iter()
        .flat_map(|step| step.settlements.iter().map(move |found| (step, found)))
        .filter(|(_, found)| open.contains(found.intent.as_str()))
        .filter_map(|(step, found)| {
            let (event, what) = settlement(found, now)?;
            let report = Report {
                address: step.address.clone(),
                service: step.key_service(),
                at: now,
                what,
            };
            Some((event, report))
        })
        .collect()
}

/// `None`: only sending it again tells.
fn settlement(found: &Settlement, now: Timestamp) -> Option<(Event, Happened)> {
    let (how, said) = match &found.settled {
        Settled::Done(receipt) => (Ending::Done(receipt.clone()), "it happened"),
        Settled::NotDone => (Ending::NotDone(Why::Proved), "it did not happen"),
        Settled::Repeat => return None,
    };
    let event = Event::Settled {
        intent: found.intent.clone(),
        how,
        at: now,
    };
    Some((
        event,
        Happened::Settled(found.action.clone(), said.to_owned()),
    ))
}

#[cfg(test)]
mod tests;
