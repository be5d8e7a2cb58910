//! The token endpoint of Entra ID, v2, for service principals.
//!
//! Refuses: an authority that is not https (or loopback).

use std::path::PathBuf;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::certificate::Claims;
use super::federated::Federated;
use super::{Fresh, TokenFailure, advice, certificate};
use crate::http::redact::redact;
use crate::http::{Client, Repeat, Request, Response, wire};
use crate::limits::RESPONSE_TIMEOUT;

/// A service principal, and how it proves itself.
pub(super) struct Principal {
    pub authority: String,
    pub tenant: String,
    pub client_id: String,
    pub proof: Proof,
    /// How people call the place it comes from.
    pub named: String,
}

/// What a principal shows.
pub(super) enum Proof {
    Secret(SecretString),
    /// A PEM file with a certificate and its private key.
    Certificate(PathBuf),
    Federated(Federated),
}

/// The form fields of a proof.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// A number, or in some answers a string.
    expires_in: Value,
}

#[derive(Deserialize)]
struct Denied {
    error: Option<String>,
    error_description: Option<String>,
    #[serde(default)]
    error_codes: Vec<i64>,
    trace_id: Option<String>,
}

/// Asks for a token.
///
/// # Errors
/// The authority's words, with what to do about them.
pub(super) async fn token(
    client: &Client,
    principal: &Principal,
    scope: &str,
) -> Result<Fresh, TokenFailure> {
    let url = endpoint(principal).map_err(TokenFailure::new)?;
    let assertion = match &principal.proof {
        Proof::Secret(_) => None,
        Proof::Certificate(path) => {
            let claims = Claims {
                client_id: &principal.client_id,
                audience: url.as_str(),
                now: client.clock().now(),
            };
            Some(certificate::assertion(path, &claims).await?)
        }
        Proof::Federated(federated) => Some(federated.assertion(client).await?),
    };
    let proof = match (&principal.proof, assertion) {
        (Proof::Secret(secret), _) => vec![("client_secret", secret.clone())],
        (_, assertion) => vec![
            ("client_assertion_type", ASSERTION_TYPE.into()),
            ("client_assertion", assertion.unwrap_or_default()),
        ],
    };
    let response = client
        .send(&request(url, &principal.client_id, scope, &proof))
        .await
        .map_err(|failure| {
            TokenFailure::new(format!("{} gave no answer: {failure}", principal.authority))
        })?;
    if response.status == 200 {
        granted(&response).ok_or_else(|| {
            TokenFailure::new("the answer of the token endpoint cannot be understood")
        })
    } else {
        Err(denied(&response))
    }
}

fn request(url: Url, client_id: &str, scope: &str, proof: &[(&str, SecretString)]) -> Request {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", client_id);
    for (field, secret) in proof {
        form.append_pair(field, secret.expose_secret());
    }
    let form = form.append_pair("scope", scope).finish();
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    Request {
        method: Method::POST,
        url,
        headers,
        body: form.into(),
        repeat: Repeat::Safe,
        kind: "entra.token",
        timeout: RESPONSE_TIMEOUT,
    }
}

fn endpoint(principal: &Principal) -> Result<Url, String> {
    let mut url = Url::parse(&principal.authority)
        .map_err(|error| format!("{} is no address: {error}", principal.authority))?;
    wire::permitted(&url)?;
    url.path_segments_mut()
        .map_err(|()| format!("{} is no address", principal.authority))?
        .pop_if_empty()
        .extend([&principal.tenant, "oauth2", "v2.0", "token"]);
    Ok(url)
}

fn granted(response: &Response) -> Option<Fresh> {
    let granted: Granted = serde_json::from_slice(&response.body).ok()?;
    Some(Fresh {
        lifetime: Duration::from_secs(seconds(&granted.expires_in)?),
        token: granted.access_token.into(),
    })
}

/// A count of seconds, as a number or as a string of digits.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn denied(response: &Response) -> TokenFailure {
    let Ok(body) = serde_json::from_slice::<Denied>(&response.body) else {
        return TokenFailure::new(format!(
            "the token endpoint answered with status {} and no reason",
            response.status
        ));
    };
    let said = body
        .error_description
        .or(body.error)
        .unwrap_or_else(|| format!("status {}", response.status));
    // The lines below the first one are ids and times.
    let first = said.lines().next().unwrap_or_default();
    let code = body
        .error_codes
        .first()
        .copied()
        .or_else(|| advice::code_in(&said));
    TokenFailure {
        message: advice::with(redact(first), code),
        request_id: body.trace_id,
    }
}
