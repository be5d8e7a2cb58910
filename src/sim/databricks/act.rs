//! `run-now`, `runs/submit`, `runs/cancel` and `runs/cancel-all`.
//!
//! An idempotency token makes at most one run. As with the real service, the response for a run that will be skipped looks like any other.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::advance::{Start, next_outcome};
use super::super::message::{Refusal, json as answer};
use super::super::operation::Operation;
use super::super::run::{Run, RunKind};
use super::super::times::after;
use super::super::world::{Effects, Workspace};
use super::body::malformed;
use super::body::{id, object, texts, token};
use super::call::{Call, invalid};
use super::jobs;
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
    let asked = Start {
        trigger: "ONE_TIME",
        parameters: texts(&body, "job_parameters")?,
        overriding: texts(&body, "notebook_params")?,
        only: only(&body)?,
    };
    let place = jobs::find(workspace, job, Operation::RunNow, call)?;
    let job = &workspace.jobs[place];
    if let Some(task) = asked.only.iter().find(|task| !job.tasks.contains(task)) {
        let text = format!("Task key {task} does not exist in job {}.", job.id);
        return Err(invalid(&text));
    }
    if let Some(run) = known(workspace, token.as_ref(), call)? {
        return Ok(started(run));
    }
    if workspace.jobs[place].continuous_paused == Some(false) {
        // On a continuous job run-now means: stop the run that is there and start anew.
        let running: Vec<usize> = workspace.jobs[place].runs.clone();
        for run in running {
            workspace.stop(run, call.now);
        }
    }
    let run = workspace.start(place, call.now, &asked);
    count(workspace, effects, token, run);
    Ok(started(run))
}

/// The run that a token has made. A run that was removed since still holds its token.
fn known(
    workspace: &Workspace,
    token: Option<&String>,
    call: &Call,
) -> Result<Option<u64>, Refusal> {
    let Some(id) = token.and_then(|token| workspace.idempotency.get(token)) else {
        return Ok(None);
    };
    let run = workspace.run(*id);
    if run.is_some_and(|run| run.removed.is_some_and(|at| at <= call.now)) {
        let text = format!("The run {id} of this idempotency token was deleted.");
        return Err(invalid(&text));
    }
    Ok(Some(*id))
}

/// `only`: the tasks to run. A plus sign asks for what comes before or after, and here nothing does.
fn only(body: &Value) -> Result<Vec<String>, Refusal> {
    let wrong =
        || malformed("Could not parse request object: Expected an array of strings for field only");
    let named = match &body["only"] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(tasks) => tasks.iter(),
        _ => return Err(wrong()),
    };
    named
        .map(|task| {
            let task = task.as_str().ok_or_else(wrong)?;
            Ok(task.trim_matches('+').to_owned())
        })
        .collect()
}

fn started(run: u64) -> Response {
    answer(200, &json!({"run_id": run, "number_in_job": run}))
}

fn count(workspace: &mut Workspace, effects: &mut Effects, token: Option<String>, run: u64) {
    match token {
        Some(token) => {
            effects.runs_by_token.count(token.clone());
            workspace.idempotency.set(token, run);
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
    if let Some(run) = known(workspace, token.as_ref(), call)? {
        return Ok(answer(200, &json!({"run_id": run})));
    }
    let submit = &mut workspace.submit[0];
    let run = Run {
        id: 0,
        job: 0,
        kind: RunKind::Submit,
        name: body["run_name"].as_str().unwrap_or("Untitled").to_owned(),
        trigger: "ONE_TIME".to_owned(),
        created: call.now,
        started: Some(call.now),
        starts_in: Duration::from_secs(5),
        takes: Some(submit.takes),
        outcome: next_outcome(&submit.outcomes, &mut submit.started),
        places: 0,
        skipped: false,
        cancel: None,
        parameters: std::collections::BTreeMap::new(),
        defaults: None,
        overriding: std::collections::BTreeMap::new(),
        tasks,
        error: submit.error.clone(),
        repaired: None,
        earlier: Vec::new(),
        removed: None,
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
    let is_there = |place: &usize| {
        let run = &workspace.runs[*place];
        run.created <= call.now && run.removed.is_none()
    };
    let place = workspace.run_place(id).filter(is_there);
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
        effects.cancellations.count(run.id);
        workspace.stop(place, call.now);
    }
}

impl Workspace {
    /// Asks a run to stop: a queued one is gone at once, a running one takes its time, an ended one stays as it is.
    pub(crate) fn stop(&mut self, place: usize, at: Timestamp) {
        let run = &self.runs[place];
        if !run.is_active(at) || run.cancel.is_some() {
            return;
        }
        let job = self.job(run.job);
        let usual = Duration::from_secs(SUBMIT_CANCEL_SECONDS);
        let takes = job.map_or(usual, |job| job.cancel_takes);
        let over = if run.is_queued() {
            at
        } else {
            after(at, takes)
        };
        self.runs[place].cancel = Some((at, over));
    }
}
