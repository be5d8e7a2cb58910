//! Which task made a run fail, and with what error.
//!
//! `runs/get-output` does not work for a run with several tasks, so it is called for the task that failed.

use serde::Deserialize;

use super::super::session::Session;
use super::super::soft;
use super::ask::{Ask, read};
use super::jobs::next;
use super::phase::RunBody;
use crate::limits::PAGES_MAX;
use crate::model::connection::Workspace;
use crate::model::job::{Phase, RunId, RunResult};
use crate::model::outcome::TaskFailure;
use crate::model::trouble::{Trouble, TroubleKind};

#[derive(Deserialize)]
struct Output {
    #[serde(default, deserialize_with = "soft::text")]
    error: Option<String>,
}

/// The failing task of a run; `None` if none failed.
pub(in crate::cloud) async fn failure(
    session: &Session,
    workspace: &Workspace,
    run: RunId,
) -> Result<Option<TaskFailure>, Trouble> {
    let Some((task, words)) = failing(session, workspace, run).await? else {
        return Ok(None);
    };
    let name = task.task_key.clone().unwrap_or_default();
    let output = match task.run_id {
        Some(id) => output(session, workspace, id).await,
        None => Ok(None),
    };
    let said = match output {
        Ok(error) => error.or_else(|| task.message()),
        // Outputs are kept shorter than runs, and some kinds of task have none.
        Err(trouble) if gone(&trouble) => task.message(),
        Err(trouble) => return Err(trouble),
    };
    Ok(Some(TaskFailure {
        task: name,
        error: said.or(words).unwrap_or_default(),
    }))
}

fn gone(trouble: &Trouble) -> bool {
    matches!(
        trouble.kind,
        TroubleKind::NotFound | TroubleKind::Unexpected | TroubleKind::Forbidden { .. }
    )
}

/// The first task that failed by itself, and the words on the whole run. A run without tasks is its own task.
async fn failing(
    session: &Session,
    workspace: &Workspace,
    run: RunId,
) -> Result<Option<(RunBody, Option<String>)>, Trouble> {
    let doing = format!("look at run {run} of {}", workspace.name);
    let ask = Ask::get("runs.get", "jobs/runs/get", doing).with("run_id", run);
    let (mut token, mut met) = (None, false);
    for _ in 0..PAGES_MAX {
        let page = read::<RunBody>(session, workspace, &next(&ask, token)).await?;
        let body = page.said;
        let words = body.message();
        let tasks = &body.tasks;
        met |= !tasks.is_empty();
        if let Some(task) = tasks.iter().rev().find(|task| failed(task)) {
            return Ok(Some((task.clone(), words)));
        }
        token = body
            .next_page_token
            .clone()
            .filter(|token| !token.is_empty());
        if token.is_none() {
            let alone = !met && failed(&body);
            return Ok(alone.then_some((body, words)));
        }
    }
    Ok(None)
}

fn failed(task: &RunBody) -> bool {
    matches!(
        task.phase(),
        Phase::Ended {
            result: RunResult::Failed | RunResult::TimedOut,
            ..
        }
    )
}

async fn output(
    session: &Session,
    workspace: &Workspace,
    run: RunId,
) -> Result<Option<String>, Trouble> {
    let doing = format!("read the output of run {run} of {}", workspace.name);
    let ask = Ask::get("runs.get-output", "jobs/runs/get-output", doing).with("run_id", run);
    let output = read::<Output>(session, workspace, &ask).await?;
    Ok(output.said.error.filter(|error| !error.is_empty()))
}
