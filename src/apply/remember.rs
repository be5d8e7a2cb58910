//! What a plan saw and found out, as events for the ledger, so that later plans need no request for it. Pure.
//!
//! Refuses: writing down what the ledger knows already, and settling what is settled.

use crate::ledger::event::{Ending, Event, Subject};
use crate::model::address::{Address, Identity};
use crate::model::job::{Phase, Run, RunId, RunResult};
use crate::model::memory::Memory;
use crate::model::outcome::Happened;
use crate::model::runtime::{Fingerprint, PerSlot, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{
    Facts, Plan, RuntimeFacts, Settled, Settlement, Step, SubmissionFacts, Target,
};

mod jobs;

/// Everything that the plan saw and `memory` does not know.
pub(super) fn observations(plan: &Plan, memory: &Memory) -> Vec<Event> {
    plan.steps
        .iter()
        .flat_map(|step| observed(step, memory))
        .collect()
}

fn observed(step: &Step, memory: &Memory) -> Vec<Event> {
    let Some(identity) = step.target.as_ref().map(Target::identity) else {
        return Vec::new();
    };
    let subject = Subject {
        identity,
        address: step.address.clone(),
    };
    match &step.facts {
        Facts::Runtime(facts) => runtime(subject, facts, memory).into_iter().collect(),
        Facts::Job(facts) => jobs::observed(&subject, facts, memory),
        Facts::Submission(facts) => submission(&subject, facts, memory),
        Facts::None => Vec::new(),
    }
}

fn runtime(subject: Subject, facts: &RuntimeFacts, memory: &Memory) -> Option<Event> {
    let at = facts.seen_at.filter(|_| facts.looked)?;
    let keys = PerSlot {
        one: facts.slots.one.fingerprint.clone()?,
        two: facts.slots.two.fingerprint.clone()?,
    };
    let known = memory.runtimes.get(&subject.identity);
    let created_is_news =
        facts.created.is_some() && known.and_then(|known| known.created) != facts.created;
    if !created_is_news && !are_new(memory, &subject.identity, &keys, at) {
        return None;
    }
    Some(Event::Looked {
        subject,
        at,
        created: facts.created,
        keys: Some(keys),
    })
}

/// A look at both keys right before a move, if `memory` does not know them.
pub(super) fn news_of_keys(
    memory: &Memory,
    identity: &Identity,
    address: &Address,
    at: Timestamp,
    keys: &PerSlot<Fingerprint>,
) -> Option<Event> {
    are_new(memory, identity, keys, at).then(|| Event::Looked {
        subject: Subject {
            identity: identity.clone(),
            address: address.clone(),
        },
        at,
        created: None,
        keys: Some(keys.clone()),
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
            known.fingerprint.as_ref() != Some(keys.get(slot))
                && known.last_seen.is_none_or(|last| last <= at)
        })
    })
}

fn submission(subject: &Subject, facts: &SubmissionFacts, memory: &Memory) -> Vec<Event> {
    let known = |run: RunId| {
        memory
            .submissions
            .get(&subject.identity)
            .is_some_and(|known| known.successes.iter().any(|success| success.1 == run))
    };
    facts
        .runs
        .iter()
        .filter(|run| !known(run.id))
        .filter_map(|run| success(subject, None, run, &facts.accept, Some(&facts.digest)))
        .collect()
}

/// A run that ended with one of `accept`, as an event.
fn success(
    subject: &Subject,
    name: Option<&str>,
    run: &Run,
    accept: &[RunResult],
    digest: Option<&str>,
) -> Option<Event> {
    let ended = run.succeeded_at(accept)?;
    let Phase::Ended { result, .. } = &run.phase else {
        return None;
    };
    Some(Event::RunSeen {
        subject: subject.clone(),
        name: name.map(str::to_owned),
        run: run.id,
        ended,
        result: result.clone(),
        digest: digest.map(str::to_owned),
        asks: None,
    })
}

/// The end of a run that this step started and waited for, as an event.
pub(super) fn end(
    step: &Step,
    subject: &Subject,
    run: &Run,
    accept: &[RunResult],
) -> Option<Event> {
    match &step.facts {
        Facts::Job(facts) => jobs::ended(step, subject, facts, run, accept),
        Facts::Submission(facts) => success(subject, None, run, accept, Some(&facts.digest)),
        Facts::Runtime(_) | Facts::None => None,
    }
}

/// What the plan found out about intents that are still open: the event, and the report for it.
pub(super) fn settlements(
    plan: &Plan,
    memory: &Memory,
    now: Timestamp,
) -> Vec<(Event, Address, Happened)> {
    plan.steps
        .iter()
        .flat_map(|step| step.settlements.iter().map(move |found| (step, found)))
        .filter(|(step, found)| is_open(memory, step, &found.intent))
        .filter_map(|(step, found)| {
            let (event, happened) = settlement(found, now)?;
            Some((event, step.address.clone(), happened))
        })
        .collect()
}

fn is_open(memory: &Memory, step: &Step, intent: &str) -> bool {
    step.target.as_ref().is_some_and(|target| {
        let doubts = memory.doubts(&target.identity());
        doubts.iter().any(|doubt| doubt.intent == intent)
    })
}

/// `None`: only sending it again tells.
fn settlement(found: &Settlement, now: Timestamp) -> Option<(Event, Happened)> {
    let (how, said) = match &found.settled {
        Settled::Done(receipt) => (Ending::Done(receipt.clone()), "it happened"),
        Settled::NotDone => (Ending::NotDone, "it did not happen"),
        Settled::Repeat => return None,
    };
    let event = Event::Settled {
        intent: found.intent.clone(),
        how,
        at: now,
    };
    Some((
        event,
        Happened::Settled(found.movement.clone(), said.to_owned()),
    ))
}

#[cfg(test)]
mod tests;
