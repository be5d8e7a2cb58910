//! The `default` chain: looks around for a way in, in the order of the README, and says what each way lacks.
//!
//! For workspaces their own variables and profile come first; then for all: environment, workload identity, GitHub, Azure Pipelines,
//! managed identity, Azure CLI. A way that is there and fails ends the chain with its own error. Refuses: a way that somebody has
//! switched off (`ARM_USE_…=false`, `AZURE_TOKEN_CREDENTIALS`); a token of one workspace for another.

use secrecy::SecretString;

use super::super::call::host_and_port;
use super::super::surroundings::Surroundings;
use super::chain::{Source, azure_cli, federated};
use super::entra::{Principal, Proof as Shown};
use super::federated::Federated;
use super::managed::{Identity, Machine, Which};
use super::oauth::Application;
use super::profile::{Profile, host_of};
use super::{Purpose, TokenFailure, Want};
use crate::http::Client;
use crate::model::connection::Cloud;

/// What methods are looked for in.
pub(super) struct Around<'a> {
    pub client: &'a Client,
    pub here: &'a Surroundings,
    pub machine: &'a Machine,
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
const CONNECTIONS: [&str; 2] = [
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
];
/// What Kubernetes sets.
pub(super) const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// Which workspace the other `DATABRICKS_` variables open.
const OWN_HOST: &str = "DATABRICKS_HOST";

/// A Databricks service principal.
const CLIENT: [&str; 2] = ["DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"];

/// Leaves one way into workspaces, as for the tools of Databricks.
const AUTH_TYPE: &str = "DATABRICKS_AUTH_TYPE";

/// The names that a service principal has variables under.
const FAMILIES: [&str; 2] = ["AZURE", "ARM"];

/// What an `auth_type` of Databricks means here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AuthType {
    Token,
    Oauth,
    Azure(Way),
}

impl AuthType {
    /// `None`: this version does not know that way.
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "pat" => Self::Token,
            "oauth-m2m" => Self::Oauth,
            "azure-client-secret" => Self::Azure(Way::Environment),
            "azure-msi" => Self::Azure(Way::Managed),
            "azure-cli" => Self::Azure(Way::AzureCli),
            "github-oidc-azure" => Self::Azure(Way::Github),
            _ => return None,
        })
    }
}

/// The management token is shown by whoever shows the workspace's own.
const fn is_for_workspace(want: &Want<'_>) -> bool {
    matches!(
        want.purpose,
        Purpose::Databricks | Purpose::DatabricksManagement
    )
}

fn auth_type(here: &Surroundings, want: &Want<'_>) -> Result<Option<AuthType>, TokenFailure> {
    let word = here.var(AUTH_TYPE).filter(|_| is_for_workspace(want));
    let known = |word: &str| {
        AuthType::of(word).ok_or_else(|| {
            TokenFailure::new(format!(
                "{AUTH_TYPE} is {word}; it may be pat, oauth-m2m, azure-client-secret, azure-msi, azure-cli or github-oidc-azure here"
            ))
        })
    };
    word.map(known).transpose()
}

/// The ways of Azure, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
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
    let auth_type = auth_type(here, want)?;
    if let Some(source) = of_workspace(around, want, auth_type, &mut lacks).await? {
        return Ok(source);
    }
    for way in Way::ALL {
        let found = match way.switched_off(here, auth_type)? {
            Some(why) => Err(why),
            None => match way {
                Way::Environment => environment(cloud, here)?.ok_or_else(|| unset(here)),
                Way::WorkloadIdentity => workload(cloud, here),
                Way::Github => {
                    let github = github(here).ok_or_else(|| not_set(here, &GITHUB));
                    github.and_then(|github| for_application(cloud, here, github))
                }
                Way::Pipelines => of_pipelines(cloud, here),
                Way::Managed => managed(around).await,
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

/// What is a workspace's own: its variables, then a profile that is asked for.
async fn of_workspace(
    around: &Around<'_>,
    want: &Want<'_>,
    auth_type: Option<AuthType>,
    lacks: &mut Vec<Lack>,
) -> Result<Option<Source>, TokenFailure> {
    let Some(workspace) = want.workspace.filter(|_| is_for_workspace(want)) else {
        return Ok(None);
    };
    let (here, host) = (around.here, host_and_port(workspace));
    let found = match variables(around, &host, auth_type) {
        // A profile names its host; variables do if DATABRICKS_HOST is among them. What names the host comes first.
        Ok(own) if here.var(OWN_HOST).is_some() => return own.map(Some),
        found => found,
    };
    let profile = match Profile::asked_for(here).await? {
        Some(profile) => profile.belongs_to(&host).map(|()| profile),
        None => Err("DATABRICKS_CONFIG_PROFILE is not set".to_owned()),
    };
    match (found, profile) {
        (found, Ok(profile)) => {
            lacks.extend(found.err());
            of_profile(&profile, want.who.cloud, here, lacks).map(Some)
        }
        (Ok(own), Err(_)) => own.map(Some),
        (Err(lack), Err(why)) => {
            lacks.extend([lack, Lack::new("profile", why)]);
            Ok(None)
        }
    }
}

/// `DATABRICKS_TOKEN`, then `DATABRICKS_CLIENT_ID` and `_SECRET`; for the host that `DATABRICKS_HOST` names, else for the only one that
/// they can be meant for. The inner error: they are meant, and one is missing.
fn variables(
    around: &Around<'_>,
    host: &str,
    auth_type: Option<AuthType>,
) -> Result<Result<Source, TokenFailure>, Lack> {
    let here = around.here;
    let may = |one: AuthType| auth_type.is_none_or(|meant| meant == one);
    let token = here.secret_var("DATABRICKS_TOKEN");
    let token = token.filter(|_| may(AuthType::Token));
    let id = here.var(CLIENT[0]).filter(|_| may(AuthType::Oauth));
    let secret = here.secret_var(CLIENT[1]);
    let secret = secret.filter(|_| may(AuthType::Oauth));
    let named = "DATABRICKS_TOKEN or DATABRICKS_CLIENT_ID";
    if !may(AuthType::Token) && !may(AuthType::Oauth) {
        return Err(Lack::new(named, format!("{AUTH_TYPE} leaves them out")));
    }
    if token.is_none() && id.is_none() && secret.is_none() {
        return Err(Lack::new(named, "not set"));
    }
    let foreign = match here.var(OWN_HOST).map(host_of) {
        Some(own) if own.eq_ignore_ascii_case(host) => None,
        Some(own) => Some(format!(
            "they are for {own}, as {OWN_HOST} says, not for {host}"
        )),
        None if around.meant_by_variables == 1 => None,
        None => Some(format!(
            "nothing says which of the project's workspaces they are for: set {OWN_HOST} to its host"
        )),
    };
    if let Some(why) = foreign {
        return Err(Lack::new(named, why));
    }
    Ok(match (token, id, secret) {
        (Some(token), ..) => Ok(Source::Fixed {
            token,
            named: "environment (DATABRICKS_TOKEN)".to_owned(),
        }),
        (None, Some(id), Some(client_secret)) => Ok(Source::Databricks(Application {
            client_id: id.to_owned(),
            client_secret,
            named: "environment (DATABRICKS_CLIENT_SECRET)".to_owned(),
        })),
        (None, id, _) => {
            let [there, missing] = if id.is_some() {
                CLIENT
            } else {
                [CLIENT[1], CLIENT[0]]
            };
            Err(TokenFailure::new(format!(
                "environment: {missing} is not set beside {there}; set it, or take {there} away"
            )))
        }
    })
}

/// What its `auth_type` (or `DATABRICKS_AUTH_TYPE`) says; without one, the first that it has all of.
fn of_profile(
    profile: &Profile,
    cloud: &Cloud,
    here: &Surroundings,
    lacks: &[Lack],
) -> Result<Source, TokenFailure> {
    let word = here.var(AUTH_TYPE).or_else(|| profile.text("auth_type"));
    let unusable = || {
        let way = word.unwrap_or("none of them");
        TokenFailure::new(format!(
            "{}: this version takes token, client_id and client_secret, azure_client_id with azure_client_secret and azure_tenant_id, \
             azure_use_msi, or auth_type azure-cli from a profile",
            profile.named(&format!("auth_type {way}"))
        ))
    };
    let meant = match word {
        Some(word) => Some(AuthType::of(word).ok_or_else(unusable)?),
        None => None,
    };
    let may = |one: AuthType| meant.is_none_or(|meant| meant == one);
    if let Some(token) = profile.value("token")
        && may(AuthType::Token)
    {
        return Ok(Source::Fixed {
            token: token.clone(),
            named: profile.named("token"),
        });
    }
    let pair = (profile.text("client_id"), profile.value("client_secret"));
    if let (Some(id), Some(secret)) = pair
        && may(AuthType::Oauth)
    {
        return Ok(Source::Databricks(Application {
            client_id: id.to_owned(),
            client_secret: secret.clone(),
            named: profile.named("client_secret"),
        }));
    }
    if let (Some(tenant), Some(id), Some(secret)) = (
        profile.text("azure_tenant_id"),
        profile.text("azure_client_id"),
        profile.value("azure_client_secret"),
    ) && may(AuthType::Azure(Way::Environment))
    {
        return Ok(Source::Principal(Principal {
            authority: authority(cloud, here),
            tenant: tenant.to_owned(),
            client_id: id.to_owned(),
            proof: Shown::Secret(secret.clone()),
            named: profile.named("azure_client_secret"),
        }));
    }
    let uses_machine = profile.text("azure_use_msi");
    let uses_machine = uses_machine.is_some_and(|said| said.eq_ignore_ascii_case("true"));
    match meant {
        Some(AuthType::Azure(Way::AzureCli)) => azure_cli(here, None, lacks.to_vec()),
        None if !uses_machine => Err(unusable()),
        None | Some(AuthType::Azure(Way::Managed)) => {
            let id = profile.text("azure_client_id").map(str::to_owned);
            let which = id.map_or(Which::System, Which::ClientId);
            Ok(Source::Managed(Identity::of_machine(here, which)?))
        }
        Some(_) => Err(unusable()),
    }
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
fn workload(cloud: &Cloud, here: &Surroundings) -> Result<Source, String> {
    let file = [TOKEN_FILE, "ARM_OIDC_TOKEN_FILE_PATH"]
        .iter()
        .find_map(|name| here.var(name));
    let federated = match (file, here.secret_var("ARM_OIDC_TOKEN")) {
        (Some(path), _) => Federated::File(path.into()),
        (None, Some(token)) => Federated::Given(token),
        (None, None) => return Err(not_set(here, &[TOKEN_FILE])),
    };
    for_application(cloud, here, federated)
}

fn of_pipelines(cloud: &Cloud, here: &Surroundings) -> Result<Source, String> {
    let connection = CONNECTIONS.iter().find_map(|name| here.var(name));
    match pipelines(here, connection) {
        Some(pipelines) => for_application(cloud, here, pipelines),
        None if here.var(PIPELINES[0]).is_some() && here.var(PIPELINES[1]).is_some() => {
            Err(not_set(here, &CONNECTIONS[..1]))
        }
        None => Err(not_set(here, &PIPELINES)),
    }
}

/// An identity that this very job has, if it says for which application of which tenant.
fn for_application(cloud: &Cloud, here: &Surroundings, job: Federated) -> Result<Source, String> {
    let id = |what: &str| {
        ["AZURE", "ARM", "AZURESUBSCRIPTION"]
            .iter()
            .find_map(|family| here.var(&format!("{family}_{what}")))
    };
    match (id("TENANT_ID"), id("CLIENT_ID")) {
        (Some(tenant), Some(client_id)) => {
            Ok(federated(authority(cloud, here), tenant, client_id, job))
        }
        (tenant, client_id) => {
            let missing = [
                tenant.is_none().then_some("AZURE_TENANT_ID"),
                client_id.is_none().then_some("AZURE_CLIENT_ID"),
            ];
            let missing: Vec<&str> = missing.into_iter().flatten().collect();
            Err(format!("not set: {}", missing.join(" and ")))
        }
    }
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

/// The machine's identity, if a machine of Azure answers; `ARM_USE_MSI=true` says that one will.
async fn managed(around: &Around<'_>) -> Result<Source, String> {
    let here = around.here;
    let is_sure = is(here, "ARM_USE_MSI", ["true", "1"]);
    let family = if is_sure { "ARM" } else { "AZURE" };
    let id = here.var("AZURE_CLIENT_ID");
    let id = id.or_else(|| here.var(&format!("{family}_CLIENT_ID")));
    let which = id.map_or(Which::System, |id| Which::ClientId(id.to_owned()));
    let identity = Identity::of_machine(here, which).map_err(|failure| failure.message)?;
    if is_sure {
        return Ok(Source::Managed(identity));
    }
    around.machine.answers(around.client, &identity).await?;
    Ok(Source::Managed(identity.found()))
}

/// A Cloud document says where its authority is; only for the public cloud, named or not, does `AZURE_AUTHORITY_HOST` have a say.
pub(super) fn authority(cloud: &Cloud, here: &Surroundings) -> String {
    let is_default = Cloud::named("public").is_some_and(|public| public == *cloud);
    match here.var("AZURE_AUTHORITY_HOST") {
        Some(host) if is_default && host.contains("://") => host.to_owned(),
        Some(host) if is_default => format!("https://{host}"),
        _ => cloud.authority.clone(),
    }
}
