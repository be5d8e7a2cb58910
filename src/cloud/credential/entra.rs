//! The token endpoint of Entra ID, v2, for service principals.
//!
//! The authority must be https, or http on a loopback address.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::certificate::Claims;
use super::federated::Federated;
use super::grant::{self, Denied, Granted};
use super::token::{Fresh, TokenFailure, Why};
use super::{advice, certificate};
use crate::http::{Client, wire};

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
/// How people call it.
pub(super) const NAMED: &str = "the token endpoint";

/// Asks for a token.
///
/// # Errors
/// The authority's words, with what to do about them.
pub(super) async fn token(
    client: &Client,
    principal: &Principal,
    scope: &str,
) -> Result<Fresh, TokenFailure> {
    let url = endpoint(&principal.authority, &principal.tenant, "token")?;
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
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", principal.client_id.as_str()),
    ];
    match (&principal.proof, &assertion) {
        (_, Some(assertion)) => fields.extend([
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.expose_secret()),
        ]),
        (Proof::Secret(secret), None) => fields.push(("client_secret", secret.expose_secret())),
        (_, None) => {}
    }
    fields.push(("scope", scope));
    let response = client
        .send(&grant::post(url, &fields, "entra.token"))
        .await
        .map_err(|failure| TokenFailure::unanswered(&principal.authority, &failure))?;
    if response.status == 200 {
        return Granted::read(&response, NAMED)?.fresh(client.clock().now());
    }
    let secret = match &principal.proof {
        Proof::Secret(secret) => Some(secret),
        Proof::Certificate(_) | Proof::Federated(_) => None,
    };
    let shown = secret.or(assertion.as_ref());
    let denied = Denied::read(&response);
    let is_over = denied.code() == Some(advice::ASSERTION_TOO_OLD);
    let failure = denied.failure(&response, NAMED, shown.map(ExposeSecret::expose_secret));
    Err(match &principal.proof {
        Proof::Federated(Federated::Given(_)) if is_over => TokenFailure {
            message: format!("{}; one that is handed in is not renewed", failure.message),
            why: Why::Ended,
            ..failure
        },
        _ => failure,
    })
}

/// `{authority}/{tenant}/oauth2/v2.0/{what}`.
///
/// # Errors
/// The authority is not an address that may be asked.
pub(super) fn endpoint(authority: &str, tenant: &str, what: &str) -> Result<Url, TokenFailure> {
    let no_address = |why: String| TokenFailure::new(format!("{authority} is not an address{why}"));
    let mut url = Url::parse(authority).map_err(|error| no_address(format!(": {error}")))?;
    wire::permitted(&url).map_err(TokenFailure::new)?;
    url.path_segments_mut()
        .map_err(|()| no_address(String::new()))?
        .pop_if_empty()
        .extend([tenant, "oauth2", "v2.0", what]);
    Ok(url)
}
