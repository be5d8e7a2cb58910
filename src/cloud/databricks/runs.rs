//! Runs: list, get, start, submit, cancel.
//!
//! Every start and every submit carries an idempotency token.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::super::answer::{ActFailure, Dated, History};
use super::super::parameters::Filled;
use super::super::session::Session;
use super::super::soft;
use super::super::submission::{SubmittedRun, content_mark, submission_name};
use super::ask::{Ask, act, read};
use super::jobs::{misunderstood, nameless, next, onward, too_many_pages};
use super::parts::{Judge, Parts, Told};
use super::phase::RunBody;
use crate::http::Repeat;
use crate::limits::{HISTORY_PAGES_MAX, PAGES_MAX, RUN_RETENTION_DAYS, RUNS_PAGE};
use crate::model::connection::Workspace;
use crate::model::job::{ActivePhase, JobId, ParameterValue, Phase, Run, RunId, Token};
use crate::model::survey::SubmissionTarget;
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};

/// A one-time run belongs to no job: what counts is the compute that its tasks name.
const CAN_SUBMIT: &str = "CAN ATTACH TO (or create) the compute that the tasks name";

#[derive(Deserialize)]
struct Page {
    runs: Option<Vec<RunBody>>,
    next_page_token: Option<String>,
    has_more: Option<bool>,
}

/// Walks through `runs/list`, page by page, by page token only.
pub(super) struct Pages<'a> {
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
    pub fn new(session: &'a Session, workspace: &'a Workspace, ask: Ask) -> Self {
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
        self.token = onward(&self.ask, said.next_page_token, said.has_more)?;
        self.ended = self.token.is_none();
        let mut runs = Vec::new();
        for body in said.runs.unwrap_or_default() {
            let run = body.run().ok_or_else(|| nameless(&self.ask, "run_id"))?;
            if self.seen.insert(run.id) {
                runs.push((body, run));
            }
        }
        Ok(Some(runs))
    }

    /// [`Self::next`] with the job of each run. A service that does not know the filter `job_id` lists other jobs' runs too.
    pub async fn next_of(
        &mut self,
        job: Option<JobId>,
    ) -> Result<Option<Vec<(JobId, RunBody, Run)>>, Trouble> {
        let Some(page) = self.next().await? else {
            return Ok(None);
        };
        let mut runs = Vec::new();
        for (body, run) in page {
            let of = body.job_id.or(job);
            let of = of.ok_or_else(|| nameless(&self.ask, "job_id"))?;
            if job.is_none_or(|job| job == of) {
                runs.push((of, body, run));
            }
        }
        Ok(Some(runs))
    }

    pub fn dated<T>(&self, said: T) -> Dated<T> {
        let at = self.at.unwrap_or_else(|| self.session.client.clock().now());
        Dated { at, said }
    }
}

pub(super) fn list(kind: &'static str, doing: String, run_type: &str) -> Ask {
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
    while let Some(page) = pages.next_of(job).await? {
        let active = page.into_iter().filter(|(_, _, run)| run.is_active());
        all.extend(active.map(|(of, _, run)| (of, run)));
    }
    if !newest_first(all.iter().map(|(_, run)| run)) {
        all.sort_by_key(|(_, run)| Reverse(run.started));
    }
    Ok(pages.dated(all))
}

/// Ended runs of a job, newest first, until `enough` or until a bound; then they are complete only from the start of the last one
/// on. A list in another order is read to its end. With `parts` each run is compared with the job's tasks.
pub(in crate::cloud) async fn ended(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
    since: Timestamp,
    parts: Option<Parts<'_>>,
    enough: &(dyn Fn(&[Run]) -> bool + Sync),
) -> Result<Dated<History>, Trouble> {
    let doing = format!("list the ended runs of job {job} of {}", workspace.name);
    let mut ask = list("runs.list-ended", doing, "JOB_RUN")
        .with("completed_only", true)
        .with("job_id", job)
        .with("start_time_from", since.as_millisecond());
    if parts.is_some() {
        ask = ask.with("expand_tasks", true);
    }
    let mut judge = Judge::new(session, workspace, job, parts);
    let mut pages = Pages::new(session, workspace, ask);
    let (mut runs, mut active): (Vec<Run>, Vec<Run>) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next_of(Some(job)).await? {
        for (_, body, mut run) in page {
            if run.is_active() {
                active.push(run);
            } else {
                run.inputs.tasks = judge.of(run.id, Told::of(&body)).await?;
                runs.push(run);
            }
        }
        // A run that waited in a queue may have started after one that is listed before it. Then only the whole list tells which
        // is the newest.
        if newest_first(&runs) && (pages.read >= HISTORY_PAGES_MAX || enough(&runs)) {
            break;
        }
    }
    if !newest_first(&runs) {
        runs.sort_by_key(|run| Reverse(run.started));
    }
    let complete_from = if pages.ended {
        since
    } else {
        // Where no run tells its start, nothing is proved to be complete.
        let last = runs.iter().rev().find_map(|run| run.started);
        last.or(pages.at).map_or(since, |from| from.max(since))
    };
    Ok(pages.dated(History {
        runs,
        active,
        since: complete_from,
    }))
}

/// Are they in the order that the service promises? Those that tell no start may stand anywhere.
fn newest_first<'a>(runs: impl IntoIterator<Item = &'a Run>) -> bool {
    let starts: Vec<Timestamp> = runs.into_iter().filter_map(|run| run.started).collect();
    starts.is_sorted_by(|earlier, later| earlier >= later)
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
    match said.run() {
        Some(said) => Ok(Dated { at, said }),
        None => Err(no_run_id(&ask)),
    }
}

/// One-time runs that afresh submitted, active and ended, as far back as the service keeps them.
pub(in crate::cloud) async fn submitted(
    session: &Session,
    workspace: &Workspace,
) -> Result<Dated<Vec<SubmittedRun>>, Trouble> {
    let doing = format!("list the one-time runs of {}", workspace.name);
    let kept = Span::days(RUN_RETENTION_DAYS.unsigned_abs());
    let since = kept.before(session.client.clock().now());
    let ask = list("runs.list-submitted", doing, "SUBMIT_RUN")
        .with("start_time_from", since.as_millisecond());
    let mut pages = Pages::new(session, workspace, ask);
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let ours = page.into_iter();
        all.extend(
            ours.filter_map(|(body, run)| SubmittedRun::named(body.run_name.as_deref()?, run)),
        );
    }
    Ok(pages.dated(all))
}

#[derive(Deserialize)]
struct Started {
    #[serde(default, deserialize_with = "soft::whole")]
    run_id: Option<RunId>,
}

/// `run-now`. Under a token that was used before, the service gives the run of that time.
pub(in crate::cloud) async fn start(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
    token: &Token,
    parameters: &BTreeMap<String, ParameterValue>,
    act_by: Timestamp,
) -> Result<Dated<RunId>, ActFailure> {
    let mut body = json!({"job_id": job.0, "idempotency_token": token.as_str()});
    let filled = filled(session, workspace, job, parameters).map_err(ActFailure::Refused)?;
    if let Some(parameters) = filled.body() {
        body["job_parameters"] = parameters;
    }
    let doing = starting(workspace, job);
    let ask = keyed("jobs.run-now", "jobs/run-now", doing, body, act_by);
    let since = session.client.clock().now();
    let sent = started(session, workspace, &ask).await;
    let (started, repeated) = sent.map_err(|failure| filled.redacted(failure))?;
    if repeated && let Ok(active) = active(session, workspace, Some(job)).await {
        let runs = active.said.into_iter().map(|(_, run)| run);
        one_for_one_token(&ask, started.said, since, runs)?;
    }
    Ok(started)
}

fn starting(workspace: &Workspace, job: JobId) -> String {
    format!("start job {job} of {}", workspace.name)
}

/// The parameters of a start as they would be sent now.
///
/// # Errors
/// A variable that one comes from is not set, or is not for jobs.
pub(in crate::cloud) fn filled(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
    parameters: &BTreeMap<String, ParameterValue>,
) -> Result<Filled, Trouble> {
    let around = session.vault().surroundings();
    Filled::new(parameters, around).map_err(|message| Trouble {
        kind: TroubleKind::Misfit,
        doing: starting(workspace, job),
        message,
        ids: Box::default(),
    })
}

/// A request that went out more than once under one token has made one run, or the service does not keep to tokens.
fn one_for_one_token(
    ask: &Ask,
    started: RunId,
    since: Timestamp,
    runs: impl Iterator<Item = Run>,
) -> Result<(), ActFailure> {
    // One that runs and does not tell since when may be it, too.
    let begun = |run: &Run| match (run.started, &run.phase) {
        (Some(at), _) => at >= since,
        (None, phase) => !matches!(
            phase,
            Phase::Ended { .. } | Phase::Active(ActivePhase::Queued)
        ),
    };
    let others = runs.filter(|run| run.id != started && begun(run));
    let others: Vec<String> = others.map(|run| run.id.to_string()).collect();
    if others.is_empty() {
        return Ok(());
    }
    let fault = format!(
        "the request went out more than once under one idempotency token, and besides run {started} run {} may have begun since: \
         the service does not honour tokens, or somebody else started it",
        others.join(" and run ")
    );
    Err(ActFailure::Lost(misunderstood(ask, &fault)))
}

/// `runs/submit` of the target's content, under the name by which it is found again.
pub(in crate::cloud) async fn submit(
    session: &Session,
    workspace: &Workspace,
    target: &SubmissionTarget,
    digest: &str,
    token: &Token,
    act_by: Timestamp,
) -> Result<Dated<RunId>, ActFailure> {
    let doing = format!("submit {} to {}", target.rule, workspace.name);
    let Ok(mut body) = serde_json::from_str::<Map<String, Value>>(&target.body) else {
        return Err(ActFailure::Refused(Trouble {
            kind: TroubleKind::Misfit,
            doing,
            message: "its content is not a JSON object".to_owned(),
            ids: Box::default(),
        }));
    };
    let name = submission_name(target.rule.as_str(), digest);
    body.insert("run_name".to_owned(), name.as_str().into());
    body.insert("idempotency_token".to_owned(), token.as_str().into());
    let ask = Ask {
        right: CAN_SUBMIT,
        ..keyed(
            "runs.submit",
            "jobs/runs/submit",
            doing,
            Value::Object(body),
            act_by,
        )
    };
    let since = session.client.clock().now();
    let (started, repeated) = started(session, workspace, &ask).await?;
    if repeated && let Ok(runs) = submitted(session, workspace).await {
        let same = |run: &SubmittedRun| run.content == content_mark(digest);
        let runs = runs.said.into_iter().filter(same).map(|known| known.run);
        one_for_one_token(&ask, started.said, since, runs)?;
    }
    Ok(started)
}

fn keyed(
    kind: &'static str,
    path: &'static str,
    doing: String,
    body: Value,
    act_by: Timestamp,
) -> Ask {
    Ask {
        repeat: Repeat::Keyed,
        ..Ask::effect(kind, path, doing, body, act_by)
    }
}

async fn started(
    session: &Session,
    workspace: &Workspace,
    ask: &Ask,
) -> Result<(Dated<RunId>, bool), ActFailure> {
    let (Dated { at, said }, repeated) = act::<Started>(session, workspace, ask).await?;
    match said.run_id {
        Some(said) => Ok((Dated { at, said }, repeated)),
        None => Err(ActFailure::Lost(no_run_id(ask))),
    }
}

/// `runs/cancel`: taken note of; the run ends later.
pub(in crate::cloud) async fn cancel(
    session: &Session,
    workspace: &Workspace,
    run: RunId,
    act_by: Timestamp,
) -> Result<Dated<()>, ActFailure> {
    let doing = format!("cancel run {run} of {}", workspace.name);
    let ask = Ask::effect(
        "runs.cancel",
        "jobs/runs/cancel",
        doing,
        json!({"run_id": run.0}),
        act_by,
    );
    let (Dated { at, .. }, _) = act::<IgnoredAny>(session, workspace, &ask).await?;
    Ok(Dated { at, said: () })
}

fn no_run_id(ask: &Ask) -> Trouble {
    misunderstood(ask, "the answer has no run id")
}
