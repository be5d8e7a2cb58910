//! What a plan says besides its steps, as the file spells it.

use super::text::Text;
use super::words::{self, Address, ResourceId, Timestamp};
use crate::saved::mirror::{Absent, Mirror, mirror, shape};

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

shape! {
    /// Which part of the subjects the plan is about, and what has to be the same in the plans that it is merged with.
    Shard {
        /// From 1.
        number: u32,
        /// Of how many.
        count: u32,
        /// How many subjects were found that belong to other shards.
        left_out: usize,
        /// How many documents the manifests have.
        documents: usize,
        /// SHA-256 over the texts of the manifests' files.
        #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
        manifests: String,
    } {}
}

mirror! {
    /// How many of each: what the plan's headline says.
    struct Counts {
        /// Keys to regenerate.
        regenerate: usize,
        /// Keys to hand over.
        #[serde(default)]
        hand_over: usize,
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
        /// Of these, the ones whose rule is suspended.
        #[serde(default)]
        suspended: usize,
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
    /// One reading of an Activity Log. What it tells of stands in the lines that follow.
    struct LogReading { log: LogId, span: LogSpan }
    beside { events: Vec<(ResourceId, words::Regeneration)> }
    written {}
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
    #[serde(skip_serializing_if = "Absent::is_absent")]
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
        /// A key vault.
        Vault,
        /// Token services.
        SignIns,
        /// The ledger, where it lies in Azure Storage.
        Ledger,
    }
}

mirror! {
    /// A subject that a glob matched and that has no keys of its own.
    struct Skipped { address: Text<Address>, why: String }
}

mirror! {
    /// A time in which nothing is applied.
    struct Freeze {
        from: Text<Timestamp>,
        to: Text<Timestamp>,
        reason: String,
        /// It is of the policy: `ignoreWindows` does not pass it over.
        #[serde(default)]
        firm: bool,
    }
}

mirror! {
    /// What becomes of actions beyond a guardrail.
    enum OnExceed { Defer, Fail }
}

mirror! {
    /// How much one apply may do.
    struct Guardrails {
        regenerations_per_apply: Option<u32>,
        regenerations_per_factory: Option<u32>,
        regenerations_per_subscription: Option<u32>,
        runs_per_apply: Option<u32>,
        cancellations_per_apply: Option<u32>,
        on_exceed: OnExceed,
    }
}

mirror! {
    /// A guardrail that was reached.
    struct Exceeded { guardrail: String, limit: u32, wanted: u32 }
}
