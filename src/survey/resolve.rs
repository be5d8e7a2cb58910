//! From rules to subjects: which runtimes a rule selects, and that no two rules claim one subject.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::desired::KeyAgeRule;
use crate::model::selector::{Patterns, Selector};
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

impl Matcher {
    /// The matcher of one rule.
    pub fn new(rule: &KeyAgeRule) -> Self {
        Self {
            select: Patterns::of(&rule.select),
            exclude: Patterns::of(&rule.exclude),
        }
    }

    /// Does the rule select this runtime, and how?
    pub fn select(&self, name: &str) -> Option<Selected> {
        if self.exclude.take(name) {
            None
        } else if self.select.have(name) {
            Some(Selected::ByName)
        } else {
            self.select.take(name).then_some(Selected::ByGlob)
        }
    }

    /// Has the rule globs, which may select what it does not name?
    pub fn has_globs(&self) -> bool {
        !self.select.globs().is_empty()
    }

    /// The globs that select none of these runtimes.
    pub fn idle_globs(&self, names: &[&str]) -> Vec<&str> {
        if !self.has_globs() {
            return Vec::new();
        }
        let mut idle: BTreeSet<usize> = (0..self.select.globs().len()).collect();
        for name in names {
            if !idle.is_empty() && !self.exclude.take(name) {
                for index in self.select.matching_globs(name) {
                    idle.remove(&index);
                }
            }
        }
        idle.into_iter()
            .map(|index| self.select.globs()[index].as_str())
            .collect()
    }
}

/// The rules of one connection. Those that name a resource are found by its name: where each resource has a rule of its own, not all of them
/// are asked about each.
pub struct Rules<'a> {
    all: Vec<(&'a KeyAgeRule, Matcher)>,
    naming: HashMap<String, Vec<usize>>,
    with_globs: Vec<usize>,
}

impl<'a> Rules<'a> {
    /// Of these rules.
    pub fn new(rules: &[&'a KeyAgeRule]) -> Self {
        let all: Vec<_> = rules
            .iter()
            .map(|rule| (*rule, Matcher::new(rule)))
            .collect();
        let mut naming: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, (rule, _)) in all.iter().enumerate() {
            for name in named(rule) {
                let places = naming.entry(name.to_ascii_lowercase()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        let with_globs = all.iter().enumerate();
        let with_globs = with_globs.filter(|(_, (_, matcher))| matcher.has_globs());
        Self {
            with_globs: with_globs.map(|(place, _)| place).collect(),
            all,
            naming,
        }
    }

    /// Each with its matcher.
    pub fn iter(&self) -> impl Iterator<Item = &(&'a KeyAgeRule, Matcher)> {
        self.all.iter()
    }

    /// The rules that select a resource of this name, each with how it does. They are in the order of the project.
    pub fn selecting(&self, name: &str) -> Vec<(&'a KeyAgeRule, Selected)> {
        let naming = self.naming.get(&name.to_ascii_lowercase());
        let naming = naming.into_iter().flatten().copied();
        let places: BTreeSet<usize> = naming.chain(self.with_globs.iter().copied()).collect();
        let each = places.into_iter().filter_map(|place| {
            let (rule, matcher) = &self.all[place];
            Some((*rule, matcher.select(name)?))
        });
        each.collect()
    }

    /// The globs that select none of these.
    pub fn idle_globs(&self, names: &[&str]) -> Vec<(&'a KeyAgeRule, &str)> {
        let each = self.with_globs.iter().flat_map(|place| {
            let (rule, matcher) = &self.all[*place];
            matcher
                .idle_globs(names)
                .into_iter()
                .map(|glob| (*rule, glob))
        });
        each.collect()
    }
}

/// The names that a rule selects.
pub fn named(rule: &KeyAgeRule) -> impl Iterator<Item = &str> {
    rule.select.iter().filter_map(|selector| match selector {
        Selector::Named(name) => Some(name.as_str()),
        Selector::Glob(_) => None,
    })
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
