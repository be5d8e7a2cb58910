//! From rules to subjects: which runtimes a rule selects, and that no two rules claim one subject.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::model::desired::{KeyAgeRule, Selector};
use crate::model::survey::Subject;
use crate::model::trouble::{Trouble, TroubleKind};

/// How a rule selected a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// By its name: it must have keys of its own.
    ByName,
    /// By a glob: passed over if it has none.
    ByGlob,
}

/// A rule's selectors, ready to match names without regard to case.
pub struct Matcher {
    select: Patterns,
    exclude: Patterns,
}

/// Names and globs in lower case. Of each glob in the set, its text.
struct Patterns {
    names: HashSet<String>,
    globs: GlobSet,
    texts: Vec<String>,
}

impl Patterns {
    fn new(selectors: &[Selector]) -> Self {
        let (mut names, mut texts) = (HashSet::new(), Vec::new());
        let mut globs = GlobSetBuilder::new();
        for selector in selectors {
            match selector {
                Selector::Named(name) => {
                    names.insert(name.to_ascii_lowercase());
                }
                // The manifest admits only `*` and `?` in globs, so an error here cannot happen and would match nothing.
                Selector::Glob(text) => {
                    if let Ok(glob) = Glob::new(&text.to_ascii_lowercase()) {
                        globs.add(glob);
                        texts.push(text.clone());
                    }
                }
            }
        }
        let globs = globs.build().unwrap_or_default();
        Self {
            names,
            globs,
            texts,
        }
    }

    fn matches(&self, folded: &str) -> bool {
        self.names.contains(folded) || self.globs.is_match(folded)
    }
}

impl Matcher {
    /// The matcher of one rule.
    pub fn new(rule: &KeyAgeRule) -> Self {
        Self {
            select: Patterns::new(&rule.select),
            exclude: Patterns::new(&rule.exclude),
        }
    }

    /// Does the rule select this runtime, and how?
    pub fn select(&self, name: &str) -> Option<Selected> {
        let folded = name.to_ascii_lowercase();
        if self.exclude.matches(&folded) {
            None
        } else if self.select.names.contains(&folded) {
            Some(Selected::ByName)
        } else {
            self.select
                .globs
                .is_match(&folded)
                .then_some(Selected::ByGlob)
        }
    }

    /// The globs that select none of these runtimes.
    pub fn idle_globs(&self, names: &[&str]) -> Vec<&str> {
        let mut idle: BTreeSet<usize> = (0..self.select.texts.len()).collect();
        for name in names {
            let folded = name.to_ascii_lowercase();
            if !idle.is_empty() && !self.exclude.matches(&folded) {
                for index in self.select.globs.matches(&folded) {
                    idle.remove(&index);
                }
            }
        }
        idle.into_iter()
            .map(|index| self.select.texts[index].as_str())
            .collect()
    }
}

/// Turns every subject that two rules claim into trouble that names both, and likewise two subjects that people would call the same.
pub fn one_rule_each(cases: &mut Vec<Subject>) {
    merge(
        cases,
        Subject::identity,
        |_| "two rules claim it: {claimants}; leave it out of one of them",
    );
    merge(
        cases,
        |case| case.identity().map(|_| case.address().clone()),
        |rules| {
            if rules == 1 {
                "{claimants} selects several of this name; give each its own name, or select them by id"
            } else {
                "two rules have this address: {claimants}; rename one of them"
            }
        },
    );
}

/// Makes one trouble of all cases with one key. `sentence` is told how many rules there are.
fn merge<K: Ord>(
    cases: &mut Vec<Subject>,
    key: impl Fn(&Subject) -> Option<K>,
    sentence: impl Fn(usize) -> &'static str,
) {
    let mut claims: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        if let Some(key) = key(case) {
            claims.entry(key).or_default().push(index);
        }
    }
    let mut doomed: BTreeSet<usize> = BTreeSet::new();
    for indices in claims.values().filter(|indices| indices.len() > 1) {
        let mut claimants: Vec<String> = indices
            .iter()
            .filter_map(|&index| claimant(&cases[index]))
            .collect();
        claimants.dedup();
        let message = sentence(claimants.len()).replace("{claimants}", &claimants.join(" and "));
        cases[indices[0]] = collision(&cases[indices[0]], message);
        doomed.extend(&indices[1..]);
    }
    let mut index = 0;
    cases.retain(|_| {
        index += 1;
        !doomed.contains(&(index - 1))
    });
}

fn claimant(subject: &Subject) -> Option<String> {
    Some(format!("{} ({})", subject.rule(), subject.place()?))
}

fn collision(subject: &Subject, message: String) -> Subject {
    Subject::Unresolved {
        address: subject.address().clone(),
        rule: subject.rule().clone(),
        trouble: misfit("tell which rule it follows", message),
    }
}

/// Trouble that lies in the rules and names, not in the service.
pub fn misfit(doing: &str, message: String) -> Trouble {
    Trouble {
        kind: TroubleKind::Misfit,
        doing: doing.to_owned(),
        message,
        ids: Box::default(),
    }
}

/// Trouble of a subject that `--refresh none` leaves unseen.
pub fn not_looked_at() -> Trouble {
    Trouble {
        kind: TroubleKind::Unexpected,
        doing: "judge it from the ledger alone".to_owned(),
        message: "not read (--refresh none), and the ledger does not know it".to_owned(),
        ids: Box::default(),
    }
}
