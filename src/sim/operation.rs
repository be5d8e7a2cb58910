//! The names of the operations of the simulated cloud, as faults and prohibitions use them. For any other name the error lists these.

use serde::{Deserialize, Serialize};

use super::provider::Provider;

/// One operation of one of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// Entra: a token for client credentials.
    #[serde(rename = "token")]
    Token,
    /// Entra: a device code.
    #[serde(rename = "deviceCode")]
    DeviceCode,
    /// The machine: a token of its own identity.
    #[serde(rename = "machineToken")]
    MachineToken,
    /// The pipeline: an assertion about a job.
    #[serde(rename = "assertion")]
    Assertion,
    /// Databricks: a token for one of the workspace's own principals.
    #[serde(rename = "workspaceToken")]
    WorkspaceToken,
    /// Entra: the OpenID configuration and instance discovery.
    #[serde(rename = "discovery")]
    Discovery,
    /// ARM: the factories of a subscription or resource group.
    #[serde(rename = "listFactories")]
    ListFactories,
    /// ARM: one factory.
    #[serde(rename = "getFactory")]
    GetFactory,
    /// ARM: the integration runtimes of a factory.
    #[serde(rename = "listRuntimes")]
    ListRuntimes,
    /// ARM: one integration runtime.
    #[serde(rename = "getRuntime")]
    GetRuntime,
    /// ARM: what a runtime's nodes are doing; a POST that only reads.
    #[serde(rename = "getStatus")]
    GetStatus,
    /// ARM: both keys of a runtime.
    #[serde(rename = "listAuthKeys")]
    ListAuthKeys,
    /// ARM: a new value for one key.
    #[serde(rename = "regenerateAuthKey")]
    RegenerateAuthKey,
    /// ARM: the storage accounts of a subscription or resource group.
    #[serde(rename = "listStorageAccounts")]
    ListStorageAccounts,
    /// ARM: one storage account.
    #[serde(rename = "getStorageAccount")]
    GetStorageAccount,
    /// ARM: both keys of a storage account.
    #[serde(rename = "listKeys")]
    ListStorageKeys,
    /// ARM: a new value for one key of a storage account.
    #[serde(rename = "regenerateKey")]
    RegenerateStorageKey,
    /// ARM: the Activity Log of a subscription.
    #[serde(rename = "activityLog")]
    ActivityLog,
    /// ARM: the Databricks workspace resource, which tells the workspace's host.
    #[serde(rename = "getWorkspace")]
    GetWorkspace,
    /// ARM: what the caller may do at a factory or a storage account, in a resource group or a subscription.
    #[serde(rename = "permissions")]
    Permissions,
    /// Databricks: the jobs of a workspace.
    #[serde(rename = "jobs/list")]
    JobsList,
    /// Databricks: one job.
    #[serde(rename = "jobs/get")]
    JobsGet,
    /// Databricks: start a job.
    #[serde(rename = "run-now")]
    RunNow,
    /// Databricks: runs, newest first.
    #[serde(rename = "runs/list")]
    RunsList,
    /// Databricks: one run.
    #[serde(rename = "runs/get")]
    RunsGet,
    /// Databricks: what a task's run left behind.
    #[serde(rename = "runs/get-output")]
    RunsGetOutput,
    /// Databricks: a one-time run.
    #[serde(rename = "runs/submit")]
    RunsSubmit,
    /// Databricks: ask a run to stop.
    #[serde(rename = "runs/cancel")]
    RunsCancel,
    /// Databricks: ask all runs of a job to stop.
    #[serde(rename = "runs/cancel-all")]
    RunsCancelAll,
    /// Databricks: who may do what with a job.
    #[serde(rename = "jobs/permissions")]
    JobPermissions,
    /// Databricks: who is calling.
    #[serde(rename = "scim/Me")]
    Me,
    /// Key Vault: the secrets of a vault.
    #[serde(rename = "listSecrets")]
    ListSecrets,
    /// Key Vault: the versions of a secret, without values.
    #[serde(rename = "listSecretVersions")]
    ListSecretVersions,
    /// Key Vault: the secrets that were deleted and can be recovered.
    #[serde(rename = "listDeletedSecrets")]
    ListDeletedSecrets,
    /// Key Vault: one of them.
    #[serde(rename = "getDeletedSecret")]
    GetDeletedSecret,
    /// Key Vault: a version of a secret with its value.
    #[serde(rename = "getSecret")]
    GetSecret,
    /// Key Vault: a new version.
    #[serde(rename = "setSecret")]
    SetSecret,
    /// Key Vault: other attributes of a version.
    #[serde(rename = "updateSecret")]
    UpdateSecret,
    /// Key Vault: delete a secret.
    #[serde(rename = "deleteSecret")]
    DeleteSecret,
    /// Key Vault: take that back.
    #[serde(rename = "recoverSecret")]
    RecoverSecret,
    /// Key Vault: make that final.
    #[serde(rename = "purgeSecret")]
    PurgeSecret,
    /// Key Vault: all that tells of secrets without their values, as one right allows it.
    #[serde(rename = "readMetadata")]
    ReadMetadata,
    /// No route leads there.
    #[serde(skip)]
    Unknown,
    /// Every operation.
    #[serde(rename = "any", alias = "all")]
    Any,
}

impl Operation {
    /// As faults and prohibitions spell it.
    pub(crate) fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or("unknown").to_owned()
    }

    /// Does a rule about `self` speak of `other`?
    pub(crate) fn covers(self, other: Self) -> bool {
        let is_right = self == Self::ReadMetadata && other.action() == READ_METADATA;
        self == Self::Any || self == other || is_right
    }

    /// The right that Azure wants for it at a provider with runtimes, in the spelling of its role tables; empty outside ARM and vaults.
    pub(crate) fn action_at(self, provider: Provider) -> &'static str {
        match provider {
            Provider::DataFactory => self.action(),
            Provider::Synapse => match self {
                Self::ListFactories | Self::GetFactory => "Microsoft.Synapse/workspaces/read",
                Self::ListRuntimes | Self::GetRuntime => {
                    "Microsoft.Synapse/workspaces/integrationRuntimes/read"
                }
                Self::GetStatus => {
                    "Microsoft.Synapse/workspaces/integrationRuntimes/getStatus/action"
                }
                Self::ListAuthKeys => {
                    "Microsoft.Synapse/workspaces/integrationRuntimes/listAuthKeys/action"
                }
                Self::RegenerateAuthKey => {
                    "Microsoft.Synapse/workspaces/integrationRuntimes/regenerateAuthKey/action"
                }
                _ => self.action(),
            },
        }
    }

    /// The same at Data Factory, and of everything that is not about runtimes.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::ListFactories | Self::GetFactory => "Microsoft.DataFactory/factories/read",
            Self::ListRuntimes | Self::GetRuntime => {
                "Microsoft.DataFactory/factories/integrationruntimes/read"
            }
            Self::GetStatus => "Microsoft.DataFactory/factories/integrationruntimes/getstatus/read",
            Self::ListAuthKeys => {
                "Microsoft.DataFactory/factories/integrationruntimes/listauthkeys/action"
            }
            Self::RegenerateAuthKey => {
                "Microsoft.DataFactory/factories/integrationruntimes/regenerateauthkey/action"
            }
            Self::ListStorageAccounts | Self::GetStorageAccount => {
                "Microsoft.Storage/storageAccounts/read"
            }
            Self::ListStorageKeys => "Microsoft.Storage/storageAccounts/listkeys/action",
            Self::RegenerateStorageKey => "Microsoft.Storage/storageAccounts/regeneratekey/action",
            Self::ActivityLog => "Microsoft.Insights/eventtypes/values/read",
            Self::Permissions => "Microsoft.Authorization/permissions/read",
            Self::GetWorkspace => "Microsoft.Databricks/workspaces/read",
            Self::ListSecrets
            | Self::ListSecretVersions
            | Self::ListDeletedSecrets
            | Self::GetDeletedSecret
            | Self::ReadMetadata => READ_METADATA,
            Self::GetSecret => "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            Self::SetSecret => "Microsoft.KeyVault/vaults/secrets/setSecret/action",
            Self::UpdateSecret => "Microsoft.KeyVault/vaults/secrets/update/action",
            Self::DeleteSecret => "Microsoft.KeyVault/vaults/secrets/delete",
            Self::RecoverSecret => "Microsoft.KeyVault/vaults/secrets/recover/action",
            Self::PurgeSecret => "Microsoft.KeyVault/vaults/secrets/purge/action",
            _ => "",
        }
    }

    /// Is it one of a key vault's data plane?
    pub(crate) fn is_of_vaults(self) -> bool {
        self.action().starts_with("Microsoft.KeyVault/")
    }

    /// Does it change what is in a vault?
    pub(crate) fn changes_secrets(self) -> bool {
        matches!(
            self,
            Self::SetSecret
                | Self::UpdateSecret
                | Self::DeleteSecret
                | Self::RecoverSecret
                | Self::PurgeSecret
        )
    }

    /// As an access policy of a vault calls the right to it.
    pub(crate) fn policy_word(self) -> &'static str {
        match self {
            Self::GetSecret | Self::GetDeletedSecret => "get",
            Self::SetSecret | Self::UpdateSecret => "set",
            Self::DeleteSecret => "delete",
            Self::RecoverSecret => "recover",
            Self::PurgeSecret => "purge",
            _ => "list",
        }
    }

    /// Is it one of the Jobs API?
    pub(crate) fn is_of_jobs(self) -> bool {
        matches!(
            self,
            Self::JobsList
                | Self::JobsGet
                | Self::RunNow
                | Self::RunsList
                | Self::RunsGet
                | Self::RunsGetOutput
                | Self::RunsSubmit
                | Self::RunsCancel
                | Self::RunsCancelAll
                | Self::JobPermissions
                | Self::Me
        )
    }

    /// Does it make a new value for a key?
    pub(crate) fn makes_a_key(self) -> bool {
        matches!(self, Self::RegenerateAuthKey | Self::RegenerateStorageKey)
    }

    /// Does ARM meter it as a write? The recordings say so of both key operations, though one only reads. At Synapse the status is an
    /// action as well.
    pub(crate) fn metered_as_write(self, provider: Provider) -> bool {
        match self {
            Self::ListAuthKeys
            | Self::RegenerateAuthKey
            | Self::ListStorageKeys
            | Self::RegenerateStorageKey => true,
            Self::GetStatus => provider == Provider::Synapse,
            _ => false,
        }
    }
}

/// The right to see secrets without their values.
const READ_METADATA: &str = "Microsoft.KeyVault/vaults/secrets/readMetadata/action";

/// Does any rule of `rules` speak of `operation`?
pub(crate) fn any_covers(rules: &[Operation], operation: Operation) -> bool {
    rules.iter().any(|rule| rule.covers(operation))
}
