//! Where keys are handed over: what each rule says of each of its resources, and what is seen there.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::resolve::misfit;
use super::scene::Scene;
use crate::model::address::Address;
use crate::model::hand_off::{Destination, DestinationCase, DestinationSight, HandOff};
use crate::model::runtime::Slot;
use crate::model::survey::{Looked, Refresh, RuntimeCase, Subject};
use crate::model::trouble::Trouble;
use crate::model::vault::{SecretName, SecretSight, VaultName};

type Secrets = BTreeMap<(VaultName, SecretName), Result<SecretSight, Trouble>>;

/// Notes in each case where its keys go, and that no two cases write one secret.
pub(super) fn note(scene: &Scene<'_>, cases: &mut [Subject]) {
    let mut writers: BTreeMap<(VaultName, SecretName), Address> = BTreeMap::new();
    for case in cases.iter_mut().filter_map(Subject::runtime_mut) {
        match named(scene, case) {
            Ok(all) => case.destinations = all,
            Err(why) => {
                case.sight = Looked::Failed(misfit("hand its keys over", why));
                continue;
            }
        }
        if let Some(why) = taken(&mut writers, case) {
            case.sight = Looked::Failed(misfit("hand its keys over", why));
            case.destinations.clear();
        }
    }
}

/// Notes what is there. Each secret is read once.
pub(super) async fn look(scene: &Scene<'_>, cases: &mut [Subject]) {
    if scene.options.refresh == Refresh::None {
        return;
    }
    let secrets = read(scene, cases).await;
    for case in cases.iter_mut().filter_map(Subject::runtime_mut) {
        for one in &mut case.destinations {
            if let Some((vault, secret)) = one.to.secret()
                && let Some(seen) = secrets.get(&(vault.clone(), secret.clone()))
            {
                one.sight = match seen {
                    Ok(sight) => DestinationSight::Secret(Box::new(sight.clone())),
                    Err(trouble) => DestinationSight::Failed(trouble.clone()),
                };
            }
        }
    }
}

fn named(scene: &Scene<'_>, case: &RuntimeCase) -> Result<Vec<DestinationCase>, String> {
    let mut all = Vec::new();
    for hand_off in &case.spec.hand_offs {
        let slots: &[Option<Slot>] = if hand_off.is_of_each_key() {
            &[Some(Slot::One), Some(Slot::Two)]
        } else {
            &[None]
        };
        for only in slots {
            let slot = only.unwrap_or(Slot::One);
            all.push(DestinationCase {
                to: hand_off.of(&case.address, &case.target.id, slot)?,
                hand_off: hand_off.clone(),
                only: *only,
                sight: unseen(scene, hand_off),
            });
        }
    }
    Ok(all)
}

fn unseen(scene: &Scene<'_>, hand_off: &HandOff) -> DestinationSight {
    match hand_off {
        HandOff::Vault { .. } => DestinationSight::NotAsked,
        HandOff::Command { argv, .. } => DestinationSight::Command {
            allowed: scene.reader.may_get_keys(argv),
        },
        HandOff::Person { .. } => DestinationSight::Person,
    }
}

/// Why a secret cannot be this resource's: another one writes it, or its other key does.
fn taken(
    writers: &mut BTreeMap<(VaultName, SecretName), Address>,
    case: &RuntimeCase,
) -> Option<String> {
    let secrets = case.destinations.iter().filter_map(|one| one.to.secret());
    for (vault, secret) in secrets {
        let key = (vault.clone(), secret.clone());
        if let Some(other) = writers.insert(key, case.address.clone()) {
            let to = Destination::Vault {
                vault: vault.clone(),
                secret: secret.clone(),
            };
            return Some(format!(
                "{to} would get keys of {other} and of {}",
                case.address
            ));
        }
    }
    None
}

async fn read(scene: &Scene<'_>, cases: &[Subject]) -> Secrets {
    let wanted = cases.iter().filter_map(Subject::runtime);
    let wanted = wanted.filter(|case| !matches!(case.sight, Looked::Failed(_)));
    let wanted = wanted.flat_map(|case| &case.destinations);
    let wanted = wanted.filter_map(|one| one.to.secret());
    let reads = wanted.filter_map(|(vault, secret)| {
        let connection = scene.desired.vaults.get(vault)?;
        Some(async move {
            let seen = scene
                .gate
                .pass(connection, scene.reader.secret(connection, secret))
                .await;
            let key = (vault.clone(), secret.clone());
            (key, seen.map(|seen| seen.said))
        })
    });
    join_all(reads).await.into_iter().collect()
}
