//! Which method a credential comes down to here and now.
//!
//! Refuses: guessing. A method that this version cannot use is said, not passed over.

use std::path::PathBuf;

use secrecy::SecretString;

use super::super::call::Who;
use super::super::surroundings::{Surroundings, place};
use super::entra::{Principal, Proof as Shown};
use super::federated::Federated;
use super::{Purpose, TokenFailure};
use crate::model::connection::{Cloud, Credential, Proof, SecretSource};

/// A method with all it needs.
pub(super) enum Source {
    /// A token that was handed in as it is.
    Fixed { token: SecretString, named: String },
    /// A service principal, with a secret or with what others say about this job.
    Principal(Principal),
    /// Whoever is signed in to the Azure CLI.
    AzureCli {
        program: PathBuf,
        tenant: Option<String>,
    },
}

impl Source {
    /// How people call it.
    pub fn origin(&self) -> String {
        match self {
            Self::Fixed { named, .. } => named.clone(),
            Self::Principal(principal) => principal.named.clone(),
            Self::AzureCli { .. } => "Azure CLI".to_owned(),
        }
    }

    pub const fn is_principal(&self) -> bool {
        matches!(self, Self::Principal(_))
    }
}

/// Finds the method.
///
/// # Errors
/// What is missing, or which method this version cannot use yet.
pub(super) async fn resolve(
    who: &Who<'_>,
    purpose: Purpose,
    here: &Surroundings,
) -> Result<Source, TokenFailure> {
    match who.credential {
        Credential::Default => default_chain(who, purpose, here),
        Credential::ServicePrincipal {
            tenant,
            client_id,
            proof: Proof::Secret(source),
        } => Ok(Source::Principal(Principal {
            authority: who.cloud.authority.clone(),
            tenant: tenant.clone(),
            client_id: client_id.clone(),
            proof: Shown::Secret(here.secret(source).await.map_err(TokenFailure::new)?),
            named: format!("servicePrincipal ({})", place(source)),
        })),
        Credential::ServicePrincipal {
            tenant,
            client_id,
            proof: Proof::Certificate(path),
        } => Ok(Source::Principal(Principal {
            authority: who.cloud.authority.clone(),
            tenant: tenant.clone(),
            client_id: client_id.clone(),
            proof: Shown::Certificate(path.clone()),
            named: format!("servicePrincipal ({})", path.display()),
        })),
        Credential::AzureCli { tenant } => azure_cli(here, tenant.clone()),
        Credential::DatabricksToken { token } => databricks_token(purpose, token, here).await,
        Credential::WorkloadIdentity {
            tenant,
            client_id,
            token_file,
        } => workload_identity(who, here, [tenant, client_id], token_file.as_ref()),
        Credential::GithubOidc { tenant, client_id } => {
            let github = github(here).ok_or_else(|| unset_variables(&GITHUB))?;
            Ok(federated(
                who.cloud.authority.clone(),
                tenant,
                client_id,
                github,
            ))
        }
        Credential::AzurePipelines {
            tenant,
            client_id,
            service_connection,
        } => {
            let pipelines = pipelines(here, Some(service_connection));
            let pipelines = pipelines.ok_or_else(|| unset_variables(&PIPELINES))?;
            Ok(federated(
                who.cloud.authority.clone(),
                tenant,
                client_id,
                pipelines,
            ))
        }
        other @ (Credential::ManagedIdentity { .. }
        | Credential::DeviceCode { .. }
        | Credential::DatabricksOauth { .. }) => Err(not_yet(other.method())),
    }
}

fn not_yet(method: &str) -> TokenFailure {
    TokenFailure::new(format!("this version cannot use {method} yet"))
}

async fn databricks_token(
    purpose: Purpose,
    source: &SecretSource,
    here: &Surroundings,
) -> Result<Source, TokenFailure> {
    if purpose != Purpose::Databricks {
        return Err(TokenFailure::new(
            "a databricksToken opens workspaces only, not Azure Resource Manager",
        ));
    }
    Ok(Source::Fixed {
        token: here.secret(source).await.map_err(TokenFailure::new)?,
        named: format!("databricksToken ({})", place(source)),
    })
}

/// `interface.md` §3: for workspaces their own variables first, then for all: environment, what this job is, Azure CLI.
fn default_chain(
    who: &Who<'_>,
    purpose: Purpose,
    here: &Surroundings,
) -> Result<Source, TokenFailure> {
    if purpose == Purpose::Databricks {
        if let Some(token) = here.secret_var("DATABRICKS_TOKEN") {
            return Ok(Source::Fixed {
                token,
                named: "environment (DATABRICKS_TOKEN)".to_owned(),
            });
        }
        if here.var("DATABRICKS_CLIENT_ID").is_some()
            && here.var("DATABRICKS_CLIENT_SECRET").is_some()
        {
            return Err(not_yet("DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET"));
        }
    }
    if let Some(principal) = environment(who.cloud, here) {
        return Ok(Source::Principal(principal));
    }
    if let Some(job) = of_this_job(who.cloud, here) {
        return Ok(job);
    }
    azure_cli(here, None).map_err(|_| {
        TokenFailure::new(format!(
            "no credential was found: {}; no AZURE_FEDERATED_TOKEN_FILE; no GitHub job ({}); no Azure Pipelines job ({}), and there is no Azure CLI; set them, run `az login`, or name a credential in the manifest",
            unset(here),
            GITHUB[0],
            PIPELINES[0],
        ))
    })
}

/// What GitHub Actions sets in a job with `id-token: write`.
const GITHUB: [&str; 2] = [
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];
/// What Azure Pipelines sets; the second one only where the step asks for it.
const PIPELINES: [&str; 2] = ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"];
/// Where a step of Azure Pipelines finds its service connection.
const CONNECTIONS: [&str; 2] = [
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
];

/// An identity that this very job has, if it says for which application of which tenant.
fn of_this_job(cloud: &Cloud, here: &Surroundings) -> Option<Source> {
    let id = |what: &str| {
        ["AZURE", "ARM", "AZURESUBSCRIPTION"]
            .iter()
            .find_map(|family| here.var(&format!("{family}_{what}")))
    };
    let (tenant, client_id) = (id("TENANT_ID")?, id("CLIENT_ID")?);
    let file = here
        .var(TOKEN_FILE)
        .map(|path| Federated::File(path.into()));
    let job = file
        .or_else(|| github(here))
        .or_else(|| pipelines(here, CONNECTIONS.iter().find_map(|name| here.var(name))))?;
    Some(federated(authority(cloud, here), tenant, client_id, job))
}

const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

fn github(here: &Surroundings) -> Option<Federated> {
    Some(Federated::Github {
        url: here.var(GITHUB[0])?.to_owned(),
        token: here.var(GITHUB[1])?.into(),
    })
}

fn pipelines(here: &Surroundings, service_connection: Option<&str>) -> Option<Federated> {
    Some(Federated::Pipelines {
        url: here.var(PIPELINES[0])?.to_owned(),
        token: here.var(PIPELINES[1])?.into(),
        service_connection: service_connection?.to_owned(),
    })
}

fn workload_identity(
    who: &Who<'_>,
    here: &Surroundings,
    written: [&Option<String>; 2],
    file: Option<&PathBuf>,
) -> Result<Source, TokenFailure> {
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"];
    let [tenant, client_id] = [0, 1].map(|index| {
        let written = written[index].as_deref().or_else(|| here.var(names[index]));
        written.ok_or_else(|| unset_variables(&names[index..=index]))
    });
    let file = file
        .cloned()
        .or_else(|| here.var(TOKEN_FILE).map(PathBuf::from));
    let file = file.ok_or_else(|| unset_variables(&[TOKEN_FILE]))?;
    let authority = authority(who.cloud, here);
    Ok(federated(
        authority,
        tenant?,
        client_id?,
        Federated::File(file),
    ))
}

fn federated(authority: String, tenant: &str, client_id: &str, federated: Federated) -> Source {
    Source::Principal(Principal {
        authority,
        tenant: tenant.to_owned(),
        client_id: client_id.to_owned(),
        named: federated.named(),
        proof: Shown::Federated(federated),
    })
}

fn unset_variables(names: &[&str]) -> TokenFailure {
    TokenFailure::new(format!("not set: {}", names.join(" and ")))
}

/// `AZURE_*`, then `ARM_*`; all three of one family.
fn environment(cloud: &Cloud, here: &Surroundings) -> Option<Principal> {
    ["AZURE", "ARM"].into_iter().find_map(|family| {
        let var = |what: &str| here.var(&format!("{family}_{what}")).map(str::to_owned);
        let (secret, certificate) = (var("CLIENT_SECRET"), var("CLIENT_CERTIFICATE_PATH"));
        let (proof, shown) = match (secret, certificate) {
            (Some(secret), _) => (Shown::Secret(secret.into()), "CLIENT_SECRET"),
            (None, Some(path)) => (Shown::Certificate(path.into()), "CLIENT_CERTIFICATE_PATH"),
            (None, None) => return None,
        };
        Some(Principal {
            authority: authority(cloud, here),
            tenant: var("TENANT_ID")?,
            client_id: var("CLIENT_ID")?,
            proof,
            named: format!("environment ({family}_{shown})"),
        })
    })
}

/// Which variables are missing: of the family that was begun, so that a slip in one name is seen; else of both.
fn unset(here: &Surroundings) -> String {
    let names = ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"];
    let missing = |family: &str| -> Vec<String> {
        names
            .iter()
            .map(|name| format!("{family}_{name}"))
            .filter(|name| here.var(name).is_none())
            .collect()
    };
    ["AZURE", "ARM"]
        .into_iter()
        .map(|family| (family, missing(family)))
        .find(|(_, missing)| missing.len() < names.len())
        .map_or_else(
            || "neither AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET nor the same with ARM_ are set".to_owned(),
            |(family, missing)| {
                format!("of {family}_… not all are set: {} missing", missing.join(" and "))
            },
        )
}

/// A Cloud document says where its authority is; only where none was written does `AZURE_AUTHORITY_HOST` have a say.
fn authority(cloud: &Cloud, here: &Surroundings) -> String {
    let is_default = Cloud::named("public").is_some_and(|public| public == *cloud);
    match here.var("AZURE_AUTHORITY_HOST") {
        Some(host) if is_default && host.contains("://") => host.to_owned(),
        Some(host) if is_default => format!("https://{host}"),
        _ => cloud.authority.clone(),
    }
}

fn azure_cli(here: &Surroundings, tenant: Option<String>) -> Result<Source, TokenFailure> {
    match here.azure_cli() {
        Some(program) => Ok(Source::AzureCli {
            program: program.clone(),
            tenant,
        }),
        None => Err(TokenFailure::new("there is no Azure CLI here")),
    }
}
