//! A Databricks service principal with an OAuth secret, at the token endpoint of the workspace itself.
//!
//! The workspace's host must have been checked before, since the secret is sent to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use super::super::secret;
use super::grant::{self, Denied, Granted};
use super::token::{Fresh, TokenFailure};
use crate::http::Client;

/// Who asks.
pub(super) struct Application {
    pub client_id: String,
    pub client_secret: SecretString,
    /// How people call the place it comes from.
    pub named: String,
}

/// Asks the workspace at `workspace`, whose host was checked.
///
/// # Errors
/// The workspace's words.
pub(super) async fn token(
    client: &Client,
    application: &Application,
    workspace: &Url,
) -> Result<Fresh, TokenFailure> {
    let mut url = workspace.clone();
    url.set_path("/oidc/v1/token");
    url.set_query(None);
    let named = url.host_str().unwrap_or_default().to_owned();
    let fields = [("grant_type", "client_credentials"), ("scope", "all-apis")];
    let mut request = grant::post(url, &fields, "databricks.token");
    let (id, proof) = (&application.client_id, &application.client_secret);
    let pair = Zeroizing::new(format!("{id}:{}", proof.expose_secret()));
    let basic = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let field = secret::header(&["Basic ", &basic])
        .map_err(|_| TokenFailure::new("the client secret cannot be put into a header"))?;
    request.headers.insert(AUTHORIZATION, field);
    let response = client
        .send(&request)
        .await
        .map_err(|failure| TokenFailure::unanswered(&named, &failure))?;
    if response.status == 200 {
        return Granted::read(&response, &named)?.fresh(client.clock().now());
    }
    let denied = Denied::read(&response);
    let is_wrong = denied.error.as_deref() == Some("invalid_client");
    let failure = denied.failure(&response, &named, [proof.expose_secret(), &basic]);
    Err(if is_wrong {
        TokenFailure {
            message: format!(
                "{}; is this the OAuth secret of a service principal of this workspace's account, and has it not expired?",
                failure.message.trim_end_matches('.')
            ),
            ..failure
        }
    } else {
        failure
    })
}
