//! A run as the Jobs API shows it: the old `state` and the new `status` side by side.
//!
//! It is no tidier than the real service: a failed run says INTERNAL_ERROR, a cancelled one has a termination type of SUCCESS.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::run::{Outcome, Phase, Run, RunKind};
use super::super::times::between;
use super::super::world::{Job, Workspace};

/// What a failed task says when the world file does not say it.
pub(crate) const FAILED_TEXT: &str = "Workload failed, see run output for details";

/// A whole run. Its tasks come along where the request asks for them.
pub(crate) fn run(workspace: &Workspace, run: &Run, at: Timestamp, with_tasks: bool) -> Value {
    let phase = run.phase(at);
    let now = run.at(at);
    let kind = if run.kind == RunKind::Job {
        "JOB_RUN"
    } else {
        "SUBMIT_RUN"
    };
    let mut body = json!({
        "job_id": run.job, "run_id": run.id, "number_in_job": run.id, "original_attempt_run_id": run.id, "creator_user_name": "user@example.com",
        "state": state(now, phase), "status": status(now, phase),
        "start_time": run.created.as_millisecond(), "setup_duration": 0, "execution_duration": 0, "cleanup_duration": 0,
        "end_time": end_time(phase), "trigger": run.trigger, "run_name": run.name,
        "run_page_url": page_url(workspace, run.job, run.id), "run_type": kind, "format": "MULTI_TASK",
        "attempt_number": 0, "job_run_id": run.id,
    });
    if let Phase::Ended(end) = phase {
        body["run_duration"] = json!(milliseconds(run.created, end));
    }
    let first = run.attempts(at).first().and_then(|one| one.started);
    if let Some(started) = first.filter(|started| *started > run.created) {
        body["queue_duration"] = json!(milliseconds(run.created, started));
    }
    let job = workspace.job(run.job);
    let hides = workspace.hides_parameters || job.is_some_and(|job| job.hides_parameters);
    if !hides {
        tell_parameters(&mut body, run, job);
    }
    if with_tasks {
        // Each attempt runs its tasks anew: their keys come again, the last ones count.
        let attempts = 0..run.attempts(at).len();
        body["tasks"] = attempts
            .flat_map(|attempt| (0..run.tasks.len()).map(move |place| (attempt, place)))
            .map(|(attempt, place)| task(workspace, run, attempt, place, at))
            .collect();
    }
    body
}

fn tell_parameters(body: &mut Value, run: &Run, job: Option<&Job>) {
    let declared = job.map(|job| &job.parameters);
    let defaults = run.defaults.as_ref().or(declared);
    let default = |name: &str| {
        let default = defaults.and_then(|defaults| defaults.get(name));
        default.map_or("", String::as_str)
    };
    let own = defaults.filter(|_| run.kind == RunKind::Job);
    let names: BTreeSet<&String> = own
        .into_iter()
        .flat_map(BTreeMap::keys)
        .chain(run.parameters.keys())
        .collect();
    let parameter = |name: &String| {
        let mut parameter = json!({"name": name, "default": default(name)});
        if let Some(value) = run.parameters.get(name) {
            parameter["value"] = json!(value);
        }
        parameter
    };
    let parameters: Vec<Value> = names.into_iter().map(parameter).collect();
    if !parameters.is_empty() {
        body["job_parameters"] = json!(parameters);
    }
    if !run.overriding.is_empty() {
        body["overriding_parameters"] = json!({"notebook_params": run.overriding});
    }
}

/// The attempts of a run, as `get` shows them when it is asked for the history.
pub(crate) fn repairs(run: &Run, at: Timestamp) -> Value {
    let attempt = |(number, one): (usize, &Run)| {
        let phase = one.own_phase(at);
        let began = one.repaired.unwrap_or(one.created);
        let ids: Vec<u64> = (0..run.tasks.len())
            .map(|place| run.task_id(number, place))
            .collect();
        json!({
            "id": run.id + Run::ID_STEP - 2 - u64::try_from(number).unwrap_or(0), "type": if number == 0 { "ORIGINAL" } else { "REPAIR" },
            "start_time": began.as_millisecond(), "end_time": end_time(phase),
            "state": state(one, phase), "status": status(one, phase), "task_run_ids": ids,
        })
    };
    run.attempts(at)
        .into_iter()
        .enumerate()
        .map(attempt)
        .collect()
}

/// The run of one task, as `get` and `get-output` show it.
pub(crate) fn task_run(workspace: &Workspace, run: &Run, place: usize, at: Timestamp) -> Value {
    let (attempt, place) = attempt_of(run, place);
    let mut body = task(workspace, run, attempt, place, at);
    // As recorded: the metadata of an output is a run of its own with itself as its only task.
    body["tasks"] = json!([body.clone()]);
    if let Some(fields) = body.as_object_mut() {
        fields.shift_remove("attempt_number");
        fields.shift_remove("run_if");
    }
    body["original_attempt_run_id"] = body["run_id"].clone();
    body["creator_user_name"] = json!("user@example.com");
    body["format"] = json!("MULTI_TASK");
    body["job_id"] = json!(run.job);
    body["job_run_id"] = json!(run.id);
    body["parent_run_id"] = json!(run.id);
    body["run_name"] = json!(run.name);
    body["run_type"] = json!("JOB_RUN");
    body["number_in_job"] = body["run_id"].clone();
    body["trigger"] = json!(run.trigger);
    body
}

/// Which attempt, and which task of it, the task counted over all attempts is.
fn attempt_of(run: &Run, place: usize) -> (usize, usize) {
    let tasks = run.tasks.len().max(1);
    (place / tasks, place % tasks)
}

fn task(workspace: &Workspace, whole: &Run, attempt: usize, place: usize, at: Timestamp) -> Value {
    let id = whole.task_id(attempt, place);
    let run = whole.attempts(at).get(attempt).copied().unwrap_or(whole);
    let phase = run.own_phase(at);
    let (state, status) = if failed(run, place, at) {
        (
            life("TERMINATED", Some("FAILED"), FAILED_TEXT, false),
            terminated("RUN_EXECUTION_ERROR", "CLIENT_ERROR", FAILED_TEXT),
        )
    } else if matches!(phase, Phase::Ended(_)) && outcome(run) == "FAILED" {
        (
            life("TERMINATED", Some("SUCCESS"), "", false),
            terminated("SUCCESS", "SUCCESS", ""),
        )
    } else if phase == Phase::Queued && place > 0 {
        (
            life("BLOCKED", None, "", false),
            json!({"state": "BLOCKED"}),
        )
    } else {
        (state(run, phase), status(run, phase))
    };
    json!({
        "run_id": id, "task_key": run.tasks.get(place), "state": state, "status": status, "attempt_number": attempt, "run_if": "ALL_SUCCESS",
        "start_time": run.started.map_or(0, Timestamp::as_millisecond), "end_time": end_time(phase),
        "setup_duration": 0, "execution_duration": 0, "cleanup_duration": 0, "run_page_url": page_url(workspace, run.job, id),
    })
}

/// Of a failed run the last task is the one that failed.
pub(crate) fn task_failed(whole: &Run, place: usize, at: Timestamp) -> bool {
    let (attempt, place) = attempt_of(whole, place);
    let run = whole.attempts(at).get(attempt).copied().unwrap_or(whole);
    failed(run, place, at)
}

fn failed(run: &Run, place: usize, at: Timestamp) -> bool {
    matches!(run.own_phase(at), Phase::Ended(_))
        && outcome(run) == "FAILED"
        && place + 1 == run.tasks.len()
}

fn outcome(run: &Run) -> String {
    run.result().as_str().to_owned()
}

fn end_time(phase: Phase) -> i64 {
    if let Phase::Ended(at) = phase {
        at.as_millisecond()
    } else {
        0
    }
}

fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(between(from, to).as_millis()).unwrap_or(u64::MAX)
}

fn page_url(workspace: &Workspace, job: u64, run: u64) -> String {
    format!(
        "https://{}/?o={}#job/{job}/run/{run}",
        workspace.host,
        workspace.number()
    )
}

fn life(life_cycle: &str, result: Option<&str>, message: &str, stopped: bool) -> Value {
    let mut state = json!({"life_cycle_state": life_cycle, "state_message": message, "user_cancelled_or_timedout": stopped});
    if let Some(result) = result {
        state["result_state"] = json!(result);
    }
    state
}

fn terminated(code: &str, kind: &str, message: &str) -> Value {
    json!({"state": "TERMINATED", "termination_details": {"code": code, "type": kind, "message": message}})
}

fn queue_text(run: &Run) -> String {
    format!(
        "Queued due to reaching maximum concurrent runs of {}.",
        run.places
    )
}

fn skip_text(run: &Run) -> String {
    format!(
        "Skipping this run because the limit of {} maximum concurrent runs has been reached.",
        run.places
    )
}

fn state(run: &Run, phase: Phase) -> Value {
    match phase {
        Phase::Queued => {
            let mut state = life("QUEUED", None, "", false);
            state["queue_reason"] = json!(queue_text(run));
            state
        }
        Phase::Pending => life("PENDING", None, "Waiting for cluster", false),
        Phase::Running => life("RUNNING", None, "In run", false),
        Phase::Terminating => life("TERMINATING", None, "Terminating the run", false),
        Phase::Ended(_) => ended_state(run, &run.result()),
    }
}

fn ended_state(run: &Run, result: &Outcome) -> Value {
    match result.as_str() {
        result @ "MAXIMUM_CONCURRENT_RUNS_REACHED" => {
            life("SKIPPED", Some(result), &skip_text(run), false)
        }
        "FAILED" => {
            let task = run.tasks.last().map_or("main", String::as_str);
            let text = format!("Task {task} failed with message: {FAILED_TEXT}.");
            life("INTERNAL_ERROR", Some("FAILED"), &text, false)
        }
        "INTERNAL_ERROR" => life(
            "INTERNAL_ERROR",
            Some("FAILED"),
            "Unexpected failure of the service.",
            false,
        ),
        "CANCELED" => life(
            "TERMINATED",
            Some("CANCELED"),
            "Run cancelled by user",
            true,
        ),
        "TIMEDOUT" => life("TERMINATED", Some("TIMEDOUT"), "Run timed out", true),
        other => life("TERMINATED", Some(other), "", false),
    }
}

fn status(run: &Run, phase: Phase) -> Value {
    match phase {
        Phase::Queued => {
            json!({"state": "QUEUED", "queue_details": {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": queue_text(run)}})
        }
        Phase::Pending => json!({"state": "PENDING"}),
        Phase::Running => json!({"state": "RUNNING"}),
        Phase::Terminating => json!({"state": "TERMINATING"}),
        Phase::Ended(_) => ended_status(run, &run.result()),
    }
}

fn ended_status(run: &Run, result: &Outcome) -> Value {
    match result.as_str() {
        "SUCCESS" => terminated("SUCCESS", "SUCCESS", ""),
        "SUCCESS_WITH_FAILURES" => terminated("SUCCESS_WITH_FAILURES", "SUCCESS", ""),
        "FAILED" => terminated("RUN_EXECUTION_ERROR", "CLIENT_ERROR", FAILED_TEXT),
        "INTERNAL_ERROR" => terminated(
            "INTERNAL_ERROR",
            "INTERNAL_ERROR",
            "Unexpected failure of the service.",
        ),
        // The service calls a wanted end a success of the request to end it.
        "CANCELED" => terminated("USER_CANCELED", "SUCCESS", "Run cancelled by user"),
        "TIMEDOUT" => terminated("CANCELED", "CLIENT_ERROR", "Run timed out"),
        "MAXIMUM_CONCURRENT_RUNS_REACHED" => terminated(
            "MAX_CONCURRENT_RUNS_EXCEEDED",
            "CLIENT_ERROR",
            &skip_text(run),
        ),
        other => terminated(other, "CLIENT_ERROR", ""),
    }
}
