//! What somebody writes who has read no reference, and what they are told to write instead.

use super::*;

/// The help of every problem of a document that stands after [`BASE`].
fn helps(document: &str) -> Vec<String> {
    let text = format!("{BASE}apiVersion: afresh/v1\n{document}");
    let problems = rows(&read_text(&text).expect_err("problems are wanted"));
    let problems = problems.as_array().cloned().unwrap_or_default();
    let help =
        |problem: &serde_json::Value| problem["help"].as_str().unwrap_or_default().to_owned();
    problems.iter().map(help).collect()
}

/// The help of the only problem.
fn help(document: &str) -> String {
    let helps = helps(document);
    assert_eq!(helps.len(), 1, "{document}: {helps:?}");
    helps.concat()
}

fn of_job(fields: &str) -> String {
    help(&job_run(&format!(
        "job: {{id: 1}}\nrequire: running\n{fields}"
    )))
}

/// The help of the last problem; the first is that there are two Projects.
fn of_project(fields: &str) -> String {
    let second = format!("kind: Project\nmetadata: {{name: second}}\nspec: {{{fields}}}");
    helps(&second).pop().unwrap_or_default()
}

#[test]
fn a_value_in_the_place_of_a_mapping() {
    for (fields, told) in [
        ("freshness: 24h", "write `freshness: {errorAfter: 24h}`"),
        ("freshness: 2 days", "write `freshness: {errorAfter: 2d}`"),
        ("waitFor: 2h", "write `waitFor: {end: 2h}`"),
        ("retry: 3", "write `retry: {maxAttempts: 3}`"),
        ("retry: 15m", "write `retry: {backoff: 15m}`"),
        ("suspend: true", "write `suspend: {reason: …}`"),
        (
            "suspend: moved elsewhere",
            "write `suspend: {reason: \"moved elsewhere\"}`",
        ),
        ("parameters: [day]", "write `parameters: {KEY: VALUE}`"),
    ] {
        assert_eq!(of_job(fields), told, "{fields}");
    }
    for (fields, told) in [
        (
            "ledger: \"https://a.blob.core.windows.net/c/ledger.jsonl\"",
            "write `ledger: {blob: \"https://a.blob.core.windows.net/c/ledger.jsonl\"}`",
        ),
        (
            "ledger: state/ledger.jsonl",
            "write `ledger: {file: state/ledger.jsonl}`",
        ),
        ("guardrails: {maxRuns: 1}", "write `maxRuns: {perApply: 1}`"),
        (
            "guardrails: {maxRegenerations: 5}",
            "write `maxRegenerations: {perApply: 5}`",
        ),
    ] {
        assert_eq!(of_project(fields), told, "{fields}");
    }
}

#[test]
fn a_job_without_the_way_in_which_it_is_selected() {
    for (job, told) in [
        ("nightly", "write `job: {name: nightly}`"),
        ("Load orders", "write `job: {name: \"Load orders\"}`"),
        ("123", "write `job: {id: 123}`"),
    ] {
        let document = job_run(&format!("job: {job}\nrequire: running"));
        assert_eq!(help(&document), told, "{job}");
    }
    let several = help(&job_run("job: [a, b]\nrequire: running"));
    assert!(several.contains("write a JobRun for each job"), "{several}");
}

#[test]
fn a_list_or_a_mapping_that_is_not_wanted() {
    let told = |document: &str| help(document);
    assert_eq!(
        told(&job_run("job: {id: 1}\nrequire: {running: true}")),
        "write `require: running`"
    );
    let windows = "maxAge: 90d\nwindows: {cron: \"0 2 * * 6\", timeZone: UTC, duration: 4h}";
    assert_eq!(
        told(&key_age(windows)),
        "write a list: `- ` before its first field"
    );
    let star = key_age("maxAge: 90d").replace("[gateway-west]", "\"*\"");
    assert_eq!(told(&star), "write `[\"*\"]`");
    let two = key_age("maxAge: 90d").replace("factory: ingest", "factory: [ingest, other]");
    assert!(told(&two).starts_with("write one name"), "{}", told(&two));
    let inline = "kind: DatabricksWorkspace\nmetadata: {name: other}\nspec: {host: adb-2.7.azuredatabricks.net, credential: {azureCli: {}}}";
    assert_eq!(
        told(inline),
        "write a document of `kind: Credential`, and its name here"
    );
}

#[test]
fn a_field_by_another_name_or_in_another_place() {
    let known = "job: {id: 1}\nrequire: running";
    for (field, told) in [
        ("maxRuns: 1", "`afresh explain Project.guardrails.maxRuns`"),
        ("errorAfter: 24h", "write `freshness: {errorAfter: …}`"),
        ("schedule: daily", "afresh has no schedule of its own"),
        ("jobs: [a]", "write a JobRun for each job"),
        ("overlap: 24h", "it is a field of a KeyAge"),
        ("maxDurations: 1h", "did you mean `maxDuration`?"),
    ] {
        let help = help(&job_run(&format!("{known}\n{field}")));
        assert!(help.contains(told), "{field}: {help}");
    }
    for (field, told) in [
        ("factories: [ingest]", "write a KeyAge for each"),
        ("runtimes: [a]", "write `integrationRuntimes: […]`"),
        ("accounts: [a]", "write `storageAccounts: […]`"),
        ("freezes: []", "it is a field of a Project"),
        ("cron: daily", "it belongs in `windows`"),
        ("nonsense: 1", "`afresh explain KeyAge` lists the fields"),
    ] {
        let help = help(&key_age(&format!("maxAge: 90d\n{field}")));
        assert!(help.contains(told), "{field}: {help}");
    }
}

#[test]
fn a_length_of_time_in_another_notation() {
    for (length, told) in [
        ("90 days", "90d"),
        ("P90D", "90d"),
        ("3mo", "90d"),
        ("90D", "90d"),
        ("2160 hours", "90d"),
    ] {
        let help = help(&key_age(&format!("maxAge: {length}")));
        assert!(
            help.starts_with(&format!("write `{told}`: ")),
            "{length}: {help}"
        );
    }
}

#[test]
fn an_id_in_the_place_of_a_name_and_a_name_in_the_place_of_an_id() {
    let factory = |spec: &str| {
        help(&format!(
            "kind: DataFactory\nmetadata: {{name: other}}\nspec: {{{spec}}}"
        ))
    };
    let id = "12345678-1234-1234-1234-1234567890ab";
    let named = factory("subscription: Production, resourceGroup: rg, factory: adf-x");
    assert!(named.contains("az account list"), "{named}");
    let group = format!("/subscriptions/{id}/resourceGroups/rg-data");
    let told = factory(&format!(
        "subscription: {id}, resourceGroup: {group}, factory: adf-x"
    ));
    assert!(told.ends_with("write `rg-data`"), "{told}");
    let told = factory(&format!(
        "subscription: {group}, resourceGroup: rg, factory: adf-x"
    ));
    assert_eq!(told, format!("write `{id}`"));

    let by_own_name = key_age("maxAge: 90d").replace("factory: ingest", "factory: adf-ingest");
    assert!(help(&by_own_name).ends_with("write `ingest`"));
    let accounts = key_age("maxAge: 90d")
        .replace("factory: ingest", &format!("subscription: {id}"))
        .replace(
            "integrationRuntimes: [gateway-west]",
            "storageAccounts: [lake]",
        );
    assert!(
        help(&accounts).contains(&format!("`subscription: {id}`")),
        "{}",
        help(&accounts)
    );
    for address in [
        "https://adb-1.7.azuredatabricks.net/?o=1",
        "adb-1.7.azuredatabricks.net",
    ] {
        let by_address = job_run("job: {id: 1}\nrequire: running").replace("analytics", address);
        assert!(
            help(&by_address).ends_with("write `analytics`"),
            "{address}"
        );
    }
    let elsewhere = job_run("job: {id: 1}\nrequire: running")
        .replace("analytics", "https://adb-9.7.azuredatabricks.net");
    assert!(help(&elsewhere).contains("`host: adb-9.7.azuredatabricks.net`"));
}

#[test]
fn a_date_in_the_place_of_an_instant() {
    let told = help(&key_age("maxAge: 90d\nbornAfter: 2026-11-20"));
    assert!(told.starts_with("write `2026-11-20T00:00Z`"), "{told}");
}
