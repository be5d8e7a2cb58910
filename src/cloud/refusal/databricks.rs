//! Reads an error response of Databricks. HTML and unknown shapes are read as a refusal, too.

use serde::Deserialize;
use serde_json::Value;

use super::super::denial::Denial;
use super::super::soft;
use super::super::who::Service;
use super::{Refusal, told};
use crate::http::Response;

/// All the shapes that errors of Databricks have.
#[derive(Default, Deserialize)]
struct ErrorBody {
    /// A word, or in old services a number.
    #[serde(default, deserialize_with = "soft::text")]
    error_code: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
    error: Option<Value>,
    #[serde(default, deserialize_with = "soft::text")]
    detail: Option<String>,
}

/// Reads an error, in JSON, HTML or no shape at all.
pub(in crate::cloud) fn read(response: &Response) -> Refusal {
    let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
    let (code, message) = match body {
        Some(body) => (
            // Only the status again, in old services.
            body.error_code.filter(|code| code.parse::<u16>().is_err()),
            body.message
                .or(body.detail)
                .or_else(|| body.error.map(|error| words(&error))),
        ),
        None => (None, html_words(&response.body)),
    };
    let said = message.as_deref().unwrap_or_default();
    Refusal {
        taken: false,
        missing: is_missing(response.status, code.as_deref(), said),
        denial: Denial::of(Service::Databricks(None), response, code.as_deref(), said),
        message: told(response, code, message),
    }
}

/// Does what was asked about not exist? The service says it with 404, or with 400 and words.
fn is_missing(status: u16, code: Option<&str>, said: &str) -> bool {
    match (status, code) {
        (404, code) => code != Some("FEATURE_DISABLED"),
        (400, Some("RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND")) => true,
        (400, Some("INVALID_PARAMETER_VALUE") | None) => said.contains("does not exist"),
        _ => false,
    }
}

fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Gateways answer in HTML, with the reason between `<pre>` and `</pre>`; else their title begins with the status.
fn html_words(body: &[u8]) -> Option<String> {
    const SHOWN_MAX: usize = 200;
    let text = String::from_utf8_lossy(body);
    let between = |opens: &str, closes: &str| {
        let (_, rest) = text.split_once(opens)?;
        rest.split_once(closes).map(|(said, _)| said)
    };
    let titled = || {
        let rest = between("<title>", "</title>")?
            .trim()
            .strip_prefix("Error ")?;
        Some(rest.trim_start_matches(|c: char| c.is_ascii_digit()))
    };
    let said = match between("<pre>", "</pre>").or_else(titled) {
        Some(said) => said,
        None if text.contains('<') => return None,
        None => &text,
    };
    let said: String = said.trim().chars().take(SHOWN_MAX).collect();
    (!said.is_empty()).then_some(said)
}
