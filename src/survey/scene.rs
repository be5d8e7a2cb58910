//! What every part of the survey works with: manifests, ledger, reader, and the options for reading.

use std::collections::BTreeSet;

use super::log::Logs;
use crate::cloud::{Gate, Reader};
use crate::model::address::{Address, Name};
use crate::model::desired::Desired;
use crate::model::memory::Memory;
use crate::model::survey::{KeyReading, Refresh};
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
    /// Most requests under way at a time.
    pub parallelism: usize,
    /// The present, or `--as-of`.
    pub now: Timestamp,
}

impl Options {
    pub(super) fn wants(&self, address: &Address) -> bool {
        self.targets.is_empty() || self.targets.contains(address)
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
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        desired: &'a Desired,
        memory: &'a Memory,
        reader: &'a Reader,
        options: &'a Options,
    ) -> Self {
        reader.at_most(options.parallelism);
        Self {
            desired,
            memory,
            reader,
            options,
            gate: Gate::new(options.parallelism),
            logs: Logs::default(),
            runtime_names: memory
                .runtimes
                .iter()
                .filter(|(_, runtime)| runtime.knows_keys())
                .filter_map(|(identity, _)| identity.resource())
                .map(|id| id.name().to_ascii_lowercase())
                .collect(),
        }
    }
}
