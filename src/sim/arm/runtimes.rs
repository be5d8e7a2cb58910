//! Factories and their integration runtimes, as api-version 2018-06-01 shows them.
//!
//! A runtime that has no keys (managed or linked) gives none, and a keyName must be `authKey1` or `authKey2`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::digest;
use super::super::message::{Refusal, json as answer};
use super::super::node::{Link, Node, Seen, VERSION};
use super::super::provider::Provider;
use super::super::times::azure;
use super::super::world::{Factory, Runtime, RuntimeKind, World};
use super::call::{Call, error, paged};
use super::route::{Ask, Target};
use crate::http::Response;

/// Names of the two slots, as bodies and requests spell them.
const SLOTS: [&str; 2] = ["authKey1", "authKey2"];

pub(crate) fn factories(
    world: &World,
    provider: Provider,
    subscription: &str,
    group: Option<&str>,
    call: &Call,
) -> Result<Response, Refusal> {
    let known = world
        .subscriptions
        .iter()
        .find(|one| one.id == subscription);
    let all = known
        .map(|one| one.factories.as_slice())
        .unwrap_or_default();
    let wanted = all
        .iter()
        .filter(|one| one.provider == provider)
        .filter(|one| group.is_none_or(|group| one.resource_group.eq_ignore_ascii_case(group)));
    // As recorded: the list of a subscription ends with an explicit null and has a null for statistics, that of a group has neither.
    let whole = group.is_none();
    let show = |one| {
        let mut body = factory_body(subscription, one);
        if let Some(properties) = body["properties"].as_object_mut() {
            properties.shift_remove("factoryStatistics");
            if whole {
                properties.insert("factoryStatistics".to_owned(), Value::Null);
                body["identity"]["userAssignedIdentities"] = Value::Null;
            }
        }
        body
    };
    let size = world.settings.page_factories;
    paged(wanted.collect(), show, size, whole, call)
}

pub(crate) fn factory(world: &World, target: &Target) -> Result<Response, Refusal> {
    world
        .factory(target)
        .map(|factory| answer(200, &factory_body(&target.subscription, factory)))
}

fn factory_id(subscription: &str, factory: &Factory) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{}/providers/{}/{}",
        factory.resource_group,
        factory.provider.resource_type(),
        factory.name.to_ascii_lowercase()
    )
}

fn factory_body(subscription: &str, factory: &Factory) -> Value {
    let etag = etag(&[subscription, &factory.name], factory.created);
    json!({
        "name": factory.name, "id": factory_id(subscription, factory), "type": factory.provider.resource_type(),
        "properties": {"provisioningState": "Succeeded", "createTime": azure(factory.created), "version": "2018-06-01",
            "factoryStatistics": {"totalResourceCount": 0, "maxAllowedResourceCount": 0, "factorySizeInGbUnits": 0, "maxAllowedFactorySizeInGbUnits": 0},
            "encryption": {}},
        "eTag": format!("\"{etag}\""), "location": factory.location, "tags": {},
        "identity": {"type": "SystemAssigned", "principalId": digest::guid(&[subscription, &factory.name]), "tenantId": digest::guid(&[subscription])},
    })
}

pub(crate) fn list(world: &World, target: &Target, call: &Call) -> Result<Response, Refusal> {
    let factory = world.factory(target)?;
    let created = |one: &&Runtime| one.created <= call.seen;
    let there: Vec<&Runtime> = factory.runtimes.iter().filter(created).collect();
    let size = world.settings.page_runtimes;
    // Real lists end both ways: with `"nextLink": null` and without the field.
    let null_at_end = there.len() <= size;
    let show = |one| runtime_body(&target.subscription, factory, one);
    paged(there, show, size, null_at_end, call)
}

/// The id of a runtime, with the lower-case segment of the recordings.
pub(crate) fn runtime_id(subscription: &str, factory: &Factory, runtime: &Runtime) -> String {
    format!(
        "{}/integrationruntimes/{}",
        factory_id(subscription, factory),
        runtime.name
    )
}

/// An etag whose end holds the time of the last write. Whether regenerating a key counts as a write is not known; here it does not.
fn etag(parts: &[&str], written: Timestamp) -> String {
    let head = digest::hex(&digest::digest(parts)[..4]);
    format!("{head}-0000-0100-0000-{:08x}0000", written.as_second())
}

fn runtime_body(subscription: &str, factory: &Factory, runtime: &Runtime) -> Value {
    let mut properties = match runtime.kind {
        RuntimeKind::SelfHosted => json!({"type": "SelfHosted"}),
        RuntimeKind::Managed => {
            json!({"type": "Managed", "state": "Started", "typeProperties": {"computeProperties": {"location": "AutoResolve"}}})
        }
    };
    if let Some(description) = &runtime.description {
        properties["description"] = json!(description);
    }
    if let Some(origin) = &runtime.linked_to {
        properties["typeProperties"] =
            json!({"linkedInfo": {"resourceId": origin, "authorizationType": "RBAC"}});
    }
    json!({
        "id": runtime_id(subscription, factory, runtime), "name": runtime.name,
        "type": format!("{}/integrationruntimes", factory.provider.resource_type()), "properties": properties,
        "etag": etag(&[subscription, &factory.name, &runtime.name], runtime.created),
    })
}

/// The runtime that a path names.
pub(crate) fn find<'a>(factory: &'a Factory, target: &Target) -> Option<&'a Runtime> {
    factory.runtimes.find(&target.runtime.to_ascii_lowercase())
}

pub(crate) fn one(
    world: &mut World,
    target: &Target,
    ask: Ask,
    call: &Call,
) -> Result<Response, Refusal> {
    let factory = world.factory(target)?;
    // Assumed: no source tells the real code for a runtime that is not there.
    let missing = || {
        error(
            404,
            "IntegrationRuntimeNotFound",
            &format!(
                "The integration runtime '{}' was not found.",
                target.runtime
            ),
        )
    };
    let runtime = find(factory, target).ok_or_else(missing)?;
    match ask {
        Ask::Get => Ok(get(&target.subscription, factory, runtime, call)),
        Ask::Status => Ok(answer(
            200,
            &status(world, &target.subscription, factory, runtime, call.now),
        )),
        Ask::Keys => {
            owns_keys(runtime)?;
            let key =
                |slot| world.key_value(&target.subscription, factory, runtime, slot, call.seen);
            Ok(answer(
                200,
                &json!({"authKey1": key(0), "authKey2": key(1)}),
            ))
        }
        Ask::Regenerate => {
            owns_keys(runtime)?;
            regenerate(world, target, call)
        }
    }
}

fn get(subscription: &str, factory: &Factory, runtime: &Runtime, call: &Call) -> Response {
    let body = runtime_body(subscription, factory, runtime);
    let known = call
        .request
        .header("if-none-match")
        .map(|tag| tag.trim_matches('"'));
    if known.is_some() && known == body["etag"].as_str() {
        return Response {
            status: 304,
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
    }
    // The etag is in the body alone: the recordings have no header field for it.
    answer(200, &body)
}

/// Assumed codes: how Azure says this was found in no source.
fn owns_keys(runtime: &Runtime) -> Result<(), Refusal> {
    if runtime.kind == RuntimeKind::Managed {
        let text = format!(
            "The integration runtime '{}' is of type Managed, which has no authentication keys.",
            runtime.name
        );
        return Err(error(400, "InvalidIntegrationRuntimeType", &text));
    }
    if runtime.linked_to.is_some() {
        let text = format!(
            "The integration runtime '{}' is linked; its keys belong to the shared integration runtime.",
            runtime.name
        );
        return Err(error(400, "LinkedIntegrationRuntimeNotSupported", &text));
    }
    Ok(())
}

fn regenerate(world: &mut World, target: &Target, call: &Call) -> Result<Response, Refusal> {
    let asked: Value = serde_json::from_slice(call.request.body).unwrap_or(Value::Null);
    let name = asked["keyName"].as_str().unwrap_or_default();
    let Some(slot) = SLOTS
        .iter()
        .position(|slot| slot.eq_ignore_ascii_case(name))
    else {
        let text =
            format!("The key name '{name}' is not valid. It has to be 'authKey1' or 'authKey2'.");
        return Err(error(400, "InvalidAuthKeyName", &text));
    };
    let making = call.making();
    if let Some(runtime) = world.runtime_mut(target) {
        runtime.keys.remake(slot, making, call.lie);
    }
    let factory = world.factory(target)?;
    let Some(runtime) = find(factory, target) else {
        return Err(error(404, "NotFound", "The integration runtime is gone."));
    };
    // Only the regenerated key is in the answer: its twin has to be asked for.
    let mut body = serde_json::Map::new();
    body.insert(
        SLOTS[slot].to_owned(),
        json!(world.key_value(&target.subscription, factory, runtime, slot, call.now)),
    );
    let counted = format!(
        "{}{}/{}#{}",
        factory.provider.counted_as(),
        factory.name,
        runtime.name,
        SLOTS[slot]
    );
    world.effects.regenerations.count(counted);
    world.changed = true;
    Ok(answer(200, &Value::Object(body)))
}

impl World {
    fn runtime_mut(&mut self, target: &Target) -> Option<&mut Runtime> {
        let subscription = self
            .subscriptions
            .iter_mut()
            .find(|one| one.id.eq_ignore_ascii_case(&target.subscription))?;
        let factory = subscription.factories.iter_mut().find(|one| {
            one.provider == target.provider
                && one.name.eq_ignore_ascii_case(&target.name)
                && one.resource_group.eq_ignore_ascii_case(&target.group)
        })?;
        let place = factory.runtimes.place(&target.runtime.to_ascii_lowercase());
        factory.runtimes.get_mut(place?)
    }
}

fn status(
    world: &World,
    subscription: &str,
    factory: &Factory,
    runtime: &Runtime,
    now: Timestamp,
) -> Value {
    let holder = factory.provider.holder_field();
    let properties = match (runtime.kind, &runtime.linked_to) {
        (RuntimeKind::Managed, _) => {
            json!({"type": "Managed", holder: factory.name, "state": "Started",
            "typeProperties": {"createTime": azure(runtime.created), "nodes": [], "otherErrors": []}})
        }
        (RuntimeKind::SelfHosted, linked) => {
            let nodes = nodes(runtime, now);
            let state = if linked.is_some() {
                "Online"
            } else {
                state(&nodes)
            };
            json!({"type": "SelfHosted", holder: factory.name, "state": state,
                "typeProperties": self_hosted(world, subscription, factory, runtime, &nodes)})
        }
    };
    json!({"name": runtime.name, "properties": properties})
}

/// As many online as there are, some, or none. Assumed: no source tells what a runtime says of nodes that differ.
fn state(nodes: &[Value]) -> &'static str {
    let online = nodes
        .iter()
        .filter(|node| node["status"] == "Online")
        .count();
    match (nodes.len(), online) {
        (0, _) => "NeedRegistration",
        (_, 0) => "Offline",
        (all, online) if online < all => "Limited",
        _ => "Online",
    }
}

fn self_hosted(
    world: &World,
    subscription: &str,
    factory: &Factory,
    runtime: &Runtime,
    nodes: &[Value],
) -> Value {
    let has_nodes = !nodes.is_empty();
    let links: Vec<Value> = runtime.links.iter().map(link).collect();
    let mut properties = json!({
        "serviceRegion": "eu", "autoUpdate": "Off", "internalChannelEncryption": "NotSet",
        "taskQueueId": world.task_queue(subscription, factory, runtime), "nodes": nodes, "updateDelayOffset": "PT3H",
        "serviceUrls": [factory.endpoint()], "links": links, "versionStatus": if has_nodes { "UpToDate" } else { "None" },
        "capabilities": {}, "latestVersion": VERSION, "newerVersions": [VERSION], "createTime": azure(runtime.created),
    });
    // What a runtime says only once a node has told it.
    if has_nodes {
        properties["version"] = json!(VERSION);
        properties["localTimeZoneOffset"] = json!("PT0S");
        properties["capabilities"] = capabilities();
    }
    properties
}

fn link(link: &Link) -> Value {
    json!({
        "name": link.name, "subscriptionId": link.subscription, "dataFactoryName": link.factory,
        "dataFactoryLocation": link.location, "createTime": azure(link.created),
    })
}

fn capabilities() -> Value {
    json!({
        "serviceBusConnected": "True", "httpsPortEnabled": "True", "credentialInSync": "True", "connectedToResourceManager": "True",
        "nodeEnabled": "True",
    })
}

/// Those that are there, as they are then.
fn nodes(runtime: &Runtime, now: Timestamp) -> Vec<Value> {
    let regenerated = runtime.keys.remakings().map(|making| making.at);
    let regenerated = regenerated.filter(|at| *at <= now).max();
    let there = runtime
        .nodes
        .iter()
        .filter_map(|one| Some((one, one.at(regenerated, now)?)));
    there
        .enumerate()
        .map(|(place, (one, seen))| node(one, &seen, place))
        .collect()
}

fn node(node: &Node, seen: &Seen<'_>, place: usize) -> Value {
    let name = &node.name;
    let mut body = json!({
        "nodeName": name, "machineName": name.to_ascii_uppercase(), "status": seen.status, "versionStatus": "UpToDate",
        "version": node.version, "hostServiceUri": format!("https://{name}:8060/HostServiceRemote.svc/"),
        "lastStartTime": azure(node.registered), "registerTime": azure(node.registered), "lastConnectTime": azure(seen.connected),
        "lastUpdateResult": "None", "isActiveDispatcher": place == 0, "maxConcurrentJobs": 14, "capabilities": capabilities(),
    });
    if let Some(expires) = node.expires {
        body["expiryTime"] = json!(azure(expires));
    }
    body
}
