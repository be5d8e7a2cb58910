//! The `default` chain: looks around for a way in, in the order of the README, and says what each way lacks.
//!
//! For workspaces what is their own comes first (`databricks`); then for all: environment, workload identity, GitHub, Azure Pipelines,
//! managed identity, Azure CLI. A way that is there and fails ends the chain with its own error. Refuses: a way that somebody has
//! switched off (`ARM_USE_…=false`, `AZURE_TOKEN_CREDENTIALS`); ids of two families for one application.

use secrecy::SecretString;

use super::super::surroundings::Surroundings;
use super::chain::{Source, azure_cli, federated};
use super::databricks::{self, AUTH_TYPE, AuthType, Own};
use super::entra::{Principal, Proof as Shown};
use super::federated::Federated;
use super::managed::{Identity, Machine, Which};
use super::{TokenFailure, Want};
use crate::http::Client;
use crate::model::connection::Cloud;
use crate::model::trust::Trust;

/// What methods are looked for in.
pub(super) struct Around<'a> {
    pub client: &'a Client,
    pub here: &'a Surroundings,
    pub machine: &'a Machine,
    /// What a manifest may take secrets from.
    pub trust: &'a Trust,
    /// How many workspaces of the project the `DATABRICKS_` variables may be meant for.
    pub meant_by_variables: usize,
}

/// A way that is not there: how people call it, and what it lacks.
#[derive(Clone, Debug)]
pub(super) struct Lack {
    way: &'static str,
    what: String,
}

impl Lack {
    pub fn new(way: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { way, what }
    }
}

/// None of them is there: a line for each.
pub(super) fn none(lacks: &[Lack]) -> TokenFailure {
    let lines: Vec<String> = lacks
        .iter()
        .map(|lack| format!("\n    {}: {}", lack.way, lack.what))
        .collect();
    TokenFailure::new(format!(
        "no credential was found; set one of these up, or name a credential in the manifest:{}",
        lines.join(";")
    ))
}

/// What GitHub Actions sets in a job with `id-token: write`.
pub(super) const GITHUB: [&str; 2] = [
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];
/// What Azure Pipelines sets; the second one only where the step asks for it.
pub(super) const PIPELINES: [&str; 2] = ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"];
/// Terraform's names for either.
const ARM_REQUEST: [&str; 2] = ["ARM_OIDC_REQUEST_URL", "ARM_OIDC_REQUEST_TOKEN"];
/// Where a step of Azure Pipelines finds its service connection.
pub(in crate::cloud) const CONNECTIONS: [&str; 2] = [
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
];
/// What Kubernetes sets.
pub(super) const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// The names that a service principal has variables under.
const FAMILIES: [&str; 2] = ["AZURE", "ARM"];
/// What the tools of Databricks read of them.
const ARM: [&str; 3] = ["ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"];
/// What Azure Pipelines sets for a step with a service connection.
const CONNECTED: &str = "AZURESUBSCRIPTION";

/// The ways of Azure, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Environment,
    WorkloadIdentity,
    Github,
    Pipelines,
    Managed,
    AzureCli,
}

impl Way {
    const ALL: [Self; 6] = [
        Self::Environment,
        Self::WorkloadIdentity,
        Self::Github,
        Self::Pipelines,
        Self::Managed,
        Self::AzureCli,
    ];

    const fn named(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::WorkloadIdentity => "workload identity",
            Self::Github => "GitHub OIDC",
            Self::Pipelines => "Azure Pipelines OIDC",
            Self::Managed => "managed identity",
            Self::AzureCli => "Azure CLI",
        }
    }

    /// Terraform's switch for it.
    const fn switch(self) -> Option<&'static str> {
        match self {
            Self::Environment => None,
            Self::WorkloadIdentity | Self::Github | Self::Pipelines => Some("ARM_USE_OIDC"),
            Self::Managed => Some("ARM_USE_MSI"),
            Self::AzureCli => Some("ARM_USE_CLI"),
        }
    }

    /// Is it one of those that `AZURE_TOKEN_CREDENTIALS` leaves? `None`: the word is none of those of the SDKs.
    fn is_among(self, chosen: &str) -> Option<bool> {
        Some(match chosen.to_ascii_lowercase().as_str() {
            "dev" | "azureclicredential" => self == Self::AzureCli,
            "prod" => self != Self::AzureCli,
            "environmentcredential" => self == Self::Environment,
            "workloadidentitycredential" => self == Self::WorkloadIdentity,
            "managedidentitycredential" => self == Self::Managed,
            _ => return None,
        })
    }

    /// Why it is passed over although it may be there.
    fn switched_off(
        self,
        here: &Surroundings,
        auth_type: Option<AuthType>,
    ) -> Result<Option<String>, TokenFailure> {
        const CHOICE: &str = "AZURE_TOKEN_CREDENTIALS";
        if auth_type.is_some_and(|meant| meant != AuthType::Azure(self)) {
            return Ok(Some(format!("{AUTH_TYPE} leaves it out")));
        }
        if let Some(chosen) = here.var(CHOICE) {
            let among = self.is_among(chosen).ok_or_else(|| {
                TokenFailure::new(format!(
                    "{CHOICE} is {chosen}; it may be dev, prod, EnvironmentCredential, WorkloadIdentityCredential, \
                     ManagedIdentityCredential or AzureCliCredential here"
                ))
            })?;
            if !among {
                return Ok(Some(format!("{CHOICE}={chosen} leaves it out")));
            }
        }
        let switch = self.switch().filter(|name| is(here, name, ["false", "0"]));
        Ok(switch.map(|name| format!("{name} switches it off")))
    }
}

fn is(here: &Surroundings, name: &str, values: [&str; 2]) -> bool {
    let set = here.var(name).unwrap_or_default();
    values.iter().any(|value| set.eq_ignore_ascii_case(value))
}

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
    Err(none(&lacks))
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

/// Names the authority of the public cloud.
pub const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// A Cloud document says where its authority is; only for the public cloud, named or not, does [`AUTHORITY_HOST`] have a say.
pub(super) fn authority(cloud: &Cloud, here: &Surroundings) -> String {
    let is_default = Cloud::named("public").is_some_and(|public| public == *cloud);
    match here.var(AUTHORITY_HOST) {
        Some(host) if is_default => public_authority(host),
        _ => cloud.authority.clone(),
    }
}

/// The address that a value of [`AUTHORITY_HOST`] means.
pub fn public_authority(host: &str) -> String {
    if host.contains("://") {
        host.to_owned()
    } else {
        format!("https://{host}")
    }
}
