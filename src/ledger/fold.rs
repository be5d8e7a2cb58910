//! `Memory = fold(events)`: what the ledger's lines add up to. Pure.
//!
//! A fold never fails: an event that fits nowhere is noted and changes nothing.

mod attempts;

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::event::{Ending, Event, HandOffConfirmation, Intent, Subject, Why};
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::hand_off::Delivered;
use crate::model::job::{JobMemory, KnownFailure, OwnStart, RunId, RunResult, SubmissionMemory};
use crate::model::memory::{Doubt, Memory};
use crate::model::runtime::{
    Declaration, Fingerprint, KnownKey, PerSlot, Rotation, RuntimeMemory, Slot, SlotMemory,
    TOLD_SLACK, Undone,
};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt, Refusal};

/// The memory so far, and what did not fit into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// What is remembered.
    pub memory: Memory,
    /// Events that fitted nowhere, in words: `settled intent i7, which is not open`.
    pub notes: Vec<String>,
    /// Intents that have an end, and whether they happened: who slept meanwhile may say once more what became of one. There is one for
    /// each action that ever was, so its number is kept as a hash: two alike would cost a note.
    ended: HashMap<u64, bool>,
}

/// What is kept of the number of an intent that has an end.
fn hashed(intent: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    intent.hash(&mut hasher);
    hasher.finish()
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
                told,
            } => self.looked(subject, *at, *created, keys.as_ref(), *told),
            Event::LogRead(reading) => {
                let log = self.memory.logs.entry(reading.log.clone()).or_default();
                log.add(reading);
            }
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
            Event::Intended(intent) => self.intended(intent),
            Event::Settled { intent, how, at } => self.settled(intent, how, *at),
            Event::Declared {
                subject,
                slot,
                born,
                at,
                ..
            } => {
                let (born, said) = (*born, *at);
                if let Some(runtime) = self.runtime(subject) {
                    runtime.slots.get_mut(*slot).declared = Some(Declaration { born, said });
                }
            }
            Event::Confirmed(said) => self.confirmed(&said.subject, &said.digest, said.run),
            Event::HandOffConfirmed(said) => self.hand_off_confirmed(said),
            Event::NodesLooked(looked) => {
                if let Some(runtime) = self.runtime(&looked.subject) {
                    runtime.nodes_looked(looked.slot, looked.record.clone());
                }
            }
            Event::AttemptsForgotten { subject, at, .. } => self.forgive(subject, *at),
            Event::Forgotten {
                subject,
                generations,
                ..
            } => self.forget(&subject.identity, generations),
        }
    }

    fn note(&mut self, what: String) {
        self.notes.push(what);
    }

    fn name(&mut self, subject: &Subject) {
        let addresses = &mut self.memory.addresses;
        match addresses.get_mut(&subject.identity) {
            Some(known) if *known == subject.address => {}
            Some(known) => *known = subject.address.clone(),
            None => {
                addresses.insert(subject.identity.clone(), subject.address.clone());
            }
        }
    }

    fn runtime(&mut self, subject: &Subject) -> Option<&mut RuntimeMemory> {
        if subject.identity.resource().is_none() {
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
        told: PerSlot<Option<Timestamp>>,
    ) {
        let Some(runtime) = self.runtime(subject) else {
            return;
        };
        runtime.created = created.or(runtime.created);
        // When each key was last seen before this look: `hear` moves that time.
        let before = PerSlot::from_fn(|slot| runtime.slots.get(slot).last_seen);
        for slot in Slot::BOTH {
            if let Some(made) = *told.get(slot) {
                hear(runtime.slots.get_mut(slot), made, at);
            }
        }
        let Some(keys) = keys else {
            return;
        };
        let met = PerSlot::from_fn(|slot| {
            let held = runtime.slots.get_mut(slot);
            see(held, keys.get(slot), (*before.get(slot), at))
        });
        for slot in Slot::BOTH {
            if let (Some(evidence), Some(id)) = (*met.get(slot), subject.identity.resource()) {
                self.memory.meet(KnownKey {
                    fingerprint: keys.get(slot).clone(),
                    of: id.clone(),
                    slot,
                    evidence,
                });
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
                let submission = self.submission(subject);
                submission.ended(digest, run.0, run.1, run.2);
            }
            (Identity::Runtime(_), _) | (Identity::Submission(..), None) => {
                self.note(format!("a run of {subject}, which has none"));
            }
        }
    }

    fn submission(&mut self, subject: &Subject) -> &mut SubmissionMemory {
        self.name(subject);
        let submissions = &mut self.memory.submissions;
        submissions.entry(subject.identity.clone()).or_default()
    }

    fn confirmed(&mut self, subject: &Subject, digest: &str, run: RunId) {
        if subject.identity.submission().is_none() {
            return self.note(format!(
                "a confirmed run of {subject}, which is not a one-time run"
            ));
        }
        let confirmed = &mut self.submission(subject).confirmed;
        if confirmed.iter().all(|(_, known)| *known != run) {
            confirmed.push((digest.to_owned(), run));
        }
    }

    fn hand_off_confirmed(&mut self, said: &HandOffConfirmation) {
        if let Some(runtime) = self.runtime(&said.subject) {
            let delivered = Delivered {
                by: Some(said.by.clone()),
                ..Delivered::now(said.slot, &said.fingerprint, said.at)
            };
            runtime.deliver(&said.to, delivered);
        }
    }

    fn forgive(&mut self, subject: &Subject, at: Timestamp) {
        match &subject.identity {
            Identity::Submission(..) => {
                let submission = self.submission(subject);
                submission.forgiven_at = submission.forgiven_at.max(Some(at));
            }
            Identity::Job(..) => attempts::forgive(self.job(subject), at),
            Identity::Runtime(_) => {
                self.note(format!("forgotten attempts on {subject}, which has none"));
            }
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

    fn intended(&mut self, intent: &Intent) {
        if self.open(&intent.intent).is_some() {
            self.note(format!("intent {} was written twice", intent.intent));
            return;
        }
        self.name(&intent.subject);
        if let Some((at, keys)) = intent.seen() {
            self.looked(&intent.subject, at, None, Some(&keys), PerSlot::default());
        }
        let identity = intent.subject.identity.clone();
        let doubts = self.memory.doubts.entry(identity).or_default();
        // The same token again: what becomes of this one is what became of the one before.
        let replaced: Vec<Doubt> = doubts
            .extract_if(.., |doubt| doubt.action.is_same_send(&intent.action))
            .collect();
        let since = replaced.iter().map(|doubt| doubt.since).min();
        let rule = replaced.iter().find_map(|doubt| doubt.rule.clone());
        let replaced = replaced.iter();
        let replaced = replaced.map(|doubt| (hashed(&doubt.intent), true));
        self.ended.extend(replaced);
        doubts.push(Doubt {
            intent: intent.intent.clone(),
            apply: intent.apply.clone(),
            by: intent.by.clone(),
            action: intent.action.clone(),
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

    fn settled(&mut self, intent: &str, how: &Ending, at: Timestamp) {
        let Some(identity) = self.open(intent).cloned() else {
            return self.settled_again(intent, how);
        };
        let done = matches!(how, Ending::Done(_));
        self.ended.insert(hashed(intent), done);
        let Some(doubt) = self.close(&identity, intent) else {
            return;
        };
        match how {
            Ending::Done(receipt) => {
                self.happened(&identity, &doubt, receipt);
                let refusals = &mut self.memory.refusals;
                let refused = refusals.get(&identity);
                let is_over =
                    |(action, refusal): &(Action, Refusal)| refusal.is_about(action, &doubt.action);
                if refused.is_some_and(is_over) {
                    refusals.remove(&identity);
                }
            }
            Ending::NotDone(Why::Refused { why, is_access }) => {
                let (why, is_access) = (why.clone(), *is_access);
                let refusal = Refusal { at, why, is_access };
                let refused = (doubt.action, refusal);
                self.memory.refusals.insert(identity, refused);
            }
            Ending::NotDone(Why::Proved) => self.undone(&identity, &doubt),
            // What a person says is no proof: what the log tells is better.
            Ending::NotDone(Why::Said { .. } | Why::Untold) => {}
        }
    }

    /// A regenerate that changed nothing. The log may tell of it as done.
    fn undone(&mut self, identity: &Identity, doubt: &Doubt) {
        if let (Some(_), Some(undone)) = (identity.resource(), Undone::of(doubt)) {
            let runtime = self.memory.runtimes.entry(identity.clone()).or_default();
            runtime.undone.push(undone);
        }
    }

    /// Twice the same is no news. What was taken for not done and happened after all is, and so is an intent that nobody wrote.
    fn settled_again(&mut self, intent: &str, how: &Ending) {
        match (self.ended.get(&hashed(intent)), how) {
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
        let (memory, action) = (&mut self.memory, &doubt.action);
        match (identity, action, receipt) {
            (
                Identity::Runtime(id),
                Action::Regenerate { .. },
                Receipt::Regenerated {
                    slot,
                    fingerprint,
                    sent,
                    answered,
                },
            ) => {
                let runtime = memory.runtimes.entry(identity.clone()).or_default();
                let evidence = rotate(runtime, *slot, fingerprint, *sent, *answered);
                memory.meet(KnownKey {
                    fingerprint: fingerprint.clone(),
                    of: id.clone(),
                    slot: *slot,
                    evidence,
                });
            }
            (
                Identity::Runtime(_),
                Action::HandOver { .. },
                Receipt::HandedOver {
                    to,
                    slot,
                    fingerprint,
                    answered,
                },
            ) => {
                let runtime = memory.runtimes.entry(identity.clone()).or_default();
                runtime.deliver(to, Delivered::now(*slot, fingerprint, *answered));
            }
            (
                Identity::Job(..),
                Action::Start { parameters, .. },
                Receipt::Started { run, answered },
            ) => {
                let job = memory.jobs.entry(identity.clone()).or_default();
                let start = OwnStart {
                    run: *run,
                    at: *answered,
                    parameters: parameters.clone(),
                    rule: doubt.rule.clone(),
                };
                job.start(start);
            }
            (Identity::Job(..), Action::Cancel { .. }, Receipt::Cancelled { run, answered }) => {
                let job = memory.jobs.entry(identity.clone()).or_default();
                attempts::cancel(job, *run, *answered);
            }
            (
                Identity::Submission(..),
                Action::Submit { digest, .. },
                Receipt::Started { run, answered },
            ) => {
                let submission = memory.submissions.entry(identity.clone()).or_default();
                if submission.submitted(*run).is_none() {
                    submission.runs.push((digest.clone(), *run, *answered));
                }
            }
            (Identity::Submission(..), Action::Cancel { .. }, Receipt::Cancelled { .. }) => {}
            (Identity::Runtime(_) | Identity::Job(..) | Identity::Submission(..), ..) => {
                self.note(format!(
                    "a receipt on {identity} that does not fit `{}`",
                    action.title(identity.key_service())
                ));
            }
        }
    }

    /// How often a content was forgotten outlasts it: its next token must be another one.
    fn forget(&mut self, identity: &Identity, generations: &BTreeMap<String, u32>) {
        let memory = &mut self.memory;
        // Whoever settles one of them later has not heard of it yet.
        let doubts = memory.doubts.get(identity).into_iter().flatten();
        let doubts = doubts.map(|doubt| (hashed(&doubt.intent), false));
        self.ended.extend(doubts);
        memory.runtimes.remove(identity);
        if let Some(id) = identity.resource() {
            for met in memory.keys.values_mut() {
                met.retain(|known| known.of != *id);
            }
            memory.keys.retain(|_, met| !met.is_empty());
        }
        memory.jobs.remove(identity);
        memory.submissions.remove(identity);
        memory.doubts.remove(identity);
        memory.refusals.remove(identity);
        memory.addresses.remove(identity);
        if identity.submission().is_some() && !generations.is_empty() {
            let forgotten = SubmissionMemory {
                forgotten: generations.clone(),
                ..SubmissionMemory::default()
            };
            memory.submissions.insert(identity.clone(), forgotten);
        }
    }
}

/// A look at one key, and what it says of a key that was not there before. A look that is older than what is known says nothing.
fn see(
    slot: &mut SlotMemory,
    fingerprint: &Fingerprint,
    (before, at): (Option<Timestamp>, Timestamp),
) -> Option<Evidence> {
    if slot.is_newer_than(fingerprint, at) {
        return None;
    }
    if slot.fingerprint.as_ref() == Some(fingerprint) {
        slot.last_seen = Some(at);
        return None;
    }
    let evidence = match (slot.evidence, slot.last_seen) {
        // The service said when it made the key, and this look is the first that shows it.
        (Some(told @ Evidence::Told { .. }), Some(last)) if slot.fingerprint.is_none() => {
            slot.fingerprint = Some(fingerprint.clone());
            slot.last_seen = Some(at);
            slot.evidence = Some(if last == at { told } else { until(told, at) });
            return slot.evidence;
        }
        (_, Some(last)) if slot.fingerprint.is_some() => Evidence::Changed {
            after: before.unwrap_or(last),
            by: at,
        },
        _ => Evidence::FirstSeen { at },
    };
    // A declaration that came before the first look speaks of the key that is seen now; one that was bound to another key is void.
    let declared = slot.declared.filter(|_| slot.fingerprint.is_none());
    *slot = SlotMemory {
        fingerprint: Some(fingerprint.clone()),
        last_seen: Some(at),
        evidence: Some(evidence),
        former: with_present(slot),
        declared,
    };
    Some(evidence)
}

/// The service's word on a key that was not shown then. It may have been replaced before it was.
fn until(told: Evidence, by: Timestamp) -> Evidence {
    told.bounds()
        .0
        .map_or(Evidence::FirstSeen { at: by }, |after| Evidence::Changed {
            after,
            by,
        })
}

/// The service says when it made the key of a slot. An answer that is older than what is known says nothing.
fn hear(slot: &mut SlotMemory, made: Timestamp, at: Timestamp) {
    if slot.last_seen.is_some_and(|last| at < last) {
        return;
    }
    let is_this = slot.is_made(made);
    match slot.evidence {
        Some(Evidence::Told { at: known }) if made < known => return,
        Some(Evidence::Rotated { sent, .. }) if made < TOLD_SLACK.before(sent) => return,
        Some(Evidence::Told { .. } | Evidence::Rotated { .. }) if is_this => {
            slot.last_seen = Some(at);
            return;
        }
        Some(_) | None => {}
    }
    let former = if is_this {
        slot.former.clone()
    } else {
        with_present(slot)
    };
    *slot = SlotMemory {
        fingerprint: slot.fingerprint.take().filter(|_| is_this),
        last_seen: Some(at),
        evidence: Some(Evidence::Told { at: made }),
        former,
        declared: None,
    };
}

/// When a slot held each of its keys, the present one among them, which is about to be one of the former.
fn with_present(slot: &SlotMemory) -> Vec<(Timestamp, Timestamp)> {
    let first = slot.evidence.and_then(|evidence| evidence.bounds().1);
    let present = first
        .zip(slot.last_seen)
        .filter(|(first, last)| first <= last);
    slot.former.iter().copied().chain(present).collect()
}

/// Our own regenerate. If a later look showed yet another key, that key stays; only the rotation is remembered.
fn rotate(
    runtime: &mut RuntimeMemory,
    slot: Slot,
    fingerprint: &Fingerprint,
    sent: Timestamp,
    answered: Timestamp,
) -> Evidence {
    let evidence = Evidence::Rotated { sent, answered };
    runtime.rotated(Rotation {
        slot,
        sent,
        answered,
    });
    let memory = runtime.slots.get_mut(slot);
    let seen_since = memory.last_seen.is_some_and(|seen| seen > answered);
    if seen_since && memory.fingerprint.as_ref() != Some(fingerprint) {
        return evidence;
    }
    *memory = SlotMemory {
        fingerprint: Some(fingerprint.clone()),
        last_seen: memory.last_seen.max(Some(answered)),
        evidence: Some(evidence),
        former: with_present(memory),
        declared: None,
    };
    evidence
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
