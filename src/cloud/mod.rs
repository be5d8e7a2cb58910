//! SPEAK: model ⇄ wire; the only folder that can change the world.
//!
//! A [`Reader`] looks. A [`Writer`] acts, and there is no Writer without an [`Approval`], which only `cli/apply` mints.
//! Refuses: knowing the planner; letting a key out as anything but its fingerprint; sending a token to a host it was not made for.

use std::collections::BTreeMap;

use crate::model::address::ResourceId;
use crate::model::connection::{Factory, Workspace};
use crate::model::job::{Continuous, JobId, Run, RunId, Token};
use crate::model::outcome::TaskFailure;
use crate::model::runtime::{Fingerprint, PerSlot, Regeneration, RuntimeKind, Slot};
use crate::model::survey::SubmissionTarget;
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
}

/// Ended runs of a job, newest start first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The runs.
    pub runs: Vec<Run>,
    /// The start time from which on they are complete.
    pub since: Timestamp,
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

/// Looks at the cloud. Cheap to clone; clones share connections, tokens and counts.
#[derive(Clone, Debug)]
pub struct Reader {}

#[expect(
    clippy::unused_async,
    unused_variables,
    reason = "placeholders until the wire is built"
)]
impl Reader {
    /// All runtimes of a factory, every page.
    pub async fn runtimes(&self, factory: &Factory) -> Result<Dated<Vec<ListedRuntime>>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// One runtime by name.
    pub async fn runtime(
        &self,
        factory: &Factory,
        name: &str,
    ) -> Result<Dated<ListedRuntime>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// `getStatus` of a runtime.
    pub async fn runtime_status(
        &self,
        factory: &Factory,
        name: &str,
    ) -> Result<Dated<RuntimeStatus>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// Both keys of a runtime, as fingerprints.
    pub async fn keys(
        &self,
        factory: &Factory,
        name: &str,
    ) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// Successful regenerations in the Activity Log of the factory's resource group from `since` to `until`, newest first, with the runtime's ARM id.
    pub async fn regenerations(
        &self,
        factory: &Factory,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(ResourceId, Regeneration)>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// The host of a workspace in lower case, read from ARM if need be, checked against its cloud's domain.
    pub async fn host(&self, workspace: &Workspace) -> Result<String, Trouble> {
        Err(Trouble::placeholder())
    }

    /// All jobs of a workspace, every page; with `name`, those that the service lists under it (without regard to case).
    pub async fn jobs(
        &self,
        workspace: &Workspace,
        name: Option<&str>,
    ) -> Result<Dated<Vec<ListedJob>>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// One job by id.
    pub async fn job(
        &self,
        workspace: &Workspace,
        job: JobId,
    ) -> Result<Dated<ListedJob>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// Active runs (`active_only`, `JOB_RUN`), newest first, every page: of one job, or of the whole workspace.
    pub async fn active_runs(
        &self,
        workspace: &Workspace,
        job: Option<JobId>,
    ) -> Result<Dated<Vec<(JobId, Run)>>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// Ended runs of a job that started at or after `since`, newest first; stops early once `enough` says so of what was read.
    pub async fn ended_runs(
        &self,
        workspace: &Workspace,
        job: JobId,
        since: Timestamp,
        enough: &(dyn Fn(&[Run]) -> bool + Sync),
    ) -> Result<Dated<History>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// One run by id.
    pub async fn run(&self, workspace: &Workspace, run: RunId) -> Result<Dated<Run>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// One-time runs under the name that [`submission_name`] gives, newest first, as far back as the service keeps them.
    pub async fn submitted_runs(
        &self,
        workspace: &Workspace,
        run_name: &str,
    ) -> Result<Dated<Vec<Run>>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// Which task made a run fail, and with what error.
    pub async fn failure(
        &self,
        workspace: &Workspace,
        run: RunId,
    ) -> Result<Option<TaskFailure>, Trouble> {
        Err(Trouble::placeholder())
    }

    /// Requests sent so far, by kind, repeats included.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

/// The name under which a one-time run is submitted and found again: the rule and 16 digits of its content's digest.
pub fn submission_name(rule: &str, digest: &str) -> String {
    format!("{rule} [afresh {}]", digest.get(..16).unwrap_or(digest))
}

/// Changes the cloud, one request at a time, never repeating what must not be repeated.
#[derive(Clone, Debug)]
pub struct Writer {
    reader: Reader,
}

#[expect(
    clippy::unused_async,
    unused_variables,
    reason = "placeholders until the wire is built"
)]
impl Writer {
    /// A writer over the same connections and tokens.
    pub fn new(reader: Reader, _approval: &Approval) -> Self {
        Self { reader }
    }

    /// The reader it looks with.
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// `regenerateAuthKey`, sent once at most. Gives the new key's fingerprint.
    pub async fn regenerate(
        &self,
        factory: &Factory,
        name: &str,
        slot: Slot,
    ) -> Result<Dated<Fingerprint>, ActFailure> {
        Err(ActFailure::Refused(Trouble::placeholder()))
    }

    /// `run-now` under a token that is already in the ledger.
    pub async fn start(
        &self,
        workspace: &Workspace,
        job: JobId,
        token: &Token,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Dated<RunId>, ActFailure> {
        Err(ActFailure::Refused(Trouble::placeholder()))
    }

    /// `runs/submit` under a token that is already in the ledger.
    pub async fn submit(
        &self,
        workspace: &Workspace,
        target: &SubmissionTarget,
        digest: &str,
        token: &Token,
    ) -> Result<Dated<RunId>, ActFailure> {
        Err(ActFailure::Refused(Trouble::placeholder()))
    }

    /// `runs/cancel`: accepted, not yet ended.
    pub async fn cancel(&self, workspace: &Workspace, run: RunId) -> Result<Dated<()>, ActFailure> {
        Err(ActFailure::Refused(Trouble::placeholder()))
    }
}
