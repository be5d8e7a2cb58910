//! The connections that lead to what a plan names. A plan may name one that is not declared here.

use std::collections::BTreeMap;

use crate::model::address::Name;
use crate::model::connection::{KeyConnection, Limits, Workspace};
use crate::model::key_service::KeyService;
use crate::model::survey::RuntimeTarget;
use crate::model::time::Span;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::{VaultConnection, VaultName};
use crate::model::verdict::Target;

/// The connections that a plan's targets name.
#[derive(Clone, Copy, Debug)]
pub struct Connections<'a> {
    /// Connections to services with integration runtimes, by name.
    pub key_connections: &'a BTreeMap<Name, KeyConnection>,
    /// Key Vaults that keys are handed to, by their names.
    pub vaults: &'a BTreeMap<VaultName, VaultConnection>,
    /// Databricks connections by name.
    pub workspaces: &'a BTreeMap<Name, Workspace>,
}

impl<'a> Connections<'a> {
    /// The connection that leads to a resource with keys. One that leads elsewhere would do there what was decided about this one.
    pub(super) fn keys_of(&self, target: &RuntimeTarget) -> Result<&'a KeyConnection, Trouble> {
        let connection = self.key_connection(&target.connection)?;
        if connection.leads_to(&target.id) {
            return Ok(connection);
        }
        Err(Trouble {
            kind: TroubleKind::Misfit,
            doing: format!("reach {}", target.id.name()),
            message: format!("{} does not lead to {}", target.connection, target.id),
            ids: Box::default(),
        })
    }

    /// The connection to resources with keys of this name.
    pub(super) fn key_connection(&self, name: &Name) -> Result<&'a KeyConnection, Trouble> {
        self.key_connections.get(name).ok_or_else(|| {
            let kinds = KeyService::ALL.map(|service| service.kind().as_str());
            undeclared(&kinds.join(" or "), name)
        })
    }

    /// The vault of this name.
    pub(super) fn vault(&self, name: &VaultName) -> Result<&'a VaultConnection, Trouble> {
        self.vaults.get(name).ok_or_else(|| Trouble {
            kind: TroubleKind::Misfit,
            doing: format!("reach the vault {name}"),
            message: "no hand-off here names it, but the plan needs it".to_owned(),
            ids: Box::default(),
        })
    }

    /// The workspace connection of this name.
    pub(super) fn workspace_named(&self, name: &Name) -> Result<&'a Workspace, Trouble> {
        self.workspaces
            .get(name)
            .ok_or_else(|| undeclared("DatabricksWorkspace", name))
    }

    /// How long one request to the cloud of `target` may be under way. What is declared nowhere is sent nothing.
    pub(super) fn request_lifetime(&self, target: &Target) -> Span {
        let cloud = match target {
            Target::Runtime(target) => self
                .key_connection(&target.connection)
                .map(KeyConnection::cloud),
            Target::Job(_) | Target::Submission(_) => {
                self.workspace(target).map(|workspace| &workspace.cloud)
            }
        };
        cloud
            .map_or(Limits::AZURE, |cloud| cloud.limits)
            .request_lifetime
    }

    /// The workspace connection that `target` names.
    pub(super) fn workspace(&self, target: &Target) -> Result<&'a Workspace, Trouble> {
        self.workspace_named(target.connection())
    }
}

fn undeclared(kind: &str, name: &Name) -> Trouble {
    Trouble {
        kind: TroubleKind::Misfit,
        doing: format!("reach {name}"),
        message: format!("no {kind} named `{name}` is declared here, but the plan needs it"),
        ids: Box::default(),
    }
}
