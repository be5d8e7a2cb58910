//! What a handler of this service may look at, and how it answers: errors and pages. A page token of another list is rejected.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fault::Lie;
use super::super::key::Making;
use super::super::message::{Incoming, Refusal, json as answer};
use super::super::page;
use super::super::token::Claims;
use crate::http::Response;

/// A CloudError.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Refusal {
    Box::new(answer(
        status,
        &json!({"error": {"code": code, "message": message}}),
    ))
}

/// 404: the group has no such resource.
pub(crate) fn not_found(kind: &str, name: &str, group: &str) -> Refusal {
    let text = format!(
        "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    );
    error(404, "ResourceNotFound", &text)
}

/// 404: there is no such group.
pub(crate) fn no_group(group: &str) -> Refusal {
    let text = format!("Resource group '{group}' could not be found.");
    error(404, "ResourceGroupNotFound", &text)
}

/// Everything a handler of this service may look at.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Incoming<'a>,
    pub(crate) caller: Claims,
    pub(crate) now: Timestamp,
    /// The instant that reads tell of.
    pub(crate) seen: Timestamp,
    pub(crate) correlation: String,
    /// What is to go wrong while it is done.
    pub(crate) lie: Option<Lie>,
}

impl Call<'_> {
    /// The making of a key that this call asks for.
    pub(super) fn making(&self) -> Making {
        let id = self.request.header("x-ms-client-request-id");
        Making {
            at: self.now,
            caller: self.caller.oid.clone(),
            client_request: id.map(str::to_owned),
            correlation: self.correlation.clone(),
            value: None,
            silent: false,
        }
    }
}

/// One page of a list as ARM gives it: `value`, and a link with an opaque token to the rest.
/// Only what is on the page is shown.
pub(super) fn paged<T>(
    all: Vec<T>,
    show: impl Fn(T) -> Value,
    size: usize,
    null_at_end: bool,
    call: &Call,
) -> Result<Response, Refusal> {
    let request = call.request;
    let token = request.query("$skiptoken");
    let Some(page) = page::cut(all, request.path, token.as_deref(), size) else {
        return Err(error(
            400,
            "InvalidSkipToken",
            "The provided skip token is not valid for this request.",
        ));
    };
    let mut body = json!({"value": page.entries.into_iter().map(show).collect::<Vec<_>>()});
    if let Some(token) = page.next {
        let mut link = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(request.query.as_bytes()) {
            if !name.eq_ignore_ascii_case("$skiptoken") {
                link.append_pair(&name, &value);
            }
        }
        link.append_pair("$skiptoken", &token);
        body["nextLink"] = json!(format!(
            "{}{}?{}",
            request.origin,
            request.path,
            link.finish()
        ));
    } else if null_at_end {
        body["nextLink"] = Value::Null;
    }
    Ok(answer(200, &body))
}
