//! What is read of one runtime: its status, and its keys where they are needed.

use futures_util::future::join;

use super::super::keys;
use super::super::log::kept::Log;
use super::super::log::{read_log, unread};
use super::super::proof::{due_at_the_earliest, may_go, owes_node_look, rotated_by_us};
use super::super::scene::Scene;
use crate::cloud::{ActivityLog, Dated};
use crate::model::connection::Factory;
use crate::model::nodes::{NodesShown, NodesSight};
use crate::model::runtime::{
    Fingerprint, KeySight, LogSight, OwnKeys, PerSlot, RuntimeSight, Slot,
};
use crate::model::survey::{Case, Looked, RuntimeCase};
use crate::model::time::Timestamp;
use crate::model::trouble::Trouble;

/// Does the log tell what the keys do not, though all of them were made by afresh? They may have been replaced since where they are not
/// shown; and where others are shown, the log tells when they were made.
pub fn lacks_log(case: &RuntimeCase) -> bool {
    let Looked::Seen(sight) = &case.sight else {
        return false;
    };
    match (&sight.keys, &sight.log) {
        (_, LogSight::Read { .. } | LogSight::Refused(_)) | (KeySight::NotAsked, _) => false,
        (KeySight::Refused(_), LogSight::NotAsked) => true,
        (KeySight::Shown(keys), LogSight::NotAsked) => {
            Slot::BOTH.into_iter().any(|slot| is_new(case, keys, slot))
        }
    }
}

/// A case with what the log says of it, where that is lacking.
pub fn told(case: RuntimeCase, log: &Log) -> RuntimeCase {
    if !lacks_log(&case) {
        return case;
    }
    let log = log.of(&case.target.id);
    let sight = match (unread(&log), case.sight) {
        (Some(trouble), _) => Looked::Failed(trouble),
        (None, Looked::Seen(sight)) => Looked::Seen(RuntimeSight { log, ..sight }),
        (None, other @ (Looked::Failed(_) | Looked::NotAsked)) => other,
    };
    Case { sight, ..case }
}

/// Is this key another one than the ledger knows?
fn is_new(case: &RuntimeCase, keys: &PerSlot<Fingerprint>, slot: Slot) -> bool {
    let known = &case.memory.slots.get(slot).fingerprint;
    known.as_ref().is_some_and(|known| known != keys.get(slot))
}

/// Is this key the one that the ledger knows?
fn is_known(case: &RuntimeCase, keys: &PerSlot<Fingerprint>, slot: Slot) -> bool {
    case.memory.slots.get(slot).fingerprint.as_ref() == Some(keys.get(slot))
}

/// Is the log needed from the beginning?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsksLog {
    /// Some runtime of the factory is judged by it.
    Yes,
    /// What the ledger knows is enough, unless the look shows something else.
    No,
}

/// Its status, its keys where they are needed, and its part of the log, which is read meanwhile.
pub async fn see(
    scene: &Scene<'_>,
    factory: &Factory,
    case: &RuntimeCase,
    listed_at: Timestamp,
    asks_log: AsksLog,
) -> Result<RuntimeSight, Trouble> {
    let status = async {
        match case.memory.created {
            Some(created) => Ok(Status::known(created)),
            None => created_if_shown(scene, factory, case).await,
        }
    };
    let log = async {
        match asks_log {
            AsksLog::Yes => {
                let log = ActivityLog::of_factory(factory);
                let log = read_log(scene, log, listed_at).await;
                log.of(&case.target.id)
            }
            AsksLog::No => LogSight::NotAsked,
        }
    };
    let list = || keys::list(scene, factory, case.target.id.name());
    // Both take their turn in different buckets: one after the other, the second bucket would wait for the first. But no key is listed
    // where the log holds the runtime anyway.
    let (log, status, listed) = if keys::are_needed_anyway(scene, case) {
        let log = log.await;
        hold(case, &log)?;
        let (status, listed) = join(status, list()).await;
        (log, status, Some(listed))
    } else {
        let (log, status) = join(log, status).await;
        hold(case, &log)?;
        (log, status, None)
    };
    let status = status?;
    let sight = RuntimeSight {
        at: listed_at,
        kind: OwnKeys::Yes,
        created: status.created,
        status_refused: status.refused,
        keys: KeySight::NotAsked,
        told: PerSlot::default(),
        told_ahead: PerSlot::default(),
        log,
        nodes: status.nodes,
    };
    let listed = match listed {
        Some(listed) => listed,
        None if is_enough(scene, factory, case, &sight).await? => return Ok(sight),
        None => list().await,
    };
    with_keys(scene, factory, case, sight, listed).await
}

/// A log that will be read another time holds what rests on it.
fn hold(case: &RuntimeCase, log: &LogSight) -> Result<(), Trouble> {
    let trouble = unread(log).filter(|_| !rotated_by_us(&case.memory));
    trouble.map_or(Ok(()), Err)
}

/// Does what was seen decide without the keys?
async fn is_enough(
    scene: &Scene<'_>,
    factory: &Factory,
    case: &RuntimeCase,
    sight: &RuntimeSight,
) -> Result<bool, Trouble> {
    let due_age = due_at_the_earliest(scene, &case.spec);
    if keys::are_needed(scene, case, sight, due_age) {
        return Ok(false);
    }
    match is_the_same(scene, factory, case).await {
        // The keys tell that as well, and may be shown although the status is not. Where they are all new, or not shown either, the status
        // is asked for once more, and holds the runtime.
        Err(trouble)
            if trouble.kind.is_forbidden()
                && (keys::are_wanted(scene) || factory.service.status_is_action()) =>
        {
            Ok(false)
        }
        is_the_same => is_the_same,
    }
}

/// The same look with what listing the keys told.
async fn with_keys(
    scene: &Scene<'_>,
    factory: &Factory,
    case: &RuntimeCase,
    sight: RuntimeSight,
    listed: Result<Dated<PerSlot<Fingerprint>>, Trouble>,
) -> Result<RuntimeSight, Trouble> {
    // What the ledger says of its creation holds while one of its keys is shown that the ledger knows.
    let may_be_another = case.memory.created.is_some()
        && match &listed {
            Ok(keys) => !Slot::BOTH
                .into_iter()
                .any(|slot| is_known(case, &keys.said, slot)),
            Err(_) => true,
        };
    // Both keys at once, and unknown, or keys that are not shown: the runtime may have been deleted and created anew.
    let status = if may_be_another {
        let status = created_if_shown(scene, factory, case).await?;
        match (status, &listed) {
            // Once such keys are recorded, nothing would tell any more that the creation in the ledger may be another runtime's.
            (
                Status {
                    refused: Some(trouble),
                    ..
                },
                Ok(_),
            ) => return Err(trouble),
            (status, _) => status,
        }
    } else {
        Status {
            created: sight.created,
            refused: sight.status_refused.clone(),
            nodes: sight.nodes.clone(),
        }
    };
    let (at, keys) = match listed {
        Ok(keys) => (keys.at, KeySight::Shown(keys.said)),
        Err(trouble) if keys::may_do_without(scene, &trouble) => {
            (scene.options.now, KeySight::Refused(trouble))
        }
        Err(trouble) => return Err(trouble),
    };
    Ok(RuntimeSight {
        at,
        created: status.created,
        status_refused: status.refused,
        nodes: status.nodes,
        keys,
        ..sight
    })
}

/// Is it the runtime that the ledger knows, and not one that was made anew? Then its keys would be others, and no log tells of them.
async fn is_the_same(
    scene: &Scene<'_>,
    factory: &Factory,
    case: &RuntimeCase,
) -> Result<bool, Trouble> {
    if case.memory.created.is_none() {
        return Ok(true);
    }
    let now = status(scene, factory, case.target.id.name()).await?;
    Ok(now.created == case.memory.created)
}

/// What the status of a runtime tells, as far as it may be read.
struct Status {
    /// `createTime`, if the service tells it.
    created: Option<Timestamp>,
    /// Why it may not be read, and the rest of the evidence has to do.
    refused: Option<Trouble>,
    nodes: NodesSight,
}

impl Status {
    /// Nobody has to ask.
    const fn known(created: Timestamp) -> Self {
        Self {
            created: Some(created),
            refused: None,
            nodes: NodesSight::NotAsked,
        }
    }
}

/// The same look with its nodes: where a key may be due, or a look at them is missing, or the status was read anyway. Where it is refused,
/// a rule that requires nothing of them goes on without.
pub async fn with_nodes(
    scene: &Scene<'_>,
    factory: &Factory,
    case: &RuntimeCase,
    sight: RuntimeSight,
) -> RuntimeSight {
    let due_age = due_at_the_earliest(scene, &case.spec);
    let is_asked = sight.nodes != NodesSight::NotAsked;
    let is_wanted = owes_node_look(case)
        || may_go(scene, case) && keys::may_be_due(scene, case, &sight, due_age);
    if is_asked || !is_wanted {
        return sight;
    }
    let nodes = match status(scene, factory, case.target.id.name()).await {
        Ok(status) => status.nodes,
        Err(trouble) => NodesSight::Refused(trouble),
    };
    RuntimeSight { nodes, ..sight }
}

/// Where reading the status is an action, whoever may only read has no right to it, and that alone holds no runtime.
async fn created_if_shown(
    scene: &Scene<'_>,
    factory: &Factory,
    case: &RuntimeCase,
) -> Result<Status, Trouble> {
    match status(scene, factory, case.target.id.name()).await {
        Err(trouble) if factory.service.status_is_action() && trouble.kind.is_forbidden() => {
            Ok(Status {
                created: None,
                refused: Some(trouble.clone()),
                nodes: NodesSight::Refused(trouble),
            })
        }
        status => status,
    }
}

/// `getStatus`: `createTime`, and the nodes.
async fn status(scene: &Scene<'_>, factory: &Factory, name: &str) -> Result<Status, Trouble> {
    let status = scene.reader.runtime_status(factory, name);
    let Dated { at, said } = scene.gate.pass(factory, status).await?;
    Ok(Status {
        created: said.created,
        refused: None,
        nodes: NodesSight::Shown(NodesShown {
            at,
            nodes: said.nodes,
            links: said.links,
        }),
    })
}
