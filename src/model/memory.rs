//! What the ledger remembers, folded into one picture: `Memory = fold(events)`.

use std::collections::BTreeMap;

use super::address::{Address, Identity, ResourceId};
use super::birth::{Evidence, Interval};
use super::job::{JobMemory, SubmissionMemory};
use super::runtime::{Fingerprint, KnownKey, PerSlot, RuntimeMemory, Slot, SlotMemory};
use super::time::Timestamp;
use super::timeline::log::LogMemory;
use super::verdict::action::Action;
use super::verdict::refusal::Refusal;

pub(super) mod doubt;
mod log;

pub use doubt::Doubt;
pub use log::{GroupLog, LogId, LogReading};

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
        let Some(id) = identity.resource() else {
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

    /// Notes where a key was met. One that a rotation of ours made may have been seen before it was known whose it is: then the rotation
    /// says more of it, and takes the place of what that look said.
    pub fn meet(&mut self, key: KnownKey) {
        let met = self.keys.entry(key.fingerprint.clone()).or_default();
        if let Some(seen) = met.iter_mut().find(|known| is_explained(known, &key)) {
            seen.evidence = key.evidence;
        } else if !met.contains(&key) {
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

/// Is `known` what a look said of the key that this rotation had made? A key that was there before is none of that rotation's.
fn is_explained(known: &KnownKey, by: &KnownKey) -> bool {
    let Evidence::Rotated { sent, .. } = by.evidence else {
        return false;
    };
    let is_its_slot = known.of == by.of && known.slot == by.slot;
    is_its_slot && known.evidence.bounds().1.is_some_and(|seen| sent <= seen)
}
