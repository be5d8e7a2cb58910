//! What the credentials of a plan come from and go to: told to people, and asked anew when a saved plan is applied.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Exit, Failure};
use super::places::SIM_LINEAGE;
use super::session::Session;
use super::surroundings::variable;
use crate::cloud::{AUTHORITY_HOST, public_authority, without_links};
use crate::model::address::Name;
use crate::model::connection::{Cloud, Credential, KeyConnection, Workspace, WorkspaceHost};
use crate::model::desired::{Desired, LedgerPlace};
use crate::model::trust::{Ask, Grounds, Host, Role, Trust, Use, Used};
use crate::model::vault::{VaultConnection, VaultName};
use crate::model::verdict::Plan;
use crate::saved;

/// What the subjects of a plan use, in order; nothing for a simulated cloud.
pub fn of_plan(session: &Session, plan: &Plan) -> Vec<Use> {
    of_desired(
        &session.desired,
        &session.trust,
        &session.ground.place,
        plan,
    )
}

/// The same of a plan of other manifests.
pub fn of_desired(desired: &Desired, trust: &Trust, ledger: &LedgerPlace, plan: &Plan) -> Vec<Use> {
    let steps = plan.steps.iter().map(|step| &step.address);
    let skipped = plan.skipped.iter().map(|skipped| &skipped.address);
    let named: BTreeSet<&Name> = steps
        .chain(skipped)
        .map(|address| &address.connection)
        .collect();
    let is_used = |name: &Name| named.contains(name);
    // A saved plan holds such a workspace, used or not.
    let is_meant =
        |one: &&Workspace| is_used(&one.name) || one.credential.takes_databricks_variables();
    of(
        trust,
        ledger,
        desired
            .key_connections
            .values()
            .filter(|one| is_used(one.name())),
        desired.workspaces.values().filter(is_meant),
        &vaults_of(plan, &desired.vaults),
    )
}

fn of<'a>(
    trust: &Trust,
    ledger: &LedgerPlace,
    with_keys: impl Iterator<Item = &'a KeyConnection>,
    workspaces: impl Iterator<Item = &'a Workspace>,
    vaults: &[&'a VaultConnection],
) -> Vec<Use> {
    if trust.is_simulated {
        return Vec::new();
    }
    let (with_keys, workspaces) = (
        with_keys.collect::<Vec<_>>(),
        workspaces.collect::<Vec<_>>(),
    );
    // Everything has its yes by now, or nothing would have been read.
    let judged = |ask: &Ask| trust.judge(ask, without_links).ok();
    let mut uses: BTreeSet<Use> = asks(
        ledger,
        with_keys.iter().copied(),
        workspaces.iter().copied(),
        vaults.iter().copied(),
    )
    .iter()
    .filter_map(|ask| Use::of_ask(ask, judged(ask)?))
    .collect();
    let credentials = with_keys.iter().map(|one| one.credential());
    let credentials = credentials.chain(workspaces.iter().map(|workspace| &workspace.credential));
    let credentials = credentials.chain(vaults.iter().map(|vault| &vault.credential));
    let mut clouds = with_keys.iter().map(|one| one.cloud());
    let mut others = workspaces.iter().map(|workspace| &workspace.cloud);
    if clouds.any(is_public) || others.any(is_public) {
        uses.extend(set_authority(trust));
    }
    uses.extend(credentials.map(|credential| {
        let source = credential.source();
        let allowed_by = source
            .clone()
            .and_then(|source| judged(&Ask::Source(source)));
        Use {
            what: Used::Credential {
                method: credential.method().to_owned(),
                source,
            },
            allowed_by: allowed_by.unwrap_or(Grounds::BuiltIn),
        }
    }));
    uses.into_iter().collect()
}

fn is_public(cloud: &Cloud) -> bool {
    Cloud::named("public").is_some_and(|public| public == *cloud)
}

/// The authority that the operator has set for the public cloud, if it is another one.
fn set_authority(trust: &Trust) -> Option<Use> {
    let host = Host::of_address(&public_authority(&variable(AUTHORITY_HOST)?));
    let is_own = trust.host(Role::Authority, &host, None) == Ok(Grounds::BuiltIn);
    let what = Used::Host {
        role: Role::Authority,
        host,
    };
    let allowed_by = Grounds::Environment;
    (!is_own).then_some(Use { what, allowed_by })
}

/// The vaults that keys of a plan's subjects are handed to.
pub fn vaults_of<'a>(
    plan: &Plan,
    all: &'a BTreeMap<VaultName, VaultConnection>,
) -> Vec<&'a VaultConnection> {
    let facts = plan.steps.iter().filter_map(|step| step.facts.runtime());
    let named = facts.flat_map(|facts| &facts.hand_offs);
    let named = named.filter_map(|one| Some(one.to.secret()?.0));
    let named: BTreeSet<&VaultName> = named.collect();
    named.into_iter().filter_map(|name| all.get(name)).collect()
}

/// Holds that a saved plan names every host that its connections reach: whoever reads it has to see them.
///
/// # Errors
/// The first that it does not name; exit code 4.
pub fn check(file: &saved::File) -> Result<(), Failure> {
    if file.lineage.starts_with(SIM_LINEAGE) {
        return Ok(());
    }
    let named: BTreeSet<&Used> = file.trust.iter().map(|one| &one.what).collect();
    let asks = asks_of(file).into_iter();
    let mut hosts = asks.filter_map(|ask| Use::of_ask(&ask, Grounds::BuiltIn));
    match hosts.find(|one| !named.contains(&one.what)) {
        None => Ok(()),
        Some(one) => Err(Failure::new(format!(
            "this plan does not name the host {one}, which its connections reach: it was changed after it was written"
        ))
        .with_exit(Exit::Stale)),
    }
}

/// What a saved plan asks: it holds the connections that the manifests named when it was made.
pub fn asks_of(file: &saved::File) -> Vec<Ask> {
    asks(
        &file.ledger,
        file.key_connections.values(),
        file.workspaces.values(),
        file.vaults.values(),
    )
}

fn asks<'a>(
    ledger: &LedgerPlace,
    with_keys: impl Iterator<Item = &'a KeyConnection>,
    workspaces: impl Iterator<Item = &'a Workspace>,
    vaults: impl Iterator<Item = &'a VaultConnection>,
) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Ask::of_ledger(ledger).into_iter().collect();
    for connection in with_keys {
        asks.extend(of_connection(connection.cloud(), connection.credential()));
    }
    for workspace in workspaces {
        asks.extend(of_connection(&workspace.cloud, &workspace.credential));
        let host = match &workspace.host {
            WorkspaceHost::Given(host) => Host::named(host),
            WorkspaceHost::FromResource => Host::named(&workspace.cloud.databricks_domain),
        };
        asks.extend(Ask::of_workspace(&workspace.cloud, &host));
    }
    for vault in vaults {
        asks.extend(of_connection(&vault.cloud, &vault.credential));
        if let Some(host) = vault.cloud.vault_host(&vault.vault) {
            asks.extend(Ask::of_vault(&vault.cloud, &Host::named(&host)));
        }
    }
    asks
}

fn of_connection(cloud: &Cloud, credential: &Credential) -> impl Iterator<Item = Ask> {
    let source = credential.source().map(Ask::Source);
    Ask::of_cloud(cloud).into_iter().chain(source)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::connection::Factory;
    use crate::model::runtime_service::RuntimeService;
    use crate::model::samples;

    #[test]
    fn a_saved_plan_names_every_host_that_its_connections_reach() {
        let name = Name::parse("ingest").unwrap();
        let factory = Factory {
            service: RuntimeService::DataFactory,
            name: name.clone(),
            subscription: "s".to_owned(),
            resource_group: "rg".to_owned(),
            factory: "adf".to_owned(),
            cloud: Cloud {
                authority: "https://login.evil.example".to_owned(),
                ..Cloud::named("public").unwrap()
            },
            credential: Credential::Default,
        };
        let host = |role, host: &str, allowed_by| Use {
            what: Used::Host {
                role,
                host: Host::named(host),
            },
            allowed_by,
        };
        let manager = host(
            Role::ResourceManager,
            "management.azure.com",
            Grounds::BuiltIn,
        );
        let mut file = saved::File {
            basis: None,
            plan: samples::empty_plan(),
            vaults: BTreeMap::new(),
            key_connections: BTreeMap::from([(name, KeyConnection::Factory(factory))]),
            workspaces: BTreeMap::new(),
            project: "p".to_owned(),
            ledger: LedgerPlace::File("ledger.jsonl".into()),
            lineage: "l".to_owned(),
            began: false,
            guardrails: crate::model::desired::Guardrails::default(),
            trust: vec![manager],
            sentences: Vec::new(),
        };
        let refused = check(&file).err().unwrap();
        let summary = refused.summary();
        assert!(summary.contains("login.evil.example"), "{summary}");
        file.trust
            .push(host(Role::Authority, "login.evil.example", Grounds::Policy));
        assert!(check(&file).is_ok());
    }
}
