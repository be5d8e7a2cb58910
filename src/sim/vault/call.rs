//! What a handler of a vault may look at, and how it answers: errors with an inner code, and pages.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::message::{Incoming, Refusal, json as answer};
use super::super::page;
use super::route::Route;
use crate::http::Response;

/// The most entries that a page may be asked to have.
const PAGE_MAX: usize = 25;

/// Everything a handler of this service may look at.
pub(crate) struct Call<'a> {
    pub(super) request: &'a Incoming<'a>,
    pub(super) route: &'a Route,
    pub(super) now: Timestamp,
    /// The instant that reads tell of.
    pub(super) seen: Timestamp,
    /// Most entries of a page.
    pub(super) page: usize,
}

/// An error without an inner one.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Refusal {
    Box::new(answer(
        status,
        &json!({"error": {"code": code, "message": message}}),
    ))
}

/// An error with an inner one, which says why.
pub(crate) fn because(status: u16, code: &str, message: &str, inner: &str) -> Refusal {
    Box::new(answer(
        status,
        &json!({"error": {"code": code, "message": message, "innererror": {"code": inner}}}),
    ))
}

/// What cannot be done with such a request.
pub(super) fn bad(message: &str) -> Refusal {
    error(400, "BadParameter", message)
}

/// 404: there is no such secret, or no such version of it.
pub(crate) fn no_secret(name: &str) -> Refusal {
    let text = format!(
        "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
    );
    error(404, "SecretNotFound", &text)
}

/// One page of a list: `value`, and a link with an opaque token to the rest, or null. Only what is on the page is shown.
pub(super) fn paged<T>(
    all: Vec<T>,
    show: impl Fn(T) -> Value,
    call: &Call,
) -> Result<Response, Refusal> {
    let request = call.request;
    let wanted = request.query("maxresults");
    let size = match wanted.as_deref().map(str::parse::<usize>) {
        None => call.page,
        Some(Ok(size)) if (1..=PAGE_MAX).contains(&size) => size.min(call.page),
        Some(_) => {
            let text = format!("maxresults should be a number from 1 to {PAGE_MAX}.");
            return Err(bad(&text));
        }
    };
    let token = request.query("$skiptoken");
    let Some(page) = page::cut(all, request.path, token.as_deref(), size) else {
        return Err(bad("The skip token is not valid for this request."));
    };
    let next = page.next.map(|token| {
        let mut link = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(request.query.as_bytes()) {
            if !name.eq_ignore_ascii_case("$skiptoken") {
                link.append_pair(&name, &value);
            }
        }
        link.append_pair("$skiptoken", &token);
        format!(
            "{}{}?{}",
            at_port(request.origin),
            request.path,
            link.finish()
        )
    });
    let value: Vec<Value> = page.entries.into_iter().map(show).collect();
    Ok(answer(200, &json!({"value": value, "nextLink": next})))
}

/// Links name the port, also the usual one.
fn at_port(origin: &str) -> String {
    match origin.strip_prefix("https://") {
        Some(host) if !host.contains(':') => format!("{origin}:443"),
        Some(_) | None => origin.to_owned(),
    }
}
