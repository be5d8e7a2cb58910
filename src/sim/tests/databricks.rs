//! Databricks: how runs begin, go on, end, and how they are shown.

use super::*;

const NIGHTLY: &str = "[{id: 1, name: nightly, takes: 10m, outcomes: [FAILED, SUCCESS]}]";

fn ids(list: &Value) -> Vec<u64> {
    let runs = list["runs"].as_array().cloned().unwrap_or_default();
    runs.iter()
        .map(|run| run["run_id"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_run_is_pending_then_runs_then_ends() {
    let client = workspace("[{id: 1, name: nightly, takes: 10m}]").dapi();
    let run = client.run_now(1);
    assert_eq!(client.phase(run), ["PENDING", "-", "PENDING"]);
    client.pass(5);
    assert_eq!(client.phase(run), ["RUNNING", "-", "RUNNING"]);
    client.pass(600);
    assert_eq!(client.phase(run), ["TERMINATED", "SUCCESS", "TERMINATED"]);
    let (_, shown) = client.get_jobs(&format!("runs/get?run_id={run}"));
    assert_eq!(
        shown["end_time"].as_u64().unwrap() - shown["start_time"].as_u64().unwrap(),
        605_000
    );
}

#[test]
fn a_failed_run_says_internal_error_and_its_task_says_why() {
    let client =
        workspace("[{id: 1, name: n, outcome: FAILED, tasks: [a, b], error: no such table}]")
            .dapi();
    let run = client.run_now(1);
    client.pass(1000);
    assert_eq!(
        client.phase(run),
        ["INTERNAL_ERROR", "FAILED", "TERMINATED"]
    );
    let (_, shown) = client.get_jobs(&format!("runs/get?run_id={run}"));
    assert_eq!(
        shown["status"]["termination_details"]["code"],
        "RUN_EXECUTION_ERROR"
    );
    assert_eq!(shown["tasks"][0]["state"]["result_state"], "SUCCESS");
    assert_eq!(shown["tasks"][1]["state"]["life_cycle_state"], "TERMINATED");
    let task = &shown["tasks"][1]["run_id"];
    let (_, output) = client.get_jobs(&format!("runs/get-output?run_id={task}"));
    assert_eq!(output["error"], "no such table");
    assert_eq!(
        client.get_jobs(&format!("runs/get-output?run_id={run}")).0,
        400,
        "a run of two tasks has no output"
    );
}

#[test]
fn outcomes_come_in_order_and_the_last_repeats() {
    let client = workspace(NIGHTLY).dapi();
    let results = [(); 3].map(|()| {
        let run = client.run_now(1);
        client.pass(1000);
        client.phase(run)[1].clone()
    });
    assert_eq!(results, ["FAILED", "SUCCESS", "SUCCESS"]);
}

#[test]
fn a_token_returns_its_run_for_ever_also_a_failed_one() {
    let client = workspace(NIGHTLY).dapi();
    let body = json!({"job_id": 1, "idempotency_token": "t"});
    let first = client.post_jobs("run-now", &body).1;
    client.pass(1000);
    assert_eq!(client.post_jobs("run-now", &body).1, first);
    assert_eq!(client.phase(first["run_id"].as_u64().unwrap())[1], "FAILED");
    assert_eq!(client.cloud.world().effects().runs_by_token["t"], 1);
    let long = json!({"job_id": 1, "idempotency_token": "x".repeat(65)});
    assert_eq!(client.post_jobs("run-now", &long).0, 400);
}

#[test]
fn one_run_too_many_is_answered_like_any_other_and_then_skipped() {
    let client = workspace("[{id: 1, name: n}]").dapi();
    client.run_now(1);
    let second = client.run_now(1);
    assert_eq!(
        client.phase(second),
        ["SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "TERMINATED"]
    );
}

#[test]
fn no_concurrent_runs_at_all_skips_every_run() {
    let client = workspace("[{id: 1, name: n, maxConcurrentRuns: 0, queue: true}]").dapi();
    let run = client.run_now(1);
    assert_eq!(client.phase(run)[0], "SKIPPED");
}

#[test]
fn a_queueing_job_runs_its_runs_one_after_the_other() {
    let client = workspace("[{id: 1, name: n, queue: true, takes: 55s}]").dapi();
    let runs = [(); 3].map(|()| client.run_now(1));
    let life = || runs.map(|run| client.phase(run)[0].clone());
    assert_eq!(life(), ["PENDING", "QUEUED", "QUEUED"]);
    client.pass(61);
    assert_eq!(life(), ["TERMINATED", "PENDING", "QUEUED"]);
    client.pass(600);
    assert_eq!(life(), ["TERMINATED", "TERMINATED", "TERMINATED"]);
    let (_, last) = client.get_jobs(&format!("runs/get?run_id={}", runs[2]));
    assert_eq!(last["queue_duration"], 120_000);
}

#[test]
fn cancel_takes_its_time_and_is_a_success_of_the_one_who_asked() {
    let client = workspace("[{id: 1, name: n, cancelTakes: 20s}]").dapi();
    let run = client.run_now(1);
    client.pass(60);
    assert_eq!(
        client.post_jobs("runs/cancel", &json!({"run_id": run})),
        (200, json!({}))
    );
    assert_eq!(client.phase(run), ["TERMINATING", "-", "TERMINATING"]);
    assert_eq!(
        ids(&client.get_jobs("runs/list?job_id=1&active_only=true").1),
        [run]
    );
    client.pass(20);
    assert_eq!(client.phase(run), ["TERMINATED", "CANCELED", "TERMINATED"]);
    let (_, shown) = client.get_jobs(&format!("runs/get?run_id={run}"));
    assert_eq!(shown["status"]["termination_details"]["type"], "SUCCESS");
    assert_eq!(
        shown["status"]["termination_details"]["code"],
        "USER_CANCELED"
    );
}

#[test]
fn cancelling_what_has_ended_changes_nothing() {
    let client = workspace("[{id: 1, name: n}]").dapi();
    let run = client.run_now(1);
    client.pass(1000);
    assert_eq!(
        client.post_jobs("runs/cancel", &json!({"run_id": run})).0,
        200
    );
    assert_eq!(client.phase(run)[1], "SUCCESS");
    assert!(client.cloud.world().effects().cancellations.is_empty());
}

#[test]
fn cancel_all_wants_to_know_of_which_job() {
    let client = workspace("[{id: 1, name: n, maxConcurrentRuns: 2}]").dapi();
    let runs = [client.run_now(1), client.run_now(1)];
    assert_eq!(client.post_jobs("runs/cancel-all", &json!({})).0, 400);
    assert_eq!(
        client.post_jobs("runs/cancel-all", &json!({"job_id": 1})).0,
        200
    );
    assert_eq!(
        runs.map(|run| client.phase(run)[0].clone()),
        ["TERMINATING", "TERMINATING"]
    );
}

#[test]
fn runs_are_listed_newest_first_and_an_empty_list_has_no_field() {
    let client =
        workspace("[{id: 1, name: n, runs: [{started: 9h ago, ended: 8h ago}, {started: 2h ago}]}, {id: 2, name: m}]").dapi();
    let (_, list) = client.get_jobs("runs/list?job_id=1");
    let starts: Vec<i64> = list["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["start_time"].as_i64().unwrap())
        .collect();
    assert!(starts.len() == 2 && starts[0] > starts[1]);
    assert_eq!(list["runs"][0]["end_time"], 0);
    assert_eq!(client.get_jobs("runs/list?job_id=2").1, json!({}));
    let completed = client.get_jobs("runs/list?job_id=1&completed_only=true").1;
    assert_eq!(ids(&completed).len(), 1);
    let cut = format!(
        "runs/list?job_id=1&start_time_from={}&start_time_to={}",
        starts[1], starts[1]
    );
    assert_eq!(ids(&client.get_jobs(&cut).1).len(), 1);
    assert_eq!(
        client
            .get_jobs("runs/list?active_only=true&completed_only=true")
            .0,
        400
    );
}

#[test]
fn runs_are_forgotten_after_sixty_days() {
    let client = workspace(
        "[{id: 1, name: n, runs: [{started: 61d ago, ended: 61d ago}, {started: 61d ago, ended: 59d ago}]}]",
    )
    .dapi();
    assert_eq!(ids(&client.get_jobs("runs/list?job_id=1").1).len(), 1);
}

#[test]
fn pages_are_followed_by_token_and_only_the_old_version_says_has_more() {
    let world = format!(
        "paging: {{jobs: 2}}\nworkspaces: [{{host: {HOST}, jobs: [{{id: 10, name: job, copies: 5}}]}}]"
    );
    let client = client(&world).dapi();
    let (_, page) = client.get_jobs("list");
    assert_eq!(page["jobs"].as_array().unwrap().len(), 2);
    assert!(page.get("has_more").is_none());
    let token = page["next_page_token"].as_str().unwrap();
    let (_, next) = client.get_jobs(&format!("list?page_token={token}"));
    assert_eq!(next["jobs"][0]["job_id"], 12);
    assert_eq!(client.get_jobs("list?page_token=nonsense").0, 400);
    let url = format!("https://{HOST}/api/2.1/jobs/list?limit=100");
    let old = super::body(&client.send(&http::Method::GET, &url, "").unwrap());
    assert_eq!(old["has_more"], true);
}

#[test]
fn pages_have_their_greatest_length() {
    let client = workspace("[]").dapi();
    assert_eq!(client.get_jobs("runs/list?limit=25").0, 200);
    let (status, answer) = client.get_jobs("runs/list?limit=27");
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        "Invalid limit 27 - it has to be no more than 26."
    );
    assert_eq!(client.get_jobs("list?limit=101").0, 400);
}

#[test]
fn a_name_is_found_exactly_but_without_case() {
    let client =
        workspace("[{id: 1, name: Nightly}, {id: 2, name: nightly}, {id: 3, name: nightly-2}]")
            .dapi();
    let (_, list) = client.get_jobs("list?name=NIGHTLY");
    assert_eq!(list["jobs"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_not_there_is_a_400_and_what_is_hidden_a_403() {
    let client =
        workspace("[{id: 1, name: n, forbidden: [all]}, {id: 2, name: m, forbidden: [run-now]}]")
            .dapi();
    let (status, answer) = client.get_jobs("get?job_id=9");
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 9 does not exist."})
    );
    assert_eq!(
        client.get_jobs("runs/get?run_id=9").1["message"],
        "Run 9 does not exist."
    );
    assert_eq!(client.get_jobs("get?job_id=1").0, 403);
    assert_eq!(
        client.get_jobs("list").1["jobs"].as_array().unwrap().len(),
        1
    );
    assert_eq!(client.get_jobs("get?job_id=2").0, 200);
    assert_eq!(client.post_jobs("run-now", &json!({"job_id": 2})).0, 403);
}

#[test]
fn an_unknown_path_is_a_bad_target() {
    let client = client(&format!(
        "workspaces: [{{host: {HOST}, apiVersions: ['2.1']}}]"
    ))
    .dapi();
    let (status, answer) = client.get_jobs("list");
    assert_eq!(status, 404);
    assert_eq!(answer["message"], "Bad Target: /api/2.2/jobs/list");
}

#[test]
fn a_continuous_job_starts_again_by_itself() {
    let client = workspace("[{id: 1, name: n, continuous: {}, runs: [{started: 3d ago}]}]").dapi();
    let first = ids(&client.get_jobs("runs/list?active_only=true").1)[0];
    client.post_jobs("runs/cancel", &json!({"run_id": first}));
    client.pass(20);
    assert!(ids(&client.get_jobs("runs/list?active_only=true").1).is_empty());
    client.pass(60);
    let again = client.get_jobs("runs/list?active_only=true").1;
    assert_ne!(ids(&again)[0], first);
    assert_eq!(again["runs"][0]["trigger"], "CONTINUOUS_RESTART");
}

#[test]
fn run_now_on_a_continuous_job_puts_a_new_run_in_the_place_of_the_old() {
    let client = workspace("[{id: 1, name: n, continuous: {}, runs: [{started: 3d ago}]}]").dapi();
    let first = ids(&client.get_jobs("runs/list").1)[0];
    let second = client.run_now(1);
    client.pass(60);
    assert_eq!(client.phase(first)[1], "CANCELED");
    assert_eq!(client.phase(second)[0], "RUNNING");
}

#[test]
fn a_schedule_fires_while_nobody_looks() {
    let client =
        workspace("[{id: 1, name: n, takes: 1m, schedule: {every: 1h}, runs: [{started: 90m ago, ended: 89m ago}]}]")
            .dapi();
    client.pass(3 * 3600);
    let (_, list) = client.get_jobs("runs/list?job_id=1");
    assert_eq!(ids(&list).len(), 4, "09:30, 10:30, 11:30 and the old one");
    assert_eq!(list["runs"][0]["trigger"], "PERIODIC");
    assert_eq!(list["runs"][0]["state"]["result_state"], "SUCCESS");
}

#[test]
fn time_passes_the_same_in_one_step_or_in_many() {
    let world = "[{id: 1, name: a, takes: 50m, queue: true, schedule: {every: 20m}}, {id: 2, name: b, takes: 3m, continuous: {}}]";
    let (once, often) = (workspace(world).dapi(), workspace(world).dapi());
    once.pass(40_000);
    for _ in 0..400 {
        often.pass(100);
        often.get_jobs("list");
    }
    let all = |client: &Client| client.get_jobs("runs/list?limit=25").1;
    assert_eq!(all(&once), all(&often));
}

#[test]
fn a_one_time_run_is_no_job_run() {
    let client = client(&format!(
        "workspaces: [{{host: {HOST}, submit: {{takes: 1m, outcome: FAILED}}}}]"
    ))
    .dapi();
    let task = json!({"task_key": "t"});
    let submit = json!({"run_name": "backfill", "idempotency_token": "x", "tasks": [task]});
    let (_, first) = client.post_jobs("runs/submit", &submit);
    assert_eq!(client.post_jobs("runs/submit", &submit).1, first);
    let run = first["run_id"].as_u64().unwrap();
    client.pass(100);
    assert_eq!(client.phase(run)[1], "FAILED");
    assert_eq!(
        ids(&client.get_jobs("runs/list?run_type=SUBMIT_RUN").1),
        [run]
    );
    assert!(ids(&client.get_jobs("runs/list?run_type=JOB_RUN").1).is_empty());
    assert_eq!(client.get_jobs("list").1, json!({}));
    assert_eq!(
        client.post_jobs("runs/submit", &json!({"tasks": []})).0,
        400
    );
}

#[test]
fn parameters_come_back_with_the_defaults_of_the_job() {
    let client = workspace("[{id: 1, name: n, parameters: {day: today, mode: full}}]").dapi();
    let body = json!({"job_id": 1, "job_parameters": {"day": "yesterday"}});
    let run = client.post_jobs("run-now", &body).1["run_id"].clone();
    let (_, shown) = client.get_jobs(&format!("runs/get?run_id={run}"));
    assert_eq!(
        shown["job_parameters"],
        json!([{"name": "day", "default": "today", "value": "yesterday"}, {"name": "mode", "default": "full", "value": "full"}])
    );
    assert_eq!(
        client
            .post_jobs(
                "run-now",
                &json!({"job_id": 1, "job_parameters": {"day": 1}})
            )
            .0,
        400
    );
}

#[test]
fn a_past_run_tells_the_parameters_and_defaults_of_its_time() {
    let job = "{id: 1, name: n, tasks: [a, b], parameters: {day: today}, schedule: {every: 36h}, runs: [{started: 2h ago, ended: 1h ago, defaults: {day: yesterday, region: eu}, parameters: {day: monday, region: null}, overriding: {mode: full}, tasks: [b], trigger: RUN_JOB_TASK}]}";
    let client = workspace(&format!("[{job}]")).dapi();
    let (_, list) = client.get_jobs("runs/list?job_id=1&expand_tasks=true");
    let run = &list["runs"][0];
    assert_eq!(
        run["job_parameters"],
        json!([{"name": "day", "default": "yesterday", "value": "monday"}, {"name": "region", "default": "eu"}])
    );
    assert_eq!(
        run["overriding_parameters"]["notebook_params"]["mode"],
        "full"
    );
    assert_eq!(run["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(run["trigger"], "RUN_JOB_TASK");
    let (_, job) = client.get_jobs("get?job_id=1");
    assert_eq!(
        job["settings"]["trigger"],
        json!({"pause_status": "UNPAUSED", "periodic": {"interval": 36, "unit": "HOURS"}})
    );
}

#[test]
fn parameters_can_be_hidden_by_the_server() {
    let run = "runs: [{started: 2h ago, ended: 1h ago, parameters: {day: monday}, overriding: {mode: full}}]";
    for world in [
        format!("{{host: {HOST}, hidesParameters: true, jobs: [{{id: 1, name: n, {run}}}]}}"),
        format!("{{host: {HOST}, jobs: [{{id: 1, name: n, hidesParameters: true, {run}}}]}}"),
    ] {
        let client = client(&format!("workspaces: [{world}]")).dapi();
        let listed = client.get_jobs("runs/list").1["runs"][0].clone();
        let id = &listed["run_id"];
        let got = client.get_jobs(&format!("runs/get?run_id={id}")).1;
        for run in [listed, got] {
            assert!(
                run.get("job_parameters").is_none() && run.get("overriding_parameters").is_none(),
                "{run}"
            );
        }
    }
}

#[test]
fn run_now_takes_some_tasks_and_notebook_parameters() {
    let client = workspace("[{id: 1, name: n, tasks: [a, b]}]").dapi();
    let asked = json!({"job_id": 1, "only": ["b+"], "notebook_params": {"day": "monday"}});
    let run = client.post_jobs("run-now", &asked).1["run_id"].clone();
    let (_, shown) = client.get_jobs(&format!("runs/get?run_id={run}"));
    assert_eq!(shown["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(
        shown["overriding_parameters"],
        json!({"notebook_params": {"day": "monday"}})
    );
    let unknown = json!({"job_id": 1, "only": ["c"]});
    assert_eq!(client.post_jobs("run-now", &unknown).0, 400);
    let wrong = json!({"job_id": 1, "only": "b"});
    assert_eq!(client.post_jobs("run-now", &wrong).0, 400);
}

#[test]
fn a_schedule_is_shown_as_what_has_its_beat() {
    let shown = |schedule: &str| {
        let client = workspace(&format!(
            "[{{id: 1, name: n, schedule: {schedule}, runs: [{{started: 2026-11-22T06:30:00Z, ended: now}}]}}]"
        ))
        .dapi();
        let settings = client.get_jobs("get?job_id=1").1["settings"].clone();
        let cron = &settings["schedule"]["quartz_cron_expression"];
        let periodic = &settings["trigger"]["periodic"];
        if cron.is_null() {
            format!("{} {}", periodic["interval"], periodic["unit"])
        } else {
            cron.as_str().unwrap().to_owned()
        }
    };
    assert_eq!(shown("{every: 24h}"), "0 30 6 * * ?");
    assert_eq!(shown("{every: 6h}"), "0 30 0/6 * * ?");
    assert_eq!(shown("{every: 1h}"), "0 30 * * * ?");
    assert_eq!(shown("{every: 15m}"), "0 0/15 * * * ?");
    assert_eq!(shown("{every: 7d}"), r#"1 "WEEKS""#);
    assert_eq!(shown("{every: 2d}"), r#"2 "DAYS""#);
    assert_eq!(shown("{every: 24h, periodic: true}"), r#"1 "DAYS""#);
    assert_eq!(
        shown("{every: 24h, cron: 0 0 6 * * ?, timezone: Europe/Berlin}"),
        "0 0 6 * * ?"
    );
}

#[test]
fn past_runs_that_cannot_be_are_refused() {
    for (run, what) in [
        (
            "{started: 2h ago, ended: 1h ago, tasks: [x]}",
            "no task `x`",
        ),
        (
            "{started: 2h ago, ended: 1h ago, repaired: {started: 3h ago}}",
            "repaired after it has ended",
        ),
        (
            "{started: 2h ago, repaired: {started: 1h ago}}",
            "repaired after it has ended",
        ),
        ("{started: in 2h}", "in the future"),
    ] {
        let text =
            format!("workspaces: [{{host: {HOST}, jobs: [{{id: 1, name: n, runs: [{run}]}}]}}]");
        let told = World::from_text(&text, Path::new("w"), &Clock::Real).unwrap_err();
        assert!(told.to_string().contains(what), "{run}: {told}");
    }
}
