//! Runs: list, get, start, submit, cancel.
//!
//! Refuses: a start or a submit without an idempotency token.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::super::session::Session;
use super::super::{ActFailure, Dated, History, submission_name};
use super::jobs::{next, too_many_pages};
use super::phase::RunBody;
use super::{Ask, act, read};
use crate::http::Repeat;
use crate::limits::{HISTORY_PAGES_MAX, PAGES_MAX, RUN_RETENTION_DAYS, RUNS_PAGE};
use crate::model::connection::Workspace;
use crate::model::job::{JobId, Run, RunId, Token};
use crate::model::survey::SubmissionTarget;
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};

/// A one-time run belongs to no job: what counts is the compute that its tasks name.
const CAN_SUBMIT: &str = "CAN ATTACH TO (or create) the compute that the tasks name";

#[derive(Deserialize)]
struct Page {
    runs: Option<Vec<RunBody>>,
    next_page_token: Option<String>,
}

/// Walks through `runs/list`, page by page, by page token only.
struct Pages<'a> {
    session: &'a Session,
    workspace: &'a Workspace,
    ask: Ask,
    token: Option<String>,
    /// The service's time of the first page.
    at: Option<Timestamp>,
    seen: BTreeSet<RunId>,
    read: usize,
    ended: bool,
}

impl<'a> Pages<'a> {
    fn new(session: &'a Session, workspace: &'a Workspace, ask: Ask) -> Self {
        Self {
            session,
            workspace,
            ask,
            token: None,
            at: None,
            seen: BTreeSet::new(),
            read: 0,
            ended: false,
        }
    }

    /// The runs of the next page that no page before had; `None` after the last page.
    async fn next(&mut self) -> Result<Option<Vec<(RunBody, Run)>>, Trouble> {
        if self.ended {
            return Ok(None);
        }
        if self.read == PAGES_MAX {
            return Err(too_many_pages(&self.ask));
        }
        let ask = next(&self.ask, self.token.take());
        let Dated { at, said } = read::<Page>(self.session, self.workspace, &ask).await?;
        self.read += 1;
        self.at.get_or_insert(at);
        self.token = said.next_page_token.filter(|token| !token.is_empty());
        self.ended = self.token.is_none();
        let runs = said.runs.unwrap_or_default().into_iter();
        let runs = runs.filter_map(|body| body.run(at).map(|run| (body, run)));
        Ok(Some(
            runs.filter(|(_, run)| self.seen.insert(run.id)).collect(),
        ))
    }

    fn dated<T>(&self, said: T) -> Dated<T> {
        let at = self.at.unwrap_or_else(|| self.session.client.clock().now());
        Dated { at, said }
    }
}

fn list(kind: &'static str, doing: String, run_type: &str) -> Ask {
    Ask::get(kind, "jobs/runs/list", doing)
        .with("limit", RUNS_PAGE)
        .with("run_type", run_type)
}

/// Active runs, of one job or of all.
pub(in crate::cloud) async fn active(
    session: &Session,
    workspace: &Workspace,
    job: Option<JobId>,
) -> Result<Dated<Vec<(JobId, Run)>>, Trouble> {
    let doing = format!("list the active runs of {}", workspace.name);
    let mut ask = list("runs.list-active", doing, "JOB_RUN").with("active_only", true);
    if let Some(job) = job {
        ask = ask.with("job_id", job);
    }
    let mut pages = Pages::new(session, workspace, ask);
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let of_jobs = page
            .into_iter()
            .filter_map(|(body, run)| Some((body.job_id.or(job)?, run)));
        all.extend(of_jobs.filter(|(_, run)| run.is_active()));
    }
    Ok(pages.dated(all))
}

/// Ended runs of a job, until `enough` or until a bound; then they are complete only from the start of the last one on.
pub(in crate::cloud) async fn ended(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
    since: Timestamp,
    enough: &(dyn Fn(&[Run]) -> bool + Sync),
) -> Result<Dated<History>, Trouble> {
    let doing = format!("list the ended runs of job {job} of {}", workspace.name);
    let ask = list("runs.list-ended", doing, "JOB_RUN")
        .with("completed_only", true)
        .with("job_id", job)
        .with("start_time_from", since.as_millisecond());
    let mut pages = Pages::new(session, workspace, ask);
    let mut runs: Vec<Run> = Vec::new();
    while let Some(page) = pages.next().await? {
        let page = page.into_iter().map(|(_, run)| run);
        runs.extend(page.filter(|run| !run.is_active()));
        if enough(&runs) || pages.read == HISTORY_PAGES_MAX {
            break;
        }
    }
    let complete_from = if pages.ended {
        since
    } else {
        let last = runs.iter().rev().find_map(|run| run.started);
        last.map_or(since, |started| started.max(since))
    };
    Ok(pages.dated(History {
        runs,
        since: complete_from,
    }))
}

/// One run.
pub(in crate::cloud) async fn get(
    session: &Session,
    workspace: &Workspace,
    run: RunId,
) -> Result<Dated<Run>, Trouble> {
    let doing = format!("look at run {run} of {}", workspace.name);
    let ask = Ask::get("runs.get", "jobs/runs/get", doing).with("run_id", run);
    let Dated { at, said } = read::<RunBody>(session, workspace, &ask).await?;
    match said.run(at) {
        Some(said) => Ok(Dated { at, said }),
        None => Err(no_run_id(&ask)),
    }
}

/// One-time runs of one name, active and ended, as far back as the service keeps them.
pub(in crate::cloud) async fn submitted(
    session: &Session,
    workspace: &Workspace,
    run_name: &str,
) -> Result<Dated<Vec<Run>>, Trouble> {
    let doing = format!("list the one-time runs of {}", workspace.name);
    let kept = Span::days(RUN_RETENTION_DAYS.unsigned_abs());
    let since = kept.before(session.client.clock().now());
    let ask = list("runs.list-submitted", doing, "SUBMIT_RUN")
        .with("start_time_from", since.as_millisecond());
    let mut pages = Pages::new(session, workspace, ask);
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let ours = page
            .into_iter()
            .filter(|(body, _)| body.run_name.as_deref() == Some(run_name));
        all.extend(ours.map(|(_, run)| run));
    }
    Ok(pages.dated(all))
}

#[derive(Deserialize)]
struct Started {
    run_id: Option<RunId>,
}

/// `run-now`. Under a token that was used before, the service gives the run of that time.
pub(in crate::cloud) async fn start(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
    token: &Token,
    parameters: &BTreeMap<String, String>,
) -> Result<Dated<RunId>, ActFailure> {
    let mut body = json!({"job_id": job, "idempotency_token": token.as_str()});
    if !parameters.is_empty() {
        body["job_parameters"] = json!(parameters);
    }
    let doing = format!("start job {job} of {}", workspace.name);
    started(
        session,
        workspace,
        keyed("jobs.run-now", "jobs/run-now", doing, body),
    )
    .await
}

/// `runs/submit` of the target's content, under the name by which it is found again.
pub(in crate::cloud) async fn submit(
    session: &Session,
    workspace: &Workspace,
    target: &SubmissionTarget,
    digest: &str,
    token: &Token,
) -> Result<Dated<RunId>, ActFailure> {
    let doing = format!("submit {} to {}", target.rule, workspace.name);
    let Ok(mut body) = serde_json::from_str::<Map<String, Value>>(&target.body) else {
        return Err(ActFailure::Refused(Trouble {
            kind: TroubleKind::Misfit,
            doing,
            message: "its content is not a JSON object".to_owned(),
            request_id: None,
        }));
    };
    let name = submission_name(target.rule.as_str(), digest);
    body.insert("run_name".to_owned(), name.into());
    body.insert("idempotency_token".to_owned(), token.as_str().into());
    let ask = Ask {
        right: CAN_SUBMIT,
        ..keyed(
            "runs.submit",
            "jobs/runs/submit",
            doing,
            Value::Object(body),
        )
    };
    started(session, workspace, ask).await
}

fn keyed(kind: &'static str, path: &'static str, doing: String, body: Value) -> Ask {
    Ask {
        repeat: Repeat::Keyed,
        ..Ask::post(kind, path, doing, body)
    }
}

async fn started(
    session: &Session,
    workspace: &Workspace,
    ask: Ask,
) -> Result<Dated<RunId>, ActFailure> {
    let Dated { at, said } = act::<Started>(session, workspace, &ask).await?;
    match said.run_id {
        Some(said) => Ok(Dated { at, said }),
        None => Err(ActFailure::Lost(no_run_id(&ask))),
    }
}

/// `runs/cancel`: taken note of; the run ends later.
pub(in crate::cloud) async fn cancel(
    session: &Session,
    workspace: &Workspace,
    run: RunId,
) -> Result<Dated<()>, ActFailure> {
    let doing = format!("cancel run {run} of {}", workspace.name);
    let ask = Ask::post(
        "runs.cancel",
        "jobs/runs/cancel",
        doing,
        json!({"run_id": run}),
    );
    let Dated { at, .. } = act::<IgnoredAny>(session, workspace, &ask).await?;
    Ok(Dated { at, said: () })
}

fn no_run_id(ask: &Ask) -> Trouble {
    Trouble {
        kind: TroubleKind::Unexpected,
        doing: ask.doing.clone(),
        message: "the answer has no run id".to_owned(),
        request_id: None,
    }
}
