//! The jobs of one workspace: find the ones that the rules speak of, look at the runs of those that the ledger does not prove.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::resolve::{misfit, not_looked_at};
use super::{Scene, submissions};
use crate::cloud::{Dated, History, ListedJob};
use crate::limits::{JOBS_ONE_BY_ONE_MAX, RUN_RETENTION_DAYS};
use crate::model::address::{Address, Identity, Name};
use crate::model::connection::Workspace;
use crate::model::desired::{JobRunRule, JobRunWhat, JobSelector};
use crate::model::job::{ActivePhase, JobId, JobSight, JobSpec, Phase, Requirement, Run, RunId};
use crate::model::survey::{Case, JobCase, JobTarget, Looked, PassedOver, Refresh, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};

/// How far back the history of a job that should be running is read: enough to count its failures.
const HISTORY_OF_RUNNING: Span = Span::days(7);

/// A rule about jobs, with what it promises.
struct JobRule<'a> {
    rule: &'a JobRunRule,
    selector: &'a JobSelector,
    spec: &'a JobSpec,
}

impl JobRule<'_> {
    /// A rule about one job is known by its own name; a rule about tags is known by its jobs'.
    fn own_address(&self) -> Address {
        Address::new(self.rule.workspace.clone(), self.rule.name.as_str())
    }

    fn unresolved(&self, trouble: Trouble) -> Subject {
        Subject::Unresolved {
            address: self.own_address(),
            rule: self.rule.name.clone(),
            trouble,
        }
    }
}

/// Everything one workspace's rules speak of.
pub async fn gather(scene: &Scene<'_>, workspace: &Workspace) -> (Vec<Subject>, Vec<PassedOver>) {
    let rules = || {
        scene
            .desired
            .job_runs
            .iter()
            .filter(|rule| rule.workspace == workspace.name)
    };
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
    let ((mut subjects, passed_over), submissions) = futures_util::future::join(
        of_jobs(scene, workspace, &host, jobs),
        submissions::gather(scene, workspace, &host, &submits),
    )
    .await;
    subjects.extend(submissions);
    (subjects, passed_over)
}

async fn of_jobs(
    scene: &Scene<'_>,
    workspace: &Workspace,
    host: &str,
    rules: Vec<JobRule<'_>>,
) -> (Vec<Subject>, Vec<PassedOver>) {
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
    let mut passed_over = Vec::new();
    for (rule, found) in to_find.iter().zip(found) {
        match found {
            Err(trouble) => subjects.push(rule.unresolved(trouble)),
            Ok(none) if none.is_empty() && rule.rule.allow_empty => passed_over.push(PassedOver {
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
    subjects.extend(look_at_all(scene, workspace, wanted).await);
    (subjects, passed_over)
}

/// The case of a rule about one job, if the ledger is proof that it is as promised (or nothing else is to be asked).
fn from_ledger(scene: &Scene<'_>, host: &str, rule: &JobRule<'_>) -> Option<Subject> {
    let job = match rule.selector {
        JobSelector::Id(id) => *id,
        JobSelector::Name(name) => remembered_as(scene, host, &rule.own_address(), name)?,
        JobSelector::Tags(_) => return None,
    };
    let case = case(scene, host, rule, rule.own_address(), job);
    match scene.options.refresh {
        Refresh::All => None,
        Refresh::Auto => proven(&case, scene.options.now).then_some(Subject::Job(case)),
        Refresh::None => scene
            .memory
            .jobs
            .contains_key(&case.target.identity())
            .then_some(Subject::Job(case)),
    }
}

/// The one job that the ledger knows by this address and name. Of two, one was made anew under the other's name: only a look
/// tells which bears it now.
fn remembered_as(scene: &Scene<'_>, host: &str, address: &Address, name: &str) -> Option<JobId> {
    let known = scene.memory.addresses.iter();
    let mut jobs = known.filter_map(|(identity, known_as)| match identity {
        Identity::Job(of, id) if of == host && known_as == address => Some((identity, *id)),
        _ => None,
    });
    let (identity, id) = jobs.next().filter(|_| jobs.next().is_none())?;
    let memory = scene.memory.jobs.get(identity)?;
    memory
        .name
        .as_ref()
        .is_none_or(|known| known == name)
        .then_some(id)
}

/// A past success stays past. But how long an active run has been going only a look can tell.
fn proven(case: &JobCase, now: Timestamp) -> bool {
    let Requirement::Succeeded { error_after, .. } = case.spec.require else {
        return false;
    };
    let fresh = case
        .memory
        .last_success
        .as_ref()
        .is_some_and(|(_, end, result)| {
            case.spec.accept.contains(result) && now < error_after.after(*end)
        });
    fresh && case.spec.duration_max.is_none() && case.doubts.is_empty()
}

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
async fn find(
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
        (JobSelector::Id(id), _) => Ok(vec![
            scene
                .gate
                .pass(workspace, scene.reader.job(workspace, *id))
                .await?
                .said,
        ]),
        (JobSelector::Name(name), Some(Ok(all))) => the_one_named(name, &all.said),
        (JobSelector::Name(name), None) => the_one_named(
            name,
            &scene
                .gate
                .pass(workspace, scene.reader.jobs(workspace, Some(name)))
                .await?
                .said,
        ),
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

/// Job names are not unique, and the service compares them without regard to case: exactly one must bear this one.
fn the_one_named(name: &str, jobs: &[ListedJob]) -> Result<Vec<ListedJob>, Trouble> {
    let mut named: Vec<&ListedJob> = jobs.iter().filter(|job| job.name == name).collect();
    named.sort_by_key(|job| job.id);
    match named.as_slice() {
        [one] => Ok(vec![(*one).clone()]),
        [] => Err(Trouble {
            kind: TroubleKind::NotFound,
            doing: format!("find the job {name}"),
            message: "the workspace shows no job of this name; it may not exist, or CAN VIEW on it may be missing".to_owned(),
            ids: Box::default(),
        }),
        many => {
            let ids = many.iter().map(|job| job.id.to_string()).collect::<Vec<_>>().join(", ");
            Err(misfit("tell which job is meant", format!("{} jobs are called {name} ({ids}): name one by its id", many.len())))
        }
    }
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
        sight: Looked::NotAsked,
        memory: scene
            .memory
            .jobs
            .get(&identity)
            .cloned()
            .unwrap_or_default(),
        doubts: scene.memory.doubts(&identity).to_vec(),
    }
}

/// Active runs of all jobs at once where there are many jobs, of each job by itself where there are few.
type ActiveRuns = Result<BTreeMap<JobId, Vec<Run>>, Trouble>;

async fn look_at_all(
    scene: &Scene<'_>,
    workspace: &Workspace,
    wanted: Vec<(JobCase, ListedJob)>,
) -> Vec<Subject> {
    let (proved, wanted): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(case, _)| {
        scene.options.refresh == Refresh::Auto && proven(case, scene.options.now)
    });
    let active: Option<ActiveRuns> = if wanted.len() > JOBS_ONE_BY_ONE_MAX {
        Some(
            scene
                .gate
                .pass(workspace, scene.reader.active_runs(workspace, None))
                .await
                .map(|runs| by_job(runs.said)),
        )
    } else {
        None
    };
    let looks = wanted
        .into_iter()
        .map(|(case, job)| look(scene, workspace, case, job, active.as_ref()));
    let looked = join_all(looks).await;
    proved
        .into_iter()
        .map(|(case, _)| case)
        .chain(looked)
        .map(Subject::Job)
        .collect()
}

fn by_job(runs: Vec<(JobId, Run)>) -> BTreeMap<JobId, Vec<Run>> {
    let mut by_job: BTreeMap<JobId, Vec<Run>> = BTreeMap::new();
    for (job, run) in runs {
        by_job.entry(job).or_default().push(run);
    }
    by_job
}

async fn look(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: JobCase,
    job: ListedJob,
    active: Option<&ActiveRuns>,
) -> JobCase {
    // Boxed: a thousand of these futures wait side by side.
    let sight = match Box::pin(see(scene, workspace, &case, job, active)).await {
        Ok(sight) => Looked::Seen(sight),
        Err(trouble) => Looked::Failed(trouble),
    };
    Case { sight, ..case }
}

async fn see(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: &JobCase,
    job: ListedJob,
    active: Option<&ActiveRuns>,
) -> Result<JobSight, Trouble> {
    let active = async {
        match active {
            Some(Ok(all)) => Ok(all.get(&job.id).cloned().unwrap_or_default()),
            Some(Err(trouble)) => Err(trouble.clone()),
            None => {
                let runs = scene
                    .gate
                    .pass(workspace, scene.reader.active_runs(workspace, Some(job.id)))
                    .await?;
                Ok(runs.said.into_iter().map(|(_, run)| run).collect())
            }
        }
    };
    // In this order: a run that ends between the two looks is seen in the second.
    let mut active = active.await?;
    let (at, history) = Box::pin(history(scene, workspace, case, job.id)).await?;
    history.add_active_to(&mut active);
    let mut ended = history.runs;
    look_up_own_start(scene, workspace, case, &mut active, &mut ended).await?;
    let own = case.memory.last_start.iter().copied();
    date_own(active.iter_mut().chain(&mut ended), own);
    Ok(JobSight {
        at,
        job: job.id,
        name: job.name,
        continuous: job.continuous,
        runs_max: job.runs_max,
        active,
        ended,
        history_since: history.since,
    })
}

/// Ended runs as far back as the decision needs them, and the service's time.
async fn history(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: &JobCase,
    job: JobId,
) -> Result<(Timestamp, History), Trouble> {
    let now = scene.options.now;
    let (reach, fresh_from) = match case.spec.require {
        Requirement::Succeeded { error_after, .. } => (
            Span::seconds(error_after.as_secs().saturating_mul(7)).max(Span::days(7)),
            Some(error_after.before(now)),
        ),
        Requirement::Running => (HISTORY_OF_RUNNING, None),
        Requirement::NotRunning => {
            let none = History {
                runs: Vec::new(),
                active: Vec::new(),
                since: now,
            };
            return Ok((now, none));
        }
    };
    let since = reach
        .min(Span::days(RUN_RETENTION_DAYS.unsigned_abs()))
        .before(now);
    let accept = case.spec.accept.clone();
    // A fresh success settles it. A stale one does not: a run that started before it may have ended after it.
    let enough = move |runs: &[Run]| {
        fresh_from.is_some_and(|from| {
            runs.iter()
                .any(|run| run.succeeded_at(&accept).is_some_and(|end| end > from))
        })
    };
    let history = scene
        .gate
        .pass(
            workspace,
            scene.reader.ended_runs(workspace, job, since, &enough),
        )
        .await?;
    Ok((history.at, history.said))
}

/// A service may not tell when a run started. Of our own runs the ledger knows when the service answered that they were started.
pub(super) fn date_own<'a>(
    runs: impl Iterator<Item = &'a mut Run>,
    own: impl Iterator<Item = (RunId, Timestamp)>,
) {
    let own: BTreeMap<RunId, Timestamp> = own.collect();
    for run in runs {
        if run.started.is_none() && run.phase != Phase::Active(ActivePhase::Queued) {
            run.started = own.get(&run.id).copied();
        }
    }
}

/// Lists lag behind: the run that afresh started last is looked up by its id if no list shows it.
async fn look_up_own_start(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: &JobCase,
    active: &mut Vec<Run>,
    ended: &mut Vec<Run>,
) -> Result<(), Trouble> {
    let Some((own, started)) = case.memory.last_start else {
        return Ok(());
    };
    let forgotten =
        Span::between(started, scene.options.now) > Span::days(RUN_RETENTION_DAYS.unsigned_abs());
    if forgotten || active.iter().chain(ended.iter()).any(|run| run.id == own) {
        return Ok(());
    }
    match scene
        .gate
        .pass(workspace, scene.reader.run(workspace, own))
        .await
    {
        Ok(run) if run.said.is_active() => active.insert(0, run.said),
        Ok(run) => {
            let place = ended
                .iter()
                .position(|other| other.started <= run.said.started)
                .unwrap_or(ended.len());
            ended.insert(place, run.said);
        }
        Err(trouble) if trouble.kind == TroubleKind::NotFound => {}
        Err(trouble) => return Err(trouble),
    }
    Ok(())
}
