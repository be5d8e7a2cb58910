//! A pair of keys and their history: what a runtime and a storage account have in common.
//!
//! A value is never written down: it follows from the world's seed, from who has the pair, and from which making gave it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::Lie;

/// A value among those that a pair has had: the one of this slot after so many makings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) slot: usize,
    pub(crate) generation: usize,
}

/// One slot: every making of its value, the first one at the creation of what has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) makings: Vec<Making>,
}

/// One making of a key's value, and what the Activity Log will tell of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Making {
    pub(crate) at: Timestamp,
    pub(crate) caller: String,
    pub(crate) client_request: Option<String>,
    pub(crate) correlation: String,
    /// The value that it gave; absent: a new one.
    #[serde(default)]
    pub(crate) value: Option<Value>,
    /// The Activity Log tells nothing of it, at least not under this id.
    #[serde(default)]
    pub(crate) silent: bool,
}

impl Key {
    /// The value at `instant`, in slot `slot`.
    fn value(&self, slot: usize, instant: Timestamp) -> Value {
        let remade = self.makings.iter().skip(1);
        let until = || remade.clone().filter(|making| making.at <= instant);
        let last = until().max_by_key(|making| making.at);
        let generation = until().count();
        last.and_then(|making| making.value)
            .unwrap_or(Value { slot, generation })
    }

    /// When each of its values was made, the first one before all others.
    fn instants(&self) -> Vec<Timestamp> {
        let mut instants: Vec<Timestamp> = self.makings.iter().map(|making| making.at).collect();
        if let Some((_, remade)) = instants.split_first_mut() {
            remade.sort_unstable();
        }
        instants
    }
}

/// Two slots, 0 and 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pair([Key; 2]);

impl Pair {
    pub(crate) fn of(keys: [Key; 2]) -> Self {
        Self(keys)
    }

    /// Both new, by one making.
    pub(crate) fn new(made: &Making) -> Self {
        let key = || Key {
            makings: vec![made.clone()],
        };
        Self([key(), key()])
    }

    /// Which value a slot holds at `instant`.
    pub(crate) fn value(&self, slot: usize, instant: Timestamp) -> Value {
        self.0[slot].value(slot, instant)
    }

    /// The values that a slot has held until `instant`, oldest first.
    fn values(&self, slot: usize, instant: Timestamp) -> Vec<Value> {
        let makings = self.0[slot].makings.iter().map(|making| making.at);
        let mut instants: Vec<Timestamp> = makings.filter(|at| *at <= instant).collect();
        instants.sort_unstable();
        let mut values: Vec<Value> = instants
            .into_iter()
            .map(|at| self.value(slot, at))
            .collect();
        values.dedup();
        values
    }

    /// When a value was made for the first time, wherever it is now.
    pub(crate) fn made(&self, value: Value) -> Option<Timestamp> {
        self.0[value.slot].instants().get(value.generation).copied()
    }

    /// The making of both at the creation of what has them.
    pub(crate) fn creation(&self) -> Option<&Making> {
        self.0[0].makings.first()
    }

    /// Every later making, of either slot.
    pub(crate) fn remakings(&self) -> impl Iterator<Item = &Making> {
        self.0.iter().flat_map(|key| key.makings.iter().skip(1))
    }

    /// A new value in one slot, or what a lie makes of it.
    pub(crate) fn remake(&mut self, slot: usize, mut making: Making, lie: Option<Lie>) {
        if lie == Some(Lie::ChangeNothing) {
            making.value = Some(self.value(slot, making.at));
        }
        if lie == Some(Lie::ChangeBoth) {
            self.0[1 - slot].makings.push(Making {
                silent: true,
                ..making.clone()
            });
        }
        self.0[slot].makings.push(making);
    }

    /// The values of the slots change places.
    pub(crate) fn swap(&mut self, making: &Making) {
        let values = [0, 1].map(|slot| self.value(slot, making.at));
        for (slot, value) in [(0, values[1]), (1, values[0])] {
            self.0[slot].makings.push(Making {
                value: Some(value),
                ..making.clone()
            });
        }
    }

    /// A slot has its value of so many makings ago again, its first at most.
    pub(crate) fn restore(&mut self, slot: usize, back: usize, making: &Making) {
        let values = self.values(slot, making.at);
        let wanted = values.len().checked_sub(back.saturating_add(1));
        let value = wanted.and_then(|place| values.get(place)).copied();
        let value = value.or(values.first().copied()).unwrap_or(Value {
            slot,
            generation: 0,
        });
        self.0[slot].makings.push(Making {
            value: Some(value),
            ..making.clone()
        });
    }

    /// The log of what was until `at` stays under another id.
    pub(crate) fn silence(&mut self, at: Timestamp) {
        for making in self.0.iter_mut().flat_map(|key| &mut key.makings) {
            making.silent |= making.at <= at;
        }
    }

    /// Only what was until `at`.
    pub(crate) fn cut(&mut self, at: Timestamp) {
        for key in &mut self.0 {
            key.makings.retain(|making| making.at <= at);
        }
    }
}
