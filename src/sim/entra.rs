//! Microsoft Entra ID: tokens for client credentials, by the v1 and v2 endpoints, device codes for people, and the documents that
//! libraries look up first. There is no sign-in page: the world file says what a person does with a code.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::denial::Denial;
use super::message::{Incoming, json as answer};
use super::operation::Operation;
use super::token;
use super::world::{Principal, Tenant, World};
use super::{device, digest, machine};
use crate::http::Response;

/// Where a request to Entra leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    TokenV1 {
        tenant: String,
    },
    TokenV2 {
        tenant: String,
    },
    DeviceCode {
        tenant: String,
    },
    /// What else is served at this address.
    Machine(machine::Route),
    Configuration {
        tenant: String,
    },
    Discovery,
    Nowhere,
}

impl Route {
    pub(crate) fn of(request: &Incoming) -> Self {
        if let Some(route) = machine::Route::of(request) {
            return Self::Machine(route);
        }
        let segments = request.segments();
        let lower: Vec<String> = segments
            .iter()
            .map(|segment| segment.to_ascii_lowercase())
            .collect();
        let tenant = || segments.first().cloned().unwrap_or_default();
        match (
            request.method.as_str(),
            lower
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice(),
        ) {
            ("POST", [_, "oauth2", "token"]) => Self::TokenV1 { tenant: tenant() },
            ("POST", [_, "oauth2", "v2.0", "token"]) => Self::TokenV2 { tenant: tenant() },
            ("POST", [_, "oauth2", "v2.0", "devicecode"]) => Self::DeviceCode { tenant: tenant() },
            (
                "GET",
                [_, ".well-known", "openid-configuration"]
                | [_, "v2.0", ".well-known", "openid-configuration"],
            ) => Self::Configuration { tenant: tenant() },
            ("GET", ["common", "discovery", "instance"]) => Self::Discovery,
            _ => Self::Nowhere,
        }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::TokenV1 { .. } | Self::TokenV2 { .. } => Operation::Token,
            Self::DeviceCode { .. } => Operation::DeviceCode,
            Self::Machine(route) => route.operation(),
            Self::Configuration { .. } | Self::Discovery => Operation::Discovery,
            Self::Nowhere => Operation::Unknown,
        }
    }
}

pub(crate) fn respond(
    world: &mut World,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
) -> Response {
    match route {
        Route::TokenV1 { tenant } => token(world, tenant, request, now, false),
        Route::TokenV2 { tenant } => token(world, tenant, request, now, true),
        Route::DeviceCode { tenant } => device_code(world, tenant, request, now),
        Route::Machine(route) => machine::respond(world, *route, request, now),
        Route::Configuration { tenant } => answer(200, &configuration(request.origin, tenant)),
        Route::Discovery => answer(200, &discovery(request)),
        Route::Nowhere => answer(
            404,
            &json!({"error": "not_found", "error_description": "AADSTS90055: There is nothing here."}),
        ),
    }
}

/// The value of a form field that is there and not empty.
fn field(request: &Incoming, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.body);
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

fn need(request: &Incoming, name: &str) -> Result<String, Denial> {
    field(request, name).ok_or_else(|| missing(name))
}

fn device_code(world: &mut World, tenant: &str, request: &Incoming, now: Timestamp) -> Response {
    let asked = need(request, "client_id").and_then(|client| {
        known_tenant(world, tenant)?;
        let wanted = need(request, "scope")?;
        scope(&wanted)?;
        Ok((client, wanted))
    });
    match asked {
        Ok((client, wanted)) => answer(
            200,
            &device::code(world, request.origin, &client, wanted, now),
        ),
        Err(refusal) => refused(world, &refusal, now),
    }
}

fn token(
    world: &mut World,
    tenant: &str,
    request: &Incoming,
    now: Timestamp,
    v2: bool,
) -> Response {
    match grant(world, tenant, request, now, v2) {
        Ok(body) => answer(200, &body),
        Err(refusal) => refused(world, &refusal, now),
    }
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn grant(
    world: &mut World,
    tenant: &str,
    request: &Incoming,
    now: Timestamp,
    v2: bool,
) -> Result<Value, Denial> {
    let field = |name: &str| field(request, name);
    let need = |name: &str| need(request, name);
    let kind = need("grant_type")?;
    if v2 && matches!(kind.as_str(), DEVICE_CODE | "refresh_token") {
        return to_person(world, tenant, request, now);
    }
    if kind != "client_credentials" {
        let text = format!("The app requested an unsupported grant type '{kind}'.");
        return Err(Denial(70003, 400, "unsupported_grant_type", text));
    }
    let client = need("client_id")?;
    let resource = if v2 {
        scope(&need("scope")?)?
    } else {
        need("resource")?
    };
    identify(
        world,
        tenant,
        &client,
        field("client_secret").as_deref(),
        field("client_assertion").as_deref(),
    )?;
    let assertion = field("client_assertion").unwrap_or_default();
    if world.assertion_has_ended(&assertion, now) {
        let text = "Client assertion is not within its valid time range. Current time is past the assertion's expiration.";
        return Err(Denial::of(700_024, 401, "invalid_client", text));
    }
    if token::audience(&resource, world).is_none() {
        let text = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}."
        );
        return Err(Denial(500_011, 400, "invalid_resource", text));
    }
    Ok(granted(world, &resource, &client, tenant, now, v2))
}

/// A token for a person who entered a code, or whose sign-in is renewed. Only `offline_access` in the scope brings what renews it.
fn to_person(
    world: &mut World,
    tenant: &str,
    request: &Incoming,
    now: Timestamp,
) -> Result<Value, Denial> {
    let need = |name: &str| need(request, name);
    let client = need("client_id")?;
    known_tenant(world, tenant)?;
    let renewal = world.renewal(&client, tenant);
    let wanted = match field(request, "device_code") {
        Some(code) => {
            device::redeem(world, &client, &code, now)?;
            field(request, "scope").unwrap_or_else(|| world.code_scope(&code))
        }
        None if need("refresh_token")? == renewal => need("scope")?,
        None => {
            let text = "The refresh token is invalid or has been revoked.";
            return Err(Denial::of(9_002_313, 400, "invalid_grant", text));
        }
    };
    let resource = scope(&wanted)?;
    if token::audience(&resource, world).is_none() {
        let text = format!("The resource principal named {resource} was not found in the tenant.");
        return Err(Denial(500_011, 400, "invalid_resource", text));
    }
    let person = world.person.name.clone();
    let (access_token, _) = world.mint_for(Some(&person), &resource, &client, tenant, now);
    let mut body = json!({
        "token_type": "Bearer", "expires_in": token::LIFE, "ext_expires_in": token::LIFE, "access_token": access_token,
    });
    if wanted
        .split_whitespace()
        .any(|word| word == "offline_access")
    {
        body["refresh_token"] = json!(renewal);
    }
    Ok(body)
}

/// The answer with a token: v1 writes its numbers as text and tells more.
fn granted(
    world: &World,
    resource: &str,
    client: &str,
    tenant: &str,
    now: Timestamp,
    v2: bool,
) -> Value {
    let (access_token, claims) = world.mint(resource, client, tenant, now);
    if v2 {
        return json!({
            "token_type": "Bearer", "expires_in": token::LIFE, "ext_expires_in": token::LIFE,
            "access_token": access_token,
        });
    }
    json!({
        "token_type": "Bearer", "expires_in": token::LIFE.to_string(),
        "ext_expires_in": token::LIFE.to_string(), "expires_on": claims.exp.to_string(),
        "not_before": claims.nbf.to_string(), "resource": resource, "access_token": access_token,
    })
}

fn missing(name: &str) -> Denial {
    Denial(
        900_144,
        400,
        "invalid_request",
        format!("The request body must contain the following parameter: '{name}'."),
    )
}

/// The resource of a v2 scope: all before the last `/.default`.
fn scope(scope: &str) -> Result<String, Denial> {
    let wrong = || {
        Denial(
            1_002_012,
            400,
            "invalid_scope",
            format!("The provided value for scope {scope} is not valid."),
        )
    };
    scope
        .split_whitespace()
        .next()
        .and_then(|one| one.strip_suffix("/.default"))
        .map(str::to_owned)
        .ok_or_else(wrong)
}

fn identify(
    world: &World,
    tenant: &str,
    client: &str,
    secret: Option<&str>,
    assertion: Option<&str>,
) -> Result<(), Denial> {
    if secret.is_none() && assertion.is_none() {
        let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        return Err(Denial(7_000_218, 401, "invalid_client", text.to_owned()));
    }
    let Some(known) = known_tenant(world, tenant)? else {
        return Ok(());
    };
    let Some(principal) = known
        .principals
        .iter()
        .find(|one| one.client_id.eq_ignore_ascii_case(client))
    else {
        let text = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'."
        );
        return Err(Denial(700_016, 400, "unauthorized_client", text));
    };
    proven(principal, client, secret, assertion)
}

/// The tenant; `None`: the world has none of its own, and every one is good.
fn known_tenant<'a>(world: &'a World, tenant: &str) -> Result<Option<&'a Tenant>, Denial> {
    let Some(tenants) = &world.tenants else {
        return Ok(None);
    };
    let known = tenants
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(tenant));
    known.map(Some).ok_or_else(|| {
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        );
        Denial(90002, 400, "invalid_request", text)
    })
}

fn proven(
    principal: &Principal,
    client: &str,
    secret: Option<&str>,
    assertion: Option<&str>,
) -> Result<(), Denial> {
    if assertion.is_some() {
        let text =
            "No matching federated identity record found for presented assertion.".to_owned();
        return if principal.federated {
            Ok(())
        } else {
            Err(Denial(70021, 401, "invalid_client", text))
        };
    }
    if secret == principal.client_secret.as_deref() {
        return Ok(());
    }
    let text = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
    );
    Err(Denial(7_000_215, 401, "invalid_client", text))
}

/// What a fault with an AADSTS code makes of a request for a token.
pub(crate) fn refusal(world: &World, status: u16, code: &str, now: Timestamp) -> Option<Response> {
    let number = code.strip_prefix("AADSTS")?.parse().ok()?;
    let (said, text) = match number {
        7_000_215 => ("invalid_client", "Invalid client secret provided."),
        7_000_222 => (
            "invalid_client",
            "The provided client secret keys for app are expired. Visit the Azure portal to create new keys for your app.",
        ),
        700_027 => (
            "invalid_client",
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        ),
        70_021 | 700_213 => (
            "invalid_client",
            "No matching federated identity record found for presented assertion subject.",
        ),
        700_024 => (
            "invalid_client",
            "Client assertion is not within its valid time range.",
        ),
        700_016 => (
            "unauthorized_client",
            "Application was not found in the directory.",
        ),
        90_002 => ("invalid_request", "Tenant not found."),
        500_011 => (
            "invalid_resource",
            "The resource principal was not found in the tenant.",
        ),
        50_076 | 50_079 => (
            "interaction_required",
            "Due to a configuration change made by your administrator, you must use multi-factor authentication to access the resource.",
        ),
        53_003 => (
            "access_denied",
            "Access has been blocked by Conditional Access policies.",
        ),
        70_043 | 700_082 => (
            "invalid_grant",
            "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.",
        ),
        _ => ("invalid_grant", "The request is refused."),
    };
    Some(refused(world, &Denial::of(number, status, said, text), now))
}

fn refused(world: &World, refusal: &Denial, now: Timestamp) -> Response {
    let Denial(number, status, code, text) = refusal;
    let trace = digest::guid(&["trace", &world.answered.to_string()]);
    let correlation = digest::guid(&["correlation", &world.answered.to_string()]);
    let stamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    answer(
        *status,
        &json!({
            "error": code,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"),
            "error_codes": [number], "timestamp": stamp, "trace_id": trace, "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        }),
    )
}

fn configuration(origin: &str, tenant: &str) -> Value {
    json!({
        "token_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "authorization_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{origin}/{tenant}/discovery/v2.0/keys"),
        "issuer": format!("{origin}/{tenant}/v2.0"),
        "response_types_supported": ["code"],
        "scopes_supported": ["openid"],
    })
}

fn discovery(request: &Incoming) -> Value {
    let host = request
        .origin
        .split_once("://")
        .map_or(request.origin, |(_, host)| host);
    json!({
        "tenant_discovery_endpoint": format!("{}/common/v2.0/.well-known/openid-configuration", request.origin),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    })
}
