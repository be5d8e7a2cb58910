//! Which names a rule selects, and that no two rules claim one subject.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::desired::KeyAgeRule;
use crate::model::name_glob::NameGlob;
use crate::model::selector::Selector;
use crate::survey::resolve::{Matcher, Selected};
use crate::survey::selects;

const NAMES: [&str; 6] = ["a", "A", "ab", "aB", "b", "abc"];
const GLOBS: [&str; 6] = ["*", "a*", "A?", "?", "*b*", "x*"];

fn selector() -> impl Strategy<Value = Selector> {
    prop_oneof![
        select(&NAMES[..]).prop_map(|name| Selector::Named(name.to_owned())),
        select(&GLOBS[..]).prop_map(|glob| Selector::Glob(NameGlob::parse(glob).unwrap())),
    ]
}

fn rule(selectors: Vec<Selector>, exclude: Vec<Selector>) -> KeyAgeRule {
    let of = key_age("r", "factory: ingest, integrationRuntimes: [west]");
    KeyAgeRule {
        select: selectors,
        exclude,
        ..desired(&[of]).key_ages.remove(0)
    }
}

/// Does this one selector take this name? Written out, `*` and `?` by hand.
fn takes(selector: &Selector, name: &str) -> bool {
    fn matches(glob: &[u8], name: &[u8]) -> bool {
        match (glob.split_first(), name.split_first()) {
            (None, _) => name.is_empty(),
            (Some((b'*', rest)), _) => {
                matches(rest, name) || !name.is_empty() && matches(glob, &name[1..])
            }
            (Some((b'?', rest)), Some((_, name))) => matches(rest, name),
            (Some((letter, rest)), Some((first, name))) => letter == first && matches(rest, name),
            (Some(_), None) => false,
        }
    }
    let name = name.to_lowercase();
    match selector {
        Selector::Named(named) => named.to_lowercase() == name,
        Selector::Glob(glob) => matches(glob.as_str().to_lowercase().as_bytes(), name.as_bytes()),
    }
}

proptest! {
    /// What is excluded is not selected, not even by its name; a name says more than a glob; case says nothing.
    #[test]
    fn exclude_wins_over_names_and_names_over_globs(
        chosen in vec(selector(), 0..4),
        exclude in vec(selector(), 0..3),
        name in select(&NAMES[..]),
    ) {
        let of = rule(chosen.clone(), exclude.clone());
        let named = |one: &&Selector| matches!(one, Selector::Named(_));
        let expected = if exclude.iter().any(|one| takes(one, name)) {
            None
        } else if chosen.iter().filter(named).any(|one| takes(one, name)) {
            Some(Selected::ByName)
        } else {
            chosen.iter().any(|one| takes(one, name)).then_some(Selected::ByGlob)
        };
        prop_assert_eq!(Matcher::new(&of).select(name), expected);
        prop_assert_eq!(selects(&of, name), expected.is_some());
    }

    /// A glob is idle if it selects none of the names by itself; names that are excluded keep none busy.
    #[test]
    fn a_glob_is_idle_if_it_selects_nothing(
        chosen in vec(selector(), 0..5),
        exclude in vec(selector(), 0..2),
        names in vec(select(&NAMES[..]), 0..3),
    ) {
        let of = rule(chosen.clone(), exclude.clone());
        let left = names.iter().filter(|name| !exclude.iter().any(|one| takes(one, name)));
        let left: Vec<&&str> = left.collect();
        let idle = chosen.iter().filter_map(|one| match one {
            Selector::Glob(glob) if !left.iter().any(|name| takes(one, name)) => Some(glob.as_str()),
            Selector::Glob(_) | Selector::Named(_) => None,
        });
        let matcher = Matcher::new(&of);
        prop_assert_eq!(matcher.idle_globs(&names), idle.collect::<Vec<_>>());
    }
}

#[test]
fn what_two_rules_claim_follows_neither_and_both_are_named() {
    let world = factory("[{name: east, created: 20d ago}, {name: west, created: 20d ago}]");
    let all = key_age("all", "factory: ingest, integrationRuntimes: [\"*\"]");
    let west = key_age("one", "factory: ingest, integrationRuntimes: [\"W*\"]");
    let survey = Estate::new(&world, &[all, west]).survey();
    assert_eq!(addresses(&survey), ["ingest/east", "ingest/west"]);
    runtime(&survey, "ingest/east");
    let Subject::Unresolved { trouble, .. } = subject(&survey, "ingest/west") else {
        panic!("two rules claim it")
    };
    assert_eq!(trouble.kind, TroubleKind::Misfit);
    let message = &trouble.message;
    assert!(
        message.contains("all (<stdin>:") && message.contains("and one (<stdin>:"),
        "{message}"
    );
}

#[test]
fn two_jobs_that_people_would_call_the_same_are_not_told_apart_by_chance() {
    let world = workspace(
        "[{id: 1, name: load, tags: {tier: gold}}, {id: 2, name: load, tags: {tier: gold}}, {id: 3, name: other, tags: {tier: gold}}]",
    );
    let gold = job_run("gold", "job: {tags: {tier: gold}}, require: notRunning");
    let survey = Estate::new(&world, &[gold]).survey();
    assert_eq!(addresses(&survey), ["analytics/load", "analytics/other"]);
    let said = &trouble(&survey, "analytics/load").message;
    assert!(said.contains("selects several of this name"), "{said}");
    job(&survey, "analytics/other");
}

/// What two globs pass over is said once, and in the order of addresses.
#[test]
fn what_is_passed_over_is_told_once_and_in_order() {
    let world = factory(
        "[{name: west, created: 20d ago}, {name: cloud, type: Managed}, {name: azure, type: Managed}]",
    );
    let rules = ["a*", "c*"].map(|glob| {
        let fields = format!("factory: ingest, integrationRuntimes: [\"*\", \"{glob}\"]");
        key_age(if glob == "a*" { "first" } else { "second" }, &fields)
    });
    let mut estate = Estate::new(&world, &rules);
    let survey = estate.survey();
    let told = |survey| -> Vec<String> { skipped(survey).into_iter().map(|(of, _)| of).collect() };
    assert_eq!(told(&survey), ["ingest/azure", "ingest/cloud"]);
    estate.targets = vec![address("ingest/cloud")];
    assert_eq!(told(&estate.survey()), ["ingest/cloud"]);
}
