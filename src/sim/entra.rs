//! Microsoft Entra ID: tokens for client credentials, by the v1 and v2 endpoints, and the documents that libraries look up first.
//! Refuses: people. There is no sign-in page, only `client_credentials`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::digest;
use super::message::{Incoming, json as answer};
use super::operation::Operation;
use super::token;
use super::world::{Principal, World};
use crate::http::Response;

/// Where a request to Entra leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    TokenV1 { tenant: String },
    TokenV2 { tenant: String },
    Configuration { tenant: String },
    Discovery,
    Nowhere,
}

impl Route {
    pub(crate) fn of(request: &Incoming) -> Self {
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
            Self::Configuration { .. } | Self::Discovery => Operation::Discovery,
            Self::Nowhere => Operation::Unknown,
        }
    }
}

/// An AADSTS error: number, HTTP status, OAuth code, text.
struct Denial(u32, u16, &'static str, String);

pub(crate) fn respond(
    world: &World,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
) -> Response {
    match route {
        Route::TokenV1 { tenant } => token(world, tenant, request, now, false),
        Route::TokenV2 { tenant } => token(world, tenant, request, now, true),
        Route::Configuration { tenant } => answer(200, &configuration(request.origin, tenant)),
        Route::Discovery => answer(200, &discovery(request)),
        Route::Nowhere => answer(
            404,
            &json!({"error": "not_found", "error_description": "AADSTS90055: There is nothing here."}),
        ),
    }
}

fn token(world: &World, tenant: &str, request: &Incoming, now: Timestamp, v2: bool) -> Response {
    match grant(world, tenant, request, now, v2) {
        Ok(body) => answer(200, &body),
        Err(refusal) => refused(world, &refusal, now),
    }
}

fn grant(
    world: &World,
    tenant: &str,
    request: &Incoming,
    now: Timestamp,
    v2: bool,
) -> Result<Value, Denial> {
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(request.body);
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
    };
    let need = |name: &str| field(name).ok_or_else(|| missing(name));
    let kind = need("grant_type")?;
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
    if token::audience(&resource, world).is_none() {
        let text = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}."
        );
        return Err(Denial(500_011, 400, "invalid_resource", text));
    }
    Ok(granted(world, &resource, &client, tenant, now, v2))
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
    let Some(tenants) = &world.tenants else {
        return Ok(());
    };
    let Some(known) = tenants
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(tenant))
    else {
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        );
        return Err(Denial(90002, 400, "invalid_request", text));
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
