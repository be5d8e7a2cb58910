//! `jobs/list` and `jobs/get`. A job is never shown to somebody who may not see it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::message::{Refusal, json as answer};
use super::super::operation::{Operation, any_covers};
use super::super::page;
use super::super::world::{Job, Schedule, Workspace};
use super::body::{flag, number};
use super::call::{Call, error, invalid};
use crate::http::Response;
use crate::limits::JOBS_PAGE;

/// Entries of a page when the request does not say.
const DEFAULT_PAGE: usize = 20;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

pub(crate) fn list(workspace: &Workspace, call: &Call) -> Result<Response, Refusal> {
    let asked = number(call.request, "limit")?
        .and_then(|limit| usize::try_from(limit).ok())
        .filter(|limit| *limit > 0);
    if let Some(limit) = asked.filter(|limit| *limit > JOBS_PAGE) {
        return Err(invalid(&format!(
            "Invalid limit {limit} - it has to be no more than {JOBS_PAGE}."
        )));
    }
    if let Some(offset) = number(call.request, "offset")?.filter(|offset| *offset > 1_000) {
        return Err(invalid(&format!(
            "The supplied offset {offset} has exceeded the value of 1000 allowed for this parameter.Please use the page_token parameter to paginate"
        )));
    }
    let name = call.request.query("name");
    let expand = flag(call.request, "expand_tasks");
    let seen = workspace
        .jobs
        .iter()
        .filter(|job| job.created <= call.seen && !any_covers(&job.forbidden, Operation::JobsGet));
    let named = seen.filter(|job| {
        name.as_ref()
            .is_none_or(|name| name.eq_ignore_ascii_case(&job.name))
    });
    let size = asked
        .unwrap_or(DEFAULT_PAGE)
        .min(call.page.unwrap_or(usize::MAX));
    paged("jobs", named.collect(), |job| body(job, expand), size, call)
}

/// A page in the Jobs API's shape: an empty list has no field at all.
pub(crate) fn paged<T>(
    field: &str,
    all: Vec<T>,
    show: impl Fn(T) -> Value,
    size: usize,
    call: &Call,
) -> Result<Response, Refusal> {
    let token = call.request.query("page_token");
    let list = format!(
        "{field} {}",
        call.request.query("job_id").unwrap_or_default()
    );
    let Some(page) = page::cut(all, &list, token.as_deref(), size) else {
        return Err(invalid("Invalid page token."));
    };
    let mut body = json!({});
    if !page.entries.is_empty() {
        body[field] = page.entries.into_iter().map(show).collect();
    }
    if call.route.says_has_more() {
        body["has_more"] = json!(page.next.is_some());
    }
    // Real lists end with the token absent or empty; both are told here, by version.
    match page.next {
        Some(token) => body["next_page_token"] = json!(token),
        None if call.route.says_has_more() => body["next_page_token"] = json!(""),
        None => {}
    }
    if let Some(token) = page.previous {
        body["prev_page_token"] = json!(token);
    }
    Ok(answer(200, &body))
}

pub(crate) fn get(workspace: &Workspace, call: &Call) -> Result<Response, Refusal> {
    let id =
        number(call.request, "job_id")?.ok_or_else(|| invalid("Missing required field: job_id"))?;
    let place = find(workspace, id, Operation::JobsGet, call)?;
    Ok(answer(200, &body(&workspace.jobs[place], true)))
}

/// The place of a job. Permission is looked at before anything else is told of it.
pub(crate) fn find(
    workspace: &Workspace,
    id: u64,
    operation: Operation,
    call: &Call,
) -> Result<usize, Refusal> {
    let is_there = |place: &usize| workspace.jobs[*place].created <= call.now;
    let place = workspace.jobs.place(&id.to_string()).filter(is_there);
    let Some(place) = place else {
        return Err(invalid(&format!("Job {id} does not exist.")));
    };
    if any_covers(&workspace.jobs[place].forbidden, operation) {
        let right = if operation == Operation::RunNow || operation == Operation::RunsCancel {
            "Manage Run"
        } else {
            "Can View"
        };
        let text = format!(
            "User {} does not have {right} or Owner or Admin permissions on job {id}",
            call.caller
        );
        return Err(error(403, "PERMISSION_DENIED", &text));
    }
    Ok(place)
}

fn body(job: &Job, with_tasks: bool) -> Value {
    let mut settings = json!({
        "name": job.name, "email_notifications": {"no_alert_for_skipped_runs": false}, "webhook_notifications": {}, "timeout_seconds": 0,
        "max_concurrent_runs": job.max_concurrent_runs, "queue": {"enabled": job.queue}, "format": "MULTI_TASK",
    });
    if !job.tags.is_empty() {
        settings["tags"] = json!(job.tags);
    }
    if let Some(schedule) = &job.schedule {
        let paused = if schedule.paused {
            "PAUSED"
        } else {
            "UNPAUSED"
        };
        beat(&mut settings, schedule, paused);
    }
    if let Some(paused) = job.continuous_paused {
        settings["continuous"] =
            json!({"pause_status": if paused { "PAUSED" } else { "UNPAUSED" }});
    }
    if !job.parameters.is_empty() {
        let parameters: Vec<Value> = job
            .parameters
            .iter()
            .map(|(name, default)| json!({"name": name, "default": default}))
            .collect();
        settings["parameters"] = json!(parameters);
    }
    if with_tasks {
        settings["tasks"] = job.tasks.iter().map(|key| task(key)).collect();
    }
    json!({
        "job_id": job.id, "creator_user_name": "user@example.com", "run_as_user_name": "user@example.com", "run_as_owner": true,
        "settings": settings, "created_time": job.created.as_millisecond(),
    })
}

/// A schedule as cron, or as a trigger: where the world file says so, and where no cron expression has such a beat.
fn beat(settings: &mut Value, schedule: &Schedule, paused: &str) {
    let every = schedule.every.as_secs();
    let cron = schedule.cron.clone().or_else(|| cron(every, schedule.next));
    if let Some(cron) = cron.filter(|_| !schedule.periodic) {
        let zone = schedule.timezone.as_deref().unwrap_or("UTC");
        settings["schedule"] =
            json!({"quartz_cron_expression": cron, "timezone_id": zone, "pause_status": paused});
        return;
    }
    let (interval, unit) = match every {
        every if every.is_multiple_of(WEEK) => (every / WEEK, "WEEKS"),
        every if every.is_multiple_of(DAY) => (every / DAY, "DAYS"),
        every => (every.div_ceil(HOUR), "HOURS"),
    };
    settings["trigger"] =
        json!({"pause_status": paused, "periodic": {"interval": interval, "unit": unit}});
}

/// The cron expression of a beat that fits evenly into a day or an hour, in step with its next one.
fn cron(every: u64, next: Timestamp) -> Option<String> {
    let at = next.to_zoned(TimeZone::UTC);
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let steps = |first: i8, step: u64| {
        let step = i8::try_from(step).unwrap_or(i8::MAX);
        format!("{}/{step}", first % step)
    };
    if every == DAY {
        Some(format!("{second} {minute} {hour} * * ?"))
    } else if every == HOUR {
        Some(format!("{second} {minute} * * * ?"))
    } else if every.is_multiple_of(HOUR) && DAY.is_multiple_of(every) {
        let hours = steps(hour, every / HOUR);
        Some(format!("{second} {minute} {hours} * * ?"))
    } else if every.is_multiple_of(MINUTE) && HOUR.is_multiple_of(every) {
        Some(format!(
            "{second} {} * * * ?",
            steps(minute, every / MINUTE)
        ))
    } else {
        None
    }
}

fn task(key: &str) -> Value {
    json!({
        "task_key": key, "run_if": "ALL_SUCCESS", "notebook_task": {"notebook_path": format!("/Workspace/{key}"), "source": "WORKSPACE"},
        "timeout_seconds": 0, "email_notifications": {},
        "notification_settings": {"no_alert_for_skipped_runs": false, "no_alert_for_canceled_runs": false, "alert_on_last_attempt": false},
    })
}
