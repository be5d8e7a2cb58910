//! Requests to the simulated cloud and its responses, independent of how they are transported.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use super::operation::Operation;
use crate::http::Response;

/// Which of the services a request has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The token service.
    Entra,
    /// Azure Resource Manager.
    ResourceManager,
    /// The workspace in this place of the world's list.
    Workspace(usize),
    /// The key vault in this place.
    Vault(usize),
}

/// One request as a service sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) door: Door,
    /// Scheme and host that the client used: what links in answers begin with.
    pub(crate) origin: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Incoming<'_> {
    /// The path cut at its slashes, decoded, with its own spelling.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect()
    }

    /// The value of a query parameter; Azure does not look at the case of its name.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }

    /// The text of a header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What a fault's `subject` is looked for in.
    pub(crate) fn subject(&self) -> String {
        let body = if self.door == Door::Entra {
            Cow::Borrowed("")
        } else {
            String::from_utf8_lossy(self.body)
        };
        format!("{}?{} {body}", self.path, self.query)
    }
}

fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .filter(|_| *first == b'%');
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer that says no. Boxed: it travels through every handler as the rare way out.
pub(crate) type Refusal = Box<Response>;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The answer; absent: it never arrives.
    pub(crate) response: Option<Response>,
    /// How long the client waits for it.
    pub(crate) wait: Duration,
    pub(crate) operation: Operation,
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: &Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    Response {
        status,
        headers,
        body: Bytes::from(body.to_string()),
    }
}

/// Sets a header field; a value that no header can hold is left out.
pub(crate) fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers
            .insert(HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_decoded_and_broken_escapes_stay() {
        assert_eq!(decode("rg%28a%29"), "rg(a)");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz"), "%zz");
    }
}
