//! From the world file as written to the live world: fills in defaults, resolves relative times, assigns ids.
//!
//! Two things with the same name, a key made before its runtime, and a run in the future are errors.

use std::time::Duration;

use jiff::Timestamp;

use super::build_ground::{Ground, copies, unique};
use super::fault::{Fault, Lie};
use super::file::{
    ActivityLogFile, FactoryFile, FaultFile, IdentityFile, MachineFile, PersonFile, PrincipalFile,
    RuntimeFile, SubscriptionFile, TenantFile, WorldFile,
};
use super::meanwhile::{MeanwhileFile, Pending};
use super::operation::Operation;
use super::person::Person;
use super::provider::Provider;
use super::quota::Quotas;
use super::shelf::Shelf;
use super::times::{Span, before};
use super::world::{
    Effects, Factory, Machine, MachineIdentity, Others, Principal, Runtime, Settings, Subscription,
    Tenant, World, usual_page, usual_page_of_secrets,
};
use super::{bucket, build_keys, build_nodes, build_storage, build_vault, build_workspace};
use crate::clock::Clock;

/// Shape of the stored world; a stored copy of another version is not read.
pub(crate) const VERSION: u32 = 1;

const DAY: Duration = Duration::from_hours(24);

/// Makes the world that `file` describes. The error says what is wrong and where, by path.
pub(crate) fn build(file: WorldFile, source: String, clock: Clock) -> Result<World, String> {
    let beginning = clock.now();
    let settings = settings(&file);
    let root = format!("afresh sim {}", file.seed);
    let ground = Ground {
        root: &root,
        beginning,
    };
    let subscriptions = file
        .subscriptions
        .into_iter()
        .map(|one| subscription(one, &ground))
        .collect::<Result<Vec<_>, _>>()?;
    unique(
        "subscriptions",
        subscriptions.iter().map(|one| one.id.as_str()),
    )?;
    let accounts = subscriptions.iter().flat_map(|one| &one.storage_accounts);
    unique("storageAccounts", accounts.map(|one| one.name.as_str()))?;
    let mut workspaces = Vec::new();
    for one in file.workspaces {
        workspaces.push(build_workspace::workspace(one, &ground)?);
    }
    unique("workspaces", workspaces.iter().map(|one| one.host.as_str()))?;
    let vaults = file.vaults.into_iter();
    let vaults = vaults
        .map(|one| build_vault::vault(one, &ground))
        .collect::<Result<Vec<_>, _>>()?;
    unique("vaults", vaults.iter().map(|one| one.name.as_str()))?;
    let world = World {
        version: VERSION,
        source,
        edition: 0,
        seed: file.seed,
        hand: file.clock,
        beginning,
        settings,
        tenants: file
            .tenants
            .map(|tenants| tenants.into_iter().map(tenant).collect()),
        person: person(file.person),
        codes: Shelf::default(),
        machine: file.machine.map(machine),
        pipeline_token: file.pipeline.map(|pipeline| pipeline.token),
        subscriptions,
        workspaces,
        vaults,
        faults: file
            .faults
            .into_iter()
            .enumerate()
            .map(|(place, one)| fault(place, one))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        meanwhile: meanwhile(file.meanwhile, beginning),
        effects: Effects::default(),
        clock,
        changed: false,
        rewritten: false,
        stored: None,
        kept: false,
        buckets: bucket::Buckets::default(),
        quotas: Quotas::default(),
        answered: 0,
    };
    world.rehearse()?;
    Ok(world)
}

/// In order of time; of one instant in the order of the file.
fn meanwhile(file: Vec<MeanwhileFile>, beginning: Timestamp) -> Vec<Pending> {
    let mut all: Vec<Pending> = file
        .into_iter()
        .map(|one| Pending {
            at: one.at.resolve(beginning),
            happening: one.happening,
        })
        .collect();
    all.sort_by_key(|one| one.at);
    all
}

fn settings(file: &WorldFile) -> Settings {
    let delay = file
        .activity_log_delay
        .map_or(Duration::from_mins(5), |span| span.0);
    Settings {
        throttling: file.throttling,
        others: Others {
            reads: file.other_clients.reads_per_second,
            writes: file.other_clients.writes_per_second,
        },
        activity_log_delay: delay,
        log_delays: Vec::new(),
        page_factories: file.paging.factories.unwrap_or(100).max(1),
        page_runtimes: file.paging.runtimes.unwrap_or(50).max(1),
        page_storage_accounts: file
            .paging
            .storage_accounts
            .unwrap_or_else(usual_page)
            .max(1),
        page_secrets: file
            .paging
            .secrets
            .unwrap_or_else(usual_page_of_secrets)
            .max(1),
        page_activity_log: file.paging.activity_log.unwrap_or(200).max(1),
        page_jobs: file.paging.jobs.map(|size| size.max(1)),
        page_runs: file.paging.runs.map(|size| size.max(1)),
        authorities: file.hosts.authority.clone(),
        resource_managers: file.hosts.resource_manager.clone(),
    }
}

fn tenant(file: TenantFile) -> Tenant {
    let principal = |one: PrincipalFile| Principal {
        client_id: one.client_id,
        client_secret: one.client_secret,
        federated: one.federated,
        forbidden: one.forbidden,
        roles: one.roles,
    };
    Tenant {
        id: file.id,
        principals: file.principals.into_iter().map(principal).collect(),
    }
}

fn person(file: PersonFile) -> Person {
    let usual = Person::default();
    Person {
        name: file.name.unwrap_or(usual.name),
        polls: file.polls.unwrap_or(usual.polls),
        answer: file.answer,
    }
}

fn machine(file: MachineFile) -> Machine {
    let identity = |one: IdentityFile| MachineIdentity {
        client_id: one.client_id,
        resource_id: one.resource_id,
        system: one.system,
    };
    Machine {
        header: file.header,
        identities: file.identities.into_iter().map(identity).collect(),
    }
}

fn subscription(file: SubscriptionFile, ground: &Ground) -> Result<Subscription, String> {
    let at = format!("subscriptions[{}]", file.id);
    let workspaces = file.synapse_workspaces.into_iter();
    let factories = file.factories.into_iter();
    let factories = factories
        .map(|one| (Provider::DataFactory, one))
        .chain(workspaces.map(|one| (Provider::Synapse, one)))
        .map(|(provider, one)| factory(provider, one, &at, ground))
        .collect::<Result<Vec<_>, _>>()?;
    for provider in [Provider::DataFactory, Provider::Synapse] {
        let own = factories.iter().filter(|one| one.provider == provider);
        unique(&at, own.map(|one| one.name.as_str()))?;
    }
    let mut storage_accounts = Vec::new();
    for one in &file.storage_accounts {
        storage_accounts.extend(build_storage::accounts(one, &at, ground)?);
    }
    Ok(Subscription {
        id: file.id,
        activity_log_readable: file.activity_log == ActivityLogFile::Readable,
        factories,
        gone: Vec::new(),
        storage_accounts: storage_accounts.into(),
        gone_accounts: Vec::new(),
    })
}

fn factory(
    provider: Provider,
    file: FactoryFile,
    at: &str,
    ground: &Ground,
) -> Result<Factory, String> {
    let at = format!("{at}.{}[{}]", provider.list(), file.name);
    let mut runtimes = Vec::new();
    for one in file.runtimes {
        copies(&one.name.clone(), "-", one.copies, |name, _| {
            runtimes.push(runtime(&one, name, &at, ground)?);
            Ok(())
        })?;
    }
    unique(&at, runtimes.iter().map(|one| one.name.as_str()))?;
    let oldest = runtimes
        .iter()
        .map(|one| one.created)
        .min()
        .unwrap_or(ground.beginning);
    let created = file
        .created
        .map_or(before(oldest, DAY), |when| when.resolve(ground.beginning));
    Ok(Factory {
        provider,
        name: file.name,
        resource_group: file.resource_group,
        location: file.location,
        created,
        forbidden: file.forbidden,
        runtimes: runtimes.into(),
    })
}

fn runtime(file: &RuntimeFile, name: String, at: &str, ground: &Ground) -> Result<Runtime, String> {
    let files = [&file.auth_key1, &file.auth_key2];
    let (created, keys) = build_keys::pair(file.created, files, &[at, &name], ground)
        .map_err(|what| format!("{at}.runtimes[{name}]: {what}"))?;
    Ok(Runtime {
        kind: file.kind,
        description: file.description.clone(),
        created,
        linked_to: file.linked_to.clone(),
        keys,
        nodes: file
            .nodes
            .iter()
            .map(|node| build_nodes::node(node, created, ground))
            .collect(),
        links: file
            .links
            .iter()
            .map(|link| build_nodes::link(link, created, ground))
            .collect(),
        forbidden: file.forbidden.clone(),
        life: 0,
        lineage: None,
        deleted: None,
        name,
    })
}

fn fault(place: usize, file: FaultFile) -> Result<Fault, String> {
    let wants_by = matches!(file.lie, Lie::Slow | Lie::StaleList | Lie::DelayRequest);
    if wants_by != file.by.is_some() {
        return Err(format!(
            "faults[{place}]: `by` belongs to `slow`, `staleList` and `delayRequest`, and each of them needs it"
        ));
    }
    let keys_only = matches!(
        file.lie,
        Lie::DelayRequest | Lie::ChangeNothing | Lie::ChangeBoth
    );
    if keys_only && !file.on.makes_a_key() {
        return Err(format!(
            "faults[{place}]: `delayRequest`, `changeNothing` and `changeBoth` are for `regenerateAuthKey` and `regenerateKey`"
        ));
    }
    if file.lie == Lie::HideCaller && file.on != Operation::ActivityLog {
        return Err(format!(
            "faults[{place}]: `hideCaller` is for `activityLog`"
        ));
    }
    if (file.lie == Lie::Refuse) != file.kind.is_some() {
        return Err(format!(
            "faults[{place}]: `as` belongs to `refuse`, which needs it"
        ));
    }
    if file.kind.is_some_and(|kind| !kind.fits(file.on)) {
        return Err(format!(
            "faults[{place}]: the service of `{}` never refuses like that",
            file.on.name()
        ));
    }
    if file.nth == Some(0) || file.times == Some(0) {
        return Err(format!("faults[{place}]: `nth` and `times` count from 1"));
    }
    // Entra refuses with 400 or 401, and nothing but its own codes is one of its refusals.
    let is_refusal = file
        .code
        .as_deref()
        .is_some_and(|code| code.starts_with("AADSTS"));
    let status = file.status.unwrap_or(if is_refusal { 400 } else { 500 });
    if !(400..600).contains(&status) {
        return Err(format!(
            "faults[{place}]: status {status} is not an error; write one from 400 to 599"
        ));
    }
    Ok(Fault {
        on: file.on,
        subject: file.subject,
        nth: file.nth.unwrap_or(1),
        times: file.times.unwrap_or(1),
        lie: file.lie,
        by: file.by.map_or(Duration::ZERO, |span: Span| span.0),
        retry_after: file.retry_after.map(|span| span.0),
        status,
        code: file.code,
        message: file.message,
        kind: file.kind,
        seen: 0,
    })
}
