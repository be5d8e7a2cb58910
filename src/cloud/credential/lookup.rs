//! The `default` chain: tries the methods in the order of the README, and says what each one lacks.
//!
//! For workspaces, what is specific to them comes first (`databricks`). Then for all: environment, workload identity, GitHub,
//! Azure Pipelines, managed identity, Azure CLI. A method that is set up and fails ends the chain with its own error.
//! Tenant id and client id are always taken from the same family of variables.

use secrecy::SecretString;

use super::super::surroundings::{CONNECTIONS, Surroundings};
use super::authority::authority;
use super::databricks::{self, Own};
use super::entra::{Principal, Proof as Shown};
use super::federated::Federated;
use super::managed::{Identity, Which};
use super::source::{Source, azure_cli, federated};
use super::token::{TokenFailure, Want};
use super::ways::{Around, Lack, Way, is, none};
use crate::model::connection::Cloud;

/// What GitHub Actions sets in a job with `id-token: write`.
pub(super) const GITHUB: [&str; 2] = [
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];
/// What Azure Pipelines sets; the second one only where the step asks for it.
pub(super) const PIPELINES: [&str; 2] = ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"];
/// Terraform's names for either.
const ARM_REQUEST: [&str; 2] = ["ARM_OIDC_REQUEST_URL", "ARM_OIDC_REQUEST_TOKEN"];
/// What Kubernetes sets.
pub(super) const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// The names that a service principal has variables under.
const FAMILIES: [&str; 2] = ["AZURE", "ARM"];
/// What the tools of Databricks read of them.
const ARM: [&str; 3] = ["ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"];
/// What Azure Pipelines sets for a step with a service connection.
const CONNECTED: &str = "AZURESUBSCRIPTION";

/// Goes through the ways until one is there.
///
/// # Errors
/// What each of them lacks; or what is wrong with what somebody has clearly asked for.
pub(super) async fn default_chain(
    around: &Around<'_>,
    want: &Want<'_>,
) -> Result<Source, TokenFailure> {
    let (cloud, here) = (want.who.cloud, around.here);
    let mut lacks = Vec::new();
    let auth_type = match databricks::look(around, want, &mut lacks).await? {
        Own::Opens(source) => return Ok(source),
        Own::Leaves(auth_type) => auth_type,
    };
    let is_databricks = auth_type.is_some();
    for way in Way::ALL {
        let found = match way.switched_off(here, auth_type)? {
            Some(why) => Err(why),
            None => match way {
                Way::Environment if is_databricks => client_secret(cloud, here),
                Way::Environment => environment(cloud, here)?.ok_or_else(|| unset(here)),
                Way::WorkloadIdentity => workload(cloud, here)?,
                Way::Github => of_github(cloud, here, is_databricks),
                Way::Pipelines => of_pipelines(cloud, here),
                Way::Managed => managed(around, is_databricks).await,
                Way::AzureCli => azure_cli(here, None, lacks.clone())
                    .map_err(|_| "there is no `az` on PATH".to_owned()),
            },
        };
        match found {
            Ok(source) => return Ok(source),
            Err(what) => lacks.push(Lack::new(way.named(), what)),
        }
    }
    Err(none(&lacks, want.purpose))
}

/// `AZURE_*`, then `ARM_*`; all three of one family.
///
/// # Errors
/// A family with a secret or certificate and without the ids: a slip in one name must not make somebody else act.
fn environment(cloud: &Cloud, here: &Surroundings) -> Result<Option<Source>, TokenFailure> {
    for family in FAMILIES {
        let var = |what: &str| here.var(&format!("{family}_{what}")).map(str::to_owned);
        let secret = here.secret_var(&format!("{family}_CLIENT_SECRET"));
        let (proof, shown) = match (secret, var("CLIENT_CERTIFICATE_PATH")) {
            (Some(secret), _) => (Shown::Secret(secret), "CLIENT_SECRET"),
            (None, Some(path)) => (Shown::Certificate(path.into()), "CLIENT_CERTIFICATE_PATH"),
            (None, None) => continue,
        };
        let (Some(tenant), Some(client_id)) = (var("TENANT_ID"), var("CLIENT_ID")) else {
            return Err(TokenFailure::new(format!(
                "environment: {}; set what is missing, or take {family}_{shown} away",
                not_all(family, &missing(here, family))
            )));
        };
        return Ok(Some(Source::Principal(Principal {
            authority: authority(cloud, here),
            tenant,
            client_id,
            proof,
            named: format!("environment ({family}_{shown})"),
        })));
    }
    Ok(None)
}

/// What the tools of Databricks mean by `azure-client-secret`: `ARM_*` alone, and no certificate.
fn client_secret(cloud: &Cloud, here: &Surroundings) -> Result<Source, String> {
    let [tenant, client_id] = [0, 1].map(|index| here.var(ARM[index]).map(str::to_owned));
    let (Some(tenant), Some(client_id), Some(secret)) =
        (tenant, client_id, here.secret_var(ARM[2]))
    else {
        return Err(not_set(here, &ARM));
    };
    Ok(Source::Principal(Principal {
        authority: authority(cloud, here),
        tenant,
        client_id,
        proof: Shown::Secret(secret),
        named: format!("environment ({})", ARM[2]),
    }))
}

/// Which variables are missing: of the family that was begun, so that a slip in one name is seen; else of both.
fn unset(here: &Surroundings) -> String {
    FAMILIES
        .into_iter()
        .map(|family| (family, missing(here, family)))
        .find(|(_, missing)| missing.len() < 3)
        .map_or_else(
            || "neither AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET nor the same with ARM_ are set".to_owned(),
            |(family, missing)| not_all(family, &missing),
        )
}

/// Of the ids and the secret of one family; a certificate does as well.
fn missing(here: &Surroundings, family: &str) -> Vec<String> {
    let is_set = |what: &str| here.var(&format!("{family}_{what}")).is_some();
    ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"]
        .into_iter()
        .filter(|what| !is_set(what))
        .filter(|what| *what != "CLIENT_SECRET" || !is_set("CLIENT_CERTIFICATE_PATH"))
        .map(|what| format!("{family}_{what}"))
        .collect()
}

fn not_all(family: &str, missing: &[String]) -> String {
    format!(
        "of {family}_… not all are set: {} missing",
        missing.join(" and ")
    )
}

fn not_set(here: &Surroundings, names: &[&str]) -> String {
    let missing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| here.var(name).is_none())
        .collect();
    let are = if missing.len() == 1 { "is" } else { "are" };
    format!("{} {are} not set", missing.join(" and "))
}

/// A federated token that somebody put into a file or a variable.
///
/// # Errors
/// It is there and its ids are not: as with a secret, nobody else must act because of a slip.
fn workload(cloud: &Cloud, here: &Surroundings) -> Result<Result<Source, String>, TokenFailure> {
    const OTHER_FILE: &str = "ARM_OIDC_TOKEN_FILE_PATH";
    const GIVEN: &str = "ARM_OIDC_TOKEN";
    let file = |name: &str| here.var(name).map(|path| Federated::File(path.into()));
    let given = || here.secret_var(GIVEN).map(Federated::Given);
    let (family, shown, job) = if let Some(job) = file(TOKEN_FILE) {
        ("AZURE", TOKEN_FILE, job)
    } else if let Some(job) = file(OTHER_FILE) {
        ("ARM", OTHER_FILE, job)
    } else if let Some(job) = given() {
        ("ARM", GIVEN, job)
    } else {
        return Ok(Err(not_set(here, &[TOKEN_FILE])));
    };
    let source = for_application(cloud, here, family, job).map_err(|lack| {
        TokenFailure::new(format!(
            "workload identity: {lack}; set what is missing, or take {shown} away"
        ))
    })?;
    Ok(Ok(source))
}

fn of_github(cloud: &Cloud, here: &Surroundings, is_databricks: bool) -> Result<Source, String> {
    let job = github(here).ok_or_else(|| not_set(here, &GITHUB))?;
    let is_own = pair(here, GITHUB).is_some();
    let family = if is_own && !is_databricks {
        "AZURE"
    } else {
        "ARM"
    };
    for_application(cloud, here, family, job)
}

fn of_pipelines(cloud: &Cloud, here: &Surroundings) -> Result<Source, String> {
    let connection = CONNECTIONS.iter().find_map(|name| here.var(name));
    let is_connected = here.var(CONNECTIONS[0]).is_some();
    let family = if is_connected { CONNECTED } else { "ARM" };
    match pipelines(here, connection) {
        Some(pipelines) => for_application(cloud, here, family, pipelines),
        None if here.var(PIPELINES[0]).is_some() && here.var(PIPELINES[1]).is_some() => {
            Err(not_set(here, &CONNECTIONS[..1]))
        }
        None => Err(not_set(here, &PIPELINES)),
    }
}

/// An identity that this very job has, if it says for which application of which tenant. Both ids are of one family: that of what shows
/// the job, else the first that has both.
fn for_application(
    cloud: &Cloud,
    here: &Surroundings,
    family: &str,
    job: Federated,
) -> Result<Source, String> {
    let names = |family: &str| ["TENANT_ID", "CLIENT_ID"].map(|what| format!("{family}_{what}"));
    let others = ["AZURE", "ARM", CONNECTED].into_iter();
    let families = || std::iter::once(family).chain(others.clone());
    let whole = families().find_map(|family| {
        let [tenant, client_id] = names(family);
        Some((here.var(&tenant)?, here.var(&client_id)?))
    });
    if let Some((tenant, client_id)) = whole {
        return Ok(federated(authority(cloud, here), tenant, client_id, job));
    }
    let missing = |family: &str| {
        let unset = names(family).into_iter();
        unset
            .filter(|name| here.var(name).is_none())
            .collect::<Vec<_>>()
    };
    let begun = families().map(missing).find(|names| names.len() == 1);
    // A pipeline's own are not for people to set.
    let usual = if family == CONNECTED { "AZURE" } else { family };
    let missing = begun.unwrap_or_else(|| missing(usual));
    Err(format!("not set: {}", missing.join(" and ")))
}

/// The two variables of one pair.
fn pair(here: &Surroundings, names: [&str; 2]) -> Option<(String, SecretString)> {
    Some((here.var(names[0])?.to_owned(), here.secret_var(names[1])?))
}

pub(super) fn github(here: &Surroundings) -> Option<Federated> {
    let own = pair(here, GITHUB);
    // Terraform has one pair of names for both; a service connection tells that it is meant for Azure Pipelines.
    let is_pipelines = CONNECTIONS.iter().any(|name| here.var(name).is_some());
    let other = || pair(here, ARM_REQUEST).filter(|_| !is_pipelines);
    let (url, token) = own.or_else(other)?;
    Some(Federated::Github { url, token })
}

pub(super) fn pipelines(
    here: &Surroundings,
    service_connection: Option<&str>,
) -> Option<Federated> {
    let service_connection = service_connection?.to_owned();
    let (url, token) = pair(here, PIPELINES).or_else(|| pair(here, ARM_REQUEST))?;
    Some(Federated::Pipelines {
        url,
        token,
        service_connection,
    })
}

/// The machine's identity, if a machine of Azure answers; `ARM_USE_MSI=true` says that one will. What the tools of Databricks mean by
/// `azure-msi` has its id in `ARM_CLIENT_ID` alone.
async fn managed(around: &Around<'_>, is_databricks: bool) -> Result<Source, String> {
    let here = around.here;
    let is_sure = is(here, "ARM_USE_MSI", ["true", "1"]);
    let azure = here.var("AZURE_CLIENT_ID").filter(|_| !is_databricks);
    let arm = here.var(ARM[1]).filter(|_| is_sure || is_databricks);
    let id = azure.or(arm);
    let which = id.map_or(Which::System, |id| Which::ClientId(id.to_owned()));
    let identity = Identity::of_machine(here, which).map_err(|failure| failure.message)?;
    if is_sure {
        return Ok(Source::Managed(identity));
    }
    around.machine.answers(around.client, &identity).await?;
    Ok(Source::Managed(identity.found()))
}
