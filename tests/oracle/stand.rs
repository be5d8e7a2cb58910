//! One history's estate, standing: everything between the manifests and the false cloud is the real thing but the network.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use afresh::apply::{Connections, Options, StopFlag};
use afresh::clock::Clock;
use afresh::cloud::{Approval, Reader, Surroundings, Writer};
use afresh::http::client::Client;
use afresh::ledger::Ledger;
use afresh::ledger::store::memory::MemoryStore;
use afresh::model::desired::Desired;
use afresh::model::memory::Memory;
use afresh::model::outcome::Report;
use afresh::model::survey::{KeyReading, Refresh, Survey};
use afresh::model::time::Timestamp;
use afresh::model::trust::Trust;
use afresh::model::verdict::Plan;
use afresh::sim::{Embedded, World};

use crate::estate;
use crate::script::{Rules, Script};

pub struct Standing {
    desired: Desired,
    cloud: Embedded,
    clock: Clock,
    ledger: Ledger,
    store: MemoryStore,
    reader: Reader,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
    applies: u64,
    ledgers: u64,
}

/// A plan with what it was decided from.
pub struct Decided {
    pub plan: Plan,
    pub survey: Survey,
}

impl Standing {
    /// The error says why there is no such history.
    pub fn new(script: &Script) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let desired = read(folder.path(), script, &script.rules)?;
        let world = World::from_text(
            &estate::world(script),
            Path::new("world.yaml"),
            &Clock::Real,
        )
        .map_err(|error| format!("{error:?}"))?;
        let clock = world.clock();
        let cloud = Embedded::new(world);
        let surroundings = Surroundings::new([
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "s"),
        ]);
        let client = Client::new(Arc::new(cloud.clone()), clock.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let store = MemoryStore::default();
        let ledger = runtime
            .block_on(Ledger::open(Arc::new(store.clone()), clock.clone()))
            .unwrap();
        Ok(Self {
            desired,
            cloud,
            clock,
            ledger,
            store,
            reader: Reader::new(client, surroundings, Trust::default()),
            runtime,
            folder,
            applies: 0,
            ledgers: 0,
        })
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.cloud.world()
    }

    pub fn memory(&self) -> Memory {
        self.ledger.memory()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Goes on to `instant`, unless it is past.
    pub fn advance_to(&self, instant: Timestamp) {
        let Clock::Manual(clock) = &self.clock else {
            panic!("a world of the oracle has a clock of its own")
        };
        if instant > clock.now() {
            clock.advance_to(instant);
        }
    }

    pub fn rule(&mut self, script: &Script, rules: &Rules) -> Result<(), String> {
        self.desired = read(self.folder.path(), script, rules)?;
        Ok(())
    }

    /// A new process, which knows what was written.
    fn restart(&mut self) {
        let store = Arc::new(self.store.clone());
        let opened = self
            .runtime
            .block_on(Ledger::open(store, self.clock.clone()));
        self.ledger = opened.unwrap();
    }

    /// The ledger is gone, with the mark beside it.
    pub fn lose_ledger(&mut self) {
        self.store = MemoryStore::default();
        self.ledgers += 1;
        self.restart();
    }

    pub fn compact(&mut self) {
        if self.ledger.lineage().is_some() {
            self.runtime.block_on(self.ledger.compact()).unwrap();
            self.restart();
        }
    }

    /// Gathers and decides; the audit must find nothing.
    pub fn decide(&self, keys: KeyReading) -> Decided {
        let options = afresh::survey::Options {
            shard: None,
            refresh: Refresh::Auto,
            keys,
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
        let plan = self.decide_at(&survey, options.now);
        let breaches = afresh::plan::audit(&survey, &self.desired.project, &plan);
        assert!(breaches.is_empty(), "the audit finds {breaches:?}");
        Decided { plan, survey }
    }

    /// The same look judged for another time.
    pub fn decide_at(&self, survey: &Survey, at: Timestamp) -> Plan {
        afresh::plan::decide(survey, &self.desired.project, at)
    }

    /// Does what a plan says, as a process of its own.
    pub fn apply(&mut self, plan: &Plan) -> Vec<Report> {
        let lineage = format!("oracle-{}", self.ledgers);
        let opened = self.runtime.block_on(self.ledger.ensure_opened(&lineage));
        opened.unwrap();
        let connections = Connections {
            key_connections: &self.desired.key_connections,
            vaults: &self.desired.vaults,
            workspaces: &self.desired.workspaces,
        };
        self.applies += 1;
        let options = Options {
            width: afresh::cloud::Width::of(4),
            apply_id: format!("oracle-{}", self.applies),
            by: None,
            wait: false,
            not_after: Timestamp::MAX,
            ends_at: Timestamp::MAX,
            unapproved: std::collections::BTreeSet::new(),
            stop: StopFlag::default(),
        };
        let reports = Mutex::new(Vec::new());
        let report = |report| reports.lock().unwrap().push(report);
        let writer = Writer::new(self.reader.clone(), &Approval::given());
        let done = self.runtime.block_on(afresh::apply::run(
            plan,
            &connections,
            writer,
            &self.ledger,
            self.clock.clone(),
            options,
            &report,
        ));
        done.unwrap();
        self.restart();
        reports.into_inner().unwrap()
    }
}

fn read(folder: &Path, script: &Script, rules: &Rules) -> Result<Desired, String> {
    let file = folder.join("afresh.yaml");
    std::fs::write(file, estate::manifests(script, rules)).unwrap();
    let read = afresh::manifest::read(&[folder.to_owned()]);
    read.map(|manifests| manifests.desired)
        .map_err(|problems| problems.render(false))
}
