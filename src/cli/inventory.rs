//! `afresh inventory`: every key of whole subscriptions, how old it is, by what evidence, and which rule covers it.
//!
//! It needs read rights only, lists no keys and writes nothing. A subscription that is named on the command line needs no manifest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::args::Global;
use super::error::{Exit, Failure};
use super::inventory_args::{Inventory as Args, InventoryFormat};
use super::patience;
use super::places::place_of;
use super::screen::Screen;
use super::session::{Outside, held};
use super::{links, policy, surroundings, trust};
use crate::cloud::Width;
use crate::manifest::Manifests;
use crate::model::address::Name;
use crate::model::connection::{Cloud, Credential, KeyConnection, Limits, Subscription};
use crate::model::desired::{Desired, LedgerPlace};
use crate::model::inventory::Inventory;
use crate::model::key_service::KeyService;
use crate::model::memory::Memory;
use crate::model::policy::Policy;
use crate::model::survey::{KeyReading, Refresh};
use crate::model::trust::Asked;
use crate::{review, survey};

/// Where a simulated world lies for whom no manifest says it.
const LEDGER: &str = ".afresh/ledger.jsonl";

/// Lists, looks, and tells.
pub async fn run(args: &Args, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let (mut desired, asks, policy, paths) = manifests(args, global, screen)?;
    if let Some(desired) = desired.as_mut().filter(|_| global.sim.is_some()) {
        surroundings::without_account(desired);
    }
    let own = LedgerPlace::File(PathBuf::from(LEDGER));
    let ledger = desired
        .as_ref()
        .map_or(&own, |desired| &desired.project.ledger);
    let place = place_of(ledger, global);
    let mut places = named(args, &policy)?;
    let mut connections = connections(&places);
    let mut workspaces = BTreeMap::new();
    if let Some(desired) = &desired {
        connections.extend(desired.key_connections.clone());
        workspaces.clone_from(&desired.workspaces);
    }
    let around = surroundings::of(global);
    let no_vaults = BTreeMap::new();
    let scope = trust::Scope {
        project: &paths,
        ledger: &place,
        key_connections: &connections,
        // No key is handed over here.
        vaults: &no_vaults,
        workspaces: &workspaces,
    };
    let trust = trust::gather(global, &scope, &around, &policy)?;
    let trust = trust::settle(trust, &asks, &policy, screen).await?;
    links::hold_ledger(&paths, &place, &policy, global)?;
    let outside = Outside::open(&place, around, trust, global)?;
    add_manifests(&mut places, desired.as_ref());
    if outside.is_unmetered() {
        let clouds = places.iter_mut().map(|place| &mut place.cloud);
        clouds.for_each(|cloud| cloud.limits = Limits::NONE);
        if let Some(desired) = &mut desired {
            surroundings::without_limits(desired);
        }
    }
    let memory = memory(&outside, &place, desired.is_some(), screen).await;
    let options = survey::Options {
        refresh: Refresh::All,
        keys: KeyReading::Never,
        targets: Vec::new(),
        shard: None,
        width: Width::READING,
        now: outside.clock.now(),
    };
    let found = survey::inventory::inventory(
        &places,
        desired.as_ref(),
        &memory,
        &outside.reader,
        &options,
    )
    .await;
    outside.close()?;
    patience::in_time(&outside.reader, global)?;
    tell(&found, args.format, screen)?;
    Ok(exit(&found))
}

/// What the manifests say, if any are meant: with `--subscription` alone none are.
type Given = (Option<Desired>, Vec<Asked>, Policy, Vec<PathBuf>);

fn manifests(args: &Args, global: &Global, screen: &Screen) -> Result<Given, Failure> {
    let here = vec![PathBuf::from(".")];
    if args.paths.is_empty() && !args.subscription.is_empty() {
        let policy = policy::find(global, &[], screen)?;
        return Ok((None, Vec::new(), policy, here));
    }
    let paths = if args.paths.is_empty() {
        here
    } else {
        args.paths.clone()
    };
    let (manifests, policy) = held(&paths, global, screen)?;
    let Manifests { desired, asks, .. } = manifests;
    Ok((Some(desired), asks, policy, paths))
}

/// The subscriptions of the command line, held to the policy as connections of manifests are.
fn named(args: &Args, policy: &Policy) -> Result<Vec<Subscription>, Failure> {
    let mut places: Vec<Subscription> = Vec::new();
    for id in &args.subscription {
        let unknown = || Failure::new(format!("`{}` is not a known cloud", args.cloud));
        let place = Subscription {
            name: Name::parse(id).map_err(Failure::new)?,
            subscription: id.clone(),
            resource_group: None,
            cloud: Cloud::named(&args.cloud).ok_or_else(unknown)?,
            credential: Credential::Default,
        };
        let connection = KeyConnection::Subscription(place.clone());
        let mut found = policy.of_key_connection(&connection).into_iter();
        if let Some(violation) = found.next() {
            return Err(Failure::new(violation.message)
                .with_exit(Exit::Refused)
                .with_advice(policy.told()));
        }
        if places
            .iter()
            .all(|known| known.subscription != place.subscription)
        {
            places.push(place);
        }
    }
    Ok(places)
}

fn connections(places: &[Subscription]) -> BTreeMap<Name, KeyConnection> {
    let all = places.iter().cloned();
    all.map(|place| (place.name.clone(), KeyConnection::Subscription(place)))
        .collect()
}

/// The subscriptions of the manifests' connections, each once and as a whole: those with a `Subscription` are read with its credential.
fn add_manifests(places: &mut Vec<Subscription>, desired: Option<&Desired>) {
    let connections = desired
        .iter()
        .flat_map(|desired| desired.key_connections.values());
    let (first, then): (Vec<&KeyConnection>, Vec<&KeyConnection>) =
        connections.partition(|one| one.service() == KeyService::Storage);
    for connection in first.into_iter().chain(then) {
        let subscription = connection.subscription().to_ascii_lowercase();
        let manager = &connection.cloud().resource_manager;
        let is_known = |place: &Subscription| {
            place.subscription.eq_ignore_ascii_case(&subscription)
                && place.cloud.resource_manager == *manager
        };
        if !places.iter().any(is_known) {
            places.push(Subscription {
                name: connection.name().clone(),
                subscription,
                resource_group: None,
                cloud: connection.cloud().clone(),
                credential: connection.credential().clone(),
            });
        }
    }
    places.sort_by(|a, b| a.subscription.cmp(&b.subscription));
}

/// What the project's ledger knows; without it ages rest on the rest of the evidence.
async fn memory(
    outside: &Outside,
    place: &LedgerPlace,
    has_project: bool,
    screen: &Screen,
) -> Memory {
    if !has_project {
        return Memory::default();
    }
    match outside.ledger(place).await {
        Ok(ledger) => ledger.memory(),
        Err(failure) => {
            screen.remark(&format!(
                "warning: {}: ages rest on the rest of the evidence",
                failure.summary()
            ));
            Memory::default()
        }
    }
}

fn tell(found: &Inventory, format: InventoryFormat, screen: &Screen) -> Result<(), Failure> {
    match format {
        InventoryFormat::Text => screen.say(&review::text::inventory(found)),
        InventoryFormat::Markdown => screen.put(&review::markdown::inventory(found)),
        InventoryFormat::Json => screen.say_json(&review::inventory::json(found)?),
        InventoryFormat::Csv => {
            let csv = review::inventory::csv(found);
            screen.put(&csv.map_err(|error| Failure::new(error.to_string()))?);
        }
    }
    Ok(())
}

/// Nothing could be read: an error. Something could not: keys may be missing.
fn exit(found: &Inventory) -> Exit {
    let is_whole = found.troubles.is_empty() && found.counts().unread == 0;
    match (is_whole, found.keys.is_empty()) {
        (true, _) => Exit::AsWanted,
        (false, true) => Exit::Error,
        (false, false) => Exit::Partly,
    }
}
