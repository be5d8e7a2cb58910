//! Every key of some subscriptions, whether a rule speaks of it or not: with read rights alone.
//!
//! Factories, workspaces and accounts are listed, and then looked at by the ordinary survey, with a rule that covers everything. Keys are
//! never listed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};

use super::accounts::has_tags;
use super::{Options, gather, selects};
use crate::cloud::{ListedAccount, Reader};
use crate::model::address::{Name, ResourceId};
use crate::model::connection::{Factory, KeyConnection, Subscription};
use crate::model::desired::{Desired, Guardrails, KeyAgeRule, LedgerPlace, Place, Project};
use crate::model::hand_off::Serves;
use crate::model::inventory::{Inventory, InventoryKey, KeyState};
use crate::model::memory::Memory;
use crate::model::name_glob::NameGlob;
use crate::model::nodes::NodeRule;
use crate::model::runtime::{OnStarvation, OwnKeys, RuntimeSpec, Slot, UnknownAge};
use crate::model::runtime_service::RuntimeService;
use crate::model::selector::Selector;
use crate::model::survey::{Looked, RuntimeCase, Subject, Survey};
use crate::model::time::Span;
use crate::model::timeline::Timeline;
use crate::model::trouble::Trouble;

/// Reads all keys of `places`, each a whole subscription. `desired`: the manifests whose rules may cover them, and whose connections reach
/// what they name.
pub async fn inventory(
    places: &[Subscription],
    desired: Option<&Desired>,
    memory: &Memory,
    reader: &Reader,
    options: &Options,
) -> Inventory {
    reader.at_most(options.width.all);
    let listed = join_all(places.iter().map(|place| list(place, reader))).await;
    let mut troubles: Vec<Trouble> = Vec::new();
    let mut all = All::default();
    for (place, listed) in places.iter().zip(listed) {
        troubles.extend(listed.troubles);
        all.add(place, listed.accounts, listed.factories, desired);
    }
    let survey = match all.desired() {
        Some(whole) => gather(&whole, memory, reader, options).await,
        None => Survey {
            requests: reader.requests(),
            ..Survey::default()
        },
    };
    let mut inventory = Inventory {
        at: options.now,
        subscriptions: places
            .iter()
            .map(|place| place.subscription.clone())
            .collect(),
        has_rules: desired.is_some(),
        keys: Vec::new(),
        troubles,
        requests: survey.requests,
    };
    for subject in &survey.cases {
        match subject {
            Subject::Runtime(case) => {
                let account = all.accounts.get(&case.target.id);
                let rule = desired.and_then(|desired| covering(desired, &case.target.id, account));
                inventory.keys.extend(keys(case, rule, options));
            }
            Subject::Unresolved { trouble, .. } => inventory.troubles.push(trouble.clone()),
            Subject::Job(_) | Subject::Submission(_) => {}
        }
    }
    inventory.sort();
    inventory
}

/// What one subscription holds.
struct Listed {
    accounts: Vec<ListedAccount>,
    factories: Vec<(RuntimeService, String, String)>,
    troubles: Vec<Trouble>,
}

async fn list(place: &Subscription, reader: &Reader) -> Listed {
    let services = RuntimeService::ALL.map(|service| async move {
        let listed = reader.holders(place, service).await;
        listed.map(|listed| (service, listed.said))
    });
    let (accounts, holders) = join(reader.accounts(place), join_all(services)).await;
    let mut listed = Listed {
        accounts: Vec::new(),
        factories: Vec::new(),
        troubles: Vec::new(),
    };
    match accounts {
        Ok(accounts) => listed.accounts = accounts.said,
        Err(trouble) => listed.troubles.push(trouble),
    }
    for holders in holders {
        match holders {
            Ok((service, holders)) => {
                let holders = holders.into_iter();
                let named = holders.map(|holder| (service, holder.group, holder.name));
                listed.factories.extend(named);
            }
            Err(trouble) => listed.troubles.push(trouble),
        }
    }
    listed
}

/// Connections and rules that cover everything.
#[derive(Default)]
struct All {
    connections: BTreeMap<Name, KeyConnection>,
    rules: Vec<KeyAgeRule>,
    accounts: BTreeMap<ResourceId, ListedAccount>,
    seen: BTreeSet<ResourceId>,
}

impl All {
    fn add(
        &mut self,
        place: &Subscription,
        accounts: Vec<ListedAccount>,
        factories: Vec<(RuntimeService, String, String)>,
        desired: Option<&Desired>,
    ) {
        // By name, so that those which take no keys are looked at as well.
        let named = accounts.iter().map(|account| account.name.clone());
        let named: Vec<Selector> = named.map(Selector::Named).collect();
        if !named.is_empty() {
            self.connect(KeyConnection::Subscription(place.clone()), named);
        }
        let by_id = accounts
            .into_iter()
            .map(|account| (account.id.clone(), account));
        self.accounts.extend(by_id);
        for (service, resource_group, factory) in factories {
            let found = Factory {
                name: place.name.clone(),
                service,
                subscription: place.subscription.clone(),
                resource_group,
                factory,
                cloud: place.cloud.clone(),
                credential: place.credential.clone(),
            };
            if !self.seen.insert(found.id()) {
                continue;
            }
            let own = desired.and_then(|desired| of_manifests(desired, &found));
            let Ok(glob) = NameGlob::parse("*") else {
                continue;
            };
            let connection = own.unwrap_or(found);
            self.connect(
                KeyConnection::Factory(connection),
                vec![Selector::Glob(glob)],
            );
        }
    }

    /// Under a name of its own: what it is called is not shown.
    fn connect(&mut self, mut connection: KeyConnection, select: Vec<Selector>) {
        let wanted = match &connection {
            KeyConnection::Factory(one) => one.factory.to_ascii_lowercase(),
            KeyConnection::Subscription(one) => one.name.to_string(),
        };
        let number = self.connections.len();
        let free = |name: &Name| !self.connections.contains_key(name);
        let name = Name::parse(&wanted).ok().filter(free);
        let Some(name) = name.or_else(|| Name::parse(&format!("connection-{number}")).ok()) else {
            return;
        };
        match &mut connection {
            KeyConnection::Factory(one) => one.name = name.clone(),
            KeyConnection::Subscription(one) => one.name = name.clone(),
        }
        self.rules.push(everything(name.clone(), select));
        self.connections.insert(name, connection);
    }

    /// `None`: there is nothing to look at.
    fn desired(&self) -> Option<Desired> {
        Some(Desired {
            project: Project {
                name: self.connections.keys().next()?.clone(),
                ledger: LedgerPlace::File(std::path::PathBuf::new()),
                guardrails: Guardrails::default(),
                freezes: Vec::new(),
            },
            approvals: Vec::new(),
            key_connections: self.connections.clone(),
            vaults: BTreeMap::new(),
            workspaces: BTreeMap::new(),
            key_ages: self.rules.clone(),
            job_runs: Vec::new(),
        })
    }
}

/// The connection of the manifests to this very factory: its credential may be another one.
fn of_manifests(desired: &Desired, found: &Factory) -> Option<Factory> {
    let factories = desired.key_connections.values();
    let mut factories = factories.filter_map(|connection| match connection {
        KeyConnection::Factory(factory) => Some(factory),
        KeyConnection::Subscription(_) => None,
    });
    let is_it = |factory: &&Factory| {
        factory.service == found.service
            && factory.id() == found.id()
            && factory.cloud.resource_manager == found.cloud.resource_manager
    };
    factories.find(is_it).cloned()
}

/// A rule that covers everything and is kept by nothing: it only has what it selects looked at.
fn everything(connection: Name, select: Vec<Selector>) -> KeyAgeRule {
    KeyAgeRule {
        name: connection.clone(),
        connection,
        select,
        exclude: Vec::new(),
        tags: BTreeMap::new(),
        allow_empty: true,
        spec: RuntimeSpec {
            age_max: Span::ZERO,
            rotate_before: Span::ZERO,
            overlap: Span::ZERO,
            unknown_age: UnknownAge::Adopt,
            windows: Vec::new(),
            on_starvation: OnStarvation::Wait,
            jitter: Span::ZERO,
            hand_offs: Vec::new(),
            nodes: NodeRule::default(),
            serves: Serves::default(),
            born_after: None,
            ignore_windows: false,
        },
        born_after_at: None,
        suspend: None,
        place: Place {
            file: String::new(),
            line: 1,
            column: 1,
        },
    }
}

/// The rule of the manifests that covers a resource.
fn covering<'a>(
    desired: &'a Desired,
    id: &ResourceId,
    account: Option<&ListedAccount>,
) -> Option<&'a KeyAgeRule> {
    let leads_there = |rule: &KeyAgeRule| match desired.key_connections.get(&rule.connection) {
        Some(KeyConnection::Factory(factory)) => factory.runtime(id.name()) == *id,
        Some(KeyConnection::Subscription(place)) => place.reaches(id),
        None => false,
    };
    let is_named = |rule: &KeyAgeRule| {
        let mut names = rule.select.iter();
        names.any(|selector| matches!(selector, Selector::Named(name) if name.eq_ignore_ascii_case(id.name())))
    };
    desired.key_ages.iter().find(|rule| {
        leads_there(rule)
            && selects(rule, id.name())
            && (rule.tags.is_empty()
                || is_named(rule)
                || account.is_some_and(|account| has_tags(rule, account)))
    })
}

fn keys(case: &RuntimeCase, rule: Option<&KeyAgeRule>, options: &Options) -> [InventoryKey; 2] {
    let (state, sight) = match &case.sight {
        Looked::Seen(sight) if sight.kind == OwnKeys::Disabled => (KeyState::Disabled, Some(sight)),
        Looked::Seen(sight) => (KeyState::Enabled, Some(sight)),
        Looked::NotAsked => (KeyState::Enabled, None),
        Looked::Failed(trouble) => (KeyState::Unread(trouble.clone()), None),
    };
    let births = Timeline::of(&case.memory, sight).births().births;
    let suspend = rule.and_then(|rule| rule.suspend.as_ref());
    let suspended = suspend.is_some_and(|suspension| suspension.holds(options.now));
    Slot::BOTH.map(|slot| {
        let birth = births.get(slot).clone();
        InventoryKey {
            resource: case.target.id.clone(),
            slot,
            state: state.clone(),
            age: birth.age(options.now),
            birth,
            rule: rule.map(|rule| rule.name.clone()),
            suspended,
        }
    })
}
