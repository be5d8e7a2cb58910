//! How the hand-offs of a resource stand, and what they ask for.
//!
//! A key that was made is handed over before the other one may be regenerated. What a vault shows counts more than what the ledger says was
//! delivered, since somebody may have changed it.

use super::ruling::{Moment, Ruling};
use crate::model::birth::Evidence;
use crate::model::hand_off::{
    Delivered, DestinationCase, DestinationSight, HandOff, Serves, TAG_PROOF, is_ours, new_version,
    proof,
};
use crate::model::memory::Doubt;
use crate::model::runtime::{Fingerprint, PerSlot, RuntimeMemory, Slot};
use crate::model::survey::RuntimeCase;
use crate::model::time::Timestamp;
use crate::model::vault::{SecretSight, SecretVersion, SecretVersions};
use crate::model::verdict::{
    Action, Cause, Gap, HandOffFacts, HandOffGap, HandOffState, HandOffStop, Hold, NonEmpty,
    Obstacle, Presumed, Receipt, Settled, SlotFacts,
};

/// The hand-offs of one resource.
pub(super) struct HandOffs<'a> {
    all: Vec<Standing<'a>>,
    serves: Serves,
    served: Slot,
}

struct Standing<'a> {
    case: &'a DestinationCase,
    facts: HandOffFacts,
    /// What is in the way of any hand-over to it.
    obstacle: Option<Obstacle>,
}

impl<'a> HandOffs<'a> {
    /// `memory` has what was found out about earlier intents.
    pub(super) fn of(
        case: &'a RuntimeCase,
        memory: &RuntimeMemory,
        slots: &PerSlot<SlotFacts>,
        now: Timestamp,
    ) -> Self {
        let served = served(case, memory, slots);
        let standing = |destination: &'a DestinationCase| {
            let slot = destination.only.unwrap_or(served);
            let look = Look {
                case,
                destination,
                key: slots.get(slot).fingerprint.as_ref(),
                record: memory.delivered.get(&destination.to),
                made: made_by_us(memory, slots, slot),
                now,
            };
            let obstacle = look.obstacle(slot);
            let state = look.state(obstacle.as_ref());
            Standing {
                case: destination,
                facts: HandOffFacts {
                    to: destination.to.clone(),
                    slot,
                    key: look.key.cloned(),
                    blocks: look.blocks(&state),
                    state,
                },
                obstacle,
            }
        };
        Self {
            all: case.destinations.iter().map(standing).collect(),
            serves: case.spec.serves,
            served,
        }
    }

    /// For the facts of the step.
    pub(super) fn facts(&self) -> Vec<HandOffFacts> {
        self.all.iter().map(|one| one.facts.clone()).collect()
    }

    /// Is this the key that consumers have? Of two that are due alike, the other one goes first.
    pub(super) fn is_served(&self, slot: Slot) -> bool {
        !self.all.is_empty() && self.served == slot
    }

    /// Since when consumers have had the key of this slot; `None`: it is handed over nowhere, or nobody knows.
    pub(super) fn served_since(&self, slot: Slot) -> Option<Timestamp> {
        let of_slot = self.all.iter().filter(|one| one.facts.slot == slot);
        let since = of_slot.filter_map(|one| match one.facts.state {
            HandOffState::Done { since, .. } => since,
            HandOffState::Due(_)
            | HandOffState::Waits { .. }
            | HandOffState::Blocked(_)
            | HandOffState::Unknown
            | HandOffState::NotOwed => None,
        });
        since.max()
    }

    /// When what was delivered will no longer count.
    pub(super) fn turns(&self) -> impl Iterator<Item = Timestamp> {
        self.all.iter().filter_map(|one| match one.facts.state {
            HandOffState::Done { until, .. } => until,
            HandOffState::Due(_)
            | HandOffState::Waits { .. }
            | HandOffState::Blocked(_)
            | HandOffState::Unknown
            | HandOffState::NotOwed => None,
        })
    }

    /// What comes before any key is regenerated; `None`: nothing.
    pub(super) fn first(&self, moment: Moment) -> Option<Ruling> {
        if !self.all.iter().any(|one| one.facts.blocks) {
            return None;
        }
        self.due(moment)
            .or_else(|| self.stopped(|one| one.facts.blocks))
    }

    /// What there is to do, or what is in the way, while no key is due; `None`: nothing.
    pub(super) fn rest(&self, moment: Moment) -> Option<Ruling> {
        self.due(moment).or_else(|| self.stopped(|_| true))
    }

    /// Why the key of `slot` may not be regenerated: it could not be handed over.
    pub(super) fn obstacle(&self, slot: Slot) -> Option<Ruling> {
        let mut all = self.all.iter().filter(|one| self.gets(one, slot));
        all.find_map(|one| {
            let why = HandOffStop::Obstacle(one.obstacle.clone()?);
            let to = one.facts.to.clone();
            Some(Ruling::hold(Hold::HandOff { slot, to, why }, None))
        })
    }

    /// What follows when the key of `slot` has been regenerated.
    pub(super) fn after(&self, slot: Slot) -> Vec<Action> {
        let all = self.all.iter().filter(|one| self.gets(one, slot));
        let all = all.filter(|one| one.facts.to.is_automatic());
        let action = |one: &Standing| Action::HandOver {
            to: one.facts.to.clone(),
            slot,
            key: Presumed::Unseen,
        };
        all.map(action).collect()
    }

    /// Does it get the key of `slot` once that is the newest?
    fn gets(&self, one: &Standing, slot: Slot) -> bool {
        match (one.case.only, self.serves) {
            (Some(only), _) | (None, Serves::Key(only)) => only == slot,
            (None, Serves::Newest) => true,
        }
    }

    fn due(&self, moment: Moment) -> Option<Ruling> {
        let mut gaps = Vec::new();
        let mut actions = Vec::new();
        for one in &self.all {
            let HandOffState::Due(gap) = &one.facts.state else {
                continue;
            };
            let (to, slot) = (one.facts.to.clone(), one.facts.slot);
            let key = one.facts.key.clone();
            gaps.push(HandOffGap {
                to: to.clone(),
                gap: gap.clone(),
            });
            let key = key.map_or(Presumed::Unseen, Presumed::Key);
            actions.push(Action::HandOver { to, slot, key });
        }
        let slot = actions.first()?.handed_over()?.1;
        let cause = Cause::HandOffDue {
            slot,
            gaps: NonEmpty::from_vec(gaps)?,
        };
        let ruling = Ruling::act(NonEmpty::from_vec(actions)?, cause, None);
        Some(ruling.unless_frozen(moment))
    }

    fn stopped(&self, among: impl Fn(&Standing) -> bool) -> Option<Ruling> {
        let all = || self.all.iter().filter(|one| among(one));
        let blocked = all().find_map(|one| match &one.facts.state {
            HandOffState::Blocked(why) => Some((one, HandOffStop::Obstacle(why.clone()))),
            HandOffState::Done { .. }
            | HandOffState::Due(_)
            | HandOffState::Waits { .. }
            | HandOffState::Unknown
            | HandOffState::NotOwed => None,
        });
        let waits = || {
            all().find_map(|one| match &one.facts.state {
                HandOffState::Waits { since } => Some((one, HandOffStop::Person { since: *since })),
                HandOffState::Done { .. }
                | HandOffState::Due(_)
                | HandOffState::Blocked(_)
                | HandOffState::Unknown
                | HandOffState::NotOwed => None,
            })
        };
        if let Some((one, why)) = blocked.or_else(waits) {
            let (slot, to) = (one.facts.slot, one.facts.to.clone());
            return Some(Ruling::hold(Hold::HandOff { slot, to, why }, None));
        }
        all()
            .any(|one| one.facts.blocks)
            .then(Ruling::not_looked_at)
    }
}

/// The key that consumers are to have: the one that was made last, as far as that is known.
fn served(case: &RuntimeCase, memory: &RuntimeMemory, slots: &PerSlot<SlotFacts>) -> Slot {
    if let Serves::Key(slot) = case.spec.serves {
        return slot;
    }
    let is_newer = |slot: &Slot| {
        let (own, twin) = (&slots.get(*slot).birth, &slots.get(slot.twin()).birth);
        let bounds = own.earliest.zip(twin.latest);
        bounds.is_some_and(|(earliest, latest)| latest < earliest)
    };
    let newer = Slot::BOTH.into_iter().find(is_newer);
    let rotated = || memory.last_rotation().map(|(slot, _)| slot);
    // Nobody can tell: what consumers have stays what they have.
    let recorded = || {
        let holds = |delivered: &&Delivered| {
            slots.get(delivered.slot).fingerprint.as_ref() == Some(&delivered.fingerprint)
        };
        let mut all = memory.delivered.values().filter(holds);
        all.next().map(|delivered| delivered.slot)
    };
    let shown = || {
        case.destinations
            .iter()
            .find_map(|one| in_vault(case, slots, one))
    };
    newer
        .or_else(rotated)
        .or_else(recorded)
        .or_else(shown)
        .unwrap_or(Slot::One)
}

/// The key that the newest version of a secret of ours holds.
fn in_vault(
    case: &RuntimeCase,
    slots: &PerSlot<SlotFacts>,
    destination: &DestinationCase,
) -> Option<Slot> {
    let versions = versions(&destination.sight)?;
    let newest = versions.newest();
    Slot::BOTH.into_iter().find(|slot| {
        let key = slots.get(*slot).fingerprint.as_ref();
        key.is_some_and(|key| holds(newest, case, key))
    })
}

fn versions(sight: &DestinationSight) -> Option<&SecretVersions> {
    match sight {
        DestinationSight::Secret(sight) => match sight.as_ref() {
            SecretSight::Versions(versions) => Some(versions),
            SecretSight::Absent | SecretSight::Deleted(_) | SecretSight::AbsentOrDeleted(_) => None,
        },
        DestinationSight::NotAsked
        | DestinationSight::Failed(_)
        | DestinationSight::Command { .. }
        | DestinationSight::Person => None,
    }
}

fn holds(version: &SecretVersion, case: &RuntimeCase, key: &Fingerprint) -> bool {
    let tag = version.tags.get(TAG_PROOF);
    tag.is_some_and(|tag| *tag == proof(&case.target.id, key))
}

/// When afresh made the key that this slot holds, if it did.
fn made_by_us(memory: &RuntimeMemory, slots: &PerSlot<SlotFacts>, slot: Slot) -> Option<Timestamp> {
    let known = memory.slots.get(slot);
    let is_held = known.fingerprint == slots.get(slot).fingerprint;
    match known.evidence {
        Some(Evidence::Rotated { answered, .. }) if is_held => Some(answered),
        Some(_) | None => None,
    }
}

/// What is known of one destination.
struct Look<'a> {
    case: &'a RuntimeCase,
    destination: &'a DestinationCase,
    /// The key that is to be there, if it is known.
    key: Option<&'a Fingerprint>,
    /// What the ledger says was delivered there last.
    record: Option<&'a Delivered>,
    /// When afresh made the key, if it did.
    made: Option<Timestamp>,
    now: Timestamp,
}

impl Look<'_> {
    /// What is in the way of any hand-over to it.
    fn obstacle(&self, slot: Slot) -> Option<Obstacle> {
        match &self.destination.sight {
            DestinationSight::Failed(trouble) => Some(Obstacle::Unread(trouble.clone())),
            DestinationSight::Command { allowed } => (!allowed).then_some(Obstacle::CommandsOff),
            DestinationSight::Secret(sight) => match sight.as_ref() {
                SecretSight::Deleted(deleted) => Some(Obstacle::Deleted {
                    purged: deleted.purged,
                }),
                SecretSight::Versions(versions) if !self.may_write(versions) => {
                    Some(Obstacle::NotOurs)
                }
                SecretSight::Versions(_)
                | SecretSight::Absent
                | SecretSight::AbsentOrDeleted(_) => {
                    let newest = versions(&self.destination.sight).map(SecretVersions::newest);
                    let version = new_version(&self.case.target.id, slot, newest);
                    version.check().err().map(Obstacle::Unfit)
                }
            },
            DestinationSight::NotAsked | DestinationSight::Person => None,
        }
    }

    /// Did we write any of them, or does the rule let it be taken over?
    fn may_write(&self, versions: &SecretVersions) -> bool {
        let adopts = match &self.destination.hand_off {
            HandOff::Vault { adopt, .. } => *adopt,
            HandOff::Command { .. } | HandOff::Person { .. } => false,
        };
        adopts
            || versions
                .iter()
                .any(|one| is_ours(one, &self.case.target.id))
    }

    fn state(&self, obstacle: Option<&Obstacle>) -> HandOffState {
        let is_recorded = self
            .record
            .is_some_and(|record| Some(&record.fingerprint) == self.key);
        let recorded = || HandOffState::Done {
            since: self.record.map(|record| record.first),
            until: None,
            is_seen: false,
        };
        // Nothing tells whether a program or a person ever handed a key over that afresh did not make.
        let is_owed = self.made.is_some() || self.record.is_some();
        match &self.destination.sight {
            DestinationSight::NotAsked
            | DestinationSight::Command { .. }
            | DestinationSight::Person
                if is_recorded =>
            {
                recorded()
            }
            DestinationSight::NotAsked => HandOffState::Unknown,
            DestinationSight::Command { .. } | DestinationSight::Person if !is_owed => {
                HandOffState::NotOwed
            }
            DestinationSight::Person => HandOffState::Waits {
                since: self.made.unwrap_or(self.now),
            },
            DestinationSight::Command { .. } | DestinationSight::Failed(_) => obstacle
                .cloned()
                .map_or(HandOffState::Due(self.gap()), HandOffState::Blocked),
            DestinationSight::Secret(_) => match obstacle {
                Some(why) => HandOffState::Blocked(why.clone()),
                None => self.in_vault(),
            },
        }
    }

    /// What is missing where nothing shows it.
    fn gap(&self) -> Gap {
        self.record.map_or(Gap::Never, |_| Gap::Another)
    }

    fn in_vault(&self) -> HandOffState {
        let Some(versions) = versions(&self.destination.sight) else {
            let gap = self.record.map_or(Gap::Never, |_| Gap::Missing);
            return HandOffState::Due(gap);
        };
        let newest = versions.newest();
        let Some(key) = self.key else {
            return if is_ours(newest, &self.case.target.id) {
                HandOffState::Unknown
            } else {
                HandOffState::Due(Gap::Another)
            };
        };
        // Of several that were made in one second nobody knows which one consumers get.
        if versions
            .may_be_newest()
            .any(|one| !holds(one, self.case, key))
        {
            return HandOffState::Due(Gap::Another);
        }
        if versions.may_be_newest().any(|one| !one.enabled) {
            return HandOffState::Due(Gap::Disabled);
        }
        let expires = versions.may_be_newest().filter_map(|one| one.expires).min();
        if let Some(at) = expires.filter(|at| *at <= self.now) {
            return HandOffState::Due(Gap::Expired { at });
        }
        let same = versions.iter().take_while(|one| holds(one, self.case, key));
        HandOffState::Done {
            since: same.last().map(|one| one.created),
            until: expires,
            is_seen: true,
        }
    }

    /// Must it be done before any key is regenerated? A destination that never had a key of ours, and is owed none, has no consumers yet.
    fn blocks(&self, state: &HandOffState) -> bool {
        let has_consumers = self.made.is_some() || self.record.is_some();
        match state {
            HandOffState::Done { .. } | HandOffState::NotOwed => false,
            HandOffState::Due(Gap::Never) | HandOffState::Unknown | HandOffState::Blocked(_) => {
                has_consumers
            }
            HandOffState::Waits { .. }
            | HandOffState::Due(
                Gap::Another | Gap::Missing | Gap::Disabled | Gap::Expired { .. },
            ) => true,
        }
    }
}

/// What became of a hand-over whose end was not recorded. `None`: nobody can tell yet.
///
/// A secret shows it. A program is run again, with the same id to repeat by; what left its rule has lapsed.
pub(super) fn settle(doubt: &Doubt, case: &RuntimeCase, now: Timestamp) -> Option<Settled> {
    let (to, slot, key) = doubt.action.handed_over()?;
    if now < doubt.act_by {
        return None;
    }
    let destination = case.destinations.iter().find(|one| one.to == *to);
    let sight = destination.map(|one| &one.sight);
    match sight {
        Some(DestinationSight::NotAsked | DestinationSight::Failed(_)) => None,
        Some(sight @ DestinationSight::Secret(_)) => {
            let newest = versions(sight).map(SecretVersions::newest);
            Some(match (newest, key) {
                (Some(newest), Presumed::Key(key)) if holds(newest, case, key) => {
                    Settled::Done(Receipt::HandedOver {
                        to: to.clone(),
                        slot,
                        fingerprint: key.clone(),
                        answered: newest.created,
                    })
                }
                _ => Settled::NotDone,
            })
        }
        Some(DestinationSight::Command { .. } | DestinationSight::Person) | None => {
            Some(Settled::NotDone)
        }
    }
}
