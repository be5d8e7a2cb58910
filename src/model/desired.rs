//! What people declared: connections and rules. Selectors are still rules here; a survey expands them to subjects.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::address::Name;
use super::approval::Approval;
use super::connection::{KeyConnection, Workspace};
use super::job::{JobId, JobSpec, SubmissionSpec};
use super::key_service::KeyService;
use super::runtime::RuntimeSpec;
use super::selector::Selector;
use super::suspension::Suspension;
use super::time::Freeze;
use super::vault::{VaultConnection, VaultName};

/// Everything a folder of manifests says, checked as far as that is possible offline.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The folder's one Project.
    pub project: Project,
    /// Connections to resources with keys, by name.
    pub key_connections: BTreeMap<Name, KeyConnection>,
    /// Key Vaults that keys are handed to, by their names.
    pub vaults: BTreeMap<VaultName, VaultConnection>,
    /// Databricks connections by name.
    pub workspaces: BTreeMap<Name, Workspace>,
    /// `KeyAge` rules in the order of their names.
    pub key_ages: Vec<KeyAgeRule>,
    /// `JobRun` rules in the order of their names.
    pub job_runs: Vec<JobRunRule>,
    /// What was approved, in the order of the approvals' names. Nothing is decided from it.
    pub approvals: Vec<Approval>,
}

/// What holds for all rules together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The project's name.
    pub name: Name,
    /// Where the ledger is.
    pub ledger: LedgerPlace,
    /// How much one apply may do.
    pub guardrails: Guardrails,
    /// Times in which nothing is applied.
    pub freezes: Vec<Freeze>,
}

/// Where what happened is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerPlace {
    /// A file of JSON lines; relative paths have been resolved against the Project's folder.
    File(PathBuf),
    /// An append blob's https address.
    Blob(String),
}

/// How much one apply may do. `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guardrails {
    /// Keys regenerated in one apply.
    pub regenerations_per_apply: Option<u32>,
    /// Keys regenerated in one factory or Synapse workspace in one apply.
    pub regenerations_per_factory: Option<u32>,
    /// Keys of storage accounts regenerated in one subscription in one apply.
    pub regenerations_per_subscription: Option<u32>,
    /// Runs started or submitted in one apply.
    pub runs_per_apply: Option<u32>,
    /// Runs cancelled in one apply.
    pub cancellations_per_apply: Option<u32>,
    /// What becomes of the rest.
    pub on_exceed: OnExceed,
}

impl Guardrails {
    /// Is anything bounded?
    pub const fn is_any_set(&self) -> bool {
        let Self {
            regenerations_per_apply,
            regenerations_per_factory,
            regenerations_per_subscription,
            runs_per_apply,
            cancellations_per_apply,
            on_exceed: _,
        } = self;
        regenerations_per_apply.is_some()
            || regenerations_per_factory.is_some()
            || regenerations_per_subscription.is_some()
            || runs_per_apply.is_some()
            || cancellations_per_apply.is_some()
    }

    /// Keys regenerated in one apply in one factory, workspace or subscription of this service.
    pub const fn regenerations_within(&self, service: KeyService) -> Option<u32> {
        match service {
            KeyService::DataFactory | KeyService::Synapse => self.regenerations_per_factory,
            KeyService::Storage => self.regenerations_per_subscription,
        }
    }
}

/// What becomes of actions beyond a guardrail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExceed {
    /// The least urgent become holds until the next apply.
    #[default]
    Defer,
    /// Nothing is applied (exit code 5).
    Fail,
}

impl OnExceed {
    /// As a manifest writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Defer => "defer",
            Self::Fail => "fail",
        }
    }
}

/// Where a document stands, for errors that are found later: `afresh.yaml:12:3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named on the command line.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One `KeyAge` document.
#[derive(Clone, Debug)]
pub struct KeyAgeRule {
    /// Its name.
    pub name: Name,
    /// The connection that it selects in: a `DataFactory`, a `SynapseWorkspace` or a `Subscription`.
    pub connection: Name,
    /// Names and globs (`*`, `?`), without regard to case.
    pub select: Vec<Selector>,
    /// Names and globs that are left out.
    pub exclude: Vec<Selector>,
    /// Of the storage accounts that globs match, only those with all of these tags.
    pub tags: BTreeMap<String, String>,
    /// A glob may select nothing.
    pub allow_empty: bool,
    /// What is promised of every runtime it selects.
    pub spec: RuntimeSpec,
    /// Where `bornAfter` is written, if it is.
    pub born_after_at: Option<Place>,
    /// Why nothing is done for it, if that is so.
    pub suspend: Option<Suspension>,
    /// Where it is written.
    pub place: Place,
}

/// One `JobRun` document.
#[derive(Clone, Debug)]
pub struct JobRunRule {
    /// Its name.
    pub name: Name,
    /// The `DatabricksWorkspace` it looks in.
    pub workspace: Name,
    /// What runs, and what is promised of it.
    pub what: JobRunWhat,
    /// Tags may select nothing.
    pub allow_empty: bool,
    /// Why nothing is done for it, if that is so.
    pub suspend: Option<Suspension>,
    /// Where it is written.
    pub place: Place,
}

/// What a `JobRun` speaks about.
#[derive(Clone, Debug)]
pub enum JobRunWhat {
    /// Jobs of the workspace.
    Job(JobSelector, JobSpec),
    /// A one-time run.
    Submission(SubmissionSpec),
}

/// Which jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobSelector {
    /// The one job of this exact name.
    Name(String),
    /// The job of this id.
    Id(JobId),
    /// Every job that has all of these tags.
    Tags(BTreeMap<String, String>),
}
