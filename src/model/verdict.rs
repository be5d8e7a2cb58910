//! What was decided: a verdict with its reason for every subject, and the instant at which it would change.
//!
//! An action always comes with its cause. A regenerate says what it replaces, and a start or a submit has its idempotency token. A key is
//! held as its fingerprint only.

use std::collections::BTreeMap;
use std::fmt;

use super::address::{Address, Identity, Name};
use super::job::{ParameterValue, RunId, RunResult, Token};
use super::key_service::KeyService;
use super::memory::LogReading;
use super::promise::{Attention, Promise};
use super::requests::Requests;
use super::runtime::{Fingerprint, Slot};
use super::survey::{JobTarget, Refresh, RuntimeTarget, Skipped, SubmissionTarget};
use super::time::{Freeze, Span, Timestamp};

mod cause;
mod counts;
mod decision;
mod facts;
mod haste;
mod hold;
mod refusal;

pub use cause::Cause;
pub use counts::Counts;
pub use decision::{Decision, Frame};
pub use facts::{
    Dismissed, Facts, Firing, JobFacts, OutsideChange, RuntimeFacts, SlotFacts, SubmissionFacts,
};
pub use haste::Haste;
pub use hold::Hold;
pub use refusal::Refusal;

/// Everything that was decided, about every subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The time it was decided for.
    pub at: Timestamp,
    /// One for each subject, in the order of their addresses.
    pub steps: Vec<Step>,
    /// What globs met and left alone.
    pub skipped: Vec<Skipped>,
    /// Nothing changes before this by the passing of time alone, unless a right is missing where nothing was looked at yet: the earliest `changes_at`, and at most
    /// [`crate::limits::PLAN_VALIDITY_MAX`] from `at`.
    pub valid_until: Timestamp,
    /// Freezes that are not over yet: apply keeps them also between decision and act.
    pub freezes: Vec<Freeze>,
    /// Guardrails that were reached.
    pub exceeded: Vec<Exceeded>,
    /// The plan must not be applied: a guardrail with `onExceed: fail` was reached (exit code 5).
    pub refused: bool,
    /// Activity Logs that the survey read to their last page, for the ledger.
    pub logs: Vec<LogReading>,
    /// Requests that the survey sent.
    pub requests: Requests,
    /// How it was read: with [`Refresh::None`] everything is as of the last read.
    pub refresh: Refresh,
}

/// One subject's verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What people call it.
    pub address: Address,
    /// The rule that speaks of it.
    pub rule: Name,
    /// Where it is; `None` for what could not be found out.
    pub target: Option<Target>,
    /// Whether its promise holds, whatever is done about it.
    pub promise: Promise,
    /// When its promise is proved to be broken if nothing happens until then; `None`: it is already, or no evidence tells.
    pub breaks_at: Option<Timestamp>,
    /// When it is kept and no longer proved, if that comes before it is proved to be broken.
    pub proved_until: Option<Timestamp>,
    /// Why a person is needed; `None`: time or the next apply mends what is wrong, if anything is.
    pub attention: Option<Attention>,
    /// Keep, act or hold.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub facts: Facts,
    /// When the verdict changes if nothing but time does; `None`: never, or not by time.
    pub changes_at: Option<Timestamp>,
    /// What this look says of the intents that had no end: written to the ledger by the next apply, before anything else.
    pub settlements: Vec<Settlement>,
    /// How apply waits for a run: the one that this step starts, or one that an earlier apply started and that is still active.
    pub wait: Option<Wait>,
    /// The last time that what it is to do was refused; `None`: it never was, or has been done since.
    pub refused: Option<Refusal>,
}

impl Step {
    /// Whose keys it is about, if it is about keys.
    pub fn key_service(&self) -> KeyService {
        self.target
            .as_ref()
            .map(Target::key_service)
            .unwrap_or_default()
    }

    /// It could not be read, or was not, and the ledger alone decides nothing about it. What was read and cannot be judged is no such.
    pub fn is_unread(&self) -> bool {
        let failed = match &self.verdict {
            Verdict::Hold {
                why: Hold::Trouble(trouble),
                ..
            } => trouble.kind.promise() == Promise::Unknown,
            Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => false,
        };
        failed || self.promise == Promise::Unknown
    }
}

/// Where a subject is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A runtime.
    Runtime(RuntimeTarget),
    /// A job.
    Job(JobTarget),
    /// A one-time submit.
    Submission(SubmissionTarget),
}

impl Target {
    /// The ledger's key.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Runtime(target) => target.identity(),
            Self::Job(target) => target.identity(),
            Self::Submission(target) => target.identity(),
        }
    }

    /// Whose keys it has, if it has any.
    pub fn key_service(&self) -> KeyService {
        self.identity().key_service()
    }

    /// The connection it is reached by.
    pub const fn connection(&self) -> &Name {
        match self {
            Self::Runtime(target) => &target.connection,
            Self::Job(target) => &target.workspace,
            Self::Submission(target) => &target.workspace,
        }
    }
}

/// How apply waits for the end of a run, and which ends are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Longest wait; `None` under `--wait` without `waitFor`: until it ends.
    pub max: Option<Span>,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// The run, if an earlier apply started it; `None`: the one that the step starts.
    pub run: Option<RunId>,
}

/// At least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonEmpty<T> {
    /// The first.
    pub first: T,
    /// The others, in order.
    pub rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// Just one.
    pub const fn one(first: T) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }

    /// All of them, or nothing of nothing.
    pub fn from_vec(mut items: Vec<T>) -> Option<Self> {
        if items.is_empty() {
            return None;
        }
        let first = items.remove(0);
        Some(Self { first, rest: items })
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

/// What is to become of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as promised.
    Keep(Keep),
    /// It is not, and now is the time.
    Act {
        /// What to do, in order; each presumes that the one before it has happened.
        actions: NonEmpty<Action>,
        /// Why.
        because: Cause,
    },
    /// It is not, or nobody can tell, and now is not the time.
    Hold {
        /// Why not.
        why: Hold,
        /// Until when, if time alone ends it.
        until: Option<Timestamp>,
    },
}

/// One effect. It names what it presumes, so that afterwards one can tell whether it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `regenerateAuthKey`. Happened if the slot's fingerprint is no longer `replacing`.
    Regenerate {
        /// Which key.
        slot: Slot,
        /// The key it replaces.
        replacing: Presumed,
        /// The other key, which must still be this one.
        beside: Presumed,
    },
    /// `run-now`. Happened if the token's run exists: sending again returns it.
    Start {
        /// Decided from what it follows, so that the same need has the same token.
        token: Token,
        /// The newest run at the time of the decision.
        after: Option<RunId>,
        /// `job_parameters`.
        parameters: BTreeMap<String, ParameterValue>,
        /// Whether other runs may be active when it starts.
        company: Company,
    },
    /// `runs/submit`. Happened if the token's run exists.
    Submit {
        /// Decided from the content and what it follows.
        token: Token,
        /// SHA-256 of the content.
        digest: String,
    },
    /// `runs/cancel`. Happened if the run has ended, or is being ended.
    Cancel {
        /// Which run.
        run: RunId,
    },
}

/// A key as far as the planner was allowed to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presumed {
    /// This one.
    Key(Fingerprint),
    /// The planner may not list keys (it needs read rights only). Apply sees the key before it writes the intent.
    Unseen,
    /// The one that was made then, by the service's own word; which key that is, apply sees before it writes the intent.
    Made(Timestamp),
}

/// Whether other runs may be active when a run is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// None may: `Forbid`, or `Replace` after its cancels.
    Alone,
    /// Any may: `Allow`.
    Any,
}

impl Action {
    /// Would sending one return the other's run? Then they have one token.
    pub fn is_same_send(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Start { token: one, .. }, Self::Start { token: other, .. })
            | (Self::Submit { token: one, .. }, Self::Submit { token: other, .. }) => one == other,
            _ => false,
        }
    }

    /// Are both the same thing to do on one subject: with the same key, or with the same run?
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regenerate { slot: one, .. }, Self::Regenerate { slot: other, .. }) => {
                one == other
            }
            (Self::Cancel { run: one }, Self::Cancel { run: other }) => one == other,
            (Self::Start { .. }, Self::Start { .. })
            | (Self::Submit { .. }, Self::Submit { .. }) => true,
            (
                Self::Regenerate { .. }
                | Self::Cancel { .. }
                | Self::Start { .. }
                | Self::Submit { .. },
                _,
            ) => false,
        }
    }

    /// Are both of one kind, whatever they are about? They need the same right.
    pub fn is_alike(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// `regenerate authKey1`, `run now`, `submit`, `cancel run 7`. `service`: whose keys they are.
    pub fn title(&self, service: KeyService) -> String {
        match self {
            Self::Regenerate { slot, .. } => format!("regenerate {}", service.key_name(*slot)),
            Self::Start { .. } => "run now".to_owned(),
            Self::Submit { .. } => "submit".to_owned(),
            Self::Cancel { run } => format!("cancel run {run}"),
        }
    }
}

/// Why a subject is as promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// No key is due.
    Young,
    /// The newest success is fresh.
    Fresh {
        /// How long ago it ended.
        age: Span,
        /// Older than `warnAfter`.
        warn: bool,
    },
    /// A run is active, as wanted.
    Running {
        /// That run.
        run: RunId,
    },
    /// No run is active, as wanted.
    Idle,
    /// This content has succeeded once.
    SucceededOnce {
        /// With this run.
        run: RunId,
    },
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young => f.write_str("no key is due"),
            Self::Fresh { age, warn: false } => write!(f, "last success {} ago", age.rounded()),
            Self::Fresh { age, warn: true } => write!(
                f,
                "last success {} ago, older than warnAfter",
                age.rounded()
            ),
            Self::Running { run } => write!(f, "run {run} is active"),
            Self::Idle => f.write_str("no run is active"),
            Self::SucceededOnce { run } => write!(f, "run {run} succeeded with this content"),
        }
    }
}

/// `1 failure`, `3 failures`.
pub fn failed(failures: u32) -> String {
    if failures == 1 {
        "1 failure".to_owned()
    } else {
        format!("{failures} failures")
    }
}

/// A guardrail that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// `maxRegenerations.perFactory`, with the factory's connection where it is one: `maxRegenerations.perFactory of ingest`.
    pub guardrail: String,
    /// Its bound.
    pub limit: u32,
    /// How many actions were wanted.
    pub wanted: u32,
}

/// What is found out about an intent that had no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The intent's number.
    pub intent: String,
    /// What it meant to do.
    pub action: Action,
    /// What became of it.
    pub settled: Settled,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It happened.
    Done(Receipt),
    /// It did not happen, and will not any more.
    NotDone,
    /// Only sending it again, with the same token, tells: the same run comes back.
    Repeat,
}

/// What an effect left behind. No secret: a new key only as its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// A key was regenerated.
    Regenerated {
        /// Which.
        slot: Slot,
        /// The new key.
        fingerprint: Fingerprint,
        /// The service's time before the request went out.
        sent: Timestamp,
        /// The service's time of the answer.
        answered: Timestamp,
    },
    /// A run was started, or submitted, or found under its token.
    Started {
        /// Its id.
        run: RunId,
        /// The service's time of the answer.
        answered: Timestamp,
    },
    /// A cancel was accepted: the run is ending, or has ended.
    Cancelled {
        /// Which.
        run: RunId,
        /// The service's time of the answer.
        answered: Timestamp,
    },
}

impl Step {
    /// Is there a declared wait for a run that an earlier apply started?
    pub fn resumes(&self) -> bool {
        let wait = self.wait.as_ref();
        wait.is_some_and(|wait| wait.run.is_some() && wait.max.is_some())
    }
}

impl Plan {
    /// Steps that act, in order.
    pub fn acts(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .filter(|step| matches!(step.verdict, Verdict::Act { .. }))
    }

    /// Steps that only wait: the rule declares it, and an earlier apply, which started the run, did not see its end.
    pub fn waits_to_resume(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.resumes())
    }

    /// How many of each.
    pub fn counts(&self) -> Counts {
        Counts::of(&self.steps)
    }
}
