//! How many requests a large estate costs: 1,000 runtimes in ten factories of one resource group, and 1,000 jobs that run once a day.

use std::collections::BTreeMap;

use super::*;
use crate::model::runtime::PerSlot;

const FACTORIES: usize = 10;
const RUNTIMES: usize = 100;
const JOBS: usize = 1_000;
/// Of the one log: in the simulated cloud it tells of the creation of the younger half, 100 on a page.
const LOG_PAGES: usize = FACTORIES * RUNTIMES / 2 / 100;

fn estate() -> Estate {
    let runtimes: Vec<String> = (0..RUNTIMES)
        .map(|n| {
            let age = if n % 2 == 0 { "400d" } else { "20d" };
            format!("{{name: gateway-{n}, created: {age} ago}}")
        })
        .collect();
    let runtimes = runtimes.join(", ");
    let factories: Vec<String> = (0..FACTORIES)
        .map(|n| format!("{{name: adf-{n}, resourceGroup: rg, runtimes: [{runtimes}]}}"))
        .collect();
    // One after the other, all day long.
    let jobs: Vec<String> = (0..JOBS)
        .map(|n| {
            let minutes = n * 23 * 60 / JOBS;
            format!("{{id: {n}, name: job-{n}, tags: {{tier: gold}}, runs: [{{started: {}m ago, ended: {}m ago, result: SUCCESS, trigger: PERIODIC}}]}}", minutes + 2, minutes + 1)
        })
        .collect();
    let world = format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, factories: [{}]}}]\n{}",
        factories.join(", "),
        workspace(&format!("[{}]", jobs.join(", ")))
    );
    let connections = (0..FACTORIES).map(|n| {
        let rule = key_age(&format!("keys-{n}"), &format!("factory: factory-{n}, integrationRuntimes: [\"*\"], jitter: 0s"));
        format!("---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: factory-{n}}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg, factory: adf-{n}}}\n{rule}")
    });
    let job = job_run(
        "gold",
        "job: {tags: {tier: gold}}, require: succeeded, freshness: {errorAfter: 24h}",
    );
    let rules: Vec<String> = connections.chain([job]).collect();
    Estate::new(&world, &rules)
}

fn counted(estate: &mut Estate) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for kind in estate.asked() {
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

#[test]
fn a_large_estate_costs_few_requests() {
    let mut estate = estate();
    estate.keys = KeyReading::Needed;
    // The simulated cloud lists 50 runtimes on a page.
    let lists = [
        ("adf.list", FACTORIES * RUNTIMES / 50),
        ("jobs.list", JOBS / 100),
        ("runs.list-active", 1),
        // Each page brings 25 jobs.
        ("runs.list-ended", JOBS / 25),
    ];

    // At the first look nothing is proved: the age of keys is told by their runtime and one log. Only keys that may be due are listed.
    let survey = estate.survey();
    assert_eq!(survey.cases.len(), FACTORIES * RUNTIMES + JOBS);
    let first = counted(&mut estate);
    let looks = [
        ("adf.getStatus", FACTORIES * RUNTIMES),
        ("log.list", LOG_PAGES),
    ];
    let listed = [("adf.listAuthKeys", FACTORIES * RUNTIMES / 2)];
    let expected: BTreeMap<_, _> = lists.into_iter().chain(looks).chain(listed).collect();
    assert_eq!(first, expected);

    // Proved by the ledger, keys cost nothing beyond the lists.
    let keys = PerSlot {
        one: key('1'),
        two: key('1'),
    };
    for case in &survey.cases {
        if let Subject::Runtime(_) = case {
            estate.rotated_both(case, &keys);
        }
    }
    estate.survey();
    let proved = counted(&mut estate);
    assert_eq!(proved, lists.into_iter().collect());
    assert!(proved.values().sum::<usize>() <= 600);
}
