//! The part of the `default` chain that is specific to a workspace: the `DATABRICKS_` variables, then a profile that is asked for.
//!
//! As in the tools of Databricks, each value in the environment takes precedence over the same value in the file.
//! Variables that are meant for one workspace are not used for another; this includes the choice of method (`DATABRICKS_AUTH_TYPE`).

use super::super::surroundings::Surroundings;
use super::super::who::host_and_port;
use super::authority::authority;
use super::entra::{Principal, Proof as Shown};
use super::managed::{Identity, Which};
use super::oauth::Application;
use super::profile::{Profile, host_of};
use super::source::{Source, azure_cli};
use super::token::{Purpose, TokenFailure, Want};
use super::ways::{AUTH_TYPE, Around, AuthType, Lack, Way};
use crate::model::connection::Cloud;

/// Which workspace the other `DATABRICKS_` variables open.
const OWN_HOST: &str = "DATABRICKS_HOST";

/// A Databricks service principal.
const CLIENT: [&str; 2] = ["DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"];

/// What a workspace has of its own.
pub(super) enum Own {
    Opens(Source),
    /// No way in; of the others only this one, if somebody says so.
    Leaves(Option<AuthType>),
}

/// The word for the way that is meant, who says it, and what it means.
#[derive(Clone, Copy)]
struct Meant<'a> {
    by: &'static str,
    word: &'a str,
    auth_type: AuthType,
}

/// The management token is shown by whoever shows the workspace's own.
const fn is_for_workspace(want: &Want<'_>) -> bool {
    matches!(
        want.purpose,
        Purpose::Databricks | Purpose::DatabricksManagement
    )
}

/// The variables if they are meant for this workspace, then the profile.
///
/// # Errors
/// What is wrong with what somebody has clearly asked for here.
pub(super) async fn look(
    around: &Around<'_>,
    want: &Want<'_>,
    lacks: &mut Vec<Lack>,
) -> Result<Own, TokenFailure> {
    let Some(workspace) = want.at.filter(|_| is_for_workspace(want)) else {
        return Ok(Own::Leaves(None));
    };
    let (here, host) = (around.here, host_and_port(workspace));
    let (profile, unread) = match Profile::asked_for(here).await {
        Ok(profile) => (profile, None),
        // Variables with a host of their own may do without the file.
        Err(failure) if here.var(OWN_HOST).is_some() => (None, Some(failure)),
        Err(failure) => return Err(failure),
    };
    let assigned = assigned(here, profile.as_ref());
    let is_own = |own: &str| own.eq_ignore_ascii_case(&host);
    let is_for_it = assigned.as_ref().is_none_or(|(own, _)| is_own(own));
    let foreign = match &assigned {
        Some((own, by)) => (!is_own(own))
            .then(|| format!("they are for {own}, as {by} says, not for {host}")),
        None => (around.meant_by_variables != 1).then(|| {
            format!(
                "nothing says which of the project's workspaces they are for: set {OWN_HOST} to its host"
            )
        }),
    };
    let belonging = profile.as_ref().map(|profile| profile.belongs_to(&host));
    let own = profile.as_ref().filter(|_| belonging == Some(Ok(())));
    let meant = meant(here, is_for_it, own)?;
    match variables(here, foreign, meant) {
        Ok(found) => return found.map(Own::Opens),
        Err(lack) => lacks.push(lack),
    }
    if let Some(failure) = unread {
        return Err(failure);
    }
    if let Some(profile) = own {
        let source = of_profile(profile, want.who.cloud, here, meant, lacks);
        return source.map(Own::Opens);
    }
    let why = belonging.and_then(Result::err);
    let why = why.unwrap_or_else(|| "DATABRICKS_CONFIG_PROFILE is not set".to_owned());
    lacks.push(Lack::new("profile", why));
    Ok(Own::Leaves(meant.map(|meant| meant.auth_type)))
}

/// The host that the variables are for, and what says so: `DATABRICKS_HOST`, else the profile that is asked for.
fn assigned<'a>(here: &'a Surroundings, profile: Option<&'a Profile>) -> Option<(&'a str, String)> {
    match here.var(OWN_HOST) {
        Some(own) => Some((host_of(own), OWN_HOST.to_owned())),
        None => profile.and_then(|profile| Some((profile.host()?, profile.title()))),
    }
}

/// Which way is meant: what the variable says, if it is for this workspace, else what this workspace's profile says.
fn meant<'a>(
    here: &'a Surroundings,
    is_for_it: bool,
    profile: Option<&'a Profile>,
) -> Result<Option<Meant<'a>>, TokenFailure> {
    let said = |by, word, auth_type| {
        Some(Meant {
            by,
            word,
            auth_type,
        })
    };
    if let Some(word) = here.var(AUTH_TYPE).filter(|_| is_for_it) {
        let auth_type = AuthType::of(word).ok_or_else(|| {
            TokenFailure::new(format!(
                "{AUTH_TYPE} is {word}; it may be pat, oauth-m2m, azure-client-secret, azure-msi, azure-cli or github-oidc-azure here"
            ))
        })?;
        return Ok(said(AUTH_TYPE, word, auth_type));
    }
    let Some((profile, word)) =
        profile.and_then(|profile| Some((profile, profile.text("auth_type")?)))
    else {
        return Ok(None);
    };
    let auth_type = AuthType::of(word).ok_or_else(|| unusable(profile, word))?;
    Ok(said("the profile's auth_type", word, auth_type))
}

/// `DATABRICKS_TOKEN`, then `DATABRICKS_CLIENT_ID` and `_SECRET`, unless they are `foreign` here, for the reason that it tells. The inner
/// error: they are meant, and one is missing.
fn variables(
    here: &Surroundings,
    foreign: Option<String>,
    meant: Option<Meant<'_>>,
) -> Result<Result<Source, TokenFailure>, Lack> {
    let may = |one: AuthType| meant.is_none_or(|meant| meant.auth_type == one);
    let token = here.secret_var("DATABRICKS_TOKEN");
    let token = token.filter(|_| may(AuthType::Token));
    let id = here.var(CLIENT[0]).filter(|_| may(AuthType::Oauth));
    let secret = here.secret_var(CLIENT[1]);
    let secret = secret.filter(|_| may(AuthType::Oauth));
    let named = "DATABRICKS_TOKEN or DATABRICKS_CLIENT_ID";
    if let Some(Meant { by, auth_type, .. }) = meant
        && !matches!(auth_type, AuthType::Token | AuthType::Oauth)
    {
        return Err(Lack::new(named, format!("{by} leaves them out")));
    }
    if token.is_none() && id.is_none() && secret.is_none() {
        return Err(Lack::new(named, "not set"));
    }
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

fn unusable(profile: &Profile, way: &str) -> TokenFailure {
    TokenFailure::new(format!(
        "{}: this version takes token, client_id and client_secret, azure_client_id with azure_client_secret and azure_tenant_id, \
         azure_use_msi, or auth_type azure-cli from a profile",
        profile.named(&format!("auth_type {way}"))
    ))
}

/// What is meant; where nothing is, the first that it has all of.
fn of_profile(
    profile: &Profile,
    cloud: &Cloud,
    here: &Surroundings,
    meant: Option<Meant<'_>>,
    lacks: &[Lack],
) -> Result<Source, TokenFailure> {
    let unusable = || unusable(profile, meant.map_or("none of them", |meant| meant.word));
    let meant = meant.map(|meant| meant.auth_type);
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
