//! One request that changes something, through the Writer: the only place in `apply` that acts.

use super::hand_over;
use super::hands::Hands;
use super::look;
use crate::cloud::{ActFailure, Dated};
use crate::limits::{REGENERATE_LIFETIMES, REPEATABLE_LIFETIMES};
use crate::model::connection::Workspace;
use crate::model::effect::Effect;
use crate::model::job::RunId;
use crate::model::runtime::{Fingerprint, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::vault::NewVersion;
use crate::model::verdict::{Action, Receipt, Step};

/// What the service answered.
pub(super) struct Answer {
    /// What it left behind, by its own words.
    pub receipt: Receipt,
    /// The other key of a runtime, where the answer shows it.
    pub beside: Option<Fingerprint>,
}

impl From<Receipt> for Answer {
    fn from(receipt: Receipt) -> Self {
        Self {
            receipt,
            beside: None,
        }
    }
}

/// How long the request of an action may be under way, repeats included, if one may be for `lifetime`. What may be repeated may be repeated
/// for long; a regenerate is sent once.
/// A command takes its own time, after its key was read.
pub(super) fn under_way(action: &Action, lifetime: Span, command: Option<Span>) -> Span {
    let lifetimes = match action {
        Action::Regenerate { .. } => REGENERATE_LIFETIMES,
        Action::HandOver { .. }
        | Action::Start { .. }
        | Action::Submit { .. }
        | Action::Cancel { .. } => REPEATABLE_LIFETIMES,
    };
    let requests = Span::seconds(lifetime.as_secs() * u64::from(lifetimes));
    command.map_or(requests, |command| requests.plus(command))
}

/// Does what an intent in the ledger says. `looked`: the service's time of the look before it. It is not under way after
/// `act_by`, by our own clock: from then on others take what they see for a proof.
///
/// # Errors
/// It surely did not happen, or nobody knows.
pub(super) async fn send(
    hands: &Hands<'_>,
    step: &Step,
    effect: Effect<'_>,
    (looked, version): (Timestamp, Option<NewVersion>),
    act_by: Timestamp,
) -> Result<Answer, ActFailure> {
    let writer = &hands.writer;
    let workspace = |name| {
        hands
            .connections
            .workspace_named(name)
            .map_err(ActFailure::Refused)
    };
    match effect {
        Effect::Regenerate { target, slot, .. } => {
            let connection = hands
                .connections
                .keys_of(target)
                .map_err(ActFailure::Refused)?;
            let Dated { at, said } = writer
                .regenerate(connection, &target.id, slot, act_by)
                .await?;
            Ok(Answer {
                receipt: regenerated(slot, said.key, looked, at),
                beside: said.beside,
            })
        }
        Effect::HandOver { to, slot, .. } => {
            let (key, answered) = hand_over::send(hands, effect, step, version, act_by).await?;
            Ok(Receipt::HandedOver {
                to: to.clone(),
                slot,
                fingerprint: key,
                answered,
            }
            .into())
        }
        Effect::Start {
            target,
            token,
            parameters,
            ..
        } => {
            let workspace = workspace(&target.workspace)?;
            let started = writer.start(workspace, target.job, token, parameters, act_by);
            let started = started.await?;
            Ok(started_run(&started).into())
        }
        Effect::Submit {
            target,
            token,
            digest,
        } => {
            let workspace = workspace(&target.workspace)?;
            let started = writer.submit(workspace, target, digest, token, act_by);
            let started = started.await?;
            Ok(started_run(&started).into())
        }
        Effect::Cancel {
            workspace: name,
            run,
        } => {
            let cancelled = cancel(hands, workspace(name)?, run, act_by).await?;
            Ok(cancelled.into())
        }
    }
}

fn regenerated(
    slot: Slot,
    fingerprint: Fingerprint,
    looked: Timestamp,
    answered: Timestamp,
) -> Receipt {
    Receipt::Regenerated {
        slot,
        fingerprint,
        // Two servers' clocks may differ by a second: an interval is never the wrong way round.
        sent: looked.min(answered),
        answered,
    }
}

const fn started_run(started: &Dated<RunId>) -> Receipt {
    Receipt::Started {
        run: started.said,
        answered: started.at,
    }
}

/// A cancel whose answer was lost is found out at once: the run is ending, or it is not.
async fn cancel(
    hands: &Hands<'_>,
    workspace: &Workspace,
    run: RunId,
    act_by: Timestamp,
) -> Result<Receipt, ActFailure> {
    let lost = match hands.writer.cancel(workspace, run, act_by).await {
        Ok(accepted) => {
            return Ok(Receipt::Cancelled {
                run,
                answered: accepted.at,
            });
        }
        Err(ActFailure::Lost(lost)) => lost,
        Err(refused) => return Err(refused),
    };
    match hands.reader.run(workspace, run).await {
        Ok(seen) if look::is_ending(&seen.said) => Ok(Receipt::Cancelled {
            run,
            answered: seen.at,
        }),
        _ => Err(ActFailure::Lost(lost)),
    }
}
