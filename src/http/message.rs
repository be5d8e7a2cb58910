//! The request, the answer, and the door they go through. Plain data: nothing here sends or waits.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use url::Url;

use super::budget::Bucket;

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Reads and cancel: sending twice does what sending once does.
    Safe,
    /// `run-now` and `runs/submit` with an idempotency token: the service returns the first call's run.
    Keyed,
    /// `regenerateAuthKey`: a second call kills the key that the first one made.
    Never,
}

/// What a request is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Resource Manager: what its RBAC calls a read.
    ArmReads,
    /// Resource Manager: everything else, `listAuthKeys` included.
    ArmWrites,
    /// A Databricks workspace.
    Databricks,
    /// A key vault.
    Vault,
    /// Token services, and what proves to them who asks.
    SignIns,
    /// The ledger, where it is not a file.
    Ledger,
}

/// What a request is counted as, and the bucket that it is drawn from.
#[derive(Clone, Debug)]
pub struct Meter {
    /// For counts.
    pub class: Class,
    /// `None`: nobody meters it.
    pub bucket: Option<Bucket>,
}

impl Meter {
    /// Counted, and drawn from no bucket.
    pub const fn free(class: Class) -> Self {
        Self {
            class,
            bucket: None,
        }
    }
}

/// One HTTP request. Headers may hold tokens: `Debug` shows method, host and path only.
#[derive(Clone)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// Absolute address, https or loopback http.
    pub url: Url,
    /// Header fields, the secret ones marked sensitive.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
    /// May it be sent again?
    pub repeat: Repeat,
    /// What counts call it: `adf.list`, `jobs.run-now`.
    pub kind: &'static str,
    /// Its class and its bucket.
    pub meter: Meter,
    /// Longest wait for one complete answer.
    pub timeout: Duration,
    /// It is not sent, not once more either, after this.
    pub send_by: Option<Timestamp>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}{}",
            self.method,
            self.url.host_str().unwrap_or_default(),
            self.url.path()
        )
    }
}

/// One complete HTTP answer. The body may hold an auth key: `Debug` shows status and length only.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// A page for people, or the way to one, where a service would have answered in JSON: a proxy, a gateway or a network's
    /// sign-in portal speaks.
    pub fn is_page(&self) -> bool {
        let said = self.headers.get(CONTENT_TYPE);
        (300..400).contains(&self.status)
            || said.is_some_and(|said| said.as_bytes().starts_with(b"text/html"))
            || self.body.trim_ascii_start().starts_with(b"<")
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Could the server have acted on a request that got no answer?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It never left: no connection, no name, no certificate.
    No,
    /// It left, and nobody knows what the server did with it.
    Maybe,
}

/// Why no answer came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The way there, or whoever is at its end.
    Network,
    /// It was not sent: its turn would have come too late.
    Throttled,
    /// It was not sent: too little of its own time was left.
    Late,
    /// It was not sent, or not once more: the command's time was over.
    TimeOver,
}

/// Said of a variable that should name a proxy.
pub(super) const NO_PROXY_ADDRESS: &str = "is not the address of a proxy";

/// No answer came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// Could the server have acted?
    pub sent: Sent,
    /// Why.
    pub cause: Cause,
    /// What happened, in words, without secrets: `connection reset`, `no answer within 30s`.
    pub what: String,
}

impl Failure {
    /// Was the server's certificate not accepted? In the words of rustls, the only thing that tells.
    pub fn is_about_certificate(&self) -> bool {
        self.sent == Sent::No && self.what.contains("invalid peer certificate")
    }

    /// Is the address of a proxy none? It is the same one a second later.
    pub fn is_about_proxy_address(&self) -> bool {
        self.sent == Sent::No && self.what.contains(NO_PROXY_ADDRESS)
    }

    /// The network's, or that of whoever is at its end.
    pub const fn network(sent: Sent, what: String) -> Self {
        Self {
            sent,
            cause: Cause::Network,
            what,
        }
    }

    /// Not sent, for a reason of our own.
    pub(super) const fn unsent(cause: Cause, what: String) -> Self {
        Self {
            sent: Sent::No,
            cause,
            what,
        }
    }
}

/// The door to the world: one exchange, no retries. Real over reqwest, false in [`crate::sim`].
pub trait Transport: Send + Sync {
    /// Sends `request` once and gives the whole answer, whatever its status.
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>>;
}

/// Shows a service who asks, without letting those who ask know the secret.
pub trait Authorize: Send + Sync {
    /// Adds what proves it to `request`. `again`: what was added last was refused, so nothing that is kept will do.
    ///
    /// # Errors
    /// A sentence: why there is no proof, and what to do.
    fn authorize<'a>(
        &'a self,
        request: &'a mut Request,
        again: bool,
    ) -> BoxFuture<'a, Result<(), String>>;
}
