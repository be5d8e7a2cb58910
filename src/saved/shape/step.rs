//! A step, as the file spells it: what its rule and its connection say for all of theirs stands in their lines.

use super::facts::Facts;
use super::text::Text;
use super::verdict::{Attention, Promise, Settlement, Verdict};
use super::words::{self, Address, Name, ResourceId, RunResult, Span, Timestamp};
use crate::saved::mirror::{Absent, mirror};

mirror! {
    /// One subject's verdict.
    struct Step {
        address: Text<Address>,
        /// Whether its promise holds.
        promise: Promise,
        /// When its promise is proved to be broken if nothing happens until then.
        breaks_at: Option<Text<Timestamp>>,
        /// When it is kept and no longer proved, if that comes before it is proved to be broken.
        proved_until: Option<Text<Timestamp>>,
        /// Why a person is needed.
        attention: Option<Attention>,
        verdict: Verdict,
        changes_at: Option<Text<Timestamp>>,
        #[serde(default)]
        settlements: Vec<Settlement>,
        wait: Option<Wait>,
        /// The last time that what it is to do was refused, while nothing alike has been done since.
        refused: Option<Refusal>,
        /// It acts, and guardrails have not been held against it yet, since the plan is a shard's: what `afresh merge` needs for that.
        candidate: Option<Candidate>,
    }
    beside { rule: words::Name, target: Option<words::Target>, facts: words::Facts }
    written {
        /// Its rule, which a line before it says: the rule's name, or its `ref` if it has one.
        rule: String,
        target: Option<Target>,
        /// The same in one sentence, as the plan's row says it. Nothing is decided from it.
        sentence: String,
        /// The digest of each action, in their order: SHA-256 over its subject, what it does, what it presumes and why, without ages.
        #[serde(default)]
        action_digests: Vec<String>,
        #[serde(default)]
        facts: Facts,
    }
}

/// Where a subject is. Its connection is the one of this name that a line before it says.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(in crate::saved) enum Target {
    /// A runtime, or a storage account.
    Runtime {
        connection: Text<Name>,
        /// The ARM id, as it goes on behind that of the connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        below: Option<String>,
        /// The whole ARM id, if it does not begin with that of the connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Text<ResourceId>>,
    },
    Job {
        workspace: Text<Name>,
        /// Left out: the workspace's own.
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        job: i64,
    },
    /// A one-time run.
    Submission {
        workspace: Text<Name>,
        /// Left out: the workspace's own.
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// Left out: the step's own.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<Text<Name>>,
        body: String,
    },
}

impl Absent for Target {}

mirror! {
    /// A request that the service refused.
    struct Refusal {
        at: Text<Timestamp>,
        /// In the words a person needs.
        why: String,
        /// A right or a sign-in is missing.
        #[serde(default)]
        is_access: bool,
    }
}

mirror! {
    /// What guardrails need of an action besides its step.
    struct Candidate {
        /// When what is due now is too late, or was.
        broken_at: Option<Text<Timestamp>>,
        /// When what it proposes to do changes by time alone.
        ends_at: Option<Text<Timestamp>>,
    }
}

mirror! {
    /// How apply waits for the end of a run, and which ends are good.
    struct Wait {
        max: Option<Text<Span>>,
        #[serde(default)]
        accept: Vec<Text<RunResult>>,
        /// The run, if an earlier apply started it.
        run: Option<i64>,
    }
}
