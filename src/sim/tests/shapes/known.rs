//! Worlds like those that were recorded, the requests that belong to bodies without one, and the differences that are known.

use http::Method;

use super::super::*;

mod storage;
mod vault;

pub(super) use storage::{
    DIFFERENCES as STORAGE_DIFFERENCES, asked as storage, like_our_own_examples,
};

/// Differences that are meant.
pub(super) struct Row {
    /// What the names of the bodies begin with.
    pub bodies: &'static str,
    pub differences: &'static [&'static str],
    pub reason: &'static str,
}

/// All of them.
pub(super) const DIFFERENCES: &[Row] = &[
    Row {
        bodies: "azure/recorded/",
        differences: &[
            "header x-ms-ratelimit-remaining-subscription-reads: added",
            "header x-ms-request-id: added",
        ],
        reason: "those who recorded cut these fields out; the official examples have them",
    },
    Row {
        bodies: "azure/examples/ActivityLog_List.SYNTHETIC",
        differences: &["value[].claims: added"],
        reason: "the log tells the claims of the caller's token, made up from the schema or not; here there are none",
    },
    Row {
        bodies: "azure/",
        differences: &[
            "tags.exampleTag: missing",
            "value[].tags.exampleTag: missing",
        ],
        reason: "factories of the false cloud have no tags",
    },
    Row {
        bodies: "recordings/",
        differences: &[
            "header x-ms-ratelimit-remaining-subscription-reads: added",
            "header x-ms-request-id: added",
        ],
        reason: "those who recorded cut these fields out; the official examples have them",
    },
    Row {
        bodies: "recordings/adf-cli-2021-managed",
        differences: &[
            "properties.typeProperties.computeProperties.maxParallelExecutionsPerNode: missing",
            "properties.typeProperties.computeProperties.nodeSize: missing",
            "properties.typeProperties.computeProperties.numberOfNodes: missing",
            "properties.typeProperties.ssisProperties: missing",
        ],
        reason: "the compute of a managed runtime, which has no keys",
    },
    Row {
        bodies: "recordings/",
        differences: &["nextLink: added"],
        reason: "real lists end both ways, with null and without the field; one page ends with null here, the last of several without",
    },
    Row {
        bodies: "recordings/",
        differences: &[
            "tags.exampleTag: missing",
            "value[].tags.exampleTag: missing",
        ],
        reason: "factories of the false cloud have no tags",
    },
    Row {
        bodies: "recordings/adf-python-2017-test_datafactory_create.json 2",
        differences: &[
            "eTag: added",
            "identity: added",
            "properties.encryption: added",
            "properties.factoryStatistics: added",
            "properties.loggingStorageAccountKey: missing",
        ],
        reason: "the preview API of 2017, in which a factory told something else",
    },
    Row {
        bodies: "recordings/adf-python-2017-test_integrationruntime_create.json 3",
        differences: &[
            "header x-ms-ratelimit-remaining-subscription-writes: missing",
            "properties.iRType: missing",
            "properties.typeProperties.autoUpdate: added",
            "properties.typeProperties.internalChannelEncryption: added",
            "properties.typeProperties.latestVersion: added",
            "properties.typeProperties.links: added",
            "properties.typeProperties.newerVersions: added",
            "properties.typeProperties.serviceRegion: added",
            "properties.typeProperties.state: missing",
            "properties.typeProperties.updateDelayOffset: added",
            "properties.typeProperties.versionStatus: added",
        ],
        reason: "the preview API of 2017, in which the status told less, and counted as a write",
    },
    Row {
        bodies: "azure/examples/",
        differences: &["header content-type: added"],
        reason: "the examples leave out what every answer has",
    },
    Row {
        bodies: "azure/examples/Factories_",
        differences: &[
            "identity: added",
            "properties.purviewConfiguration: missing",
            "properties.repoConfiguration: missing",
            "value[].identity.userAssignedIdentities: added",
        ],
        reason: "how that factory was set up; afresh looks at no factory",
    },
    Row {
        bodies: "azure/",
        differences: &[
            "properties.encryption: added",
            "properties.factoryStatistics: added",
            "value[].properties.encryption: added",
            "value[].properties.factoryStatistics: added",
        ],
        reason: "of a later version of the service than the example",
    },
    Row {
        bodies: "azure/",
        differences: &["nextLink: added"],
        reason: "real lists end both ways, with null and without the field; one page ends with null here, the last of several without",
    },
    Row {
        bodies: "azure/examples/IntegrationRuntimes_GetStatus.json",
        differences: &[
            "properties.dataFactoryName: added",
            "properties.typeProperties.internalChannelEncryption: added",
            "properties.typeProperties.links: added",
            "properties.typeProperties.newerVersions: added",
            "properties.typeProperties.serviceRegion: added",
        ],
        reason: "of a later version of the service than the example, as recorded in 2021",
    },
    Row {
        bodies: "azure/examples/IntegrationRuntimes_ListAuthKeys.json",
        differences: &[
            "header x-ms-ratelimit-remaining-subscription-reads: missing",
            "header x-ms-ratelimit-remaining-subscription-writes: added",
        ],
        reason: "the example is of 2018; the recording of 2021 counts it among the writes",
    },
    Row {
        bodies: "databricks/jobs_",
        differences: &[
            "jobs[].settings.email_notifications.on_failure: missing",
            "jobs[].settings.libraries: missing",
            "jobs[].settings.new_cluster: missing",
            "jobs[].settings.notebook_task: missing",
            "jobs[].settings.schedule: missing",
            "settings.email_notifications.on_failure: missing",
            "settings.job_clusters: missing",
            "settings.tasks[].depends_on: missing",
            "settings.tasks[].existing_cluster_id: missing",
            "settings.tasks[].job_cluster_key: missing",
            "settings.tasks[].libraries: missing",
            "settings.tasks[].new_cluster: missing",
            "settings.tasks[].notebook_task.source: added",
            "settings.tasks[].notebook_task: added",
            "settings.tasks[].run_job_task: missing",
            "settings.tasks[].spark_jar_task: missing",
        ],
        reason: "what a task does, on what and when; afresh does not look at it",
    },
    Row {
        bodies: "databricks/jobs_",
        differences: &["jobs[].settings.queue: added", "settings.queue: added"],
        reason: "a setting of API 2.2",
    },
    Row {
        bodies: "databricks/jobs_",
        differences: &[
            "creator_user_name: added",
            "jobs[].run_as_owner: added",
            "jobs[].run_as_user_name: added",
            "jobs[].settings.email_notifications.no_alert_for_skipped_runs: added",
            "jobs[].settings.format: added",
            "jobs[].settings.webhook_notifications: added",
            "run_as_owner: added",
            "run_as_user_name: added",
            "settings.email_notifications.no_alert_for_skipped_runs: added",
            "settings.email_notifications: added",
            "settings.format: added",
            "settings.tasks[].email_notifications: added",
            "settings.tasks[].notification_settings: added",
            "settings.tasks[].run_if: added",
            "settings.tasks[].timeout_seconds: added",
            "settings.timeout_seconds: added",
            "settings.webhook_notifications: added",
        ],
        reason: "the exporter that wrote the file left out defaults",
    },
    Row {
        bodies: "databricks/runs_get",
        differences: &[
            "cleanup_duration: added",
            "end_time: added",
            "execution_duration: added",
            "format: added",
            "job_parameters: added",
            "job_run_id: added",
            "number_in_job: added",
            "run_duration: added",
            "setup_duration: added",
            "start_time: added",
            "tasks[].cleanup_duration: added",
            "tasks[].end_time: added",
            "tasks[].execution_duration: added",
            "tasks[].run_if: added",
            "tasks[].run_page_url: added",
            "tasks[].setup_duration: added",
            "tasks[].start_time: added",
            "tasks[].status: added",
        ],
        reason: "the sample leaves out what real runs have",
    },
    Row {
        bodies: "databricks/runs_get",
        differences: &[
            "cluster_instance: missing",
            "cluster_spec: missing",
            "git_source: missing",
            "overriding_parameters: missing",
            "repair_history: missing",
            "schedule: missing",
            "tasks[].cluster_instance: missing",
            "tasks[].description: missing",
            "tasks[].existing_cluster_id: missing",
            "tasks[].spark_jar_task: missing",
            "trigger_info: missing",
        ],
        reason: "what a run does, on what and why, and its repairs; afresh does not look at it",
    },
    Row {
        bodies: "databricks/runs_get",
        differences: &[
            "queue_duration: missing",
            "run_duration: missing",
            "state.queue_reason: missing",
            "state.result_state: missing",
            "status.queue_details: missing",
            "status.termination_details: missing",
            "tasks[].state.result_state: missing",
        ],
        reason: "the samples give one run every field at once: also a result to one that has not ended",
    },
    Row {
        bodies: "databricks/runs_get-output.2.0",
        differences: &[
            "error: added",
            "error_trace: added",
            "metadata._truncated: missing",
            "metadata.cluster_instance: missing",
            "metadata.cluster_spec: missing",
            "metadata.creator_user_name: added",
            "metadata.end_time: added",
            "metadata.format: added",
            "metadata.job_run_id: added",
            "metadata.parent_run_id: added",
            "metadata.run_name: added",
            "metadata.run_page_url: added",
            "metadata.run_type: added",
            "metadata.schedule: missing",
            "metadata.state.user_cancelled_or_timedout: added",
            "metadata.status: added",
            "metadata.task: missing",
            "metadata.task_key: added",
            "metadata.tasks: added",
            "notebook_output: added",
        ],
        reason: "API 2.0, cut down by those who published it",
    },
    Row {
        bodies: "databricks/runs_get-output.2.1or2.2.real",
        differences: &[
            "metadata.effective_performance_target: missing",
            "metadata.tasks[].effective_performance_target: missing",
            "metadata.tasks[].notebook_task: missing",
            "metadata.tasks[].run_if: added",
        ],
        reason: "of serverless compute, and of what the task does",
    },
    Row {
        bodies: "databricks/runs_get-output.docs-like",
        differences: &[
            "logs: missing",
            "logs_truncated: missing",
            "metadata.cleanup_duration: added",
            "metadata.creator_user_name: added",
            "metadata.end_time: added",
            "metadata.execution_duration: added",
            "metadata.format: added",
            "metadata.git_source: missing",
            "metadata.job_id: added",
            "metadata.job_run_id: added",
            "metadata.number_in_job: added",
            "metadata.original_attempt_run_id: added",
            "metadata.parent_run_id: added",
            "metadata.run_id: added",
            "metadata.run_name: added",
            "metadata.run_page_url: added",
            "metadata.run_type: added",
            "metadata.setup_duration: added",
            "metadata.start_time: added",
            "metadata.state: added",
            "metadata.status: added",
            "metadata.task_key: added",
            "metadata.tasks: added",
            "metadata.trigger: added",
            "notebook_output.result: missing",
            "notebook_output.truncated: missing",
        ],
        reason: "the sample shows outputs that a failed run does not have, and nothing of its run",
    },
    Row {
        bodies: "databricks/runs_list.page-token",
        differences: &[
            "has_more: missing",
            "next_page_token: missing",
            "prev_page_token: missing",
            "runs[]: empty in one",
        ],
        reason: "API 2.1, between two pages; 2.2 has no has_more, and an empty list no field",
    },
];

/// A world for each file of exchanges, made to match it.
pub(super) fn worlds() -> Vec<(&'static str, Client)> {
    const ZERO: &str = "00000000-0000-0000-0000-000000000000";
    let world = |group: &str, name: &str, runtimes: &str| {
        client(&format!(
            "subscriptions: [{{id: {ZERO}, factories: [{{name: {name}, resourceGroup: {group}, runtimes: {runtimes}}}]}}]"
        ))
        .arm()
    };
    let cli = |kind: &str| {
        let runtime = format!(
            "[{{name: exampleInteg000002, type: {kind}, description: An integration runtime}}]"
        );
        world("clitest000007", "exampleFa000001", &runtime)
    };
    let python =
        |group: &str, name: &str| world(&format!("adfpythontest{group}"), name, "[{name: ir1}]");
    vec![
        (
            "recordings/adf-cli-2021-selfhosted-ir-authkeys.json",
            cli("SelfHosted"),
        ),
        (
            "recordings/adf-cli-2021-managed-ir-start-stop-lro.json",
            cli("Managed"),
        ),
        (
            "azure/recorded/adf_ir_auth_keys.recorded.json",
            cli("SelfHosted"),
        ),
        (
            "recordings/adf-python-2017-test_datafactory_create.json",
            python("sa9b61278", "testdfcreate"),
        ),
        (
            "recordings/adf-python-2017-test_get_nonexisitng_datafactory.json",
            python("s64f61659", "other"),
        ),
        (
            "recordings/adf-python-2017-test_integrationruntime_create.json",
            python("s3ac5158e", "testircreate"),
        ),
        (
            "recordings/adf-python-2017-test_integrationruntime_regeneratekey.json",
            python("sdd961885", "testirregeneratekey"),
        ),
        (
            "recordings/adf-python-2017-test_run_monitoring.json",
            python("s64a3110d", "testmonitoring"),
        ),
    ]
}

/// What afresh's own client calls a request, empty if it never sends such a one.
pub(super) fn kind_of((method, url): &(String, String)) -> &'static str {
    let path = url
        .split('?')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    match (method.as_str(), last) {
        ("POST", "token") => "entra.token",
        ("POST", "getstatus") => "adf.getStatus",
        ("POST", "listauthkeys") => "adf.listAuthKeys",
        ("POST", "regenerateauthkey") => "adf.regenerateAuthKey",
        ("GET", "integrationruntimes") => "adf.list",
        _ => "",
    }
}

pub(super) type Asked = (&'static str, &'static str, Response);

/// Answers to the requests that belong to bodies without one.
pub(super) fn asked() -> Vec<Asked> {
    [azure(), jobs(), runs(), refusals(), vault::asked()]
        .into_iter()
        .flatten()
        .collect()
}

fn azure() -> Vec<Asked> {
    let client =
        factory("[{name: gateway, description: A self-hosted runtime, nodes: [vm-1]}]").arm();
    let (get, post) = (Method::GET, Method::POST);
    let ask = |method: &Method, part: &str, sent: &str| {
        let url = format!("https://management.azure.com{FACTORY}{part}?api-version=2018-06-01");
        client.send(method, &url, sent.to_owned()).unwrap()
    };
    let runtime = "/integrationRuntimes/gateway";
    let list = format!(
        "https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DataFactory/factories?api-version=2018-06-01"
    );
    let mut asked = vec![
        ("azure/examples/Factories_Get.json", "", ask(&get, "", "")),
        (
            "azure/examples/Factories_List.json",
            "",
            client.send(&get, &list, "").unwrap(),
        ),
        (
            "azure/examples/IntegrationRuntimes_ListByFactory.json",
            "adf.list",
            ask(&get, "/integrationRuntimes", ""),
        ),
        (
            "azure/examples/IntegrationRuntimes_Get.json",
            "",
            ask(&get, runtime, ""),
        ),
        (
            "azure/examples/IntegrationRuntimes_GetStatus.json",
            "adf.getStatus",
            ask(&post, &format!("{runtime}/getStatus"), ""),
        ),
        (
            "azure/examples/IntegrationRuntimes_ListAuthKeys.json",
            "adf.listAuthKeys",
            ask(&post, &format!("{runtime}/listAuthKeys"), ""),
        ),
        (
            "azure/examples/IntegrationRuntimes_RegenerateAuthKey.json",
            "adf.regenerateAuthKey",
            ask(
                &post,
                &format!("{runtime}/regenerateAuthKey"),
                r#"{"keyName": "authKey2"}"#,
            ),
        ),
    ];
    client.pass(600);
    let filter = "$filter=eventTimestamp ge '2026-11-22T00:00:00Z' and eventTimestamp le '2026-11-23T00:00:00Z'";
    let log = format!(
        "https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&{filter}"
    );
    asked.push((
        "azure/examples/ActivityLog_List.SYNTHETIC.json",
        "log.list",
        client.send(&get, &log, "").unwrap(),
    ));
    asked
}

fn get(client: &Client, what: &str) -> Response {
    client
        .send(
            &Method::GET,
            &format!("https://{HOST}/api/2.2/jobs/{what}"),
            "",
        )
        .unwrap()
}

fn post(client: &Client, what: &str, sent: &Value) -> Response {
    let url = format!("https://{HOST}/api/2.2/jobs/{what}");
    client.send(&Method::POST, &url, sent.to_string()).unwrap()
}

fn jobs() -> Vec<Asked> {
    let client = workspace("[{id: 1, name: two, tasks: [start, dummy_1]}, {id: 2, name: scheduled, schedule: {every: 24h}}]").dapi();
    let one = |id: u64| get(&client, &format!("get?job_id={id}"));
    vec![
        ("databricks/jobs_get.2.1.real.json", "jobs.get", one(1)),
        (
            "databricks/jobs_get.recorded-azure-12.tf-exporter.json",
            "jobs.get",
            one(1),
        ),
        (
            "databricks/jobs_get.recorded-azure-14.tf-exporter.json",
            "jobs.get",
            one(2),
        ),
        (
            "databricks/jobs_get.run-job-task-child.tf-exporter.json",
            "jobs.get",
            one(1),
        ),
        (
            "databricks/jobs_get.run-job-task-parent.tf-exporter.json",
            "jobs.get",
            one(1),
        ),
        (
            "databricks/jobs_list.recorded-azure.tf-exporter.json",
            "jobs.list",
            get(&client, "list"),
        ),
    ]
}

fn runs() -> Vec<Asked> {
    let client = workspace(
        "[{id: 1, name: one, outcome: FAILED, error: AssertionError}, {id: 2, name: two, tasks: [a, b], cancelTakes: 0s, parameters: {day: today}}]",
    )
    .dapi();
    let started = post(&client, "run-now", &json!({"job_id": 1}));
    let failed = body(&started)["run_id"].as_u64().unwrap();
    client.pass(1000);
    let tasks = client.run_now(2);
    let pending = get(&client, &format!("runs/get?run_id={tasks}"));
    post(&client, "runs/cancel", &json!({"run_id": tasks}));
    let canceled = get(&client, &format!("runs/get?run_id={tasks}"));
    let submitted = post(
        &client,
        "runs/submit",
        &json!({"tasks": [{"task_key": "main"}]}),
    );
    let (_, shown) = client.get_jobs(&format!("runs/get?run_id={failed}"));
    let task = shown["tasks"][0]["run_id"].as_u64().unwrap();
    let output = || get(&client, &format!("runs/get-output?run_id={task}"));
    vec![
        ("databricks/run-now.response.json", "jobs.run-now", started),
        (
            "databricks/runs_submit.response.json",
            "runs.submit",
            submitted,
        ),
        (
            "databricks/runs_get.2.1.docs-sample.trimmed.json",
            "runs.get",
            pending.clone(),
        ),
        (
            "databricks/runs_get.multitask-with-repair.docs-like.json",
            "runs.get",
            pending.clone(),
        ),
        (
            "databricks/runs_get.with-job-parameters.docs-like.json",
            "runs.get",
            pending,
        ),
        (
            "databricks/runs_get.canceled-by-user.docs-like.json",
            "runs.get",
            canceled,
        ),
        (
            "databricks/runs_get-output.2.0.real.internal-error.partial.json",
            "runs.get-output",
            output(),
        ),
        (
            "databricks/runs_get-output.2.1or2.2.real.failed-notebook.json",
            "runs.get-output",
            output(),
        ),
        (
            "databricks/runs_get-output.docs-like.json",
            "runs.get-output",
            output(),
        ),
        (
            "databricks/runs_list.page-token.docs-like.json",
            "runs.list-active",
            get(&client, "runs/list?job_id=2"),
        ),
    ]
}

fn refusals() -> Vec<Asked> {
    let client = workspace(
        "[{id: 1, name: two, tasks: [a, b]}, {id: 3, name: c, continuous: {paused: false}}]",
    )
    .dapi();
    let run = client.run_now(1);
    client.pass(1000);
    let throttled = super::super::client(&format!(
        "workspaces: [{{host: {HOST}, jobs: []}}]\nfaults: [{{on: jobs/list, do: throttle}}]"
    ))
    .dapi();
    let stranger = workspace("[]").with("authorization", "Bearer nonsense");
    vec![
        (
            "databricks/errors.json 0",
            "",
            get(&client, "runs/list?limit=27"),
        ),
        (
            "databricks/errors.json 1",
            "",
            get(&client, "runs/list?offset=10020"),
        ),
        (
            "databricks/errors.json 2",
            "",
            get(&client, "list?offset=1001"),
        ),
        (
            "databricks/errors.json 3",
            "",
            get(&client, "runs/get?run_id=123"),
        ),
        (
            "databricks/errors.json 4",
            "",
            get(&client, "get?job_id=17"),
        ),
        (
            "databricks/errors.json 5",
            "",
            get(&client, &format!("runs/get-output?run_id={run}")),
        ),
        (
            "databricks/errors.json 6",
            "",
            post(
                &client,
                "run-now",
                &json!({"job_id": 1, "job_parameters": "text"}),
            ),
        ),
        (
            "databricks/errors.json 11",
            "",
            client
                .send(
                    &Method::POST,
                    &format!("https://{HOST}/api/2.0/jobs/run-now"),
                    "{}",
                )
                .unwrap(),
        ),
        ("databricks/errors.json 12", "", get(&throttled, "list")),
        ("databricks/errors.json 14", "", get(&stranger, "list")),
    ]
}
