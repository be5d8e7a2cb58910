//! Names that Azure gives, in the place of the name of a document: `factory: adf-ingest` for `factory: ingest`.
//!
//! Such a name is an error. A document that leads to what is called so is told.

use super::super::document::{Document, Spec};
use super::super::mask::clipped;
use super::super::shape::leaf::is_guid;
use super::cloud::bare_host;
use crate::model::kind::Kind;

/// The name of a document of this kind that leads to what Azure calls so.
pub fn find<'a>(documents: &'a [Document], kind: Kind, name: &str) -> Option<&'a str> {
    let mut of_kind = documents.iter().filter(|document| document.kind == kind);
    of_kind.find_map(|document| {
        let own = document.name.as_ref()?.value.as_str();
        is(document, name).then_some(own)
    })
}

/// Does Azure call what this connection leads to so, or is that its id or its address?
fn is(document: &Document, name: &str) -> bool {
    let same = |own: &str| own.eq_ignore_ascii_case(name);
    match &document.spec {
        Some(Spec::DataFactory(spec)) => same(&spec.factory.value.0),
        Some(Spec::SynapseWorkspace(spec)) => same(&spec.workspace.value.0),
        Some(Spec::Subscription(spec)) => same(&spec.subscription.value.0),
        Some(Spec::DatabricksWorkspace(spec)) => {
            let host = spec.host.as_ref().map(|at| at.value.0.as_str());
            let id = spec.resource_id.as_ref().map(|at| at.value.0.as_str());
            let last = id.and_then(|id| id.rsplit('/').next());
            host.is_some_and(|host| bare_host(name).eq_ignore_ascii_case(host))
                || [id, last].into_iter().flatten().any(same)
        }
        Some(
            Spec::Project(_)
            | Spec::Cloud(_)
            | Spec::Credential(_)
            | Spec::KeyAge(_)
            | Spec::JobRun(_)
            | Spec::Policy(_)
            | Spec::Approval(_),
        )
        | None => false,
    }
}

/// What to write where no document leads there yet, if the name shows what would.
pub fn missing(kind: Kind, name: &str) -> Option<String> {
    let field = match kind {
        Kind::Subscription if is_guid(name) => format!("subscription: {name}"),
        Kind::DatabricksWorkspace if bare_host(name).contains('.') => {
            format!("host: {}", clipped(bare_host(name)))
        }
        Kind::Project
        | Kind::DataFactory
        | Kind::SynapseWorkspace
        | Kind::Subscription
        | Kind::DatabricksWorkspace
        | Kind::Cloud
        | Kind::Credential
        | Kind::KeyAge
        | Kind::JobRun
        | Kind::Policy
        | Kind::Approval => return None,
    };
    Some(format!(
        "the name of a {kind} document is wanted: write one with `{field}`, and its name here"
    ))
}
