//! The real transport: one exchange over TLS with pooled, kept-alive connections.
//!
//! Plain http is used only for loopback addresses and for the identity endpoints of an Azure machine itself. A loopback address is never
//! reached through a proxy. Redirects are not followed, nothing is retried here, and a body has at most [`RESPONSE_BYTES_MAX`] bytes.

mod fault;
#[cfg(target_os = "linux")]
mod names;

use std::net::Ipv4Addr;
use std::sync::OnceLock;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::{Certificate, ClientBuilder, NoProxy, Proxy, redirect};
use url::{Host, Url};

use super::message::{Failure, Request, Response, Sent, Transport};
use super::proxies::Proxies;
use super::wiped::Buffer;
use crate::limits::{CONNECT_TIMEOUT, RESPONSE_BYTES_MAX};
use crate::loopback;
use fault::{failure, lost};

/// The metadata service of a virtual machine ("Azure Instance Metadata Service": a non-routable address, never through a proxy).
const INSTANCE_METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// What this is, to whoever reads a service's logs.
const USER_AGENT: &str = concat!(
    "afresh/",
    env!("CARGO_PKG_VERSION"),
    " (+key ages of integration runtimes, runs of jobs)"
);

/// The network. Its clients are made when they are first needed: reading roots of trust takes longer than many a command.
#[derive(Debug, Default)]
pub struct Wire {
    lanes: [OnceLock<Result<reqwest::Client, Failure>>; 3],
    proxies: Proxies,
}

/// Which client a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    /// http to loopback and to the machine's identity endpoint: no roots of trust, never a proxy.
    Plain,
    /// https to loopback: never a proxy.
    Near,
    /// https to anywhere else: honours `HTTPS_PROXY`, `NO_PROXY` and the rest of the environment.
    Far,
}

impl Lane {
    /// The lane for an address that is permitted.
    fn of(url: &Url) -> Self {
        match (url.scheme(), is_loopback(url)) {
            ("http", _) => Self::Plain,
            (_, true) => Self::Near,
            (_, false) => Self::Far,
        }
    }

    /// Roots of trust are the machine's own and Mozilla's, so that a machine without CA files works too.
    fn client(self, proxies: &Proxies) -> Result<reqwest::Client, Failure> {
        // Somebody else in the process may have installed a provider before: then that one serves.
        drop(rustls::crypto::ring::default_provider().install_default());
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let roots = roots.filter_map(|der| Certificate::from_der(der).ok());
        let builder = match self {
            Self::Plain => builder().no_proxy().tls_certs_only([]),
            Self::Near => builder().no_proxy().tls_certs_merge(roots),
            Self::Far => through(proxies)?.tls_certs_merge(roots),
        };
        builder.build().map_err(|error| failure(&error))
    }
}

impl Wire {
    /// The network, nothing opened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same through these proxies.
    pub fn behind(proxies: Proxies) -> Self {
        Self {
            proxies,
            ..Self::default()
        }
    }

    /// The client for an address that is permitted; if its TLS does not start, every request that needs it says so.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, Failure> {
        let lane = Lane::of(url);
        self.lanes[lane as usize]
            .get_or_init(|| lane.client(&self.proxies))
            .as_ref()
            .map_err(Clone::clone)
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Failure> {
        sendable(request).map_err(|what| Failure::network(Sent::No, what))?;
        let client = self.client(&request.url)?;
        let mut headers = request.headers.clone();
        if request.body.is_empty() && matches!(request.method, Method::POST | Method::PUT) {
            // Resource Manager answers a POST without a length with 411, Storage a PUT with 400.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let answer = client
            .request(request.method.clone(), request.url.clone())
            .headers(headers)
            .body(request.body.clone())
            .timeout(request.timeout)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = read_body(answer).await?;
        Ok(Response {
            status,
            headers,
            body,
        })
    }
}

impl Transport for Wire {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(self.exchange(request))
    }
}

fn builder() -> ClientBuilder {
    asking_for_names(reqwest::Client::builder())
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .gzip(true)
}

#[cfg(target_os = "linux")]
fn asking_for_names(builder: ClientBuilder) -> ClientBuilder {
    builder.dns_resolver(names::Names::default())
}

#[cfg(not(target_os = "linux"))]
const fn asking_for_names(builder: ClientBuilder) -> ClientBuilder {
    builder
}

fn through(proxies: &Proxies) -> Result<ClientBuilder, Failure> {
    match proxies {
        Proxies::AsFound => Ok(builder()),
        Proxies::Meant { address, direct } => {
            let proxy = Proxy::all(address).map_err(|error| failure(&error))?;
            Ok(builder().proxy(proxy.no_proxy(NoProxy::from_string(direct))))
        }
        Proxies::Wrong(why) => Err(Failure::network(Sent::No, format!("no connection: {why}"))),
    }
}

/// Is `url` https, or http to a loopback address? A name such as `localhost` is not an address.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn permitted(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        scheme => Err(format!(
            "{scheme}://{} is refused: only https, or http to a loopback address such as 127.0.0.1",
            url.host_str().unwrap_or_default()
        )),
    }
}

/// What may leave: what is [`permitted`], and questions to this machine's own identity endpoint, which has no TLS.
fn sendable(request: &Request) -> Result<(), String> {
    permitted(&request.url).or_else(|fault| {
        let is_question = request.method == Method::GET
            && request.body.is_empty()
            && !request.headers.contains_key(AUTHORIZATION);
        (is_question && is_identity_endpoint(request))
            .then_some(())
            .ok_or(fault)
    })
}

/// Azure's metadata service (IMDS), at its one address; or App Service's endpoint, at a link-local address that differs by
/// instance, where the request proves itself with `x-identity-header`. Neither leaves the machine's own link.
fn is_identity_endpoint(request: &Request) -> bool {
    let Some(Host::Ipv4(ip)) = request.url.host() else {
        return false;
    };
    let is_metadata = ip == INSTANCE_METADATA && request.url.port_or_known_default() == Some(80);
    let is_app_service = ip.is_link_local() && request.headers.contains_key("x-identity-header");
    request.url.scheme() == "http" && (is_metadata || is_app_service)
}

/// Does `url` lead to this machine?
pub fn is_loopback(url: &Url) -> bool {
    url.host().is_some_and(|host| loopback::is_loopback(&host))
}

/// The body as it comes, unpacked, and no more of it than the bound. It may hold a token or a key: it is wiped when it is dropped.
async fn read_body(mut answer: reqwest::Response) -> Result<Bytes, Failure> {
    let announced = answer.content_length();
    let announced = announced.and_then(|length| usize::try_from(length).ok());
    let mut body = Buffer::with_room(announced.filter(|length| *length <= RESPONSE_BYTES_MAX));
    while let Some(chunk) = answer.chunk().await.map_err(|error| lost(&error))? {
        if body.would_exceed(RESPONSE_BYTES_MAX, chunk.len()) {
            return Err(Failure::network(
                Sent::Maybe,
                format!("the answer is larger than {RESPONSE_BYTES_MAX} bytes"),
            ));
        }
        body.push(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests;
