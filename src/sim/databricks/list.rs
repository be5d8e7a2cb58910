//! `runs/list`, `runs/get` and `runs/get-output`.
//!
//! As in the real service these are errors: a page above the limit, active and completed at once, the output of a run with several tasks.

use jiff::Timestamp;
use serde_json::json;

use super::super::message::{Refusal, json as answer};
use super::super::operation::{Operation, any_covers};
use super::super::run::{Phase, Run, RunKind};
use super::super::world::Workspace;
use super::body::{flag, malformed, number};
use super::call::{Call, error, invalid};
use super::{jobs, shape};
use crate::http::Response;
use crate::limits::{RUN_RETENTION_DAYS, RUNS_PAGE};

/// Entries of a page when the request does not say.
const DEFAULT_PAGE: usize = 20;

/// What a list is to hold.
struct Wanted {
    job: Option<u64>,
    active: bool,
    completed: bool,
    kind: Option<RunKind>,
    from: Option<u64>,
    to: Option<u64>,
}

pub(crate) fn list(workspace: &Workspace, call: &Call) -> Result<Response, Refusal> {
    let size = limit(call)?;
    let wanted = wanted(call)?;
    let candidates = candidates(workspace, wanted.job, call)?;
    let newest_first = candidates.into_iter().rev();
    let all = newest_first
        .filter(|run| matches(run, &wanted, call.seen) && !is_hidden(workspace, run))
        .collect();
    let expand = flag(call.request, "expand_tasks");
    let show = |run| shape::run(workspace, run, call.seen, expand);
    jobs::paged("runs", all, show, size, call)
}

/// All runs, or those of one job, which has to be there; a one-time run has a job that only it knows.
fn candidates<'a>(
    workspace: &'a Workspace,
    job: Option<u64>,
    call: &Call,
) -> Result<Vec<&'a Run>, Refusal> {
    let Some(job) = job else {
        return Ok(workspace.runs.iter().collect());
    };
    if let Some(run) = workspace.run(job).filter(|run| run.job == job) {
        return Ok(vec![run]);
    }
    let place = jobs::find(workspace, job, Operation::RunsList, call)?;
    let places = &workspace.jobs[place].runs;
    Ok(places.iter().map(|run| &workspace.runs[*run]).collect())
}

/// Is it left out without a word, since the caller may not see runs of its job?
fn is_hidden(workspace: &Workspace, run: &Run) -> bool {
    let job = workspace.job(run.job);
    job.is_some_and(|job| any_covers(&job.forbidden, Operation::RunsList))
}

/// The documents say "less than 26", the server's own words are "no more than 26"; a client is safe below both.
fn limit(call: &Call) -> Result<usize, Refusal> {
    let asked = number(call.request, "limit")?.and_then(|limit| usize::try_from(limit).ok());
    if let Some(limit) = asked.filter(|limit| *limit > RUNS_PAGE) {
        return Err(invalid(&format!(
            "Invalid limit {limit} - it has to be no more than 26."
        )));
    }
    if let Some(offset) = number(call.request, "offset")?.filter(|offset| *offset > 10_000) {
        return Err(invalid(&format!(
            "The supplied offset {offset} has exceeded the value of 10000 allowed for this parameter.Please use the page_token parameter to paginate: https://docs.databricks.com/api/workspace/jobs/listruns."
        )));
    }
    let size = match asked {
        Some(0) => RUNS_PAGE,
        Some(limit) => limit,
        None => DEFAULT_PAGE,
    };
    Ok(size.min(call.page.unwrap_or(usize::MAX)))
}

fn wanted(call: &Call) -> Result<Wanted, Refusal> {
    let request = call.request;
    let kind = match request.query("run_type").as_deref() {
        None | Some("") => None,
        Some("JOB_RUN") => Some(RunKind::Job),
        Some("SUBMIT_RUN") => Some(RunKind::Submit),
        Some(other) => {
            return Err(malformed(&format!(
                "Could not parse request object: unknown run_type '{other}'"
            )));
        }
    };
    let wanted = Wanted {
        job: number(request, "job_id")?,
        active: flag(request, "active_only"),
        completed: flag(request, "completed_only"),
        kind,
        from: number(request, "start_time_from")?,
        to: number(request, "start_time_to")?,
    };
    if wanted.active && wanted.completed {
        return Err(invalid(
            "Only one of active_only and completed_only can be true.",
        ));
    }
    Ok(wanted)
}

fn matches(run: &Run, wanted: &Wanted, seen: Timestamp) -> bool {
    let started = u64::try_from(run.created.as_millisecond()).unwrap_or(0);
    let active = run.is_active(seen);
    is_known(run, seen)
        && wanted.job.is_none_or(|job| job == run.job)
        && wanted.kind.is_none_or(|kind| kind == run.kind)
        && (!wanted.active || active)
        && (!wanted.completed || !active)
        && wanted.from.is_none_or(|from| started >= from)
        && wanted.to.is_none_or(|to| started <= to)
}

/// A run that lists and `get` know of: begun by then, and not removed after its sixty days.
fn is_known(run: &Run, seen: Timestamp) -> bool {
    let kept = RUN_RETENTION_DAYS.saturating_mul(24 * 3600);
    let gone = run.removed.is_some_and(|at| at <= seen);
    let removed = matches!(run.phase(seen), Phase::Ended(at) if at.as_second().saturating_add(kept) < seen.as_second());
    run.created <= seen && !removed && !gone
}

/// The run that the query names, by its own id or a task's.
fn find<'a>(
    workspace: &'a Workspace,
    operation: Operation,
    call: &Call,
) -> Result<(u64, &'a Run), Refusal> {
    let id =
        number(call.request, "run_id")?.ok_or_else(|| invalid("Missing required field: run_id"))?;
    let missing = || invalid(&format!("Run {id} does not exist."));
    let run = workspace
        .run(id)
        .filter(|run| is_known(run, call.seen))
        .ok_or_else(missing)?;
    let tasks = run.tasks.len() * run.attempts(call.seen).len();
    let tasks = u64::try_from(tasks).unwrap_or(0);
    if id > run.id + tasks {
        return Err(missing());
    }
    let job = workspace.job(run.job);
    if job.is_some_and(|job| any_covers(&job.forbidden, operation)) {
        let text = format!(
            "User {} does not have Can View or Owner or Admin permissions on run {id}",
            call.caller
        );
        return Err(error(403, "PERMISSION_DENIED", &text));
    }
    Ok((id, run))
}

pub(crate) fn get(workspace: &Workspace, call: &Call) -> Result<Response, Refusal> {
    let (id, run) = find(workspace, Operation::RunsGet, call)?;
    if id != run.id {
        return Ok(answer(
            200,
            &shape::task_run(workspace, run, place_of(run, id), call.seen),
        ));
    }
    let mut body = shape::run(workspace, run, call.seen, true);
    if flag(call.request, "include_history") {
        body["repair_history"] = shape::repairs(run, call.seen);
    }
    Ok(answer(200, &body))
}

fn place_of(run: &Run, id: u64) -> usize {
    usize::try_from(id.saturating_sub(run.id + 1)).unwrap_or(0)
}

pub(crate) fn output(workspace: &Workspace, call: &Call) -> Result<Response, Refusal> {
    let (id, run) = find(workspace, Operation::RunsGetOutput, call)?;
    if id == run.id && run.tasks.len() > 1 {
        return Err(invalid(
            "Retrieving the output of runs with multiple tasks is not supported. You must retrieve the output of each individual task run instead.",
        ));
    }
    let place = place_of(run, id);
    let mut body = json!({"metadata": shape::task_run(workspace, run, place, call.seen), "notebook_output": {}});
    if shape::task_failed(run, place, call.seen) {
        body["error"] = json!(run.error.as_deref().unwrap_or(shape::FAILED_TEXT));
        body["error_trace"] = json!("Traceback (most recent call last)");
    }
    Ok(answer(200, &body))
}
