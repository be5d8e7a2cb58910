//! What was gathered: one case for each subject, zipped from desired, seen and remembered.

use super::address::{Address, Identity, Name};
use super::desired::Place;
use super::hand_off::DestinationCase;
use super::job::{JobMemory, JobSight, JobSpec, SubmissionMemory, SubmissionSight, SubmissionSpec};
use super::memory::{Doubt, LogReading};
use super::requests::Requests;
use super::runtime::{RuntimeMemory, RuntimeSight, RuntimeSpec};
use super::shard::Part;
use super::suspension::Suspension;
use super::trouble::Trouble;
use super::verdict::action::Action;
use super::verdict::refusal::Refusal;

pub(super) mod target;

pub use target::{JobTarget, RuntimeTarget, SubmissionTarget};

/// Everything a plan is decided from, besides the time.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// One for each subject, in the order of their addresses.
    pub cases: Vec<Subject>,
    /// What a glob met and left alone, visibly.
    pub skipped: Vec<Skipped>,
    /// Activity Logs that were read to their last page.
    pub logs: Vec<LogReading>,
    /// Requests sent.
    pub requests: Requests,
    /// How eagerly it was read.
    pub refresh: Refresh,
    /// Which part of the subjects it is about; `None`: all.
    pub part: Option<Part>,
}

/// What a glob or tags met and left alone: a runtime that has no keys of its own; or the selector itself, which meets nothing now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What it is called.
    pub address: Address,
    /// Why: `managed by Azure: it has no keys`, `no job of the workspace has these tags now`.
    pub why: String,
}

/// One subject with all that is known of it.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each subject, and most are of one kind"
)]
pub enum Subject {
    /// A runtime with its two keys.
    Runtime(RuntimeCase),
    /// A job with all its runs.
    Job(JobCase),
    /// A one-time submit.
    Submission(SubmissionCase),
    /// Something a rule speaks of that could not be found out: a list that failed, a job that does not exist or exists twice,
    /// a runtime that two rules claim.
    Unresolved {
        /// What the rule calls it; a selector's text if it could not be expanded.
        address: Address,
        /// The rule.
        rule: Name,
        /// Why.
        trouble: Trouble,
    },
}

/// A runtime.
pub type RuntimeCase = Case<RuntimeTarget, RuntimeSpec, RuntimeSight, RuntimeMemory>;
/// A job.
pub type JobCase = Case<JobTarget, JobSpec, JobSight, JobMemory>;
/// A one-time submit.
pub type SubmissionCase = Case<SubmissionTarget, SubmissionSpec, SubmissionSight, SubmissionMemory>;

/// Desired, seen and remembered of one subject.
#[derive(Clone, Debug)]
pub struct Case<Target, Spec, Sight, Memory> {
    /// What people call it.
    pub address: Address,
    /// The rule that speaks of it.
    pub rule: Name,
    /// Where that rule is written.
    pub place: Place,
    /// Where it is.
    pub target: Target,
    /// Desired.
    pub spec: Spec,
    /// Why nothing is done for that rule, if that is so.
    pub suspend: Option<Suspension>,
    /// Seen.
    pub sight: Looked<Sight>,
    /// Remembered; empty if never met.
    pub memory: Memory,
    /// Where its current key goes, with what was seen there; empty for what has no keys.
    pub destinations: Vec<DestinationCase>,
    /// Intents on it without an end.
    pub doubts: Vec<Doubt>,
    /// What the service refused last, while nothing alike has been done since.
    pub refused: Option<(Action, Refusal)>,
}

/// The outcome of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked<Sight> {
    /// Seen.
    Seen(Sight),
    /// The ledger is proof enough, or the person asked for no looks (`--refresh none`).
    NotAsked,
    /// Tried, and failed.
    Failed(Trouble),
}

impl Subject {
    /// That of a resource with keys.
    pub const fn runtime(&self) -> Option<&RuntimeCase> {
        match self {
            Self::Runtime(case) => Some(case),
            Self::Job(_) | Self::Submission(_) | Self::Unresolved { .. } => None,
        }
    }

    /// The same, to change it.
    pub const fn runtime_mut(&mut self) -> Option<&mut RuntimeCase> {
        match self {
            Self::Runtime(case) => Some(case),
            Self::Job(_) | Self::Submission(_) | Self::Unresolved { .. } => None,
        }
    }

    /// What people call it.
    pub fn address(&self) -> &Address {
        match self {
            Self::Runtime(case) => &case.address,
            Self::Job(case) => &case.address,
            Self::Submission(case) => &case.address,
            Self::Unresolved { address, .. } => address,
        }
    }

    /// The rule that speaks of it.
    pub fn rule(&self) -> &Name {
        match self {
            Self::Runtime(case) => &case.rule,
            Self::Job(case) => &case.rule,
            Self::Submission(case) => &case.rule,
            Self::Unresolved { rule, .. } => rule,
        }
    }

    /// Where that rule is written; `None` for what could not be found out.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Runtime(case) => Some(&case.place),
            Self::Job(case) => Some(&case.place),
            Self::Submission(case) => Some(&case.place),
            Self::Unresolved { .. } => None,
        }
    }

    /// The ledger's key; `None` for what could not be found out.
    pub fn identity(&self) -> Option<Identity> {
        match self {
            Self::Runtime(case) => Some(case.target.identity()),
            Self::Job(case) => Some(case.target.identity()),
            Self::Submission(case) => Some(case.target.identity()),
            Self::Unresolved { .. } => None,
        }
    }
}

/// Which keys are listed. Listing them is a write to Azure, and brings live keys into this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyReading {
    /// Where the decision needs them, and once of each runtime that the ledger does not know: what is read is recorded, and later
    /// decisions compare with it.
    Recorded,
    /// Only where this decision needs them: nothing is recorded.
    Needed,
    /// Never (`--evidence status`): keys are judged by the rest of the evidence.
    Never,
}

/// What to read (`--refresh`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// What the ledger cannot prove.
    #[default]
    Auto,
    /// Everything.
    All,
    /// Nothing: the ledger alone decides.
    None,
}
