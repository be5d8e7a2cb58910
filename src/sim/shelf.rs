//! A list that knows which of its places were written, and where an entry of a name is.
//!
//! A world is changed from many places, and only what changed is written down after a request. So nothing gets at an entry for writing
//! without leaving a mark here: a change that nobody noted cannot be forgotten.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::ops::{Deref, Index, IndexMut};

use serde::{Deserialize, Serialize};

/// What an entry is looked up by. It never changes while the entry is on its shelf.
pub(crate) trait Keyed {
    fn key(&self) -> String;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Shelf<T> {
    entries: Vec<T>,
    /// Since the world was last kept.
    #[serde(skip)]
    unkept: Marks,
    /// Since it was last worked out what will happen next.
    #[serde(skip)]
    unseen: Marks,
    /// Made when the first entry is looked up.
    #[serde(skip)]
    places: OnceCell<HashMap<String, usize>>,
}

/// Which places were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// The places themselves have moved: all may be others.
    pub(crate) all: bool,
    pub(crate) places: BTreeSet<usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T> From<Vec<T>> for Shelf<T> {
    fn from(entries: Vec<T>) -> Self {
        Self {
            entries,
            unkept: Marks::default(),
            unseen: Marks::default(),
            places: OnceCell::new(),
        }
    }
}

impl<T> Deref for Shelf<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<'a, T> IntoIterator for &'a Shelf<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<T> Index<usize> for Shelf<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.entries[place]
    }
}

impl<T> IndexMut<usize> for Shelf<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        self.mark(place);
        &mut self.entries[place]
    }
}

impl<T> Shelf<T> {
    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        if place < self.entries.len() {
            self.mark(place);
        }
        self.entries.get_mut(place)
    }

    pub(crate) fn push(&mut self, entry: T) {
        self.mark(self.entries.len());
        self.entries.push(entry);
        self.places.take();
    }

    pub(crate) fn remove(&mut self, place: usize) -> T {
        self.all_move();
        self.entries.remove(place)
    }

    /// All entries, for writing.
    pub(crate) fn rewrite(&mut self) -> &mut [T] {
        self.all_move();
        &mut self.entries
    }

    /// Puts back what was written down of a place, so that nothing is new about it. The place after the last is there, too; no other.
    pub(crate) fn restore(&mut self, place: usize, entry: T) -> bool {
        self.places.take();
        let length = self.entries.len();
        match self.entries.get_mut(place) {
            Some(old) => *old = entry,
            None if place == length => self.entries.push(entry),
            None => {}
        }
        place <= length
    }

    /// What was written since this was last asked. Then all of it counts as kept.
    pub(crate) fn take_unkept(&mut self) -> Marks {
        mem::take(&mut self.unkept)
    }

    /// The same for whoever works out what will happen next.
    pub(crate) fn take_unseen(&mut self) -> Marks {
        mem::take(&mut self.unseen)
    }

    fn mark(&mut self, place: usize) {
        self.unkept.places.insert(place);
        self.unseen.places.insert(place);
    }

    fn all_move(&mut self) {
        self.unkept.all = true;
        self.unseen.all = true;
        self.places.take();
    }
}

impl<T: Keyed> Shelf<T> {
    /// Where the entry with this key is; of several the first.
    pub(crate) fn place(&self, key: &str) -> Option<usize> {
        let places = self.places.get_or_init(|| {
            let entries = self.entries.iter().enumerate().rev();
            entries.map(|(place, entry)| (entry.key(), place)).collect()
        });
        places.get(key).copied()
    }

    pub(crate) fn find(&self, key: &str) -> Option<&T> {
        self.entries.get(self.place(key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keyed for u32 {
        fn key(&self) -> String {
            self.to_string()
        }
    }

    fn taken(shelf: &mut Shelf<u32>) -> (bool, Vec<usize>) {
        let marks = shelf.take_unkept();
        (marks.all, marks.places.into_iter().collect())
    }

    #[test]
    fn whoever_writes_leaves_a_mark_and_whoever_reads_leaves_none() {
        let mut shelf = Shelf::from(vec![7, 8, 9]);
        assert_eq!(
            (shelf[1], shelf.len(), shelf.iter().max()),
            (8, 3, Some(&9))
        );
        assert_eq!(taken(&mut shelf), (false, vec![]));
        shelf[1] = 80;
        shelf.push(10);
        *shelf.get_mut(0).unwrap() = 70;
        assert!(shelf.get_mut(9).is_none());
        assert_eq!(taken(&mut shelf), (false, vec![0, 1, 3]));
        assert_eq!(taken(&mut shelf), (false, vec![]));
        assert_eq!(shelf.take_unseen().places.len(), 3);
        shelf.remove(0);
        assert!(taken(&mut shelf).0);
        shelf.rewrite()[0] = 1;
        assert!(taken(&mut shelf).0);
    }

    #[test]
    fn an_entry_is_found_by_its_key_wherever_it_has_moved() {
        let mut shelf = Shelf::from(vec![7, 8, 7]);
        assert_eq!((shelf.place("7"), shelf.place("9")), (Some(0), None));
        shelf.push(9);
        shelf.remove(0);
        assert_eq!((shelf.place("7"), shelf.place("9")), (Some(1), Some(2)));
    }

    #[test]
    fn what_is_put_back_is_not_new_and_leaves_no_hole() {
        let mut shelf = Shelf::from(vec![7]);
        assert!(shelf.restore(0, 70) && shelf.restore(1, 80));
        assert!(!shelf.restore(3, 90));
        assert_eq!(
            (shelf.to_vec(), taken(&mut shelf)),
            (vec![70, 80], (false, vec![]))
        );
    }
}
