//! What every part of the survey works with: manifests, ledger, reader, and the options for reading.

use std::collections::{BTreeMap, BTreeSet};

use super::log::kept::Logs;
use crate::cloud::{Gate, Reader, Width};
use crate::model::address::{Address, Identity, Name};
use crate::model::desired::{Desired, JobRunRule, KeyAgeRule};
use crate::model::job::{JobId, JobSight};
use crate::model::memory::Memory;
use crate::model::runtime::RuntimeSight;
use crate::model::shard::Shard;
use crate::model::survey::{JobCase, KeyReading, Looked, Refresh, RuntimeCase, Subject, Survey};
use crate::model::time::Timestamp;

/// How to gather.
#[derive(Clone, Debug)]
pub struct Options {
    /// How eagerly to look.
    pub refresh: Refresh,
    /// Which keys to list.
    pub keys: KeyReading,
    /// Only these subjects; empty: all.
    pub targets: Vec<Address>,
    /// Only the subjects of this part; `None`: all.
    pub shard: Option<Shard>,
    /// How much is under way at a time.
    pub width: Width,
    /// The present, or `--as-of`.
    pub now: Timestamp,
}

impl Options {
    pub(super) fn wants(&self, address: &Address) -> bool {
        self.targets.is_empty() || self.targets.contains(address)
    }

    /// Is the subject in the part that this worker is for? Others are not looked at. They are known from lists only, so that what two subjects
    /// must not have in common is noticed wherever they belong.
    pub(super) fn is_ours(&self, subject: &Identity) -> bool {
        self.shard.is_none_or(|shard| shard.holds(subject))
    }

    pub(super) fn wants_connection(&self, connection: &Name) -> bool {
        self.targets.is_empty()
            || self
                .targets
                .iter()
                .any(|target| target.connection == *connection)
    }
}

/// What every part of the survey reads from.
pub(super) struct Scene<'a> {
    pub(super) desired: &'a Desired,
    pub(super) memory: &'a Memory,
    pub(super) reader: &'a Reader,
    pub(super) options: &'a Options,
    pub(super) gate: Gate,
    /// The Activity Logs that were read.
    pub(super) logs: Logs,
    /// Names, in lower case, of the runtimes whose keys the ledger knows anywhere.
    pub(super) runtime_names: BTreeSet<String>,
    /// What another survey has looked at.
    seen: BTreeMap<Identity, &'a Subject>,
    /// The rules about keys, by the connection that they go through.
    key_ages: BTreeMap<&'a Name, Vec<&'a KeyAgeRule>>,
    /// The rules about jobs, by their workspace.
    job_runs: BTreeMap<&'a Name, Vec<&'a JobRunRule>>,
    /// The jobs that the ledger knows, by what people called them at a host.
    jobs_called: JobsCalled<'a>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        desired: &'a Desired,
        memory: &'a Memory,
        reader: &'a Reader,
        options: &'a Options,
    ) -> Self {
        reader.at_most(options.width.all);
        Self {
            desired,
            memory,
            reader,
            options,
            gate: Gate::new(options.width.each),
            logs: Logs::default(),
            seen: BTreeMap::new(),
            runtime_names: memory
                .runtimes
                .iter()
                .filter(|(_, runtime)| runtime.knows_keys())
                .filter_map(|(identity, _)| identity.resource())
                .map(|id| id.name().to_ascii_lowercase())
                .collect(),
            key_ages: by(&desired.key_ages, |rule| &rule.connection),
            job_runs: by(&desired.job_runs, |rule| &rule.workspace),
            jobs_called: jobs_called(memory),
        }
    }

    /// The same, taking what another survey has looked at as seen.
    pub(super) fn seeing(mut self, first: &'a Survey) -> Self {
        let seen = first.cases.iter();
        let seen = seen.filter_map(|case| Some((case.identity()?, case)));
        self.seen = seen.collect();
        self
    }

    /// How a resource with keys looks, if another survey has looked.
    pub(super) fn seen_keys(&self, case: &RuntimeCase) -> Option<&'a Looked<RuntimeSight>> {
        match self.seen.get(&case.target.identity())? {
            Subject::Runtime(seen) => asked(&seen.sight),
            Subject::Job(_) | Subject::Submission(_) | Subject::Unresolved { .. } => None,
        }
    }

    /// How a job looks, if another survey has looked for the same promise: another one may need more of its history.
    pub(super) fn seen_job(&self, case: &JobCase) -> Option<&'a Looked<JobSight>> {
        match self.seen.get(&case.target.identity())? {
            Subject::Job(seen) if seen.spec == case.spec => asked(&seen.sight),
            Subject::Job(_)
            | Subject::Runtime(_)
            | Subject::Submission(_)
            | Subject::Unresolved { .. } => None,
        }
    }

    /// The rules about keys that go through a connection.
    pub(super) fn key_ages(&self, connection: &Name) -> &[&'a KeyAgeRule] {
        self.key_ages.get(connection).map_or(&[], Vec::as_slice)
    }

    /// The rules about jobs of a workspace.
    pub(super) fn job_runs(&self, workspace: &Name) -> &[&'a JobRunRule] {
        self.job_runs.get(workspace).map_or(&[], Vec::as_slice)
    }

    /// The jobs at this host that people called so.
    pub(super) fn jobs_called(&self, host: &str, address: &Address) -> &[(&'a Identity, JobId)] {
        self.jobs_called
            .get(host)
            .and_then(|called| called.get(address))
            .map_or(&[], Vec::as_slice)
    }
}

const fn asked<T>(sight: &Looked<T>) -> Option<&Looked<T>> {
    match sight {
        Looked::NotAsked => None,
        Looked::Seen(_) | Looked::Failed(_) => Some(sight),
    }
}

fn by<'a, T>(rules: &'a [T], of: impl Fn(&'a T) -> &'a Name) -> BTreeMap<&'a Name, Vec<&'a T>> {
    let mut all: BTreeMap<&Name, Vec<&T>> = BTreeMap::new();
    for rule in rules {
        all.entry(of(rule)).or_default().push(rule);
    }
    all
}

/// By host, and by what people called them there.
type JobsCalled<'a> = BTreeMap<&'a str, BTreeMap<&'a Address, Vec<(&'a Identity, JobId)>>>;

fn jobs_called(memory: &Memory) -> JobsCalled<'_> {
    let mut called = JobsCalled::new();
    for (identity, address) in &memory.addresses {
        if let Some((host, job)) = identity.job() {
            let there = called.entry(host).or_default();
            there.entry(address).or_default().push((identity, job));
        }
    }
    called
}
