//! Looks again, right before an action: the plan may be a day old.
//!
//! Nothing in the plan is taken on trust: what it presumes is compared with the service's current state.

use futures_util::future::join3;

use crate::cloud::{Dated, Reader, SubmittedRun, content_mark};
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::connection::Workspace;
use crate::model::effect::Effect;
use crate::model::job::{ActivePhase, Phase, Run, RunId};
use crate::model::key_service::KeyService;
use crate::model::memory::Memory;
use crate::model::nodes::NodeRecord;
use crate::model::runtime::Slot;
use crate::model::survey::{JobTarget, RuntimeTarget, SubmissionTarget};
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{Action, Company, Presumed, Step};

use super::ground::{self, Ground, KeysSeen, StartSight, SubmitSight};
use super::hand_over::{self, Handing};
use super::hands::Hands;
use super::nodes::{self, Before};
use super::progress::Progress;
use super::remember;

/// Looks at everything that `action`, which is what `effect` does, presumes. `progress`: what this step has done before.
///
/// # Errors
/// The service did not let itself be looked at.
pub(super) async fn again(
    hands: &Hands<'_>,
    step: &Step,
    effect: Effect<'_>,
    action: &Action,
    progress: &Progress,
) -> Result<Ground, Trouble> {
    let cancelled = &progress.cancelled;
    let looked = match effect {
        Effect::Regenerate {
            target,
            slot,
            replacing,
            beside,
        } => at_keys(hands, step, target, (slot, replacing, beside)).await,
        Effect::HandOver {
            target,
            to,
            slot,
            key,
        } => {
            let handing = Handing {
                target,
                to,
                slot,
                key,
                made: progress.made(slot),
            };
            hand_over::look(hands, step, handing).await
        }
        Effect::Start {
            target,
            after,
            company,
            ..
        } => at_job(hands, step, target, (after, company), action, cancelled).await,
        Effect::Submit { target, digest, .. } => {
            at_submitted(hands, step, target, digest, action, cancelled).await
        }
        Effect::Cancel { workspace, run } => {
            at_run(
                hands,
                hands.connections.workspace_named(workspace)?,
                run,
                action,
            )
            .await
        }
    };
    match looked {
        Err(trouble) if trouble.kind == TroubleKind::NotFound => {
            Ok(Ground::Gone(trouble.to_string()))
        }
        looked => looked,
    }
}

/// The step has an action or facts that are not of its subject: a plan that was not made by this program.
pub(super) fn misfit(action: &Action, identity: &Identity) -> Trouble {
    Trouble {
        kind: TroubleKind::Misfit,
        doing: action.title(identity.key_service()),
        message: format!("this action does not fit {identity}"),
        ids: Box::default(),
    }
}

async fn at_keys(
    hands: &Hands<'_>,
    step: &Step,
    target: &RuntimeTarget,
    (slot, replacing, beside): (Slot, &Presumed, &Presumed),
) -> Result<Ground, Trouble> {
    let known = |slot| {
        hands
            .ledger
            .ask(|memory| knows(memory, &target.identity(), slot))
    };
    let unseen = [(slot, replacing), (slot.twin(), beside)]
        .into_iter()
        .find(|(slot, presumed)| **presumed == Presumed::Unseen && known(*slot));
    let service = KeyService::of(&target.id);
    if let Some((slot, _)) = unseen {
        let name = service.key_name(slot);
        let why = format!("{name} has been seen since the decision, which knew nothing of it");
        return Ok(Ground::Gone(why));
    }
    let connection = hands.connections.keys_of(target)?;
    let (told, listed, nodes) = join3(
        hands.reader.told(connection, &target.id),
        hands.reader.keys_of(connection, &target.id),
        nodes::before(hands, step, target),
    )
    .await;
    let Dated { at, said: keys } = listed?;
    let seen = KeysSeen {
        service,
        keys: &keys,
        told: told?,
    };
    let keys = hands
        .ledger
        .ask(|memory| remember::news_of_keys(memory, &target.identity(), &step.address, at, seen));
    let action = match ground::regenerate(slot, replacing, beside, seen) {
        Ok(action) => action,
        Err(why) => return Ok(Ground::Gone(why)),
    };
    let nodes = match nodes {
        Before::Unfit(why) => return Ok(Ground::Gone(why)),
        Before::Fit(before) => before.map(|before| {
            let after = None;
            nodes::event(step, target, slot, NodeRecord { before, after })
        }),
    };
    Ok(Ground::Firm {
        action,
        at,
        news: keys.into_iter().chain(nodes).collect(),
        version: None,
    })
}

/// Has the ledger seen this key? A plan that presumes [`Presumed::Unseen`] was made while it had not: whatever came since, it was
/// not decided with that in mind. Else the same saved plan would rotate the same key again and again.
fn knows(memory: &Memory, identity: &Identity, slot: Slot) -> bool {
    let runtime = memory.runtimes.get(identity);
    runtime.is_some_and(|runtime| {
        let known = runtime.slots.get(slot);
        let is_told = matches!(known.evidence, Some(Evidence::Told { .. }));
        known.fingerprint.is_some() || is_told
    })
}

async fn at_job(
    hands: &Hands<'_>,
    step: &Step,
    target: &JobTarget,
    (after, company): (Option<RunId>, Company),
    action: &Action,
    cancelled: &[RunId],
) -> Result<Ground, Trouble> {
    let workspace = hands.connections.workspace_named(&target.workspace)?;
    let job = target.job;
    let Dated { at, said } = hands.reader.active_runs(workspace, Some(job)).await?;
    let mut active: Vec<Run> = said.into_iter().map(|(_, run)| run).collect();
    let since = history_since(step, hands.plan.at);
    let newest_is_enough = |runs: &[Run]| !runs.is_empty();
    let history = hands
        .reader
        .ended_runs(workspace, job, since, None, &newest_is_enough)
        .await?;
    history.said.add_active_to(&mut active);
    let ended = history.said.runs;
    let after = match after {
        Some(after) => followed(&hands.reader, workspace, after, &active, &ended).await?,
        None => None,
    };
    let known = known_runs(step, cancelled);
    let sight = StartSight {
        company,
        after: after.as_ref(),
        known: &known,
        since: known_since(step, hands.plan.at),
        active: &active,
        ended: &ended,
    };
    Ok(firm(action, at, ground::start(sight)))
}

/// From when on the plan had read the job's history.
fn history_since(step: &Step, decided: Timestamp) -> Timestamp {
    let facts = step.facts.job();
    facts
        .and_then(|facts| facts.history_since)
        .unwrap_or(decided)
}

/// Which runs the plan knew: all that began before this. It had read its history from some time on; and what began before an end
/// that it knew was there when it looked.
fn known_since(step: &Step, decided: Timestamp) -> Timestamp {
    let read = history_since(step, decided);
    let Some(facts) = step.facts.job() else {
        return read;
    };
    let ends = facts.failures.iter().map(|(_, at, _)| *at);
    let ends = ends.chain(facts.last_success.map(|(_, at)| at));
    ends.fold(read, Timestamp::max)
}

/// The runs that the plan says it saw, and those that the step has cancelled.
pub(super) fn known_runs(step: &Step, cancelled: &[RunId]) -> Vec<RunId> {
    let mut known = cancelled.to_vec();
    if let Some(facts) = step.facts.job() {
        let listed = facts.active.iter().chain(&facts.undated);
        known.extend(listed.map(|run| run.id));
        known.extend(facts.failures.iter().map(|(run, ..)| *run));
        known.extend(facts.last_success.map(|(run, _)| run));
    }
    known
}

/// The run that a start follows: from the lists, or by its id, since lists lag. `None`: it has been removed since.
async fn followed(
    reader: &Reader,
    workspace: &Workspace,
    after: RunId,
    active: &[Run],
    ended: &[Run],
) -> Result<Option<Run>, Trouble> {
    if let Some(run) = active.iter().chain(ended).find(|run| run.id == after) {
        return Ok(Some(run.clone()));
    }
    match reader.run(workspace, after).await {
        Ok(run) => Ok(Some(run.said)),
        Err(trouble) if trouble.kind == TroubleKind::NotFound => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

async fn at_submitted(
    hands: &Hands<'_>,
    step: &Step,
    target: &SubmissionTarget,
    digest: &str,
    action: &Action,
    cancelled: &[RunId],
) -> Result<Ground, Trouble> {
    let Some(facts) = step.facts.submission() else {
        return Err(misfit(action, &target.identity()));
    };
    let workspace = hands.connections.workspace_named(&target.workspace)?;
    let Dated { at, said: all } = hands.reader.submitted_runs(workspace).await?;
    let (same, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|run| run.content == content_mark(digest));
    let of_rule = |run: &SubmittedRun| run.rule == target.rule.as_str() && run.run.is_active();
    let sight = SubmitSight {
        known: &facts.runs.iter().map(|run| run.id).collect::<Vec<_>>(),
        failed: &facts
            .failures
            .iter()
            .map(|(run, ..)| *run)
            .collect::<Vec<_>>(),
        beside: &facts
            .former
            .iter()
            .map(|former| former.run.id)
            .collect::<Vec<_>>(),
        cancelled,
        seen: &same.into_iter().map(|run| run.run).collect::<Vec<_>>(),
        former: &others
            .into_iter()
            .filter(of_rule)
            .map(|run| run.run)
            .collect::<Vec<_>>(),
    };
    Ok(firm(action, at, ground::submit(sight)))
}

async fn at_run(
    hands: &Hands<'_>,
    workspace: &Workspace,
    run: RunId,
    action: &Action,
) -> Result<Ground, Trouble> {
    let Dated { at, said: run } = hands.reader.run(workspace, run).await?;
    Ok(if is_ending(&run) {
        Ground::Already { at }
    } else {
        firm(action, at, Ok(()))
    })
}

/// Has it ended, or is it being ended?
pub(super) const fn is_ending(run: &Run) -> bool {
    matches!(
        run.phase,
        Phase::Ended { .. } | Phase::Active(ActivePhase::Terminating)
    )
}

fn firm(action: &Action, at: Timestamp, holds: Result<(), String>) -> Ground {
    match holds {
        Ok(()) => Ground::Firm {
            action: action.clone(),
            at,
            news: Vec::new(),
            version: None,
        },
        Err(why) => Ground::Gone(why),
    }
}
