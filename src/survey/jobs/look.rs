//! Reads jobs: their active runs, and ended ones as far back as the decision needs them.
//!
//! A list that was not read to its end is not taken for complete.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::super::scene::Scene;
use super::fresh::{due_after, fresh_from, is_fresh, parts};
use super::sweep::{Swept, sweep};
use crate::cloud::{History, ListedJob};
use crate::limits::{HISTORY_OF_RUNNING_MAX, JOBS_ONE_BY_ONE_MAX, RUN_RETENTION_DAYS};
use crate::model::connection::Workspace;
use crate::model::job::{ActivePhase, JobId, JobSight, OwnStart, Phase, Requirement, Run, RunId};
use crate::model::survey::{Case, JobCase, Looked, Refresh, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};

/// How far back the history of a job that should be running is read: enough to count its failures.
const HISTORY_OF_RUNNING: Span = Span::days(7);

/// Active runs of all jobs at once where there are many jobs, of each job by itself where there are few.
type ActiveRuns = Result<BTreeMap<JobId, Vec<Run>>, Trouble>;

/// What lists of the whole workspace told of a job: the active runs of all jobs, and its own ended ones if they are enough.
type Told<'a> = (Option<&'a ActiveRuns>, Option<(Timestamp, History)>);

pub(super) async fn look_at_all(
    scene: &Scene<'_>,
    workspace: &Workspace,
    wanted: Vec<(JobCase, ListedJob)>,
) -> Vec<Subject> {
    let (proved, wanted): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(case, _)| {
        scene.options.refresh == Refresh::Auto && proven(case, scene.options.now)
    });
    let (seen, wanted): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .partition(|(case, _)| scene.seen_job(case).is_some());
    let seen = seen
        .into_iter()
        .map(|(case, _)| match scene.seen_job(&case) {
            Some(sight) => Case {
                sight: sight.clone(),
                ..case
            },
            None => case,
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
    // After the active runs: one that ends between the two lists is in the second.
    let mut swept = match &active {
        Some(Ok(_)) => sweep(scene, workspace, &wanted).await,
        Some(Err(_)) | None => Swept::new(),
    };
    let looks: Vec<_> = wanted
        .into_iter()
        .map(|(case, job)| {
            let told = swept.remove(&job.id);
            look(scene, workspace, case, job, (active.as_ref(), told))
        })
        .collect();
    let looked = join_all(looks).await;
    proved
        .into_iter()
        .map(|(case, _)| case)
        .chain(seen)
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
    told: Told<'_>,
) -> JobCase {
    // Boxed: a thousand of these futures wait side by side.
    let sight = match Box::pin(see(scene, workspace, &case, job, told)).await {
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
    (active, ended): Told<'_>,
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
    let (at, history) = match ended {
        Some(told) => told,
        None => Box::pin(history(scene, workspace, case, &job)).await?,
    };
    history.add_active_to(&mut active);
    let mut ended = history.runs;
    for own in to_look_up(case, &active, &ended, history.since, scene.options.now) {
        look_up(scene, workspace, own, &mut active, &mut ended).await?;
    }
    let own = case.memory.starts().map(|own| (own.run, own.at));
    date_own(active.iter_mut().chain(&mut ended), own);
    Ok(JobSight {
        at,
        job: job.id,
        name: job.name,
        continuous: job.continuous,
        runs_max: job.runs_max,
        trigger: job.trigger,
        parameters: job.parameters,
        active,
        ended,
        history_since: history.since,
    })
}

/// Ended runs as far back as the decision needs them, and the service's time.
///
/// Lists are by the start of a run, and what counts is its end: one that began long ago may have ended lately, or have been repaired. So
/// only a success that is fresh ends the look before the service's memory or the bound of pages does.
async fn history(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: &JobCase,
    job: &ListedJob,
) -> Result<(Timestamp, History), Trouble> {
    let now = scene.options.now;
    let fresh_from = fresh_from(&case.spec.require, now);
    let reach = match case.spec.require {
        Requirement::Succeeded { .. } => Span::days(RUN_RETENTION_DAYS.unsigned_abs()),
        Requirement::Running => HISTORY_OF_RUNNING,
        Requirement::NotRunning => {
            let none = History {
                runs: Vec::new(),
                active: Vec::new(),
                since: now,
            };
            return Ok((now, none));
        }
    };
    let enough = |runs: &[Run]| match fresh_from {
        Some(from) => runs.iter().any(|run| is_fresh(case, run, from)),
        None => runs.len() >= HISTORY_OF_RUNNING_MAX,
    };
    let (reader, since) = (scene.reader, reach.before(now));
    let runs = reader.ended_runs(workspace, job.id, since, parts(case, job), &enough);
    let history = scene.gate.pass(workspace, runs).await?;
    Ok((history.at, history.said))
}

/// A service may not tell when a run started. Of our own runs the ledger knows when the service answered that they were started.
pub(in crate::survey) fn date_own<'a>(
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

/// The runs that afresh started and no list shows: of the last one because lists lag behind, of those before it because the list
/// does not reach back so far. Not those whose ends are known, nor what the service keeps no longer.
fn to_look_up(
    case: &JobCase,
    active: &[Run],
    ended: &[Run],
    since: Timestamp,
    now: Timestamp,
) -> Vec<RunId> {
    let memory = &case.memory;
    let listed: BTreeSet<RunId> = active.iter().chain(ended).map(|run| run.id).collect();
    let failed: BTreeSet<RunId> = memory.failures.iter().map(|known| known.run).collect();
    let succeeded = memory.last_success.as_ref().map(|success| success.0);
    let kept = Span::days(RUN_RETENTION_DAYS.unsigned_abs());
    let last = memory.last_start.as_ref().map(|own| own.run);
    let wanted = |own: &&OwnStart| {
        let is_unseen =
            !listed.contains(&own.run) && !failed.contains(&own.run) && succeeded != Some(own.run);
        let is_beyond_list = Some(own.run) == last || own.at < since;
        is_unseen && is_beyond_list && Span::between(own.at, now) <= kept
    };
    memory.starts().filter(wanted).map(|own| own.run).collect()
}

async fn look_up(
    scene: &Scene<'_>,
    workspace: &Workspace,
    own: RunId,
    active: &mut Vec<Run>,
    ended: &mut Vec<Run>,
) -> Result<(), Trouble> {
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

/// A past success stays past, if it was one for what the rule asks. But how long an active run has been going only a look can tell.
pub(super) fn proven(case: &JobCase, now: Timestamp) -> bool {
    let (spec, memory) = (&case.spec, &case.memory);
    let Some(due) = due_after(&spec.require) else {
        return false;
    };
    let success = memory.last_success.as_ref();
    let fresh = success
        .is_some_and(|(_, end, result)| spec.accept.contains(result) && now < due.after(*end));
    let asked = memory.last_success_for.as_ref();
    let is_watched = spec.duration_max.is_some() || spec.queue_max.is_some();
    fresh && asked == Some(&spec.asks) && !is_watched && case.doubts.is_empty()
}
