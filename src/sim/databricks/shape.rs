//! A run as the Jobs API shows it: the old `state` and the new `status` side by side.
//! Refuses: to be tidier than the service. A failed run says INTERNAL_ERROR, a cancelled one has a termination type of SUCCESS.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::run::{Outcome, Phase, Run, RunKind};
use super::super::times::between;
use super::super::world::Workspace;

/// What a failed task says when the world file does not say it.
pub(crate) const FAILED_TEXT: &str = "Workload failed, see run output for details";

/// A whole run. Its tasks come along where the request asks for them.
pub(crate) fn run(workspace: &Workspace, run: &Run, at: Timestamp, with_tasks: bool) -> Value {
    let phase = run.phase(at);
    let kind = if run.kind == RunKind::Job {
        "JOB_RUN"
    } else {
        "SUBMIT_RUN"
    };
    let mut body = json!({
        "job_id": run.job, "run_id": run.id, "number_in_job": run.id, "original_attempt_run_id": run.id, "creator_user_name": "user@example.com",
        "state": state(run, phase), "status": status(run, phase),
        "start_time": run.created.as_millisecond(), "setup_duration": 0, "execution_duration": 0, "cleanup_duration": 0,
        "end_time": end_time(phase), "trigger": run.trigger, "run_name": run.name,
        "run_page_url": page_url(workspace, run.job, run.id), "run_type": kind, "format": "MULTI_TASK",
        "attempt_number": 0, "job_run_id": run.id,
    });
    if let Phase::Ended(end) = phase {
        body["run_duration"] = json!(milliseconds(run.created, end));
    }
    if let Some(started) = run.started.filter(|started| *started > run.created) {
        body["queue_duration"] = json!(milliseconds(run.created, started));
    }
    if !run.parameters.is_empty() {
        let job = workspace.jobs.iter().find(|job| job.id == run.job);
        let default = |name: &str| {
            let declared = job.and_then(|job| job.parameters.get(name));
            declared.map_or("", String::as_str)
        };
        let parameters: Vec<Value> = run
            .parameters
            .iter()
            .map(|(name, value)| json!({"name": name, "default": default(name), "value": value}))
            .collect();
        body["job_parameters"] = json!(parameters);
    }
    if with_tasks {
        body["tasks"] = (0..run.tasks.len())
            .map(|place| task(workspace, run, place, at))
            .collect();
    }
    body
}

/// The run of one task, as `get` and `get-output` show it.
pub(crate) fn task_run(workspace: &Workspace, run: &Run, place: usize, at: Timestamp) -> Value {
    let mut body = task(workspace, run, place, at);
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

fn task(workspace: &Workspace, run: &Run, place: usize, at: Timestamp) -> Value {
    let id = run.task_id(place);
    let phase = run.phase(at);
    let (state, status) = if task_failed(run, place, at) {
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
        "run_id": id, "task_key": run.tasks.get(place), "state": state, "status": status, "attempt_number": 0, "run_if": "ALL_SUCCESS",
        "start_time": run.started.map_or(0, Timestamp::as_millisecond), "end_time": end_time(phase),
        "setup_duration": 0, "execution_duration": 0, "cleanup_duration": 0, "run_page_url": page_url(workspace, run.job, id),
    })
}

/// Of a failed run the last task is the one that failed.
pub(crate) fn task_failed(run: &Run, place: usize, at: Timestamp) -> bool {
    matches!(run.phase(at), Phase::Ended(_))
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
