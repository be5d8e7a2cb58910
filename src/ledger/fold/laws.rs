//! Laws of evidence over true stories: a runtime lives, people and afresh rotate its keys, its log is read now and then. What the ledger
//! makes of it is compared with what really was.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::ledger::testing::{at, gateway, key, rotation};
use crate::model::joint::Joint;
use crate::model::memory::{LogId, LogReading};
use crate::model::runtime::Regeneration;
use crate::model::time::Span;
use crate::model::timeline::LogSpan;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// How far back a log is read.
const REACH: i64 = 90 * DAY;

/// Something that happens at some hour.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// Somebody regenerates a key; the log tells of it so many minutes later, and perhaps of which key.
    Regenerated { slot: Slot, late: i64, told: bool },
    /// afresh does, and writes it down.
    Rotated { slot: Slot },
    /// The keys are read and written down.
    Looked,
    /// The log is read and written down.
    LogRead,
    /// A person says truly when a key was made.
    Declared { slot: Slot },
}

fn slot() -> impl Strategy<Value = Slot> {
    prop::sample::select(Slot::BOTH.to_vec())
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => (slot(), 0_i64..20, any::<bool>())
            .prop_map(|(slot, late, told)| Happening::Regenerated { slot, late, told }),
        1 => slot().prop_map(|slot| Happening::Rotated { slot }),
        3 => Just(Happening::Looked),
        3 => Just(Happening::LogRead),
        1 => slot().prop_map(|slot| Happening::Declared { slot }),
    ]
}

/// Pauses in hours, some of them long, with what happens after each.
fn story() -> impl Strategy<Value = Vec<(i64, Happening)>> {
    let pause = prop_oneof![3 => 1_i64..72, 1 => 72_i64..2400];
    vec((pause, happening()), 1..24)
}

/// The truth beside the ledger.
struct World {
    now: i64,
    /// The keys' numbers and births.
    keys: [(u8, i64); 2],
    made: u8,
    /// When, of which slot, from when on the log tells of it, and whether it tells the slot.
    log: Vec<(i64, Slot, i64, bool)>,
    fold: Fold,
    intents: usize,
}

const fn place(slot: Slot) -> usize {
    match slot {
        Slot::One => 0,
        Slot::Two => 1,
    }
}

impl World {
    fn new() -> Self {
        Self {
            now: 0,
            keys: [(1, 0), (2, 0)],
            made: 2,
            log: Vec::new(),
            fold: Fold::default(),
            intents: 0,
        }
    }

    fn remake(&mut self, slot: Slot, late: i64, told: bool) {
        self.made += 1;
        self.keys[place(slot)] = (self.made, self.now);
        self.log.push((self.now, slot, self.now + late * 60, told));
    }

    fn happen(&mut self, pause: i64, what: Happening) {
        self.now += pause * HOUR;
        match what {
            Happening::Regenerated { slot, late, told } => self.remake(slot, late, told),
            Happening::Rotated { slot } => self.rotate(slot),
            Happening::Looked => self.look(),
            Happening::LogRead => self.read_log(),
            Happening::Declared { slot } => {
                self.fold.add(&Event::Declared {
                    subject: gateway(1),
                    slot,
                    born: at(self.keys[place(slot)].1),
                    at: at(self.now),
                    by: "ada".to_owned(),
                });
            }
        }
    }

    fn rotate(&mut self, slot: Slot) {
        self.look();
        self.intents += 1;
        let intent = format!("i{}", self.intents);
        let mut intended = rotation(&intent, "a", gateway(1), self.now);
        let [one, two] = self.keys.map(|(number, _)| key(number));
        let (replacing, beside) = match slot {
            Slot::One => (one, two),
            Slot::Two => (two, one),
        };
        intended.action = Action::Regenerate {
            slot,
            replacing: crate::model::verdict::Presumed::Key(replacing),
            beside: crate::model::verdict::Presumed::Key(beside),
        };
        self.fold.add(&Event::Intended(intended));
        self.remake(slot, 5, true);
        self.fold.add(&Event::Settled {
            intent,
            how: Ending::Done(Receipt::Regenerated {
                slot,
                fingerprint: key(self.made),
                sent: at(self.now),
                answered: at(self.now + 1),
            }),
            at: at(self.now + 1),
        });
        self.now += 2;
    }

    fn look(&mut self) {
        let [one, two] = self.keys.map(|(number, _)| key(number));
        self.fold.add(&Event::Looked {
            subject: gateway(1),
            at: at(self.now),
            created: Some(at(0)),
            keys: Some(PerSlot { one, two }),
            told: PerSlot::default(),
        });
    }

    fn read_log(&mut self) {
        let Identity::Runtime(id) = gateway(1).identity else {
            panic!("a gateway is a runtime")
        };
        let (since, until) = (self.now - REACH, self.now);
        let told = |(when, slot, from, told): &(i64, Slot, i64, bool)| {
            let event = Regeneration {
                at: at(*when),
                slot: Some(*slot).filter(|_| *told),
                by: None,
            };
            (since <= *when && *from <= until).then(|| (id.clone(), event))
        };
        let reading = LogReading {
            log: LogId::of(&id).unwrap(),
            span: LogSpan {
                since: at(since),
                until: at(until),
            },
            events: self.log.iter().filter_map(told).collect(),
        };
        self.fold.add(&Event::LogRead(reading));
    }

    fn births(&self) -> Joint {
        self.fold.memory.runtime(&gateway(1).identity).births()
    }

    /// Does the ledger hold the keys that are there?
    fn is_known(&self) -> bool {
        let known = self.fold.memory.runtimes.get(&gateway(1).identity);
        Slot::BOTH.into_iter().all(|slot| {
            let held = known.and_then(|known| known.slots.get(slot).fingerprint.clone());
            held == Some(key(self.keys[place(slot)].0))
        })
    }

    /// What a person said last of a key, as the ledger has it.
    fn said(&self, slot: Slot) -> Option<Declaration> {
        let known = self.fold.memory.runtimes.get(&gateway(1).identity)?;
        known.slots.get(slot).declared
    }

    /// The stated limit: nothing happened in the minutes before the first look that a log read then would not have told yet.
    fn is_within_limits(&self, first_look: Option<i64>) -> bool {
        first_look.is_none_or(|look| {
            self.log
                .iter()
                .all(|(when, ..)| *when > look || look - *when > 20 * 60)
        })
    }
}

/// Plays a story, and gives the world and when the keys were first seen.
fn play(story: &[(i64, Happening)], mut each: impl FnMut(&World, Option<i64>)) {
    let mut world = World::new();
    let mut first_look = None;
    for (pause, what) in story {
        world.happen(*pause, *what);
        if matches!(what, Happening::Looked | Happening::Rotated { .. }) {
            first_look.get_or_insert(world.now);
        }
        each(&world, first_look);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_true_births_are_one_of_the_stories_that_are_told(story in story()) {
        play(&story, |world, first_look| {
            if !world.is_known() || !world.is_within_limits(first_look) {
                return;
            }
            let joint = world.births();
            let slack = Span::seconds(2);
            let told = joint.stories.iter().any(|story| Slot::BOTH.into_iter().all(|slot| {
                let born = at(world.keys[place(slot)].1);
                let interval = story.get(slot);
                interval.earliest.is_none_or(|earliest| earliest <= slack.after(born))
                    && interval.latest.is_none_or(|latest| slack.before(born) <= latest)
            }));
            assert!(told, "{:?} at {}: {joint:#?}", world.keys, world.now);
        });
    }

    #[test]
    fn what_was_proved_of_a_key_stays_proved_while_it_stays(story in story()) {
        let mut before: Option<([u8; 2], [Option<Declaration>; 2], Joint)> = None;
        play(&story, |world, first_look| {
            let held = Slot::BOTH.map(|slot| {
                let known = world.fold.memory.runtimes.get(&gateway(1).identity);
                known.and_then(|known| known.slots.get(slot).fingerprint.clone())
            });
            let joint = world.births();
            let numbers = world.keys.map(|(number, _)| number);
            let said = Slot::BOTH.map(|slot| world.said(slot));
            // A person's new word takes the place of the one before: what rested on that was no proof.
            let stands = |old: &[Option<Declaration>; 2]| {
                old.iter().zip(&said).all(|(old, new)| old.is_none() || old == new)
            };
            if let Some((known, words, proved)) = &before
                && *known == numbers
                && stands(words)
                && held.iter().all(Option::is_some)
                && world.is_known()
                && world.is_within_limits(first_look)
            {
                for slot in Slot::BOTH {
                    let (old, new) = (proved.births.get(slot), joint.births.get(slot));
                    assert!(old.earliest <= new.earliest, "{slot:?} {old:#?} {new:#?}");
                    let narrower = old.latest.is_none_or(|old| new.latest.is_some_and(|new| new <= old));
                    assert!(narrower, "{slot:?} {old:#?} {new:#?}");
                }
            }
            before = world.is_known().then_some((numbers, said, joint));
        });
    }
}
