//! Which lines of one subject its memory rests on.

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::{Ending, Event, Intent, Why};
use super::super::fold::fold;
use super::line::Line;
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::job::{JobMemory, RunId, SubmissionMemory};
use crate::model::memory::Memory;
use crate::model::runtime::{RuntimeMemory, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt, Refusal};

/// Lines of one subject that belong together: an intent and its settlement, or one line alone.
#[derive(Debug)]
pub(super) struct Item {
    pub first: Line<Event>,
    pub settled: Option<Line<Event>>,
}

impl Item {
    pub const fn alone(first: Line<Event>) -> Self {
        Self {
            first,
            settled: None,
        }
    }

    /// Is it this intent, and has it no end yet?
    pub fn is_of(&self, intent: &str) -> bool {
        let is_it = matches!(&self.first.says, Event::Intended(known) if known.intent == intent);
        is_it && self.settled.is_none()
    }
}

/// Those of one subject, in their order, that its memory rests on; all of them if fewer would not add up to the same.
pub(super) fn needed(mut items: Vec<Item>) -> Vec<Item> {
    let Some(chosen) = chosen(&items) else {
        return items;
    };
    let mut chosen = chosen.into_iter();
    items.retain(|_| chosen.next() != Some(false));
    items
}

/// Which of them are chosen; `None`: all.
fn chosen(items: &[Item]) -> Option<Vec<bool>> {
    let last = items.last()?;
    let identity = &last.first.says.subject()?.identity;
    let memory = folded(items.iter());
    let choice = Choice::of(&memory, identity, items);
    let needs = |item| choice.needs(item, items);
    let mut chosen: Vec<bool> = items.iter().map(needs).collect();
    // The newest line names the subject.
    *chosen.last_mut()? = true;
    let some = items.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
    (folded(some.map(|(item, _)| item)) == memory).then_some(chosen)
}

fn folded<'a>(items: impl Iterator<Item = &'a Item>) -> Memory {
    let lines = items.flat_map(|item| [Some(&item.first), item.settled.as_ref()]);
    let mut lines: Vec<&Line<Event>> = lines.flatten().collect();
    lines.sort_by_key(|line| line.number);
    fold(lines.iter().map(|line| &line.says)).memory
}

/// What one subject's memory rests on.
struct Choice<'a> {
    runtime: Option<&'a RuntimeMemory>,
    job: Option<&'a JobMemory>,
    submission: Option<&'a SubmissionMemory>,
    refused: Option<&'a (Action, Refusal)>,
    /// Intents without an end.
    open: BTreeSet<&'a str>,
    /// Instants of looks and receipts that bound a key's birth, or are the newest.
    instants: BTreeSet<Timestamp>,
    /// The first line that tells when a key was made, by that instant, where it bounds one.
    told_first: BTreeMap<Timestamp, usize>,
}

impl<'a> Choice<'a> {
    fn of(memory: &'a Memory, identity: &Identity, items: &[Item]) -> Self {
        let runtime = memory.runtimes.get(identity);
        let mut instants = runtime.map(instants_of).unwrap_or_default();
        let met = memory.keys.values().flatten();
        instants.extend(met.flat_map(|key| told_at(key.evidence)));
        let mut told_first = BTreeMap::new();
        for item in items {
            if let Event::Looked { told, .. } = &item.first.says {
                for made in [told.one, told.two].into_iter().flatten() {
                    if instants.contains(&made) {
                        told_first.entry(made).or_insert(item.first.number);
                    }
                }
            }
        }
        Self {
            runtime,
            job: memory.jobs.get(identity),
            submission: memory.submissions.get(identity),
            refused: memory.refusals.get(identity),
            open: memory
                .doubts(identity)
                .iter()
                .map(|doubt| doubt.intent.as_str())
                .collect(),
            instants,
            told_first,
        }
    }

    fn needs(&self, item: &Item, items: &[Item]) -> bool {
        match &item.first.says {
            Event::Looked {
                at,
                created,
                keys,
                told,
                ..
            } => {
                let mut told = [told.one, told.two].into_iter().flatten();
                let shows = keys.is_some() || told.clone().next().is_some();
                let bounds = shows && self.instants.contains(at);
                let bounds = bounds
                    || told.any(|made| self.told_first.get(&made) == Some(&item.first.number));
                bounds || created.is_some() && newest(item, items, is_creation)
            }
            Event::Declared { slot, .. } => {
                let is_alike = |event: &Event| matches!(event, Event::Declared { slot: other, .. } if other == slot);
                newest(item, items, is_alike)
            }
            Event::RunFailed { run, ended, .. } => self.job.is_some_and(|job| {
                let mut known = job.failures.iter();
                let known = known.any(|known| known.run == *run && known.ended == *ended);
                known || job.forgiven.contains(run)
            }),
            Event::RunSeen { run, name, .. } => {
                let success = |job: &JobMemory| {
                    let last = job.last_success.as_ref();
                    last.is_some_and(|last| last.0 == *run)
                };
                let named = name.is_some() && newest(item, items, is_named);
                named || self.job.is_none_or(success) || self.submission.is_some()
            }
            Event::Intended(intent)
                if intent.seen.is_some_and(|at| self.instants.contains(&at)) =>
            {
                true
            }
            Event::Intended(intent) => match item.settled.as_ref().map(|line| &line.says) {
                Some(Event::Settled { how, at, .. }) => self.rests_on(intent, how, *at),
                _ => self.open.contains(intent.intent.as_str()),
            },
            Event::NodesLooked(looked) => self.runtime.is_some_and(|runtime| {
                let known = runtime.nodes.get(looked.slot).as_ref();
                let same = |event: &Event| matches!(event, Event::NodesLooked(other) if other.slot == looked.slot && other.record == looked.record);
                known == Some(&looked.record) && newest(item, items, same)
            }),
            // A person said it: there are few of them.
            Event::Confirmed(_)
            | Event::HandOffConfirmed(_)
            | Event::AttemptsForgotten { .. }
            | Event::Forgotten { .. } => true,
            Event::Opened { .. } | Event::LogRead(_) | Event::Settled { .. } => false,
        }
    }

    fn rests_on(&self, intent: &Intent, how: &Ending, at: Timestamp) -> bool {
        match how {
            Ending::NotDone(Why::Proved) => self.runtime.is_some_and(|runtime| {
                let mut undone = runtime.undone.iter();
                undone.any(|undone| (undone.since, undone.until) == (intent.at, intent.act_by))
            }),
            Ending::NotDone(Why::Refused { .. }) => self
                .refused
                .is_some_and(|(action, known)| known.at == at && *action == intent.action),
            Ending::NotDone(Why::Said { .. } | Why::Untold) => false,
            Ending::Done(Receipt::Cancelled { run, .. }) => {
                self.job.is_some_and(|job| job.cancelled.contains_key(run))
            }
            Ending::Done(Receipt::Regenerated { answered, .. }) => {
                self.runtime.is_some() && self.instants.contains(answered)
            }
            Ending::Done(Receipt::HandedOver { to, answered, .. }) => {
                let known = self.runtime.and_then(|runtime| runtime.delivered.get(to));
                known.is_some_and(|known| [known.first, known.last].contains(answered))
            }
            Ending::Done(Receipt::Started { run, .. }) => {
                self.job.is_some_and(|job| job.own(*run).is_some())
                    || self
                        .submission
                        .is_some_and(|known| known.runs.iter().any(|known| known.1 == *run))
            }
        }
    }
}

/// Is this the newest of the subject's lines of that sort?
fn newest(item: &Item, items: &[Item], sort: impl Fn(&Event) -> bool) -> bool {
    let last = items.iter().rfind(|item| sort(&item.first.says));
    last.is_some_and(|last| last.first.number == item.first.number)
}

/// The looks and receipts that what is known of a runtime rests on, but for where its keys were met.
fn instants_of(runtime: &RuntimeMemory) -> BTreeSet<Timestamp> {
    let mut instants = BTreeSet::new();
    for slot in Slot::BOTH.map(|slot| runtime.slots.get(slot)) {
        instants.extend(slot.last_seen);
        instants.extend(slot.evidence.into_iter().flat_map(told_at));
        instants.extend(slot.former.iter().flat_map(|(first, last)| [*first, *last]));
    }
    instants.extend(runtime.rotations.iter().map(|rotation| rotation.answered));
    instants
}

/// What the memory of the whole ledger rests on, of one subject: tells of most of its lines that they are superseded before they are folded
/// once more.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    instants: BTreeSet<Timestamp>,
    success: Option<RunId>,
}

impl Ground {
    /// Of every subject.
    pub fn of(memory: &Memory) -> BTreeMap<Identity, Self> {
        let mut all: BTreeMap<Identity, Self> = BTreeMap::new();
        for (identity, runtime) in &memory.runtimes {
            all.entry(identity.clone()).or_default().instants = instants_of(runtime);
        }
        for key in memory.keys.values().flatten() {
            let ground = all.entry(Identity::Runtime(key.of.clone())).or_default();
            ground.instants.extend(told_at(key.evidence));
        }
        for (identity, job) in &memory.jobs {
            let success = job.last_success.as_ref().map(|(run, ..)| *run);
            all.entry(identity.clone()).or_default().success = success;
        }
        all
    }

    /// Does nothing rest on a line that `next`, the next one of its subject, follows? As [`Choice::needs`] says it, of the lines of which
    /// there are the most.
    pub fn passes_over(&self, line: &Event, next: &Event) -> bool {
        if let Event::Looked {
            at, created, told, ..
        } = line
            && let Event::Looked { created: later, .. } = next
        {
            let is_plain = told.one.is_none() && told.two.is_none();
            let is_newest = created.is_some() && later.is_none();
            return is_plain && !is_newest && !self.instants.contains(at);
        }
        if let Event::RunSeen {
            subject, run, name, ..
        } = line
            && let Event::RunSeen { name: later, .. } = next
        {
            let is_newest = name.is_some() && later.is_none();
            return subject.identity.job().is_some() && !is_newest && self.success != Some(*run);
        }
        false
    }
}

/// The looks and receipts that a piece of evidence comes from, or what a look told.
fn told_at(evidence: Evidence) -> Vec<Timestamp> {
    match evidence {
        Evidence::Changed { after, by } => vec![after, by],
        Evidence::FirstSeen { at }
        | Evidence::KnownBefore { seen: at, .. }
        | Evidence::Told { at } => vec![at],
        Evidence::Rotated { answered, .. } => vec![answered],
        Evidence::RuntimeCreated { .. }
        | Evidence::LogSilent { .. }
        | Evidence::LogEvents { .. }
        | Evidence::Declared { .. } => Vec::new(),
    }
}

const fn is_creation(event: &Event) -> bool {
    matches!(
        event,
        Event::Looked {
            created: Some(_),
            ..
        }
    )
}

const fn is_named(event: &Event) -> bool {
    matches!(event, Event::RunSeen { name: Some(_), .. })
}
