//! Who we are to each connection, and whether it allows what plan and apply need.
//!
//! This tells a person beforehand, and decides nothing: a plan finds out by itself what it may read.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, join3};

use super::jobs;
use super::scene::{Options, Scene};
use crate::cloud::{ListedJob, Me, Reader, Width};
use crate::model::access::{Access, CAN_MANAGE_RUN, CAN_VIEW, Entry, Need, Place, Right, Standing};
use crate::model::address::{Address, Name};
use crate::model::connection::{KeyConnection, Workspace, WorkspaceHost};
use crate::model::desired::Desired;
use crate::model::hand_off::Destination;
use crate::model::job::JobId;
use crate::model::memory::Memory;
use crate::model::runtime::Slot;
use crate::model::selector::Selector;
use crate::model::survey::{KeyReading, Refresh};
use crate::model::time::Timestamp;
use crate::model::vault::{SecretName, VaultConnection};

/// Why nobody can tell whether a rule's jobs may be run.
const NOT_FOUND: &str = "which job it is could not be found out";

/// A name that is asked for where no rule names a secret. It need not be there.
const ANY_SECRET: &str = "afresh";

/// Signs in to every connection that `wanted` names, or to all, and asks what is allowed there. In the order of their names.
pub async fn gather(
    desired: &Desired,
    reader: &Reader,
    now: Timestamp,
    wanted: &[Name],
) -> Vec<Access> {
    let options = Options {
        refresh: Refresh::All,
        keys: KeyReading::Never,
        targets: Vec::new(),
        shard: None,
        width: Width::READING,
        now,
    };
    let memory = Memory::default();
    let scene = Scene::new(desired, &memory, reader, &options);
    let is_wanted = |name: &Name| wanted.is_empty() || wanted.contains(name);
    let with_keys = desired
        .key_connections
        .values()
        .filter(|one| is_wanted(one.name()));
    let workspaces = desired
        .workspaces
        .values()
        .filter(|one| is_wanted(&one.name));
    let vaults = desired.vaults.values().filter(|one| is_wanted(one.name()));
    let vaults =
        vaults.map(|vault| async { of_vault(reader, vault, &secrets(desired, vault)).await });
    let (mut all, workspaces, vaults) = join3(
        join_all(with_keys.map(|connection| of_keys(reader, connection))),
        join_all(workspaces.map(|workspace| of_workspace(&scene, workspace))),
        join_all(vaults),
    )
    .await;
    all.extend(workspaces);
    all.extend(vaults);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

async fn of_keys(reader: &Reader, connection: &KeyConnection) -> Access {
    let (entry, rights) = reader.key_access(connection).await;
    Access {
        name: connection.name().to_string(),
        place: match connection {
            KeyConnection::Factory(one) => Place::Factory(one.service, one.factory.clone()),
            KeyConnection::Subscription(one) => Place::Accounts(one.id()),
        },
        entry,
        rights,
    }
}

async fn of_workspace(scene: &Scene<'_>, workspace: &Workspace) -> Access {
    let (entry, me) = scene.reader.workspace_access(workspace).await;
    let rights = match entry {
        Entry::In(_) => of_jobs(scene, workspace, me.as_ref()).await,
        Entry::NoToken(_) | Entry::Refused(..) => Vec::new(),
    };
    let host = match (&workspace.host, &workspace.resource_id) {
        (WorkspaceHost::Given(host), _) => host.clone(),
        (WorkspaceHost::FromResource, Some(id)) => id.to_string(),
        (WorkspaceHost::FromResource, None) => String::new(),
    };
    Access {
        name: workspace.name.to_string(),
        place: Place::Workspace(host),
        entry,
        rights,
    }
}

/// Whether a vault lets us in, and the rights on the secrets that keys are handed to there.
async fn of_vault(reader: &Reader, vault: &VaultConnection, secrets: &[SecretName]) -> Access {
    let (entry, rights) = reader.vault_access(vault, secrets).await;
    Access {
        name: vault.name().to_string(),
        place: Place::Vault(vault.vault.to_string()),
        entry,
        rights,
    }
}

/// The secrets that keys of named resources go to in a vault. Of patterns only a list tells: the rights on any name stand for those.
fn secrets(desired: &Desired, vault: &VaultConnection) -> Vec<SecretName> {
    let mut all = BTreeSet::new();
    for rule in &desired.key_ages {
        let connection = desired.key_connections.get(&rule.connection);
        for name in rule.select.iter().filter_map(|selector| match selector {
            Selector::Named(name) => Some(name),
            Selector::Glob(_) => None,
        }) {
            let Some(id) = connection.and_then(|connection| connection.id_of(name)) else {
                continue;
            };
            let address = Address::new(rule.connection.clone(), name.clone());
            for hand_off in &rule.spec.hand_offs {
                let places = Slot::BOTH.map(|slot| hand_off.of(&address, &id, slot));
                let places = places.into_iter().flatten();
                all.extend(places.filter_map(|to| match to {
                    Destination::Vault { vault: of, secret } if of == vault.vault => Some(secret),
                    Destination::Vault { .. }
                    | Destination::Command { .. }
                    | Destination::Person { .. } => None,
                }));
            }
        }
    }
    if all.is_empty() {
        all.extend(SecretName::parse(ANY_SECRET));
    }
    all.into_iter().collect()
}

/// The rights on every job that a rule selects; where none speaks of a job, whether jobs can be listed at all.
async fn of_jobs(scene: &Scene<'_>, workspace: &Workspace, me: Option<&Me>) -> Vec<Right> {
    let rules = jobs::selected(scene, workspace).await;
    if rules.is_empty() {
        let listed = scene
            .gate
            .pass(workspace, scene.reader.jobs(workspace, Some("afresh")));
        let standing = Standing::told_by(&listed.await);
        return vec![Right::new(Need::Plan, CAN_VIEW, standing)];
    }
    let (mut rights, mut unfound) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<JobId, ListedJob> = BTreeMap::new();
    for (rule, found) in rules {
        match found {
            Ok(found) => seen.extend(found.into_iter().map(|job| (job.id, job))),
            unseen @ Err(_) => {
                let standing = Standing::told_by(&unseen);
                rights.push(Right::new(Need::Plan, CAN_VIEW, standing).on(rule.to_string()));
                unfound.push(
                    Right::new(
                        Need::Apply,
                        CAN_MANAGE_RUN,
                        Standing::Unknown(NOT_FOUND.to_owned()),
                    )
                    .on(rule.to_string()),
                );
            }
        }
    }
    let seen: Vec<ListedJob> = seen.into_values().collect();
    let runs = join_all(seen.iter().map(|job| {
        let asked = scene.reader.may_run(workspace, job.id, me);
        scene.gate.pass(workspace, asked)
    }));
    let runs = runs.await.into_iter().zip(&seen);
    rights.extend(
        seen.iter()
            .map(|job| Right::new(Need::Plan, CAN_VIEW, Standing::Granted).on(called(job))),
    );
    rights.extend(
        runs.map(|(standing, job)| {
            Right::new(Need::Apply, CAN_MANAGE_RUN, standing).on(called(job))
        }),
    );
    rights.extend(unfound);
    rights
}

fn called(job: &ListedJob) -> String {
    if job.name.is_empty() {
        job.id.to_string()
    } else {
        job.name.clone()
    }
}
