//! Who sends a request, to which service of which cloud, and how people write its host.

use url::Url;

use crate::model::address::{Name, ResourceId};
use crate::model::connection::{Cloud, Credential, Factory, Subscription, Workspace};
use crate::model::vault::VaultConnection;

/// The service that is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Service<'a> {
    /// Azure Resource Manager.
    Arm,
    /// A Databricks workspace, with its ARM id if that is known.
    Databricks(Option<&'a ResourceId>),
    /// A key vault.
    Vault,
}

/// Who asks, of which cloud.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'a> {
    pub connection: &'a Name,
    pub credential: &'a Credential,
    pub cloud: &'a Cloud,
    pub service: Service<'a>,
}

impl<'a> Who<'a> {
    pub fn of_factory(factory: &'a Factory) -> Self {
        Self {
            connection: &factory.name,
            credential: &factory.credential,
            cloud: &factory.cloud,
            service: Service::Arm,
        }
    }

    pub fn of_subscription(subscription: &'a Subscription) -> Self {
        Self {
            connection: &subscription.name,
            credential: &subscription.credential,
            cloud: &subscription.cloud,
            service: Service::Arm,
        }
    }

    pub fn of_workspace(workspace: &'a Workspace) -> Self {
        Self {
            connection: &workspace.name,
            credential: &workspace.credential,
            cloud: &workspace.cloud,
            service: Service::Databricks(workspace.resource_id.as_ref()),
        }
    }

    pub fn of_vault(vault: &'a VaultConnection) -> Self {
        Self {
            connection: vault.name(),
            credential: &vault.credential,
            cloud: &vault.cloud,
            service: Service::Vault,
        }
    }

    /// The same asking Resource Manager.
    pub fn at_arm(self) -> Self {
        Self {
            service: Service::Arm,
            ..self
        }
    }
}

/// `host` or `host:port` in lower case, as people write it.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
