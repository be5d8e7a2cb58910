//! What is in a plan file, and which version of it is written.

use std::collections::BTreeMap;

use crate::model::address::Name;
use crate::model::connection::{KeyConnection, Workspace};
use crate::model::desired::{Guardrails, LedgerPlace};
use crate::model::shard::Basis;
use crate::model::trust::Use;
use crate::model::vault::{VaultConnection, VaultName};
use crate::model::verdict::Plan;

/// The version that this tool writes and reads.
pub const FORMAT: &str = "afresh-plan/2";

/// A plan with all that is needed to apply it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What was decided.
    pub plan: Plan,
    /// The connections to resources with keys that its steps use.
    pub key_connections: BTreeMap<Name, KeyConnection>,
    /// The Key Vaults that keys of its subjects are handed to.
    pub vaults: BTreeMap<VaultName, VaultConnection>,
    /// The Databricks connections that its steps use, and those that the `DATABRICKS_` variables may be meant for.
    pub workspaces: BTreeMap<Name, Workspace>,
    /// The project's name.
    pub project: String,
    /// Where the ledger is that it was decided from.
    pub ledger: LedgerPlace,
    /// That ledger's own name, or the name it is to get: a plan is for one ledger.
    pub lineage: String,
    /// Was there anything in it? Then the plan presumes that it still is.
    pub began: bool,
    /// How much one apply may do, by the manifests.
    pub guardrails: Guardrails,
    /// The manifests that a shard's plan was made from, which is told only of one.
    pub basis: Option<Basis>,
    /// What its credentials come from and go to; nothing, if it was made for a simulated cloud. Nothing is allowed because it stands here.
    pub trust: Vec<Use>,
    /// Each step in one sentence, in their order. For people and programs that read the file; nothing is decided from it.
    pub sentences: Vec<String>,
}
