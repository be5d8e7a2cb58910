//! An estate for tests: manifests and a world made from one description, with everything between them real but the network.
//! A process that works on it can be made to die at any door: see [`doors`].

#![allow(dead_code, reason = "each test program uses some of it")]

pub mod doors;
pub mod weather;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use afresh::apply::{Connections, Options, StopFlag};
use afresh::clock::Clock;
use afresh::cloud::{Approval, Reader, Surroundings, Writer};
use afresh::http::client::Client;
use afresh::ledger::Ledger;
use afresh::ledger::store::memory::MemoryStore;
use afresh::model::desired::Desired;
use afresh::model::outcome::{Happened, Report};
use afresh::model::survey::{KeyReading, Refresh};
use afresh::model::time::{Span, Timestamp};
use afresh::model::trust::Trust;
use afresh::model::verdict::Plan;
use afresh::sim::{Embedded, World};
use doors::{Doors, Guarded};

/// What an estate is made from.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Runtimes `gateway-0`, `gateway-1`, …
    pub runtimes: Vec<Runtime>,
    /// Storage accounts `account0`, `account1`, …
    pub accounts: Vec<Account>,
    /// Jobs `job-0`, `job-1`, …
    pub jobs: Vec<Job>,
    /// One-time runs `backfill-0`, `backfill-1`, …
    pub submits: u64,
    /// `maxAge`.
    pub age_max_days: u64,
    /// `rotateBefore`.
    pub rotate_before_days: u64,
    /// `unknownAge`.
    pub unknown_age: &'static str,
    /// Is there a window (which is not open at the start)?
    pub windowed: bool,
    /// Do keys go to secrets of a Key Vault?
    pub hands_over: bool,
    /// May the Activity Log be read?
    pub log_readable: bool,
    /// Faults of the world, as YAML flow mappings.
    pub faults: Vec<String>,
}

/// Days ago.
#[derive(Clone, Debug)]
pub struct Runtime {
    pub created: u64,
    pub made: [u64; 2],
}

/// A storage account: days ago, and the world file's word for what Azure tells of its keys' times.
#[derive(Clone, Debug)]
pub struct Account {
    pub created: u64,
    pub made: [u64; 2],
    pub times: &'static str,
}

/// A job with its past, and what becomes of its next run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Hours ago, and how; each took half an hour.
    pub ended: Vec<(u64, &'static str)>,
    /// A run that has been going for so many hours.
    pub active_hours: Option<u64>,
    pub outcome: &'static str,
    /// How long its next run takes.
    pub takes: &'static str,
    pub require: &'static str,
    pub policy: &'static str,
    pub runs_max: u64,
}

/// The estate, standing.
pub struct Standing {
    desired: Desired,
    cloud: Embedded,
    clock: Clock,
    ledger: Ledger,
    store: MemoryStore,
    doors: Doors,
    applies: AtomicU64,
    reader: Reader,
    runtime: tokio::runtime::Runtime,
}

const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";
const HOST: &str = "adb-1234567890123456.7.azuredatabricks.net";

/// Builds it.
pub fn estate(described: &Estate) -> Standing {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("afresh.yaml"), manifests(described)).unwrap();
    let desired = afresh::manifest::read(&[folder.path().to_owned()])
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
        .desired;
    let world = World::from_text(&world(described), Path::new("world.yaml"), &Clock::Real).unwrap();
    let clock = world.clock();
    let cloud = Embedded::new(world);
    let variables = [
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
    ];
    let surroundings = Surroundings::new(variables);
    let doors = Doors::default();
    let transport = Guarded::new(cloud.clone(), doors.clone());
    let reader = Reader::new(
        Client::new(Arc::new(transport), clock.clone()),
        surroundings,
        Trust::default(),
    );
    let store = MemoryStore::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ledger = runtime
        .block_on(Ledger::open(
            Arc::new(Guarded::new(store.clone(), doors.clone())),
            clock.clone(),
        ))
        .unwrap();
    runtime.block_on(ledger.ensure_opened("sim-test")).unwrap();
    Standing {
        desired,
        cloud,
        clock,
        ledger,
        store,
        doors,
        applies: AtomicU64::new(0),
        reader,
        runtime,
    }
}

impl Standing {
    /// The doors that every request and every append goes through.
    pub fn doors(&self) -> &Doors {
        &self.doors
    }

    /// What requests and answers go through from now on.
    pub fn weather(&self, weather: Option<weather::Weather>) {
        self.doors.set_weather(weather);
    }

    /// A new process on the same ledger, as after a crash.
    pub fn restart(&mut self) {
        self.doors.open();
        let store = Guarded::new(self.store.clone(), self.doors.clone());
        self.ledger = self
            .runtime
            .block_on(Ledger::open(Arc::new(store), self.clock.clone()))
            .unwrap();
    }

    /// What the ledger says.
    pub fn memory(&self) -> afresh::model::memory::Memory {
        self.ledger.memory()
    }

    /// What the world was made to do.
    pub fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.cloud.world()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: Span) {
        let Clock::Manual(clock) = &self.clock else {
            panic!("an estate has a clock of its own")
        };
        clock.advance_to(by.after(clock.now()));
    }

    /// Gathers and decides; the audit must find nothing.
    pub fn plan(&self) -> Plan {
        let options = afresh::survey::Options {
            shard: None,
            refresh: Refresh::Auto,
            keys: KeyReading::Recorded,
            targets: Vec::new(),
            width: afresh::cloud::Width::of(4),
            now: self.now(),
        };
        let survey = self.runtime.block_on(afresh::survey::gather(
            &self.desired,
            &self.ledger.memory(),
            &self.reader,
            &options,
        ));
        let plan = afresh::plan::decide(&survey, &self.desired.project, self.now());
        let breaches = afresh::plan::audit(&survey, &self.desired.project, &plan);
        assert!(breaches.is_empty(), "{breaches:?}");
        plan
    }

    /// Does what a plan says.
    pub fn apply(&self, plan: &Plan) -> Vec<Report> {
        self.try_apply(plan).unwrap()
    }

    /// Does what a plan says; `None`: it died at a door.
    pub fn try_apply(&self, plan: &Plan) -> Option<Vec<Report>> {
        let connections = Connections {
            key_connections: &self.desired.key_connections,
            vaults: &self.desired.vaults,
            workspaces: &self.desired.workspaces,
        };
        let writer = Writer::new(self.reader.clone(), &Approval::given());
        let options = Options {
            width: afresh::cloud::Width::of(4),
            apply_id: format!("test-{}", self.applies.fetch_add(1, Ordering::Relaxed)),
            by: None,
            wait: false,
            not_after: Timestamp::MAX,
            ends_at: Timestamp::MAX,
            unapproved: std::collections::BTreeSet::new(),
            stop: StopFlag::default(),
        };
        let reports = Mutex::new(Vec::new());
        let report = |report| reports.lock().unwrap().push(report);
        let died = self.runtime.block_on(async {
            let apply = afresh::apply::run(
                plan,
                &connections,
                writer,
                &self.ledger,
                self.clock.clone(),
                options,
                &report,
            );
            tokio::select! {
                biased;
                () = self.doors.crash() => true,
                done = apply => done.map(|_| false).unwrap(),
            }
        });
        (!died).then(|| reports.into_inner().unwrap())
    }

    /// Compacts the ledger; `None`: it died at a door.
    pub fn try_compact(&self) -> Option<()> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.doors.crash() => None,
                done = self.ledger.compact() => done.map(|_| Some(())).unwrap(),
            }
        })
    }

    /// How many effects the world has had.
    pub fn effects(&self) -> usize {
        let world = self.cloud.world();
        let effects = world.effects();
        let total: u64 = effects
            .regenerations
            .values()
            .chain(effects.runs_by_token.values())
            .chain(effects.cancellations.values())
            .sum();
        usize::try_from(total + effects.runs_without_token).unwrap()
    }
}

/// Anything but an action that went as planned.
pub fn is_trouble(report: &Report) -> bool {
    matches!(
        report.what,
        Happened::Stale(..)
            | Happened::Busy(..)
            | Happened::Refused(..)
            | Happened::InDoubt(..)
            | Happened::NotBegun(..)
    )
}

fn manifests(described: &Estate) -> String {
    let windows = if described.windowed {
        "\n  windows: [{cron: \"0 2 * * 6\", timezone: Europe/Paris, duration: 4h}]"
    } else {
        ""
    };
    let hand_off = |name: &str| {
        let secret =
            format!("\n  handOff: [{{keyVault: {{vault: kv-data, secret: \"{name}-key\"}}}}]");
        if described.hands_over {
            secret
        } else {
            String::new()
        }
    };
    let mut text = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: lab}}\nspec: {{ledger: {{file: ledger.jsonl}}}}\n---\n\
         apiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: ingest}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg-data, factory: adf-ingest}}\n---\n\
         apiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {{name: analytics}}\nspec: {{host: {HOST}}}\n---\n\
         apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: gateways}}\nspec:\n  factory: ingest\n  integrationRuntimes: [\"gateway-*\"]\n  maxAge: {}d\n  rotateBefore: {}d\n  overlap: 24h\n  unknownAge: {}{windows}{}\n",
        described.age_max_days,
        described.rotate_before_days,
        described.unknown_age,
        hand_off("{runtime}")
    );
    if !described.accounts.is_empty() {
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: Subscription\nmetadata: {{name: data}}\nspec: {{subscription: {SUBSCRIPTION}}}\n---\n\
             apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: accounts}}\nspec:\n  subscription: data\n  storageAccounts: [\"account*\"]\n  maxAge: {}d\n  rotateBefore: {}d\n  overlap: 24h\n  unknownAge: {}{}\n",
            described.age_max_days,
            described.rotate_before_days,
            described.unknown_age,
            hand_off("{account}")
        );
    }
    for (index, job) in described.jobs.iter().enumerate() {
        let freshness = if job.require == "succeeded" {
            "\n  freshness: {errorAfter: 24h}\n  maxDuration: 8h"
        } else {
            ""
        };
        // Where every run is cancelled none is started beside another.
        let policy = if job.require == "notRunning" {
            String::new()
        } else {
            format!("\n  concurrencyPolicy: {}", job.policy)
        };
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: job-{index}}}\nspec:\n  workspace: analytics\n  job: {{name: job-{index}}}\n  require: {}{policy}{freshness}\n",
            job.require
        );
    }
    for index in 0..described.submits {
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: backfill-{index}}}\nspec:\n  workspace: analytics\n  submit: {{tasks: [{{task_key: main, notebook_task: {{notebook_path: /backfill-{index}}}}}]}}\n  require: succeeded\n"
        );
    }
    text
}

fn world(described: &Estate) -> String {
    let log = if described.log_readable {
        "readable"
    } else {
        "forbidden"
    };
    let mut text = format!(
        "clock: 2026-11-22T09:00:00Z\nseed: 7\nsubscriptions:\n- id: {SUBSCRIPTION}\n  activityLog: {log}\n  factories:\n  - name: adf-ingest\n    resourceGroup: rg-data\n    location: westeurope\n    created: 500d ago\n    runtimes:\n    - {{name: other, created: 9d ago}}\n"
    );
    for (index, runtime) in described.runtimes.iter().enumerate() {
        let made = |slot: usize| {
            if runtime.made[slot] < runtime.created {
                format!(
                    ", authKey{}: {{made: {}d ago}}",
                    slot + 1,
                    runtime.made[slot]
                )
            } else {
                String::new()
            }
        };
        let _ = writeln!(
            text,
            "    - {{name: gateway-{index}, created: {}d ago{}{}}}",
            runtime.created,
            made(0),
            made(1)
        );
    }
    if !described.accounts.is_empty() {
        let _ = writeln!(text, "  storageAccounts:");
    }
    for (index, account) in described.accounts.iter().enumerate() {
        let [one, two] = account.made;
        let _ = writeln!(
            text,
            "  - {{name: account{index}, resourceGroup: rg-data, created: {}d ago, key1: {{made: {one}d ago}}, key2: {{made: {two}d ago}}, keyTimes: {}}}",
            account.created, account.times
        );
    }
    let _ = write!(
        text,
        "workspaces:\n- host: {HOST}\n  jobs:\n  - {{id: 1, name: other}}\n"
    );
    for (index, job) in described.jobs.iter().enumerate() {
        let past = job.ended.iter().map(|(hours, result)| {
            let minutes = hours * 60;
            format!(
                "{{started: {}m ago, ended: {minutes}m ago, result: {result}}}",
                minutes + 30
            )
        });
        let going = job
            .active_hours
            .map(|hours| format!("{{started: {hours}h ago}}"));
        let runs: Vec<String> = past.chain(going).collect();
        let _ = writeln!(
            text,
            "  - {{id: {}, name: job-{index}, takes: {}, cancelTakes: 20s, outcome: {}, maxConcurrentRuns: {}, runs: [{}]}}",
            100 + index,
            job.takes,
            job.outcome,
            job.runs_max.max(1),
            runs.join(", ")
        );
    }
    let _ = writeln!(text, "vaults:\n- name: kv-data");
    if !described.faults.is_empty() {
        let _ = writeln!(text, "faults:");
    }
    for fault in &described.faults {
        let _ = writeln!(text, "- {fault}");
    }
    text
}
