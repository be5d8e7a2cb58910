//! What a verdict rests on, for `why`, for reviewers, and for apply, which reads again.
//!
//! A key is held as its fingerprint only.

use super::super::address::ResourceId;
use super::super::birth::{AgeRange, Birth};
use super::super::job::{Continuous, FormerRun, Requirement, Run, RunId, RunResult};
use super::super::joint::Correction;
use super::super::nodes::NodeFacts;
use super::super::runtime::{Fingerprint, PerSlot, RuntimeSpec, Slot};
use super::super::survey::Looked;
use super::super::time::{Span, Timestamp};
use super::super::trouble::Trouble;
use super::hand_off::HandOffFacts;

/// What a verdict rests on, for `why` and for reviewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Of a runtime.
    Runtime(Box<RuntimeFacts>),
    /// Of a job.
    Job(Box<JobFacts>),
    /// Of a one-time submit.
    Submission(SubmissionFacts),
    /// Nothing could be found out.
    None,
}

impl Facts {
    /// Those of a resource with keys.
    pub fn runtime(&self) -> Option<&RuntimeFacts> {
        match self {
            Self::Runtime(facts) => Some(facts),
            Self::Job(_) | Self::Submission(_) | Self::None => None,
        }
    }

    /// Those of a job.
    pub fn job(&self) -> Option<&JobFacts> {
        match self {
            Self::Job(facts) => Some(facts),
            Self::Runtime(_) | Self::Submission(_) | Self::None => None,
        }
    }

    /// Those of a one-time submit.
    pub const fn submission(&self) -> Option<&SubmissionFacts> {
        match self {
            Self::Submission(facts) => Some(facts),
            Self::Runtime(_) | Self::Job(_) | Self::None => None,
        }
    }
}

/// What a runtime's verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeFacts {
    /// What is promised.
    pub spec: RuntimeSpec,
    /// How far this runtime's due time is drawn earlier.
    pub jitter_share: Span,
    /// Of each key.
    pub slots: PerSlot<SlotFacts>,
    /// Whether it was read for the decision.
    pub read: ReadOutcome,
    /// The service's time of the look that showed its keys; `None`: no key was shown.
    pub seen_at: Option<Timestamp>,
    /// When the runtime was made, if the service told.
    pub created: Option<Timestamp>,
    /// When each key was made, where the service itself told at the look.
    pub told: PerSlot<Option<Timestamp>>,
    /// Facts that stronger ones exclude.
    pub corrected: Vec<Correction>,
    /// How its hand-offs stand, in the order of the rule.
    pub hand_offs: Vec<HandOffFacts>,
    /// What others did to its keys since they were last read.
    pub outside: Vec<OutsideChange>,
    /// Why its status was not shown, if the rest of the evidence had to do.
    pub status_refused: Option<Trouble>,
    /// Why its keys were not shown, if they were asked for.
    pub keys_refused: Option<Trouble>,
    /// Why the Activity Log was not shown, if it was asked for.
    pub log_refused: Option<Trouble>,
    /// What is known of its nodes.
    pub nodes: NodeFacts,
}

/// Whether something was read for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// It was, whether or not the look showed all there is.
    Read {
        /// The service's time of the look.
        at: Timestamp,
    },
    /// It was not: the ledger was proof enough, or the person asked for no looks (`--refresh none`).
    NotRead,
    /// It could not be read.
    Failed,
}

impl ReadOutcome {
    /// What came of this; what was seen tells when.
    pub fn of<Sight>(looked: &Looked<Sight>, at: impl FnOnce(&Sight) -> Timestamp) -> Self {
        match looked {
            Looked::Seen(sight) => Self::Read { at: at(sight) },
            Looked::NotAsked => Self::NotRead,
            Looked::Failed(_) => Self::Failed,
        }
    }

    /// When it was read; `None`: it was not.
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::Read { at } => Some(at),
            Self::NotRead | Self::Failed => None,
        }
    }
}

/// What others did to a key, or to what has it, since it was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutsideChange {
    /// The resource was deleted and created anew: both keys are others.
    CreatedAnew {
        /// When, by its own word.
        at: Timestamp,
    },
    /// It was regenerated, and not by an apply with this ledger.
    Rotated {
        /// Which key.
        slot: Slot,
        /// When, if one event of the log can be it.
        at: Option<Timestamp>,
        /// Who did it, if the log tells.
        by: Option<String>,
        /// The id of the request says that it was afresh, with another ledger.
        by_afresh: bool,
    },
    /// The slot holds a key that the ledger knows from before: the factory was moved or renamed, or an old value came back.
    Returned {
        /// Which key.
        slot: Slot,
        /// Whose it was.
        from: ResourceId,
        /// In which slot.
        was: Slot,
    },
}

/// What is known of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotFacts {
    /// Its fingerprint, seen or remembered.
    pub fingerprint: Option<Fingerprint>,
    /// When it was made, with the evidence.
    pub birth: Birth,
    /// Its age at the time of the plan.
    pub age: AgeRange,
    /// When it falls due by the judged age; `None`: unknown.
    pub due_at: Option<Timestamp>,
    /// When its limit is broken by the judged age; `None`: unknown.
    pub limit_at: Option<Timestamp>,
}

/// What a job's verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFacts {
    /// What is promised.
    pub require: Requirement,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// The job's name, if seen.
    pub name: Option<String>,
    /// The rule's [`JobSpec::digest`](crate::model::job::JobSpec::digest).
    pub rule: String,
    /// The rule's [`JobSpec::asks`](crate::model::job::JobSpec::asks).
    pub asks: String,
    /// The newest success that counts: run and end.
    pub last_success: Option<(RunId, Timestamp)>,
    /// How it ended.
    pub success_result: Option<RunResult>,
    /// It counts though the service does not tell its parameters.
    pub untold: bool,
    /// It counts though the service does not tell whether it ran all tasks.
    pub tasks_untold: bool,
    /// Its parameters that were not compared, since the rule takes them from variables.
    pub uncompared: Vec<String>,
    /// Successes since then that do not count; newest first.
    pub dismissed: Vec<Dismissed>,
    /// Failures since then that count: run, end, result; newest first.
    pub failures: Vec<(RunId, Timestamp, RunResult)>,
    /// Failures that count, and of which nobody tells when they ended.
    pub undated_failures: Vec<(RunId, RunResult)>,
    /// Runs that afresh started at these times, and whose ends were never seen: each counts as a failure. The newest first.
    pub lost: Vec<(RunId, Timestamp)>,
    /// Ended runs of which the service tells neither start nor end: they may be newer or older than all others.
    pub undated: Vec<Run>,
    /// Active runs, newest first.
    pub active: Vec<Run>,
    /// How far back its history was read; `None`: the ledger was proof.
    pub history_since: Option<Timestamp>,
    /// Whether it restarts itself; `None`: not looked at.
    pub continuous: Option<Continuous>,
    /// What starts it by itself; `None`: nothing does, or it was not looked at.
    pub firing: Option<Firing>,
    /// Why the runs that it starts by itself do not count.
    pub unsuited: Option<String>,
}

impl JobFacts {
    /// How many attempts failed since the last success.
    pub fn failed(&self) -> u32 {
        let all = self.failures.len() + self.undated_failures.len() + self.lost.len();
        u32::try_from(all).unwrap_or(u32::MAX)
    }
}

/// A success that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissed {
    /// Which run.
    pub run: RunId,
    /// When it ended, if the service tells.
    pub at: Option<Timestamp>,
    /// Why: `day=2019-01-01`.
    pub why: String,
}

/// What starts a job by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// In words: ``the schedule `0 0 2 * * ?` UTC``.
    pub by: String,
    /// When it does so next, if that can be computed.
    pub next: Option<Timestamp>,
}

/// What a one-time submit's verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionFacts {
    /// SHA-256 of its content.
    pub digest: String,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// Its runs that were seen, newest first.
    pub runs: Vec<Run>,
    /// Failures that the ledger knows and nobody shows any more: run, end, result; newest first.
    pub failures: Vec<(RunId, Timestamp, RunResult)>,
    /// Runs of earlier contents of the rule that are active, or of which the ledger knew no end.
    pub former: Vec<FormerRun>,
}
