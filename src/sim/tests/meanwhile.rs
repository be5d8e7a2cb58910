//! What happens by other hands, and how the services tell of it afterwards.

use super::*;

const DAY: u64 = 24 * 3600;
const WINDOW: &str = "eventTimestamp ge '2026-08-24T09:00:00Z'";

fn estate(meanwhile: &str) -> Client {
    client(&format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw, created: 97d ago, authKey1: {{made: 40d ago, by: ''}}}}]}}]}}, {{id: other}}]\nmeanwhile:\n{meanwhile}"
    ))
    .arm()
}

fn works(job: &str, meanwhile: &str) -> Client {
    client(&format!(
        "workspaces: [{{host: {HOST}, jobs: [{job}]}}]\nmeanwhile:\n{meanwhile}"
    ))
    .dapi()
}

/// So many seconds later, with a new token.
fn later(client: Client, seconds: u64) -> Client {
    client.pass(seconds);
    client.arm()
}

fn wrong(text: &str) -> String {
    World::from_text(
        &format!("{START}{text}"),
        Path::new("world.yaml"),
        &Clock::Real,
    )
    .unwrap_err()
    .to_string()
}

/// `action at caller` of what the log of a subscription tells, newest first, only the ends of requests.
fn log(client: &Client, subscription: &str) -> Vec<String> {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("api-version", "2015-04-01")
        .append_pair("$filter", WINDOW)
        .finish();
    let (status, page) = client.get_arm(&format!(
        "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values?{query}"
    ));
    assert_eq!(status, 200, "{page}");
    let events = page["value"].as_array().unwrap().iter();
    events
        .filter(|event| event["status"]["value"] == "Succeeded")
        .map(|event| {
            let id = event["resourceId"].as_str().unwrap();
            let (_, short) = id.split_once("/resourceGroups/").unwrap();
            let action = event["authorization"]["action"].as_str().unwrap();
            format!(
                "{} {} {} {}",
                &event["eventTimestamp"].as_str().unwrap()[..10],
                action.rsplit_once("integrationruntimes/").unwrap().1,
                short
                    .replace("/providers/Microsoft.DataFactory/factories", "")
                    .replace("/integrationruntimes", ""),
                event["caller"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

#[test]
fn a_person_regenerates_one_key_or_both() {
    let client = estate(
        "- {at: in 2d, regenerateKey: {runtime: adf/gw, key: both, by: bob@example.com}}
- {at: 2026-11-23, regenerateKey: {runtime: ADF/GW, key: authKey2, by: ada@example.com, requestId: '7'}}",
    );
    let first = client.keys("gw");
    let client = later(client, DAY);
    let second = client.keys("gw");
    assert_eq!((&first[0], first[1] == second[1]), (&second[0], false));
    let client = later(client, DAY + 600);
    let third = client.keys("gw");
    assert!(third.iter().all(|key| !second.contains(key)));
    assert_eq!(
        log(&client, SUBSCRIPTION),
        [
            "2026-11-24 regenerateauthkey/action rg/adf/gw bob@example.com",
            "2026-11-24 regenerateauthkey/action rg/adf/gw bob@example.com",
            "2026-11-23 regenerateauthkey/action rg/adf/gw ada@example.com",
            "2026-10-13 regenerateauthkey/action rg/adf/gw -",
        ]
    );
    assert!(client.cloud.world().effects().regenerations.is_empty());
}

#[test]
fn values_change_places_and_come_back_without_a_word() {
    let client = estate(
        "- {at: in 1d, swapKeys: {runtime: adf/gw}}
- {at: in 2d, restoreKey: {runtime: adf/gw, key: authKey1}}
- {at: in 3d, restoreKey: {runtime: adf/gw, key: both, back: 9}}
- {at: in 4d, regenerateKey: {runtime: adf/gw, key: authKey1, logged: false}}",
    );
    let before = client.keys("gw");
    let client = later(client, DAY);
    let swapped = client.keys("gw");
    assert_eq!([&swapped[1], &swapped[0]], [&before[0], &before[1]]);
    let client = later(client, DAY);
    assert_eq!(client.keys("gw"), [before[0].clone(), before[0].clone()]);
    let client = later(client, DAY);
    let oldest = client.keys("gw");
    assert_eq!((oldest[0] == before[0], &oldest[1]), (false, &before[1]));
    let client = later(client, 2 * DAY);
    let last = client.keys("gw")[0].clone();
    assert!(![&before[0], &before[1], &oldest[0]].contains(&&last));
    assert_eq!(
        log(&client, SUBSCRIPTION).len(),
        1,
        "only what the file began with"
    );
}

#[test]
fn a_runtime_made_anew_has_new_keys_a_new_birth_and_no_regeneration() {
    let client = estate("- {at: in 1d, recreateRuntime: {runtime: adf/gw}}");
    let before = client.keys("gw");
    let client = later(client, DAY + 600);
    let after = client.keys("gw");
    assert!(after.iter().all(|key| !before.contains(key)));
    let (_, status) = client.post_runtime("gw/getStatus", "").unwrap();
    assert_eq!(
        status["properties"]["typeProperties"]["createTime"],
        "2026-11-23T09:00:00.0000000Z"
    );
    let mut told = log(&client, SUBSCRIPTION);
    told.sort();
    assert_eq!(
        told,
        [
            "2026-10-13 regenerateauthkey/action rg/adf/gw -",
            "2026-11-23 delete rg/adf/gw operator@example.com",
            "2026-11-23 write rg/adf/gw operator@example.com",
        ]
    );
}

#[test]
fn a_moved_factory_keeps_its_keys_and_leaves_its_log_behind() {
    let client = estate(
        "- {at: in 1d, moveFactory: {factory: adf, subscription: other, resourceGroup: rg2, name: adf2}}
- {at: in 2d, regenerateKey: {runtime: adf2/gw, key: authKey1}}",
    );
    let before = client.keys("gw");
    let client = later(client, DAY);
    assert_eq!(client.post_runtime("gw/listAuthKeys", "").unwrap().0, 404);
    let ask = |client: &Client, what: &str| {
        let url = format!(
            "https://management.azure.com/subscriptions/other/resourceGroups/rg2/providers/Microsoft.DataFactory/factories/adf2/integrationRuntimes/gw/{what}?api-version=2018-06-01"
        );
        body(&client.send(&Method::POST, &url, "").unwrap())
    };
    let keys = ask(&client, "listAuthKeys");
    assert_eq!(
        [&keys["authKey1"], &keys["authKey2"]],
        [&before[0], &before[1]]
    );
    let status = ask(&client, "getStatus");
    assert_eq!(
        status["properties"]["typeProperties"]["createTime"],
        "2026-08-17T09:00:00.0000000Z"
    );
    let client = later(client, DAY + 600);
    assert_ne!(ask(&client, "listAuthKeys")["authKey1"], before[0]);
    assert_eq!(
        log(&client, SUBSCRIPTION),
        ["2026-10-13 regenerateauthkey/action rg/adf/gw -"]
    );
    assert_eq!(
        log(&client, "other"),
        ["2026-11-24 regenerateauthkey/action rg2/adf2/gw operator@example.com"]
    );
}

#[test]
fn rights_come_and_go_and_the_log_lags() {
    let client = estate(
        "- {at: in 1d, forbid: {operations: [regenerateAuthKey], runtime: adf/gw}}
- {at: in 1d, forbid: {operations: [activityLog], subscription: other}}
- {at: in 2d, allow: {operations: [regenerateAuthKey], runtime: adf/gw}}
- {at: in 2d, allow: {operations: [activityLog], subscription: other}}
- {at: in 2d, logDelay: 2h}",
    );
    let regenerate = |client: &Client| {
        let text = r#"{"keyName": "authKey2"}"#;
        client.post_runtime("gw/regenerateAuthKey", text).unwrap().0
    };
    let url = "/subscriptions/other/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=eventTimestamp%20ge%20'2026-11-01T00:00:00Z'";
    let client = later(client, DAY);
    assert_eq!((regenerate(&client), client.get_arm(url).0), (403, 403));
    assert_eq!(client.keys("gw").len(), 2, "only that right is missing");
    let client = later(client, DAY);
    assert_eq!((regenerate(&client), client.get_arm(url).0), (200, 200));
    let client = later(client, 7199);
    assert_eq!(log(&client, SUBSCRIPTION).len(), 1);
    let client = later(client, 1);
    assert_eq!(log(&client, SUBSCRIPTION).len(), 2);
}

#[test]
fn a_job_made_anew_has_another_id_and_no_past() {
    let client = works(
        "{id: 7, name: n, runs: [{started: 2h ago, ended: 1h ago}]}",
        "- {at: in 1d, recreateJob: {job: n}}\n- {at: in 2d, renameJob: {job: 8, name: m}}\n- {at: in 3d, deleteJob: {job: m}}",
    );
    let run = client.get_jobs("runs/list").1["runs"][0]["run_id"].clone();
    client.pass(DAY);
    let (_, list) = client.get_jobs("list");
    assert_eq!(
        (
            &list["jobs"][0]["job_id"],
            &list["jobs"][0]["settings"]["name"]
        ),
        (&json!(8), &json!("n"))
    );
    assert_eq!(client.get_jobs("get?job_id=7").0, 400);
    assert_eq!(client.get_jobs(&format!("runs/get?run_id={run}")).0, 400);
    assert_eq!(client.get_jobs("runs/list").1["runs"], Value::Null);
    client.pass(DAY);
    assert_eq!(client.get_jobs("get?job_id=8").1["settings"]["name"], "m");
    client.pass(DAY);
    assert_eq!(client.get_jobs("list").1["jobs"], Value::Null);
}

#[test]
fn a_repaired_run_is_active_again_under_its_id() {
    let client = works(
        "{id: 7, name: n, tasks: [a, b], runs: [{started: 3h ago, ended: 2h ago, result: FAILED}, {started: 10d ago, ended: 9d ago, result: FAILED, repaired: {started: 8d ago, ended: 7d ago, result: SUCCESS}}]}",
        "- {at: in 1d, repairRun: {job: 7, takes: 55s}}",
    );
    let (_, list) = client.get_jobs("runs/list?job_id=7");
    assert_eq!(list["runs"][1]["state"]["result_state"], "SUCCESS");
    assert_eq!(
        list["runs"][1]["end_time"].as_i64().unwrap()
            - list["runs"][1]["start_time"].as_i64().unwrap(),
        3 * 24 * 3_600_000
    );
    let run = list["runs"][0]["run_id"].as_u64().unwrap();
    let url = format!("runs/get?run_id={run}&include_history=true");
    assert_eq!(
        client.get_jobs(&url).1["repair_history"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    client.pass(DAY + 10);
    assert_eq!(client.phase(run), ["RUNNING", "-", "RUNNING"]);
    let (_, active) = client.get_jobs("runs/list?job_id=7&active_only=true");
    assert_eq!(active["runs"][0]["run_id"], run);
    client.pass(50);
    let (_, shown) = client.get_jobs(&url);
    assert_eq!(shown["state"]["result_state"], "SUCCESS");
    assert_eq!(shown["start_time"], list["runs"][0]["start_time"]);
    assert_eq!(shown["end_time"], 1_795_424_455_000_i64);
    let kinds: Vec<&str> = shown["repair_history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["ORIGINAL", "REPAIR"]);
    assert_eq!(
        shown["repair_history"][0]["state"]["result_state"],
        "FAILED"
    );
    let tasks: Vec<(&str, u64, &str)> = shown["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            (
                task["task_key"].as_str().unwrap(),
                task["attempt_number"].as_u64().unwrap(),
                task["state"]["result_state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        tasks,
        [
            ("a", 0, "SUCCESS"),
            ("b", 0, "FAILED"),
            ("a", 1, "SUCCESS"),
            ("b", 1, "SUCCESS")
        ]
    );
    let output = |place: usize| {
        let task = &shown["tasks"][place]["run_id"];
        client.get_jobs(&format!("runs/get-output?run_id={task}"))
    };
    assert_eq!(
        (
            output(1).1["error"].is_string(),
            output(3).1["error"].is_string()
        ),
        (true, false)
    );
    assert_eq!(output(3).1["metadata"]["task_key"], "b");
}

#[test]
fn a_run_by_hand_tells_its_parameters_and_its_tasks() {
    let client = works(
        "{id: 7, name: n, tasks: [a, b], parameters: {day: today, region: eu}}",
        "- {at: in 1d, startJob: {job: 7, parameters: {day: monday}, only: [b], overriding: {mode: full}, result: FAILED, takes: 1m}}
- {at: in 2d, setParameters: {job: 7, parameters: {day: tomorrow}}}
- {at: in 3d, startJob: {job: 7}}
- {at: 2026-11-25T09:01:00Z, cancelRuns: {job: 7}}
- {at: in 4d, deleteRuns: {job: 7, keep: 1}}",
    );
    client.pass(3 * DAY + 120);
    let (_, list) = client.get_jobs("runs/list?job_id=7&expand_tasks=true");
    let (second, first) = (&list["runs"][0], &list["runs"][1]);
    assert_eq!(
        first["job_parameters"],
        json!([{"name": "day", "default": "today", "value": "monday"}, {"name": "region", "default": "eu", "value": "eu"}])
    );
    assert_eq!(
        first["overriding_parameters"],
        json!({"notebook_params": {"mode": "full"}})
    );
    assert_eq!(
        (
            first["tasks"].as_array().unwrap().len(),
            &first["tasks"][0]["task_key"]
        ),
        (1, &json!("b"))
    );
    assert_eq!(first["state"]["result_state"], "FAILED");
    assert_eq!(
        second["job_parameters"],
        json!([{"name": "day", "default": "tomorrow", "value": "tomorrow"}])
    );
    assert_eq!(second["state"]["result_state"], "CANCELED");
    client.pass(DAY);
    let left = client.get_jobs("runs/list?job_id=7").1;
    assert_eq!(left["runs"].as_array().unwrap().len(), 1);
    assert_eq!(left["runs"][0]["run_id"], second["run_id"]);
    assert!(client.cloud.world().effects().cancellations.is_empty());
}

#[test]
fn what_a_schedule_missed_while_it_rested_stays_missed() {
    let client = works(
        "{id: 7, name: n, schedule: {every: 24h}}, {id: 8, name: c, continuous: {paused: true}, takes: 10h}",
        "- {at: in 36h, pauseJob: {job: 7}}\n- {at: in 108h, unpauseJob: {job: 7}}\n- {at: in 5d, unpauseJob: {job: c}}",
    );
    let ended = |job: u64| {
        client.get_jobs(&format!("runs/list?job_id={job}")).1["runs"]
            .as_array()
            .map_or(0, Vec::len)
    };
    let paused = |job: u64| {
        client.get_jobs(&format!("get?job_id={job}")).1["settings"]["schedule"]["pause_status"]
            .clone()
    };
    client.pass(4 * DAY);
    assert_eq!((ended(7), paused(7)), (1, json!("PAUSED")));
    client.pass(DAY + 60);
    assert_eq!((ended(7), paused(7)), (2, json!("UNPAUSED")));
    assert_eq!(
        client.get_jobs("get?job_id=7").1["settings"]["schedule"]["quartz_cron_expression"],
        "0 0 9 * * ?"
    );
    assert_eq!(ended(8), 1);
    let (_, runs) = client.get_jobs("runs/list?job_id=8");
    assert_eq!(runs["runs"][0]["start_time"], 1_795_770_000_000_i64);
}

#[test]
fn a_run_whose_token_is_kept_and_which_is_gone_is_an_error() {
    let client = client(&format!("workspaces: [{{host: {HOST}}}]\nmeanwhile: [{{at: in 1d, deleteRuns: {{workspace: {HOST}}}}}]")).dapi();
    let body = json!({"idempotency_token": "t", "tasks": [{"task_key": "a"}]});
    assert_eq!(client.post_jobs("runs/submit", &body).0, 200);
    client.pass(DAY);
    let (status, answer) = client.post_jobs("runs/submit", &body);
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains("was deleted"));
}

#[test]
fn what_cannot_happen_is_told_when_the_world_is_loaded() {
    let runtime = "subscriptions: [{id: s, factories: [{name: f, resourceGroup: g, runtimes: [{name: r}]}]}]\nworkspaces: [{host: h, jobs: [{id: 1, name: n}]}, {host: i, jobs: [{id: 1, name: n}]}]\nmeanwhile:\n";
    for (entry, what) in [
        (
            "- {at: in 1d, swapKeys: {runtime: f/x}}",
            "at 2026-11-23T09:00:00Z: there is no runtime `f/x`",
        ),
        (
            "- {at: 1d ago, swapKeys: {runtime: f/r}}",
            "before the beginning",
        ),
        (
            "- {at: in 1d, swapKeys: {runtime: r}}",
            "write `factory/runtime`",
        ),
        (
            "- {at: in 1d, deleteRuntime: {runtime: f/r}}\n- {at: in 2d, swapKeys: {runtime: f/r}}",
            "no runtime",
        ),
        (
            "- {at: in 1d}",
            "world.yaml:5:3: meanwhile[0]: nothing happens in this entry",
        ),
        ("- {swapKeys: {runtime: f/r}}", "missing field `at`"),
        (
            "- {at: in 1d, swapKeys: {runtime: f/r}, deleteRuntime: {runtime: f/r}}",
            "one happening",
        ),
        (
            "- {at: in 1d, swapKey: {runtime: f/r}}",
            "unknown variant `swapKey`",
        ),
        (
            "- {at: in 1d, swapKeys: {runtim: f/r}}",
            "unknown field `runtim`",
        ),
        ("- {at: soon, swapKeys: {runtime: f/r}}", "`in 3d`"),
        ("- {at: in 1d, logDelay: 3}", "length of time"),
        ("- {at: in 1d, deleteJob: {job: n}}", "several jobs `n`"),
        ("- {at: in 1d, deleteJob: {job: 4}}", "no job `4`"),
        (
            "- {at: in 1d, pauseJob: {job: n, workspace: h}}",
            "neither a schedule",
        ),
        (
            "- {at: in 1d, startJob: {job: n, workspace: h, only: [x]}}",
            "no task `x`",
        ),
        (
            "- {at: in 1d, recreateJob: {job: n, workspace: h, id: 1}}",
            "a job 1 already",
        ),
        (
            "- {at: in 1d, moveFactory: {factory: f, subscription: t}}",
            "no subscription `t`",
        ),
        (
            "- {at: in 1d, forbid: {operations: [run-now], subscription: s}}",
            "is not a right of a subscription",
        ),
        (
            "- {at: in 1d, forbid: {operations: [run-now]}}",
            "one of `subscription`",
        ),
    ] {
        let told = wrong(&format!("{runtime}{entry}"));
        assert!(told.contains(what), "{entry}\n{told}");
    }
}

#[test]
fn it_happens_once_however_often_the_world_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stored) = (
        folder.path().join("world.yaml"),
        folder.path().join("world.json"),
    );
    let text = format!(
        "{START}subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw}}]}}]}}]\nmeanwhile: [{{at: in 1d, regenerateKey: {{runtime: adf/gw, key: authKey1}}}}, {{at: in 3d, logDelay: 2h}}, {{at: in 3d, repairRun: {{job: 1, takes: 1h}}}}]\nworkspaces: [{{host: {HOST}, jobs: [{{id: 1, name: n}}]}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    let load = || {
        let world = World::load(&file, &stored, &Clock::Real).unwrap();
        client("").put(world).arm()
    };
    let first = load();
    let first = later(first, DAY + 1);
    let key = first.keys("gw")[0].clone();
    first.cloud.world().save(&stored).unwrap();
    let second = load();
    assert_eq!(second.keys("gw")[0], key);
    assert_eq!(second.cloud.world().meanwhile.len(), 2);
    let second = later(second, 2 * DAY);
    assert_eq!(second.keys("gw")[0], key);
    assert!(second.cloud.world().meanwhile.is_empty());
    let text = r#"{"keyName": "authKey1"}"#;
    second.post_runtime("gw/regenerateAuthKey", text).unwrap();
    second.cloud.world().keep().unwrap();
    let third = load();
    assert_ne!(third.keys("gw")[0], key);
    assert_eq!(
        third.cloud.world().subscriptions[0].factories[0].runtimes[0]
            .keys
            .remakings()
            .count(),
        2
    );
}
