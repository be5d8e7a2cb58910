//! The managed identity of the machine that afresh runs on: of a virtual machine (IMDS), and of App Service, Functions and Container Apps.
//!
//! Azure Arc, Service Fabric, Azure ML and Cloud Shell are not supported, since their endpoints have other protocols.
//! An endpoint with plain http is asked without a proxy, and no access token is sent to it.

use std::collections::HashMap;
use std::time::Duration;

use http::header::{ACCEPT, SERVER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use url::Url;

use super::super::secret;
use super::super::surroundings::Surroundings;
use super::grant::{Denied, Granted, unreadable};
use super::token::{Fresh, TokenFailure, Why, until};
use crate::http::{Class, Client, Meter, Repeat, Request, Response, wire};
use crate::limits::{IMDS_PROBE_TIMEOUT, IMDS_UPDATE_WAIT, IMDS_WAIT, RESPONSE_TIMEOUT};
use crate::model::time::Span;

/// The metadata service's one address.
const IMDS: &str = "http://169.254.169.254";
/// Moves the metadata service, as in the SDKs of Azure.
const IMDS_ELSEWHERE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
const NAMED: &str = "the machine's identity endpoint";
/// Pause before the metadata service is asked again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Which identity, of the machine's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Which {
    System,
    ClientId(String),
    ResourceId(String),
}

/// An identity and where its tokens come from.
pub(super) struct Identity {
    endpoint: Endpoint,
    which: Which,
    /// Nobody asked for it: the `default` chain came upon it, and goes on behind it if it is not there after all.
    is_found: bool,
}

enum Endpoint {
    Imds(Url),
    AppService { url: Url, header: SecretString },
}

impl Identity {
    /// Finds the endpoint of this machine.
    ///
    /// # Errors
    /// It is one of those that this version does not speak to, or no address.
    pub fn of_machine(here: &Surroundings, which: Which) -> Result<Self, TokenFailure> {
        let endpoint = endpoint(here)?;
        Ok(Self {
            endpoint,
            which,
            is_found: false,
        })
    }

    /// The same where nobody asked for it.
    pub fn found(self) -> Self {
        let is_found = true;
        Self { is_found, ..self }
    }

    /// Which one the `default` chain came upon; `None`: somebody asked for it.
    pub fn by_chance(&self) -> Option<&Which> {
        self.is_found.then_some(&self.which)
    }

    /// How people call it.
    pub fn named(&self) -> String {
        let host = match &self.endpoint {
            Endpoint::Imds(_) => "",
            Endpoint::AppService { .. } => " of App Service",
        };
        match &self.which {
            Which::System => format!("managed identity{host}"),
            Which::ClientId(id) | Which::ResourceId(id) => format!("managed identity{host} ({id})"),
        }
    }
}

fn endpoint(here: &Surroundings) -> Result<Endpoint, TokenFailure> {
    let set = |name: &str| here.var(name).is_some();
    let foreign = match (set("IDENTITY_ENDPOINT"), set("MSI_ENDPOINT")) {
        (true, _) if set("IDENTITY_SERVER_THUMBPRINT") => Some("Service Fabric"),
        (true, _) if set("IDENTITY_HEADER") => None,
        (true, _) if set("IMDS_ENDPOINT") => Some("Azure Arc"),
        (false, true) if set("MSI_SECRET") => Some("Azure Machine Learning"),
        (false, true) => Some("Cloud Shell"),
        _ => None,
    };
    if let Some(foreign) = foreign {
        return Err(TokenFailure {
            why: Why::Absent,
            ..TokenFailure::new(format!(
                "this version does not speak to the managed identity of {foreign}; use a service principal or the Azure CLI there"
            ))
        });
    }
    match (
        here.var("IDENTITY_ENDPOINT"),
        here.secret_var("IDENTITY_HEADER"),
    ) {
        (Some(url), Some(header)) => Ok(Endpoint::AppService {
            url: app_service(url)?,
            header,
        }),
        _ => imds(here.var(IMDS_ELSEWHERE)).map(Endpoint::Imds),
    }
}

/// Container Apps name it `localhost`, which is a name and no address; it means this machine.
fn app_service(text: &str) -> Result<Url, TokenFailure> {
    let fault = |why: &str| TokenFailure::new(format!("IDENTITY_ENDPOINT is not an address{why}"));
    let mut url = Url::parse(text).map_err(|error| fault(&format!(": {error}")))?;
    if url.host_str() == Some("localhost") {
        url.set_host(Some("127.0.0.1")).map_err(|_| fault(""))?;
    }
    Ok(url)
}

fn imds(elsewhere: Option<&str>) -> Result<Url, TokenFailure> {
    let base = elsewhere.unwrap_or(IMDS).trim_end_matches('/');
    let url = Url::parse(&format!("{base}/metadata/identity/oauth2/token")).map_err(|error| {
        TokenFailure::new(format!("{IMDS_ELSEWHERE} is not an address: {error}"))
    })?;
    // People also write the one address there.
    if Url::parse(IMDS).is_ok_and(|own| own.origin() != url.origin()) {
        wire::permitted(&url).map_err(TokenFailure::new)?;
    }
    Ok(url)
}

/// Asks for a token.
///
/// # Errors
/// The machine has no such identity ([`Why::Absent`]), or its endpoint refuses.
pub(super) async fn token(
    client: &Client,
    identity: &Identity,
    resource: &str,
) -> Result<Fresh, TokenFailure> {
    let request = match &identity.endpoint {
        Endpoint::Imds(url) => imds_request(url, &identity.which, resource),
        Endpoint::AppService { url, header } => {
            app_service_request(url, header, &identity.which, resource)?
        }
    };
    let response = patiently(client, &request)
        .await
        .map_err(|failure| TokenFailure::unanswered(NAMED, &failure))?;
    if response.status == 200 {
        return Granted::read(&response, NAMED)?.fresh(client.clock().now());
    }
    Err(refused(&response, identity))
}

/// What a refusal means: 400 is how both say that no such identity is assigned, unless it is about the resource or Entra ID itself
/// speaks; 403 is how Docker Desktop says that nobody is there.
fn refused(response: &Response, identity: &Identity) -> TokenFailure {
    let denied = Denied::read(response);
    let is_about_more =
        denied.code().is_some() || denied.error.as_deref() == Some("invalid_resource");
    let shown = match &identity.endpoint {
        Endpoint::AppService { header, .. } => Some(header.expose_secret()),
        Endpoint::Imds(_) => None,
    };
    let failure = denied.failure(response, NAMED, shown);
    let is_imds = matches!(identity.endpoint, Endpoint::Imds(_));
    match (response.status, &identity.which) {
        (400, _) if is_about_more => failure,
        (400, Which::System) => TokenFailure {
            message: format!(
                "this machine has no system-assigned identity ({}); assign one, or name a user-assigned one by clientId or resourceId",
                failure.message
            ),
            why: Why::Absent,
            ..failure
        },
        (400, Which::ClientId(id) | Which::ResourceId(id)) => TokenFailure {
            message: format!(
                "the identity {id} is not assigned to this machine ({})",
                failure.message
            ),
            why: Why::Absent,
            ..failure
        },
        (403, _) if is_imds && failure.message.contains("unreachable") => TokenFailure {
            why: Why::Absent,
            ..failure
        },
        // A starting one was waited for.
        (404, _) if is_imds => TokenFailure {
            message: format!(
                "this is not an Azure machine, or its metadata service does not start ({})",
                failure.message
            ),
            why: Why::Absent,
            ..failure
        },
        _ => failure,
    }
}

/// While a machine starts, its metadata service says 404; while the service is updated, 410 for up to 70 s ("How to use managed
/// identities to get a token", error handling). 429 and server errors have the patience of every request.
async fn patiently(client: &Client, request: &Request) -> Result<Response, crate::http::Failure> {
    let began = client.clock().now();
    let mut pause = FIRST_PAUSE;
    loop {
        let response = client.send(request).await?;
        let limit = match response.status {
            404 => IMDS_WAIT,
            410 => IMDS_UPDATE_WAIT,
            _ => return Ok(response),
        };
        client.in_time()?;
        let end = Span::seconds(limit.as_secs()).after(began);
        if until(client, end).is_zero() {
            return Ok(response);
        }
        let left = until(client, end.min(client.ends_at()));
        client.clock().sleep(pause.min(left)).await;
        pause = (pause * 2).min(IMDS_WAIT);
    }
}

fn imds_request(url: &Url, which: &Which, resource: &str) -> Request {
    let mut url = url.clone();
    let mut query = url.query_pairs_mut();
    query
        .append_pair("api-version", "2018-02-01")
        .append_pair("resource", resource);
    match which {
        Which::System => {}
        Which::ClientId(id) => drop(query.append_pair("client_id", id)),
        Which::ResourceId(id) => drop(query.append_pair("msi_res_id", id)),
    }
    drop(query);
    let mut request = question(url, "imds.token", RESPONSE_TIMEOUT);
    request.headers.insert(
        HeaderName::from_static("metadata"),
        HeaderValue::from_static("true"),
    );
    request
}

fn app_service_request(
    url: &Url,
    header: &SecretString,
    which: &Which,
    resource: &str,
) -> Result<Request, TokenFailure> {
    let mut url = url.clone();
    let mut query = url.query_pairs_mut();
    query
        .append_pair("api-version", "2019-08-01")
        .append_pair("resource", resource);
    match which {
        Which::System => {}
        Which::ClientId(id) => drop(query.append_pair("client_id", id)),
        Which::ResourceId(id) => drop(query.append_pair("mi_res_id", id)),
    }
    drop(query);
    let header = secret::header(&[header.expose_secret()]).map_err(|_| {
        TokenFailure::new("IDENTITY_HEADER holds characters that no header can carry")
    })?;
    let mut request = question(url, "appService.token", RESPONSE_TIMEOUT);
    request
        .headers
        .insert(HeaderName::from_static("x-identity-header"), header);
    Ok(request)
}

fn question(url: Url, kind: &'static str, timeout: Duration) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Request {
        method: Method::GET,
        url,
        headers,
        body: bytes::Bytes::new(),
        repeat: Repeat::Safe,
        kind,
        meter: Meter::free(Class::SignIns),
        timeout,
        send_by: None,
    }
}

/// What is known of the machine: asked once, and briefly.
#[derive(Default)]
pub(super) struct Machine {
    is_there: Mutex<Option<Result<(), String>>>,
    /// Whether it has an identity to give, by its first answer about it: the chain keeps to that, so that one command has one principal.
    gives: Mutex<HashMap<Which, Result<(), String>>>,
}

impl Machine {
    /// Does anybody answer at the identity endpoint? `Err`: what is lacking. A question without the `Metadata` field gets an error
    /// at once from a metadata service, and nothing from anybody else.
    pub async fn answers(&self, client: &Client, identity: &Identity) -> Result<(), String> {
        if let Some(Err(why)) = self.gives.lock().await.get(&identity.which) {
            return Err(why.clone());
        }
        let mut known = self.is_there.lock().await;
        if let Some(known) = &*known {
            return known.clone();
        }
        let found = match &identity.endpoint {
            Endpoint::AppService { .. } => Ok(()),
            Endpoint::Imds(url) => probe(client, url).await,
        };
        *known = Some(found.clone());
        found
    }

    /// Remembers whether the machine has this identity to give; tells what was known first, which stands.
    pub async fn settle(&self, which: &Which, gives: Result<(), String>) -> Result<(), String> {
        let mut known = self.gives.lock().await;
        known.entry(which.clone()).or_insert(gives).clone()
    }
}

/// Those of other clouds have the same address: Google's marks its answers (`Metadata-Flavor`), Amazon's names itself and wants a session
/// first (401), which Azure's never does.
fn is_foreign(response: &Response) -> bool {
    let server = response
        .headers
        .get(SERVER)
        .map_or(&b""[..], |said| said.as_bytes());
    response.status == 401
        || response.headers.contains_key("metadata-flavor")
        || server.starts_with(b"EC2ws")
}

async fn probe(client: &Client, url: &Url) -> Result<(), String> {
    let request = question(url.clone(), "imds.probe", IMDS_PROBE_TIMEOUT);
    let host = url.host_str().unwrap_or_default();
    match client.send_only_once(&request).await {
        Ok(response) if response.status == 403 || response.is_page() => {
            Err(unreadable(&response, host).message)
        }
        Ok(response) if is_foreign(&response) => Err(format!(
            "this is not an Azure machine: {host} is the metadata service of another cloud"
        )),
        Ok(_) => Ok(()),
        Err(failure) => Err(format!(
            "this is not an Azure machine: {host} gave no answer ({failure})"
        )),
    }
}
