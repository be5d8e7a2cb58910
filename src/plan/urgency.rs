//! Which of two steps is more urgent, where a guardrail has room for one.
//!
//! Ages are not compared, since they grow while a plan is valid. The address decides only where everything else is equal.

use super::ruling::Draft;
use crate::model::address::Address;
use crate::model::job::{Requirement, Run};
use crate::model::promise::Promise;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Facts, JobFacts, Step, Verdict};

/// The smaller one goes first: what no missing right stood in the way of the last time; then broken promises, the longest broken ones first; then by the greatest possible age of the key that is
/// replaced; then by the instant at which the promise breaks; by address only where all else is equal.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Urgency {
    attempt: Attempt,
    standing: Standing,
    made: Made,
    breaks: Breaks,
    address: Address,
}

/// What became of the same attempt the last time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Attempt {
    /// Nothing that stands in its way now.
    Open,
    /// It was refused until a person does something: it is tried again, but must not take the place of what can be done.
    NeedsPerson,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// No success was found, however far back one looked.
    NeverKept,
    BrokenSince(Timestamp),
    /// Broken, and nothing tells since when.
    Broken,
    NotBroken,
}

/// The earliest instant at which the replaced key may have been made.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    AtAnyTime,
    NotBefore(Timestamp),
    /// No key is replaced.
    Nothing,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Breaks {
    At(Timestamp),
    Unknown,
}

pub(super) fn urgency(draft: &Draft) -> Urgency {
    let step = &draft.step;
    let standing = match (step.promise, &step.facts) {
        (Promise::Kept | Promise::Unproven | Promise::Unknown, _) => Standing::NotBroken,
        (
            Promise::Broken {
                since: Some(at), ..
            },
            _,
        ) => Standing::BrokenSince(at),
        (Promise::Broken { since: None, .. }, Facts::Job(facts)) => undated(facts),
        (
            Promise::Broken { since: None, .. },
            Facts::Runtime(_) | Facts::Submission(_) | Facts::None,
        ) => Standing::Broken,
    };
    let breaks = draft.broken_at.into_iter().chain(step.breaks_at).min();
    Urgency {
        attempt: attempt(step),
        standing,
        made: made(draft),
        breaks: breaks.map_or(Breaks::Unknown, Breaks::At),
        address: step.address.clone(),
    }
}

fn attempt(step: &Step) -> Attempt {
    match &step.refused {
        Some(refusal) if refusal.is_access => Attempt::NeedsPerson,
        Some(_) | None => Attempt::Open,
    }
}

/// Since when a job's promise is broken at the least, where no success says so.
fn undated(facts: &JobFacts) -> Standing {
    let stopped = facts.failures.iter().map(|(_, end, _)| *end);
    let stopped = stopped.chain(facts.last_success.map(|(_, end)| end)).max();
    let began = |run: &Run| run.started;
    let since = match facts.require {
        Requirement::Succeeded { .. } => return Standing::NeverKept,
        Requirement::Running => stopped,
        Requirement::NotRunning => facts.active.iter().filter_map(began).min(),
    };
    since.map_or(Standing::Broken, Standing::BrokenSince)
}

fn made(draft: &Draft) -> Made {
    let (Verdict::Act { actions, .. }, Some(facts)) =
        (&draft.step.verdict, draft.step.facts.runtime())
    else {
        return Made::Nothing;
    };
    let keys = actions.iter().filter_map(Action::regenerated);
    let births = keys.map(|slot| facts.slots.get(slot).birth.earliest);
    births.min().map_or(Made::Nothing, |earliest| {
        earliest.map_or(Made::AtAnyTime, Made::NotBefore)
    })
}
