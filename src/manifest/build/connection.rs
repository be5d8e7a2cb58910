//! Connections: DataFactory, SynapseWorkspace, Subscription and DatabricksWorkspace documents.
//!
//! A Databricks host must be in its cloud's Databricks domain, since tokens go nowhere else. Two connections to one resource are an error.

use std::collections::BTreeMap;

use crate::model::address::ResourceId;
use crate::model::connection::{
    Cloud, Credential, Factory, KeyConnection, Subscription, Workspace, WorkspaceHost,
};
use crate::model::key_service::KeyService;
use crate::model::kind::Kind;
use crate::model::runtime_service::RuntimeService;

use super::super::document::{Document, Spec};
use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::super::shape::connection::DatabricksWorkspaceSpec;
use super::super::shape::leaf::{Filled, Guid, Reference, is_guid};
use super::cloud::{BUILT_IN, bare_host, is_host};
use super::context::{Context, Declared, named};
use super::unlikely;

/// All connections to resources with keys.
pub fn to_keys(context: &mut Context<'_>) -> Declared<KeyConnection> {
    let mut connections = Declared::new();
    let mut places: BTreeMap<String, Mark> = BTreeMap::new();
    for service in KeyService::ALL {
        for (name, document) in Context::of_kind(context.documents, service.kind()) {
            let written = Written::of(document);
            if let Some(written) = &written {
                warn_of_ids(written.place, context.findings);
            }
            let connection = written.and_then(|spec| key_connection(document, &spec, context));
            if let Some(connection) = &connection {
                let manager = &connection.cloud().resource_manager;
                let key = format!("{manager} {}", connection.id().folded());
                if !context.only_one(&mut places, key, holder(connection), document.mark) {
                    context
                        .unclear
                        .insert((service.kind().namespace(), name.clone()));
                }
            }
            // Of two with one name, which has been noted, the first counts.
            connections.entry(name).or_insert(connection);
        }
    }
    connections
}

/// Warns of ids where Azure's names are wanted.
fn warn_of_ids(place: WrittenPlace<'_>, findings: &mut Findings) {
    let WrittenPlace::Factory(service, group, own) = place else {
        return;
    };
    let one = match service {
        RuntimeService::DataFactory => "the factory",
        RuntimeService::Synapse => "the workspace",
    };
    for (written, one) in [(group, "the resource group"), (own, one)] {
        if is_guid(written.value) {
            unlikely::id_as_name(written.value, written.mark, one, findings);
        }
    }
}

/// What people call that which a connection leads to.
const fn holder(connection: &KeyConnection) -> &'static str {
    match connection {
        KeyConnection::Factory(factory) => factory.service.holder(),
        KeyConnection::Subscription(one) => match one.resource_group {
            Some(_) => "resource group",
            None => "subscription",
        },
    }
}

/// What a document says of resources with keys.
pub struct Written<'a> {
    place: WrittenPlace<'a>,
    pub subscription: &'a At<Guid>,
    cloud: Option<&'a At<Reference>>,
    pub credential: Option<&'a At<Reference>>,
}

/// Where in its subscription they are.
#[derive(Clone, Copy)]
enum WrittenPlace<'a> {
    /// In a resource of this name, in a resource group.
    Factory(RuntimeService, At<&'a str>, At<&'a str>),
    /// In one resource group, or in any.
    Accounts(Option<&'a str>),
}

impl<'a> Written<'a> {
    /// `None`: it is another kind of document, or its spec was not understood.
    pub fn of(document: &'a Document) -> Option<Self> {
        match document.spec.as_ref()? {
            Spec::DataFactory(spec) => Some(Self {
                place: WrittenPlace::Factory(
                    RuntimeService::DataFactory,
                    spec.resource_group.as_part(|name| name.0.as_str()),
                    spec.factory.as_part(|name| name.0.as_str()),
                ),
                subscription: &spec.subscription,
                cloud: spec.cloud.as_ref(),
                credential: spec.credential.as_ref(),
            }),
            Spec::Subscription(spec) => Some(Self {
                place: WrittenPlace::Accounts(spec.resource_group.as_ref().map(|at| at.0.as_str())),
                subscription: &spec.subscription,
                cloud: spec.cloud.as_ref(),
                credential: spec.credential.as_ref(),
            }),
            Spec::SynapseWorkspace(spec) => Some(Self {
                place: WrittenPlace::Factory(
                    RuntimeService::Synapse,
                    spec.resource_group.as_part(|name| name.0.as_str()),
                    spec.workspace.as_part(|name| name.0.as_str()),
                ),
                subscription: &spec.subscription,
                cloud: spec.cloud.as_ref(),
                credential: spec.credential.as_ref(),
            }),
            Spec::Project(_)
            | Spec::DatabricksWorkspace(_)
            | Spec::Cloud(_)
            | Spec::Credential(_)
            | Spec::KeyAge(_)
            | Spec::JobRun(_)
            | Spec::Policy(_)
            | Spec::Approval(_) => None,
        }
    }
}

fn key_connection(
    document: &Document,
    spec: &Written<'_>,
    context: &mut Context<'_>,
) -> Option<KeyConnection> {
    let cloud = context.cloud(spec.cloud);
    let credential = context.credential(spec.credential);
    if let (
        Some(Credential::DatabricksToken { .. } | Credential::DatabricksOauth { .. }),
        Some(written),
    ) = (&credential, spec.credential)
    {
        let message = format!(
            "the credential `{}` is for Databricks only",
            written.value.0
        );
        let help = format!(
            "{} wants a credential of Azure: servicePrincipal, workloadIdentity, managedIdentity, azureCli, …",
            match spec.place {
                WrittenPlace::Factory(service, ..) => service.keys(),
                WrittenPlace::Accounts(_) => KeyService::Storage,
            }
            .title()
        );
        context
            .findings
            .add(Problem::at(written.mark, message).help(help));
    }
    let name = document.name.as_ref()?.value.clone();
    let subscription = spec.subscription.value.0.to_ascii_lowercase();
    let (cloud, credential) = (cloud?, credential?);
    Some(match spec.place {
        WrittenPlace::Factory(service, group, factory) => KeyConnection::Factory(Factory {
            name,
            service,
            subscription,
            resource_group: group.value.to_owned(),
            factory: factory.value.to_owned(),
            cloud,
            credential,
        }),
        WrittenPlace::Accounts(group) => KeyConnection::Subscription(Subscription {
            name,
            subscription,
            resource_group: group.map(str::to_owned),
            cloud,
            credential,
        }),
    })
}

/// All Databricks connections.
pub fn workspaces(context: &mut Context<'_>) -> Declared<Workspace> {
    let mut workspaces = Declared::new();
    let mut places: BTreeMap<String, Mark> = BTreeMap::new();
    for (name, document) in Context::of_kind(context.documents, Kind::DatabricksWorkspace) {
        let workspace = match &document.spec {
            Some(Spec::DatabricksWorkspace(spec)) => workspace(document, spec, context),
            _ => None,
        };
        for key in workspace.as_ref().into_iter().flat_map(keys) {
            if !context.only_one(&mut places, key, "Databricks workspace", document.mark) {
                let namespace = Kind::DatabricksWorkspace.namespace();
                context.unclear.insert((namespace, name.clone()));
                break;
            }
        }
        workspaces.insert(name, workspace);
    }
    workspaces
}

/// What two connections to one workspace have in common.
fn keys(workspace: &Workspace) -> Vec<String> {
    let host = match &workspace.host {
        WorkspaceHost::Given(host) => Some(host.clone()),
        WorkspaceHost::FromResource => None,
    };
    let resource = workspace.resource_id.as_ref();
    let resource = resource.map(|id| id.folded().to_owned());
    host.into_iter().chain(resource).collect()
}

fn workspace(
    document: &Document,
    spec: &DatabricksWorkspaceSpec,
    context: &mut Context<'_>,
) -> Option<Workspace> {
    let cloud = context.cloud(spec.cloud.as_ref());
    let credential = context.credential(spec.credential.as_ref());
    let resource_id = match &spec.resource_id {
        Some(written) => resource_id(written, context).map(Some),
        None => Some(None),
    };
    let host = match &spec.host {
        Some(written) => host(written, cloud.as_ref(), context).map(WorkspaceHost::Given),
        None if spec.resource_id.is_some() => Some(WorkspaceHost::FromResource),
        None => {
            let problem = Problem::at(document.mark, "a workspace needs `host` or `resourceId`");
            context
                .findings
                .add(problem.help(
                    "write `host: adb-….azuredatabricks.net`, as in the workspace's address",
                ));
            None
        }
    };
    Some(Workspace {
        name: document.name.as_ref()?.value.clone(),
        host: host?,
        resource_id: resource_id?,
        cloud: cloud?,
        credential: credential?,
    })
}

fn host(written: &At<Filled>, cloud: Option<&Cloud>, context: &mut Context<'_>) -> Option<String> {
    let text = written.value.0.as_str();
    let bare = bare_host(text).to_ascii_lowercase();
    let name = bare.split_once(':').map_or(bare.as_str(), |(host, _)| host);
    if bare.len() != text.len() || !is_host(name) {
        let message = format!("`{}` is not a host", clipped(text));
        let problem = Problem::at(written.mark, message).label("a host has no scheme and no path");
        let help = is_host(name).then(|| format!("write `host: {bare}`"));
        context.findings.add(problem.maybe_help(help));
        return None;
    }
    let cloud = cloud?;
    if cloud.owns_databricks_host(&bare) {
        return Some(bare);
    }
    let owner = BUILT_IN
        .into_iter()
        .filter_map(Cloud::named)
        .find(|other| other.owns_databricks_host(&bare));
    let help = match owner {
        Some(owner) => format!("it belongs to another cloud: write `cloud: {}`", owner.name),
        None if cloud.databricks_domain.is_empty() => {
            format!(
                "write `databricks: {{domain: …}}` in the Cloud `{}`",
                cloud.name
            )
        }
        None => format!(
            "hosts of the cloud `{}`: {}",
            cloud.name, cloud.databricks_domain
        ),
    };
    let message = format!(
        "`{}` is not a Databricks host of the cloud `{}`",
        clipped(&bare),
        cloud.name
    );
    context.findings.add(
        Problem::at(written.mark, message)
            .label("tokens go nowhere else")
            .help(help),
    );
    None
}

fn resource_id(written: &At<Filled>, context: &mut Context<'_>) -> Option<ResourceId> {
    let text = written.value.0.as_str();
    let parts: Vec<&str> = text.split('/').collect();
    let fits = match parts.as_slice() {
        [
            "",
            subscriptions,
            subscription,
            groups,
            group,
            providers,
            provider,
            kind,
            name,
        ] => {
            let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
            same(subscriptions, "subscriptions")
                && is_guid(subscription)
                && same(groups, "resourceGroups")
                && is_segment(group)
                && same(providers, "providers")
                && same(provider, "Microsoft.Databricks")
                && same(kind, "workspaces")
                && is_segment(name)
        }
        _ => false,
    };
    if fits {
        return Some(ResourceId::new(text));
    }
    let help = "it reads /subscriptions/UUID/resourceGroups/GROUP/providers/Microsoft.Databricks/workspaces/NAME";
    let message = format!(
        "`{}` is not the ARM id of a Databricks workspace",
        clipped(text)
    );
    context
        .findings
        .add(Problem::at(written.mark, message).help(help));
    None
}

fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.()".contains(c))
}

impl Context<'_> {
    fn cloud(&self, written: Option<&At<Reference>>) -> Option<Cloud> {
        let name = written.map_or("public", |at| at.value.0.as_str());
        Cloud::named(name).or_else(|| named(&self.clouds, name))
    }

    pub(super) fn credential(&self, written: Option<&At<Reference>>) -> Option<Credential> {
        match written.map_or("default", |at| at.value.0.as_str()) {
            "default" => Some(Credential::Default),
            name => named(&self.credentials, name),
        }
    }

    /// Notes a second connection to one resource; is it the first?
    fn only_one(
        &mut self,
        places: &mut BTreeMap<String, Mark>,
        key: String,
        what: &str,
        mark: Mark,
    ) -> bool {
        if let Some(first) = places.get(&key) {
            let message = format!("two connections to one {what}");
            let problem = Problem::at(mark, message)
                .label("second")
                .also(*first, "first");
            self.findings
                .add(problem.help("keep one, and let the rules refer to that"));
            return false;
        }
        places.insert(key, mark);
        true
    }
}
