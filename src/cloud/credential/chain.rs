//! Which method a Credential document resolves to in this environment.
//!
//! What a document pins is used or reported as missing; only `default` searches.

use std::path::PathBuf;

use super::super::surroundings::{Surroundings, may_read, place};
use super::super::who::Who;
use super::authority::authority;
use super::device::Person;
use super::entra::{Principal, Proof as Shown};
use super::federated::Federated;
use super::lookup;
use super::managed::{Identity, Which};
use super::oauth::Application;
use super::source::{Source, azure_cli, federated};
use super::token::{Purpose, TokenFailure, Want};
use super::ways::Around;
use crate::model::connection::{Credential, Proof, SecretSource};
use crate::model::trust::Source as Asked;

/// Finds the method.
///
/// # Errors
/// What is missing.
pub(super) async fn resolve(around: &Around<'_>, want: &Want<'_>) -> Result<Source, TokenFailure> {
    let (who, here, trust) = (&want.who, around.here, around.trust);
    match who.credential {
        Credential::Default => lookup::default_chain(around, want).await,
        Credential::ServicePrincipal {
            tenant,
            client_id,
            proof,
        } => service_principal(around, who, [tenant, client_id], proof).await,
        Credential::ManagedIdentity {
            client_id,
            resource_id,
        } => {
            let which = match (client_id, resource_id) {
                (_, Some(id)) => Which::ResourceId(id.clone()),
                (Some(id), None) => Which::ClientId(id.clone()),
                (None, None) => Which::System,
            };
            Ok(Source::Managed(Identity::of_machine(here, which)?))
        }
        Credential::AzureCli { tenant } => azure_cli(here, tenant.clone(), Vec::new()),
        Credential::DatabricksToken { token } => {
            only_for_workspaces(want.purpose, "databricksToken")?;
            Ok(Source::Fixed {
                token: here.secret(token, trust).await.map_err(TokenFailure::new)?,
                named: format!("databricksToken ({})", place(token)),
            })
        }
        Credential::DatabricksOauth {
            client_id,
            client_secret,
        } => databricks_oauth(around, want.purpose, client_id, client_secret).await,
        Credential::WorkloadIdentity {
            tenant,
            client_id,
            token_file,
        } => workload_identity(around, who, [tenant, client_id], token_file.as_ref()),
        Credential::GithubOidc { tenant, client_id } => {
            let github = lookup::github(here).ok_or_else(|| {
                let advice = "give the job `permissions: {id-token: write}`";
                unset_here(here, &lookup::GITHUB, advice)
            })?;
            let authority = who.cloud.authority.clone();
            Ok(federated(authority, tenant, client_id, github))
        }
        Credential::AzurePipelines {
            tenant,
            client_id,
            service_connection,
        } => {
            let asked = Asked::ServiceConnection(service_connection.clone());
            let denied = trust.source(&asked).err();
            if let Some(denied) = denied {
                return Err(TokenFailure::new(denied.to_string()));
            }
            let pipelines = lookup::pipelines(here, Some(service_connection));
            let pipelines = pipelines.ok_or_else(|| {
                let advice = "hand the step its token with `env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}`";
                unset_here(here, &lookup::PIPELINES, advice)
            })?;
            let authority = who.cloud.authority.clone();
            Ok(federated(authority, tenant, client_id, pipelines))
        }
        Credential::DeviceCode { tenant, client_id } => Ok(Source::Person(Person {
            authority: who.cloud.authority.clone(),
            tenant: tenant.clone(),
            client_id: client_id.clone(),
        })),
    }
}

async fn service_principal(
    around: &Around<'_>,
    who: &Who<'_>,
    [tenant, client_id]: [&String; 2],
    proof: &Proof,
) -> Result<Source, TokenFailure> {
    let (proof, shown) = match proof {
        Proof::Secret(source) => {
            let secret = around.here.secret(source, around.trust).await;
            (
                Shown::Secret(secret.map_err(TokenFailure::new)?),
                place(source),
            )
        }
        Proof::Certificate(path) => {
            may_read(path, around.trust).map_err(TokenFailure::new)?;
            (Shown::Certificate(path.clone()), path.display().to_string())
        }
    };
    Ok(Source::Principal(Principal {
        authority: who.cloud.authority.clone(),
        tenant: tenant.clone(),
        client_id: client_id.clone(),
        proof,
        named: format!("servicePrincipal ({shown})"),
    }))
}

async fn databricks_oauth(
    around: &Around<'_>,
    purpose: Purpose,
    client_id: &str,
    secret: &SecretSource,
) -> Result<Source, TokenFailure> {
    only_for_workspaces(purpose, "databricksOauth")?;
    let client_secret = around.here.secret(secret, around.trust).await;
    Ok(Source::Databricks(Application {
        client_id: client_id.to_owned(),
        client_secret: client_secret.map_err(TokenFailure::new)?,
        named: format!("databricksOauth ({})", place(secret)),
    }))
}

fn only_for_workspaces(purpose: Purpose, method: &str) -> Result<(), TokenFailure> {
    match purpose {
        Purpose::Databricks => Ok(()),
        _ => Err(TokenFailure::new(format!(
            "a {method} opens workspaces only, not Azure Resource Manager"
        ))),
    }
}

fn workload_identity(
    around: &Around<'_>,
    who: &Who<'_>,
    written: [&Option<String>; 2],
    file: Option<&PathBuf>,
) -> Result<Source, TokenFailure> {
    let here = around.here;
    // A path that a variable holds is the operator's own.
    if let Some(file) = file {
        may_read(file, around.trust).map_err(TokenFailure::new)?;
    }
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"];
    let [tenant, client_id] = [0, 1].map(|index| {
        let written = written[index].as_deref().or_else(|| here.var(names[index]));
        written.ok_or_else(|| unset(&names[index..=index]))
    });
    let set = || here.var(lookup::TOKEN_FILE).map(PathBuf::from);
    let file = file.cloned().or_else(set);
    let file = file.ok_or_else(|| unset(&[lookup::TOKEN_FILE]))?;
    let authority = authority(who.cloud, here);
    Ok(federated(
        authority,
        tenant?,
        client_id?,
        Federated::File(file),
    ))
}

fn unset(names: &[&str]) -> TokenFailure {
    TokenFailure::new(format!("not set: {}", names.join(" and ")))
}

/// Which of a job's variables are missing, and how it comes by them.
fn unset_here(here: &Surroundings, names: &[&str], advice: &str) -> TokenFailure {
    let missing = names.iter().filter(|name| here.var(name).is_none());
    let missing: Vec<&str> = missing.copied().collect();
    let TokenFailure { message, .. } = unset(&missing);
    TokenFailure::new(format!("{message}; {advice}"))
}
