//! What the documents ask of whoever runs afresh: hosts that are not Azure's own, audiences, and sources of secrets, each with its place.
//!
//! It only collects them. A manifest allows nothing; what is trusted comes from outside.

use std::collections::BTreeSet;

use crate::model::address::Name;
use crate::model::connection::{Cloud, Credential, WorkspaceHost};
use crate::model::desired::Project;
use crate::model::key_service::KeyService;
use crate::model::kind::Kind;
use crate::model::trust::{Ask, Asked, Host, Role};
use crate::model::vault::VaultConnection;

use super::super::document::{Document, Spec};
use super::super::mark::Mark;
use super::super::shape::connection::{CloudSpec, CredentialSpec};
use super::connection::Written;
use super::context::{Context, named};
use super::credential::source_mark;
use super::hand_off::Vaults;

/// Everything that the connections and the ledger ask, in the order of the documents' names.
pub fn all(context: &Context<'_>, project: Option<&Project>, vaults: &Vaults) -> Vec<Asked> {
    let mut asks = Asks {
        context,
        clouds: BTreeSet::new(),
        credentials: BTreeSet::new(),
        all: Vec::new(),
    };
    asks.ledger(project);
    for service in KeyService::ALL {
        for (name, document) in Context::of_kind(context.documents, service.kind()) {
            if let (Some(spec), Some(connection)) = (
                Written::of(document),
                named(&context.key_connections, name.as_str()),
            ) {
                asks.cloud(connection.cloud(), document.mark);
                let written = spec.credential.map(|at| at.value.0.as_str());
                asks.credential(written, connection.credential());
            }
        }
    }
    for (name, document) in Context::of_kind(context.documents, Kind::DatabricksWorkspace) {
        if let (Some(Spec::DatabricksWorkspace(spec)), Some(workspace)) =
            (&document.spec, named(&context.workspaces, name.as_str()))
        {
            asks.cloud(&workspace.cloud, document.mark);
            let mark = spec.host.as_ref().map_or(document.mark, |at| at.mark);
            asks.workspace(&workspace.cloud, &workspace.host, mark);
            let written = spec.credential.as_ref().map(|at| at.value.0.as_str());
            asks.credential(written, &workspace.credential);
        }
    }
    for (vault, written, mark) in vaults.iter() {
        asks.cloud(&vault.cloud, mark);
        asks.vault(vault, mark);
        asks.credential(written, &vault.credential);
    }
    asks.all
}

struct Asks<'a> {
    context: &'a Context<'a>,
    /// Those that have asked.
    clouds: BTreeSet<String>,
    credentials: BTreeSet<String>,
    all: Vec<Asked>,
}

impl Asks<'_> {
    fn add(&mut self, ask: Ask, mark: Mark) {
        let place = Some(self.context.place(mark));
        self.all.push(Asked { ask, place });
    }

    fn ledger(&mut self, project: Option<&Project>) {
        let document = Context::of_kind(self.context.documents, Kind::Project);
        let document = document.into_values().next();
        let (Some(document), Some(project)) = (document, project) else {
            return;
        };
        let mark = match &document.spec {
            Some(Spec::Project(spec)) => spec.ledger.as_ref().map(|at| at.mark),
            _ => None,
        };
        if let Some(ask) = Ask::of_ledger(&project.ledger) {
            self.add(ask, mark.unwrap_or(document.mark));
        }
    }

    fn cloud(&mut self, cloud: &Cloud, mark: Mark) {
        if Cloud::named(&cloud.name).is_some() || !self.clouds.insert(cloud.name.clone()) {
            return;
        }
        let written = spec_of(self.context.documents, cloud);
        for ask in Ask::of_cloud(cloud) {
            let mark = written.map_or(mark, |spec| mark_of(&ask, spec));
            self.add(ask, mark);
        }
    }

    /// One that is read from Resource Manager is some host of the cloud's domain.
    fn workspace(&mut self, cloud: &Cloud, host: &WorkspaceHost, mark: Mark) {
        if Cloud::named(&cloud.name).is_some() {
            return;
        }
        let host = match host {
            WorkspaceHost::Given(host) => Host::named(host),
            WorkspaceHost::FromResource => Host::named(&cloud.databricks_domain),
        };
        if host.as_str().is_empty() {
            // A cloud without Databricks is home of no host, so none is reached.
            return;
        }
        let written = spec_of(self.context.documents, cloud);
        for ask in Ask::of_workspace(cloud, &host) {
            let mark = match (&ask, written) {
                (Ask::Audience { .. }, Some(spec)) => mark_of(&ask, spec),
                _ => mark,
            };
            self.add(ask, mark);
        }
    }

    fn vault(&mut self, vault: &VaultConnection, mark: Mark) {
        if Cloud::named(&vault.cloud.name).is_some() {
            return;
        }
        let Some(host) = vault.cloud.vault_host(&vault.vault) else {
            return;
        };
        let written = spec_of(self.context.documents, &vault.cloud);
        for ask in Ask::of_vault(&vault.cloud, &Host::named(&host)) {
            let mark = match (&ask, written) {
                (Ask::Audience { .. }, Some(spec)) => mark_of(&ask, spec),
                _ => mark,
            };
            self.add(ask, mark);
        }
    }

    fn credential(&mut self, written: Option<&str>, credential: &Credential) {
        let (Some(name), Some(source)) = (written, credential.source()) else {
            return;
        };
        if !self.credentials.insert(name.to_owned()) {
            return;
        }
        let document = document(self.context.documents, Kind::Credential, name);
        let Some(document) = document else { return };
        let spec: Option<&CredentialSpec> = match &document.spec {
            Some(Spec::Credential(spec)) => Some(spec),
            _ => None,
        };
        let mark = spec.and_then(source_mark).unwrap_or(document.mark);
        self.add(Ask::Source(source), mark);
    }
}

fn document<'a>(documents: &'a [Document], kind: Kind, name: &str) -> Option<&'a Document> {
    let is_it = |known: &Name| known.as_str() == name;
    documents.iter().find(|document| {
        document.kind == kind && document.name.as_ref().is_some_and(|at| is_it(&at.value))
    })
}

fn spec_of<'a>(documents: &'a [Document], cloud: &Cloud) -> Option<&'a CloudSpec> {
    match &document(documents, Kind::Cloud, &cloud.name)?.spec {
        Some(Spec::Cloud(spec)) => Some(spec),
        _ => None,
    }
}

/// The field of a Cloud document that asks; an audience that is not written comes from the address that it is for.
fn mark_of(ask: &Ask, spec: &CloudSpec) -> Mark {
    let manager = spec.resource_manager.mark;
    let domain = spec.databricks.as_ref().map(|part| part.domain.mark);
    let vaults = spec.vault.as_ref().map(|part| part.domain.mark);
    match ask {
        Ask::Host { role, .. } => match role {
            Role::Authority => spec.authority.mark,
            Role::ResourceManager | Role::Storage => manager,
            Role::Databricks => domain.unwrap_or(manager),
            Role::Vault => vaults.unwrap_or(manager),
        },
        Ask::Audience { role, .. } => match role {
            Role::Databricks => domain.unwrap_or(manager),
            Role::Vault => vaults.unwrap_or(manager),
            Role::Authority | Role::ResourceManager | Role::Storage => {
                spec.audience.as_ref().map_or(manager, |at| at.mark)
            }
        },
        Ask::Source(_) => manager,
    }
}
