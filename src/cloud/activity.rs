//! The Activity Log (API 2015-04-01): when keys were regenerated, and which of the two if the request id is one of ours.
//!
//! `claims` are personal data and are never requested. Only events that succeeded count.

use std::cmp::Reverse;

use http::Method;
use serde::Deserialize;
use uuid::Uuid;

use super::account;
use super::answer::LogStretch;
use super::arm::{Ask, Pages};
use super::call::Call;
use super::factory;
use super::request_id;
use super::session::Session;
use super::soft::{self, Soft};
use super::who::Who;
use crate::http::redact::holds;
use crate::model::address::ResourceId;
use crate::model::connection::{Cloud, Credential, Factory, Subscription};
use crate::model::memory::LogId;
use crate::model::runtime::Regeneration;
use crate::model::runtime_service::RuntimeService;
use crate::model::time::Timestamp;
use crate::model::timeline::LogSpan;
use crate::model::trouble::{Trouble, TroubleKind};

const VERSION: &str = "2015-04-01";
pub(super) const READ: &str = "Microsoft.Insights/eventtypes/values/read";
const FIELDS: &str = "authorization,eventTimestamp,httpRequest,operationName,resourceId,status";
/// The same and who did it. The documentation of `$select` does not list `caller`, which events have: where it is refused, a reading
/// does without.
const FIELDS_AND_CALLER: &str =
    "authorization,caller,eventTimestamp,httpRequest,operationName,resourceId,status";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default, deserialize_with = "soft::text")]
    event_timestamp: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    operation_name: Option<Word>,
    #[serde(default, deserialize_with = "soft::part")]
    status: Option<Word>,
    #[serde(default, deserialize_with = "soft::text")]
    resource_id: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    authorization: Option<Authorization>,
    #[serde(default, deserialize_with = "soft::part")]
    http_request: Option<HttpRequest>,
    #[serde(default, deserialize_with = "soft::text")]
    caller: Option<String>,
}

#[derive(Deserialize)]
struct Word {
    #[serde(default, deserialize_with = "soft::text")]
    value: Option<String>,
}

#[derive(Deserialize)]
struct Authorization {
    #[serde(default, deserialize_with = "soft::text")]
    action: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    scope: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpRequest {
    #[serde(default, deserialize_with = "soft::text")]
    client_request_id: Option<String>,
}

/// The Activity Log of one resource group, and who asks for it.
#[derive(Clone, Copy, Debug)]
pub struct ActivityLog<'a> {
    who: Who<'a>,
    subscription: &'a str,
    group: &'a str,
}

/// What tells two readers of Activity Logs apart: another cloud, another principal, or another log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityLogKey {
    resource_manager: String,
    credential: Credential,
    log: LogId,
}

impl<'a> ActivityLog<'a> {
    /// That of a factory's group.
    pub fn of_factory(factory: &'a Factory) -> Self {
        Self {
            who: Who::of_factory(factory),
            subscription: &factory.subscription,
            group: &factory.resource_group,
        }
    }

    /// That of a group of a subscription.
    pub fn of_group(subscription: &'a Subscription, group: &'a str) -> Self {
        Self {
            who: Who::of_subscription(subscription),
            subscription: &subscription.subscription,
            group,
        }
    }

    /// Which log it is.
    pub fn id(&self) -> LogId {
        LogId::new(self.subscription, self.group)
    }

    /// Connections with one key read the same log, with the same rights.
    pub fn key(&self) -> ActivityLogKey {
        ActivityLogKey {
            resource_manager: self.who.cloud.resource_manager.clone(),
            credential: self.who.credential.clone(),
            log: self.id(),
        }
    }

    pub(super) const fn subscription(&self) -> &'a str {
        self.subscription
    }

    pub(super) const fn cloud(&self) -> &'a Cloud {
        self.who.cloud
    }
}

/// Successful regenerations in a stretch of a log, newest first, if it has at most so many pages.
pub(super) async fn regenerations(
    session: &Session,
    log: ActivityLog<'_>,
    span: LogSpan,
    pages_max: usize,
) -> Result<LogStretch, Trouble> {
    match read(session, log, span, pages_max, FIELDS_AND_CALLER).await {
        Err(refused) if refused.kind == TroubleKind::Unexpected => {
            read(session, log, span, pages_max, FIELDS).await
        }
        told => told,
    }
}

/// Of each page only the regenerations are kept: a busy group has thousands of other events.
async fn read(
    session: &Session,
    log: ActivityLog<'_>,
    span: LogSpan,
    pages_max: usize,
    fields: &str,
) -> Result<LogStretch, Trouble> {
    let mut pages = Pages::<Soft<Entry>>::new(session, call(log, span, fields)?);
    let mut found: Vec<(ResourceId, Regeneration)> = Vec::new();
    let mut read = 0;
    while !pages.ended() && read < pages_max {
        read += 1;
        let page = pages.next().await?;
        let entries = page.into_iter().flat_map(|page| page.said);
        found.extend(entries.filter_map(|Soft(entry)| entry.regeneration()));
    }
    found.sort_by_key(|(_, event)| Reverse(event.at));
    Ok(LogStretch {
        pages: read,
        events: pages.ended().then_some(found),
    })
}

fn call<'a>(log: ActivityLog<'a>, span: LogSpan, fields: &str) -> Result<Call<'a>, Trouble> {
    let ask = Ask {
        who: log.who,
        doing: format!("read the Activity Log of {}", log.group),
        right: READ,
        kind: "log.list",
        method: Method::GET,
        id: ResourceId::new(format!(
            "/subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values",
            log.subscription
        )),
        part: "",
        version: VERSION,
    };
    let mut call = ask.call()?;
    let (since, until) = (whole_second(span.since, 0), whole_second(span.until, 1));
    // Nothing else but one of a few fields may be joined to the times ("very restricted", says the service).
    let filter = format!(
        "eventTimestamp ge '{since}' and eventTimestamp le '{until}' and resourceGroupName eq '{}'",
        log.group
    );
    call.url
        .query_pairs_mut()
        .append_pair("$filter", &filter)
        .append_pair("$select", fields);
    Ok(call)
}

/// The service reads seven digits of a second at most: whole seconds, drawn outwards.
fn whole_second(instant: Timestamp, later: i64) -> Timestamp {
    let later = if instant.subsec_nanosecond() == 0 {
        0
    } else {
        later
    };
    Timestamp::from_second(instant.as_second().saturating_add(later)).unwrap_or(instant)
}

impl Entry {
    fn regeneration(self) -> Option<(ResourceId, Regeneration)> {
        let succeeded = is(
            self.status.and_then(|word| word.value).as_ref(),
            "succeeded",
        );
        let (action, scope) = self
            .authorization
            .map_or((None, None), |said| (said.action, said.scope));
        let operation = self.operation_name.and_then(|word| word.value);
        if !succeeded || !(is_regeneration(operation.as_ref()) || is_regeneration(action.as_ref()))
        {
            return None;
        }
        let runtime = ResourceId::new(self.resource_id.or(scope)?);
        let id = self
            .http_request
            .and_then(|request| request.client_request_id)
            .and_then(|text| Uuid::parse_str(&text).ok());
        let event = Regeneration {
            at: self.event_timestamp?.parse().ok()?,
            slot: id.and_then(|id| request_id::slot_of(id, &runtime)),
            by: self.caller.filter(|by| !holds(by, [])),
        };
        Some((runtime, event))
    }
}

/// Is it the right to regenerate a key, at any service?
fn is_regeneration(action: Option<&String>) -> bool {
    let rights = RuntimeService::ALL.map(|service| factory::verbs(service).regenerate);
    let mut rights = rights.into_iter().chain([account::REGENERATE]);
    rights.any(|right| is(action, right))
}

fn is(text: Option<&String>, wanted: &str) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
}
