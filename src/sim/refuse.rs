//! Refusals in the very words of the services, with each kind of 403 and 404 told apart as they do it.
//!
//! A kind of refusal that the service does not have is an error when the world file is loaded.

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::fault::Kind;
use super::message::json as answer;
use super::operation::Operation;
use super::secret::Vault;
use super::{arm, databricks, vault};
use crate::http::Response;

/// The answer of a workspace. `number` is the workspace's.
pub(crate) fn by_databricks(kind: Kind, operation: Operation, number: &str) -> Response {
    let error = |status, code: &str, text: &str| *databricks::error(status, code, text);
    match kind {
        Kind::TokenExpired => error(
            403,
            "403",
            "Token is expiring within 30 seconds. (token expired)",
        ),
        Kind::InvalidToken => error(403, "403", "Invalid access token."),
        Kind::InvalidTokenPage => page(),
        Kind::AddressBlocked => answer(
            403,
            // Here the code is a number.
            &json!({"error_code": 403, "message": format!("Source IP address: 192.0.2.7 is blocked by Databricks IP ACL for workspace: {number}")}),
        ),
        Kind::MissingRight | Kind::RecentlyGranted => {
            let right = match operation {
                Operation::RunNow | Operation::RunsCancel | Operation::RunsCancelAll => {
                    "Manage Run"
                }
                _ => "Can View",
            };
            let text = format!(
                "User user@example.com does not have {right} or Owner or Admin permissions on this job."
            );
            error(403, "PERMISSION_DENIED", &text)
        }
        Kind::Lock => error(
            400,
            "COULD_NOT_ACQUIRE_LOCK",
            "Could not acquire the lock of this job. Please try again later.",
        ),
        Kind::NotFound => error(404, "RESOURCE_DOES_NOT_EXIST", "The job does not exist."),
        Kind::NotFoundShort => error(404, "NOT_FOUND", "Not found"),
        Kind::NotFoundFeature => error(404, "FEATURE_DISABLED", "This API is disabled."),
        Kind::NotFoundEmpty => empty(),
    }
}

/// The answer of Azure Resource Manager about `scope`.
pub(crate) fn by_azure(kind: Kind, operation: Operation, scope: &str) -> Response {
    let mut text = format!(
        "The client 'ci' with object id '00000000-0000-0000-0000-000000000000' does not have authorization to perform action '{}' over scope '{scope}' or the scope is invalid.",
        operation.action()
    );
    match kind {
        Kind::NotFound => *arm::error(
            404,
            "ResourceNotFound",
            &format!("The Resource '{scope}' was not found."),
        ),
        Kind::NotFoundEmpty => empty(),
        Kind::RecentlyGranted => {
            text.push_str(" If access was recently granted, please refresh your credentials.");
            *arm::error(403, "AuthorizationFailed", &text)
        }
        Kind::TokenExpired
        | Kind::InvalidToken
        | Kind::InvalidTokenPage
        | Kind::AddressBlocked
        | Kind::MissingRight
        | Kind::Lock
        | Kind::NotFoundShort
        | Kind::NotFoundFeature => *arm::error(403, "AuthorizationFailed", &text),
    }
}

/// The answer of a key vault about a secret.
pub(crate) fn by_vault(kind: Kind, operation: Operation, place: &Vault, secret: &str) -> Response {
    match kind {
        Kind::NotFound => *vault::no_secret(secret),
        Kind::NotFoundEmpty => empty(),
        Kind::AddressBlocked => {
            let text = format!(
                "Client address is not authorized and caller is not a trusted service.\r\nClient address: 192.0.2.7\r\nCaller: appid=ci\r\nVault: {};location={}",
                place.name, place.location
            );
            *vault::because(403, "Forbidden", &text, "ForbiddenByFirewall")
        }
        Kind::TokenExpired
        | Kind::InvalidToken
        | Kind::InvalidTokenPage
        | Kind::MissingRight
        | Kind::RecentlyGranted
        | Kind::Lock
        | Kind::NotFoundShort
        | Kind::NotFoundFeature => *vault::by_rbac(place, operation, secret, "appid=ci"),
    }
}

fn page() -> Response {
    let text = "<html><head><title>Error 403 Invalid access token.</title></head><body><h2>HTTP ERROR 403</h2><pre>    Invalid access token.</pre></body></html>";
    let mut response = Response {
        status: 403,
        headers: http::HeaderMap::new(),
        body: Bytes::from_static(text.as_bytes()),
    };
    let kind = HeaderValue::from_static("text/html;charset=iso-8859-1");
    response.headers.insert(CONTENT_TYPE, kind);
    response
}

fn empty() -> Response {
    Response {
        status: 404,
        headers: http::HeaderMap::new(),
        body: Bytes::new(),
    }
}
