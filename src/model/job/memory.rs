//! What the ledger knows of a job or of a one-time run.

use std::collections::{BTreeMap, BTreeSet};

use super::id::RunId;
use super::parameter::ParameterValue;
use super::run::RunResult;
use crate::model::time::Timestamp;

/// What the ledger knows of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobMemory {
    /// The name under which people knew it last.
    pub name: Option<String>,
    /// The newest run that afresh started.
    pub last_start: Option<OwnStart>,
    /// Runs that afresh started before it, after the newest success, and whose ends nobody wrote down; the oldest first.
    pub open_starts: Vec<OwnStart>,
    /// The newest success that was seen: run, end, result.
    pub last_success: Option<(RunId, Timestamp, RunResult)>,
    /// The [`JobSpec::asks`](super::JobSpec::asks) that it was one for; `None`: an older ledger does not tell.
    pub last_success_for: Option<String>,
    /// Failures that were seen since then, in the order in which they were written down.
    pub failures: Vec<KnownFailure>,
    /// Runs of others that afresh cancelled since then, and when the service took note: they did not fail by themselves.
    pub cancelled: BTreeMap<RunId, Timestamp>,
    /// When a person last had the attempts forgotten.
    pub forgiven_at: Option<Timestamp>,
    /// Runs of those attempts of which nobody knows when they ended.
    pub forgiven: BTreeSet<RunId>,
}

impl JobMemory {
    /// What is known of the start of `run`, if it was a start by afresh that is remembered.
    pub fn own(&self, run: RunId) -> Option<&OwnStart> {
        self.starts().find(|own| own.run == run)
    }

    /// The newest instant that is remembered of it.
    pub fn last_heard(&self) -> Option<Timestamp> {
        let started = self.last_start.as_ref().map(|own| own.at);
        let succeeded = self.last_success.as_ref().map(|(_, end, _)| *end);
        let failed = self.failures.iter().filter_map(|known| known.ended);
        let told = [started, succeeded, self.forgiven_at];
        failed.chain(told.into_iter().flatten()).max()
    }

    /// Adds a start by afresh. An earlier one whose end is not known stays remembered: it was an attempt, too.
    pub fn start(&mut self, start: OwnStart) {
        if self.own(start.run).is_some() {
            return;
        }
        let is_newer = self
            .last_start
            .as_ref()
            .is_none_or(|known| known.at <= start.at);
        let older = if is_newer {
            self.last_start.replace(start)
        } else {
            Some(start)
        };
        let Some(older) = older.filter(|older| self.is_open(older)) else {
            return;
        };
        let place = self
            .open_starts
            .partition_point(|known| known.at <= older.at);
        self.open_starts.insert(place, older);
    }

    /// Has nobody written down its end, nor a later success, nor that a person forgave it?
    fn is_open(&self, own: &OwnStart) -> bool {
        let success = self.last_success.as_ref().map(|(_, end, _)| *end);
        let after = success.max(self.forgiven_at);
        after.is_none_or(|after| after < own.at)
            && self.failures.iter().all(|known| known.run != own.run)
    }

    /// Drops the starts whose ends, or what made up for them, are known by now.
    pub fn drop_ended_starts(&mut self) {
        let open = std::mem::take(&mut self.open_starts);
        self.open_starts = open.into_iter().filter(|own| self.is_open(own)).collect();
    }

    /// The starts by afresh that are remembered, the newest first.
    pub fn starts(&self) -> impl Iterator<Item = &OwnStart> {
        self.last_start.iter().chain(self.open_starts.iter().rev())
    }
}

/// A run that afresh started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnStart {
    /// Its id.
    pub run: RunId,
    /// When the service answered.
    pub at: Timestamp,
    /// The parameters that it was started with.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The [`JobSpec::digest`](super::JobSpec::digest) of that time; `None`: an older ledger does not tell.
    pub rule: Option<String>,
}

/// A failure that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// Which run.
    pub run: RunId,
    /// When it ended, if the service told.
    pub ended: Option<Timestamp>,
    /// How.
    pub result: RunResult,
    /// The [`JobSpec::digest`](super::JobSpec::digest) that it was an attempt for.
    pub rule: Option<String>,
}

/// What the ledger knows of a one-time submit, of its present content or an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionMemory {
    /// Runs that afresh submitted: digest of the content, run, when the service answered; oldest first.
    pub runs: Vec<(String, RunId, Timestamp)>,
    /// Ends that were seen: digest, run, end, result.
    pub ends: Vec<(String, RunId, Timestamp, RunResult)>,
    /// Runs whose end was never seen and which succeeded, as a person says: digest, run.
    pub confirmed: Vec<(String, RunId)>,
    /// When a person last had the failed attempts forgotten.
    pub forgiven_at: Option<Timestamp>,
    /// How often a person has had each content forgotten, by digest: part of its next token.
    pub forgotten: BTreeMap<String, u32>,
}
