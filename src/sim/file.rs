//! The world file as a person writes it. What each field means is documented in [`crate::sim`].
//!
//! An unknown field, a bare number as a time, or an unknown operation is an error. Absent fields take the defaults of the real service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::account::KeyTimes;
use super::fault::{Kind, Lie};
use super::meanwhile::MeanwhileFile;
use super::node::Turn;
use super::operation::Operation;
use super::person::Answer;
use super::role::Role;
use super::run::Outcome;
use super::times::{Span, When};
use super::world::RuntimeKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WorldFile {
    pub(crate) clock: Option<Timestamp>,
    #[serde(default)]
    pub(crate) seed: u64,
    #[serde(default)]
    pub(crate) throttling: bool,
    #[serde(default)]
    pub(crate) other_clients: OthersFile,
    pub(crate) activity_log_delay: Option<Span>,
    #[serde(default)]
    pub(crate) paging: PagingFile,
    #[serde(default)]
    pub(crate) hosts: HostsFile,
    pub(crate) tenants: Option<Vec<TenantFile>>,
    #[serde(default)]
    pub(crate) person: PersonFile,
    pub(crate) machine: Option<MachineFile>,
    pub(crate) pipeline: Option<PipelineFile>,
    #[serde(default)]
    pub(crate) subscriptions: Vec<SubscriptionFile>,
    #[serde(default)]
    pub(crate) workspaces: Vec<WorkspaceFile>,
    #[serde(default)]
    pub(crate) vaults: Vec<VaultFile>,
    #[serde(default)]
    pub(crate) faults: Vec<FaultFile>,
    #[serde(default)]
    pub(crate) meanwhile: Vec<MeanwhileFile>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OthersFile {
    #[serde(default)]
    pub(crate) reads_per_second: u64,
    #[serde(default)]
    pub(crate) writes_per_second: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PagingFile {
    pub(crate) factories: Option<usize>,
    pub(crate) runtimes: Option<usize>,
    pub(crate) storage_accounts: Option<usize>,
    pub(crate) activity_log: Option<usize>,
    pub(crate) secrets: Option<usize>,
    pub(crate) jobs: Option<usize>,
    pub(crate) runs: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HostsFile {
    #[serde(default)]
    pub(crate) authority: Vec<String>,
    #[serde(default)]
    pub(crate) resource_manager: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TenantFile {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) principals: Vec<PrincipalFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PrincipalFile {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    #[serde(default)]
    pub(crate) federated: bool,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
    pub(crate) roles: Option<Vec<Role>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PersonFile {
    pub(crate) name: Option<String>,
    pub(crate) polls: Option<u32>,
    #[serde(default)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MachineFile {
    pub(crate) header: Option<String>,
    #[serde(default)]
    pub(crate) identities: Vec<IdentityFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct IdentityFile {
    pub(crate) client_id: String,
    pub(crate) resource_id: Option<String>,
    #[serde(default)]
    pub(crate) system: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PipelineFile {
    pub(crate) token: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubscriptionFile {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) activity_log: ActivityLogFile,
    #[serde(default)]
    pub(crate) factories: Vec<FactoryFile>,
    #[serde(default)]
    pub(crate) synapse_workspaces: Vec<FactoryFile>,
    #[serde(default)]
    pub(crate) storage_accounts: Vec<AccountFile>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ActivityLogFile {
    #[default]
    Readable,
    Forbidden,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FactoryFile {
    pub(crate) name: String,
    pub(crate) resource_group: String,
    #[serde(default = "default_location")]
    pub(crate) location: String,
    pub(crate) created: Option<When>,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
    #[serde(default)]
    pub(crate) runtimes: Vec<RuntimeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuntimeFile {
    pub(crate) name: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: RuntimeKind,
    pub(crate) copies: Option<u32>,
    pub(crate) description: Option<String>,
    pub(crate) created: Option<When>,
    pub(crate) linked_to: Option<String>,
    #[serde(default)]
    pub(crate) auth_key1: KeyFile,
    #[serde(default)]
    pub(crate) auth_key2: KeyFile,
    #[serde(default)]
    pub(crate) nodes: Vec<NodeFile>,
    #[serde(default)]
    pub(crate) links: Vec<LinkFile>,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
}

/// A node: its name alone, or all that is to be said of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "NodeText")]
pub(crate) struct NodeFile {
    pub(crate) name: String,
    pub(crate) status: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) registered: Option<When>,
    pub(crate) last_connect: Option<When>,
    pub(crate) expires: Option<When>,
    pub(crate) after_regenerate: Vec<Turn>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a node is its name, or `{name, status, version, registered, lastConnect, expires, afterRegenerate: [{after, status, silent, gone}]}`"
)]
enum NodeText {
    Name(String),
    Whole(WholeNode),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WholeNode {
    name: String,
    status: Option<String>,
    version: Option<String>,
    registered: Option<When>,
    last_connect: Option<When>,
    expires: Option<When>,
    #[serde(default)]
    after_regenerate: Vec<Turn>,
}

impl From<NodeText> for NodeFile {
    fn from(text: NodeText) -> Self {
        match text {
            NodeText::Name(name) => Self {
                name,
                status: None,
                version: None,
                registered: None,
                last_connect: None,
                expires: None,
                after_regenerate: Vec::new(),
            },
            NodeText::Whole(node) => Self {
                name: node.name,
                status: node.status,
                version: node.version,
                registered: node.registered,
                last_connect: node.last_connect,
                expires: node.expires,
                after_regenerate: node.after_regenerate,
            },
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LinkFile {
    pub(crate) name: String,
    pub(crate) factory: String,
    pub(crate) subscription: String,
    #[serde(default = "default_location")]
    pub(crate) location: String,
    pub(crate) created: Option<When>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccountFile {
    pub(crate) name: String,
    pub(crate) resource_group: String,
    #[serde(default = "default_location")]
    pub(crate) location: String,
    pub(crate) copies: Option<u32>,
    pub(crate) created: Option<When>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) allow_shared_key_access: Option<bool>,
    #[serde(default)]
    pub(crate) key_times: KeyTimes,
    #[serde(default)]
    pub(crate) key1: KeyFile,
    #[serde(default)]
    pub(crate) key2: KeyFile,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KeyFile {
    pub(crate) made: Option<When>,
    pub(crate) by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WorkspaceFile {
    pub(crate) host: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) tokens: Option<Vec<String>>,
    pub(crate) members: Option<Vec<String>>,
    pub(crate) principals: Option<Vec<OwnPrincipalFile>>,
    pub(crate) api_versions: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) hides_parameters: bool,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
    #[serde(default)]
    pub(crate) jobs: Vec<JobFile>,
    #[serde(default)]
    pub(crate) submit: SubmitFile,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OwnPrincipalFile {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct JobFile {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) copies: Option<u32>,
    pub(crate) created: Option<When>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) hides_parameters: bool,
    #[serde(default)]
    pub(crate) tasks: Vec<String>,
    pub(crate) starts_in: Option<Span>,
    pub(crate) takes: Option<Span>,
    pub(crate) outcome: Option<Outcome>,
    #[serde(default)]
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) error: Option<String>,
    pub(crate) max_concurrent_runs: Option<u32>,
    #[serde(default)]
    pub(crate) queue: bool,
    pub(crate) cancel_takes: Option<Span>,
    pub(crate) schedule: Option<ScheduleFile>,
    pub(crate) continuous: Option<ContinuousFile>,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
    #[serde(default)]
    pub(crate) runs: Vec<RunFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScheduleFile {
    pub(crate) every: Span,
    #[serde(default)]
    pub(crate) paused: bool,
    pub(crate) cron: Option<String>,
    pub(crate) timezone: Option<String>,
    #[serde(default)]
    pub(crate) periodic: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContinuousFile {
    #[serde(default)]
    pub(crate) paused: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RunFile {
    pub(crate) started: When,
    pub(crate) ended: Option<When>,
    pub(crate) result: Option<Outcome>,
    pub(crate) trigger: Option<Outcome>,
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Option<String>>,
    pub(crate) defaults: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) overriding: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) tasks: Vec<String>,
    pub(crate) repaired: Option<RepairFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RepairFile {
    pub(crate) started: When,
    pub(crate) ended: Option<When>,
    pub(crate) result: Option<Outcome>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubmitFile {
    pub(crate) takes: Option<Span>,
    pub(crate) outcome: Option<Outcome>,
    #[serde(default)]
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VaultFile {
    pub(crate) name: String,
    #[serde(default = "default_domain")]
    pub(crate) domain: String,
    #[serde(default = "default_location")]
    pub(crate) location: String,
    #[serde(default = "default_subscription")]
    pub(crate) subscription: String,
    #[serde(default = "default_group")]
    pub(crate) resource_group: String,
    pub(crate) recoverable_days: Option<u32>,
    #[serde(default)]
    pub(crate) purge_protection: bool,
    #[serde(default)]
    pub(crate) access_policies: bool,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
    #[serde(default)]
    pub(crate) secrets: Vec<SecretFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SecretFile {
    pub(crate) name: String,
    pub(crate) deleted: Option<When>,
    #[serde(default)]
    pub(crate) forbidden: Vec<Operation>,
    #[serde(default)]
    pub(crate) versions: Vec<SecretVersionFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct SecretVersionFile {
    pub(crate) created: Option<When>,
    pub(crate) enabled: bool,
    pub(crate) expires: Option<When>,
    pub(crate) not_before: Option<When>,
    pub(crate) content_type: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Default for SecretVersionFile {
    fn default() -> Self {
        Self {
            created: None,
            enabled: true,
            expires: None,
            not_before: None,
            content_type: None,
            tags: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FaultFile {
    pub(crate) on: Operation,
    pub(crate) subject: Option<String>,
    pub(crate) nth: Option<u32>,
    pub(crate) times: Option<u32>,
    #[serde(rename = "do")]
    pub(crate) lie: Lie,
    pub(crate) by: Option<Span>,
    pub(crate) retry_after: Option<Span>,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    #[serde(rename = "as")]
    pub(crate) kind: Option<Kind>,
}

fn default_domain() -> String {
    "vault.azure.net".to_owned()
}

fn default_subscription() -> String {
    "00000000-0000-0000-0000-000000000000".to_owned()
}

fn default_group() -> String {
    "rg-vaults".to_owned()
}

fn default_location() -> String {
    "westeurope".to_owned()
}
