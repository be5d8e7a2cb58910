//! What is said and stops nothing.

use super::*;

#[test]
fn a_project_without_a_rule_says_so() {
    let manifests = read_all(BASE.trim_end_matches("---\n")).unwrap();
    assert_eq!(
        manifests.warnings.render(false),
        "warning: there is no rule: nothing is promised, and there is nothing to plan\n |\n \
         = help: write a document of `kind: KeyAge` or `kind: JobRun`\n"
    );
    assert_eq!(
        rows(&manifests.warnings)[0]["severity"].as_str(),
        Some("warning")
    );
    assert!(
        warnings_after_base(&key_age("maxAge: 90d"))
            .trim()
            .is_empty()
    );
}

#[test]
fn a_warning_stands_behind_the_errors_and_counts_for_none() {
    let document = job_run("job: {id: 1}\nrequire: succeeded\nparameters: {db_password: hunter2}");
    let told = shown_after_base(&document);
    let (error, warning) = (told.find("error: "), told.find("warning: "));
    assert!(error.is_some() && error < warning, "{told}");
}

#[test]
fn a_parameter_that_is_named_like_a_secret() {
    let succeeded = "job: {id: 1}\nrequire: succeeded\nfreshness: {errorAfter: 24h}\n";
    let warned = |parameters: &str| {
        warnings_after_base(&job_run(&format!("{succeeded}parameters: {parameters}")))
    };
    assert_eq!(
        warned("{db_password: \"hunter2-Secret\"}"),
        "\
warning: `db_password` looks like a secret in the clear
  --> a.yaml:28:29
   |
28 |   parameters: {db_password: ***
   |                             ^^^
   |
   = help: the plan file and the ledger hold this value: write `db_password: {env: AFRESH_PARAMETER_DB_PASSWORD}` and set that variable for apply, or keep it in a Databricks secret scope
"
    );
    for name in [
        "apiKey",
        "SAS",
        "client-secret",
        "storage_connection_string",
    ] {
        assert!(warned(&format!("{{{name}: x}}")).contains(name), "{name}");
    }
    for fine in [
        "{db_password: \"{{secrets/scope/key}}\"}",
        "{secret_scope: prod}",
        "{token: \"\"}",
        "{max_tokens: \"5\"}",
        "{value: \"5\"}",
    ] {
        assert_eq!(warned(fine).trim(), "", "{fine}");
    }
}

#[test]
fn allow_empty_goes_with_what_may_select_nothing() {
    let told = |document: &str| told(&format!("{BASE}apiVersion: afresh/v1\n{document}"));
    let succeeded = "require: succeeded\nfreshness: {errorAfter: 24h}\nallowEmpty: true";
    assert_eq!(
        told(&key_age("maxAge: 90d\nallowEmpty: true")),
        ["27:15 `allowEmpty` goes with globs: a runtime that is named must be there"]
    );
    assert_eq!(
        told(&job_run(&format!("job: {{id: 1}}\n{succeeded}"))),
        ["28:15 `allowEmpty` goes with `job: {tags: …}`: a job that is named must be there"]
    );
    let globs = key_age("maxAge: 90d\nallowEmpty: \"yes\"").replace("gateway-west", "\"*\"");
    assert_eq!(told(&globs), ["27:15 `allowEmpty` wants true or false"]);
    let fine = globs.replace("\"yes\"", "true");
    assert!(warnings_after_base(&fine).trim().is_empty());
    let fine = job_run(&format!("job: {{tags: {{a: b}}}}\n{succeeded}"));
    assert!(warnings_after_base(&fine).trim().is_empty());
}

#[test]
fn a_secret_in_the_body_of_a_one_time_run() {
    let submit = "submit:\n  tasks: [{task_key: t, notebook_task: {notebook_path: /n, base_parameters: {apiKey: hunter2}}}]\nrequire: succeeded";
    let told = warnings_after_base(&job_run(submit));
    assert!(told.contains("`apiKey` looks like a secret"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}
