//! Fewer lines that add up to the same memory: `fold(compact(events)) = fold(events)`.
//!
//! But for the opening line, only lines that were really written are kept, so that what is left is still evidence and not a summary of it.
//! An intent without an end is never left out. The choice is not taken on trust: what is kept of each subject is folded and compared, and
//! a subject is kept whole if its memory would differ.

mod logs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::LedgerError;
use super::event::{Ending, Event, Intent, Why};
use super::fold::{Fold, fold};
use super::handle::Ledger;
use super::json;
use super::store::{AppendError, Position};
use crate::escape;
use crate::limits::LEDGER_CONFLICTS_MAX;
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::job::{JobMemory, SubmissionMemory};
use crate::model::memory::Memory;
use crate::model::runtime::{RuntimeMemory, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt, Refusal};

/// What compaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Lines before and after.
    pub lines: (usize, usize),
    /// Bytes before and after.
    pub bytes: (usize, usize),
    /// Where the lines before are kept.
    pub kept: String,
}

impl fmt::Display for Compacted {
    /// `Compacted: 812 lines (210 kB) are now 64 (17 kB). Before: .afresh/ledger.jsonl.1`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Compacted: {} lines ({}) are now {} ({}).\nThe lines before are kept: {}",
            self.lines.0,
            size(self.bytes.0),
            self.lines.1,
            size(self.bytes.1),
            escape::line(&self.kept)
        )
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

impl Ledger {
    /// Begins a new generation that holds only what the memory rests on. `None`: nothing can be left out.
    ///
    /// # Errors
    /// The place is in trouble, a line cannot be read, or others append faster, again and again.
    pub async fn compact(&self) -> Result<Option<Compacted>, LedgerError> {
        for _ in 0..LEDGER_CONFLICTS_MAX {
            self.reload().await?;
            let stored = self.store.read(Position::default()).await?;
            let before = json::read(&stored.bytes, 0)?;
            let text = shorter(&stored.bytes, &before).map_err(LedgerError::Unwritable)?;
            let after = json::read(&text, 0)?;
            if after.len() == before.len() && !self.store.is_nearly_full() {
                return Ok(None);
            }
            if fold(&after).memory != fold(&before).memory {
                return Err(LedgerError::Miscompacted);
            }
            let compacted = |kept| Compacted {
                lines: (before.len(), after.len()),
                bytes: (stored.bytes.len(), text.len()),
                kept,
            };
            match self.store.replace(stored.position, text.clone()).await {
                Ok((_, kept)) => {
                    self.reload().await?;
                    return Ok(Some(compacted(kept)));
                }
                Err(AppendError::Conflict) => {}
                Err(AppendError::Held(error)) => return Err(LedgerError::Held(error)),
                Err(AppendError::Store(error)) => return Err(error.into()),
            }
        }
        Err(LedgerError::Overtaken(LEDGER_CONFLICTS_MAX))
    }

    /// As [`Ledger::compact`], if the place it lies in is nearly full.
    ///
    /// # Errors
    /// As [`Ledger::compact`].
    pub async fn compact_if_nearly_full(&self) -> Result<Option<Compacted>, LedgerError> {
        if self.store.is_nearly_full() {
            self.compact().await
        } else {
            Ok(None)
        }
    }
}

/// Lines of one subject that belong together: an intent and its settlement, or one line alone.
#[derive(Clone, Copy, Debug)]
struct Item {
    first: usize,
    settled: Option<usize>,
}

impl Item {
    const fn alone(first: usize) -> Self {
        Self {
            first,
            settled: None,
        }
    }
}

/// The lines of `bytes`, whose events are given too, that the memory rests on: each to the letter as it was written, with whatever a
/// later afresh wrote beside what this one reads.
fn shorter(bytes: &[u8], events: &[Event]) -> Result<Vec<u8>, String> {
    let lines: Vec<&[u8]> = json::lines(bytes).map(|(_, line)| line).collect();
    let mut text = Vec::new();
    if let Some(opened) = opened_again(events) {
        text.extend_from_slice(opened.line()?.as_bytes());
    }
    for line in resting_on(events)
        .iter()
        .filter_map(|index| lines.get(*index))
    {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    Ok(text)
}

/// The events that the memory rests on, in their order, behind the ledger's name.
#[cfg(test)]
pub(super) fn compact(events: &[Event]) -> Vec<Event> {
    let rest = resting_on(events).into_iter();
    let rest = rest.map(|index| events[index].clone());
    opened_again(events).into_iter().chain(rest).collect()
}

/// Which events the memory rests on, the ledger's name left out.
fn resting_on(events: &[Event]) -> BTreeSet<usize> {
    let mut kept = logs::resting_on(events);
    for (identity, items) in &subjects(events) {
        kept.extend(needed(events, identity, items));
    }
    kept
}

/// The ledger's name, for the next generation.
fn opened_again(events: &[Event]) -> Option<Event> {
    events.iter().find_map(|event| match event {
        Event::Opened {
            lineage,
            at,
            tool,
            compactions,
        } => Some(Event::Opened {
            lineage: lineage.clone(),
            at: *at,
            tool: tool.clone(),
            compactions: compactions.saturating_add(1),
        }),
        _ => None,
    })
}

/// The lines of each subject since it was last forgotten. Lines that fit nowhere are left out, as [`Fold`] leaves them out.
fn subjects(events: &[Event]) -> BTreeMap<Identity, Vec<Item>> {
    let mut fold = Fold::default();
    let mut all: BTreeMap<Identity, Vec<Item>> = BTreeMap::new();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Intended(intent) if fold.open(&intent.intent).is_some() => {}
            Event::Settled { intent, .. } => {
                let whose = fold.open(intent).cloned();
                let first = open.get(intent.as_str());
                let items = whose.and_then(|identity| all.get_mut(&identity));
                let item = items
                    .into_iter()
                    .flatten()
                    .find(|item| Some(&item.first) == first);
                if let Some(item) = item {
                    item.settled = Some(index);
                }
            }
            Event::Forgotten {
                subject,
                generations,
                ..
            } => {
                all.remove(&subject.identity);
                if !generations.is_empty() {
                    all.insert(subject.identity.clone(), vec![Item::alone(index)]);
                }
            }
            _ => {
                if let Event::Intended(intent) = event {
                    open.insert(&intent.intent, index);
                }
                if let Some(subject) = event.subject() {
                    let items = all.entry(subject.identity.clone()).or_default();
                    items.push(Item::alone(index));
                }
            }
        }
        fold.add(event);
    }
    all
}

/// The lines of one subject that its memory rests on; all of them if fewer would not add up to the same.
fn needed(events: &[Event], identity: &Identity, items: &[Item]) -> Vec<usize> {
    let folded = |indices: &[usize]| fold(indices.iter().map(|index| &events[*index])).memory;
    let all = indices(items.iter());
    let memory = folded(&all);
    let choice = Choice::of(&memory, identity, events, items);
    let mut chosen: Vec<Item> = items
        .iter()
        .filter(|item| choice.needs(item, items))
        .copied()
        .collect();
    let names = |item: &Item| {
        let subject = events[item.first].subject();
        subject.is_some_and(|subject| memory.addresses.get(identity) == Some(&subject.address))
    };
    // The newest line names the subject.
    if !chosen
        .iter()
        .any(|item| names(item) && is_last(item, items))
        && let Some(last) = items.last()
    {
        chosen.push(*last);
    }
    let some = indices(chosen.iter());
    if folded(&some) == memory { some } else { all }
}

fn indices<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<usize> {
    let lines = items.flat_map(|item| [Some(item.first), item.settled]);
    let sorted: BTreeSet<usize> = lines.flatten().collect();
    sorted.into_iter().collect()
}

fn is_last(item: &Item, items: &[Item]) -> bool {
    items.last().is_some_and(|last| last.first == item.first)
}

/// What one subject's memory rests on.
struct Choice<'a> {
    events: &'a [Event],
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
    fn of(memory: &'a Memory, identity: &Identity, events: &'a [Event], items: &[Item]) -> Self {
        let runtime = memory.runtimes.get(identity);
        let mut instants = BTreeSet::new();
        for slot in runtime.iter().flat_map(|known| {
            let slots = &known.slots;
            Slot::BOTH.map(|slot| slots.get(slot))
        }) {
            instants.extend(slot.last_seen);
            instants.extend(slot.evidence.into_iter().flat_map(told_at));
            instants.extend(slot.former.iter().flat_map(|(first, last)| [*first, *last]));
        }
        let met = memory.keys.values().flatten();
        instants.extend(met.flat_map(|key| told_at(key.evidence)));
        let rotations = runtime.iter().flat_map(|known| &known.rotations);
        instants.extend(rotations.map(|rotation| rotation.answered));
        let mut told_first = BTreeMap::new();
        for item in items {
            if let Event::Looked { told, .. } = &events[item.first] {
                for made in [told.one, told.two].into_iter().flatten() {
                    if instants.contains(&made) {
                        told_first.entry(made).or_insert(item.first);
                    }
                }
            }
        }
        Self {
            events,
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
        match &self.events[item.first] {
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
                let bounds =
                    bounds || told.any(|made| self.told_first.get(&made) == Some(&item.first));
                bounds || created.is_some() && self.newest(item, items, is_creation)
            }
            Event::Declared { slot, .. } => {
                let newest = |event: &Event| matches!(event, Event::Declared { slot: other, .. } if other == slot);
                self.newest(item, items, newest)
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
                let named = name.is_some() && self.newest(item, items, is_named);
                named || self.job.is_none_or(success) || self.submission.is_some()
            }
            Event::Intended(intent)
                if intent.seen.is_some_and(|at| self.instants.contains(&at)) =>
            {
                true
            }
            Event::Intended(intent) => match item.settled.map(|index| &self.events[index]) {
                Some(Event::Settled { how, at, .. }) => self.rests_on(intent, how, *at),
                _ => self.open.contains(intent.intent.as_str()),
            },
            // A person said it: there are few of them.
            Event::Confirmed(_)
            | Event::HandOffConfirmed(_)
            | Event::AttemptsForgotten { .. } | Event::Forgotten { .. } => true,
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

    /// Is this the newest of the subject's lines of that sort?
    fn newest(&self, item: &Item, items: &[Item], sort: impl Fn(&Event) -> bool) -> bool {
        let last = items.iter().rfind(|item| sort(&self.events[item.first]));
        last.is_some_and(|last| last.first == item.first)
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

#[cfg(test)]
mod tests;
