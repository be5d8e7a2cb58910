//! Which jobs the rules of a workspace select now. A job that was deployed anew has its old name and a new id.
//!
//! A name that two jobs have is not resolved, and part of a list is never taken for the whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use futures_util::future::join_all;

use super::super::names::{self, Suggestions};
use super::super::resolve::misfit;
use super::super::scene::Scene;
use super::rule::JobRule;
use crate::cloud::ListedJob;
use crate::escape;
use crate::limits::JOBS_ONE_BY_ONE_MAX;
use crate::model::address::Name;
use crate::model::connection::Workspace;
use crate::model::desired::{JobRunWhat, JobSelector};
use crate::model::job::JobId;
use crate::model::trouble::{Trouble, TroubleKind};

/// Every rule about jobs of a workspace, with the jobs that it selects now.
pub async fn selected(
    scene: &Scene<'_>,
    workspace: &Workspace,
) -> Vec<(Name, Result<Vec<ListedJob>, Trouble>)> {
    let rules = scene.job_runs(&workspace.name).iter();
    let rules: Vec<JobRule<'_>> = rules
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
        let listed = scene.reader.jobs(workspace, None);
        let listed = scene.gate.pass(workspace, listed).await;
        Some(listed.map(|listed| Listed::new(listed.said)))
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

/// The jobs of a workspace, found by id and by name: a thousand rules must not each search a thousand jobs.
struct Listed {
    jobs: Vec<ListedJob>,
    by_id: HashMap<JobId, usize>,
    by_name: HashMap<String, Vec<usize>>,
    meant: OnceLock<Suggestions>,
}

impl Listed {
    fn new(jobs: Vec<ListedJob>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, job) in jobs.iter().enumerate() {
            by_name.entry(job.name.clone()).or_default().push(place);
        }
        let ids = jobs.iter().enumerate();
        Self {
            by_id: ids.map(|(place, job)| (job.id, place)).collect(),
            by_name,
            jobs,
            meant: OnceLock::new(),
        }
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &ListedJob> {
        let places = self.by_name.get(name).into_iter().flatten();
        places.filter_map(|place| self.jobs.get(*place))
    }

    /// Job names are not unique, and the service compares them without regard to case: exactly one must bear this one.
    fn the_one_named(&self, name: &str) -> Result<Vec<ListedJob>, Trouble> {
        let mut named: Vec<&ListedJob> = self.named(name).collect();
        named.sort_by_key(|job| job.id);
        match named.as_slice() {
            [one] => Ok(vec![(*one).clone()]),
            [] => Err(Trouble {
                kind: TroubleKind::NotFound,
                doing: format!("find the job {name}"),
                message: self.unnamed(name),
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
    fn unnamed(&self, name: &str) -> String {
        let known = || self.jobs.iter().map(|job| job.name.as_str());
        let meant = self.meant.get_or_init(|| Suggestions::of(known()));
        match meant.suggestion(name) {
            Some(meant) => format!("no job is named `{}`; {meant}", escape::exact(name)),
            None => format!(
                "no job is named `{}`, or CAN VIEW on it is missing",
                escape::exact(name)
            ),
        }
    }
}

async fn find_one(
    scene: &Scene<'_>,
    workspace: &Workspace,
    rule: &JobRule<'_>,
    all: Option<&Result<Listed, Trouble>>,
) -> Result<Vec<ListedJob>, Trouble> {
    match (rule.selector, all) {
        (JobSelector::Id(id), all) => {
            // A list that is read anyway shows it, too. What it does not show may only not be shown to us.
            let listed = all.and_then(|all| all.as_ref().ok());
            let shown = listed.and_then(|all| all.jobs.get(*all.by_id.get(id)?));
            if let Some(job) = shown {
                return Ok(vec![job.clone()]);
            }
            let job = scene.reader.job(workspace, *id);
            Ok(vec![scene.gate.pass(workspace, job).await?.said])
        }
        (JobSelector::Name(name), Some(Ok(all))) => all.the_one_named(name),
        (JobSelector::Name(name), None) => named(scene, workspace, name).await,
        (JobSelector::Tags(tags), Some(Ok(all))) => {
            let tagged = all.jobs.iter().filter(|job| has_tags(job, tags));
            Ok(tagged.cloned().collect())
        }
        (JobSelector::Name(_) | JobSelector::Tags(_), Some(Err(trouble))) => Err(trouble.clone()),
        (JobSelector::Tags(tags), None) => {
            let all = scene.reader.jobs(workspace, None);
            let mut all = scene.gate.pass(workspace, all).await?.said;
            all.retain(|job| has_tags(job, tags));
            Ok(all)
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
    Listed::new(jobs).the_one_named(name)
}
