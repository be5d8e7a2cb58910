//! `jobs/list` and `jobs/get`.
//!
//! Pages are followed by page token only, since API 2.2 no longer has `has_more`.
//! A page that says `has_more` without a token is an error, so that half a list never passes for the whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::super::answer::{Dated, ListedJob};
use super::super::session::Session;
use super::super::soft::{self, Soft, Words};
use super::ask::{Ask, read};
use super::{inputs, trigger};
use crate::http::redact::holds;
use crate::limits::{JOBS_PAGE, PAGES_MAX};
use crate::model::connection::Workspace;
use crate::model::job::{Continuous, JobId};
use crate::model::trouble::{Trouble, TroubleKind};

#[derive(Deserialize)]
struct Page {
    jobs: Option<Vec<Job>>,
    next_page_token: Option<String>,
    has_more: Option<bool>,
}

#[derive(Deserialize)]
struct Job {
    #[serde(default, deserialize_with = "soft::whole")]
    job_id: Option<JobId>,
    #[serde(default, deserialize_with = "soft::part")]
    settings: Option<Settings>,
}

#[derive(Default, Deserialize)]
struct Settings {
    #[serde(default, deserialize_with = "soft::text")]
    name: Option<String>,
    tags: Option<Soft<BTreeMap<String, Words>>>,
    #[serde(default, deserialize_with = "soft::part")]
    continuous: Option<ContinuousSettings>,
    #[serde(default, deserialize_with = "soft::whole")]
    max_concurrent_runs: Option<u32>,
    /// See [`super::trigger`].
    schedule: Option<Value>,
    trigger: Option<Value>,
    parameters: Option<Value>,
    /// See [`enabled_tasks`].
    tasks: Option<Value>,
}

#[derive(Deserialize)]
struct ContinuousSettings {
    #[serde(default, deserialize_with = "soft::text")]
    pause_status: Option<String>,
}

impl Job {
    /// A job without an id is none.
    fn listed(self) -> Option<ListedJob> {
        let settings = self.settings.unwrap_or_default();
        let Soft(tags) = settings.tags.unwrap_or_default();
        Some(ListedJob {
            id: self.job_id?,
            // One that holds a secret is not shown, and not altered either: it has none.
            name: settings
                .name
                .filter(|name| !holds(name, []))
                .unwrap_or_default(),
            tags: tags
                .into_iter()
                .map(|(name, Words(value))| (name, value.unwrap_or_default()))
                .collect(),
            continuous: match settings.continuous {
                None => Continuous::No,
                Some(how) if how.pause_status.as_deref() == Some("PAUSED") => Continuous::Paused,
                Some(_) => Continuous::Unpaused,
            },
            runs_max: settings.max_concurrent_runs.unwrap_or(1),
            trigger: trigger::of(settings.schedule.as_ref(), settings.trigger.as_ref()),
            parameters: inputs::defaults(settings.parameters.as_ref()),
            tasks: enabled_tasks(settings.tasks.as_ref()),
        })
    }
}

/// All jobs, or those under one name as the service compares names; these with their tasks, since they are few.
pub(in crate::cloud) async fn list(
    session: &Session,
    workspace: &Workspace,
    name: Option<&str>,
) -> Result<Dated<Vec<ListedJob>>, Trouble> {
    let doing = format!("list the jobs of {}", workspace.name);
    let mut ask = Ask::get("jobs.list", "jobs/list", doing).with("limit", JOBS_PAGE);
    if let Some(name) = name {
        ask = ask.with("name", name).with("expand_tasks", true);
    }
    let (mut all, mut at, mut token) = (Vec::new(), None, None);
    for _ in 0..PAGES_MAX {
        let page = read::<Page>(session, workspace, &next(&ask, token)).await?;
        let at = *at.get_or_insert(page.at);
        let jobs = page.said.jobs.unwrap_or_default();
        for job in jobs {
            all.push(job.listed().ok_or_else(|| nameless(&ask, "job_id"))?);
        }
        token = onward(&ask, page.said.next_page_token, page.said.has_more)?;
        if token.is_none() {
            return Ok(Dated { at, said: all });
        }
    }
    Err(too_many_pages(&ask))
}

/// The request for the page that `token` leads to.
pub(super) fn next(ask: &Ask, token: Option<String>) -> Ask {
    match token {
        Some(token) => ask.clone().with("page_token", token),
        None => ask.clone(),
    }
}

/// The token of the next page; `None` after the last one.
///
/// # Errors
/// There is more, and the answer does not say how to get it: half a list must not pass for the whole.
pub(super) fn onward(
    ask: &Ask,
    token: Option<String>,
    has_more: Option<bool>,
) -> Result<Option<String>, Trouble> {
    let token = token.filter(|token| !token.is_empty());
    if token.is_none() && has_more == Some(true) {
        return Err(misunderstood(
            ask,
            "the list says that it has more, and gives no next_page_token to get it with",
        ));
    }
    Ok(token)
}

/// An entry of a list that does not say which one it is.
pub(super) fn nameless(ask: &Ask, field: &str) -> Trouble {
    misunderstood(ask, &format!("an entry of the list has no {field}"))
}

pub(super) fn misunderstood(ask: &Ask, message: &str) -> Trouble {
    Trouble {
        kind: TroubleKind::Unexpected,
        doing: ask.doing.clone(),
        message: message.to_owned(),
        ids: Box::default(),
    }
}

pub(super) fn too_many_pages(ask: &Ask) -> Trouble {
    misunderstood(ask, &format!("the list has more than {PAGES_MAX} pages"))
}

/// One job.
pub(in crate::cloud) async fn get(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
) -> Result<Dated<ListedJob>, Trouble> {
    let doing = format!("look at job {job} of {}", workspace.name);
    let ask = Ask::get("jobs.get", "jobs/get", doing).with("job_id", job);
    let Dated { at, said } = read::<Job>(session, workspace, &ask).await?;
    match said.listed() {
        Some(said) => Ok(Dated { at, said }),
        None => Err(misunderstood(&ask, "the answer has no job id")),
    }
}

/// The tasks in a job's settings that run when the whole job does.
fn enabled_tasks(told: Option<&Value>) -> Option<BTreeSet<String>> {
    let tasks = told?.as_array()?.iter();
    let enabled = tasks.filter(|task| task["disabled"].as_bool() != Some(true));
    enabled
        .map(|task| task["task_key"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_job_runs_what_is_not_disabled_in_its_settings() {
        let tasks = json!([{"task_key": "a"}, {"task_key": "b", "disabled": true}, {"task_key": "c", "disabled": false}]);
        let expected = BTreeSet::from(["a".to_owned(), "c".to_owned()]);
        assert_eq!(enabled_tasks(Some(&tasks)), Some(expected));
        assert_eq!(enabled_tasks(None), None);
    }
}
