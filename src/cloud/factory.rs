//! Integration runtimes of Data Factory (API 2018-06-01) and of Synapse (API 2021-06-01), which have the same verbs.
//!
//! A key is replaced by its fingerprint while the response is parsed; it is never stored.

use http::Method;
use serde::Deserialize;

use super::answer::{ActFailure, Dated, ListedRuntime, Regenerated, RuntimeStatus};
use super::arm::{self, Ask};
use super::call::Call;
use super::key_pair::{Kept, KeyValue};
use super::session::Session;
use super::who::Who;
use super::{key_pair, soft};
use crate::http::Place;
use crate::limits::{NODE_CHARS_MAX, NODES_MAX};
use crate::model::address::{ResourceId, is_runtime_name};
use crate::model::connection::Factory;
use crate::model::nodes::{Link, Node};
use crate::model::runtime::{Fingerprint, OwnKeys, PerSlot, Slot};
use crate::model::runtime_service::RuntimeService;
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};

/// What a service calls the rights to its verbs, and the version that it is asked in.
pub(super) struct Verbs {
    version: &'static str,
    pub read: &'static str,
    /// Reading the status is an action at Synapse, so it counts as a write, and a reader may not.
    pub status: &'static str,
    pub list_keys: &'static str,
    pub regenerate: &'static str,
}

const DATA_FACTORY: Verbs = Verbs {
    version: "2018-06-01",
    read: "Microsoft.DataFactory/factories/integrationRuntimes/read",
    status: "Microsoft.DataFactory/factories/integrationRuntimes/getStatus/read",
    list_keys: "Microsoft.DataFactory/factories/integrationRuntimes/listAuthKeys/action",
    regenerate: "Microsoft.DataFactory/factories/integrationRuntimes/regenerateAuthKey/action",
};

const SYNAPSE: Verbs = Verbs {
    version: "2021-06-01",
    read: "Microsoft.Synapse/workspaces/integrationRuntimes/read",
    status: "Microsoft.Synapse/workspaces/integrationRuntimes/getStatus/action",
    list_keys: "Microsoft.Synapse/workspaces/integrationRuntimes/listAuthKeys/action",
    regenerate: "Microsoft.Synapse/workspaces/integrationRuntimes/regenerateAuthKey/action",
};

/// The names of a service.
pub(super) const fn verbs(service: RuntimeService) -> &'static Verbs {
    match service {
        RuntimeService::DataFactory => &DATA_FACTORY,
        RuntimeService::Synapse => &SYNAPSE,
    }
}

#[derive(Deserialize)]
struct RuntimeResource {
    #[serde(default, deserialize_with = "soft::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    properties: Option<RuntimeProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeProperties {
    #[serde(default, deserialize_with = "soft::text")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    type_properties: Option<TypeProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeProperties {
    linked_info: Option<serde_json::Value>,
}

impl RuntimeResource {
    /// A resource without a name is none.
    fn listed(self, factory: &Factory) -> Option<ListedRuntime> {
        let name = self.name?;
        let told = self.id.map(ResourceId::new);
        // An id that ends with another name is not this one's.
        let told = told.filter(|told| told.name().eq_ignore_ascii_case(&name));
        Some(ListedRuntime {
            // What ends behind a slash of its own would be another runtime's.
            id: told.unwrap_or_else(|| factory.runtime(&name.replace('/', "%2F"))),
            kind: self
                .properties
                .map_or_else(|| OwnKeys::Other(String::new()), RuntimeProperties::kind),
            name,
        })
    }
}

impl RuntimeProperties {
    /// A linked runtime says `SelfHosted` too, and where it is linked from.
    fn kind(self) -> OwnKeys {
        let linked = self
            .type_properties
            .is_some_and(|properties| properties.linked_info.is_some());
        match self.r#type.as_deref() {
            Some("SelfHosted") if linked => OwnKeys::Linked,
            Some("SelfHosted") => OwnKeys::Yes,
            Some("Managed") => OwnKeys::Managed,
            other => OwnKeys::Other(other.unwrap_or_default().to_owned()),
        }
    }
}

/// All runtimes, every page.
pub(super) async fn list(
    session: &Session,
    factory: &Factory,
) -> Result<Dated<Vec<ListedRuntime>>, Trouble> {
    let call = Ask {
        who: Who::of_factory(factory),
        doing: format!("list the integration runtimes of {}", factory.name),
        right: verbs(factory.service).read,
        kind: "adf.list",
        method: Method::GET,
        id: factory.id(),
        part: "/integrationRuntimes",
        version: verbs(factory.service).version,
    };
    let call = call.call()?;
    let nameless = call.trouble(
        TroubleKind::Unexpected,
        "an entry of the list has no name",
        call.ids(),
    );
    let Dated { at, said } = arm::pages::<RuntimeResource>(session, call).await?;
    let said: Option<Vec<ListedRuntime>> = said
        .into_iter()
        .map(|resource| resource.listed(factory))
        .collect();
    match said {
        Some(said) => Ok(Dated { at, said }),
        None => Err(nameless),
    }
}

#[derive(Deserialize)]
struct StatusResource {
    #[serde(default, deserialize_with = "soft::part")]
    properties: Option<StatusProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusProperties {
    #[serde(default, deserialize_with = "soft::text")]
    state: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    type_properties: Option<StatusTypeProperties>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusTypeProperties {
    #[serde(default, deserialize_with = "soft::text")]
    create_time: Option<String>,
    #[serde(default, deserialize_with = "soft::list")]
    nodes: Vec<NodeResource>,
    #[serde(default, deserialize_with = "soft::list")]
    links: Vec<LinkResource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeResource {
    #[serde(default, deserialize_with = "soft::text")]
    node_name: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    version: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    register_time: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    last_connect_time: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    expiry_time: Option<String>,
}

impl NodeResource {
    /// One without a name cannot be told from others: it is called by its place, and counts.
    fn node(self, place: usize) -> Node {
        let name = self.node_name.as_deref().map(short);
        let status = self.status.as_deref().map(short);
        Node {
            name: name.unwrap_or_else(|| format!("node {}", place + 1)),
            status: status.unwrap_or_else(|| "unknown".to_owned()),
            version: self.version.as_deref().map(short),
            registered: instant(self.register_time),
            connected: instant(self.last_connect_time),
            expires: instant(self.expiry_time),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkResource {
    #[serde(default, deserialize_with = "soft::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    subscription_id: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    data_factory_name: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    create_time: Option<String>,
}

impl LinkResource {
    fn link(self) -> Link {
        let name = self.name.as_deref().map(short);
        Link {
            name: name.unwrap_or_else(|| "unnamed".to_owned()),
            factory: self.data_factory_name.as_deref().map(short),
            subscription: self.subscription_id.as_deref().map(short),
            created: instant(self.create_time),
        }
    }
}

/// What is shown and written down of a name.
fn short(text: &str) -> String {
    text.chars().take(NODE_CHARS_MAX).collect()
}

fn instant(text: Option<String>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// `getStatus`: a POST that reads.
pub(super) async fn status(
    session: &Session,
    factory: &Factory,
    name: &str,
) -> Result<Dated<RuntimeStatus>, Trouble> {
    let post = Method::POST;
    let call = of_runtime(
        factory,
        name,
        "read the status of",
        "adf.getStatus",
        verbs(factory.service).status,
        post,
        "/getStatus",
    )?;
    let Dated { at, said } = session.read::<StatusResource>(&call).await?;
    let (condition, details) = said
        .properties
        .map_or((None, None), |said| (said.state, said.type_properties));
    let details = details.unwrap_or_default();
    let nodes = details.nodes.into_iter().take(NODES_MAX).enumerate();
    let links = details.links.into_iter().take(NODES_MAX);
    let said = RuntimeStatus {
        created: instant(details.create_time),
        condition,
        nodes: nodes.map(|(place, node)| node.node(place)).collect(),
        links: links.map(LinkResource::link).collect(),
    };
    Ok(Dated { at, said })
}

/// The answer of `listAuthKeys`, with both keys, and of `regenerateAuthKey`, with one.
#[derive(Deserialize)]
#[serde(bound = "K: Kept")]
struct Keys<K> {
    #[serde(rename = "authKey1", default, deserialize_with = "key_pair::kept")]
    one: Option<K>,
    #[serde(rename = "authKey2", default, deserialize_with = "key_pair::kept")]
    two: Option<K>,
}

impl<K: Kept> key_pair::Keys<K> for Keys<K> {
    fn of(&self, slot: Slot) -> Option<&K> {
        match slot {
            Slot::One => self.one.as_ref(),
            Slot::Two => self.two.as_ref(),
        }
    }
}

/// Both keys, as fingerprints.
pub(super) async fn keys(
    session: &Session,
    factory: &Factory,
    name: &str,
) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
    let call = list_keys(factory, name)?;
    key_pair::list::<Keys<Fingerprint>>(session, &call).await
}

/// One key itself, to be handed over.
pub(super) async fn value(
    session: &Session,
    factory: &Factory,
    name: &str,
    slot: Slot,
) -> Result<KeyValue, Trouble> {
    let call = list_keys(factory, name)?;
    key_pair::value::<Keys<KeyValue>>(session, &call, slot).await
}

fn list_keys<'a>(factory: &'a Factory, name: &str) -> Result<Call<'a>, Trouble> {
    of_runtime(
        factory,
        name,
        "list the keys of",
        "adf.listAuthKeys",
        verbs(factory.service).list_keys,
        Method::POST,
        "/listAuthKeys",
    )
}

/// Waits for what [`keys`] and then [`regenerate`] draw from their bucket.
pub(super) async fn room(
    session: &Session,
    factory: &Factory,
    name: &str,
) -> Result<Option<Place>, Trouble> {
    let post = Method::POST;
    let (kind, part) = ("adf.regenerateAuthKey", "/regenerateAuthKey");
    let call = of_runtime(
        factory,
        name,
        "regenerate a key of",
        kind,
        verbs(factory.service).regenerate,
        post,
        part,
    )?;
    key_pair::room(session, &call, 2).await
}

/// `regenerateAuthKey`: sent once, unless the service surely did nothing. Its request id tells the slot to whoever reads the log.
pub(super) async fn regenerate(
    session: &Session,
    factory: &Factory,
    name: &str,
    slot: Slot,
    act_by: Timestamp,
) -> Result<Dated<Regenerated>, ActFailure> {
    let key_name = factory.service.keys().key_name(slot);
    let doing = format!("regenerate {key_name} of");
    let (kind, part) = ("adf.regenerateAuthKey", "/regenerateAuthKey");
    let right = verbs(factory.service).regenerate;
    let call = of_runtime(factory, name, &doing, kind, right, Method::POST, part)
        .map_err(ActFailure::Refused)?;
    let resource = factory.runtime(name);
    key_pair::regenerate::<Keys<Fingerprint>>(session, call, (&resource, slot), act_by).await
}

fn of_runtime<'a>(
    factory: &'a Factory,
    name: &str,
    doing: &str,
    kind: &'static str,
    right: &'static str,
    method: Method,
    part: &'static str,
) -> Result<Call<'a>, Trouble> {
    let doing = format!("{doing} {name}");
    if !is_runtime_name(name) {
        return Err(Trouble {
            kind: TroubleKind::Misfit,
            doing,
            message: "its name is not put into an address, which takes 3 to 63 letters and digits, with single hyphens between them"
                .to_owned(),
            ids: Box::default(),
        });
    }
    Ask {
        who: Who::of_factory(factory),
        doing,
        right,
        kind,
        method,
        id: factory.runtime(name),
        part,
        version: verbs(factory.service).version,
    }
    .call()
}
