//! What the machine and the pipeline that a client runs on say about it: tokens of managed identities (IMDS, App Service), assertions of
//! GitHub Actions and Azure Pipelines. Served beside Entra, since a loopback server has one address.
//!
//! A request is rejected if it lacks its header field, if the identity is not assigned, or if a pipeline's step does not show its token.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::digest;
use super::message::{Incoming, json as answer};
use super::operation::Operation;
use super::token::{self, bearer};
use super::world::World;
use crate::http::Response;

/// Which of them is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Imds,
    AppService,
    Github,
    Pipelines,
}

impl Route {
    /// By the path, where these services have fixed ones; the addresses of the others are told to clients anyway.
    pub(crate) fn of(request: &Incoming) -> Option<Self> {
        let path = request.path.trim_end_matches('/').to_ascii_lowercase();
        match (request.method.as_str(), path.as_str()) {
            ("GET", "/metadata/identity/oauth2/token") => Some(Self::Imds),
            ("GET", "/msi/token") => Some(Self::AppService),
            ("GET", "/oidc/github") => Some(Self::Github),
            ("POST", "/oidc/pipelines") => Some(Self::Pipelines),
            _ => None,
        }
    }

    pub(crate) const fn operation(self) -> Operation {
        match self {
            Self::Imds | Self::AppService => Operation::MachineToken,
            Self::Github | Self::Pipelines => Operation::Assertion,
        }
    }
}

pub(crate) fn respond(world: &World, route: Route, request: &Incoming, now: Timestamp) -> Response {
    match route {
        Route::Imds | Route::AppService => identity(world, route, request, now),
        Route::Github | Route::Pipelines => assertion(world, route, request, now),
    }
}

fn refused(status: u16, word: &str, text: &str) -> Response {
    answer(status, &json!({"error": word, "error_description": text}))
}

fn identity(world: &World, route: Route, request: &Incoming, now: Timestamp) -> Response {
    let Some(machine) = &world.machine else {
        return answer(403, &json!("The metadata service is unreachable."));
    };
    let shown = match route {
        Route::Imds => request.header("metadata") == Some("true"),
        _ => request.header("x-identity-header") == machine.header.as_deref(),
    };
    if !shown {
        return refused(
            400,
            "invalid_request",
            "Required metadata header not specified",
        );
    }
    let Some(resource) = request.query("resource").filter(|one| !one.is_empty()) else {
        return refused(
            400,
            "invalid_request",
            "Required query variable 'resource' is missing",
        );
    };
    let (id, path) = (
        request.query("client_id"),
        request.query("msi_res_id").or(request.query("mi_res_id")),
    );
    let same = |own: Option<&String>, asked: &Option<String>| {
        own.zip(asked.as_ref())
            .is_some_and(|(own, asked)| own.eq_ignore_ascii_case(asked))
    };
    let found = machine.identities.iter().find(|one| match (&id, &path) {
        (None, None) => one.system,
        _ => same(Some(&one.client_id), &id) || same(one.resource_id.as_ref(), &path),
    });
    let Some(found) = found else {
        return refused(400, "invalid_request", "Identity not found");
    };
    if token::audience(&resource, world).is_none() {
        let text = format!("AADSTS500011: The resource principal named {resource} was not found.");
        return refused(400, "invalid_resource", &text);
    }
    let tenant = world.home_tenant();
    let (access_token, claims) = world.mint(&resource, &found.client_id, &tenant, now);
    answer(200, &granted(&access_token, &claims, route))
}

/// IMDS writes numbers as text; App Service tells the end only.
fn granted(access_token: &str, claims: &token::Claims, route: Route) -> Value {
    let mut body = json!({
        "access_token": access_token, "client_id": claims.appid, "expires_on": claims.exp.to_string(),
        "resource": claims.aud, "token_type": "Bearer",
    });
    if route == Route::Imds {
        body["expires_in"] = json!(token::LIFE.to_string());
        body["not_before"] = json!(claims.nbf.to_string());
    }
    body
}

/// Life of an assertion in seconds: minutes, as those of GitHub.
const ASSERTION_LIFE: i64 = 300;

fn assertion(world: &World, route: Route, request: &Incoming, now: Timestamp) -> Response {
    let known = match (
        bearer(request.header("authorization")),
        &world.pipeline_token,
    ) {
        (Some(given), Some(own)) => given == own,
        (given, None) => given.is_some(),
        (None, Some(_)) => false,
    };
    if !known {
        return answer(401, &json!({"message": "the job's token is not accepted"}));
    }
    let (field, issuer) = match route {
        Route::Github => ("value", "https://token.actions.githubusercontent.com"),
        _ => ("oidcToken", "https://vstoken.dev.azure.com/contoso"),
    };
    let body = json!({
        "aud": "api://AzureADTokenExchange", "iss": issuer, "sub": "repo:contoso/estate:ref:refs/heads/main",
        "iat": now.as_second(), "exp": now.as_second() + ASSERTION_LIFE,
    });
    answer(200, &json!({field: world.assert(&body)}))
}

impl World {
    fn home_tenant(&self) -> String {
        let first = self.tenants.iter().flatten().next();
        first.map_or_else(
            || digest::guid(&["home tenant"]),
            |tenant| tenant.id.clone(),
        )
    }

    /// A signed assertion.
    fn assert(&self, body: &Value) -> String {
        let signed = format!(
            "{}.{}",
            digest::base64url(br#"{"typ":"JWT","alg":"HS256"}"#),
            digest::base64url(body.to_string().as_bytes())
        );
        let signature = self.sign(&signed);
        format!("{signed}.{signature}")
    }

    /// Has an assertion of this world ended? Of others' nothing is known.
    pub(crate) fn assertion_has_ended(&self, assertion: &str, now: Timestamp) -> bool {
        let Some((signed, signature)) = assertion.rsplit_once('.') else {
            return false;
        };
        let body = signed
            .split_once('.')
            .and_then(|(_, body)| digest::from_base64url(body));
        let body: Option<Value> = body.and_then(|body| serde_json::from_slice(&body).ok());
        let end = body.and_then(|body| body["exp"].as_i64());
        signature == self.sign(signed) && end.is_some_and(|end| end < now.as_second())
    }
}
