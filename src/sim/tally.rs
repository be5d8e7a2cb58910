//! Numbers by name that know which of them were set since they were last kept.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// Numbers by name. They are read as a map; whoever sets one leaves a mark, so that it is written down after the request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent, bound(deserialize = "K: Deserialize<'de> + Ord"))]
pub struct Tally<K> {
    numbers: BTreeMap<K, u64>,
    #[serde(skip)]
    unkept: BTreeSet<K>,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self {
            numbers: BTreeMap::new(),
            unkept: BTreeSet::new(),
        }
    }
}

impl<K> Deref for Tally<K> {
    type Target = BTreeMap<K, u64>;

    fn deref(&self) -> &BTreeMap<K, u64> {
        &self.numbers
    }
}

impl<'a, K> IntoIterator for &'a Tally<K> {
    type Item = (&'a K, &'a u64);
    type IntoIter = std::collections::btree_map::Iter<'a, K, u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.numbers.iter()
    }
}

/// What was kept of it makes no difference.
impl<K: PartialEq> PartialEq for Tally<K> {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl<K: Eq> Eq for Tally<K> {}

impl<K: Ord + Clone> Tally<K> {
    /// One more of these.
    pub(crate) fn count(&mut self, key: K) {
        let number = self.numbers.get(&key).copied().unwrap_or_default();
        self.set(key, number + 1);
    }

    pub(crate) fn set(&mut self, key: K, number: u64) {
        self.unkept.insert(key.clone());
        self.numbers.insert(key, number);
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, key: K, number: u64) {
        self.numbers.insert(key, number);
    }

    /// What was set since this was last asked. Then all of it counts as kept.
    pub(crate) fn take_unkept(&mut self) -> impl Iterator<Item = (K, u64)> {
        let numbers = &self.numbers;
        let keys = mem::take(&mut self.unkept).into_iter();
        keys.filter_map(|key| numbers.get(&key).map(|number| (key, *number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_told_once() {
        let mut tally = Tally::default();
        tally.count("a");
        tally.count("a");
        tally.restore("b", 7);
        assert_eq!(tally.take_unkept().collect::<Vec<_>>(), [("a", 2)]);
        assert_eq!(tally.take_unkept().count(), 0);
        assert_eq!((tally["a"], tally["b"]), (2, 7));
    }
}
