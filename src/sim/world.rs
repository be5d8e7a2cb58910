//! The live world: what is true in the simulated cloud at this moment. Plain data that can be stored as JSON and loaded again.
//!
//! Nothing is decided here: requests are answered in [`super::door`], time passes in [`super::advance`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::agenda::Agenda;
use super::bucket::Buckets;
use super::digest;
use super::fault::Fault;
use super::keeper::Keeper;
use super::key::{Making, Pair};
use super::meanwhile::Pending;
use super::node::{Link, Node};
use super::operation::{Operation, any_covers};
use super::person::{Code, Person};
use super::provider::Provider;
use super::quota::Quotas;
use super::role::Role;
use super::run::{Outcome, Run};
use super::secret::Vault;
use super::shelf::{Keyed, Shelf};
use super::tally::Tally;
use crate::clock::Clock;

/// A small false cloud: tenants, subscriptions with factories and storage accounts, workspaces with jobs, vaults with secrets, and the lies it will tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    pub(crate) version: u32,
    /// Digest of the world file this was made from.
    pub(crate) source: String,
    /// Which copy of it this is, of those that were stored whole.
    #[serde(default)]
    pub(crate) edition: u64,
    pub(crate) seed: u64,
    /// Where the hand of the world's own clock stands; absent: the world lives in real time.
    pub(crate) hand: Option<Timestamp>,
    /// When the world file was first loaded: what `97d ago` counts from.
    pub(crate) beginning: Timestamp,
    pub(crate) settings: Settings,
    /// As the world file says: secrets are not stored a second time.
    #[serde(skip)]
    pub(crate) tenants: Option<Vec<Tenant>>,
    /// Who enters device codes.
    #[serde(default)]
    pub(crate) person: Person,
    /// Device codes so far.
    #[serde(default)]
    pub(crate) codes: Shelf<Code>,
    /// The machine that clients run on; absent: none of Azure's. As the world file says.
    #[serde(skip)]
    pub(crate) machine: Option<Machine>,
    /// What a pipeline's step shows; absent: any. As the world file says.
    #[serde(skip)]
    pub(crate) pipeline_token: Option<String>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) workspaces: Vec<Workspace>,
    #[serde(default)]
    pub(crate) vaults: Vec<Vault>,
    pub(crate) faults: Shelf<Fault>,
    /// What has still to happen by other hands, in order.
    #[serde(default)]
    pub(crate) meanwhile: Vec<Pending>,
    pub(crate) effects: Effects,
    #[serde(skip)]
    pub(crate) clock: Clock,
    /// Something happened that the stored copy does not know.
    #[serde(skip)]
    pub(crate) changed: bool,
    /// What happened cannot be told place by place: the world is stored whole next time.
    #[serde(skip)]
    pub(crate) rewritten: bool,
    /// Where it is stored.
    #[serde(skip)]
    pub(crate) stored: Option<Keeper>,
    /// There is a stored copy.
    #[serde(skip)]
    pub(crate) kept: bool,
    #[serde(skip)]
    pub(crate) buckets: Buckets,
    /// What storage has taken, beside those.
    #[serde(skip)]
    pub(crate) quotas: Quotas,
    /// Requests answered in this process: request ids derive from it.
    #[serde(skip)]
    pub(crate) answered: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) throttling: bool,
    #[serde(default)]
    pub(crate) others: Others,
    pub(crate) activity_log_delay: Duration,
    /// Other delays, each for events from its instant on.
    #[serde(default)]
    pub(crate) log_delays: Vec<(Timestamp, Duration)>,
    pub(crate) page_factories: usize,
    pub(crate) page_runtimes: usize,
    #[serde(default = "usual_page")]
    pub(crate) page_storage_accounts: usize,
    pub(crate) page_activity_log: usize,
    /// Most entries of a page of secrets or of their versions.
    #[serde(default = "usual_page_of_secrets")]
    pub(crate) page_secrets: usize,
    /// Most entries of a page, where it is less than what the request asks for.
    pub(crate) page_jobs: Option<usize>,
    pub(crate) page_runs: Option<usize>,
    pub(crate) authorities: Vec<String>,
    pub(crate) resource_managers: Vec<String>,
}

/// Entries of a page where nothing is said of it.
pub(crate) fn usual_page() -> usize {
    100
}

/// The same of secrets.
pub(crate) fn usual_page_of_secrets() -> usize {
    25
}

impl Settings {
    /// How late the Activity Log shows an event of `at`.
    pub(crate) fn delay(&self, at: Timestamp) -> Duration {
        let since = self.log_delays.iter().rfind(|(from, _)| *from <= at);
        since.map_or(self.activity_log_delay, |(_, delay)| *delay)
    }
}

/// What another client of the same identity draws from each bucket, in requests a second.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Others {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) principals: Vec<Principal>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) federated: bool,
    pub(crate) forbidden: Vec<Operation>,
    /// What its role assignments give in Azure; absent: everything. Databricks has rights of its own.
    #[serde(default)]
    pub(crate) roles: Option<Vec<Role>>,
}

impl Principal {
    /// Is an action of Resource Manager closed to it, which an operation needs?
    pub(crate) fn may_not(&self, operation: Operation, action: &str) -> bool {
        let gives = |roles: &Vec<Role>| roles.iter().any(|role| role.gives(action));
        any_covers(&self.forbidden, operation) || !self.roles.as_ref().is_none_or(gives)
    }

    /// The same of an action on data.
    pub(crate) fn has_no_role_for_data(&self, action: &str) -> bool {
        let gives = |roles: &Vec<Role>| roles.iter().any(|role| role.gives_on_data(action));
        !self.roles.as_ref().is_none_or(gives)
    }
}

/// A machine of Azure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// What App Service's endpoint wants to be shown.
    pub(crate) header: Option<String>,
    pub(crate) identities: Vec<MachineIdentity>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MachineIdentity {
    pub(crate) client_id: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) system: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) activity_log_readable: bool,
    pub(crate) factories: Vec<Factory>,
    /// What was deleted or went elsewhere: the Activity Log still tells of it.
    #[serde(default)]
    pub(crate) gone: Vec<Factory>,
    #[serde(default)]
    pub(crate) storage_accounts: Shelf<Account>,
    /// As `gone`.
    #[serde(default)]
    pub(crate) gone_accounts: Vec<Account>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Factory {
    #[serde(default)]
    pub(crate) provider: Provider,
    pub(crate) name: String,
    pub(crate) resource_group: String,
    pub(crate) location: String,
    pub(crate) created: Timestamp,
    pub(crate) forbidden: Vec<Operation>,
    pub(crate) runtimes: Shelf<Runtime>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Runtime {
    pub(crate) name: String,
    pub(crate) kind: RuntimeKind,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) linked_to: Option<String>,
    pub(crate) keys: Pair,
    pub(crate) nodes: Vec<Node>,
    /// Runtimes of other factories that share it.
    #[serde(default)]
    pub(crate) links: Vec<Link>,
    pub(crate) forbidden: Vec<Operation>,
    /// How often it has been made anew: its keys are others each time.
    #[serde(default)]
    pub(crate) life: u32,
    /// Where it was when its keys were made; absent: here.
    #[serde(default)]
    pub(crate) lineage: Option<Lineage>,
    /// Only of what is gone: its deletion.
    #[serde(default)]
    pub(crate) deleted: Option<Making>,
}

/// The names that a runtime's keys were made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lineage {
    pub(crate) subscription: String,
    pub(crate) factory: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) host: String,
    pub(crate) resource_id: Option<String>,
    /// When the world began.
    pub(crate) beginning: Timestamp,
    /// As the world file says.
    #[serde(skip)]
    pub(crate) tokens: Option<Vec<String>>,
    pub(crate) members: Option<Vec<String>>,
    /// Its own principals and their OAuth secrets; absent: every pair is good. As the world file says.
    #[serde(skip)]
    pub(crate) principals: Option<Vec<(String, String)>>,
    pub(crate) api_versions: Vec<String>,
    pub(crate) forbidden: Vec<Operation>,
    /// No answer tells the parameters of a run.
    #[serde(default)]
    pub(crate) hides_parameters: bool,
    pub(crate) jobs: Shelf<Job>,
    /// One entry.
    #[serde(with = "super::alone")]
    pub(crate) submit: Shelf<Submit>,
    /// In order of creation, so in order of id.
    pub(crate) runs: Shelf<Run>,
    /// Which run an idempotency token made, for ever and in the whole workspace.
    pub(crate) idempotency: Tally<String>,
    /// Where it is served instead of at its own host.
    #[serde(skip)]
    pub(crate) served: Option<String>,
    /// What happens next by itself.
    #[serde(skip)]
    pub(crate) agenda: Agenda,
}

impl Workspace {
    /// The number in `adb-<number>.<n>.azuredatabricks.net`, or 0.
    pub(crate) fn number(&self) -> &str {
        let digits = self
            .host
            .strip_prefix("adb-")
            .and_then(|rest| rest.split('.').next());
        digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .unwrap_or("0")
    }

    /// Where clients reach it.
    pub(crate) fn address(&self) -> &str {
        self.served.as_deref().unwrap_or(&self.host)
    }

    /// The run of this id, or the run whose task has it.
    pub(crate) fn run(&self, id: u64) -> Option<&Run> {
        self.runs.get(self.run_place(id - id % Run::ID_STEP)?)
    }

    /// The place of the run of this very id.
    pub(crate) fn run_place(&self, id: u64) -> Option<usize> {
        self.runs.binary_search_by_key(&id, |run| run.id).ok()
    }

    /// The job of this id.
    pub(crate) fn job(&self, id: u64) -> Option<&Job> {
        self.jobs.find(&id.to_string())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) hides_parameters: bool,
    pub(crate) tasks: Vec<String>,
    pub(crate) starts_in: Duration,
    pub(crate) takes: Option<Duration>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) error: Option<String>,
    pub(crate) max_concurrent_runs: usize,
    pub(crate) queue: bool,
    pub(crate) cancel_takes: Duration,
    pub(crate) schedule: Option<Schedule>,
    /// Absent: not a continuous job; else whether it is paused.
    pub(crate) continuous_paused: Option<bool>,
    /// When continuous mode last went on: no run restarts before.
    #[serde(default)]
    pub(crate) resumed: Option<Timestamp>,
    pub(crate) forbidden: Vec<Operation>,
    /// Places of its runs in the workspace's list.
    pub(crate) runs: Vec<usize>,
    /// Runs started since the beginning: the next one takes the outcome in this place.
    pub(crate) started: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) every: Duration,
    pub(crate) paused: bool,
    pub(crate) next: Timestamp,
    /// What the service shows; absent: worked out from `every`.
    #[serde(default)]
    pub(crate) cron: Option<String>,
    #[serde(default)]
    pub(crate) timezone: Option<String>,
    /// Shown as a trigger instead of a schedule.
    #[serde(default)]
    pub(crate) periodic: bool,
}

/// How one-time runs go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Submit {
    pub(crate) takes: Duration,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) error: Option<String>,
    pub(crate) started: usize,
}

/// What the world has been made to do since its beginning: what a test asks to know that nothing happened twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// Regenerations by `factory/runtime#authKey1` or `storage:account#key1`.
    pub regenerations: Tally<String>,
    /// Runs created by idempotency token.
    pub runs_by_token: Tally<String>,
    /// Runs created without a token.
    pub runs_without_token: u64,
    /// Runs that were asked to stop while they were active, by run id.
    pub cancellations: Tally<u64>,
    /// Versions of secrets that were written, by `vault/secret`.
    #[serde(default)]
    pub secret_versions: Tally<String>,
}

impl World {
    /// What has been done to this world since its beginning.
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// Does it enforce ARM's token buckets?
    pub fn is_throttling(&self) -> bool {
        self.settings.throttling
    }

    /// Requests that the other clients of a world with `otherClients` wanted to send in this process, and found no room for.
    pub fn others_missed(&self) -> u64 {
        self.buckets.others_missed()
    }

    /// The clock that this world lives by: its own hand, or the one it was loaded with.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Has an effect or a counted fault changed it since it was loaded or saved? Reads alone leave it clean. Once there is a stored
    /// copy, time that has passed on the world's own clock counts as well: the next command must not live before this one.
    pub fn dirty(&self) -> bool {
        let moved = self.hand.is_some_and(|hand| hand != self.clock.now());
        self.changed || (self.kept && moved)
    }

    /// The tenant that a vault names to whoever comes without a token.
    pub(crate) fn first_tenant(&self) -> String {
        let first = self.tenants.iter().flatten().next();
        first.map_or_else(
            || digest::guid(&[&self.root(), "tenant"]),
            |tenant| tenant.id.clone(),
        )
    }

    /// The seed as text, the first part of everything derived.
    pub(crate) fn root(&self) -> String {
        format!("afresh sim {}", self.seed)
    }

    /// The value of a slot (0 or 1) of a runtime as it was at `instant`.
    pub(crate) fn key_value(
        &self,
        subscription: &str,
        factory: &Factory,
        runtime: &Runtime,
        slot: usize,
        instant: Timestamp,
    ) -> String {
        let value = runtime.keys.value(slot, instant);
        let (generation, number) = (value.generation.to_string(), value.slot.to_string());
        let root = self.root();
        let (subscription, name) = runtime.made_in(subscription, factory);
        let mut parts = [
            &root,
            subscription,
            name,
            &runtime.name,
            &number,
            &generation,
        ]
        .map(str::to_ascii_lowercase)
        .to_vec();
        parts.extend(runtime.life_text());
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let secret = digest::base64(&digest::digest(&parts));
        let queue = self.task_queue(subscription, factory, runtime);
        let endpoint = endpoint(name, factory);
        format!("IR@{queue}@{name}@ServiceEndpoint={endpoint}@{secret}")
    }

    /// The GUID of a runtime, the same in its status and in its keys.
    pub(crate) fn task_queue(
        &self,
        subscription: &str,
        factory: &Factory,
        runtime: &Runtime,
    ) -> String {
        let root = self.root();
        let (subscription, factory) = runtime.made_in(subscription, factory);
        let life = runtime.life_text();
        let mut parts = vec![&root, "task queue", subscription, factory, &runtime.name];
        parts.extend(life.as_deref());
        digest::guid(&parts)
    }
}

impl Keyed for Job {
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// Names of one factory differ in more than their case.
impl Keyed for Runtime {
    fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

impl Factory {
    /// The host that a node of this factory's runtimes would call.
    pub(crate) fn endpoint(&self) -> String {
        endpoint(&self.name, self)
    }
}

fn endpoint(name: &str, factory: &Factory) -> String {
    format!(
        "{}.{}.datafactory.azure.net",
        name.to_ascii_lowercase(),
        factory.location
    )
}

impl Runtime {
    /// The subscription and the name of the factory in which its keys were made.
    fn made_in<'a>(&'a self, subscription: &'a str, factory: &'a Factory) -> (&'a str, &'a str) {
        match &self.lineage {
            Some(lineage) => (&lineage.subscription, &lineage.factory),
            None => (subscription, &factory.name),
        }
    }

    fn life_text(&self) -> Option<String> {
        (self.life > 0).then(|| self.life.to_string())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RuntimeKind {
    #[default]
    SelfHosted,
    Managed,
}
