//! The Project: what holds for all rules together.

use super::super::mark::At;
use super::check;
use super::declare::{either, record, words};
use super::leaf::{Filled, Instant};
use super::number::Count;
use crate::model::desired::OnExceed;

record! {
    /// What holds for all rules together. A folder of manifests has one Project.
    ProjectSpec {
        /// Where what happened is remembered. Default: the file `.afresh/ledger.jsonl`.
        "ledger" ledger: Option<At<LedgerText>>,
        /// How much one apply may do.
        "guardrails" guardrails: Option<At<GuardrailsText>>,
        /// Times in which nothing is applied.
        "freezes" freezes: Option<Vec<At<FreezeText>>>,
    }
}

either! {
    /// Where what happened is remembered.
    LedgerText {
        /// A file of JSON lines, relative to the Project's own folder.
        "file" File(Filled),
        /// An append blob's https address.
        "blob" Blob(At<Filled>),
    }
}

record! {
    /// How much one apply may do. What is not written has no bound.
    GuardrailsText {
        /// Bounds on regenerated keys.
        "maxRegenerations" regenerations: Option<RegenerationBounds>,
        /// Bounds on started runs, of all rules together: retries and one-time runs count, too.
        "maxRuns" runs: Option<ApplyBound>,
        /// Bounds on cancelled runs.
        "maxCancellations" cancellations: Option<ApplyBound>,
        /// What becomes of the rest. Default: `defer`.
        "onExceed" on_exceed: Option<OnExceedWord>,
    }
}

record! {
    /// Bounds on regenerated keys.
    #[expect(clippy::struct_field_names, reason = "they are called as in the manifest")]
    RegenerationBounds {
        /// In one apply.
        "perApply" per_apply: Option<Count>,
        /// In one factory, or one Synapse workspace, in one apply.
        "perFactory" per_factory: Option<Count>,
        /// Of storage accounts of one subscription, in one apply.
        "perSubscription" per_subscription: Option<Count>,
    }
}

record! {
    /// A bound on one apply.
    ApplyBound {
        /// In one apply.
        "perApply" per_apply: Option<Count>,
    }
}

words! {
    /// What becomes of actions beyond a guardrail.
    OnExceedWord(OnExceed) {
        "defer" OnExceed::Defer = "The least urgent become holds until the next apply.",
        "fail" OnExceed::Fail = "Nothing is applied.",
    }
}

record! {
    /// A time in which nothing is applied.
    FreezeText {
        /// Its first instant.
        "from" from: At<Instant>,
        /// The first instant after it.
        "to" to: At<Instant>,
        /// Why.
        "reason" reason: Filled,
    }
    check |findings| {
        if let (Some(from), Some(to)) = (&from, &to) {
            check::freeze(from, to, findings);
        }
    }
}
