//! What all token endpoints have in common: forms, tokens, refusals.
//!
//! A response that cannot be read is never quoted, since it may hold a token.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::super::fields::asks_to_wait;
use super::super::refusal::elsewhere;
use super::super::secret;
use super::super::soft::{self, Words};
use super::advice;
use super::token::{Fresh, TokenFailure, Why};
use crate::http::redact::{is_id, redact, without};
use crate::http::{Class, Meter, Repeat, Request, Response};
use crate::limits::RESPONSE_TIMEOUT;
use crate::model::time::Timestamp;

/// A form for a token endpoint.
pub(super) fn post(url: Url, fields: &[(&str, &str)], kind: &'static str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    Request {
        method: Method::POST,
        url,
        headers,
        body: secret::form(fields),
        repeat: Repeat::Safe,
        kind,
        meter: Meter::free(Class::SignIns),
        timeout: RESPONSE_TIMEOUT,
        send_by: None,
    }
}

/// The answer with a token. Numbers come as numbers or as text.
#[derive(Deserialize)]
pub(super) struct Granted {
    access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    expires_in: Option<Value>,
    /// Seconds since 1970; App Service tells nothing else.
    expires_on: Option<Value>,
}

impl Granted {
    /// Reads an answer with status 200 from whoever `named` is.
    ///
    /// # Errors
    /// It holds no token, or does not say how long it lives.
    pub fn read(response: &Response, named: &str) -> Result<Self, TokenFailure> {
        serde_json::from_slice(&response.body).map_err(|_| unreadable(response, named))
    }

    /// The token with its life from `now` on.
    ///
    /// # Errors
    /// It does not say how long it lives.
    pub fn fresh(self, now: Timestamp) -> Result<Fresh, TokenFailure> {
        let lifetime = self.expires_in.as_ref().and_then(seconds).or_else(|| {
            let end = seconds(self.expires_on.as_ref()?)?;
            Some(end.saturating_sub(u64::try_from(now.as_second()).unwrap_or(0)))
        });
        let lifetime = lifetime.ok_or_else(|| {
            TokenFailure::new("the answer with the token does not say how long it lives")
        })?;
        Ok(Fresh {
            token: self.access_token,
            lifetime: Duration::from_secs(lifetime),
        })
    }
}

/// A count of seconds, as a number or as a string of digits.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A refusal, in whichever of their shapes.
#[derive(Default, Deserialize)]
pub(super) struct Denied {
    /// OAuth's word: `invalid_grant`. IMDS has it too.
    #[serde(default, deserialize_with = "soft::text")]
    pub error: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    error_description: Option<String>,
    #[serde(default, deserialize_with = "soft::list")]
    error_codes: Vec<Words>,
    #[serde(default, deserialize_with = "soft::text")]
    trace_id: Option<String>,
    /// App Service and Databricks say it here.
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
}

impl Denied {
    /// Reads an answer that is no success; one without a shape says nothing.
    pub fn read(response: &Response) -> Self {
        serde_json::from_slice(&response.body).unwrap_or_default()
    }

    /// Entra ID's own number, whoever hands it on.
    pub fn code(&self) -> Option<i64> {
        let said = self.error_description.as_ref().or(self.message.as_ref());
        let said = said.and_then(|said| advice::code_in(said));
        let listed = self.error_codes.first();
        let listed = listed.and_then(|Words(code)| code.as_ref()?.parse().ok());
        listed.or(said)
    }

    /// The words of whoever `named` is, without what they were `shown`, and what to do about them.
    pub fn failure<'a>(
        self,
        response: &Response,
        named: &str,
        shown: impl IntoIterator<Item = &'a str>,
    ) -> TokenFailure {
        let code = self.code();
        let asked = asks_to_wait(response).unwrap_or_default();
        let Some(said) = self.error_description.or(self.message).or(self.error) else {
            let failure = unreadable(response, named);
            let message = failure.message + &asked;
            return TokenFailure { message, ..failure };
        };
        // The lines below the first one are ids and times; newer answers have them on the first one.
        let first = said.lines().next().unwrap_or_default();
        let first = first.split(" Trace ID: ").next().unwrap_or(first);
        let clean = without(first.as_bytes(), shown);
        let clean = clean.map(|clean| String::from_utf8_lossy(&clean).into_owned());
        let clean = redact(clean.as_deref().unwrap_or(first));
        TokenFailure {
            message: advice::with(clean, code) + &asked,
            request_id: self.trace_id.filter(|id| is_id(id)),
            why: Why::Refused,
        }
    }
}

/// What is said of an answer that makes no sense.
pub(super) fn unreadable(response: &Response, named: &str) -> TokenFailure {
    let status = response.status;
    TokenFailure::new(if response.is_page() {
        format!("no answer of {named}: {}", elsewhere(response))
    } else if status == 200 {
        format!("the answer of {named} cannot be understood")
    } else {
        format!("{named} answered with status {status} and no reason")
    })
}
