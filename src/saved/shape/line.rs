//! The lines of the file: the first, which says whose plan it is, the last, which says that it is whole, and all in between.

use std::collections::BTreeMap;

use super::connection::{
    Cloud, CredentialLine, Factory, LedgerPlace, Subscription, VaultConnection, Workspace,
};
use super::plan::{
    Counts, Exceeded, Freeze, Guardrails, LogReading, Refresh, Regeneration, RequestClass, Shard,
    Skipped,
};
use super::rule::Rule;
use super::step::Step;
use super::text::Text;
use super::trust::Use;
use super::words::Timestamp;
use crate::saved::mirror::shape;

shape! {
    /// The first line: what was decided about all subjects together, and for which project and ledger.
    Head {
        /// The version of this shape.
        format: String,
        /// The version of the tool that wrote it.
        tool: String,
        project: String,
        ledger: LedgerPlace,
        /// The ledger's own name: a plan is for one ledger.
        lineage: String,
        /// Was there anything in the ledger? Then the plan presumes that it still is.
        #[serde(default)]
        ledger_began: bool,
        /// The time it was decided for.
        at: Text<Timestamp>,
        /// Nothing changes before this by the passing of time alone.
        valid_until: Text<Timestamp>,
        /// How it was read (`--refresh`): with `none` everything is as of the last read.
        refresh: Refresh,
        /// A guardrail forbids to apply it.
        #[serde(default)]
        refused: bool,
        /// How much one apply may do; a field that is left out has no bound.
        guardrails: Guardrails,
        /// Guardrails that were reached.
        #[serde(default)]
        exceeded: Vec<Exceeded>,
        /// Freezes that are not over yet.
        #[serde(default)]
        freezes: Vec<Freeze>,
        /// What the plan comes to, as its headline says it.
        counts: Counts,
        /// Requests that were sent to make it, by what services meter them as, and by kind.
        #[serde(default)]
        requests: BTreeMap<RequestClass, BTreeMap<String, u64>>,
        /// Which part of the subjects it is about. Left out: it is about all.
        shard: Option<Shard>,
    } {}
}

/// A line after the first. What it names by a reference stands in a line before it.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::saved) enum Line {
    Cloud(Cloud),
    Credential(CredentialLine),
    Factory(Factory),
    Subscription(Subscription),
    #[serde(rename = "keyVault")]
    Vault(VaultConnection),
    Workspace(Workspace),
    /// What credentials come from and go to, with what allowed each when the plan was made. For people: whoever applies the plan asks again.
    Use(Use),
    Rule(Rule),
    /// One for each subject, in the order of their addresses.
    Step(Box<Step>),
    /// What globs met and left alone.
    PassedOver(Skipped),
    /// An Activity Log that was read to its last page, for the ledger.
    Log(LogReading),
    /// A regeneration that the log of the line before it tells of.
    Regeneration(Regeneration),
    End(End),
}

shape! {
    /// The last line: the file is whole.
    End {
        /// How many lines the file has, with this one.
        lines: usize,
        /// SHA-256 over what was decided and what that presumes, without ages.
        #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
        digest: String,
        /// SHA-256 over the digests of all actions, sorted, each with one line feed behind it: what an approval names. Left out: there are none.
        #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
        actions: Option<String>,
        /// SHA-256 over the lines before this one, each with one line feed behind it.
        #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
        seal: String,
    } {}
}

/// Any line of a plan file.
#[derive(schemars::JsonSchema)]
#[schemars(title = "a line of an afresh plan file", untagged)]
#[expect(dead_code, reason = "it is there for the schema")]
enum AnyLine {
    Head(Head),
    Other(Line),
}

/// The JSON Schema of each line.
pub(in crate::saved) fn schema() -> serde_json::Value {
    schemars::schema_for!(AnyLine).to_value()
}
