//! Hands a key over: what is looked at before the intent, and what is sent after it.

use super::ground::Ground;
use super::hands::Hands;
use crate::cloud::{ActFailure, Dated, HandedKey};
use crate::model::address::ResourceId;
use crate::model::effect::Effect;
use crate::model::hand_off::{
    Destination, HandOff, TAG_PROOF, is_ours, new_version, proof, proved,
};
use crate::model::key_service::KeyService;
use crate::model::runtime::{Fingerprint, Slot};
use crate::model::survey::RuntimeTarget;
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::{NewVersion, SecretSight, SecretVersion, SecretVersions};
use crate::model::verdict::{Action, Presumed, Step};

/// A key on its way: whose, which, and where to.
#[derive(Clone, Copy)]
pub(super) struct Handing<'a> {
    pub(super) target: &'a RuntimeTarget,
    pub(super) to: &'a Destination,
    pub(super) slot: Slot,
    pub(super) key: &'a Presumed,
    /// The key that this step has just made.
    pub(super) made: Option<&'a Fingerprint>,
}

/// Looks at where a key goes. A key that was not seen when the plan was made is seen now.
pub(super) async fn look(
    hands: &Hands<'_>,
    step: &Step,
    handing: Handing<'_>,
) -> Result<Ground, Trouble> {
    let Handing {
        target, to, slot, ..
    } = handing;
    let key = match (handing.made, handing.key) {
        (Some(made), _) => made.clone(),
        (None, Presumed::Key(key)) => key.clone(),
        (None, Presumed::Unseen | Presumed::Made(_)) => {
            let connection = hands.connections.keys_of(target)?;
            let keys = hands.reader.keys_of(connection, &target.id).await?;
            keys.said.get(slot).clone()
        }
    };
    let action = Action::HandOver {
        to: to.clone(),
        slot,
        key: Presumed::Key(key.clone()),
    };
    let firm = |at: Timestamp, version: Option<NewVersion>| Ground::Firm {
        action: action.clone(),
        at,
        news: Vec::new(),
        version: version.map(Box::new),
    };
    let Destination::Vault { vault, secret } = to else {
        if was_delivered(hands, handing, &key) {
            let why = "it has been handed over since the plan was made";
            return Ok(Ground::Gone(why.to_owned()));
        }
        return Ok(firm(hands.clock.now(), None));
    };
    let vault = hands.connections.vault(vault)?;
    let Dated { at, said } = hands.reader.secret(vault, secret).await?;
    let newest = match &said {
        SecretSight::Versions(versions) if !may_write(step, handing, versions) => {
            return Ok(Ground::Gone(format!(
                "{to} holds a value that afresh did not write for this resource"
            )));
        }
        SecretSight::Versions(versions) => Some(versions.newest()),
        SecretSight::Absent | SecretSight::AbsentOrDeleted(_) => None,
        SecretSight::Deleted(_) => {
            return Ok(Ground::Gone(format!(
                "{to} was deleted, and its name is still taken"
            )));
        }
    };
    if newest.is_some_and(|newest| is_there(newest, &target.id, &key, at)) {
        return Ok(Ground::Already { at });
    }
    let version = new_version(&target.id, slot, newest);
    let version = proved(version, &target.id, &key, validity(step, handing, at));
    version.check().map_err(|why| Trouble {
        kind: TroubleKind::Misfit,
        doing: format!("write {to}"),
        message: why,
        ids: Box::default(),
    })?;
    Ok(firm(at, Some(version)))
}

/// Did an apply hand this key over since the plan was made? A program shows nothing of it.
fn was_delivered(hands: &Hands<'_>, handing: Handing<'_>, key: &Fingerprint) -> bool {
    let identity = handing.target.identity();
    hands.ledger.ask(|memory| {
        let known = memory.runtimes.get(&identity);
        let delivered = known.and_then(|known| known.delivered.get(handing.to));
        delivered.is_some_and(|one| one.fingerprint == *key && one.last >= hands.plan.at)
    })
}

/// Does the newest version hold this key, and can consumers read it?
fn is_there(newest: &SecretVersion, id: &ResourceId, key: &Fingerprint, at: Timestamp) -> bool {
    let holds = newest.tags.get(TAG_PROOF) == Some(&proof(id, key));
    holds && newest.enabled && newest.expires.is_none_or(|expires| at < expires)
}

fn may_write(step: &Step, handing: Handing<'_>, versions: &SecretVersions) -> bool {
    let adopts =
        entry(step, handing.target, handing.to, handing.slot).is_some_and(|entry| match entry {
            HandOff::Vault { adopt, .. } => *adopt,
            HandOff::Command { .. } | HandOff::Person { .. } => false,
        });
    adopts || versions.iter().any(|one| is_ours(one, &handing.target.id))
}

/// The entry of the rule that leads to this destination.
fn entry<'a>(
    step: &'a Step,
    target: &RuntimeTarget,
    to: &Destination,
    slot: Slot,
) -> Option<&'a HandOff> {
    let facts = step.facts.runtime()?;
    let leads = |one: &&HandOff| one.of(&step.address, &target.id, slot).as_ref() == Ok(to);
    facts.spec.hand_offs.iter().find(leads)
}

/// How old the key may get, and when it reaches that; `None`: it has, or nobody knows. A limit that has passed would make the version look
/// expired as soon as it is written.
fn validity(step: &Step, handing: Handing<'_>, at: Timestamp) -> (Span, Option<Timestamp>) {
    let Some(facts) = step.facts.runtime() else {
        return (Span::ZERO, None);
    };
    let age_max = facts.spec.age_max;
    let limit = match handing.made {
        Some(_) => Some(age_max.after(at)),
        None => facts.slots.get(handing.slot).limit_at,
    };
    (age_max, limit.filter(|limit| *limit > at))
}

/// How long the command of a hand-off may take; `None`: it is no command.
pub(super) fn command_timeout(
    step: &Step,
    target: &RuntimeTarget,
    action: &Action,
) -> Option<Span> {
    let (to, slot, _) = action.handed_over()?;
    match entry(step, target, to, slot)? {
        HandOff::Command { timeout, .. } => Some(*timeout),
        HandOff::Vault { .. } | HandOff::Person { .. } => None,
    }
}

/// Sends what an intent in the ledger says. Gives the key, and when it was there.
pub(super) async fn send(
    hands: &Hands<'_>,
    effect: Effect<'_>,
    step: &Step,
    version: Option<NewVersion>,
    act_by: Timestamp,
) -> Result<(Fingerprint, Timestamp), ActFailure> {
    let Effect::HandOver {
        target,
        to,
        slot,
        key: Presumed::Key(key),
    } = effect
    else {
        return Err(misfit("hand a key over", "the key was not seen"));
    };
    let connection = hands.connections.keys_of(target);
    let handed = HandedKey {
        address: &step.address,
        connection: connection.map_err(ActFailure::Refused)?,
        resource: &target.id,
        slot,
        key,
    };
    let at = match (to, version) {
        (Destination::Vault { vault, secret }, Some(version)) => {
            let vault = hands.connections.vault(vault);
            let vault = vault.map_err(ActFailure::Refused)?;
            let secret = (vault, secret);
            hands
                .writer
                .hand_to_vault(handed, secret, &version, act_by)
                .await?
        }
        (Destination::Command { argv }, None) => {
            let Some(HandOff::Command { timeout, .. }) = entry(step, target, to, slot) else {
                return Err(misfit("run a command", "the rule does not name it"));
            };
            let (writer, clock) = (&hands.writer, &hands.clock);
            writer
                .hand_to_command(handed, argv, *timeout, clock)
                .await?
        }
        (Destination::Vault { .. }, None)
        | (Destination::Command { .. }, Some(_))
        | (Destination::Person { .. }, _) => {
            let name = KeyService::of(&target.id).key_name(slot);
            return Err(misfit(
                &format!("hand over {name}"),
                "nothing can be sent there",
            ));
        }
    };
    Ok((key.clone(), at))
}

fn misfit(doing: &str, message: &str) -> ActFailure {
    ActFailure::Refused(Trouble {
        kind: TroubleKind::Misfit,
        doing: doing.to_owned(),
        message: message.to_owned(),
        ids: Box::default(),
    })
}
