//! The jobs of one workspace: find the ones that the rules speak of, look at the runs of those that the ledger does not prove.

use super::resolve::{misfit, not_looked_at};
use super::scene::Scene;
use super::submissions;
use crate::cloud::ListedJob;
use crate::model::address::Address;
use crate::model::connection::Workspace;
use crate::model::desired::{JobRunRule, JobRunWhat, JobSelector};
use crate::model::job::JobId;
use crate::model::survey::{Case, JobCase, JobTarget, Looked, Refresh, Skipped, Subject};
use crate::model::trouble::{Trouble, TroubleKind};

mod find;
mod fresh;
pub(super) mod look;
mod rule;
mod sweep;

use find::find;
pub use find::selected;
use look::{look_at_all, proven};
use rule::JobRule;

/// Everything one workspace's rules speak of.
pub async fn gather(scene: &Scene<'_>, workspace: &Workspace) -> (Vec<Subject>, Vec<Skipped>) {
    let rules = || scene.job_runs(&workspace.name).iter().copied();
    let host = match scene.reader.host(workspace).await {
        Ok(host) => host,
        Err(trouble) => {
            let unresolved = |rule: &JobRunRule| Subject::Unresolved {
                address: Address::new(rule.workspace.clone(), rule.name.as_str()),
                rule: rule.name.clone(),
                trouble: trouble.clone(),
            };
            return (rules().map(unresolved).collect(), Vec::new());
        }
    };
    let mut jobs = Vec::new();
    let mut submits = Vec::new();
    for rule in rules() {
        match &rule.what {
            JobRunWhat::Job(selector, spec) => jobs.push(JobRule {
                rule,
                selector,
                spec,
            }),
            JobRunWhat::Submission(spec) => submits.push((rule, spec)),
        }
    }
    let ((mut subjects, skipped), submissions) = futures_util::future::join(
        of_jobs(scene, workspace, &host, jobs),
        submissions::gather(scene, workspace, &host, &submits),
    )
    .await;
    subjects.extend(submissions);
    (subjects, skipped)
}

async fn of_jobs(
    scene: &Scene<'_>,
    workspace: &Workspace,
    host: &str,
    rules: Vec<JobRule<'_>>,
) -> (Vec<Subject>, Vec<Skipped>) {
    let rules: Vec<JobRule<'_>> = rules
        .into_iter()
        .filter(|rule| {
            matches!(rule.selector, JobSelector::Tags(_))
                || scene.options.wants(&rule.own_address())
        })
        .collect();
    let mut subjects = Vec::new();
    let mut to_find = Vec::new();
    for rule in rules {
        match from_ledger(scene, host, &rule) {
            Some(subject) => subjects.push(subject),
            None if scene.options.refresh == Refresh::None => {
                subjects.push(rule.unresolved(not_looked_at()));
            }
            None => to_find.push(rule),
        }
    }
    let found = find(scene, workspace, &to_find).await;
    let mut wanted: Vec<(JobCase, ListedJob)> = Vec::new();
    let mut skipped = Vec::new();
    for (rule, found) in to_find.iter().zip(found) {
        match found {
            Err(trouble) => subjects.push(unread(scene, host, rule, trouble)),
            Ok(none) if none.is_empty() && rule.rule.allow_empty => skipped.push(Skipped {
                address: rule.own_address(),
                why: "no job of the workspace has these tags now".to_owned(),
            }),
            Ok(none) if none.is_empty() => subjects.push(rule.unresolved(misfit(
                "find what the tags select",
                "no job of the workspace has these tags; write `allowEmpty: true` in the rule if that may be".to_owned(),
            ))),
            Ok(jobs) => wanted.extend(
                jobs.into_iter()
                    .map(|job| (found_case(scene, host, rule, &job), job)),
            ),
        }
    }
    wanted.retain(|(case, _)| scene.options.wants(&case.address));
    let (foreign, wanted): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .partition(|(case, _)| is_foreign(scene, case));
    subjects.extend(foreign.into_iter().map(|(case, _)| Subject::Job(case)));
    subjects.extend(look_at_all(scene, workspace, wanted).await);
    (subjects, skipped)
}

/// Is the job another shard's?
fn is_foreign(scene: &Scene<'_>, case: &JobCase) -> bool {
    !scene.options.is_ours(&case.target.identity())
}

/// The case of a rule about one job, if nothing is to be asked of it: what an id names cannot change, so the ledger may be proof; a
/// name may have gone to another job.
fn from_ledger(scene: &Scene<'_>, host: &str, rule: &JobRule<'_>) -> Option<Subject> {
    let of = |job| case(scene, host, rule, rule.own_address(), job);
    match (scene.options.refresh, rule.selector) {
        (_, JobSelector::Id(id)) if is_foreign(scene, &of(*id)) => Some(Subject::Job(of(*id))),
        (Refresh::All, _)
        | (Refresh::Auto, JobSelector::Name(_))
        | (Refresh::Auto | Refresh::None, JobSelector::Tags(_)) => None,
        (Refresh::Auto, JobSelector::Id(id)) => {
            let case = of(*id);
            proven(&case, scene.options.now).then_some(Subject::Job(case))
        }
        (Refresh::None, JobSelector::Id(id)) => known(scene, of(*id)).map(Subject::Job),
        (Refresh::None, JobSelector::Name(name)) => {
            let id = remembered_as(scene, host, &rule.own_address(), name)?;
            known(scene, of(id)).map(Subject::Job)
        }
    }
}

/// A rule whose job could not be found out. What the ledger proves of the job that was meant last stays proved; without a look nothing
/// is started. Where the service answers that it is not there, it is not that job any more.
fn unread(scene: &Scene<'_>, host: &str, rule: &JobRule<'_>, trouble: Trouble) -> Subject {
    let id = match (&trouble.kind, rule.selector) {
        (TroubleKind::NotFound | TroubleKind::Misfit, _) | (_, JobSelector::Tags(_)) => None,
        (_, JobSelector::Id(id)) => Some(*id),
        (_, JobSelector::Name(name)) => remembered_as(scene, host, &rule.own_address(), name),
    };
    let case = |id| known(scene, case(scene, host, rule, rule.own_address(), id));
    match id.and_then(case) {
        Some(case) => Subject::Job(Case {
            sight: Looked::Failed(trouble),
            ..case
        }),
        None => rule.unresolved(trouble),
    }
}

/// The case, if the ledger knows its job.
fn known(scene: &Scene<'_>, case: JobCase) -> Option<JobCase> {
    let jobs = &scene.memory.jobs;
    let is_known = jobs.contains_key(&case.target.identity());
    is_known.then_some(case)
}

/// The one job that the ledger knows by this address and name. Of two, one was made anew under the other's name: only a look
/// tells which bears it now.
fn remembered_as(scene: &Scene<'_>, host: &str, address: &Address, name: &str) -> Option<JobId> {
    let [(identity, id)] = scene.jobs_called(host, address) else {
        return None;
    };
    let memory = scene.memory.jobs.get(*identity)?;
    memory
        .name
        .as_ref()
        .is_none_or(|known| known == name)
        .then_some(*id)
}

fn found_case(scene: &Scene<'_>, host: &str, rule: &JobRule<'_>, job: &ListedJob) -> JobCase {
    let address = match rule.selector {
        JobSelector::Tags(_) => Address::new(
            rule.rule.workspace.clone(),
            if job.name.is_empty() {
                job.id.to_string()
            } else {
                job.name.clone()
            },
        ),
        JobSelector::Name(_) | JobSelector::Id(_) => rule.own_address(),
    };
    case(scene, host, rule, address, job.id)
}

fn case(
    scene: &Scene<'_>,
    host: &str,
    rule: &JobRule<'_>,
    address: Address,
    job: JobId,
) -> JobCase {
    let target = JobTarget {
        workspace: rule.rule.workspace.clone(),
        host: host.to_owned(),
        job,
    };
    let identity = target.identity();
    Case {
        address,
        rule: rule.rule.name.clone(),
        place: rule.rule.place.clone(),
        target,
        spec: rule.spec.clone(),
        suspend: rule.rule.suspend.clone(),
        sight: Looked::NotAsked,
        destinations: Vec::new(),
        memory: scene
            .memory
            .jobs
            .get(&identity)
            .cloned()
            .unwrap_or_default(),
        doubts: scene.memory.doubts(&identity).to_vec(),
        refused: scene.memory.refusals.get(&identity).cloned(),
    }
}
