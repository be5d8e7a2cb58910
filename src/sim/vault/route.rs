//! Paths of a key vault's data plane. A known path with the wrong verb leads nowhere.

use http::Method;

use super::super::message::Incoming;
use super::super::operation::Operation;

/// What is asked of a vault.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// The secret; empty: all.
    pub(super) name: String,
    /// The version; absent: the newest.
    pub(super) version: Option<String>,
}

impl Route {
    /// The secret that it is about; empty: all.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn of(request: &Incoming) -> Self {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (operation, name, version) = match (request.method, segments.as_slice()) {
            (&Method::GET, ["secrets"]) => (Operation::ListSecrets, "", None),
            (&Method::GET, ["secrets", name]) => (Operation::GetSecret, *name, None),
            (&Method::GET, ["secrets", name, "versions"]) => {
                (Operation::ListSecretVersions, *name, None)
            }
            (&Method::GET, ["secrets", name, version]) => {
                (Operation::GetSecret, *name, Some(*version))
            }
            (&Method::PUT, ["secrets", name]) => (Operation::SetSecret, *name, None),
            (&Method::PATCH, ["secrets", name]) => (Operation::UpdateSecret, *name, None),
            (&Method::PATCH, ["secrets", name, version]) => {
                (Operation::UpdateSecret, *name, Some(*version))
            }
            (&Method::DELETE, ["secrets", name]) => (Operation::DeleteSecret, *name, None),
            (&Method::GET, ["deletedsecrets"]) => (Operation::ListDeletedSecrets, "", None),
            (&Method::GET, ["deletedsecrets", name]) => (Operation::GetDeletedSecret, *name, None),
            (&Method::POST, ["deletedsecrets", name, "recover"]) => {
                (Operation::RecoverSecret, *name, None)
            }
            (&Method::DELETE, ["deletedsecrets", name]) => (Operation::PurgeSecret, *name, None),
            _ => (Operation::Unknown, "", None),
        };
        Self {
            operation,
            name: name.to_owned(),
            version: version.map(str::to_owned),
        }
    }
}
