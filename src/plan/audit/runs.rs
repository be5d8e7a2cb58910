//! Laws about jobs and one-time runs.

use super::actions::actions;
use super::law::Law;
use crate::model::job::{
    ActivePhase, Concurrency, Continuous, FormerRun, JobSight, Phase, Requirement, Run, RunId,
    RunResult,
};
use crate::model::survey::{JobCase, Looked, SubmissionCase};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Company, Keep, Plan, Step, Verdict};

pub(super) fn job_laws(case: &JobCase, plan: &Plan, step: &Step) -> Vec<Law> {
    let mut broken = Vec::new();
    let sight = match &case.sight {
        Looked::Seen(sight) => Some(sight),
        Looked::NotAsked | Looked::Failed(_) => None,
    };
    let actions = actions(step);
    let foreign = |action: &&Action| action.regenerated().is_some() || action.submitted().is_some();
    if actions.iter().any(foreign) {
        broken.push(Law::Kind);
    }
    match sight {
        None if !actions.is_empty() => broken.push(Law::Unseen),
        Some(sight) if !in_company(case, sight, &actions) => broken.push(Law::Company),
        _ => {}
    }
    let cancels = actions.iter().any(|action| action.cancelled().is_some());
    let restarts = sight.is_some_and(|sight| sight.continuous == Continuous::Unpaused);
    if cancels && restarts && case.spec.require == Requirement::NotRunning {
        broken.push(Law::Continuous);
    }
    if let Verdict::Keep(keep) = &step.verdict
        && !in_order(case, sight, keep, plan.at)
    {
        broken.push(Law::Success);
    }
    broken
}

/// A start that must be alone follows the cancel of everything that is active; only `Allow` starts beside others.
fn in_company(case: &JobCase, sight: &JobSight, actions: &[&Action]) -> bool {
    let Some(place) = actions
        .iter()
        .position(|action| action.started_with().is_some())
    else {
        return true;
    };
    let gone = |run: &Run| {
        actions
            .iter()
            .take(place)
            .any(|action| action.cancelled() == Some(run.id))
    };
    let alone = sight.active.iter().all(gone);
    match (case.spec.concurrency, actions.get(place)) {
        (Concurrency::Forbid, _) => sight.active.is_empty(),
        (
            _,
            Some(Action::Start {
                company: Company::Alone,
                ..
            }),
        )
        | (Concurrency::Replace, _) => alone,
        (Concurrency::Allow, _) => true,
    }
}

fn in_order(case: &JobCase, sight: Option<&JobSight>, keep: &Keep, at: Timestamp) -> bool {
    let going = |sight: &&JobSight, run: Option<RunId>| {
        sight.active.iter().any(|active| {
            run.is_none_or(|run| {
                run == active.id && active.phase != Phase::Active(ActivePhase::Queued)
            }) && active.phase != Phase::Active(ActivePhase::Terminating)
        })
    };
    match (&case.spec.require, keep) {
        (Requirement::Succeeded { error_after, .. }, Keep::Fresh { .. }) => {
            let seen = sight
                .map(|sight| sight.ended.as_slice())
                .unwrap_or_default();
            let counts = |run: &&Run| case.spec.mismatch(run, &case.memory).is_none();
            let known = &case.memory;
            let asked = known.last_success_for.as_ref();
            let remembered = known
                .last_success
                .iter()
                .filter(|_| asked.is_none_or(|asked| *asked == case.spec.asks))
                .map(|(_, end, result)| (Some(*end), result));
            seen.iter()
                .filter(counts)
                .filter_map(ended)
                .chain(remembered)
                .any(|(end, result)| {
                    case.spec.accept.contains(result)
                        && end.is_some_and(|end| at < error_after.after(end))
                })
        }
        (Requirement::Running, Keep::Running { run }) => {
            sight.is_some_and(|sight| going(&sight, Some(*run)))
        }
        (Requirement::NotRunning, Keep::Idle) => sight.is_some_and(|sight| !going(&sight, None)),
        _ => false,
    }
}

fn ended(run: &Run) -> Option<(Option<Timestamp>, &RunResult)> {
    match &run.phase {
        Phase::Ended { result, .. } => Some((run.ended_no_earlier_than(), result)),
        Phase::Active(_) => None,
    }
}

pub(super) fn submission_laws(case: &SubmissionCase, step: &Step) -> Vec<Law> {
    let mut broken = Vec::new();
    let actions = actions(step);
    let (runs, former): (&[Run], &[FormerRun]) = match &case.sight {
        Looked::Seen(sight) => (&sight.runs, &sight.former),
        Looked::NotAsked | Looked::Failed(_) => (&[], &[]),
    };
    let own = |action: &&Action| match action {
        Action::Submit { digest, .. } => *digest == case.spec.digest,
        Action::Cancel { run } => former.iter().any(|former| former.run.id == *run),
        Action::Start { .. } | Action::Regenerate { .. } | Action::HandOver { .. } => false,
    };
    if !actions.iter().all(own) {
        broken.push(Law::Kind);
    }
    if !actions.is_empty() && matches!(case.sight, Looked::NotAsked) {
        broken.push(Law::Unseen);
    }
    if !actions.is_empty() && !alone(case, runs, former, &actions) {
        broken.push(Law::Company);
    }
    let accepted = |result: &RunResult| case.spec.accept.contains(result);
    let same = |digest: &String| *digest == case.spec.digest;
    let memory = &case.memory;
    let seen = runs.iter().filter_map(ended);
    let succeeded = seen.map(|(_, result)| result).any(accepted)
        || memory
            .ends
            .iter()
            .any(|(of, _, _, result)| same(of) && accepted(result))
        || memory.confirmed.iter().any(|(of, _)| same(of));
    if matches!(step.verdict, Verdict::Keep(_)) && !succeeded {
        broken.push(Law::Success);
    }
    broken
}

/// Nothing is submitted beside a run of the same content, nor while one may still have succeeded; beside one of an earlier content only
/// under `Allow`, or after its cancel.
fn alone(case: &SubmissionCase, runs: &[Run], former: &[FormerRun], actions: &[&Action]) -> bool {
    let memory = &case.memory;
    let known = |run: RunId| runs.iter().any(|seen| seen.id == run);
    let lost = memory.runs.iter().any(|(digest, run, _)| {
        let ended = memory.ends.iter().any(|(_, of, ..)| of == run)
            || memory.confirmed.iter().any(|(_, of)| of == run);
        *digest == case.spec.digest && !ended && !known(*run)
    });
    let cancelled = |run: RunId| {
        let mut cancels = actions.iter();
        cancels.any(|action| action.cancelled() == Some(run))
    };
    let mut going = former.iter().filter(|former| former.run.is_active());
    let unhindered = match case.spec.concurrency {
        Concurrency::Allow => true,
        Concurrency::Forbid => going.next().is_none(),
        Concurrency::Replace => going.all(|former| cancelled(former.run.id)),
    };
    !lost && !runs.iter().any(Run::is_active) && unhindered
}
