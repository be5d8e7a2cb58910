//! Federated assertions about a job, used in place of a secret: Kubernetes, GitHub Actions, Azure Pipelines.
//!
//! Each lives for minutes, so it is read or fetched again for every token; only one that was handed in as a variable cannot be.
//! They are fetched over https only, or from loopback.

use std::path::{Path, PathBuf};

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::super::secret;
use super::super::surroundings::{bare, read_text};
use super::grant::unreadable;
use super::token::TokenFailure;
use crate::http::{Class, Client, Meter, Repeat, Request, wire};
use crate::limits::{RESPONSE_TIMEOUT, SECRET_BYTES_MAX};

/// What Entra ID wants an assertion to be for.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Who makes the assertion.
#[derive(Clone, Debug)]
pub(super) enum Federated {
    /// A file that somebody keeps fresh, as Kubernetes does.
    File(PathBuf),
    /// Handed in as it is, as Terraform takes it. It lives for minutes, so it is good for the first tokens only.
    Given(SecretString),
    /// GitHub Actions, for a job with `id-token: write`.
    Github { url: String, token: SecretString },
    /// Azure Pipelines, for a service connection.
    Pipelines {
        url: String,
        token: SecretString,
        service_connection: String,
    },
}

/// GitHub's word for it, and that of Azure Pipelines.
#[derive(Deserialize)]
struct Asserted {
    value: Option<SecretString>,
    #[serde(rename = "oidcToken")]
    oidc_token: Option<SecretString>,
}

impl Federated {
    /// How people call it.
    pub fn named(&self) -> String {
        match self {
            Self::File(path) => format!("workload identity ({})", path.display()),
            Self::Given(_) => "workload identity (ARM_OIDC_TOKEN)".to_owned(),
            Self::Github { .. } => "GitHub OIDC".to_owned(),
            Self::Pipelines { .. } => "Azure Pipelines OIDC".to_owned(),
        }
    }

    /// A fresh one.
    ///
    /// # Errors
    /// The file cannot be read, or whoever makes it refuses.
    pub async fn assertion(&self, client: &Client) -> Result<SecretString, TokenFailure> {
        let request = match self {
            Self::File(path) => return from_file(path).await,
            Self::Given(token) => return Ok(token.clone()),
            Self::Github { url, token } => github(url, token)?,
            Self::Pipelines {
                url,
                token,
                service_connection,
            } => pipelines(url, token, service_connection)?,
        };
        let named = self.named();
        let response = client
            .send(&request)
            .await
            .map_err(|failure| TokenFailure::unanswered(&named, &failure))?;
        let said = serde_json::from_slice::<Asserted>(&response.body).ok();
        let assertion = said.and_then(|said| match self {
            Self::Github { .. } => said.value,
            _ => said.oidc_token,
        });
        match assertion {
            Some(assertion) if response.status == 200 => Ok(assertion),
            _ if response.is_page() => Err(unreadable(&response, &named)),
            _ => Err(TokenFailure::new(format!(
                "{named} answered with status {} and no token; {}",
                response.status,
                self.advice()
            ))),
        }
    }

    const fn advice(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Given(_) => "check where it comes from",
            Self::Github { .. } => "does the job have `permissions: {id-token: write}`?",
            Self::Pipelines { .. } => {
                "is SYSTEM_ACCESSTOKEN handed to this step, and may the pipeline use the service connection?"
            }
        }
    }
}

async fn from_file(path: &Path) -> Result<SecretString, TokenFailure> {
    let text = read_text(path, SECRET_BYTES_MAX)
        .await
        .map_err(TokenFailure::new)?;
    match bare(text.expose_secret()) {
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
    let bearer = secret::header(&["Bearer ", token.expose_secret()]).map_err(|_| {
        TokenFailure::new("the job's token holds characters that no header can carry")
    })?;
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
        meter: Meter::free(Class::SignIns),
        timeout: RESPONSE_TIMEOUT,
        send_by: None,
    })
}
