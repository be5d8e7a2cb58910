//! Which jobs the rules of a workspace select now. A job that was deployed anew has its old name and a new id.
//!
//! A name that two jobs have is not resolved, and part of a list is never taken for the whole.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::super::names;
use super::super::resolve::misfit;
use super::super::scene::Scene;
use super::rule::JobRule;
use crate::cloud::{Dated, ListedJob};
use crate::escape;
use crate::limits::JOBS_ONE_BY_ONE_MAX;
use crate::model::address::Name;
use crate::model::connection::Workspace;
use crate::model::desired::{JobRunWhat, JobSelector};
use crate::model::trouble::{Trouble, TroubleKind};

/// Every rule about jobs of a workspace, with the jobs that it selects now.
pub async fn selected(
    scene: &Scene<'_>,
    workspace: &Workspace,
) -> Vec<(Name, Result<Vec<ListedJob>, Trouble>)> {
    let rules = scene.desired.job_runs.iter();
    let rules: Vec<JobRule<'_>> = rules
        .filter(|rule| rule.workspace == workspace.name)
        .filter_map(|rule| match &rule.what {
            JobRunWhat::Job(selector, spec) => Some(JobRule {
                rule,
                selector,
                spec,
            }),
            JobRunWhat::Submission(_) => None,
        })
        .collect();
    let found = find(scene, workspace, &rules).await;
    let names = rules.iter().map(|rule| rule.rule.name.clone());
    names.zip(found).collect()
}

/// The jobs that each rule selects.
pub(super) async fn find(
    scene: &Scene<'_>,
    workspace: &Workspace,
    rules: &[JobRule<'_>],
) -> Vec<Result<Vec<ListedJob>, Trouble>> {
    let by_name = rules
        .iter()
        .filter(|rule| matches!(rule.selector, JobSelector::Name(_)))
        .count();
    let by_tags = rules
        .iter()
        .any(|rule| matches!(rule.selector, JobSelector::Tags(_)));
    let all = if by_tags || by_name > JOBS_ONE_BY_ONE_MAX {
        Some(
            scene
                .gate
                .pass(workspace, scene.reader.jobs(workspace, None))
                .await,
        )
    } else {
        None
    };
    join_all(
        rules
            .iter()
            .map(|rule| find_one(scene, workspace, rule, all.as_ref())),
    )
    .await
}

async fn find_one(
    scene: &Scene<'_>,
    workspace: &Workspace,
    rule: &JobRule<'_>,
    all: Option<&Result<Dated<Vec<ListedJob>>, Trouble>>,
) -> Result<Vec<ListedJob>, Trouble> {
    match (rule.selector, all) {
        (JobSelector::Id(id), all) => {
            // A list that is read anyway shows it, too. What it does not show may only not be shown to us.
            let listed = all.and_then(|all| all.as_ref().ok());
            if let Some(job) = listed.and_then(|all| all.said.iter().find(|job| job.id == *id)) {
                return Ok(vec![job.clone()]);
            }
            let job = scene.reader.job(workspace, *id);
            Ok(vec![scene.gate.pass(workspace, job).await?.said])
        }
        (JobSelector::Name(name), Some(Ok(all))) => the_one_named(name, &all.said),
        (JobSelector::Name(name), None) => named(scene, workspace, name).await,
        (JobSelector::Tags(tags), Some(Ok(all))) => Ok(all
            .said
            .iter()
            .filter(|job| has_tags(job, tags))
            .cloned()
            .collect()),
        (JobSelector::Name(_) | JobSelector::Tags(_), Some(Err(trouble))) => Err(trouble.clone()),
        (JobSelector::Tags(tags), None) => {
            let all = scene
                .gate
                .pass(workspace, scene.reader.jobs(workspace, None))
                .await?;
            Ok(all
                .said
                .into_iter()
                .filter(|job| has_tags(job, tags))
                .collect())
        }
    }
}

fn has_tags(job: &ListedJob, tags: &BTreeMap<String, String>) -> bool {
    tags.iter()
        .all(|(key, value)| job.tags.get(key) == Some(value))
}

/// The job of this name. Where the service shows none, the name may have been meant without its odd blanks: then it is asked once
/// more, to say so.
async fn named(
    scene: &Scene<'_>,
    workspace: &Workspace,
    name: &str,
) -> Result<Vec<ListedJob>, Trouble> {
    let list = |name: String| async move {
        let jobs = scene.reader.jobs(workspace, Some(&name));
        scene.gate.pass(workspace, jobs).await
    };
    let mut jobs = list(name.to_owned()).await?.said;
    let plain = names::plain(name);
    if jobs.is_empty() && plain != name {
        jobs = list(plain).await?.said;
    }
    the_one_named(name, &jobs)
}

/// Job names are not unique, and the service compares them without regard to case: exactly one must bear this one.
fn the_one_named(name: &str, jobs: &[ListedJob]) -> Result<Vec<ListedJob>, Trouble> {
    let mut named: Vec<&ListedJob> = jobs.iter().filter(|job| job.name == name).collect();
    named.sort_by_key(|job| job.id);
    match named.as_slice() {
        [one] => Ok(vec![(*one).clone()]),
        [] => Err(Trouble {
            kind: TroubleKind::NotFound,
            doing: format!("find the job {name}"),
            message: unnamed(name, jobs),
            ids: Box::default(),
        }),
        many => {
            let ids = many
                .iter()
                .map(|job| job.id.to_string())
                .collect::<Vec<_>>()
                .join(", ");
            Err(misfit(
                "tell which job is meant",
                format!(
                    "{} jobs are called {name} ({ids}): name one by its id",
                    many.len()
                ),
            ))
        }
    }
}

/// What is said where no job bears this name, with those that all but do.
fn unnamed(name: &str, jobs: &[ListedJob]) -> String {
    let known = jobs.iter().map(|job| job.name.as_str());
    match names::suggestion(name, known) {
        Some(meant) => format!("no job is named `{}`; {meant}", escape::exact(name)),
        None => format!(
            "no job is named `{}`, or CAN VIEW on it is missing",
            escape::exact(name)
        ),
    }
}
