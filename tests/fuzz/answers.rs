//! A network whose every answer comes from a text: each line is a status and a body. Tokens are given without asking the text, and go
//! nowhere but to the hosts that they were made for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use afresh::clock::{Clock, ManualClock};
use afresh::cloud::{Reader, Surroundings};
use afresh::http::client::Client;
use afresh::http::message::{Failure, Request, Response, Transport};
use afresh::model::time::Timestamp;
use afresh::model::trust::Trust;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};

/// When everything happens.
pub const NOW: &str = "2026-11-22T09:00:00Z";

/// Answers in their order.
pub struct Answers(Mutex<VecDeque<Vec<u8>>>);

impl Answers {
    pub fn of(text: &[u8]) -> Self {
        let lines = text.split(|byte| *byte == b'\n');
        Self(Mutex::new(lines.map(<[u8]>::to_vec).collect()))
    }

    fn next(&self) -> Vec<u8> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.pop_front().unwrap_or_else(|| b"404".to_vec())
    }
}

/// One answer from a line: `200{…}`. What does not begin with a status is a 200.
fn answer(line: &[u8]) -> Response {
    let digits = line
        .get(..3)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let status = digits
        .and_then(|digits| digits.parse().ok())
        .filter(|status| (100..600).contains(status));
    let body = if status.is_some() { &line[3..] } else { line };
    let mut headers = HeaderMap::new();
    headers.insert(
        DATE,
        HeaderValue::from_static("Sun, 22 Nov 2026 09:00:00 GMT"),
    );
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    let kind = if body.starts_with(b"<") {
        "text/html"
    } else {
        "application/json"
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Response {
        status: status.unwrap_or(200),
        headers,
        body: body.to_vec().into(),
    }
}

fn is_sign_in(request: &Request) -> bool {
    request.url.path().ends_with("/oauth2/v2.0/token")
}

impl Transport for Answers {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        let host = request.url.host_str().unwrap_or_default();
        let own = host == "management.azure.com"
            || host == "login.microsoftonline.com"
            || host.ends_with(".azuredatabricks.net");
        assert!(
            own || !request.headers.contains_key(AUTHORIZATION),
            "a token went to {host}"
        );
        let said = if is_sign_in(request) {
            answer(br#"200{"token_type":"Bearer","expires_in":3599,"access_token":"e30.e30.signature"}"#)
        } else {
            answer(&self.next())
        };
        Box::pin(async move { Ok(said) })
    }
}

/// A reader of those answers, and its clock.
pub fn reader(answers: Arc<dyn Transport>) -> (Reader, Clock) {
    let now: Timestamp = NOW.parse().unwrap();
    let clock = Clock::Manual(ManualClock::new(now));
    let client = Client::new(answers, clock.clone());
    let surroundings = Surroundings::new([
        ("AZURE_TENANT_ID", "contoso"),
        ("AZURE_CLIENT_ID", "ci"),
        ("AZURE_CLIENT_SECRET", "a secret of the fuzzer"),
    ]);
    (Reader::new(client, surroundings, Trust::default()), clock)
}
