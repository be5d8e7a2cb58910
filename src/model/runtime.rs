//! Integration runtimes and their two keys.
//!
//! A runtime always has both keys, and a key is held as its fingerprint only.

use super::address::ResourceId;
use super::birth::Evidence;
use super::joint::Interval;
use super::memory::Doubt;
use super::time::{Span, Timestamp, Window};
use super::timeline::LogMemory;
use super::trouble::Trouble;
use super::verdict::Action;
use crate::limits::CLOCK_SKEW_MAX;

/// When a service says that it made a key is by another clock than the times of its answers. The less, the fewer keys of others are taken
/// for ours.
pub const TOLD_SLACK: Span = Span::seconds(5);

/// One of the two keys of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// `authKey1`.
    One,
    /// `authKey2`.
    Two,
}

impl Slot {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// Its name in the ledger and in plan files, whatever its service calls it ([`KeyService::key_name`]).
    ///
    /// [`KeyService::key_name`]: super::key_service::KeyService::key_name
    pub const fn on_the_wire(self) -> &'static str {
        match self {
            Self::One => "authKey1",
            Self::Two => "authKey2",
        }
    }

    /// Reads its name in the ledger and in plan files.
    pub fn from_the_wire(text: &str) -> Option<Self> {
        Self::BOTH
            .into_iter()
            .find(|slot| slot.on_the_wire() == text)
    }

    /// The other one.
    #[must_use]
    pub const fn twin(self) -> Self {
        match self {
            Self::One => Self::Two,
            Self::Two => Self::One,
        }
    }

    /// What is of this key, and what is of the other one.
    pub fn pair<T>(self, own: T, other: T) -> PerSlot<T> {
        let (one, two) = match self {
            Self::One => (own, other),
            Self::Two => (other, own),
        };
        PerSlot { one, two }
    }
}

/// One of something for each key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSlot<T> {
    /// `authKey1`'s.
    pub one: T,
    /// `authKey2`'s.
    pub two: T,
}

impl<T> PerSlot<T> {
    /// Makes one for each.
    pub fn from_fn(mut make: impl FnMut(Slot) -> T) -> Self {
        Self {
            one: make(Slot::One),
            two: make(Slot::Two),
        }
    }

    /// That of `slot`.
    pub const fn get(&self, slot: Slot) -> &T {
        match slot {
            Slot::One => &self.one,
            Slot::Two => &self.two,
        }
    }

    /// That of `slot`, to change.
    pub const fn get_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::One => &mut self.one,
            Slot::Two => &mut self.two,
        }
    }
}

/// A key's SHA-256 in lower-case hex. Its random part has 256 bits, so the hash gives nothing away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Takes 64 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            .then(|| Self(text.to_owned()))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 digits, for reading.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or_default()
    }
}

/// What is promised of a runtime's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSpec {
    /// No key gets older than this.
    pub age_max: Span,
    /// A key is due this long before that.
    pub rotate_before: Span,
    /// Least time between regenerating the two keys.
    pub overlap: Span,
    /// How an age that is not known exactly is judged.
    pub unknown_age: UnknownAge,
    /// When rotation is wanted; empty: always.
    pub windows: Vec<Window>,
    /// What happens if a limit would be broken before a window opens or a freeze ends.
    pub on_starvation: OnStarvation,
    /// Due times of different runtimes are drawn earlier by up to this much, each by its own share.
    pub jitter: Span,
}

/// How an age that is not known exactly is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownAge {
    /// By what is proved: the least age.
    #[default]
    Adopt,
    /// By the worst case: the greatest age.
    Rotate,
    /// Not at all where it makes a difference: a hold.
    Fail,
}

/// What happens if a limit would be broken before a window opens or a freeze ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStarvation {
    /// The window is kept, the limit is not.
    #[default]
    Wait,
    /// The limits of both keys are kept, the window is not; a freeze always is, so keys go before one that lasts too long.
    Rotate,
    /// A person decides.
    Fail,
}

/// What was seen of a runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSight {
    /// The service's time of the look (`Date`).
    pub at: Timestamp,
    /// Whether it has keys of its own.
    pub kind: OwnKeys,
    /// `createTime`, if the service told.
    pub created: Option<Timestamp>,
    /// Why its status, which tells that, was not shown, where the rest of the evidence has to do.
    pub status_refused: Option<Trouble>,
    /// Its keys, as fingerprints.
    pub keys: KeySight,
    /// When each key was made, where the service itself tells (`keyCreationTime` of a storage account).
    pub told: PerSlot<Option<Timestamp>>,
    /// What the Activity Log says of it.
    pub log: LogSight,
}

/// Whether a resource has keys of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnKeys {
    /// It has: a self-hosted runtime, a storage account.
    Yes,
    /// A runtime that is shared from another factory: its keys are there.
    Linked,
    /// A runtime that is managed by Azure: no keys.
    Managed,
    /// A storage account that takes none of its keys.
    Disabled,
    /// A type that this version does not know.
    Other(String),
}

/// What was seen of the two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySight {
    /// Their fingerprints.
    Shown(PerSlot<Fingerprint>),
    /// Not asked for.
    NotAsked,
    /// Asked and not answered: usually the right to list keys is missing. Then age rests on the rest of the evidence.
    Refused(Trouble),
}

/// What was seen in the Activity Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSight {
    /// All regenerations of this runtime in the time the log was read for.
    Read {
        /// The first instant it was read for.
        since: Timestamp,
        /// The last one.
        until: Timestamp,
        /// Newest first.
        events: Vec<Regeneration>,
    },
    /// Not asked for.
    NotAsked,
    /// Asked and not answered: usually the right to read the log is missing.
    Refused(Trouble),
}

/// A successful `regenerateAuthKey` in the Activity Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regeneration {
    /// When it happened.
    pub at: Timestamp,
    /// Which key, if our own request id tells; Azure does not say. Then it was afresh, with this ledger or another.
    pub slot: Option<Slot>,
    /// Who did it, if the service told; never written down.
    pub by: Option<String>,
}

impl Regeneration {
    /// The same event, whoever did it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.at == other.at && self.slot == other.slot
    }
}

/// What the ledger knows of a runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeMemory {
    /// Of each key.
    pub slots: PerSlot<SlotMemory>,
    /// When the runtime was made.
    pub created: Option<Timestamp>,
    /// Regenerations by afresh, in the order of their answers.
    pub rotations: Vec<Rotation>,
    /// Regenerations of afresh that were proved to have changed nothing.
    pub undone: Vec<Undone>,
    /// What was read of its Activity Log.
    pub log: LogMemory,
    /// From when on the log tells of it; `None`: from the beginning. Before, its keys lived under another resource id.
    pub log_from: Option<Timestamp>,
    /// The stories of both keys, if they came here together: what was known of the two of them where they lived before.
    pub home: Vec<PerSlot<Interval>>,
    /// Keys that it was seen to hold just now, and that the ledger knows from elsewhere or from earlier.
    pub recognised: PerSlot<Option<KnownKey>>,
}

/// A regeneration by afresh whose answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Which key.
    pub slot: Slot,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it was answered.
    pub answered: Timestamp,
}

/// A regeneration of afresh that was proved to have changed nothing. The Activity Log may tell of it as done all the same: the service took
/// the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The key that it was to replace.
    pub slot: Slot,
    /// When it was written down.
    pub since: Timestamp,
    /// Until when its request may have been under way.
    pub until: Timestamp,
}

impl Undone {
    /// What is proved of an intent that did not happen; `None`: it was to do something else.
    pub const fn of(doubt: &Doubt) -> Option<Self> {
        match doubt.action {
            Action::Regenerate { slot, .. } => Some(Self {
                slot,
                since: doubt.at,
                until: doubt.act_by,
            }),
            Action::Start { .. } | Action::Submit { .. } | Action::Cancel { .. } => None,
        }
    }

    /// Is an event of this time and key the one that the log has of it? Both instants are of our own clock, the event's is the service's.
    pub fn is(&self, event: &Regeneration) -> bool {
        let skew = Span::seconds(CLOCK_SKEW_MAX.as_secs());
        let about = skew.before(self.since) <= event.at && event.at <= skew.after(self.until);
        about && event.slot == Some(self.slot)
    }
}

/// A key that the ledger has met before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Which key.
    pub fingerprint: Fingerprint,
    /// Whose it was.
    pub of: ResourceId,
    /// In which slot.
    pub slot: Slot,
    /// What told of it first.
    pub evidence: Evidence,
}

impl KnownKey {
    /// What that says of a key that is seen again at `seen`.
    pub fn evidence(&self, seen: Timestamp) -> Evidence {
        let (earliest, latest) = self.evidence.bounds();
        Evidence::KnownBefore {
            earliest,
            latest: latest.unwrap_or(seen),
            seen,
        }
    }
}

impl RuntimeMemory {
    /// Is a key of it known? There may be an entry for what the log told alone.
    pub fn knows_keys(&self) -> bool {
        let is_known = |slot: Slot| self.slots.get(slot).fingerprint.is_some();
        Slot::BOTH.into_iter().any(is_known)
    }

    /// Remembers a regeneration by afresh.
    pub fn rotated(&mut self, rotation: Rotation) {
        let later = |known: &Rotation| known.answered <= rotation.answered;
        let place = self.rotations.partition_point(later);
        self.rotations.insert(place, rotation);
    }

    /// The last regeneration by afresh: which key, and when it was answered.
    pub fn last_rotation(&self) -> Option<(Slot, Timestamp)> {
        let last = self.rotations.last()?;
        Some((last.slot, last.answered))
    }
}

/// A person's word on the birth of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// When the key was made.
    pub born: Timestamp,
    /// When they said so: of the key that the slot held then.
    pub said: Timestamp,
}

/// What the ledger knows of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotMemory {
    /// The fingerprint at the last look.
    pub fingerprint: Option<Fingerprint>,
    /// When that look was.
    pub last_seen: Option<Timestamp>,
    /// What looks and rotations say of this fingerprint's birth.
    pub evidence: Option<Evidence>,
    /// From when to when it is known to have held each key before: it did not change in between.
    pub former: Vec<(Timestamp, Timestamp)>,
    /// What a person declared of the key that this slot holds, or will be seen to hold.
    pub declared: Option<Declaration>,
}

impl SlotMemory {
    /// Is its key dated by the service, or by our own rotation? No look says more than that.
    pub const fn is_dated(&self) -> bool {
        matches!(
            self.evidence,
            Some(Evidence::Told { .. } | Evidence::Rotated { .. })
        )
    }

    /// Is the key that the ledger knows the one that the service says was made at `made`, or a newer one? Times only move forward, so
    /// that an earlier one is an old answer.
    pub fn is_made(&self, made: Timestamp) -> bool {
        match self.evidence {
            Some(Evidence::Told { at }) => made <= at,
            Some(Evidence::Rotated { answered, .. }) => made <= TOLD_SLACK.after(answered),
            Some(_) | None => self.last_seen.is_some_and(|seen| made <= seen),
        }
    }

    /// Is what is known newer than a look that shows this key? A look of the second in which our rotation was answered came before it:
    /// afresh reads a key before it regenerates it.
    pub fn is_newer_than(&self, fingerprint: &Fingerprint, at: Timestamp) -> bool {
        let rotated = matches!(self.evidence, Some(Evidence::Rotated { answered, .. }) if at <= answered)
            && self.fingerprint.as_ref() != Some(fingerprint);
        rotated || self.last_seen.is_some_and(|last| at < last)
    }
}

impl RuntimeSpec {
    /// The age from which a key is due, before jitter: `maxAge - rotateBefore`.
    pub fn due_age(&self) -> Span {
        self.age_max.minus(self.rotate_before)
    }
}
