//! What the services say, as plain types, each with the service's time; and why an action may have no confirmed result.
//!
//! Nothing here depends on how the request was made.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::ResourceId;
use crate::model::job::{Continuous, JobId, Run, RunId, Trigger};
use crate::model::nodes::{Link, Node};
use crate::model::runtime::{Fingerprint, OwnKeys, PerSlot, Regeneration};
use crate::model::time::Timestamp;
use crate::model::trouble::Trouble;

/// Something a service said, and its own time (`Date`) when it said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    /// The service's time.
    pub at: Timestamp,
    /// What it said.
    pub said: T,
}

/// What a stretch of an Activity Log told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStretch {
    /// So many pages were read.
    pub pages: usize,
    /// Successful regenerations, newest first; `None`: it has more pages than were wanted, and no order of them is promised.
    pub events: Option<Vec<(ResourceId, Regeneration)>>,
}

/// A runtime as a factory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRuntime {
    /// Its own name, as the service spells it.
    pub name: String,
    /// Its ARM id.
    pub id: ResourceId,
    /// Whether it has keys of its own.
    pub kind: OwnKeys,
}

/// A factory or a Synapse workspace, as its subscription lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedHolder {
    /// The resource group that it lies in.
    pub group: String,
    /// Its own name.
    pub name: String,
}

/// A storage account as its subscription lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    /// Its own name.
    pub name: String,
    /// Its ARM id.
    pub id: ResourceId,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made, if the service told.
    pub created: Option<Timestamp>,
    /// When each key was made, if the service told: it does not of a key that was never regenerated, nor always in a list.
    pub told: PerSlot<Option<Timestamp>>,
    /// Times that it told and that are yet to come by the clock of the answer: those are not in `told`.
    pub told_ahead: PerSlot<Option<Timestamp>>,
    /// Whether it takes its keys.
    pub own_keys: OwnKeys,
}

/// What `getStatus` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeStatus {
    /// `createTime`.
    pub created: Option<Timestamp>,
    /// `Online`, `NeedRegistration` and so on, in the service's word.
    pub condition: Option<String>,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Runtimes of other factories that share it.
    pub links: Vec<Link>,
}

/// What a `regenerateAuthKey` answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regenerated {
    /// The key of the slot that was to be regenerated.
    pub key: Fingerprint,
    /// The other key, where the answer holds it.
    pub beside: Option<Fingerprint>,
}

/// A job as a workspace lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedJob {
    /// Its id.
    pub id: JobId,
    /// Its name, empty if it has none.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it restarts itself.
    pub continuous: Continuous,
    /// `max_concurrent_runs`, 1 if absent.
    pub runs_max: u32,
    /// What starts it by itself.
    pub trigger: Trigger,
    /// The parameters that it declares, with their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The tasks that a whole run of it runs; `None`: not read.
    pub tasks: Option<BTreeSet<String>>,
}

/// Ended runs of a job, newest start first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The runs.
    pub runs: Vec<Run>,
    /// Runs that the list of ended ones holds and that do not say that they have ended. They count as active.
    pub active: Vec<Run>,
    /// The start time from which on they are complete.
    pub since: Timestamp,
}

impl History {
    /// Joins [`Self::active`] to the runs that the list of active ones held.
    pub fn add_active_to(&self, active: &mut Vec<Run>) {
        let met: BTreeSet<RunId> = active.iter().map(|run| run.id).collect();
        let unmet = self.active.iter().filter(|run| !met.contains(&run.id));
        active.extend(unmet.cloned());
    }
}

/// Why an effect has no receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActFailure {
    /// It surely did not happen: the request never left, or the service refused it.
    Refused(Trouble),
    /// It may have happened: the answer was lost, or says a server error.
    Lost(Trouble),
}
