//! Laws about jobs and one-time runs.

use super::{Law, moves};
use crate::model::job::{
    ActivePhase, Concurrency, Continuous, JobSight, Phase, Requirement, Run, RunResult,
};
use crate::model::survey::{JobCase, Looked, SubmissionCase};
use crate::model::time::Timestamp;
use crate::model::verdict::{Company, Keep, Move, Plan, Step, Verdict};

pub(super) fn job_laws(case: &JobCase, plan: &Plan, step: &Step) -> Vec<Law> {
    let mut broken = Vec::new();
    let sight = match &case.sight {
        Looked::Seen(sight) => Some(sight),
        Looked::NotAsked | Looked::Failed(_) => None,
    };
    let moves = moves(step);
    let foreign =
        |movement: &&Move| matches!(movement, Move::Regenerate { .. } | Move::Submit { .. });
    if moves.iter().any(foreign) {
        broken.push(Law::Kind);
    }
    match sight {
        None if !moves.is_empty() => broken.push(Law::Unseen),
        Some(sight) if !in_company(case, sight, &moves) => broken.push(Law::Company),
        _ => {}
    }
    let cancels = moves
        .iter()
        .any(|movement| matches!(movement, Move::Cancel { .. }));
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
fn in_company(case: &JobCase, sight: &JobSight, moves: &[&Move]) -> bool {
    let Some(place) = moves
        .iter()
        .position(|movement| matches!(movement, Move::Start { .. }))
    else {
        return true;
    };
    let gone = |run: &Run| {
        moves.iter().take(place).any(
            |movement| matches!(movement, Move::Cancel { run: cancelled } if *cancelled == run.id),
        )
    };
    let alone = sight.active.iter().all(gone);
    match (case.spec.concurrency, moves.get(place)) {
        (Concurrency::Forbid, _) => sight.active.is_empty(),
        (
            _,
            Some(Move::Start {
                company: Company::Alone,
                ..
            }),
        )
        | (Concurrency::Replace, _) => alone,
        (Concurrency::Allow, _) => true,
    }
}

fn in_order(case: &JobCase, sight: Option<&JobSight>, keep: &Keep, at: Timestamp) -> bool {
    let going = |sight: &&JobSight, run: Option<i64>| {
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
    let moves = moves(step);
    let runs: &[Run] = match &case.sight {
        Looked::Seen(sight) => &sight.runs,
        Looked::NotAsked | Looked::Failed(_) => &[],
    };
    let own = |movement: &&Move| matches!(movement, Move::Submit { digest, .. } if *digest == case.spec.digest);
    if !moves.iter().all(own) {
        broken.push(Law::Kind);
    }
    if !moves.is_empty() && matches!(case.sight, Looked::NotAsked) {
        broken.push(Law::Unseen);
    }
    if !moves.is_empty() && runs.iter().any(Run::is_active) {
        broken.push(Law::Company);
    }
    let accepted = |result: &RunResult| case.spec.accept.contains(result);
    let succeeded = runs
        .iter()
        .filter_map(ended)
        .any(|(_, result)| accepted(result))
        || case
            .memory
            .successes
            .iter()
            .any(|(digest, _, _, result)| *digest == case.spec.digest && accepted(result));
    if matches!(step.verdict, Verdict::Keep(_)) && !succeeded {
        broken.push(Law::Success);
    }
    broken
}
