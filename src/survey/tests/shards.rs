//! What the workers of several shards read, and that nothing falls between them.

use std::collections::BTreeSet;

use super::*;
use crate::model::shard::Shard;
use crate::model::survey::Survey;

const COUNT: u32 = 3;

fn shards() -> impl Iterator<Item = Shard> {
    (1..=COUNT).map(|number| Shard::new(number, COUNT).unwrap())
}

/// Of each kind some: named and by glob, jobs by name, id and tags, and one-time runs.
fn mixed() -> Estate {
    let runtimes: Vec<String> = (0..12)
        .map(|n| format!("{{name: gateway-{n}, created: 400d ago}}"))
        .collect();
    let jobs: Vec<String> = (1..10)
        .map(|n| format!("{{id: {n}, name: job-{n}, tags: {{tier: gold}}}}"))
        .collect();
    let world = factory(&format!("[{}]", runtimes.join(", ")))
        + &workspace(&format!("[{}]", jobs.join(", ")));
    let rules = [
        key_age(
            "all",
            "factory: ingest, integrationRuntimes: [\"gateway-*\"], exclude: [gateway-1]",
        ),
        key_age("one", "factory: ingest, integrationRuntimes: [gateway-1]"),
        job_run("gold", "job: {tags: {tier: gold}}, require: notRunning"),
    ];
    Estate::new(&world, &rules)
}

fn names(survey: &Survey) -> BTreeSet<String> {
    addresses(survey).into_iter().collect()
}

#[test]
fn each_subject_is_looked_at_by_one_worker() {
    let mut estate = mixed();
    let whole = names(&estate.survey());
    let of_whole = count(&estate.asked(), "adf.listAuthKeys");
    let (mut union, mut looked) = (BTreeSet::new(), 0);
    for shard in shards() {
        let survey = estate.survey_of(Some(shard));
        let part = survey.part.unwrap();
        let own = names(&survey);
        assert!(
            !own.is_empty() && own.len() < whole.len(),
            "{shard}: {own:?}"
        );
        assert_eq!(own.len() + part.left_out, whole.len());
        let listed = count(&estate.asked(), "adf.listAuthKeys");
        let runtimes = own.iter().filter(|name| name.starts_with("ingest/"));
        assert_eq!(listed, runtimes.count());
        looked += listed;
        assert!(own.is_disjoint(&union));
        union.extend(own);
    }
    assert_eq!(union, whole);
    assert_eq!((looked, of_whole), (12, 12));
}

fn count(asked: &[&str], kind: &str) -> usize {
    asked.iter().filter(|one| **one == kind).count()
}

/// Two workers must not write one secret, though neither looks at the other's runtime.
#[test]
fn a_secret_that_keys_of_two_shards_would_go_to_is_noticed() {
    let names = (0..9).flat_map(|n| [format!("a-b-{n}"), format!("b-{n}")]);
    let runtimes: Vec<String> = names
        .map(|name| format!("{{name: {name}, created: 400d ago}}"))
        .collect();
    let rule = |name: &str, secret: &str| {
        let hand_off = format!("handOff: [{{keyVault: {{vault: kv-data, secret: \"{secret}\"}}}}]");
        key_age(
            name,
            &format!("factory: ingest, integrationRuntimes: [\"{name}-*\"], {hand_off}"),
        )
    };
    let rules = [rule("a", "x-{runtime}"), rule("b", "x-a-{runtime}")];
    let estate = Estate::new(&factory(&format!("[{}]", runtimes.join(", "))), &rules);
    let troubled = |survey: &Survey| -> BTreeSet<String> {
        let failed = |case: &&Subject| {
            case.runtime().is_some_and(|case| matches!(&case.sight, Looked::Failed(why) if why.kind == TroubleKind::Misfit))
        };
        let failed = survey.cases.iter().filter(failed);
        failed.map(|case| case.address().to_string()).collect()
    };
    let whole = troubled(&estate.survey());
    assert_eq!(whole.len(), 9);
    let parts = shards().map(|shard| troubled(&estate.survey_of(Some(shard))));
    assert_eq!(parts.flatten().collect::<BTreeSet<_>>(), whole);
}

/// One job of two has the name that a rule gives: both workers hold it, whichever of the two jobs is theirs.
#[test]
fn two_jobs_of_one_address_are_a_trouble_for_every_worker() {
    let world = workspace(
        "[{id: 1, name: load, tags: {tier: gold}}, {id: 2, name: load, tags: {tier: gold}}]",
    );
    let rule = job_run("gold", "job: {tags: {tier: gold}}, require: notRunning");
    let estate = Estate::new(&world, &[rule]);
    for shard in [None].into_iter().chain(shards().map(Some)) {
        let survey = estate.survey_of(shard);
        assert_eq!(addresses(&survey), ["analytics/load"], "{shard:?}");
        assert_eq!(trouble(&survey, "analytics/load").kind, TroubleKind::Misfit);
    }
}

/// A list that fails leaves open what it would have shown, whichever worker reads it.
#[test]
fn what_could_not_be_listed_is_in_every_shard() {
    let world = factory("[]");
    let rule = key_age(
        "all",
        "factory: ingest, integrationRuntimes: [\"gateway-*\"]",
    );
    let estate = Estate::new(&world, &[rule]);
    for shard in shards() {
        assert_eq!(
            addresses(&estate.survey_of(Some(shard))),
            ["ingest/gateway-*"]
        );
    }
}
