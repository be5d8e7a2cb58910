//! Compares what the client reads and sends with the official specifications of Data Factory and of the Jobs API in the fixtures.
//! Also tests that words which no specification knows yet are handled.
//!
//! Each field that is read but not specified needs a row that says where it comes from, and each such row must be needed.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::fixtures::{are_here, json as fixture, saw, text};
use crate::model::job::{Continuous, JobId, Phase, RunId, RunResult, Token};
use crate::model::runtime::{OwnKeys, Slot};
use crate::model::survey::SubmissionTarget;

/// Fields that are read and that the excerpts do not know: the request, the field, and where it is told of.
const ELSEWHERE: [(&str, &str, &str); 38] = [
    ("adf.list", "value[].properties.typeProperties", TYPE),
    (
        "adf.list",
        "value[].properties.typeProperties.linkedInfo",
        TYPE,
    ),
    ("jobs.list", "next_page_token", API_2_2),
    ("jobs.list", "jobs[].settings.continuous", SDK),
    ("jobs.list", "jobs[].settings.continuous.pause_status", SDK),
    ("jobs.get", "settings.continuous", SDK),
    ("jobs.get", "settings.continuous.pause_status", SDK),
    ("jobs.list", "jobs[].settings.trigger", SDK),
    ("jobs.list", "jobs[].settings.parameters", SDK),
    ("jobs.get", "settings.trigger", SDK),
    ("jobs.get", "settings.parameters", SDK),
    ("run", "job_parameters", SDK),
    (
        "run",
        "only",
        "afresh's own simulator, and whoever shows of a run what run-now takes",
    ),
    ("task", "job_parameters", SAME),
    ("task", "overriding_parameters", SAME),
    ("task", "only", SAME),
    ("run", "has_more", API_2_2),
    ("task", "has_more", SAME),
    ("task", "trigger", SAME),
    ("runs", "next_page_token", API_2_2),
    ("run", "next_page_token", API_2_2),
    ("run", "task_key", SDK),
    ("run", "status", SDK),
    ("run", "status.state", SDK),
    ("run", "status.termination_details", SDK),
    ("run", "status.termination_details.code", SDK),
    ("run", "status.termination_details.message", SDK),
    ("run", "status.queue_details", SDK),
    ("run", "status.queue_details.code", SDK),
    ("run", "status.queue_details.message", SDK),
    ("task", "job_id", SAME),
    ("task", "run_name", SAME),
    ("task", "run_duration", SAME),
    ("task", "run_page_url", SAME),
    ("task", "tasks", SAME),
    ("task", "tasks[]", SAME),
    ("jobs.list", "jobs[].settings.tags.*", MAP),
    ("jobs.get", "settings.tags.*", MAP),
];
const TYPE: &str = "of the type SelfHosted, which the excerpt leaves out; azure-mgmt-datafactory 10, SelfHostedIntegrationRuntime";
const API_2_2: &str = "API 2.2 and late 2.1: Updating from Jobs API 2.1 to 2.2";
const SDK: &str = "newer than the specification of 2.1: databricks-sdk 0.156, service/jobs.py";
const MAP: &str = "a map of text, by its description and its example";
const SAME: &str = "a task is read as a run; what only runs have is absent in it";

/// Fields of runs and tasks are looked up once, wherever a run stands.
fn place(kind: &'static str, field: &str) -> (&'static str, String) {
    let of_runs = kind.starts_with("runs.") && kind != "runs.get-output";
    let inside = field.strip_prefix("runs[].").unwrap_or(field);
    let of_task = inside.strip_prefix("tasks[].");
    match of_task {
        Some(inside)
            if of_runs && (inside.starts_with("status") || inside == "next_page_token") =>
        {
            ("run", inside.to_owned())
        }
        Some(inside) if of_runs => ("task", inside.to_owned()),
        None if of_runs && field.starts_with("runs[].") => ("run", inside.to_owned()),
        None if kind == "runs.get" => ("run", inside.to_owned()),
        None if kind.starts_with("runs.list") => ("runs", field.to_owned()),
        _ => (kind, field.to_owned()),
    }
}

/// The specifications, as one document in which every reference is an own one.
struct Specification {
    jobs: Value,
    factory: Value,
}

impl Specification {
    fn read() -> Self {
        let mut jobs =
            serde_yaml::from_str(&text("databricks/openapi/jobs-2.1-azure.official.yaml")).unwrap();
        mend(&mut jobs);
        let mut factory = fixture("azure/spec/datafactory.ir-operations.excerpt.json");
        let types = fixture("azure/spec/IntegrationRuntime.excerpt.json");
        let definitions = factory["definitions"].as_object_mut().unwrap();
        definitions.retain(|_, schema| schema.is_object());
        for (name, schema) in types["definitions"].as_object().unwrap() {
            factory["definitions"][name] = schema.clone();
        }
        let whole = factory.clone();
        own(&mut factory, &whole);
        Self { jobs, factory }
    }

    /// The answer's schema, and the document it stands in.
    fn answer(&self, kind: &str) -> Option<(&Value, &Value)> {
        if let Some(operation) = factory_operation(kind) {
            let operation = self.factory_operation(operation);
            return Some((&operation["responses"]["200"]["schema"], &self.factory));
        }
        let operation = self.jobs_operation(kind)?;
        Some((
            &operation["responses"]["200"]["content"]["application/json"]["schema"],
            &self.jobs,
        ))
    }

    fn factory_operation(&self, id: &str) -> &Value {
        let paths = self.factory["paths"].as_object().unwrap().values();
        let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
        operations.find(|one| one["operationId"] == id).unwrap()
    }

    fn jobs_operation(&self, kind: &str) -> Option<&Value> {
        let (path, verb) = match kind {
            "jobs.list" => ("jobs/list", "get"),
            "jobs.get" => ("jobs/get", "get"),
            "jobs.run-now" => ("jobs/run-now", "post"),
            "runs.list-active" | "runs.list-ended" | "runs.list-submitted" => {
                ("jobs/runs/list", "get")
            }
            "runs.get" => ("jobs/runs/get", "get"),
            "runs.get-output" => ("jobs/runs/get-output", "get"),
            "runs.submit" => ("jobs/runs/submit", "post"),
            "runs.cancel" => ("jobs/runs/cancel", "post"),
            _ => return None,
        };
        let operation = &self.jobs["paths"][format!("/2.1/{path}")][verb];
        assert!(!operation.is_null(), "{kind} is not in the specification");
        Some(operation)
    }
}

/// Makes references into other files references into this document; what was not excerpted may be anything.
fn own(schema: &mut Value, document: &Value) {
    if let Value::Object(fields) = schema {
        let inside = fields
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|to| to.split_once('#'));
        if let Some(inside) = inside.map(|(_, inside)| inside.to_owned()) {
            fields.clear();
            if document.pointer(&inside).is_some() {
                fields.insert("$ref".to_owned(), json!(format!("#{inside}")));
            }
        }
        for field in fields.values_mut() {
            own(field, document);
        }
    } else if let Value::Array(entries) = schema {
        for entry in entries {
            own(entry, document);
        }
    }
}

/// The official document writes a lone required field as text, and `required: true` into the field itself, where JSON Schema wants a
/// list of names beside the fields.
fn mend(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        let mut required = match fields.get("required") {
            Some(Value::String(lone)) => vec![json!(lone)],
            Some(Value::Array(names)) => names.clone(),
            _ => Vec::new(),
        };
        for (name, field) in fields
            .get_mut("properties")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            let own = field
                .as_object_mut()
                .filter(|field| field.get("required").is_some_and(Value::is_boolean));
            if own.and_then(|field| field.remove("required")) == Some(json!(true)) {
                required.push(json!(name));
            }
        }
        if !required.is_empty() {
            fields.insert("required".to_owned(), Value::Array(required));
        }
        fields.values_mut().for_each(mend);
    } else if let Value::Array(entries) = schema {
        entries.iter_mut().for_each(mend);
    }
}

fn factory_operation(kind: &str) -> Option<&'static str> {
    match kind {
        "adf.list" => Some("IntegrationRuntimes_ListByFactory"),
        "adf.getStatus" => Some("IntegrationRuntimes_GetStatus"),
        "adf.listAuthKeys" => Some("IntegrationRuntimes_ListAuthKeys"),
        "adf.regenerateAuthKey" => Some("IntegrationRuntimes_RegenerateAuthKey"),
        _ => None,
    }
}

/// Every schema that a schema stands for: what it refers to, and all that it is made of. For Azure also the subtypes.
fn meant<'a>(schema: &'a Value, document: &'a Value) -> Vec<&'a Value> {
    let mut all = vec![schema];
    let mut next = 0;
    while let Some(one) = all.get(next).copied() {
        next += 1;
        let mut further: Vec<&Value> = Vec::new();
        if let Some(reference) = one["$ref"].as_str() {
            let (_, inside) = reference.split_once('#').unwrap();
            further.extend(document.pointer(inside));
            let definitions = document["definitions"].as_object().into_iter().flatten();
            let subtypes = definitions.filter(|(_, schema)| {
                let mut parents = schema["allOf"].as_array().into_iter().flatten();
                parents.any(|parent| {
                    parent["$ref"]
                        .as_str()
                        .is_some_and(|parent| parent.ends_with(inside))
                })
            });
            further.extend(subtypes.map(|(_, schema)| schema));
        }
        for holder in ["allOf", "oneOf", "anyOf"] {
            further.extend(one[holder].as_array().into_iter().flatten());
        }
        for one in further {
            if all.iter().all(|known| !std::ptr::eq(*known, one)) {
                all.push(one);
            }
        }
    }
    all
}

/// The type of the field at this place, if the schema knows it.
fn specified(schema: &Value, document: &Value, field: &str) -> Option<String> {
    let mut here = schema;
    for step in field.split('.') {
        let (name, is_entry) = step
            .strip_suffix("[]")
            .map_or((step, false), |name| (name, true));
        here = meant(here, document).into_iter().find_map(|one| {
            let properties = one["properties"].get(name);
            properties.or_else(|| one.get("additionalProperties").filter(|_| name == "*"))
        })?;
        if is_entry {
            here = meant(here, document)
                .into_iter()
                .find_map(|one| one.get("items"))?;
        }
    }
    let types = meant(here, document);
    let told = types.iter().find_map(|one| one["type"].as_str());
    let told = told.or_else(|| {
        types
            .iter()
            .any(|one| !one["properties"].is_null())
            .then_some("object")
    });
    Some(told.unwrap_or("nothing").to_owned())
}

/// Everything that afresh can ask and do, so that every type that it reads an answer as is met.
async fn ask_everything() -> Arc<Fake> {
    let fake = fake(|request, _| match request.kind {
        "runs.get" if request.url.query() == Some("run_id=1") => ok(
            json!({"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}}),
        ),
        _ => ok(json!({"run_id": 1, "authKey1": "IR@1", "authKey2": "IR@2", "job_id": 1})),
    });
    let (writer, reader) = (writer(&fake), reader(&fake));
    let (factory, workspace) = (factory(), workspace());
    let unplaced = Workspace {
        host: WorkspaceHost::FromResource,
        resource_id: Some(ResourceId::new(
            "/subscriptions/s/resourceGroups/r/providers/Microsoft.Databricks/workspaces/w",
        )),
        ..workspace.clone()
    };
    let token = Token::parse(&"t".repeat(64)).unwrap();
    let target = SubmissionTarget {
        workspace: workspace.name.clone(),
        host: HOST.to_owned(),
        rule: Name::parse("backfill").unwrap(),
        body: r#"{"tasks":[{"notebook_task":{"notebook_path":"/a"},"task_key":"a"}],"timeout_seconds":60}"#.to_owned(),
    };
    let parameters = BTreeMap::from([("day".to_owned(), "monday".into())]);
    let _ = reader.runtimes(&factory).await;
    let _ = reader.runtime_status(&factory, "gateway-x").await;
    let _ = reader.keys(&factory, "gateway-x").await;
    let _ = log_of_factory(&reader, now(), now()).await;
    ask_of_accounts(&writer).await;
    let _ = reader.host(&unplaced).await;
    let _ = reader.jobs(&workspace, Some("a")).await;
    let _ = reader.job(&workspace, JobId(1)).await;
    let _ = reader.active_runs(&workspace, Some(JobId(1))).await;
    let _ = reader
        .ended_runs(&workspace, JobId(1), now(), None, &|_| true)
        .await;
    let _ = reader.submitted_runs(&workspace).await;
    let _ = reader.failure(&workspace, RunId(1)).await;
    for slot in Slot::BOTH {
        let _ = writer
            .regenerate(
                &to_factory(&factory),
                &factory.runtime("gateway-x"),
                slot,
                Timestamp::MAX,
            )
            .await;
    }
    let _ = writer
        .start(&workspace, JobId(1), &token, &parameters, Timestamp::MAX)
        .await;
    let _ = writer
        .submit(&workspace, &target, &"0".repeat(64), &token, Timestamp::MAX)
        .await;
    let _ = writer.cancel(&workspace, RunId(1), Timestamp::MAX).await;
    fake
}

async fn ask_of_accounts(writer: &Writer) {
    let (reader, place) = (writer.reader(), subscription());
    let id = ResourceId::new(ACCOUNT);
    let _ = reader.accounts(&place).await;
    let _ = reader.account(&place, &id).await;
    let _ = reader.account_keys(&place, &id).await;
    let to = KeyConnection::Subscription(place);
    for slot in Slot::BOTH {
        let _ = writer.regenerate(&to, &id, slot, Timestamp::MAX).await;
    }
}

#[tokio::test]
async fn every_field_that_is_read_is_specified_under_its_name_and_type() {
    if !are_here("every_field_that_is_read_is_specified_under_its_name_and_type") {
        return;
    }
    ask_everything().await;
    let specification = Specification::read();
    let mut used = BTreeSet::new();
    let mut strange = Vec::new();
    let read = reads::all();
    for (kind, fields) in &read {
        let Some((schema, document)) = specification.answer(kind) else {
            assert!(
                ["log.list", "arm.workspace"].contains(kind) || kind.starts_with("storage."),
                "{kind} has no specification"
            );
            continue;
        };
        for (field, what) in fields {
            let own = place(kind, field);
            let row = ELSEWHERE
                .iter()
                .position(|(kind, field, _)| (*kind, *field) == (own.0, own.1.as_str()));
            let told = specified(schema, document, field);
            match (told.as_deref(), *what, row) {
                (Some("integer"), "a number", _)
                | (Some("string"), "text", _)
                | (Some("boolean"), "true or false", _)
                | (Some("array"), "a list", _)
                | (Some("object" | "nothing"), "an object", _)
                // Read whatever it is, since nothing depends on it.
                | (Some("object" | "array"), "anything", _) => {}
                (None, _, Some(row)) => drop(used.insert(row).then_some(())),
                (told, what, _) => strange.push(format!(
                    "{kind} {field} is read as {what} and specified as {told:?}"
                )),
            }
        }
        saw(kind, "specification", "fields of the answer");
    }
    assert!(strange.is_empty(), "{}", strange.join("\n"));
    for (place, (kind, field, _)) in ELSEWHERE.iter().enumerate() {
        assert!(
            used.contains(&place),
            "{kind} {field} is specified, or not read: its row is not needed"
        );
    }
}

/// What is sent that the specification of 2.1 does not know, and where it is told of.
const SENT_ELSEWHERE: [(&str, &str, &str); 2] = [
    ("jobs.run-now", "job_parameters", SDK),
    (
        "jobs.list",
        "limit",
        "API 2.2: 100 jobs a page; to 2.1 afresh sends 25",
    ),
];

#[tokio::test]
async fn every_body_that_is_sent_is_one_that_the_specification_allows() {
    if !are_here("every_body_that_is_sent_is_one_that_the_specification_allows") {
        return;
    }
    let fake = ask_everything().await;
    let specification = Specification::read();
    for kind in [
        "jobs.run-now",
        "runs.submit",
        "runs.cancel",
        "adf.regenerateAuthKey",
    ] {
        let (schema, document) = sent_schema(&specification, kind);
        let mut whole = document.clone();
        whole["$ref"] = json!(format!("#{schema}"));
        let validator = jsonschema::validator_for(&whole).unwrap();
        for request in fake.asked(kind) {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&body)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{kind}: {body}: {errors:?}");
            let schema = document.pointer(&schema).unwrap();
            for field in body.as_object().unwrap().keys() {
                let known = specified(schema, document, field).is_some();
                let elsewhere = SENT_ELSEWHERE
                    .iter()
                    .any(|(of, name, _)| (*of, *name) == (kind, field.as_str()));
                assert!(
                    known != elsewhere,
                    "{kind} {field}: specified: {known}, in the table: {elsewhere}"
                );
            }
        }
        assert!(
            !validator.is_valid(&json!({"run_id": "x", "job_id": "x", "keyName": 7, "tasks": 7})),
            "{kind}: anything would do"
        );
        saw(kind, "specification", "body of the request");
    }
}

/// Where the schema of a request's body stands, and in which document.
fn sent_schema<'a>(specification: &'a Specification, kind: &str) -> (String, &'a Value) {
    if kind.starts_with("adf.") {
        let operation = specification.factory_operation(factory_operation(kind).unwrap());
        let parameters = operation["parameters"].as_array().unwrap();
        let body = parameters.iter().find(|one| one["in"] == "body").unwrap();
        let (_, schema) = body["schema"]["$ref"]
            .as_str()
            .unwrap()
            .split_once('#')
            .unwrap();
        return (schema.to_owned(), &specification.factory);
    }
    let path = match kind {
        "jobs.run-now" => "jobs~1run-now",
        "runs.submit" => "jobs~1runs~1submit",
        _ => "jobs~1runs~1cancel",
    };
    (
        format!("/paths/~12.1~1{path}/post/requestBody/content/application~1json/schema"),
        &specification.jobs,
    )
}

#[tokio::test]
async fn every_query_is_one_that_the_specification_allows() {
    if !are_here("every_query_is_one_that_the_specification_allows") {
        return;
    }
    let fake = ask_everything().await;
    let specification = Specification::read();
    let mut checked = 0;
    let asked = fake.asked.lock().clone();
    for request in asked
        .iter()
        .filter(|request| request.method == http::Method::GET)
    {
        let Some(operation) = specification.jobs_operation(request.kind) else {
            continue;
        };
        let parameters = operation["parameters"].as_array().unwrap();
        for (name, value) in query(request) {
            let elsewhere = SENT_ELSEWHERE
                .iter()
                .any(|(of, field, _)| (*of, *field) == (request.kind, name.as_str()));
            let known = parameters.iter().find(|one| one["name"] == name.as_str());
            let known =
                known.unwrap_or_else(|| panic!("{}: {name} is not specified", request.kind));
            let value: Value = match known["schema"]["type"].as_str().unwrap() {
                "string" => json!(value),
                _ => serde_json::from_str(&value)
                    .unwrap_or_else(|_| panic!("{name}={value} is no {known}")),
            };
            let fits = jsonschema::is_valid(&known["schema"], &value);
            assert!(
                fits != elsewhere,
                "{}: {name}={value} fits: {fits}, in the table: {elsewhere}",
                request.kind
            );
            checked += 1;
        }
        let needed = parameters.iter().filter(|one| one["required"] == true);
        for one in needed {
            assert!(
                query(request).contains_key(one["name"].as_str().unwrap()),
                "{}: {one}",
                request.kind
            );
        }
        saw(request.kind, "specification", "query of the request");
    }
    assert!(checked > 15, "{checked}");
}

fn word() -> impl Strategy<Value = String> {
    "[A-Z][A-Z_]{2,20}|[A-Z][a-z]{2,9}|"
}

/// Words that mean an end or a result by now; whatever else comes is unknown.
const ENDS: [&str; 3] = ["TERMINATED", "SKIPPED", "INTERNAL_ERROR"];

fn run_of(body: Value) -> Run {
    let fake = fake(move |_, _| ok(body.clone()));
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(reader(&fake).run(&workspace(), RunId(1)))
        .unwrap()
        .said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Every enum of a run, with words that nobody has heard of: no failure, never a success, active unless an end is said.
    #[test]
    fn unknown_words_of_runs_are_active_and_never_a_success(cycle in word(), result in word(), newer in word(), code in word(), kind in word()) {
        prop_assume!(!ENDS.contains(&cycle.as_str()) && !ENDS.contains(&newer.as_str()));
        prop_assume!(![&result, &code].iter().any(|word| word.starts_with("SUCCESS")));
        let status = json!({"state": newer, "queue_details": {"code": code}, "termination_details": {"code": code, "type": kind}});
        for body in [
            json!({"run_id": 1, "state": {"life_cycle_state": cycle, "result_state": result}, "status": status, "trigger": kind, "run_type": kind}),
            json!({"run_id": 1, "status": status}),
            json!({"run_id": 1, "state": {"life_cycle_state": cycle, "result_state": "SUCCESS"}}),
        ] {
            prop_assert!(run_of(body).is_active());
        }
        for end in ENDS {
            let mut ended = status.clone();
            ended["state"] = json!("TERMINATED");
            for body in [
                json!({"run_id": 1, "state": {"life_cycle_state": end, "result_state": result}, "status": ended}),
                json!({"run_id": 1, "status": ended}),
            ] {
                let run = run_of(body);
                prop_assert!(!run.has_succeeded(&[RunResult::Success, RunResult::SuccessWithFailures]));
                let is_ended = matches!(run.phase, Phase::Ended { .. });
                prop_assert!(is_ended);
            }
        }
    }

    /// Every enum of runtimes and jobs: an unknown type has no keys that afresh would touch, an unknown condition is told as it is,
    /// an unknown pause is none.
    #[test]
    fn unknown_words_of_runtimes_and_jobs_change_nothing_by_themselves(kind in word(), condition in word(), pause in word()) {
        prop_assume!(!["SelfHosted", "Managed"].contains(&kind.as_str()) && pause != "PAUSED");
        let (runtime, said) = (kind.clone(), condition.clone());
        let fake = fake(move |request, _| match request.kind {
            "adf.list" => ok(json!({"value": [{"name": "x", "properties": {"type": runtime, "state": said}}]})),
            "adf.getStatus" => ok(json!({"name": "x", "properties": {"type": runtime, "state": said}})),
            _ => ok(json!({"job_id": 1, "settings": {"format": pause, "continuous": {"pause_status": pause}, "schedule": {"pause_status": pause}}})),
        });
        let reader = reader(&fake);
        let asked = async {
            let listed = reader.runtimes(&factory()).await.unwrap().said;
            let status = reader.runtime_status(&factory(), "gateway-x").await.unwrap().said;
            (listed, status, reader.job(&workspace(), JobId(1)).await.unwrap().said)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (listed, status, job) = runtime.block_on(asked);
        prop_assert_eq!(&listed[0].kind, &OwnKeys::Other(kind));
        prop_assert_eq!(status.condition, Some(condition));
        prop_assert_eq!(job.continuous, Continuous::Unpaused);
    }
}
