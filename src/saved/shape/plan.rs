//! The plan with its steps, as the file spells them.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::text::Text;
use super::verdict::{Attention, Promise, Settlement, Verdict};
use super::words::{self, Address, Name, ResourceId, RunResult, Span, Timestamp};
use crate::saved::mirror::{Mirror, mirror};

mirror! {
    /// Everything that was decided, about every subject.
    struct Plan {
        /// The time it was decided for.
        at: Text<Timestamp>,
        /// Nothing changes before this by the passing of time alone.
        valid_until: Text<Timestamp>,
        /// A guardrail forbids to apply it.
        refused: bool,
        /// Guardrails that were reached.
        exceeded: Vec<Exceeded>,
        /// Freezes that are not over yet.
        freezes: Vec<Freeze>,
        /// One for each subject, in the order of their addresses.
        steps: Vec<Step>,
        /// What globs met and left alone.
        #[serde(rename = "passedOver")]
        skipped: Vec<Skipped>,
        /// Activity Logs that were read to their last page, for the ledger.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        logs: Vec<LogReading>,
        /// Requests that were sent to make it, by what services meter them as, and by kind.
        requests: BTreeMap<RequestClass, BTreeMap<String, u64>>,
        /// How it was read (`--refresh`): with `none` everything is as of the last read.
        refresh: Refresh,
    }
}

mirror! {
    /// What was read.
    enum Refresh {
        /// What the ledger could not prove.
        Auto,
        /// Everything.
        All,
        /// Nothing.
        None,
    }
}

mirror! {
    /// How many of each: what the plan's headline says.
    struct Counts {
        /// Keys to regenerate.
        regenerate: usize,
        /// Runs to start or submit.
        run: usize,
        /// Runs to cancel.
        cancel: usize,
        /// Operations whose outcome this plan tells, or that a later one has to find out.
        resolve: usize,
        /// Runs that an earlier apply started, and that this one waits for.
        wait: usize,
        /// Subjects on hold.
        on_hold: usize,
        /// Subjects whose promise is broken, with no action that would mend it.
        without_action: usize,
        /// Subjects that need no action.
        up_to_date: usize,
        /// Promises that are proved to hold.
        kept: usize,
        /// Promises that are proved to be broken.
        broken: usize,
        /// Promises of which the evidence allows both.
        unproven: usize,
        /// Promises that could not be checked.
        unknown: usize,
        /// Subjects that need a person.
        attention: usize,
        /// Subjects that could not be read.
        unread: usize,
        /// All subjects.
        subjects: usize,
    }
}

mirror! {
    /// One reading of an Activity Log.
    struct LogReading { log: LogId, span: LogSpan, events: Vec<Regeneration> }
}

mirror! {
    /// The Activity Log of a resource group.
    struct LogId { subscription: String, group: String }
}

mirror! {
    /// What was read: from its first instant until the reading.
    struct LogSpan { since: Text<Timestamp>, until: Text<Timestamp> }
}

/// A regeneration that the log tells of.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::saved) struct Regeneration {
    runtime: Text<ResourceId>,
    at: Text<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<Text<words::Slot>>,
}

impl Mirror<(ResourceId, words::Regeneration)> for Regeneration {
    fn of((runtime, event): &(ResourceId, words::Regeneration)) -> Self {
        Self {
            runtime: Text(runtime.clone()),
            at: Text(event.at),
            slot: event.slot.map(Text),
        }
    }
    fn back(self) -> (ResourceId, words::Regeneration) {
        let event = words::Regeneration {
            at: self.at.0,
            slot: self.slot.map(|slot| slot.0),
            by: None,
        };
        (self.runtime.0, event)
    }
}

mirror! {
    /// What a request is metered as.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum RequestClass {
        /// Azure Resource Manager: what its RBAC calls a read.
        ArmReads,
        /// Azure Resource Manager: everything else. Listing keys is among it.
        ArmWrites,
        /// A Databricks workspace.
        Databricks,
        /// Token services.
        SignIns,
        /// The ledger, where it lies in Azure Storage.
        Ledger,
    }
}

mirror! {
    /// One subject's verdict.
    struct Step {
        address: Text<Address>,
        rule: Text<Name>,
        target: Option<Target>,
        /// Whether its promise holds.
        promise: Promise,
        /// When its promise is proved to be broken if nothing happens until then.
        breaks_at: Option<Text<Timestamp>>,
        /// When it is kept and no longer proved, if that comes before it is proved to be broken.
        #[serde(default, skip_serializing_if = "Option::is_none")] proved_until: Option<Text<Timestamp>>,
        /// Why a person is needed.
        attention: Option<Attention>,
        verdict: Verdict,
        changes_at: Option<Text<Timestamp>>,
        settlements: Vec<Settlement>,
        wait: Option<Wait>,
        /// The last time that what it is to do was refused, while nothing alike has been done since.
        #[serde(default, skip_serializing_if = "Option::is_none")] refused: Option<Refusal>,
        facts: Facts,
    }
    for readers {
        /// The same in one sentence, as the plan's row says it.
        sentence: String,
    }
}

mirror! {
    /// A request that the service refused.
    struct Refusal {
        at: Text<Timestamp>,
        /// In the words a person needs.
        why: String,
        /// A right or a sign-in is missing.
        is_access: bool,
    }
}

mirror! {
    /// Where a subject is.
    enum Target {
        Runtime(target: RuntimeTarget),
        Job(target: JobTarget),
        Submission(target: SubmissionTarget),
    }
}

mirror! {
    /// Where a runtime is.
    struct RuntimeTarget {
        #[serde(rename = "factory")]
        connection: Text<Name>,
        id: Text<ResourceId>,
    }
}

mirror! {
    /// Where a job is.
    struct JobTarget { workspace: Text<Name>, host: String, job: i64 }
}

mirror! {
    /// Where a one-time submit goes, and its content.
    struct SubmissionTarget { workspace: Text<Name>, host: String, rule: Text<Name>, body: String }
}

mirror! {
    /// How apply waits for the end of a run, and which ends are good.
    struct Wait {
        max: Option<Text<Span>>,
        accept: Vec<Text<RunResult>>,
        /// The run, if an earlier apply started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<i64>,
    }
}

mirror! {
    /// A subject that a glob matched and that has no keys of its own.
    struct Skipped { address: Text<Address>, why: String }
}

mirror! {
    /// A time in which nothing is applied.
    struct Freeze { from: Text<Timestamp>, to: Text<Timestamp>, reason: String }
}

mirror! {
    /// A guardrail that was reached.
    struct Exceeded { guardrail: String, limit: u32, wanted: u32 }
}
