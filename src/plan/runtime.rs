//! Which key of a runtime is regenerated, when, and why not.
//!
//! A plan never regenerates both keys of one runtime, nor a key while the other one may be younger than the overlap.

use sha2::{Digest, Sha256};

use super::hand_off::{self, HandOffs};
use super::lead::{self, Waiting};
use super::leak::Leak;
use super::nodes;
use super::openings::Openings;
use super::promise::{self, Judged};
use super::ruling::{Draft, Moment, Ruling, busy, doubtful, settlement};
use super::step::step;
use super::{outside, settle};
use crate::model::address::Identity;
use crate::model::birth::{Birth, Evidence};
use crate::model::hand_off::Delivered;
use crate::model::joint::{Correction, Joint};
use crate::model::promise::{BrokenPart, Promise};
use crate::model::runtime::{
    Fingerprint, KeySight, LogSight, OnStarvation, OwnKeys, PerSlot, Rotation, RuntimeMemory,
    RuntimeSight, RuntimeSpec, Slot, SlotMemory, Undone, UnknownAge,
};
use crate::model::survey::{Looked, RuntimeCase};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::{self, LogSpan, Timeline, lag};
use crate::model::verdict::{
    Action, Cause, Facts, Haste, Hold, Keep, NonEmpty, Presumed, ReadOutcome, Receipt,
    RuntimeFacts, Settled, Settlement, SlotFacts, Target, Verdict,
};

/// How far a runtime's due time is drawn earlier: its own share of `jitter`, the same at every plan, always less than `jitter`.
pub fn jitter_share(identity: &Identity, jitter: Span) -> Span {
    let digest = Sha256::digest(identity.to_string().as_bytes());
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Span::seconds(number.checked_rem(jitter.as_secs()).unwrap_or(0))
}

pub(super) fn draft(case: &RuntimeCase, moment: Moment) -> Draft {
    let opened = open(case, moment.now);
    let judge = Judge::new(case, &opened.memory, moment);
    let ruling = opened
        .blocked
        .unwrap_or_else(|| judge.rule(opened.memory.last_rotation()))
        .unless_suspended(case.suspend.as_ref(), moment);
    let judged = judge.promise(case);
    let mut step = step(&case.address, &case.rule, &ruling, &judged, moment);
    step.target = Some(Target::Runtime(case.target.clone()));
    step.facts = Facts::Runtime(Box::new(judge.facts));
    step.settlements = opened.settlements;
    Draft {
        step,
        broken_at: ruling.broken_at,
        attention: None,
        proposal_ends: None,
    }
}

/// A runtime after its open intents have been gone through.
struct Opened {
    settlements: Vec<Settlement>,
    /// As it will be once the settlements are written.
    memory: RuntimeMemory,
    blocked: Option<Ruling>,
}

fn open(case: &RuntimeCase, now: Timestamp) -> Opened {
    let mut opened = Opened {
        settlements: Vec::new(),
        memory: case.memory.clone(),
        blocked: busy(&case.doubts, now),
    };
    if opened.blocked.is_some() {
        return opened;
    }
    let sight = match &case.sight {
        Looked::Failed(trouble) => {
            opened.blocked = Some(Ruling::hold(Hold::Trouble(trouble.clone()), None));
            return opened;
        }
        Looked::NotAsked => None,
        Looked::Seen(sight) => {
            let why = sight.kind.why_none();
            opened.blocked = why.map(|why| Ruling::hold(Hold::NoKeys { why }, None));
            Some(sight)
        }
    };
    if opened.blocked.is_none() {
        settle_all(case, sight, now, &mut opened);
    }
    opened
}

/// Facts that are not believed: stronger ones exclude them, or the present time does.
fn corrected(joint: &Joint, sight: Option<&RuntimeSight>) -> Vec<Correction> {
    let ahead = |slot: Slot| {
        let at = (*sight?.told_ahead.get(slot))?;
        Some(Correction::Ahead { slot, at })
    };
    let ahead = Slot::BOTH.into_iter().filter_map(ahead);
    joint.corrected.iter().copied().chain(ahead).collect()
}

fn settle_all(
    case: &RuntimeCase,
    sight: Option<&RuntimeSight>,
    now: Timestamp,
    opened: &mut Opened,
) {
    for doubt in &case.doubts {
        let settled = sight
            .and_then(|sight| settle::runtime(doubt, sight, now))
            .or_else(|| hand_off::settle(doubt, case, now));
        if let Some(settled) = settled {
            match &settled {
                Settled::Done(receipt) => remember(&mut opened.memory, receipt),
                Settled::NotDone => opened.memory.undone.extend(Undone::of(doubt)),
                Settled::Repeat => {}
            }
            opened.settlements.push(settlement(doubt, settled));
            continue;
        }
        let foreign = sight.and_then(|sight| settle::foreign_rotation(doubt, sight, now));
        let until = Some(doubt.act_by).filter(|until| *until > now);
        opened.blocked.get_or_insert(match foreign {
            Some(slot) => Ruling::hold(Hold::ForeignRotation { slot }, None),
            None => doubtful(doubt, until),
        });
    }
}

fn remember(memory: &mut RuntimeMemory, receipt: &Receipt) {
    match receipt {
        Receipt::Regenerated {
            slot,
            fingerprint,
            sent,
            answered,
        } => {
            let former = std::mem::take(&mut memory.slots.get_mut(*slot).former);
            *memory.slots.get_mut(*slot) = SlotMemory {
                former,
                fingerprint: Some(fingerprint.clone()),
                last_seen: Some(*answered),
                evidence: Some(Evidence::Rotated {
                    sent: *sent,
                    answered: *answered,
                }),
                declared: None,
            };
            memory.rotated(Rotation {
                slot: *slot,
                sent: *sent,
                answered: *answered,
            });
        }
        Receipt::HandedOver {
            to,
            slot,
            fingerprint,
            answered,
        } => memory.deliver(to, Delivered::now(*slot, fingerprint, *answered)),
        Receipt::Started { .. } | Receipt::Cancelled { .. } => {}
    }
}

/// Is a key due?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    No,
    Yes,
    /// The evidence allows both, and `unknownAge: fail`.
    Unclear,
}

struct Judge<'a> {
    moment: Moment<'a>,
    spec: &'a RuntimeSpec,
    /// The age from which a key is due, jitter included.
    due_age: Span,
    /// When each key falls due if it is as old as it can be; `None`: at any time.
    due_at_first: PerSlot<Option<Timestamp>>,
    /// When the runtime was looked at, if it was.
    seen_at: Option<Timestamp>,
    /// When its log will tell of the last minutes before the look, if a key may have been made in them.
    log_tells_at: Option<Timestamp>,
    /// Readings of its log that are in the ledger: what they tell does not move with time.
    logged: &'a [LogSpan],
    joint: Joint,
    leak: Leak<'a>,
    facts: RuntimeFacts,
    hand_offs: HandOffs<'a>,
}

impl<'a> Judge<'a> {
    fn new(case: &'a RuntimeCase, memory: &RuntimeMemory, moment: Moment<'a>) -> Self {
        let sight = match &case.sight {
            Looked::Seen(sight) => Some(sight),
            Looked::NotAsked | Looked::Failed(_) => None,
        };
        let share = jitter_share(&case.target.identity(), case.spec.jitter);
        let due_age = case.spec.due_age().minus(share);
        let timeline = Timeline::of(memory, sight);
        let joint = timeline.births();
        let births = &joint.births;
        let limits = PerSlot::from_fn(|slot| limit_at(births.get(slot), &case.spec));
        let due = lead::due_at(&case.spec, due_age, moment.rests, &limits);
        let first = PerSlot::from_fn(|slot| {
            let earliest = births.get(slot).earliest;
            earliest.map(|earliest| case.spec.age_max.after(earliest))
        });
        let slots = PerSlot::from_fn(|slot| {
            let key = fingerprint(slot, memory, sight);
            SlotFacts {
                fingerprint: key,
                age: births.get(slot).age(moment.now),
                due_at: *due.get(slot),
                limit_at: *limits.get(slot),
                birth: births.get(slot).clone(),
            }
        });
        let hand_offs = HandOffs::of(case, memory, &slots, moment.now);
        let facts = RuntimeFacts {
            spec: case.spec.clone(),
            jitter_share: share,
            slots,
            hand_offs: hand_offs.facts(),
            read: ReadOutcome::of(&case.sight, |sight| sight.at),
            seen_at: sight
                .filter(|sight| matches!(sight.keys, KeySight::Shown(_)))
                .map(|sight| sight.at),
            created: timeline::created(memory, sight),
            told: PerSlot::from_fn(|slot| told(slot, memory, sight)),
            corrected: corrected(&joint, sight),
            outside: sight
                .map(|sight| outside::rotations(&timeline, memory, sight, &case.doubts))
                .unwrap_or_default(),
            status_refused: sight.and_then(|sight| sight.status_refused.clone()),
            keys_refused: sight.and_then(|sight| match &sight.keys {
                KeySight::Refused(trouble) => Some(trouble.clone()),
                KeySight::Shown(_) | KeySight::NotAsked => None,
            }),
            log_refused: sight.and_then(|sight| match &sight.log {
                LogSight::Refused(trouble) => Some(trouble.clone()),
                LogSight::Read { .. } | LogSight::NotAsked => None,
            }),
            nodes: nodes::facts(case.spec.nodes, memory, sight),
        };
        Self {
            moment,
            spec: &case.spec,
            due_age,
            due_at_first: lead::due_at(&case.spec, due_age, moment.rests, &first),
            seen_at: sight.map(|sight| sight.at),
            log_tells_at: sight.and_then(|sight| log_tells_at(sight, &joint)),
            logged: &case.memory.log.spans,
            joint,
            leak: Leak::of(&case.spec, moment),
            facts,
            hand_offs,
        }
    }

    fn rule(&self, last_rotation: Option<(Slot, Timestamp)>) -> Ruling {
        let ruling = if self.in_the_dark() {
            Ruling::not_looked_at()
        } else {
            let due = |slot: &Slot| self.due(*slot) == Due::Yes;
            // No earliest bound is the oldest of all; of equals the one that consumers do not have goes first, and else authKey1.
            let oldest = Slot::BOTH.into_iter().filter(due).min_by_key(|slot| {
                let is_served = self.hand_offs.is_served(*slot);
                (self.slot(*slot).birth.earliest, is_served)
            });
            let first = self.hand_offs.first(self.moment);
            first.unwrap_or_else(|| match oldest {
                Some(slot) => self.with_nodes(slot, self.rule_due(slot, last_rotation)),
                None => self
                    .hand_offs
                    .rest(self.moment)
                    .unwrap_or_else(|| self.none_due()),
            })
        };
        let turns = Slot::BOTH.iter().flat_map(|slot| self.turns(*slot));
        let either = self.joint.broken_from(self.due_age);
        let turns = turns.chain(either).chain(self.log_tells_at);
        ruling.changing(self.moment, turns.chain(self.hand_offs.turns()))
    }

    /// A runtime that has no keys of its own breaks no promise and keeps none.
    fn promise(&self, case: &RuntimeCase) -> Judged {
        match &case.sight {
            Looked::Seen(sight) if sight.kind != OwnKeys::Yes => Judged::lasting(Promise::Unproven),
            Looked::Seen(_) | Looked::NotAsked | Looked::Failed(_) => {
                let known = |slot: &Slot| self.is_known(*slot);
                let seen = self.seen_at.is_some() || Slot::BOTH.iter().all(known);
                promise::keys(case, &self.joint, seen, self.moment)
            }
        }
    }

    fn slot(&self, slot: Slot) -> &SlotFacts {
        self.facts.slots.get(slot)
    }

    /// Nobody looked, and the ledger has never seen a key that it cannot prove to be young either.
    fn in_the_dark(&self) -> bool {
        self.seen_at.is_none()
            && Slot::BOTH
                .into_iter()
                .any(|slot| !self.is_known(slot) && self.may_be_due(slot))
    }

    /// Has anybody seen the key, or is it told when it was made?
    fn is_known(&self, slot: Slot) -> bool {
        self.slot(slot).fingerprint.is_some() || self.facts.told.get(slot).is_some()
    }

    fn due(&self, slot: Slot) -> Due {
        if self.leak.may_be(self.slot(slot)) {
            return Due::Yes;
        }
        self.due_by_age(slot)
    }

    fn due_by_age(&self, slot: Slot) -> Due {
        let facts = self.slot(slot);
        let passed = |instant: Timestamp| instant <= self.moment.now;
        let proved = facts.due_at.is_some_and(passed);
        let possible = self.may_be_old(slot);
        match (self.spec.unknown_age, proved, possible) {
            (_, true, _) | (UnknownAge::Rotate, _, true) => Due::Yes,
            (UnknownAge::Fail, false, true) => Due::Unclear,
            _ => Due::No,
        }
    }

    /// The instants at which a key's answer to "is it due?" changes.
    fn turns(&self, slot: Slot) -> impl Iterator<Item = Timestamp> {
        let facts = self.slot(slot);
        let unclear = self.spec.unknown_age == UnknownAge::Fail
            || self.seen_at.is_none()
            || self.facts.keys_refused.is_some();
        let possible = self.due_at_first.get(slot).filter(|_| unclear);
        facts.due_at.into_iter().chain(possible)
    }

    fn none_due(&self) -> Ruling {
        self.out_of_sight()
            .or_else(|| self.unclear())
            .or_else(|| self.either_key())
            .unwrap_or_else(|| Ruling::keep(Keep::Young))
    }

    /// A key may be due or not, and the rule says to do nothing then.
    fn unclear(&self) -> Option<Ruling> {
        let is_unclear = |slot: &Slot| self.due(*slot) == Due::Unclear;
        let slot = Slot::BOTH.into_iter().find(is_unclear)?;
        let SlotFacts { age, due_at, .. } = self.slot(slot);
        Some(Ruling::hold(Hold::AgeUnknown { slot, age: *age }, *due_at))
    }

    /// One of the keys is due, and nobody can tell which: a person can, or lets both be rotated in turn. Told as soon as it is due, so that
    /// there is time before the limit.
    fn either_key(&self) -> Option<Ruling> {
        let limit = self.spec.age_max;
        match promise::broken(&self.joint, limit, None, self.moment) {
            Some((_, BrokenPart::EitherKey)) => {
                Some(Ruling::hold(Hold::EitherKeyTooOld { limit }, None))
            }
            Some(_) => None,
            None => {
                let due = self.joint.broken_from(self.due_age)?;
                (due <= self.moment.now).then(|| Ruling::hold(Hold::EitherKeyDue { limit }, None))
            }
        }
    }

    /// Keys may not be listed, one of them may be due, and no evidence says when it will surely be: not asking would be waiting
    /// for ever. A silent log that is not in the ledger is no such evidence, since what it covers moves along with time.
    fn out_of_sight(&self) -> Option<Ruling> {
        let refused = self.facts.keys_refused.clone()?;
        let lost = |slot: Slot| self.may_be_due(slot) && !self.is_dated(slot);
        let lost = Slot::BOTH.into_iter().any(lost);
        lost.then(|| Ruling::hold(Hold::Trouble(refused), None))
    }

    /// Does evidence say by when a key was surely made? Otherwise it may be brand new at every look. A silent log that is not in the
    /// ledger is no such evidence, since what it covers moves along with time.
    fn is_dated(&self, slot: Slot) -> bool {
        let birth = &self.slot(slot).birth;
        let bounds = |piece: &Evidence| {
            let lasts = match piece {
                Evidence::LogSilent { since, .. } => {
                    self.logged.iter().any(|span| span.since == *since)
                }
                _ => true,
            };
            lasts && piece.bounds().1 == birth.latest
        };
        birth.latest.is_some() && birth.evidence.iter().any(bounds)
    }

    fn may_be_due(&self, slot: Slot) -> bool {
        self.leak.may_be(self.slot(slot)) || self.may_be_old(slot)
    }

    fn may_be_old(&self, slot: Slot) -> bool {
        let first = self.due_at_first.get(slot);
        first.is_none_or(|first| first <= self.moment.now)
    }

    fn rule_due(&self, slot: Slot, last_rotation: Option<(Slot, Timestamp)>) -> Ruling {
        let overlap = self.spec.overlap;
        if let Some(held) = self.hand_offs.obstacle(slot) {
            return held;
        }
        if let Err(until) = self.twin_is_settled(slot, last_rotation) {
            return match (until, &self.facts.keys_refused) {
                (None, Some(refused)) => Ruling::hold(Hold::Trouble(refused.clone()), None),
                (until, _) => Ruling::hold(Hold::Overlap { slot, overlap }, until),
            };
        }
        let openings = self.leak.openings(self.slot(slot));
        if openings.is_open(self.moment.now) {
            let leaked = self
                .leak
                .act(slot, &self.facts.slots, || self.regenerate(slot));
            let ruling = leaked.unwrap_or_else(|| {
                let lead = self.spec.age_max.minus(self.due_age);
                let early = lead::early(self.slot(slot), lead, self.moment.rests, self.moment.now);
                self.act(slot, false, early)
            });
            return ruling.changing(self.moment, openings.ends(self.moment.now));
        }
        self.rule_closed(slot, openings)
    }

    /// A rotation waits for the nodes that the rule requires. No passing of time brings them.
    fn with_nodes(&self, slot: Slot, ruling: Ruling) -> Ruling {
        let require = self.spec.nodes.require;
        match (&ruling.verdict, require.unfit(&self.facts.nodes.sight)) {
            (Verdict::Act { .. }, Some(why)) => {
                Ruling::hold(Hold::Nodes { slot, require, why }, None)
                    .changing(self.moment, ruling.changes_at)
            }
            (Verdict::Act { .. } | Verdict::Keep(_) | Verdict::Hold { .. }, _) => ruling,
        }
    }

    /// Both keys serve: the twin is proved to be older than the overlap, and afresh has not touched either within it. Otherwise when that will
    /// be so; `None`: no passing of time proves it.
    fn twin_is_settled(
        &self,
        slot: Slot,
        last_rotation: Option<(Slot, Timestamp)>,
    ) -> Result<(), Option<Timestamp>> {
        let latest = self.slot(slot.twin()).birth.latest;
        let looked = self.seen_at.unwrap_or(self.moment.now);
        let proved = self.spec.overlap.after(latest.unwrap_or(looked));
        let touched = last_rotation.map(|(_, at)| at);
        let touched = touched.max(self.hand_offs.served_since(slot.twin()));
        let touched = touched.map(|at| self.spec.overlap.after(at));
        let settled_at = touched.map_or(proved, |touched| touched.max(proved));
        // Where keys are not shown, a bound that is no more than the look itself moves along with every look.
        let lasts =
            self.facts.keys_refused.is_none() || proved <= looked || self.is_dated(slot.twin());
        // Without a bound that lasts the twin may be brand new, however long ago the look was.
        let known = (latest.is_some() && lasts) || self.spec.overlap == Span::ZERO;
        if known && settled_at <= self.moment.now {
            Ok(())
        } else {
            Err(known.then_some(settled_at))
        }
    }

    /// A key that is due outside its window, or in a freeze.
    fn rule_closed(&self, slot: Slot, openings: Openings<'_>) -> Ruling {
        let waiting = Waiting {
            opens: openings.first_from(self.moment.now),
            openings,
            now: self.moment.now,
            key: self.slot(slot),
            twin: self.slot(slot.twin()),
            overlap: self.spec.overlap,
        };
        // A key that is due by `bornAfter` alone has no limit that waiting would break.
        let (starvation, breaks_limit) = match self.due_by_age(slot) {
            Due::Yes => (self.spec.on_starvation, waiting.breaks_limit()),
            Due::No | Due::Unclear => (OnStarvation::Wait, false),
        };
        let (opens_at, opens) = (waiting.opens, waiting.words());
        let freeze = self.moment.next_freeze();
        match (starvation, self.leak.frozen(self.slot(slot))) {
            (OnStarvation::Fail, _) if breaks_limit => {
                Ruling::hold(Hold::Starved { slot, opens }, opens_at)
            }
            (_, Some((reason, end))) => {
                let reason = reason.to_owned();
                Ruling::hold(Hold::Freeze { reason }, opens_at).changing(self.moment, [end])
            }
            (OnStarvation::Rotate, None) if let Some(haste) = waiting.haste() => self
                .act(slot, true, Some(haste))
                .changing(self.moment, opens_at.into_iter().chain(freeze)),
            (OnStarvation::Wait | OnStarvation::Rotate | OnStarvation::Fail, None) => {
                let why = Hold::Window {
                    slot,
                    opens: opens.unwrap_or_else(|| "never".to_owned()),
                    breaks_limit,
                };
                Ruling::hold(why, opens_at).changing(self.moment, freeze)
            }
        }
    }

    fn act(&self, slot: Slot, outside_window: bool, haste: Option<Haste>) -> Ruling {
        let facts = self.slot(slot);
        let because = Cause::KeyDue {
            slot,
            age: facts.age,
            limit: self.spec.age_max,
            outside_window,
            haste,
        };
        Ruling::act(self.regenerate(slot), because, facts.limit_at)
    }

    /// Regenerates a key, and hands it over.
    fn regenerate(&self, slot: Slot) -> NonEmpty<Action> {
        let presumed = |slot: Slot| presumed(self.slot(slot), *self.facts.told.get(slot));
        NonEmpty {
            first: Action::Regenerate {
                slot,
                replacing: presumed(slot),
                beside: presumed(slot.twin()),
            },
            rest: self.hand_offs.after(slot),
        }
    }
}

/// When a reading of the log will tell of all that a look saw; `None`: it was not read, it tells already, or no key may be so young.
fn log_tells_at(sight: &RuntimeSight, joint: &Joint) -> Option<Timestamp> {
    let LogSight::Read { since, until, .. } = sight.log else {
        return None;
    };
    let told = LogSpan { since, until }.holds_until();
    let latest = joint
        .stories
        .iter()
        .flat_map(|story| Slot::BOTH.map(|slot| story.get(slot).latest));
    let newest = latest.flatten().max().filter(|latest| told < *latest)?;
    Some(lag().after(newest.min(sight.at)))
}

/// By its fingerprint, or else by the time at which the service says that it made the key.
fn presumed(facts: &SlotFacts, told: Option<Timestamp>) -> Presumed {
    match (&facts.fingerprint, told) {
        (Some(key), _) => Presumed::Key(key.clone()),
        (None, Some(made)) => Presumed::Made(made),
        (None, None) => Presumed::Unseen,
    }
}

fn fingerprint(
    slot: Slot,
    memory: &RuntimeMemory,
    sight: Option<&RuntimeSight>,
) -> Option<Fingerprint> {
    let known = memory.slots.get(slot);
    let shown = sight.map(|sight| (&sight.keys, *sight.told.get(slot)));
    match shown {
        Some((KeySight::Shown(keys), _)) => Some(keys.get(slot).clone()),
        // Another key than the ledger has seen.
        Some((_, Some(made))) if !known.is_made(made) => None,
        Some(_) | None => known.fingerprint.clone(),
    }
}

/// When the service says that it made a key: now, or, where nobody looked, when it was asked last.
fn told(slot: Slot, memory: &RuntimeMemory, sight: Option<&RuntimeSight>) -> Option<Timestamp> {
    match (sight, memory.slots.get(slot).evidence) {
        (Some(sight), _) => *sight.told.get(slot),
        (None, Some(Evidence::Told { at })) => Some(at),
        (None, _) => None,
    }
}

/// When a key's limit is reached by the judged age; `None`: unknown.
fn limit_at(birth: &Birth, spec: &RuntimeSpec) -> Option<Timestamp> {
    let judged = match spec.unknown_age {
        UnknownAge::Rotate => birth.earliest,
        UnknownAge::Adopt | UnknownAge::Fail => birth.latest,
    };
    judged.map(|judged| spec.age_max.after(judged))
}
