//! What a service said when it refused a request: each service has its own shapes for that, and any part may be missing.

pub(super) mod arm;
pub(super) mod databricks;
pub(super) mod vault;

use super::denial::Denial;
use crate::http::Response;
use crate::http::redact::redact;

/// What a service said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its own words, or the status if it had none.
    pub message: String,
    /// What was asked about does not exist.
    pub missing: bool,
    /// What was to be written has a name that is taken, and only a person can free it.
    pub taken: bool,
    /// Why whoever asks was turned away.
    pub denial: Option<Denial>,
}

/// A refusal in the service's own words, secrets left out; its status if it had none.
fn told(response: &Response, code: Option<String>, message: Option<String>) -> String {
    let said = match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if response.is_page() => elsewhere(response),
        (None, None) => format!("status {}, without a reason", response.status),
    };
    redact(&said)
}

/// Said of a page for people in the place of a service's answer.
pub(super) fn elsewhere(response: &Response) -> String {
    format!(
        "a page for people came in the place of the service's answer (status {}): something on the way speaks, such as a proxy or a \
         network's sign-in portal; open the address in a browser, or set HTTPS_PROXY and NO_PROXY",
        response.status
    )
}
