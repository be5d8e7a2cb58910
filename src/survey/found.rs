//! What is found through one connection to resources with keys.

use super::scene::Scene;
use crate::model::address::{Address, Name, ResourceId};
use crate::model::desired::KeyAgeRule;
use crate::model::runtime::{KeySight, RuntimeMemory, RuntimeSight, Slot};
use crate::model::survey::{Case, Looked, RuntimeCase, RuntimeTarget, Skipped, Subject};
use crate::model::trouble::Trouble;

/// What was found through one connection.
#[derive(Default)]
pub struct Found {
    /// Everything that its rules speak of.
    pub subjects: Vec<Subject>,
    /// What globs met and left alone.
    pub skipped: Vec<Skipped>,
}

/// A resource that a rule selects, before anybody looks at it.
pub fn case(
    scene: &Scene<'_>,
    connection: &Name,
    rule: &KeyAgeRule,
    name: &str,
    id: ResourceId,
) -> RuntimeCase {
    let target = RuntimeTarget {
        connection: connection.clone(),
        id,
    };
    let identity = target.identity();
    Case {
        address: Address::new(connection.clone(), name),
        rule: rule.name.clone(),
        place: rule.place.clone(),
        target,
        spec: rule.spec.clone(),
        suspend: rule.suspend.clone(),
        sight: Looked::NotAsked,
        destinations: Vec::new(),
        memory: scene.memory.runtime(&identity),
        doubts: scene.memory.doubts(&identity).to_vec(),
        refused: scene.memory.refusals.get(&identity).cloned(),
    }
}

/// The case after a look at it.
pub fn looked_at(
    scene: &Scene<'_>,
    case: RuntimeCase,
    sight: Result<RuntimeSight, Trouble>,
) -> RuntimeCase {
    match sight {
        Ok(sight) => Case {
            memory: recognised(scene, &case, &sight),
            sight: Looked::Seen(sight),
            ..case
        },
        Err(trouble) => Case {
            sight: Looked::Failed(trouble),
            ..case
        },
    }
}

/// The case as another survey saw it.
pub fn already_seen(
    scene: &Scene<'_>,
    case: RuntimeCase,
    seen: &Looked<RuntimeSight>,
) -> RuntimeCase {
    match seen {
        Looked::Seen(sight) => looked_at(scene, case, Ok(sight.clone())),
        Looked::Failed(trouble) => looked_at(scene, case, Err(trouble.clone())),
        Looked::NotAsked => case,
    }
}

/// The ledger's knowledge with that of keys which it has met elsewhere or earlier. A resource that is new to it and holds such a key
/// has been moved: what its log tells begins now.
fn recognised(scene: &Scene<'_>, case: &RuntimeCase, sight: &RuntimeSight) -> RuntimeMemory {
    let mut memory = case.memory.clone();
    let KeySight::Shown(keys) = &sight.keys else {
        return memory;
    };
    memory.recognised = scene.memory.recognise(&case.target.identity(), keys);
    let moved = Slot::BOTH.into_iter().any(|slot| {
        let known = memory.recognised.get(slot).as_ref();
        known.is_some_and(|known| known.of != case.target.id)
            && memory.slots.get(slot).fingerprint.is_none()
    });
    memory.home = scene.memory.together(&case.target.id, &memory.recognised);
    if moved {
        memory.log_from = memory.log_from.max(Some(sight.at));
    }
    memory
}
