//! What a handler of this service is asked, what it may look at, and its errors. An unknown path is an error, too.

use jiff::Timestamp;
use serde_json::json;

use super::super::message::{Incoming, Refusal, json as answer};
use super::super::operation::Operation;

/// Where a request to a workspace leads, and by which version of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(super) operation: Operation,
    pub(super) version: String,
}

impl Route {
    pub(crate) fn of(request: &Incoming) -> Self {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (version, rest) = match segments.as_slice() {
            ["api", version @ ("2.1" | "2.2"), "jobs", rest @ ..] => (*version, rest),
            ["api", "2.0", rest @ ..] => ("2.0", rest),
            ["oidc", "v1", "token"] if request.method == "POST" => {
                return Self {
                    operation: Operation::WorkspaceToken,
                    version: String::new(),
                };
            }
            _ => ("", [].as_slice()),
        };
        let operation = match (request.method.as_str(), rest) {
            ("GET", ["permissions", "jobs", _]) if version == "2.0" => Operation::JobPermissions,
            ("GET", ["preview", "scim", "v2", "Me"]) if version == "2.0" => Operation::Me,
            _ if version == "2.0" => Operation::Unknown,
            ("GET", ["list"]) => Operation::JobsList,
            ("GET", ["get"]) => Operation::JobsGet,
            ("POST", ["run-now"]) => Operation::RunNow,
            ("GET", ["runs", "list"]) => Operation::RunsList,
            ("GET", ["runs", "get"]) => Operation::RunsGet,
            ("GET", ["runs", "get-output"]) => Operation::RunsGetOutput,
            ("POST", ["runs", "submit"]) => Operation::RunsSubmit,
            ("POST", ["runs", "cancel"]) => Operation::RunsCancel,
            ("POST", ["runs", "cancel-all"]) => Operation::RunsCancelAll,
            _ => Operation::Unknown,
        };
        Self {
            operation,
            version: version.to_owned(),
        }
    }

    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    /// 2.1 says `has_more` in lists; 2.2 only gives a token.
    pub(crate) fn says_has_more(&self) -> bool {
        self.version == "2.1"
    }
}

/// An error as the Jobs API words it.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Refusal {
    Box::new(answer(
        status,
        &json!({"error_code": code, "message": message}),
    ))
}

/// 400, the answer to most that is wrong, also to what does not exist.
pub(crate) fn invalid(message: &str) -> Refusal {
    error(400, "INVALID_PARAMETER_VALUE", message)
}

/// Everything a handler may look at besides the workspace.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Incoming<'a>,
    pub(crate) route: &'a Route,
    pub(crate) caller: String,
    pub(crate) now: Timestamp,
    /// The instant that reads tell of.
    pub(crate) seen: Timestamp,
    /// Most entries of a page, where the world says so.
    pub(crate) page: Option<usize>,
}
