//! Reads query parameters and request bodies of the Jobs API. A malformed number is rejected with the service's own message.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::message::{Incoming, Refusal};
use super::call::{error, invalid};
use crate::limits::TOKEN_CHARS_MAX;

/// The request body as a JSON object.
pub(crate) fn object(request: &Incoming) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(request.body)
        .map_err(|_| malformed("Could not parse request object: it is not JSON"))?;
    if body.is_object() {
        Ok(body)
    } else {
        Err(malformed(
            "Could not parse request object: it is not an object",
        ))
    }
}

pub(crate) fn malformed(message: &str) -> Refusal {
    error(400, "MALFORMED_REQUEST", message)
}

/// A whole number of the query; absent is `None`, anything else is refused.
pub(crate) fn number(request: &Incoming, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(text) = request.query(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        malformed(&format!(
            "Could not parse request object: Expected 'long' for field '{name}', found '{text}'"
        ))
    })
}

/// A flag of the query. Only lower-case `true` counts: `True` is passed over in silence, as the service does.
pub(crate) fn flag(request: &Incoming, name: &str) -> bool {
    request.query(name).as_deref() == Some("true")
}

/// A number in a body that has to be there.
pub(crate) fn id(body: &Value, name: &str) -> Result<u64, Refusal> {
    match &body[name] {
        Value::Null => Err(invalid(&format!("Missing required field: {name}"))),
        value => value.as_u64().ok_or_else(|| {
            malformed(&format!(
                "Could not parse request object: Expected 'long' for field '{name}'"
            ))
        }),
    }
}

/// The idempotency token, if there is one; too long a token is refused.
pub(crate) fn token(body: &Value) -> Result<Option<String>, Refusal> {
    let Some(token) = body["idempotency_token"]
        .as_str()
        .filter(|token| !token.is_empty())
    else {
        return Ok(None);
    };
    if token.chars().count() > TOKEN_CHARS_MAX {
        return Err(invalid(&format!(
            "The idempotency token may have at most {TOKEN_CHARS_MAX} characters."
        )));
    }
    Ok(Some(token.to_owned()))
}

/// A field of text by name, such as `job_parameters`, and nothing else.
pub(crate) fn texts(body: &Value, field: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let wrong = || {
        malformed(&format!(
            "Could not parse request object: Expected a map of strings for field {field}"
        ))
    };
    match &body[field] {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| {
                value
                    .as_str()
                    .map(|text| (name.clone(), text.to_owned()))
                    .ok_or_else(wrong)
            })
            .collect(),
        _ => Err(wrong()),
    }
}
