//! Requests to Azure Blob Storage, and what its error codes mean for a ledger.
//!
//! A conflict is recognized by `x-ms-error-code`, never by the status alone: 409 and 412 both mean several things.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, IF_NONE_MATCH, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::http::redact;
use crate::http::{
    Authorize, Class, Client, Exchange, Failure, Meter, Repeat, Request, Response, Sent,
};
use crate::limits::RESPONSE_TIMEOUT;

/// The version of the service whose answers this file knows.
const VERSION: &str = "2024-11-04";

const BLOB_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-type");
const APPEND_POSITION: HeaderName = HeaderName::from_static("x-ms-blob-condition-appendpos");

/// What the service says about a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its committed blocks.
    pub blocks: u32,
}

/// What stands at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Ours,
    Others,
    Nothing,
}

/// Why a request did not do what it was sent for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The blob does not exist.
    NoBlob,
    /// The container does not exist.
    NoContainer,
    /// The blob does not end where it was expected to.
    Moved,
    /// A blob of that name exists.
    Exists,
    /// It holds as many blocks as it can.
    Full,
    /// Somebody holds a lease on the blob: only they may write.
    Leased(String),
    /// A blob of another kind, to which nothing can be appended.
    NotAppendable,
    /// Who asks is not let in: the service's own word.
    Forbidden(String),
    /// There is nothing to show who asks, in words.
    NoProof(String),
    /// Nobody knows whether it happened.
    Unknown(String),
    /// Anything else: it did not happen.
    Other(String),
}

/// Sends requests about the blobs of one ledger.
pub(super) struct Service {
    pub client: Client,
    pub access: Arc<dyn Authorize>,
}

impl Service {
    /// How large a blob is.
    pub async fn size(&self, blob: &Url) -> Result<Size, Trouble> {
        let request = request(Method::HEAD, blob, "blob.head", Repeat::Safe);
        let answer = self.send(request).await?;
        let blocks = number(&answer, "x-ms-blob-committed-block-count");
        let kind = text(&answer, "x-ms-blob-type");
        match (number(&answer, "content-length"), blocks) {
            (Some(bytes), Some(blocks)) => Ok(Size {
                bytes,
                blocks: u32::try_from(blocks).unwrap_or(u32::MAX),
            }),
            _ if kind.is_some_and(|kind| kind != "AppendBlob") => Err(Trouble::NotAppendable),
            _ => Err(Trouble::Other(
                "the service did not say how large it is".to_owned(),
            )),
        }
    }

    /// The bytes from `start` up to but not including `end`.
    pub async fn bytes(&self, blob: &Url, start: u64, end: u64) -> Result<Bytes, Trouble> {
        let mut request = request(Method::GET, blob, "blob.get", Repeat::Safe);
        put(
            &mut request.headers,
            RANGE,
            &format!("bytes={start}-{}", end.saturating_sub(1)),
        );
        let answer = self.send(request).await?;
        if answer.body.len() as u64 == end.saturating_sub(start) {
            Ok(answer.body)
        } else {
            Err(Trouble::Other(format!(
                "the service gave {} bytes where {} were asked for",
                answer.body.len(),
                end.saturating_sub(start)
            )))
        }
    }

    /// Makes an empty append blob.
    pub async fn create(&self, blob: &Url) -> Result<(), Trouble> {
        let mut request = request(Method::PUT, blob, "blob.create", Repeat::Keyed);
        put(&mut request.headers, BLOB_TYPE, "AppendBlob");
        put(&mut request.headers, IF_NONE_MATCH, "*");
        put(&mut request.headers, CONTENT_TYPE, "application/jsonl");
        self.send(request).await.map(drop)
    }

    /// Appends one block if the blob still ends at `at`. Repeatable: a second one finds that it does not end there any more.
    pub async fn append(&self, blob: &Url, at: u64, block: Bytes) -> Result<(), Trouble> {
        let mut request = request(Method::PUT, blob, "blob.append", Repeat::Keyed);
        request
            .url
            .query_pairs_mut()
            .append_pair("comp", "appendblock");
        put(&mut request.headers, APPEND_POSITION, &at.to_string());
        request.body = block;
        self.send(request).await.map(drop)
    }

    /// Whose bytes begin at `at`, if any do: `block`, or something else.
    pub async fn stands_at(&self, blob: &Url, at: u64, block: &Bytes) -> Result<Stands, Trouble> {
        let (size, end) = (self.size(blob).await?.bytes, at + block.len() as u64);
        if size <= at {
            return Ok(Stands::Nothing);
        }
        if size < end || self.bytes(blob, at, end).await? != *block {
            return Ok(Stands::Others);
        }
        Ok(Stands::Ours)
    }

    /// Removes a blob that nothing points at.
    pub async fn remove(&self, blob: &Url) -> Result<(), Trouble> {
        let request = request(Method::DELETE, blob, "blob.remove", Repeat::Safe);
        self.send(request).await.map(drop)
    }

    /// Sends with proof of who asks; once more with a fresh one where it was not taken, since then nothing was done.
    async fn send(&self, request: Request) -> Result<Response, Trouble> {
        let first = self.send_as(&request, false).await?;
        let refused = matches!(&first.outcome, Ok(response) if is_unproved(response));
        let earlier = first.earlier;
        let last = if refused {
            self.send_as(&request, true).await?
        } else {
            first
        };
        let doubtful = earlier == Sent::Maybe || last.earlier == Sent::Maybe;
        match last.outcome {
            Ok(response) if (200..300).contains(&response.status) => Ok(response),
            Ok(response) if response.status >= 500 || doubtful && response.status == 408 => {
                Err(Trouble::Unknown(said(&response)))
            }
            Ok(response) => Err(meaning(&response)),
            Err(Failure {
                sent: Sent::No,
                what,
                ..
            }) if !doubtful => Err(Trouble::Other(what)),
            Err(failure) => Err(Trouble::Unknown(failure.what)),
        }
    }

    async fn send_as(&self, request: &Request, again: bool) -> Result<Exchange, Trouble> {
        let mut request = request.clone();
        put(
            &mut request.headers,
            HeaderName::from_static("x-ms-version"),
            VERSION,
        );
        let date = http_date(self.client.clock().now());
        put(
            &mut request.headers,
            HeaderName::from_static("x-ms-date"),
            &date,
        );
        self.access
            .authorize(&mut request, again)
            .await
            .map_err(Trouble::NoProof)?;
        Ok(self.client.exchange(&request).await)
    }
}

fn request(method: Method, blob: &Url, kind: &'static str, repeat: Repeat) -> Request {
    Request {
        method,
        url: blob.clone(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        repeat,
        kind,
        meter: Meter::free(Class::Ledger),
        timeout: RESPONSE_TIMEOUT,
        send_by: None,
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `Tue, 24 Nov 2026 13:00:00 GMT`.
fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn text<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}

fn number(answer: &Response, name: &str) -> Option<u64> {
    text(answer, name)?.parse().ok()
}

/// The proof was not taken: 401, or 403 with a code of its own. A 403 with another code took it, and wants a right.
fn is_unproved(answer: &Response) -> bool {
    let code = text(answer, "x-ms-error-code");
    answer.status == 401 || answer.status == 403 && code == Some("AuthenticationFailed")
}

/// The service's own code, else the status.
fn said(answer: &Response) -> String {
    let code = text(answer, "x-ms-error-code").filter(|code| redact::is_id(code));
    let id = text(answer, "x-ms-request-id").filter(|id| redact::is_id(id));
    let id = id.map(|id| format!(", request {id}")).unwrap_or_default();
    match code {
        Some(code) => format!("{code} ({}{id})", answer.status),
        None => format!("status {}{id}", answer.status),
    }
}

/// What a refusal means. Codes: "Blob service error codes" and what the emulator was seen to answer.
fn meaning(answer: &Response) -> Trouble {
    match (
        answer.status,
        text(answer, "x-ms-error-code").unwrap_or_default(),
    ) {
        (_, "ContainerNotFound" | "ContainerBeingDeleted") => Trouble::NoContainer,
        (404, _) => Trouble::NoBlob,
        (_, "AppendPositionConditionNotMet" | "MaxBlobSizeConditionNotMet") => Trouble::Moved,
        (_, "BlobAlreadyExists") => Trouble::Exists,
        (_, "BlockCountExceedsLimit") => Trouble::Full,
        (409, "InvalidBlobType") => Trouble::NotAppendable,
        (409 | 412, code) if code.starts_with("Lease") => Trouble::Leased(said(answer)),
        (401 | 403, _) => Trouble::Forbidden(said(answer)),
        _ => Trouble::Other(said(answer)),
    }
}

/// Is this outcome one where only looking tells what happened?
pub(super) const fn is_unknown(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::Unknown(_) | Trouble::Moved | Trouble::Exists
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_more_than_a_status() {
        for (status, code, wanted) in [
            (412, "AppendPositionConditionNotMet", Trouble::Moved),
            (404, "BlobNotFound", Trouble::NoBlob),
            (404, "ContainerNotFound", Trouble::NoContainer),
            (409, "ContainerBeingDeleted", Trouble::NoContainer),
            (409, "BlobAlreadyExists", Trouble::Exists),
            (409, "BlockCountExceedsLimit", Trouble::Full),
            (409, "InvalidBlobType", Trouble::NotAppendable),
            (412, "LeaseIdMissing", leased("LeaseIdMissing (412)")),
            (412, "LeaseLost", leased("LeaseLost (412)")),
            (
                409,
                "LeaseAlreadyPresent",
                leased("LeaseAlreadyPresent (409)"),
            ),
        ] {
            let mut headers = HeaderMap::new();
            put(
                &mut headers,
                HeaderName::from_static("x-ms-error-code"),
                code,
            );
            let answer = Response {
                status,
                headers,
                body: Bytes::new(),
            };
            assert_eq!(meaning(&answer), wanted, "{code}");
        }
    }

    fn leased(said: &str) -> Trouble {
        Trouble::Leased(said.to_owned())
    }
}
