//! The Activity Log, api-version 2015-04-01: who regenerated a key and when, but not which of the two.
//!
//! As in the real log, events appear minutes late and only for 90 days, and the key's name is not in them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::account::Account;
use super::super::digest;
use super::super::fault::Lie;
use super::super::key::{Making, Pair};
use super::super::message::Refusal;
use super::super::operation::Operation;
use super::super::provider::Provider;
use super::super::times::{after, azure, before};
use super::super::world::{Factory, Runtime, World};
use super::call::{Call, error, paged};
use super::filter::{Filter, Subject, parse};
use super::{runtimes, storage};
use crate::http::Response;
use crate::limits::ACTIVITY_LOG_DAYS;

/// What was made, remade or deleted.
#[derive(Clone, Copy)]
enum Thing<'a> {
    Runtime(&'a Factory, &'a Runtime),
    Account(&'a Account),
}

impl<'a> Thing<'a> {
    fn id(self, subscription: &str) -> String {
        match self {
            Self::Runtime(factory, runtime) => runtimes::runtime_id(subscription, factory, runtime),
            Self::Account(account) => storage::account_id(subscription, account),
        }
    }

    fn group(self) -> &'a str {
        match self {
            Self::Runtime(factory, _) => &factory.resource_group,
            Self::Account(account) => &account.resource_group,
        }
    }

    /// The service's name.
    fn provider(self) -> &'static str {
        match self {
            Self::Runtime(factory, _) => factory.provider.name(),
            Self::Account(_) => "Microsoft.Storage",
        }
    }
}

/// One entry: a call that began, or the same call that ended.
struct Event<'a> {
    thing: Thing<'a>,
    making: &'a Making,
    what: What,
    ended: bool,
}

/// What was done to it.
#[derive(Clone, Copy, PartialEq)]
enum What {
    Create,
    Delete,
    Regenerate,
}

impl What {
    fn action(self, thing: Thing) -> String {
        match thing {
            Thing::Runtime(factory, _) => self.action_of_runtime(factory.provider),
            Thing::Account(_) => {
                let verb = match self {
                    Self::Create => "write",
                    Self::Delete => "delete",
                    Self::Regenerate => "regenerateKey/action",
                };
                format!("Microsoft.Storage/storageAccounts/{verb}")
            }
        }
    }

    fn action_of_runtime(self, provider: Provider) -> String {
        let verb = match self {
            Self::Create => "write",
            Self::Delete => "delete",
            Self::Regenerate => {
                return Operation::RegenerateAuthKey.action_at(provider).to_owned();
            }
        };
        format!("{}/integrationruntimes/{verb}", provider.resource_type())
    }

    fn method(self) -> &'static str {
        match self {
            Self::Create => "PUT",
            Self::Delete => "DELETE",
            Self::Regenerate => "POST",
        }
    }
}

pub(crate) fn list(world: &World, subscription: &str, call: &Call) -> Result<Response, Refusal> {
    let Some(text) = call.request.query("$filter") else {
        return Err(error(
            400,
            "BadRequest",
            "The $filter query parameter is required.",
        ));
    };
    let filter = parse(&text).map_err(|what| error(400, "BadRequest", &what))?;
    let mut events = Vec::new();
    let known = world.subscriptions.iter();
    let known = known.filter(|one| one.id == subscription);
    // What is gone is told of under the id that it had.
    for known in known {
        for factory in known.factories.iter().chain(&known.gone) {
            for runtime in &factory.runtimes {
                let thing = Thing::Runtime(factory, runtime);
                collect(thing, &runtime.keys, runtime.deleted.as_ref(), &mut events);
            }
        }
        for account in known.storage_accounts.iter().chain(&known.gone_accounts) {
            let thing = Thing::Account(account);
            collect(thing, &account.keys, account.deleted.as_ref(), &mut events);
        }
    }
    let delay = |event: &Event| world.settings.delay(event.making.at);
    events.retain(|event| {
        visible(event, call.seen, delay(event)) && wanted(event, subscription, &filter)
    });
    // Newest first, and of one call the end before the beginning.
    events.sort_by_key(|event| std::cmp::Reverse((event.making.at, event.ended)));
    let select = call.request.query("$select");
    let hide = call.lie == Some(Lie::HideCaller);
    let show = |event: Event| {
        let mut body = body(&event, subscription, delay(&event));
        if hide && let Some(fields) = body.as_object_mut() {
            fields.shift_remove("caller");
        }
        selected(body, select.as_deref())
    };
    let size = world.settings.page_activity_log;
    paged(events, show, size, false, call)
}

fn collect<'a>(
    thing: Thing<'a>,
    keys: &'a Pair,
    deleted: Option<&'a Making>,
    events: &mut Vec<Event<'a>>,
) {
    let mut both = |making: &'a Making, what: What| {
        if making.silent {
            return;
        }
        events.extend([false, true].map(|ended| Event {
            thing,
            making,
            what,
            ended,
        }));
    };
    if let Some(created) = keys.creation() {
        both(created, What::Create);
    }
    if let Some(deleted) = deleted {
        both(deleted, What::Delete);
    }
    for making in keys.remakings() {
        both(making, What::Regenerate);
    }
}

fn visible(event: &Event, seen: Timestamp, delay: Duration) -> bool {
    let days = u64::try_from(ACTIVITY_LOG_DAYS).unwrap_or(0);
    let oldest = before(seen, Duration::from_secs(days * 24 * 3600));
    after(event.making.at, delay) <= seen && event.making.at >= oldest
}

fn wanted(event: &Event, subscription: &str, filter: &Filter) -> bool {
    let at = event.making.at;
    let in_time = filter.from.is_none_or(|from| at >= from) && filter.to.is_none_or(|to| at <= to);
    let named = filter.only.as_ref().is_none_or(|(subject, value)| {
        let own = match subject {
            Subject::ResourceGroup => event.thing.group().to_owned(),
            Subject::Resource => event.thing.id(subscription),
            Subject::Provider => event.thing.provider().to_owned(),
            Subject::Correlation => event.making.correlation.clone(),
        };
        own.eq_ignore_ascii_case(value)
    });
    in_time && named
}

fn pair(value: &str) -> Value {
    json!({"value": value, "localizedValue": value})
}

fn body(event: &Event, subscription: &str, delay: Duration) -> Value {
    let id = event.thing.id(subscription);
    let (name, status, sub_status) = if event.ended {
        ("EndRequest", "Succeeded", "OK")
    } else {
        ("BeginRequest", "Started", "")
    };
    let making = event.making;
    let action = event.what.action(event.thing);
    let client_request = making
        .client_request
        .clone()
        .unwrap_or_else(|| digest::guid(&["client request", &making.correlation]));
    let mut value = json!({
        "authorization": {"action": action, "scope": id},
        "caller": making.caller, "claims": {}, "category": pair("Administrative"),
        "correlationId": making.correlation, "operationId": making.correlation,
        "eventDataId": digest::guid(&["event", &making.correlation, name]),
        "eventName": pair(name), "eventTimestamp": azure(making.at), "submissionTimestamp": azure(after(making.at, delay)),
        "httpRequest": {"clientRequestId": client_request, "clientIpAddress": "203.0.113.7", "method": event.what.method()},
        "level": "Informational", "operationName": pair(&action),
        "resourceGroupName": event.thing.group(), "resourceProviderName": pair(event.thing.provider()), "resourceId": id,
        "status": pair(status), "subStatus": pair(sub_status), "properties": {}, "subscriptionId": subscription,
    });
    if making.caller.is_empty()
        && let Some(fields) = value.as_object_mut()
    {
        fields.shift_remove("caller");
    }
    value
}

/// Only the fields that `$select` names.
fn selected(value: Value, select: Option<&str>) -> Value {
    let (Some(select), Value::Object(fields)) = (select, &value) else {
        return value;
    };
    let names: Vec<&str> = select.split(',').map(str::trim).collect();
    let kept = fields
        .iter()
        .filter(|(name, _)| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}
