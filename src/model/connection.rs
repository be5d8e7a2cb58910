//! Where things are, and with which credential they are reached.
//!
//! A credential says where its secret comes from. The secret itself is never held here.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::address::{Name, ResourceId};
use super::key_service::KeyService;
use super::runtime_service::RuntimeService;
use super::time::Span;
use super::trust::host::Host;
use super::trust::source::Source;
use crate::limits::{ARM_READS, ARM_WRITES, DATABRICKS_REQUESTS, REQUEST_LIFETIME};

/// One Azure: its authority, Resource Manager, token audience, its Databricks domain and application, and where its key vaults are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// `public`, `usGovernment`, `china`, or a Cloud document's name.
    pub name: String,
    /// Entra ID: `https://login.microsoftonline.com`, without a slash at the end.
    pub authority: String,
    /// Azure Resource Manager: `https://management.azure.com`, without a slash at the end.
    pub resource_manager: String,
    /// Audience of Resource Manager tokens: `https://management.azure.com`.
    pub audience: String,
    /// Audience of the management token that a service principal shows Databricks: `https://management.core.windows.net/`.
    pub databricks_management: String,
    /// A workspace host is this domain or ends with it: `.azuredatabricks.net`. On a test server also `127.0.0.1:PORT`.
    pub databricks_domain: String,
    /// Application id of Azure Databricks.
    pub databricks_resource: String,
    /// A vault's host is its name and this domain: `.vault.azure.net`. On a test server one host for one vault, `127.0.0.1:PORT`. Empty: this
    /// cloud has no vaults.
    pub vault_domain: String,
    /// Audience of tokens for vaults: `https://vault.azure.net`.
    pub vault_resource: String,
    /// How many requests it takes, and how long one may take.
    pub limits: Limits,
}

/// How many requests a cloud takes of one principal, the token buckets that afresh stays below, and how long one may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Reads of one subscription at Resource Manager.
    pub reads: Rate,
    /// Writes of one subscription at Resource Manager; listing keys is among them.
    pub writes: Rate,
    /// Requests to one Databricks workspace.
    pub databricks: Rate,
    /// How long the request of an action may be under way once it was sent, inside the service included.
    pub request_lifetime: Span,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests that a full bucket holds.
    pub burst: u32,
    /// Requests that it gains a second.
    pub per_second: u32,
}

impl Rate {
    /// No bucket.
    pub const UNLIMITED: Self = Self::of((u32::MAX, u32::MAX));

    const fn of((burst, per_second): (u32, u32)) -> Self {
        Self { burst, per_second }
    }
}

impl Limits {
    /// Azure's.
    pub const AZURE: Self = Self {
        reads: Rate::of(ARM_READS),
        writes: Rate::of(ARM_WRITES),
        databricks: Rate::of(DATABRICKS_REQUESTS),
        request_lifetime: Span::seconds(REQUEST_LIFETIME.as_secs()),
    };
    /// Any number of requests, as a simulated cloud takes that does not throttle.
    pub const NONE: Self = Self {
        reads: Rate::UNLIMITED,
        writes: Rate::UNLIMITED,
        databricks: Rate::UNLIMITED,
        request_lifetime: Span::seconds(REQUEST_LIFETIME.as_secs()),
    };
}

/// Application id of Azure Databricks, the same in every cloud (databricks-sdk-go, environments.go).
pub const DATABRICKS_APPLICATION: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

impl Cloud {
    fn built_in(
        name: &str,
        authority: &str,
        manager: &str,
        classic: &str,
        [databricks, vaults]: [&str; 2],
    ) -> Self {
        Self {
            name: name.to_owned(),
            authority: authority.to_owned(),
            resource_manager: manager.to_owned(),
            audience: manager.to_owned(),
            databricks_management: classic.to_owned(),
            databricks_domain: format!(".{databricks}"),
            databricks_resource: DATABRICKS_APPLICATION.to_owned(),
            vault_domain: format!(".{vaults}"),
            vault_resource: format!("https://{vaults}"),
            limits: Limits::AZURE,
        }
    }

    /// `public`, `usGovernment` or `china`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "public" => Some(Self::built_in(
                name,
                "https://login.microsoftonline.com",
                "https://management.azure.com",
                "https://management.core.windows.net/",
                ["azuredatabricks.net", "vault.azure.net"],
            )),
            "usGovernment" => Some(Self::built_in(
                name,
                "https://login.microsoftonline.us",
                "https://management.usgovcloudapi.net",
                "https://management.core.usgovcloudapi.net/",
                ["databricks.azure.us", "vault.usgovcloudapi.net"],
            )),
            "china" => Some(Self::built_in(
                name,
                "https://login.chinacloudapi.cn",
                "https://management.chinacloudapi.cn",
                "https://management.core.chinacloudapi.cn/",
                ["databricks.azure.cn", "vault.azure.cn"],
            )),
            _ => None,
        }
    }

    /// The three of them.
    pub fn built_in_all() -> Vec<Self> {
        let names = ["public", "usGovernment", "china"];
        names.into_iter().filter_map(Self::named).collect()
    }

    /// Are all of its hosts on this machine?
    pub fn is_loopback(&self) -> bool {
        let domains = [&self.databricks_domain, &self.vault_domain];
        let mut domains = domains.into_iter().map(|domain| Host::named(domain));
        Host::of_address(&self.authority).is_loopback()
            && Host::of_address(&self.resource_manager).is_loopback()
            && domains.all(|domain| domain.as_str().is_empty() || domain.is_loopback())
    }

    /// Audiences of Resource Manager tokens, without a slash at the end: its own, and the older one that Databricks takes as well.
    pub fn manager_audiences(&self) -> [&str; 2] {
        [&self.audience, &self.databricks_management].map(|audience| audience.trim_end_matches('/'))
    }

    /// Is `host` (with its port, if it has one) a Databricks host of this cloud? Tokens go nowhere else.
    ///
    /// A domain that begins with a dot covers its subdomains; any other is one host.
    pub fn owns_databricks_host(&self, host: &str) -> bool {
        let (host, domain) = (
            host.to_ascii_lowercase(),
            self.databricks_domain.to_ascii_lowercase(),
        );
        if domain.starts_with('.') {
            host.len() > domain.len() && host.ends_with(&domain)
        } else {
            host == domain
        }
    }
}

/// Where blobs live in the clouds that need no document.
const BLOB_DOMAINS: [(&str, &str); 3] = [
    (".blob.core.windows.net", "public"),
    (".blob.core.usgovcloudapi.net", "usGovernment"),
    (".blob.core.chinacloudapi.cn", "china"),
];

/// The built-in cloud whose blobs live at `host`.
pub fn blob_cloud(host: &str) -> Option<Cloud> {
    let mut domains = BLOB_DOMAINS.into_iter();
    let (_, cloud) = domains.find(|(domain, _)| host.ends_with(domain))?;
    Cloud::named(cloud)
}

/// Where a secret is read from when it is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretSource {
    /// An environment variable's name.
    Env(String),
    /// A file's path; one line end at its end is not part of the secret.
    File(PathBuf),
}

/// How a principal proves itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// A client secret.
    Secret(SecretSource),
    /// A certificate with its private key, PEM.
    Certificate(PathBuf),
}

/// Who asks, and how it proves that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// The chain of `interface.md` §3.
    Default,
    /// A service principal of Entra ID.
    ServicePrincipal {
        /// Tenant id or domain.
        tenant: String,
        /// Application id.
        client_id: String,
        /// Its secret or certificate.
        proof: Proof,
    },
    /// A federated token in a file, as Kubernetes mounts it; absent fields come from `AZURE_*`.
    WorkloadIdentity {
        /// Tenant id.
        tenant: Option<String>,
        /// Application id.
        client_id: Option<String>,
        /// The token's file.
        token_file: Option<PathBuf>,
    },
    /// The identity of the machine it runs on.
    ManagedIdentity {
        /// A user-assigned identity's client id.
        client_id: Option<String>,
        /// A user-assigned identity's resource id.
        resource_id: Option<String>,
    },
    /// Whoever is signed in to the Azure CLI.
    AzureCli {
        /// Tenant to ask for.
        tenant: Option<String>,
    },
    /// A GitHub Actions job with `id-token: write`.
    GithubOidc {
        /// Tenant id.
        tenant: String,
        /// Application id.
        client_id: String,
    },
    /// An Azure Pipelines job with a service connection.
    AzurePipelines {
        /// Tenant id.
        tenant: String,
        /// Application id.
        client_id: String,
        /// The service connection's id.
        service_connection: String,
    },
    /// A person with a browser elsewhere.
    DeviceCode {
        /// Tenant id.
        tenant: String,
        /// Public application id.
        client_id: String,
    },
    /// A Databricks personal access token; for workspaces only.
    DatabricksToken {
        /// Where it comes from.
        token: SecretSource,
    },
    /// A Databricks service principal with an OAuth secret; for workspaces only.
    DatabricksOauth {
        /// The principal's client id.
        client_id: String,
        /// Its secret.
        client_secret: SecretSource,
    },
}

impl Credential {
    /// May the `DATABRICKS_` variables of the environment be meant for a workspace with it?
    pub fn takes_databricks_variables(&self) -> bool {
        let is_one = |source: &SecretSource| matches!(source, SecretSource::Env(name) if name.starts_with("DATABRICKS_"));
        match self {
            Self::Default => true,
            Self::DatabricksToken { token } => is_one(token),
            Self::DatabricksOauth { client_secret, .. } => is_one(client_secret),
            _ => false,
        }
    }

    /// Where a document itself says that its secret, or what stands for one, comes from.
    pub fn source(&self) -> Option<Source> {
        let of_secret = |source: &SecretSource| match source {
            SecretSource::Env(name) => Source::Variable(name.clone()),
            SecretSource::File(path) => Source::File(path.clone()),
        };
        match self {
            Self::ServicePrincipal { proof, .. } => Some(match proof {
                Proof::Secret(source) => of_secret(source),
                Proof::Certificate(path) => Source::File(path.clone()),
            }),
            Self::WorkloadIdentity { token_file, .. } => token_file.clone().map(Source::File),
            Self::AzurePipelines {
                service_connection, ..
            } => Some(Source::ServiceConnection(service_connection.clone())),
            Self::DatabricksToken { token } => Some(of_secret(token)),
            Self::DatabricksOauth { client_secret, .. } => Some(of_secret(client_secret)),
            Self::Default
            | Self::ManagedIdentity { .. }
            | Self::AzureCli { .. }
            | Self::GithubOidc { .. }
            | Self::DeviceCode { .. } => None,
        }
    }

    /// The manifest's word for it.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::ServicePrincipal { .. } => "servicePrincipal",
            Self::WorkloadIdentity { .. } => "workloadIdentity",
            Self::ManagedIdentity { .. } => "managedIdentity",
            Self::AzureCli { .. } => "azureCli",
            Self::GithubOidc { .. } => "githubOidc",
            Self::AzurePipelines { .. } => "azurePipelines",
            Self::DeviceCode { .. } => "deviceCode",
            Self::DatabricksToken { .. } => "databricksToken",
            Self::DatabricksOauth { .. } => "databricksOauth",
        }
    }
}

/// A Data Factory or a Synapse workspace, which have integration runtimes, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factory {
    /// The connection's name.
    pub name: Name,
    /// Which of the two it is.
    pub service: RuntimeService,
    /// Subscription id.
    pub subscription: String,
    /// Resource group.
    pub resource_group: String,
    /// The factory's or the workspace's own name.
    pub factory: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// Who asks.
    pub credential: Credential,
}

impl Factory {
    /// Its ARM id.
    pub fn id(&self) -> ResourceId {
        ResourceId::new(format!(
            "/subscriptions/{}/resourceGroups/{}/providers/{}/{}",
            self.subscription,
            self.resource_group,
            self.service.keys().resource_type(),
            self.factory
        ))
    }

    /// The ARM id of one of its runtimes.
    pub fn runtime(&self, name: &str) -> ResourceId {
        ResourceId::new(format!("{}/integrationRuntimes/{name}", self.id()))
    }
}

/// The storage accounts of a subscription, or of one of its resource groups, and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The connection's name.
    pub name: Name,
    /// Subscription id.
    pub subscription: String,
    /// The one resource group that it reaches; `None`: all.
    pub resource_group: Option<String>,
    /// Its cloud.
    pub cloud: Cloud,
    /// Who asks.
    pub credential: Credential,
}

impl Subscription {
    /// The ARM id of what holds the accounts.
    pub fn id(&self) -> ResourceId {
        let group = self.resource_group.as_ref();
        let group = group.map(|group| format!("/resourceGroups/{group}"));
        ResourceId::new(format!(
            "/subscriptions/{}{}",
            self.subscription,
            group.unwrap_or_default()
        ))
    }

    /// The ARM id of the account of this name; `None`: it may lie in any group.
    pub fn account(&self, name: &str) -> Option<ResourceId> {
        self.resource_group.as_ref()?;
        let provider = KeyService::Storage.resource_type();
        let id = format!("{}/providers/{provider}/{name}", self.id());
        Some(ResourceId::new(id))
    }

    /// Is it the id of a storage account that this connection reaches?
    pub fn reaches(&self, account: &ResourceId) -> bool {
        let within = format!("{}/", self.id().folded());
        KeyService::of(account) == KeyService::Storage && account.folded().starts_with(&within)
    }
}

/// A connection to resources that have two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyConnection {
    /// To the integration runtimes of a factory or a Synapse workspace.
    Factory(Factory),
    /// To the storage accounts of a subscription.
    Subscription(Subscription),
}

impl KeyConnection {
    /// That of a factory, or of what has runtimes as one; `None`: its resources are no runtimes.
    pub const fn factory(&self) -> Option<&Factory> {
        match self {
            Self::Factory(factory) => Some(factory),
            Self::Subscription(_) => None,
        }
    }

    /// The connection's name.
    pub const fn name(&self) -> &Name {
        match self {
            Self::Factory(one) => &one.name,
            Self::Subscription(one) => &one.name,
        }
    }

    /// Its cloud.
    pub const fn cloud(&self) -> &Cloud {
        match self {
            Self::Factory(one) => &one.cloud,
            Self::Subscription(one) => &one.cloud,
        }
    }

    /// Who asks.
    pub const fn credential(&self) -> &Credential {
        match self {
            Self::Factory(one) => &one.credential,
            Self::Subscription(one) => &one.credential,
        }
    }

    /// Subscription id.
    pub fn subscription(&self) -> &str {
        match self {
            Self::Factory(one) => &one.subscription,
            Self::Subscription(one) => &one.subscription,
        }
    }

    /// Whose keys it leads to.
    pub const fn service(&self) -> KeyService {
        match self {
            Self::Factory(one) => one.service.keys(),
            Self::Subscription(_) => KeyService::Storage,
        }
    }

    /// The ARM id of what holds the resources.
    pub fn id(&self) -> ResourceId {
        match self {
            Self::Factory(one) => one.id(),
            Self::Subscription(one) => one.id(),
        }
    }

    /// Its cloud, to change.
    pub const fn cloud_mut(&mut self) -> &mut Cloud {
        match self {
            Self::Factory(one) => &mut one.cloud,
            Self::Subscription(one) => &mut one.cloud,
        }
    }

    /// Who asks, to change.
    pub const fn credential_mut(&mut self) -> &mut Credential {
        match self {
            Self::Factory(one) => &mut one.credential,
            Self::Subscription(one) => &mut one.credential,
        }
    }

    /// The ARM id of the resource of this name; `None`: only the service knows in which group it lies.
    pub fn id_of(&self, name: &str) -> Option<ResourceId> {
        match self {
            Self::Factory(one) => Some(one.runtime(name)),
            Self::Subscription(one) => one.account(name),
        }
    }

    /// Does it lead to this resource? One that leads elsewhere would do there what was decided about this one.
    pub fn leads_to(&self, resource: &ResourceId) -> bool {
        match self {
            Self::Factory(one) => KeyService::of(resource) == one.service.keys(),
            Self::Subscription(one) => one.reaches(resource),
        }
    }
}

/// Where a workspace answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspaceHost {
    /// A host, with a port on test servers, without a scheme.
    Given(String),
    /// To be read from the workspace's resource in ARM.
    FromResource,
}

/// A Databricks workspace, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The connection's name.
    pub name: Name,
    /// Where it answers.
    pub host: WorkspaceHost,
    /// Its ARM id, if known; required for [`WorkspaceHost::FromResource`].
    pub resource_id: Option<ResourceId>,
    /// Its cloud.
    pub cloud: Cloud,
    /// Who asks.
    pub credential: Credential,
}

impl Workspace {
    /// What tells it from others before anything is asked: its host, else its ARM id.
    pub fn known_as(&self) -> String {
        match (&self.host, &self.resource_id) {
            (WorkspaceHost::Given(host), _) => host.to_ascii_lowercase(),
            (WorkspaceHost::FromResource, Some(id)) => id.folded().to_owned(),
            (WorkspaceHost::FromResource, None) => self.name.to_string(),
        }
    }
}

/// How many different ones of these workspaces the `DATABRICKS_` variables may be meant for. One that is given by its host in one place
/// and by its id in another counts as two: only its service knows better.
pub fn meant_by_variables<'a>(workspaces: impl IntoIterator<Item = &'a Workspace>) -> usize {
    let meant = workspaces
        .into_iter()
        .filter(|workspace| workspace.credential.takes_databricks_variables())
        .map(Workspace::known_as);
    meant.collect::<BTreeSet<String>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_databricks_hosts_of_their_own_cloud_only() {
        let public = Cloud::named("public").unwrap();
        assert!(public.owns_databricks_host("adb-1.7.azuredatabricks.net"));
        assert!(public.owns_databricks_host("ADB-1.7.AzureDatabricks.net"));
        for foreign in [
            "azuredatabricks.net.evil.example",
            "evil-azuredatabricks.net",
            ".azuredatabricks.net",
            "adb-1.7.databricks.azure.us",
            "127.0.0.1:80",
        ] {
            assert!(!public.owns_databricks_host(foreign), "{foreign}");
        }
        let lab = Cloud {
            databricks_domain: "127.0.0.1:4201".to_owned(),
            ..public
        };
        assert!(
            lab.owns_databricks_host("127.0.0.1:4201")
                && !lab.owns_databricks_host("127.0.0.1:4202")
        );
    }
}
