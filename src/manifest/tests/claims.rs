//! Two rules that claim one subject: told once, and not where it only follows from another problem.

use super::*;

/// Two documents after [`BASE`].
fn both(first: &str, second: &str) -> Vec<String> {
    told(&format!(
        "{BASE}apiVersion: afresh/v1\n{first}---\napiVersion: afresh/v1\n{second}"
    ))
}

fn strict(document: &str) -> String {
    document.replace("name: rule", "name: strict")
}

/// The messages without their places.
fn messages(told: &[String]) -> Vec<&str> {
    told.iter()
        .map(|line| line.split_once(' ').map_or("", |(_, message)| message))
        .collect()
}

#[test]
fn a_name_that_is_claimed_in_two_ways_is_told_once() {
    let wide = key_age("maxAge: 90d").replace("[gateway-west]", "[\"gateway-*\", gateway-west]");
    let told = both(&wide, &strict(&key_age("maxAge: 30d")));
    assert_eq!(
        messages(&told),
        ["the KeyAges `rule` and `strict` both claim `gateway-west`"]
    );
    let twice = key_age("maxAge: 30d").replace("[gateway-west]", "[gateway-west, Gateway-West]");
    let told = both(&key_age("maxAge: 90d"), &strict(&twice));
    assert_eq!(
        messages(&told),
        ["the KeyAges `rule` and `strict` both claim `gateway-west`"]
    );
}

#[test]
fn a_name_that_its_own_rule_leaves_out_is_not_claimed() {
    let out = strict(&key_age("maxAge: 30d\nexclude: [gateway-west]"));
    let told = both(&key_age("maxAge: 90d"), &out);
    assert_eq!(
        messages(&told),
        ["`gateway-west` is named here and left out by `exclude`"]
    );
}

/// Somebody who copies a connection and forgets to change it has one problem, and not one for each rule.
#[test]
fn rules_of_a_connection_that_is_a_copy_are_not_compared() {
    let connection = "apiVersion: afresh/v1\nkind: DataFactory\nmetadata: {name: NAME}\nspec:\n  subscription: 12345678-1234-1234-1234-1234567890ab\n  resourceGroup: rg-data\n  factory: FACTORY\n---\n";
    let with = |name: &str, factory: &str| {
        let copy = connection.replace("NAME", name).replace("FACTORY", factory);
        let first = key_age("maxAge: 90d");
        let second = strict(&first).replace("factory: ingest", &format!("factory: {name}"));
        told(&format!(
            "{BASE}{copy}apiVersion: afresh/v1\n{first}---\napiVersion: afresh/v1\n{second}"
        ))
    };
    assert_eq!(
        messages(&with("second", "adf-ingest")),
        ["two connections to one Data Factory"]
    );
    assert_eq!(
        messages(&with("ingest", "adf-other")),
        ["two DataFactory documents are called `ingest`"]
    );
    let workspace = "apiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {name: second}\nspec: {host: adb-1.7.azuredatabricks.net}\n---\n";
    let first = job_run("job: {id: 1}\nrequire: running");
    let second = strict(&first).replace("workspace: analytics", "workspace: second");
    let told = told(&format!(
        "{BASE}{workspace}apiVersion: afresh/v1\n{first}---\napiVersion: afresh/v1\n{second}"
    ));
    assert_eq!(
        messages(&told),
        ["two connections to one Databricks workspace"]
    );
}

#[test]
fn a_job_of_a_rule_that_is_not_understood_is_not_claimed() {
    let first = job_run("job: {id: 1}\nrequire: running");
    let second = strict(&job_run(
        "job: {id: 1}\nsubmit: {tasks: [{task_key: a}]}\nrequire: succeeded",
    ));
    assert_eq!(
        messages(&both(&first, &second)),
        ["a JobRun has `job` or `submit`, not both"]
    );
    let all = job_run("job: {tags: {}}\nrequire: running");
    let told = both(&all, &strict(&all));
    assert_eq!(
        messages(&told),
        ["`tags` without a tag would select every job"; 2]
    );
}
