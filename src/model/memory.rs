//! What the ledger remembers, folded into one picture: `Memory = fold(events)`.

use std::collections::BTreeMap;

use super::address::{Address, Identity, ResourceId};
use super::birth::Evidence;
use super::job::{JobMemory, SubmissionMemory};
use super::joint::Interval;
use super::runtime::{
    Fingerprint, KnownKey, PerSlot, Regeneration, RuntimeMemory, Slot, SlotMemory,
};
use super::time::Timestamp;
use super::timeline::{LogMemory, LogSpan, add_events, add_span};
use super::verdict::{Action, Refusal};

/// Everything the ledger knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The ledger's own name, chosen when it was made: a plan is for one ledger.
    pub lineage: Option<String>,
    /// Runtimes, without what logs say of them: [`Memory::runtime`] has both.
    pub runtimes: BTreeMap<Identity, RuntimeMemory>,
    /// What was read of Activity Logs.
    pub logs: BTreeMap<LogId, GroupLog>,
    /// Every key that was ever met, by its fingerprint: where, the first time first.
    pub keys: BTreeMap<Fingerprint, Vec<KnownKey>>,
    /// Jobs.
    pub jobs: BTreeMap<Identity, JobMemory>,
    /// One-time submits.
    pub submissions: BTreeMap<Identity, SubmissionMemory>,
    /// Intents without an end, at most a few for each subject.
    pub doubts: BTreeMap<Identity, Vec<Doubt>>,
    /// What the service refused last on each subject, while nothing alike has been done since.
    pub refusals: BTreeMap<Identity, (Action, Refusal)>,
    /// What people last called each subject.
    pub addresses: BTreeMap<Identity, Address>,
}

impl Memory {
    /// The subject that people last called `address`. Of several, one was made anew under the other's name: the one of which
    /// something was heard last.
    pub fn identity_of(&self, address: &Address) -> Option<&Identity> {
        self.all_called(address).into_iter().next()
    }

    /// Every subject that people called `address`, the one of which something was heard last first.
    pub fn all_called(&self, address: &Address) -> Vec<&Identity> {
        let known = self.addresses.iter();
        let called = known.filter(|(_, known)| *known == address);
        self.latest_first(called.map(|(identity, _)| identity).collect())
    }

    /// Subjects that were called alike, the one of which something was heard last first.
    pub fn latest_first<'a>(&self, mut called: Vec<&'a Identity>) -> Vec<&'a Identity> {
        called.sort_by_key(|identity| std::cmp::Reverse((self.last_heard(identity), *identity)));
        called
    }

    /// When something was last heard of a subject: a look, an effect, the end of a run, an intent.
    fn last_heard(&self, identity: &Identity) -> Option<Timestamp> {
        let of_runtime = || {
            let runtime = self.runtimes.get(identity)?;
            let seen = Slot::BOTH.map(|slot| runtime.slots.get(slot).last_seen);
            let rotated = runtime.last_rotation().map(|(_, at)| at);
            seen.into_iter().flatten().chain(rotated).max()
        };
        let of_submission = || {
            let known = self.submissions.get(identity)?;
            let ends = known.ends.iter().map(|(_, _, at, _)| *at);
            known.runs.iter().map(|(_, _, at)| *at).chain(ends).max()
        };
        let known = match identity {
            Identity::Runtime(_) => of_runtime(),
            Identity::Job(..) => self.jobs.get(identity).and_then(JobMemory::last_heard),
            Identity::Submission(..) => of_submission(),
        };
        let intents = self.doubts(identity).iter().map(|doubt| doubt.at);
        intents.chain(known).max()
    }

    /// All that is known of a runtime: of its keys, of its log, and of its keys where they were met before.
    pub fn runtime(&self, identity: &Identity) -> RuntimeMemory {
        let mut known = self.runtimes.get(identity).cloned().unwrap_or_default();
        let Identity::Runtime(id) = identity else {
            return known;
        };
        known.log = self.log_of(id);
        let mut came: PerSlot<Option<KnownKey>> = PerSlot::default();
        for slot in Slot::BOTH {
            let held = known.slots.get_mut(slot);
            let (Some(key), Some(evidence)) = (&held.fingerprint, held.evidence) else {
                continue;
            };
            let before = self.met_before(key, |met| {
                met.of == *id && met.slot == slot && met.evidence == evidence
            });
            if let (Some(before), Some(seen)) = (before, evidence.bounds().1) {
                if before.of != *id && matches!(evidence, Evidence::FirstSeen { .. }) {
                    known.log_from = known.log_from.max(Some(seen));
                }
                held.evidence = Some(before.evidence(seen));
                *came.get_mut(slot) = Some(before);
            }
        }
        known.home = self.together(id, &came);
        known
    }

    /// What is known of two keys that `id` holds, if both were last met in one other runtime: its facts are of both of them.
    pub fn together(
        &self,
        id: &ResourceId,
        keys: &PerSlot<Option<KnownKey>>,
    ) -> Vec<PerSlot<Interval>> {
        let (Some(one), Some(two)) = (&keys.one, &keys.two) else {
            return Vec::new();
        };
        if one.of != two.of || one.of == *id || one.slot == two.slot {
            return Vec::new();
        }
        let home = self.runtime(&Identity::Runtime(one.of.clone()));
        let held = |key: &KnownKey| home.slots.get(key.slot).fingerprint.as_ref();
        if [one, two]
            .iter()
            .any(|key| held(key) != Some(&key.fingerprint))
        {
            return Vec::new();
        }
        let stories = home.births().stories.into_iter();
        let here = stories.map(|story| PerSlot {
            one: *story.get(one.slot),
            two: *story.get(two.slot),
        });
        here.collect()
    }

    /// Notes where a key was met.
    pub fn meet(&mut self, key: KnownKey) {
        let met = self.keys.entry(key.fingerprint.clone()).or_default();
        if !met.contains(&key) {
            met.push(key);
        }
    }

    /// Where a key was met first, unless that is what `is_this` says; with all that is known of its birth: its log there counts, too.
    fn met_before(
        &self,
        fingerprint: &Fingerprint,
        is_this: impl Fn(&KnownKey) -> bool,
    ) -> Option<KnownKey> {
        let first = self.keys.get(fingerprint)?.first()?;
        (!is_this(first)).then(|| self.with_log(first))
    }

    fn log_of(&self, id: &ResourceId) -> LogMemory {
        let log = LogId::of(id).and_then(|log| self.logs.get(&log));
        log.map_or_else(LogMemory::default, |log| LogMemory {
            spans: log.spans.clone(),
            events: log.events.get(id).cloned().unwrap_or_default(),
        })
    }

    fn with_log(&self, known: &KnownKey) -> KnownKey {
        let identity = Identity::Runtime(known.of.clone());
        let mut home = self.runtimes.get(&identity).cloned().unwrap_or_default();
        home.log = self.log_of(&known.of);
        let held = home.slots.get(known.slot);
        if held.fingerprint.as_ref() != Some(&known.fingerprint)
            || held.evidence != Some(known.evidence)
        {
            // It was replaced there: what was known of the other key then is not kept.
            home.slots = PerSlot::default();
            *home.slots.get_mut(known.slot) = SlotMemory {
                fingerprint: Some(known.fingerprint.clone()),
                evidence: Some(known.evidence),
                ..SlotMemory::default()
            };
        }
        let birth = home.birth(known.slot);
        let evidence = birth.latest.map(|latest| Evidence::KnownBefore {
            earliest: birth.earliest,
            latest,
            seen: latest,
        });
        KnownKey {
            evidence: evidence.unwrap_or(known.evidence),
            ..known.clone()
        }
    }

    /// Which of the keys that `identity` was just seen to hold the ledger knows, though not as the ones that it held last.
    pub fn recognise(
        &self,
        identity: &Identity,
        keys: &PerSlot<Fingerprint>,
    ) -> PerSlot<Option<KnownKey>> {
        let held = self.runtimes.get(identity);
        PerSlot::from_fn(|slot| {
            let key = keys.get(slot);
            let same = held.and_then(|held| held.slots.get(slot).fingerprint.as_ref()) == Some(key);
            (!same).then(|| self.met_before(key, |_| false)).flatten()
        })
    }

    /// The open intents on a subject.
    pub fn doubts(&self, identity: &Identity) -> &[Doubt] {
        self.doubts
            .get(identity)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// An intent without an end: an action that was written down, and of which nobody wrote down what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The intent's own number: unique in its ledger.
    pub intent: String,
    /// The apply that wrote it.
    pub apply: String,
    /// Whose apply that is, for people: `alice on build-7, process 4711`. Older ledgers do not tell.
    pub by: Option<String>,
    /// What it meant to do.
    pub action: Action,
    /// The rule's digest at that time ([`JobSpec::digest`](super::job::JobSpec::digest)). Older ledgers do not tell.
    pub rule: Option<String>,
    /// When it was written down (service or local time, the later).
    pub at: Timestamp,
    /// When its token was first meant to be sent: `at`, unless an intent before it was to send the same one.
    pub since: Timestamp,
    /// Until when its request may be under way; before this the subject is busy, after it the doubt can be settled.
    pub act_by: Timestamp,
}

/// One Activity Log: that of a resource group, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The subscription's id.
    pub subscription: String,
    /// The resource group's name.
    pub group: String,
}

impl LogId {
    /// Of these two.
    pub fn new(subscription: &str, group: &str) -> Self {
        Self {
            subscription: subscription.to_lowercase(),
            group: group.to_lowercase(),
        }
    }

    /// The log that tells of this resource; `None`: its id names no group.
    pub fn of(resource: &ResourceId) -> Option<Self> {
        let mut parts = resource
            .as_str()
            .split('/')
            .skip_while(|part| part.is_empty());
        let is = |part: Option<&str>, word: &str| {
            part.is_some_and(|part| part.eq_ignore_ascii_case(word))
        };
        if !is(parts.next(), "subscriptions") {
            return None;
        }
        let subscription = parts.next()?;
        if !is(parts.next(), "resourceGroups") {
            return None;
        }
        Some(Self::new(subscription, parts.next()?))
    }
}

/// What was read of one Activity Log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupLog {
    /// What was read, the earliest first.
    pub spans: Vec<LogSpan>,
    /// Regenerations by runtime, the earliest first.
    pub events: BTreeMap<ResourceId, Vec<Regeneration>>,
}

/// One reading of an Activity Log, to its last page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReading {
    /// Which log.
    pub log: LogId,
    /// What was read.
    pub span: LogSpan,
    /// Regenerations of all its runtimes in that time.
    pub events: Vec<(ResourceId, Regeneration)>,
}

impl GroupLog {
    /// Adds one reading.
    pub fn add(&mut self, reading: &LogReading) {
        add_span(&mut self.spans, reading.span);
        let mut by_runtime: BTreeMap<&ResourceId, Vec<Regeneration>> = BTreeMap::new();
        for (of, event) in &reading.events {
            // Who did it is shown while it is read, and not kept.
            by_runtime.entry(of).or_default().push(Regeneration {
                by: None,
                ..event.clone()
            });
        }
        for (of, events) in by_runtime {
            add_events(self.events.entry(of.clone()).or_default(), &events);
        }
    }
}
