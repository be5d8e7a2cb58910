//! What real services have said, and official examples, from `../shared/fixtures`.

use std::path::PathBuf;

use super::*;
use crate::model::job::{ActivePhase, Phase, RunResult};
use crate::model::runtime::{RuntimeKind, Slot};
use crate::model::trouble::TroubleKind;

fn fixture(path: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    assert!(
        folder.is_dir(),
        "the folder {} is absent, and the conformance tests need it",
        folder.display()
    );
    let text = std::fs::read_to_string(folder.join(path))
        .unwrap_or_else(|error| panic!("the fixture {path} cannot be read: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Answers each request with the recorded answer to the same method and last path segment.
fn recorded(path: &str) -> Arc<Fake> {
    let recording = fixture(path);
    fake(move |request, _| {
        let wanted = |exchange: &&Value| {
            let url: url::Url = exchange["request"]["url"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let last = |url: &url::Url| url.path().rsplit('/').next().unwrap().to_owned();
            exchange["request"]["method"] == request.method.as_str()
                && last(&url) == last(&request.url)
        };
        let exchanges = recording["exchanges"].as_array().unwrap();
        let response = &exchanges
            .iter()
            .find(wanted)
            .expect("an exchange like it was recorded")["response"];
        let mut headers = HeaderMap::new();
        let date = response["headers"]["date"].as_str().unwrap();
        headers.insert("date", date.parse().unwrap());
        let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        let body = response["body"].to_string().into();
        Ok(Response {
            status,
            headers,
            body,
        })
    })
}

#[tokio::test]
async fn a_recorded_factory_lists_its_runtime_and_both_keys() {
    let fake = recorded("recordings/adf-cli-2021-selfhosted-ir-authkeys.json");
    let reader = reader(&fake);
    let listed = reader.runtimes(&factory()).await.unwrap();
    assert_eq!(listed.at.to_string(), "2021-04-26T06:14:18Z");
    assert_eq!(
        (listed.said[0].name.as_str(), &listed.said[0].kind),
        ("exampleInteg000002", &RuntimeKind::SelfHosted)
    );
    let status = reader
        .runtime_status(&factory(), "exampleInteg000002")
        .await
        .unwrap()
        .said;
    assert_eq!(status.condition.as_deref(), Some("NeedRegistration"));
    let keys = reader
        .keys(&factory(), "exampleInteg000002")
        .await
        .unwrap()
        .said;
    assert_ne!(keys.one, keys.two);
    // The recorded regenerate of authKey2 came before the recorded list: both show the same key.
    let made = writer(&fake)
        .regenerate(&factory(), "exampleInteg000002", Slot::Two, Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(made.said, keys.two);
}

#[tokio::test]
async fn official_examples_of_data_factory_are_understood() {
    let example = |name: &str| {
        let body =
            fixture(&format!("azure/examples/{name}.json"))["responses"]["200"]["body"].clone();
        fake(move |_, _| ok(body.clone()))
    };
    let status = reader(&example("IntegrationRuntimes_GetStatus"))
        .runtime_status(&factory(), "x")
        .await;
    let created = status.unwrap().said.created.unwrap();
    assert_eq!(created.to_string(), "2018-06-14T09:17:45.1839685Z");
    let got = reader(&example("IntegrationRuntimes_Get"))
        .runtime(&factory(), "x")
        .await
        .unwrap();
    assert_eq!(
        (got.said.name.as_str(), got.said.kind),
        ("exampleIntegrationRuntime", RuntimeKind::SelfHosted)
    );
    let listed = reader(&example("IntegrationRuntimes_ListByFactory"))
        .runtimes(&factory())
        .await
        .unwrap();
    assert_eq!(listed.said.len(), 1);
    let made = writer(&example("IntegrationRuntimes_RegenerateAuthKey"));
    assert!(
        made.regenerate(&factory(), "x", Slot::Two, Timestamp::MAX)
            .await
            .is_ok()
    );
    let log = fixture("azure/examples/ActivityLog_List.SYNTHETIC.json")["response"].clone();
    let log = fake(move |_, _| ok(log.clone()));
    let events = reader(&log)
        .regenerations(&factory(), now(), now())
        .await
        .unwrap();
    assert_eq!(events[0].1.at.to_string(), "2026-10-01T03:04:05Z");
    assert_eq!((events.len(), events[0].1.slot), (1, None));
}

#[tokio::test]
async fn errors_seen_in_the_wild_are_told_in_their_own_words() {
    let errors = fixture("azure/recorded/arm_and_adf_errors.json");
    for error in errors["errors"].as_array().unwrap() {
        let (body, code) = (
            error["body"].clone(),
            error["status"].as_u64().unwrap_or(400),
        );
        let said = body["error"]["code"].as_str().unwrap().to_owned();
        let fake = fake(move |_, _| status(u16::try_from(code).unwrap(), body.clone()));
        let trouble = reader(&fake).runtime(&factory(), "x").await.unwrap_err();
        assert!(trouble.message.starts_with(&said), "{trouble}");
    }
    for error in fixture("databricks/errors.json").as_array().unwrap() {
        let code = u16::try_from(error["http"].as_u64().unwrap()).unwrap();
        let body = match &error["body"] {
            Value::String(html) => html.clone(),
            json => json.to_string(),
        };
        let fake = fake(move |_, _| answer(code, body.clone()));
        let trouble = reader(&fake).run(&workspace(), 1).await.unwrap_err();
        let words = error["body"]["message"]
            .as_str()
            .unwrap_or("User not authorized.");
        assert!(trouble.message.contains(words), "{trouble}");
        let missing = words.ends_with("does not exist.") || words.starts_with("Bad Target");
        assert_eq!(trouble.kind == TroubleKind::NotFound, missing, "{trouble}");
    }
}

#[tokio::test]
async fn runs_of_every_kind_of_source_are_understood() {
    let pending = Phase::Active(ActivePhase::Pending);
    for (path, wanted) in [
        ("runs_get.2.1.docs-sample.trimmed.json", pending.clone()),
        (
            "runs_get.multitask-with-repair.docs-like.json",
            pending.clone(),
        ),
        ("runs_get.with-job-parameters.docs-like.json", pending),
    ] {
        assert_eq!(
            run(fixture(&format!("databricks/{path}"))).await.phase,
            wanted,
            "{path}"
        );
    }
    let cancelled = run(fixture(
        "databricks/runs_get.canceled-by-user.docs-like.json",
    ))
    .await;
    assert!(matches!(
        cancelled.phase,
        Phase::Ended {
            result: RunResult::Canceled,
            ..
        }
    ));
    let failed = fixture("databricks/runs_get-output.2.1or2.2.real.failed-notebook.json");
    let failed = run(failed["metadata"].clone()).await;
    let at = Timestamp::from_millisecond(1_750_956_503_990).unwrap();
    assert_eq!(
        failed.phase,
        Phase::Ended {
            at: Some(at),
            result: RunResult::Failed
        }
    );
    assert_eq!(failed.id, 89_018_493_834_650);
}

async fn run(body: Value) -> Run {
    let fake = fake(move |_, _| ok(body.clone()));
    reader(&fake).run(&workspace(), 1).await.unwrap().said
}

#[tokio::test]
async fn pages_of_jobs_and_runs_are_walked_to_the_empty_token() {
    let fake = fake(|request, _| {
        let what = if request.kind == "jobs.list" {
            "jobs_list"
        } else {
            "runs_list"
        };
        let page = match query(request).get("page_token").map(String::as_str) {
            None => 1,
            Some("second") => 2,
            Some(_) => 3,
        };
        ok(fixture(&format!(
            "databricks/{what}.page{page}.synthetic.json"
        )))
    });
    let reader = reader(&fake);
    let jobs = reader.jobs(&workspace(), None).await.unwrap().said;
    assert_eq!(
        jobs.iter().map(|job| job.id).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    let runs = reader.active_runs(&workspace(), None).await.unwrap().said;
    assert_eq!(
        runs.iter().map(|(_, run)| run.id).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
}

#[tokio::test]
async fn recorded_jobs_are_understood() {
    for name in [
        "jobs_get.2.1.real",
        "jobs_get.recorded-azure-12.tf-exporter",
        "jobs_get.recorded-azure-14.tf-exporter",
    ] {
        let body = fixture(&format!("databricks/{name}.json"));
        let title = body["settings"]["name"].as_str().unwrap().to_owned();
        let fake = fake(move |_, _| ok(body.clone()));
        let job = reader(&fake).job(&workspace(), 1).await.unwrap().said;
        assert_eq!(job.name, title);
    }
    let body = fixture("databricks/jobs_list.recorded-azure.tf-exporter.json");
    let count = body["jobs"].as_array().unwrap().len();
    let fake = fake(move |_, _| ok(body.clone()));
    assert_eq!(
        reader(&fake)
            .jobs(&workspace(), None)
            .await
            .unwrap()
            .said
            .len(),
        count
    );
}
