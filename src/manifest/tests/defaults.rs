//! What a rule means when it says no more than it must.

use super::*;
use crate::model::connection::{Credential, DATABRICKS_APPLICATION, SecretSource, WorkspaceHost};
use crate::model::desired::{Guardrails, JobRunWhat, JobSelector, LedgerPlace, OnExceed};
use crate::model::job::{Concurrency, Counting, JobId, Requirement, Retry, RunResult};
use crate::model::name_glob::NameGlob;
use crate::model::runtime::{OnStarvation, UnknownAge};
use crate::model::selector::Selector;
use crate::model::time::Span;

fn read_after_base(document: &str) -> Desired {
    let text = format!("{BASE}apiVersion: afresh/v1\n{document}");
    read_text(&text).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

#[test]
fn a_project_and_its_connections() {
    let desired = read_text(BASE).unwrap();
    assert_eq!(
        desired.project.ledger,
        LedgerPlace::File("folder/.afresh/ledger.jsonl".into())
    );
    assert_eq!(desired.project.guardrails, Guardrails::default());
    assert_eq!(desired.project.guardrails.on_exceed, OnExceed::Defer);
    let factory = desired.key_connections.values().next().unwrap();
    assert_eq!(
        (factory.cloud().name.as_str(), factory.credential()),
        ("public", &Credential::Default)
    );
    let workspace = desired.workspaces.values().next().unwrap();
    assert_eq!(
        workspace.host,
        WorkspaceHost::Given("adb-1.7.azuredatabricks.net".to_owned())
    );
}

#[test]
fn a_key_age() {
    let desired = read_after_base(&key_age("maxAge: 120d\nexclude: [\"*-lab\"]"));
    let rule = &desired.key_ages[0];
    assert_eq!(rule.select, [Selector::Named("gateway-west".to_owned())]);
    assert_eq!(
        rule.exclude,
        [Selector::Glob(NameGlob::parse("*-lab").unwrap())]
    );
    assert_eq!(rule.spec.age_max, Span::days(120));
    assert_eq!(
        (rule.spec.rotate_before, rule.spec.overlap, rule.spec.jitter),
        (Span::days(12), Span::hours(24), Span::ZERO)
    );
    let before = |fields: &str| {
        let desired = read_after_base(&key_age(fields));
        desired.key_ages[0].spec.rotate_before.to_string()
    };
    assert_eq!(before("maxAge: 90d"), "9d");
    assert_eq!(before("maxAge: 10d"), "2d");
    assert_eq!(before("maxAge: 90d\noverlap: 7d"), "14d");
    assert_eq!(before("maxAge: 90d\nrotateBefore: 0s"), "0s");
    assert_eq!(
        (rule.spec.unknown_age, rule.spec.on_starvation),
        (UnknownAge::Adopt, OnStarvation::Wait)
    );
    assert_eq!(rule.place.to_string(), "a.yaml:22:18");
}

/// The digests of one rule: of the attempts, and of what it asks.
fn digests(fields: &str) -> (String, String) {
    let fields = format!("require: succeeded\nfreshness: {{errorAfter: 24h}}\n{fields}");
    let desired = read_after_base(&job_run(&fields));
    match &desired.job_runs[0].what {
        JobRunWhat::Job(_, spec) => (spec.digest.clone(), spec.asks.clone()),
        JobRunWhat::Submission(_) => panic!("a job is wanted"),
    }
}

#[test]
fn attempts_are_told_apart_by_what_is_tried_and_successes_by_what_is_asked() {
    let (rule, asks) = digests("job: {id: 123}");
    let same = "job: {id: 123}\nretry: {backoff: 15m}\nacceptResults: [SUCCESS]\nmaxDuration: 3h\ncounts: sameParameters";
    assert_eq!(digests(same), (rule.clone(), asks.clone()));
    for other in [
        "job: {id: 124}",
        "job: {name: \"123\"}",
        "job: {id: 123}\nretry: {maxAttempts: 6}",
        "job: {id: 123}\nacceptResults: [SUCCESS, TIMEDOUT]",
    ] {
        let (other_rule, other_asks) = digests(other);
        assert_ne!(other_rule, rule, "{other}");
        assert_eq!(other_asks, asks, "{other}");
    }
    let (other_rule, other_asks) = digests("job: {id: 123}\nparameters: {day: x}");
    assert!(other_rule != rule && other_asks != asks);
    let any = digests("job: {id: 123}\ncounts: any").1;
    assert_ne!(any, asks);
    assert_eq!(
        any,
        digests("job: {id: 123}\ncounts: any\nparameters: {day: x}").1
    );
}

#[test]
fn a_job_run() {
    let desired = read_after_base(&job_run(
        "job: {id: 123}\nrequire: succeeded\nfreshness: {errorAfter: 24h}",
    ));
    let JobRunWhat::Job(selector, spec) = &desired.job_runs[0].what else {
        panic!("a job is wanted");
    };
    assert_eq!(*selector, JobSelector::Id(JobId(123)));
    assert_eq!(
        spec.require,
        Requirement::Succeeded {
            start_after: None,
            warn_after: None,
            error_after: Span::hours(24)
        }
    );
    assert_eq!(
        (spec.queue_max, spec.counts),
        (None, Counting::SameParameters)
    );
    assert_eq!(
        (spec.concurrency, spec.retry),
        (Concurrency::Forbid, Retry::default())
    );
    assert_eq!(
        (&spec.accept, spec.wait_max),
        (&vec![RunResult::Success], None)
    );
}

#[test]
fn a_submission_is_its_content_whatever_the_order_of_its_keys() {
    let submission = |submit: &str| {
        let desired = read_after_base(&job_run(&format!("submit: {submit}\nrequire: succeeded")));
        match desired.job_runs[0].what.clone() {
            JobRunWhat::Submission(spec) => spec,
            JobRunWhat::Job(..) => panic!("a submission is wanted"),
        }
    };
    let one =
        submission("{timeout_seconds: 60, tasks: [{task_key: a, n: 1.5, on_: [true, null]}]}");
    let two =
        submission("{tasks: [{on_: [true, null], n: 1.5, task_key: a}], timeout_seconds: 60}");
    assert_eq!(one, two);
    assert_eq!(
        one.body,
        r#"{"tasks":[{"n":1.5,"on_":[true,null],"task_key":"a"}],"timeout_seconds":60}"#
    );
    let empty = submission("{tasks: [{task_key: a}]}");
    assert_eq!(empty.body, r#"{"tasks":[{"task_key":"a"}]}"#);
    assert_eq!(
        empty.digest,
        "dfe81eb9d778d2392de51e64c38d83b1a71c425ed286bb9e6b5f65a1bae28264"
    );
}

#[test]
fn a_cloud_and_where_secrets_come_from() {
    let desired = read_after_base(
        "kind: Cloud
metadata: {name: lab}
spec: {authority: \"http://127.0.0.1:4201/\", resourceManager: \"http://127.0.0.2:4201\", databricks: {domain: \"127.0.0.1:4201\"}}
---
apiVersion: afresh/v1
kind: Credential
metadata: {name: token}
spec: {databricksToken: {token: {file: secrets/token}}}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {name: lab}
spec: {host: \"127.0.0.1:4201\", cloud: lab, credential: token}
",
    );
    let workspace = desired
        .workspaces
        .values()
        .find(|workspace| workspace.name.as_str() == "lab")
        .unwrap();
    assert_eq!(workspace.cloud.authority, "http://127.0.0.1:4201");
    assert_eq!(workspace.cloud.audience, "http://127.0.0.2:4201");
    assert_eq!(
        workspace.cloud.databricks_management,
        "http://127.0.0.2:4201"
    );
    assert_eq!(workspace.cloud.databricks_resource, DATABRICKS_APPLICATION);
    let token = SecretSource::File("folder/secrets/token".into());
    assert_eq!(workspace.credential, Credential::DatabricksToken { token });
}
