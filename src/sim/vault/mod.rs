//! The data plane of a key vault: secrets, their versions, and those that were deleted, as API 7.5 has them.
//!
//! A request without a token is told where to get one. Each operation takes a right of its own; only one of them is to read values.

mod act;
mod call;
mod read;
mod route;
mod show;

use jiff::Timestamp;

pub(crate) use self::act::place_of;
use self::call::{Call, bad};
pub(crate) use self::call::{because, error, no_secret};
pub(crate) use self::route::Route;
use super::digest;
use super::message::{Incoming, Refusal, set};
use super::operation::{Operation, any_covers};
use super::quota;
use super::secret::Vault;
use super::token::{Audience, Claims, Trouble, bearer};
use super::world::World;
use crate::http::Response;

/// The versions of the API that are spoken.
const VERSIONS: [&str; 8] = [
    "7.0",
    "7.1",
    "7.2",
    "7.3",
    "7.4",
    "7.5",
    "7.6",
    "2025-07-01",
];

pub(crate) fn respond(
    world: &mut World,
    place: usize,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
    seen: Timestamp,
) -> Response {
    let (root, number) = (world.root(), world.answered.to_string());
    let id = digest::guid(&[&root, "request", &now.to_string(), &number]);
    let call = Call {
        request,
        route,
        now,
        seen,
        page: world.settings.page_secrets,
    };
    let mut response = handle(world, place, &call).unwrap_or_else(|refusal| *refusal);
    let location = world.vaults.get(place).map(|vault| vault.location.clone());
    dress(&mut response, &id, &location.unwrap_or_default());
    response
}

fn handle(world: &mut World, place: usize, call: &Call) -> Result<Response, Refusal> {
    admit(world, place, call)?;
    let root = world.root();
    let World {
        vaults,
        effects,
        changed,
        ..
    } = world;
    let Some(vault) = vaults.get_mut(place) else {
        return Err(nowhere(call));
    };
    let done = match call.route.operation {
        Operation::ListSecrets => read::secrets(vault, call),
        Operation::ListSecretVersions => read::versions(vault, call),
        Operation::GetSecret => read::one(vault, &root, call),
        Operation::ListDeletedSecrets => read::deleted(vault, call),
        Operation::GetDeletedSecret => read::one_deleted(vault, call),
        Operation::SetSecret => act::set(vault, &root, call, |secret| {
            effects.secret_versions.count(secret);
        }),
        Operation::UpdateSecret => act::update(vault, call),
        Operation::DeleteSecret => act::delete(vault, call),
        Operation::RecoverSecret => act::recover(vault, call),
        Operation::PurgeSecret => act::purge(vault, call),
        _ => Err(nowhere(call)),
    };
    *changed |= done.is_ok() && call.route.operation.changes_secrets();
    done
}

fn nowhere(call: &Call) -> Refusal {
    let text = format!("There is nothing at {}.", call.request.path);
    error(404, "NotFound", &text)
}

/// The token, the version, how many requests there have been, and the right.
fn admit(world: &mut World, place: usize, call: &Call) -> Result<(), Refusal> {
    let Some(vault) = world.vaults.get(place) else {
        return Err(nowhere(call));
    };
    let claims = authorise(world, vault, call)?;
    version(call.request)?;
    let name = &call.route.name;
    let is_usual = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    if name.len() > 127 || !name.bytes().all(is_usual) {
        let text = format!("The request URI contains an invalid name: {name}");
        return Err(bad(&text));
    }
    let closed = is_closed(world, vault, &claims, call.route);
    let refusal = closed.then(|| denied(vault, &claims, call));
    if world.settings.throttling {
        let host = vault.host();
        let taken = world.quotas.take(&host, quota::Kind::Vault, call.now);
        taken.map_err(|wait| {
            let text = "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached";
            let mut response = error(429, "Throttled", text);
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            set(&mut response, "retry-after", &seconds.to_string());
            response
        })?;
    }
    refusal.map_or(Ok(()), Err)
}

fn authorise(world: &World, vault: &Vault, call: &Call) -> Result<Claims, Refusal> {
    let token = bearer(call.request.header("authorization"));
    let claims = token
        .ok_or(Trouble::Missing)
        .and_then(|token| world.verify(token, Audience::Vault, 0, call.now))
        .and_then(|claims| {
            // Each cloud has an audience of its own.
            let is_own = claims.aud.trim_end_matches('/') == vault.resource();
            is_own.then_some(claims).ok_or(Trouble::Audience)
        });
    claims.map_err(|trouble| {
        let resource = vault.resource();
        let text = match trouble {
            Trouble::Missing => "AKV10000: Request is missing a Bearer or PoP token.".to_owned(),
            Trouble::Invalid => {
                "AKV10046: Unable to resolve the key used for signature validation.".to_owned()
            }
            Trouble::Expired => "[TokenExpired] Error validating token: 'IDX10223'.".to_owned(),
            Trouble::Audience => {
                format!("AKV10022: Invalid audience. Expected {resource}.")
            }
        };
        let mut response = error(401, "Unauthorized", &text);
        let challenge = format!(
            r#"Bearer authorization="https://login.microsoftonline.com/{}", resource="{resource}""#,
            world.first_tenant()
        );
        set(&mut response, "www-authenticate", &challenge);
        response
    })
}

fn version(request: &Incoming) -> Result<(), Refusal> {
    match request.query("api-version") {
        None => Err(bad("api-version must be specified")),
        Some(version) if VERSIONS.contains(&version.as_str()) => Ok(()),
        Some(version) => Err(bad(&format!("api-version {version} is not supported"))),
    }
}

/// Is the operation forbidden to this caller, in this vault, or at this secret? Where access policies decide, one deleted secret takes the
/// right to read values.
fn is_closed(world: &World, vault: &Vault, claims: &Claims, route: &Route) -> bool {
    let principals = world
        .tenants
        .iter()
        .flatten()
        .flat_map(|tenant| &tenant.principals);
    let mut own = principals.filter(|one| one.client_id.eq_ignore_ascii_case(&claims.appid));
    let covers = |rules: &[Operation]| {
        any_covers(rules, route.operation)
            || vault.access_policies
                && route.operation == Operation::GetDeletedSecret
                && any_covers(rules, Operation::GetSecret)
    };
    let secret = vault.secret(&route.name);
    covers(&vault.forbidden)
        || secret.is_some_and(|secret| covers(&secret.forbidden))
        || own.any(|one| {
            // Where access policies decide, roles give nothing and take nothing.
            let has_no_role =
                !vault.access_policies && one.has_no_role_for_data(route.operation.action());
            covers(&one.forbidden) || has_no_role
        })
}

fn denied(vault: &Vault, claims: &Claims, call: &Call) -> Refusal {
    let (Claims { appid, oid, .. }, operation) = (claims, call.route.operation);
    let issuer = &claims.iss;
    if vault.access_policies {
        let text = format!(
            "The user, group or application 'appid={appid};oid={oid};iss={issuer}' does not have secrets {} permission on key vault '{};location={}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
            operation.policy_word(),
            vault.name,
            vault.location
        );
        return because(403, "Forbidden", &text, "ForbiddenByPolicy");
    }
    by_rbac(
        vault,
        operation,
        &call.route.name,
        &format!("appid={appid};oid={oid};iss={issuer}"),
    )
}

/// A missing role, in the words of the service.
pub(crate) fn by_rbac(vault: &Vault, operation: Operation, secret: &str, caller: &str) -> Refusal {
    let id = vault.id.to_ascii_lowercase();
    let resource = if secret.is_empty() {
        id
    } else {
        format!("{id}/secrets/{}", secret.to_ascii_lowercase())
    };
    let text = format!(
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: {caller}\r\nAction: '{}'\r\nResource: '{resource}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: {};location={}\r\n",
        operation.action(),
        vault.name,
        vault.location
    );
    because(403, "Forbidden", &text, "ForbiddenByRbac")
}

fn dress(response: &mut Response, id: &str, location: &str) {
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("expires", "-1"),
        (
            "strict-transport-security",
            "max-age=31536000;includeSubDomains",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-ms-keyvault-region", location),
        ("x-ms-keyvault-service-version", "1.9.2455.1"),
        ("x-ms-request-id", id),
    ] {
        set(response, name, value);
    }
}
