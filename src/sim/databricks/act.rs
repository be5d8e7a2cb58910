//! `run-now`, `runs/submit`, `runs/cancel` and `runs/cancel-all`. Refuses: a second run for a token that already made one;
//! an answer that says more than the service does: a run that will be skipped is answered like any other.

use serde_json::{Value, json};

use super::super::advance::next_outcome;
use super::super::message::{Refusal, json as answer};
use super::super::operation::Operation;
use super::super::run::{Run, RunKind};
use super::super::times::after;
use super::super::world::{Effects, Workspace};
use super::body::{id, object, parameters, token};
use super::{Call, invalid, jobs};
use crate::http::Response;

/// Most tasks of one run (Jobs API 2.2: 1000; here as many as fit between two ids).
const TASKS_MAX: usize = 900;
/// How long a one-time run takes to stop.
const SUBMIT_CANCEL_SECONDS: u64 = 20;

pub(crate) fn run_now(
    workspace: &mut Workspace,
    effects: &mut Effects,
    call: &Call,
) -> Result<Response, Refusal> {
    let body = object(call.request)?;
    let job = id(&body, "job_id")?;
    let token = token(&body)?;
    let parameters = parameters(&body)?;
    let place = jobs::find(workspace, job, Operation::RunNow, call)?;
    if let Some(run) = token
        .as_ref()
        .and_then(|token| workspace.idempotency.get(token))
    {
        return Ok(started(*run));
    }
    if workspace.jobs[place].continuous_paused == Some(false) {
        // On a continuous job run-now means: stop the run that is there and start anew.
        let running: Vec<usize> = workspace.jobs[place].runs.clone();
        for run in running {
            stop(workspace, run, call);
        }
    }
    let run = workspace.start(place, call.now, "ONE_TIME", &parameters);
    count(workspace, effects, token, run);
    Ok(started(run))
}

fn started(run: u64) -> Response {
    answer(200, &json!({"run_id": run, "number_in_job": run}))
}

fn count(workspace: &mut Workspace, effects: &mut Effects, token: Option<String>, run: u64) {
    match token {
        Some(token) => {
            *effects.runs_by_token.entry(token.clone()).or_default() += 1;
            workspace.idempotency.insert(token, run);
        }
        None => effects.runs_without_token += 1,
    }
}

pub(crate) fn submit(
    workspace: &mut Workspace,
    effects: &mut Effects,
    call: &Call,
) -> Result<Response, Refusal> {
    let body = object(call.request)?;
    let token = token(&body)?;
    let tasks = tasks(&body)?;
    if let Some(run) = token
        .as_ref()
        .and_then(|token| workspace.idempotency.get(token))
    {
        return Ok(answer(200, &json!({"run_id": run})));
    }
    let submit = &mut workspace.submit;
    let run = Run {
        id: 0,
        job: 0,
        kind: RunKind::Submit,
        name: body["run_name"].as_str().unwrap_or("Untitled").to_owned(),
        trigger: "ONE_TIME".to_owned(),
        created: call.now,
        started: Some(call.now),
        starts_in: std::time::Duration::from_secs(5),
        takes: Some(submit.takes),
        outcome: next_outcome(&submit.outcomes, &mut submit.started),
        places: 0,
        skipped: false,
        cancel: None,
        parameters: std::collections::BTreeMap::new(),
        tasks,
        error: submit.error.clone(),
    };
    let run = workspace.append(run, None);
    count(workspace, effects, token, run);
    Ok(answer(200, &json!({"run_id": run})))
}

fn tasks(body: &Value) -> Result<Vec<String>, Refusal> {
    let tasks = body["tasks"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if tasks.is_empty() || tasks.len() > TASKS_MAX {
        return Err(invalid("At least one task has to be given in field tasks."));
    }
    let mut keys = Vec::new();
    for task in tasks {
        let key = task["task_key"]
            .as_str()
            .filter(|key| !key.is_empty())
            .ok_or_else(|| invalid("Missing required field: task_key"))?;
        if keys.iter().any(|known| known == key) {
            return Err(invalid(&format!("The task key {key} is there twice.")));
        }
        keys.push(key.to_owned());
    }
    Ok(keys)
}

pub(crate) fn cancel(
    workspace: &mut Workspace,
    effects: &mut Effects,
    call: &Call,
) -> Result<Response, Refusal> {
    let body = object(call.request)?;
    let id = id(&body, "run_id")?;
    let place = workspace
        .runs
        .iter()
        .position(|run| run.id == id && run.created <= call.now);
    let place = place.ok_or_else(|| invalid(&format!("Run {id} does not exist.")))?;
    let job = workspace.runs[place].job;
    if workspace.runs[place].kind == RunKind::Job {
        jobs::find(workspace, job, Operation::RunsCancel, call)?;
    }
    stop_counted(workspace, effects, place, call);
    Ok(answer(200, &json!({})))
}

pub(crate) fn cancel_all(
    workspace: &mut Workspace,
    effects: &mut Effects,
    call: &Call,
) -> Result<Response, Refusal> {
    let body = object(call.request)?;
    let queued_only = body["all_queued_runs"].as_bool() == Some(true);
    let places: Vec<usize> = match body.get("job_id") {
        Some(_) => {
            let job = jobs::find(
                workspace,
                id(&body, "job_id")?,
                Operation::RunsCancelAll,
                call,
            )?;
            workspace.jobs[job].runs.clone()
        }
        // Without a job this empties the queues of the whole workspace.
        None if queued_only => (0..workspace.runs.len()).collect(),
        None => {
            return Err(invalid(
                "One of job_id and all_queued_runs has to be given.",
            ));
        }
    };
    for place in places {
        if !queued_only || workspace.runs[place].is_queued() {
            stop_counted(workspace, effects, place, call);
        }
    }
    Ok(answer(200, &json!({})))
}

fn stop_counted(workspace: &mut Workspace, effects: &mut Effects, place: usize, call: &Call) {
    let run = &workspace.runs[place];
    if run.is_active(call.now) && run.cancel.is_none() {
        *effects.cancellations.entry(run.id).or_default() += 1;
        stop(workspace, place, call);
    }
}

/// Asks a run to stop: a queued one is gone at once, a running one takes its time, an ended one stays as it is.
fn stop(workspace: &mut Workspace, place: usize, call: &Call) {
    let run = &workspace.runs[place];
    if !run.is_active(call.now) || run.cancel.is_some() {
        return;
    }
    let job = workspace.jobs.iter().find(|job| job.id == run.job);
    let takes = job.map_or(
        std::time::Duration::from_secs(SUBMIT_CANCEL_SECONDS),
        |job| job.cancel_takes,
    );
    let over = if run.is_queued() {
        call.now
    } else {
        after(call.now, takes)
    };
    workspace.runs[place].cancel = Some((call.now, over));
    workspace.next_event = None;
}
