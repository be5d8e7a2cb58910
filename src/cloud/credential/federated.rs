//! Assertions that others make about a job, in the place of a secret: Kubernetes, GitHub Actions, Azure Pipelines.
//!
//! Each lives for minutes, so it is read or asked for anew for every token. Refuses: keeping one; asking over plain http.

use std::path::PathBuf;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::TokenFailure;
use crate::http::{Client, Repeat, Request, wire};
use crate::limits::RESPONSE_TIMEOUT;

/// What Entra ID wants an assertion to be for.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Who makes the assertion.
#[derive(Clone, Debug)]
pub(super) enum Federated {
    /// A file that somebody keeps fresh, as Kubernetes does.
    File(PathBuf),
    /// GitHub Actions, for a job with `id-token: write`.
    Github { url: String, token: SecretString },
    /// Azure Pipelines, for a service connection.
    Pipelines {
        url: String,
        token: SecretString,
        service_connection: String,
    },
}

impl Federated {
    /// How people call it.
    pub fn named(&self) -> String {
        match self {
            Self::File(path) => format!("workload identity ({})", path.display()),
            Self::Github { .. } => "GitHub OIDC".to_owned(),
            Self::Pipelines { .. } => "Azure Pipelines OIDC".to_owned(),
        }
    }

    /// A fresh one.
    ///
    /// # Errors
    /// The file cannot be read, or whoever makes it refuses.
    pub async fn assertion(&self, client: &Client) -> Result<SecretString, TokenFailure> {
        let (request, field) = match self {
            Self::File(path) => return from_file(path).await,
            Self::Github { url, token } => (github(url, token)?, "value"),
            Self::Pipelines {
                url,
                token,
                service_connection,
            } => (pipelines(url, token, service_connection)?, "oidcToken"),
        };
        let named = self.named();
        let response = client
            .send(&request)
            .await
            .map_err(|failure| TokenFailure::new(format!("{named} gave no answer: {failure}")))?;
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        let text = body.as_ref().and_then(|body| body.get(field)?.as_str());
        match text {
            Some(text) if response.status == 200 => Ok(text.into()),
            _ => Err(TokenFailure::new(format!(
                "{named} answered with status {} and no token; {}",
                response.status,
                self.advice()
            ))),
        }
    }

    const fn advice(&self) -> &'static str {
        match self {
            Self::File(_) => "check the file",
            Self::Github { .. } => "does the job have `permissions: {id-token: write}`?",
            Self::Pipelines { .. } => {
                "is SYSTEM_ACCESSTOKEN handed to this step, and may the pipeline use the service connection?"
            }
        }
    }
}

async fn from_file(path: &PathBuf) -> Result<SecretString, TokenFailure> {
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| TokenFailure::new(format!("cannot read {}: {error}", path.display())))?;
    match text.trim() {
        "" => Err(TokenFailure::new(format!(
            "{} holds no token",
            path.display()
        ))),
        token => Ok(token.into()),
    }
}

fn github(url: &str, token: &SecretString) -> Result<Request, TokenFailure> {
    let mut url = address(url)?;
    url.query_pairs_mut().append_pair("audience", AUDIENCE);
    request(Method::GET, url, token)
}

fn pipelines(url: &str, token: &SecretString, connection: &str) -> Result<Request, TokenFailure> {
    let mut url = address(url)?;
    url.query_pairs_mut()
        .append_pair("api-version", "7.1")
        .append_pair("serviceConnectionId", connection);
    let mut request = request(Method::POST, url, token)?;
    // Without it a refusal is a redirect to a page for people.
    let suppress = HeaderName::from_static("x-tfs-fedauthredirect");
    request
        .headers
        .insert(suppress, HeaderValue::from_static("Suppress"));
    Ok(request)
}

fn address(text: &str) -> Result<Url, TokenFailure> {
    let url = Url::parse(text)
        .map_err(|error| TokenFailure::new(format!("the address to ask at is none: {error}")))?;
    wire::permitted(&url).map_err(TokenFailure::new)?;
    Ok(url)
}

fn request(method: Method, url: Url, token: &SecretString) -> Result<Request, TokenFailure> {
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| {
            TokenFailure::new("the job's token holds characters that no header can carry")
        })?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(AUTHORIZATION, bearer);
    Ok(Request {
        method,
        url,
        headers,
        body: bytes::Bytes::new(),
        repeat: Repeat::Safe,
        kind: "oidc.assertion",
        timeout: RESPONSE_TIMEOUT,
    })
}
