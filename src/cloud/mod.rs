//! SPEAK: model ⇄ wire; the only folder that can change the world.
//!
//! A [`Reader`] looks. A [`Writer`] acts, and there is no Writer without an [`Approval`], which only `cli/apply` mints.
//! Refuses: knowing the planner; letting a key out as anything but its fingerprint; sending a token to a host it was not made for.

mod access;
mod activity;
mod arm;
mod call;
mod credential;
mod databricks;
mod denial;
mod factory;
mod gate;
mod parameters;
mod reader;
mod request_id;
mod secret;
mod session;
mod soft;
mod storage;
mod surroundings;
mod writer;

#[cfg(test)]
mod tests;

pub use crate::http::Place;
pub use access::Me;
pub use credential::{AUTHORITY_HOST, public_authority};
pub use databricks::parts::Parts;
pub use gate::Gate;
pub use reader::Reader;
pub use storage::{access as storage_access, identity as storage_identity};
pub use surroundings::{Surroundings, whole, without_dots, without_links};
pub use writer::Writer;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::limits::CLOCK_SKEW_MAX;
use crate::model::address::ResourceId;
use crate::model::job::{Continuous, JobId, Run, RunId, Trigger};
use crate::model::runtime::{Fingerprint, RuntimeKind};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::Trouble;

/// Something a service said, and its own time (`Date`) when it said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    /// The service's time.
    pub at: Timestamp,
    /// What it said.
    pub said: T,
}

/// A runtime as a factory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRuntime {
    /// Its own name, as the service spells it.
    pub name: String,
    /// Its ARM id.
    pub id: ResourceId,
    /// Whether it has keys of its own.
    pub kind: RuntimeKind,
}

/// What `getStatus` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeStatus {
    /// `createTime`.
    pub created: Option<Timestamp>,
    /// `Online`, `NeedRegistration` and so on, in the service's word.
    pub condition: Option<String>,
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

/// How far this machine's clock is from that of a service that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    host: String,
    by: Span,
    is_ahead: bool,
}

impl ClockSkew {
    /// Too much for any decision to rest on this clock.
    pub fn forbids_deciding(&self) -> bool {
        self.by.as_secs() > CLOCK_SKEW_MAX.as_secs()
    }
}

impl fmt::Display for ClockSkew {
    /// `this machine's clock is 7m12s ahead of management.azure.com`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.is_ahead { "ahead of" } else { "behind" };
        write!(f, "this machine's clock is {} {way} {}", self.by, self.host)
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

/// Leave to change the world. Only `cli/apply` mints one, after a yes, `--auto-approve` or a reviewed plan file.
#[derive(Debug)]
pub struct Approval(());

impl Approval {
    /// To be called by `cli/apply` alone; a test over the source tree holds this.
    pub const fn given() -> Self {
        Self(())
    }
}

/// The name under which a one-time run is submitted and found again: the rule and the mark of its content.
pub fn submission_name(rule: &str, digest: &str) -> String {
    format!("{rule} [afresh {}]", content_mark(digest))
}

/// What a run's name tells of its content: 16 digits of the digest.
pub fn content_mark(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}

/// A one-time run that afresh submitted, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedRun {
    /// The rule, as it was called then.
    pub rule: String,
    /// As [`content_mark`] gives it.
    pub content: String,
    /// The run.
    pub run: Run,
}

impl SubmittedRun {
    /// Reads what [`submission_name`] wrote; `None`: another's run.
    fn named(name: &str, run: Run) -> Option<Self> {
        let (rule, mark) = name.strip_suffix(']')?.rsplit_once(" [afresh ")?;
        Some(Self {
            rule: rule.to_owned(),
            content: mark.to_owned(),
            run,
        })
    }
}
