//! `Memory = fold(events)`: what the ledger's lines add up to. Pure.
//!
//! Refuses: failing. An event that fits nowhere is noted and changes nothing.

mod attempts;

use std::collections::BTreeMap;

use super::event::{Ending, Event, Intent, Subject};
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::job::{JobMemory, KnownFailure, OwnStart, RunId, RunResult};
use crate::model::memory::{Doubt, Memory};
use crate::model::runtime::{Fingerprint, PerSlot, RuntimeMemory, Slot, SlotMemory};
use crate::model::time::Timestamp;
use crate::model::verdict::{Move, Receipt};

/// The memory so far, and what did not fit into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// What is remembered.
    pub memory: Memory,
    /// Events that fitted nowhere, in words: `settled intent i7, which is not open`.
    pub notes: Vec<String>,
    /// Intents that have an end, and whether they happened: who slept meanwhile may say once more what became of one.
    ended: BTreeMap<String, bool>,
}

/// Adds up `events`, the oldest first.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Fold {
    let mut fold = Fold::default();
    for event in events {
        fold.add(event);
    }
    fold
}

impl Fold {
    /// Adds the next event.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::Opened { lineage, .. } => {
                self.memory.lineage.get_or_insert_with(|| lineage.clone());
            }
            Event::Looked {
                subject,
                at,
                created,
                keys,
            } => self.looked(subject, *at, *created, keys.as_ref()),
            Event::RunSeen {
                subject,
                name,
                run,
                ended,
                result,
                digest,
                asks,
            } => self.run_seen(
                subject,
                name.as_deref(),
                (*run, *ended, result),
                (digest.as_deref(), asks.as_deref()),
            ),
            Event::RunFailed {
                subject,
                run,
                ended,
                result,
                rule,
            } => self.run_failed(
                subject,
                KnownFailure {
                    run: *run,
                    ended: *ended,
                    result: result.clone(),
                    rule: rule.clone(),
                },
            ),
            Event::AttemptsForgotten { subject, at, .. } => self.attempts_forgotten(subject, *at),
            Event::Intended(intent) => self.intended(intent),
            Event::Settled { intent, how, .. } => self.settled(intent, how),
            Event::Declared {
                subject,
                slot,
                born,
                ..
            } => {
                if let Some(runtime) = self.runtime(subject) {
                    runtime.slots.get_mut(*slot).declared = Some(*born);
                }
            }
            Event::Forgotten { subject, .. } => self.forget(&subject.identity),
        }
    }

    fn note(&mut self, what: String) {
        self.notes.push(what);
    }

    fn name(&mut self, subject: &Subject) {
        self.memory
            .addresses
            .insert(subject.identity.clone(), subject.address.clone());
    }

    fn runtime(&mut self, subject: &Subject) -> Option<&mut RuntimeMemory> {
        if !matches!(subject.identity, Identity::Runtime(_)) {
            self.note(format!("an event on keys of {subject}, which has none"));
            return None;
        }
        self.name(subject);
        Some(
            self.memory
                .runtimes
                .entry(subject.identity.clone())
                .or_default(),
        )
    }

    fn looked(
        &mut self,
        subject: &Subject,
        at: Timestamp,
        created: Option<Timestamp>,
        keys: Option<&PerSlot<Fingerprint>>,
    ) {
        let Some(runtime) = self.runtime(subject) else {
            return;
        };
        runtime.created = created.or(runtime.created);
        for slot in Slot::BOTH {
            if let Some(keys) = keys {
                see(runtime.slots.get_mut(slot), keys.get(slot), at);
            }
        }
    }

    fn run_seen(
        &mut self,
        subject: &Subject,
        name: Option<&str>,
        run: (RunId, Timestamp, &RunResult),
        (digest, asks): (Option<&str>, Option<&str>),
    ) {
        match (&subject.identity, digest) {
            (Identity::Job(..), _) => attempts::succeed(self.job(subject), name, run, asks),
            (Identity::Submission(..), Some(digest)) => {
                self.name(subject);
                let submission = self
                    .memory
                    .submissions
                    .entry(subject.identity.clone())
                    .or_default();
                if submission.successes.iter().all(|known| known.1 != run.0) {
                    submission
                        .successes
                        .push((digest.to_owned(), run.0, run.1, run.2.clone()));
                }
            }
            _ => self.note(format!("a run of {subject}, which has none")),
        }
    }

    fn job(&mut self, subject: &Subject) -> &mut JobMemory {
        self.name(subject);
        self.memory
            .jobs
            .entry(subject.identity.clone())
            .or_default()
    }

    fn run_failed(&mut self, subject: &Subject, failure: KnownFailure) {
        match &subject.identity {
            Identity::Job(..) => attempts::fail(self.job(subject), failure),
            Identity::Submission(..) => self.name(subject),
            Identity::Runtime(_) => self.note(format!("a run of {subject}, which has none")),
        }
    }

    fn attempts_forgotten(&mut self, subject: &Subject, at: Timestamp) {
        match &subject.identity {
            Identity::Job(..) => attempts::forgive(self.job(subject), at),
            Identity::Submission(..) => self.name(subject),
            Identity::Runtime(_) => self.note(format!("attempts at {subject}, which has none")),
        }
    }

    fn intended(&mut self, intent: &Intent) {
        if self.open(&intent.intent).is_some() {
            self.note(format!("intent {} was written twice", intent.intent));
            return;
        }
        self.name(&intent.subject);
        let identity = intent.subject.identity.clone();
        let doubts = self.memory.doubts.entry(identity).or_default();
        // The same token again: what becomes of this one is what became of the one before.
        let replaced: Vec<Doubt> = doubts
            .extract_if(.., |doubt| doubt.movement.is_same_send(&intent.movement))
            .collect();
        let since = replaced.iter().map(|doubt| doubt.since).min();
        let rule = replaced.iter().find_map(|doubt| doubt.rule.clone());
        let replaced = replaced.into_iter().map(|doubt| (doubt.intent, true));
        self.ended.extend(replaced);
        doubts.push(Doubt {
            intent: intent.intent.clone(),
            apply: intent.apply.clone(),
            by: intent.by.clone(),
            movement: intent.movement.clone(),
            rule: rule.or_else(|| intent.rule.clone()),
            at: intent.at,
            since: since.unwrap_or(intent.at),
            act_by: intent.act_by,
        });
    }

    /// Whose open intent this is.
    pub(super) fn open(&self, intent: &str) -> Option<&Identity> {
        self.memory
            .doubts
            .iter()
            .find(|(_, doubts)| doubts.iter().any(|doubt| doubt.intent == intent))
            .map(|(identity, _)| identity)
    }

    fn settled(&mut self, intent: &str, how: &Ending) {
        let Some(identity) = self.open(intent).cloned() else {
            return self.settled_again(intent, how);
        };
        let done = matches!(how, Ending::Done(_));
        self.ended.insert(intent.to_owned(), done);
        let Some(doubt) = self.close(&identity, intent) else {
            return;
        };
        if let Ending::Done(receipt) = how {
            self.happened(&identity, &doubt, receipt);
        }
    }

    /// Twice the same is no news. What was taken for not done and happened after all is, and so is an intent that nobody wrote.
    fn settled_again(&mut self, intent: &str, how: &Ending) {
        match (self.ended.get(intent), how) {
            (Some(false), Ending::Done(_)) => self.note(format!(
                "intent {intent} was taken for not done, and was done after all"
            )),
            (Some(_), _) => {}
            (None, _) => self.note(format!("settled intent {intent}, which is not open")),
        }
    }

    fn close(&mut self, identity: &Identity, intent: &str) -> Option<Doubt> {
        let doubts = self.memory.doubts.get_mut(identity)?;
        let index = doubts.iter().position(|doubt| doubt.intent == intent)?;
        let doubt = doubts.remove(index);
        if doubts.is_empty() {
            self.memory.doubts.remove(identity);
        }
        Some(doubt)
    }

    fn happened(&mut self, identity: &Identity, doubt: &Doubt, receipt: &Receipt) {
        let (memory, movement) = (&mut self.memory, &doubt.movement);
        match (identity, movement, receipt) {
            (
                Identity::Runtime(_),
                Move::Regenerate { .. },
                Receipt::Regenerated {
                    slot,
                    fingerprint,
                    sent,
                    answered,
                },
            ) => {
                let runtime = memory.runtimes.entry(identity.clone()).or_default();
                rotate(runtime, *slot, fingerprint, *sent, *answered);
            }
            (
                Identity::Job(..),
                Move::Start { parameters, .. },
                Receipt::Started { run, answered },
            ) => {
                let job = memory.jobs.entry(identity.clone()).or_default();
                let start = OwnStart {
                    run: *run,
                    at: *answered,
                    parameters: parameters.clone(),
                    rule: doubt.rule.clone(),
                };
                attempts::start(job, start);
            }
            (Identity::Job(..), Move::Cancel { .. }, Receipt::Cancelled { run, answered }) => {
                let job = memory.jobs.entry(identity.clone()).or_default();
                attempts::cancel(job, *run, *answered);
            }
            (
                Identity::Submission(..),
                Move::Submit { digest, .. },
                Receipt::Started { run, answered },
            ) => {
                let submission = memory.submissions.entry(identity.clone()).or_default();
                if submission.runs.iter().all(|known| known.1 != *run) {
                    submission.runs.push((digest.clone(), *run, *answered));
                }
            }
            (_, Move::Cancel { .. }, Receipt::Cancelled { .. }) => {}
            _ => self.note(format!(
                "a receipt on {identity} that does not fit `{}`",
                movement.title()
            )),
        }
    }

    fn forget(&mut self, identity: &Identity) {
        let memory = &mut self.memory;
        // Whoever settles one of them later has not heard of it yet.
        let doubts = memory.doubts.get(identity).into_iter().flatten();
        let doubts = doubts.map(|doubt| (doubt.intent.clone(), false));
        self.ended.extend(doubts);
        memory.runtimes.remove(identity);
        memory.jobs.remove(identity);
        memory.submissions.remove(identity);
        memory.doubts.remove(identity);
        memory.addresses.remove(identity);
    }
}

/// A look at one key. One that is older than what is known says nothing about the present key.
fn see(slot: &mut SlotMemory, fingerprint: &Fingerprint, at: Timestamp) {
    let evidence = match (&slot.fingerprint, slot.last_seen) {
        (_, Some(last)) if at < last => return,
        (Some(known), _) if known == fingerprint => None,
        (Some(_), Some(after)) => Some(Evidence::Changed { after, by: at }),
        _ => Some(Evidence::FirstSeen { at }),
    };
    slot.last_seen = Some(at);
    if let Some(evidence) = evidence {
        // A declaration that came before the first look speaks of the key that is seen now; one that was bound to another key is void.
        if slot.fingerprint.is_some() {
            slot.declared = None;
        }
        slot.fingerprint = Some(fingerprint.clone());
        slot.evidence = vec![evidence];
    }
}

/// Our own regenerate. If a later look showed yet another key, that key stays; only the rotation is remembered.
fn rotate(
    runtime: &mut RuntimeMemory,
    slot: Slot,
    fingerprint: &Fingerprint,
    sent: Timestamp,
    answered: Timestamp,
) {
    if runtime
        .last_rotation
        .is_none_or(|(_, known)| known <= answered)
    {
        runtime.last_rotation = Some((slot, answered));
    }
    let memory = runtime.slots.get_mut(slot);
    let seen_since = memory.last_seen.is_some_and(|seen| seen > answered);
    if seen_since && memory.fingerprint.as_ref() != Some(fingerprint) {
        return;
    }
    *memory = SlotMemory {
        fingerprint: Some(fingerprint.clone()),
        last_seen: memory.last_seen.max(Some(answered)),
        evidence: vec![Evidence::Rotated { sent, answered }],
        declared: None,
    };
}

#[cfg(test)]
mod tests;
