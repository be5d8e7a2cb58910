//! Checks `docs/servers.md`, which says what fields afresh needs and what degrades without them, against what the client really does.
//!
//! Every field that is read must be listed there, every listed field must be read, and whether it is needed must be right.

use super::*;
use crate::model::job::{JobId, RunId};
use crate::model::vault::SecretSight;

const PAGE: &str = include_str!("../../../docs/servers.md");

/// The rows of a section: field, and whether it is told to be needed.
fn told(section: &str) -> BTreeMap<String, bool> {
    let (_, rest) = PAGE
        .split_once(&format!("\n## {section}\n"))
        .unwrap_or_else(|| panic!("docs/servers.md has no section {section}"));
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (field, rest) = row.split_once("` | ").unwrap();
        (field.to_owned(), rest.starts_with("**needed**"))
    })
    .collect()
}

/// The body with something else in the field at this place.
fn with(body: &Value, field: &str, odd: &Value) -> Value {
    let mut body = body.clone();
    let (here, last) = holder(&mut body, field);
    match last.strip_suffix("[]") {
        Some(entries) => here[entries][0] = odd.clone(),
        None => here[last] = odd.clone(),
    }
    body
}

/// The body without the field at this place.
fn without(body: &Value, field: &str) -> Value {
    let mut body = body.clone();
    let (here, last) = holder(&mut body, field);
    let removed = here
        .as_object_mut()
        .and_then(|object| object.shift_remove(last));
    assert!(
        removed.is_some(),
        "{field} is not in the body to begin with"
    );
    body
}

/// The object that holds a field, and what it calls it.
fn holder<'a>(body: &'a mut Value, field: &'a str) -> (&'a mut Value, &'a str) {
    let mut here = body;
    let (holders, last) = field
        .rsplit_once('.')
        .map_or((None, field), |(holders, last)| (Some(holders), last));
    for step in holders.into_iter().flat_map(|holders| holders.split('.')) {
        let name = step.strip_suffix("[]").unwrap_or(step);
        here = &mut here[name];
        if step.ends_with("[]") {
            here = &mut here[0];
        }
    }
    (here, last)
}

fn run() -> Value {
    let details = json!({"code": "SUCCESS", "message": "m"});
    json!({
        "run_id": 1, "job_id": 1, "run_name": "n [afresh 0000000000000000]", "run_page_url": "https://x", "start_time": 1000, "end_time": 2000, "run_duration": 1000, "task_key": "main", "next_page_token": "", "has_more": false, "trigger": "ONE_TIME", "tasks": [],
        "job_parameters": [{"name": "day", "default": "x", "value": "y"}], "overriding_parameters": {"notebook_params": {"a": "b"}}, "only": ["main"],
        "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": "m"},
        "status": {"state": "TERMINATED", "termination_details": details, "queue_details": details},
    })
}

fn job() -> Value {
    let schedule = json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"});
    let trigger = json!({"periodic": {"interval": 1, "unit": "DAYS"}, "pause_status": "PAUSED"});
    json!({"job_id": 1, "settings": {
        "name": "n", "tags": {"a": "b"}, "max_concurrent_runs": 1, "continuous": {"pause_status": "PAUSED"},
        "schedule": schedule, "trigger": trigger, "parameters": [{"name": "day", "default": "x"}], "tasks": [{"task_key": "main"}],
    }})
}

fn event() -> Value {
    let action = "Microsoft.DataFactory/factories/integrationRuntimes/regenerateAuthKey/action";
    json!({
        "eventTimestamp": "2026-11-01T00:00:00Z", "resourceId": "/x", "operationName": {"value": action}, "status": {"value": "Succeeded"},
        "authorization": {"action": action, "scope": "/x"}, "httpRequest": {"clientRequestId": "x"}, "caller": "ada@example.com",
    })
}

fn account() -> Value {
    let times = json!({"key1": "2026-01-01T00:00:00Z", "key2": "2026-01-01T00:00:00Z"});
    json!({"id": ACCOUNT, "name": "lakeraw", "tags": {"a": "b"}, "properties": {
        "creationTime": "2026-01-01T00:00:00Z", "keyCreationTime": times, "allowSharedKeyAccess": true,
    }})
}

fn account_keys() -> Value {
    json!({"keys": [{"keyName": "key1", "value": "one"}, {"keyName": "key2", "value": "two"}]})
}

/// The bodies about secrets of key vaults, as in [`bodies`].
fn vault_bodies() -> Vec<(&'static str, &'static str, Value, &'static [&'static str])> {
    // A list tells less of a secret that is not deleted, and of one that is, only that.
    const OF_DELETED: &[&str] = &["value[].deletedDate", "value[].scheduledPurgeDate"];
    const OF_VERSIONS: &[&str] = &["value[].attributes", "value[].contentType"];
    const WRITTEN: &[&str] = &["deletedDate", "scheduledPurgeDate"];
    let deleted = json!({"id": "https://kv-data.vault.azure.net/secrets/gateway-key", "deletedDate": 1, "scheduledPurgeDate": 2, "tags": {"a": "b"}});
    vec![
        (
            "GET secrets/…/versions",
            "vault.versions",
            json!({"value": [vault::item("a", 1)], "nextLink": ""}),
            OF_DELETED,
        ),
        (
            "GET deletedsecrets",
            "vault.deleted",
            json!({"value": [deleted], "nextLink": ""}),
            OF_VERSIONS,
        ),
        ("PUT secrets/…", "vault.set", vault::item("a", 1), WRITTEN),
    ]
}

async fn understands_of_vault(kind: &str, writer: &Writer) -> bool {
    let (reader, place, name) = (writer.reader(), vault::vault(), vault::name());
    let seen = || async { reader.secret(&place, &name).await.map(|seen| seen.said) };
    match kind {
        "vault.versions" => matches!(seen().await, Ok(SecretSight::Versions(_))),
        "vault.deleted" => matches!(seen().await, Ok(SecretSight::Deleted(_))),
        "vault.set" => vault::written(writer).await.is_ok(),
        other => panic!("nobody asks {other}"),
    }
}

/// The bodies about storage accounts, as in [`bodies`].
fn storage_bodies() -> Vec<(&'static str, &'static str, Value, &'static [&'static str])> {
    vec![
        (
            "GET …/storageAccounts",
            "storage.list",
            json!({"value": [account()], "nextLink": ""}),
            &[],
        ),
        ("GET …/storageAccounts/…", "storage.get", account(), &[]),
        ("POST …/listKeys", "storage.listKeys", account_keys(), &[]),
        (
            "POST …/regenerateKey",
            "storage.regenerateKey",
            account_keys(),
            &[],
        ),
    ]
}

/// A whole body for each section, the request that it answers, and the fields that are read only by the type of something else.
fn bodies() -> Vec<(&'static str, &'static str, Value, &'static [&'static str])> {
    let runtime = json!({"id": "/x", "name": "x", "properties": {"type": "SelfHosted", "typeProperties": {"linkedInfo": {"resourceId": "/y"}}}});
    vec![
        (
            "GET …/integrationRuntimes",
            "adf.list",
            json!({"value": [runtime], "nextLink": ""}),
            &[],
        ),
        (
            "POST …/getStatus",
            "adf.getStatus",
            json!({"properties": {"state": "Online", "typeProperties": {
                "createTime": "2026-01-01T00:00:00Z", "nodes": [node()],
                "links": [{"name": "l", "subscriptionId": "s", "dataFactoryName": "f", "createTime": "2026-01-01T00:00:00Z"}],
            }}}),
            &[],
        ),
        (
            "POST …/listAuthKeys",
            "adf.listAuthKeys",
            json!({"authKey1": "IR@1", "authKey2": "IR@2"}),
            &[],
        ),
        (
            "POST …/regenerateAuthKey",
            "adf.regenerateAuthKey",
            json!({"authKey1": "IR@1", "authKey2": "IR@2"}),
            &["authKey2"],
        ),
        (
            "GET …/eventtypes/management/values",
            "log.list",
            json!({"value": [event()], "nextLink": ""}),
            &[],
        ),
        (
            "GET …/Microsoft.Databricks/workspaces/…",
            "arm.workspace",
            json!({"properties": {"workspaceUrl": HOST}}),
            &[],
        ),
        (
            "GET jobs/list",
            "jobs.list",
            json!({"jobs": [job()], "next_page_token": "", "has_more": false}),
            &[],
        ),
        ("GET jobs/get", "jobs.get", job(), &[]),
        (
            "POST jobs/run-now",
            "jobs.run-now",
            json!({"run_id": 1}),
            &[],
        ),
        (
            "POST jobs/runs/submit",
            "runs.submit",
            json!({"run_id": 1}),
            &[],
        ),
        (
            "GET jobs/runs/list",
            "runs.list-active",
            json!({"runs": [run()], "next_page_token": "", "has_more": false}),
            &["runs[].tasks", "runs[].task_key", "runs[].next_page_token"],
        ),
        ("GET jobs/runs/get", "runs.get", run(), &["tasks"]),
        (
            "GET jobs/runs/get-output",
            "runs.get-output",
            json!({"error": "e"}),
            &[],
        ),
    ]
}

/// Asks with `body` for an answer; true if that is understood.
async fn understands(kind: &'static str, body: Value) -> bool {
    let fake = fake(move |request, _| {
        let empty = json!({"value": []});
        let failed = json!({"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}});
        ok(match request.kind {
            asked if asked == kind => body.clone(),
            "vault.versions" | "vault.deleted" => empty,
            _ => failed,
        })
    });
    let (writer, reader) = (writer(&fake), reader(&fake));
    let (factory, workspace) = (factory(), workspace());
    let token = crate::model::job::Token::parse("t").unwrap();
    let target = crate::model::survey::SubmissionTarget {
        workspace: workspace.name.clone(),
        host: HOST.to_owned(),
        rule: Name::parse("n").unwrap(),
        body: "{}".to_owned(),
    };
    if kind.starts_with("vault.") {
        return understands_of_vault(kind, &writer).await;
    }
    if kind.starts_with("storage.") {
        return understands_of_account(kind, &writer).await;
    }
    match kind {
        "adf.list" => reader.runtimes(&factory).await.is_ok(),
        "adf.getStatus" => reader.runtime_status(&factory, "gateway-x").await.is_ok(),
        "adf.listAuthKeys" => reader.keys(&factory, "gateway-x").await.is_ok(),
        "adf.regenerateAuthKey" => {
            let slot = crate::model::runtime::Slot::One;
            writer
                .regenerate(
                    &to_factory(&factory),
                    &factory.runtime("gateway-x"),
                    slot,
                    Timestamp::MAX,
                )
                .await
                .is_ok()
        }
        "log.list" => log_of_factory(&reader, now(), now()).await.is_ok(),
        "arm.workspace" => {
            let unplaced = Workspace {
                host: WorkspaceHost::FromResource,
                resource_id: Some(ResourceId::new(
                    "/subscriptions/s/resourceGroups/r/providers/Microsoft.Databricks/workspaces/w",
                )),
                ..workspace
            };
            reader.host(&unplaced).await.is_ok()
        }
        "jobs.list" => reader.jobs(&workspace, None).await.is_ok(),
        "jobs.get" => reader.job(&workspace, JobId(1)).await.is_ok(),
        "jobs.run-now" => writer
            .start(
                &workspace,
                JobId(1),
                &token,
                &BTreeMap::new(),
                Timestamp::MAX,
            )
            .await
            .is_ok(),
        "runs.submit" => writer
            .submit(&workspace, &target, "0", &token, Timestamp::MAX)
            .await
            .is_ok(),
        "runs.list-active" => reader.active_runs(&workspace, None).await.is_ok(),
        "runs.get" => reader.run(&workspace, RunId(1)).await.is_ok(),
        "runs.get-output" => reader.failure(&workspace, RunId(1)).await.is_ok(),
        other => panic!("nobody asks {other}"),
    }
}

async fn understands_of_account(kind: &str, writer: &Writer) -> bool {
    let (reader, place) = (writer.reader(), subscription());
    let id = ResourceId::new(ACCOUNT);
    match kind {
        "storage.list" => reader.accounts(&place).await.is_ok(),
        "storage.get" => reader.account(&place, &id).await.is_ok(),
        "storage.listKeys" => reader.account_keys(&place, &id).await.is_ok(),
        "storage.regenerateKey" => {
            let (to, slot) = (
                KeyConnection::Subscription(place),
                crate::model::runtime::Slot::One,
            );
            let made = writer.regenerate(&to, &id, slot, Timestamp::MAX).await;
            made.is_ok()
        }
        other => panic!("nobody asks {other}"),
    }
}

/// What says whether an answer is all there is: misread, half a list would pass for the whole.
const WHOLE: [&str; 3] = ["next_page_token", "nextLink", "has_more"];

fn all_bodies() -> Vec<(&'static str, &'static str, Value, &'static [&'static str])> {
    [bodies(), storage_bodies(), vault_bodies()].concat()
}

fn node() -> Value {
    json!({
        "nodeName": "vm-1", "status": "Online", "version": "5.5.7762.1", "registerTime": "2026-01-01T00:00:00Z",
        "lastConnectTime": "2026-01-02T00:00:00Z", "expiryTime": "2027-01-01T00:00:00Z",
    })
}

/// One of each kind of thing that a field may hold instead of what is expected.
fn odd() -> Vec<Value> {
    let list = json!(["x", {"y": 1}]);
    let object = json!({"x": {"y": []}});
    vec![
        json!(null),
        json!(true),
        json!(7),
        json!(-0.5),
        json!("x"),
        list,
        object,
    ]
}

/// Objects that hold only what is not needed.
fn is_part(field: &str, section: &str) -> bool {
    const PARTS: [&str; 18] = [
        "nodes[]",
        "links[]",
        "state",
        "status",
        "termination_details",
        "queue_details",
        "tags",
        "continuous",
        "settings",
        "tasks",
        "properties",
        "typeProperties",
        "keyCreationTime",
        "operationName",
        "authorization",
        "httpRequest",
        "value[]",
        "attributes",
    ];
    let is_named = |part: &&str| field.rsplit('.').next() == Some(*part);
    let nested = field.contains("tasks[]");
    let is_needed = match section {
        "GET …/Microsoft.Databricks/workspaces/…" => field == "properties",
        "GET …/integrationRuntimes" | "GET …/storageAccounts" | "GET deletedsecrets" => {
            field == "value[]"
        }
        "GET secrets/…/versions" | "PUT secrets/…" => {
            field == "value[]" || field.ends_with("attributes")
        }
        _ => false,
    };
    PARTS.iter().any(is_named) && !nested && !is_needed && !is_leaf(field)
}

/// `state` is a word in some places and an object in others.
fn is_leaf(field: &str) -> bool {
    let words = ["status.state", "properties.state"];
    words.iter().any(|word| field.ends_with(word))
}

#[tokio::test]
async fn the_page_says_what_is_needed() {
    for (section, kind, body, skipped) in all_bodies() {
        assert!(
            understands(kind, body.clone()).await,
            "{section}: the whole body"
        );
        let told = told(section);
        let read = reads::all().remove(kind).unwrap();
        let holds = ["an object", "a list"];
        let fields = read.iter().filter(|(field, what)| {
            let is_leaf = !holds.contains(what) || field.ends_with("tags");
            is_leaf
                && !field.ends_with(".*")
                && !skipped.iter().any(|prefix| field.starts_with(prefix))
        });
        let fields: Vec<&String> = fields.map(|(field, _)| field).collect();
        assert_eq!(
            told.keys().collect::<Vec<_>>(),
            fields,
            "{section}: the fields that are read"
        );
        for holder in read.keys().filter(|field| is_part(field, section)) {
            for odd in odd() {
                let body = with(&body, holder, &odd);
                assert!(
                    understands(kind, body).await,
                    "{section}: {holder} is {odd}"
                );
            }
        }
        for field in fields {
            let is_whole = WHOLE.iter().any(|name| field.ends_with(name));
            for odd in odd().iter().filter(|_| !told[field] && !is_whole) {
                let body = with(&body, field, odd);
                assert!(understands(kind, body).await, "{section}: {field} is {odd}");
            }
            let is_needed = !understands(kind, without(&body, field)).await;
            assert_eq!(told[field], is_needed, "{section}: is {field} needed?");
        }
    }
}
