//! What a rule selects, and what it leaves out.

use std::collections::HashSet;

use super::name_glob::{NameGlob, NameGlobs};

/// A resource's name, or a pattern for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Exactly this one: it must exist and have keys of its own.
    Named(String),
    /// Every one that matches, also future ones.
    Glob(NameGlob),
}

/// What a rule selects, or what it leaves out: names and patterns, ready to match names.
#[derive(Debug)]
pub struct Patterns {
    names: HashSet<String>,
    globs: Vec<NameGlob>,
    set: NameGlobs,
}

impl Patterns {
    /// All of these.
    pub fn of<'a>(selectors: impl IntoIterator<Item = &'a Selector>) -> Self {
        let (mut names, mut globs) = (HashSet::new(), Vec::new());
        for selector in selectors {
            match selector {
                Selector::Named(name) => {
                    names.insert(name.to_ascii_lowercase());
                }
                Selector::Glob(glob) => globs.push(glob.clone()),
            }
        }
        let set = NameGlobs::of(&globs);
        Self { names, globs, set }
    }

    /// Is this name one of them, or does a pattern match it?
    pub fn take(&self, name: &str) -> bool {
        self.have(name) || self.set.match_any(name)
    }

    /// Is this name itself one of them?
    pub fn have(&self, name: &str) -> bool {
        self.names.contains(&name.to_ascii_lowercase())
    }

    /// The patterns among them, in order.
    pub fn globs(&self) -> &[NameGlob] {
        &self.globs
    }

    /// The indexes of the patterns that match a name, in ascending order.
    pub fn matching_globs(&self, name: &str) -> Vec<usize> {
        self.set.matches(name)
    }
}
