//! Connections as a plan carries them: where services are, and *where* a secret is to be read from.
//!
//! There is no field for a secret itself.

use std::path::PathBuf;

use super::text::Text;
use super::words::{self, Name, ResourceId, Span, VaultName};
use crate::saved::mirror::{mirror, shape};

mirror! {
    /// One Azure.
    struct Cloud {
        name: String,
        authority: String,
        resource_manager: String,
        audience: String,
        databricks_management: String,
        databricks_domain: String,
        databricks_resource: String,
        vault_domain: String,
        vault_resource: String,
        limits: Limits,
    }
    beside {}
    written {
        /// What connections call it, if that is not its name.
        #[serde(rename = "ref")] reference: Option<String>,
    }
}

mirror! {
    /// How many requests a cloud takes, and how long one may take.
    struct Limits { reads: Rate, writes: Rate, databricks: Rate, request_lifetime: Text<Span> }
}

mirror! {
    /// A token bucket.
    struct Rate { burst: u32, per_second: u32 }
}

mirror! {
    /// Where a secret is read from when it is needed.
    enum SecretSource {
        /// An environment variable's name.
        Env(name: String),
        /// A file's path.
        File(path: Text<PathBuf>),
    }
}

mirror! {
    /// How a principal proves itself.
    enum Proof {
        Secret(source: SecretSource),
        Certificate(path: Text<PathBuf>),
    }
}

mirror! {
    /// Who asks, and how it proves that.
    enum Credential {
        Default,
        ServicePrincipal { tenant: String, client_id: String, proof: Proof },
        WorkloadIdentity { tenant: Option<String>, client_id: Option<String>, token_file: Option<Text<PathBuf>> },
        ManagedIdentity { client_id: Option<String>, resource_id: Option<String> },
        AzureCli { tenant: Option<String> },
        GithubOidc { tenant: String, client_id: String },
        AzurePipelines { tenant: String, client_id: String, service_connection: String },
        DeviceCode { tenant: String, client_id: String },
        DatabricksToken { token: SecretSource },
        DatabricksOauth { client_id: String, client_secret: SecretSource },
    }
}

shape! {
    /// A credential that connections have.
    CredentialLine {
        /// What connections call it.
        #[serde(rename = "ref")] reference: String,
        is: Credential,
    } {}
}

mirror! {
    /// A service with integration runtimes.
    enum RuntimeService { DataFactory, Synapse }
}

mirror! {
    /// A Data Factory or a Synapse workspace, and how to reach it.
    #[expect(clippy::struct_field_names, reason = "the fields have the names of the manifest")]
    struct Factory {
        name: Text<Name>,
        service: RuntimeService,
        subscription: String,
        resource_group: String,
        factory: String,
    }
    beside { cloud: words::Cloud, credential: words::Credential }
    written { cloud: String, credential: String }
}

mirror! {
    /// The storage accounts of a subscription, and how to reach them.
    #[expect(clippy::struct_field_names, reason = "the fields have the names of the manifest")]
    struct Subscription {
        name: Text<Name>,
        subscription: String,
        /// The one resource group that it reaches; left out: all.
        resource_group: Option<String>,
    }
    beside { cloud: words::Cloud, credential: words::Credential }
    written { cloud: String, credential: String }
}

mirror! {
    /// A Key Vault that keys are handed to, and how to reach it.
    struct VaultConnection { vault: Text<VaultName> }
    beside { cloud: words::Cloud, credential: words::Credential }
    written { cloud: String, credential: String }
}

mirror! {
    /// Where a workspace answers.
    enum WorkspaceHost {
        Given(host: String),
        FromResource,
    }
}

mirror! {
    /// A Databricks workspace, and how to reach it.
    struct Workspace {
        name: Text<Name>,
        host: WorkspaceHost,
        resource_id: Option<Text<ResourceId>>,
    }
    beside { cloud: words::Cloud, credential: words::Credential }
    written {
        cloud: String,
        credential: String,
        /// Where the jobs of its steps are that name no host, if the host was read from the resource.
        host_found: Option<String>,
    }
}

mirror! {
    /// Where what happened is remembered.
    enum LedgerPlace {
        File(path: Text<PathBuf>),
        Blob(address: String),
    }
}
