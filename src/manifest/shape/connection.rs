//! Connections: where things live, and with which credential they are reached.

use super::super::mark::At;
use super::declare::{either, record};
use super::leaf::{FactoryName, Filled, Guid, Reference, ResourceGroup, SynapseName};
use super::number::{Count, Length};
use super::secret::SecretText;

record! {
    /// A Data Factory, and how to reach it.
    DataFactorySpec {
        /// Subscription id.
        "subscription" subscription: At<Guid>,
        /// Resource group.
        "resourceGroup" resource_group: At<ResourceGroup>,
        /// The factory's own name.
        "factory" factory: At<FactoryName>,
        /// `public`, `usGovernment`, `china`, or a Cloud document's name. Default: `public`.
        "cloud" cloud: Option<At<Reference>>,
        /// `default`, or a Credential document's name. Default: `default`.
        "credential" credential: Option<At<Reference>>,
    }
}

record! {
    /// A Synapse workspace, and how to reach it: its self-hosted integration runtimes have keys like those of a Data Factory.
    SynapseWorkspaceSpec {
        /// Subscription id.
        "subscription" subscription: At<Guid>,
        /// Resource group.
        "resourceGroup" resource_group: At<ResourceGroup>,
        /// The workspace's own name.
        "workspace" workspace: At<SynapseName>,
        /// `public`, `usGovernment`, `china`, or a Cloud document's name. Default: `public`.
        "cloud" cloud: Option<At<Reference>>,
        /// `default`, or a Credential document's name. Default: `default`.
        "credential" credential: Option<At<Reference>>,
    }
}

record! {
    /// The storage accounts of a subscription, or of one of its resource groups, and how to reach them.
    SubscriptionSpec {
        /// Subscription id.
        "subscription" subscription: At<Guid>,
        /// The one resource group in which accounts are selected. Default: all of the subscription.
        "resourceGroup" resource_group: Option<ResourceGroup>,
        /// `public`, `usGovernment`, `china`, or a Cloud document's name. Default: `public`.
        "cloud" cloud: Option<At<Reference>>,
        /// `default`, or a Credential document's name. Default: `default`.
        "credential" credential: Option<At<Reference>>,
    }
}

record! {
    /// A Databricks workspace, and how to reach it. It needs a host or a resource id.
    #[schemars(extend("anyOf" = [{ "required": ["host"] }, { "required": ["resourceId"] }]))]
    DatabricksWorkspaceSpec {
        /// Where it answers, without `https://`: `adb-1234567890123456.7.azuredatabricks.net`.
        "host" host: Option<At<Filled>>,
        /// Its ARM id. Without a host, the host is read from there.
        "resourceId" resource_id: Option<At<Filled>>,
        /// `public`, `usGovernment`, `china`, or a Cloud document's name. Default: `public`.
        "cloud" cloud: Option<At<Reference>>,
        /// `default`, or a Credential document's name. Default: `default`.
        "credential" credential: Option<At<Reference>>,
    }
}

record! {
    /// An Azure of its own: Azure Stack, air-gapped clouds, and test servers. `http` goes to loopback only.
    CloudSpec {
        /// Entra ID's address.
        "authority" authority: At<Filled>,
        /// Azure Resource Manager's address.
        "resourceManager" resource_manager: At<Filled>,
        /// Audience of Resource Manager tokens. Default: the address of Resource Manager.
        "audience" audience: Option<At<Filled>>,
        /// Databricks in this cloud, if it has it.
        "databricks" databricks: Option<DatabricksCloud>,
        /// Its key vaults, if it has them.
        "vault" vault: Option<VaultCloud>,
        /// How many requests it takes, which afresh stays below, and how long one may take. Default: as at Azure.
        "limits" limits: Option<LimitsText>,
    }
}

record! {
    /// How many requests a cloud takes of one principal, and how long one may take.
    LimitsText {
        /// Reads of one subscription at Resource Manager. Default: `{burst: 250, perSecond: 25}`.
        "reads" reads: Option<RateText>,
        /// Writes of one subscription at Resource Manager, listing keys among them. Default: `{burst: 200, perSecond: 10}`.
        "writes" writes: Option<RateText>,
        /// Requests to one Databricks workspace. Default: `{burst: 1, perSecond: 15}`.
        "databricks" databricks: Option<RateText>,
        /// How long the request of an action may take once it was sent, the work inside the service included. Default: `1m`. Two of these after a regenerate was sent and its answer lost, an unchanged key proves that it did not happen. At most `10m`; less than `1m` only where all hosts are loopback, as on a test server.
        "requestLifetime" request_lifetime: Option<At<Length>>,
    }
}

record! {
    /// A token bucket.
    RateText {
        /// Requests that a full bucket holds.
        "burst" burst: Count,
        /// Requests that it gains a second.
        "perSecond" per_second: Count,
    }
}

record! {
    /// Databricks in a cloud.
    DatabricksCloud {
        /// `.suffix` for all hosts that end with it, or exactly one host, with its port if it has one: `127.0.0.1:4201`.
        "domain" domain: At<Filled>,
        /// Application id of Azure Databricks. Default: the one of Azure.
        "resource" resource: Option<Filled>,
        /// Audience of the management token that a service principal shows Databricks. Default: `audience`.
        "managementAudience" management_audience: Option<Filled>,
    }
}

record! {
    /// The key vaults of a cloud.
    VaultCloud {
        /// `.suffix` for all vaults: a vault's host is its name and that. Or exactly one host for exactly one vault, with its port if it has one: `127.0.0.1:4203`.
        "domain" domain: At<Filled>,
        /// Audience of their tokens. Default: `https://` and the domain.
        "resource" resource: Option<Filled>,
    }
}

either! {
    /// Who asks, and how it proves that: exactly one method.
    CredentialSpec {
        /// A service principal of Entra ID.
        "servicePrincipal" ServicePrincipal(At<ServicePrincipalText>),
        /// A federated token in a file, as Kubernetes mounts it. Absent fields come from `AZURE_*`.
        "workloadIdentity" WorkloadIdentity(WorkloadIdentityText),
        /// The identity of the machine that afresh runs on.
        "managedIdentity" ManagedIdentity(At<ManagedIdentityText>),
        /// Whoever is signed in to the Azure CLI.
        "azureCli" AzureCli(AzureCliText),
        /// A GitHub Actions job with `id-token: write`.
        "githubOidc" GithubOidc(PrincipalText),
        /// An Azure Pipelines job with a service connection.
        "azurePipelines" AzurePipelines(AzurePipelinesText),
        /// A person with a browser elsewhere.
        "deviceCode" DeviceCode(PrincipalText),
        /// A Databricks personal access token; for workspaces only.
        "databricksToken" DatabricksToken(DatabricksTokenText),
        /// A Databricks service principal with an OAuth secret; for workspaces only.
        "databricksOauth" DatabricksOauth(DatabricksOauthText),
    }
}

record! {
    /// A service principal of Entra ID, with a secret or a certificate.
    #[schemars(extend("oneOf" = [{ "required": ["clientSecret"] }, { "required": ["certificate"] }]))]
    ServicePrincipalText {
        /// Tenant id or domain.
        "tenant" tenant: Filled,
        /// Application id.
        "clientId" client_id: Filled,
        /// Where its secret comes from.
        "clientSecret" client_secret: Option<At<SecretText>>,
        /// Its certificate with the private key, PEM.
        "certificate" certificate: Option<At<FileText>>,
    }
}

record! {
    /// A file.
    FileText {
        /// Its path, relative to the manifest's own folder.
        "file" file: Filled,
    }
}

record! {
    /// A federated token in a file.
    WorkloadIdentityText {
        /// Tenant id.
        "tenant" tenant: Option<Filled>,
        /// Application id.
        "clientId" client_id: Option<Filled>,
        /// The token's file.
        "tokenFile" token_file: Option<At<Filled>>,
    }
}

record! {
    /// The identity of a machine; without fields, its system-assigned one.
    ManagedIdentityText {
        /// A user-assigned identity's client id.
        "clientId" client_id: Option<Filled>,
        /// A user-assigned identity's resource id.
        "resourceId" resource_id: Option<At<Filled>>,
    }
}

record! {
    /// Whoever is signed in to the Azure CLI.
    AzureCliText {
        /// Tenant to ask for.
        "tenant" tenant: Option<Filled>,
    }
}

record! {
    /// An application in a tenant.
    PrincipalText {
        /// Tenant id.
        "tenant" tenant: Filled,
        /// Application id.
        "clientId" client_id: Filled,
    }
}

record! {
    /// An Azure Pipelines job with a service connection.
    AzurePipelinesText {
        /// Tenant id.
        "tenant" tenant: Filled,
        /// Application id.
        "clientId" client_id: Filled,
        /// The service connection's id.
        "serviceConnection" service_connection: At<Filled>,
    }
}

record! {
    /// A Databricks personal access token.
    DatabricksTokenText {
        /// Where it comes from.
        "token" token: At<SecretText>,
    }
}

record! {
    /// A Databricks service principal.
    DatabricksOauthText {
        /// The principal's client id.
        "clientId" client_id: Filled,
        /// Where its secret comes from.
        "clientSecret" client_secret: At<SecretText>,
    }
}
