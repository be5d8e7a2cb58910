//! Azure Resource Manager: Data Factory's integration runtimes, storage accounts, the Activity Log, and the Databricks workspace resource.
//!
//! As ARM does, it checks in this order: a token for it, an api-version, and whether the resource exists.

mod activity;
mod call;
mod filter;
mod permissions;
mod route;
mod runtimes;
mod storage;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

pub(crate) use self::call::error;
use self::call::{Call, no_group, not_found};
use self::route::AskAccount;
pub(crate) use self::route::{Route, Target};
use super::bucket;
use super::digest;
use super::fault::Lie;
use super::message::{Incoming, Refusal, json as answer, set};
use super::operation::{Operation, any_covers};
use super::quota;
use super::token::{Audience, Claims, Trouble, bearer};
use super::world::{Factory, Subscription, World};
use crate::http::Response;

pub(crate) fn respond(
    world: &mut World,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
    seen: Timestamp,
    lie: Option<Lie>,
) -> Response {
    let number = world.answered.to_string();
    let root = world.root();
    let given = request
        .header("x-ms-correlation-request-id")
        .map(str::to_owned);
    let correlation =
        given.unwrap_or_else(|| digest::guid(&[&root, "correlation", &now.to_string(), &number]));
    let mut remaining = None;
    let mut response = match authorise(world, request, now) {
        Err(refusal) => *refusal,
        Ok(caller) => {
            let call = Call {
                request,
                caller,
                now,
                seen,
                correlation: correlation.clone(),
                lie,
            };
            admitted(world, route, &call, &mut remaining).unwrap_or_else(|refusal| *refusal)
        }
    };
    let id = digest::guid(&[&root, "request", &now.to_string(), &number]);
    dress(&mut response, request, &id, &correlation);
    if let Some(left) = remaining {
        let write = route.operation().metered_as_write(route.provider());
        let name = if write {
            "x-ms-ratelimit-remaining-subscription-writes"
        } else {
            "x-ms-ratelimit-remaining-subscription-reads"
        };
        set(&mut response, name, &left.to_string());
    }
    response
}

/// Checks after authentication, in ARM's order, then the handler.
fn admitted(
    world: &mut World,
    route: &Route,
    call: &Call,
    remaining: &mut Option<u64>,
) -> Result<Response, Refusal> {
    let Some(subscription) = route.subscription() else {
        return Err(error(
            404,
            "InvalidResourceType",
            "The resource type could not be found in the namespace for the api version.",
        ));
    };
    version(route, call.request)?;
    let Some(known) = world
        .subscriptions
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(subscription))
        .map(|known| known.id.clone())
    else {
        return Err(error(
            404,
            "SubscriptionNotFound",
            &format!("The subscription '{subscription}' could not be found."),
        ));
    };
    *remaining = Some(meter(world, &known, call, route)?);
    permitted(world, route, call)?;
    if let Err(refusal) = counted_by_storage(world, &known, route, call) {
        // It is the service that speaks here, and it tells nothing of ARM's buckets.
        *remaining = None;
        return Err(refusal);
    }
    match route {
        Route::ActivityLog { .. } => activity::list(world, &known, call),
        Route::Workspace(target) => workspace(world, target),
        Route::Permissions(target, scope) => permissions::list(world, target, *scope, call),
        Route::Factories {
            group, provider, ..
        } => runtimes::factories(world, *provider, &known, group.as_deref(), call),
        Route::Factory(target) => runtimes::factory(world, target),
        Route::Runtimes(target) => runtimes::list(world, target, call),
        Route::Runtime(target, what) => runtimes::one(world, target, *what, call),
        Route::Accounts { group, .. } => storage::list(world, &known, group.as_deref(), call),
        Route::Account(target, what) => storage::one(world, &known, target, *what, call),
        Route::Nowhere => Err(error(
            404,
            "InvalidResourceType",
            "The resource type could not be found.",
        )),
    }
}

fn version(route: &Route, request: &Incoming) -> Result<(), Refusal> {
    let Some(version) = request
        .query("api-version")
        .filter(|version| !version.is_empty())
    else {
        let text = "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(error(400, "MissingApiVersionParameter", text));
    };
    let known: &[&str] = match route {
        Route::ActivityLog { .. } => &["2015-04-01"],
        Route::Permissions(..) => &["2015-07-01", "2018-07-01", "2022-04-01"],
        Route::Workspace(_) => &["2018-04-01", "2023-02-01", "2024-05-01"],
        Route::Accounts { .. } | Route::Account(..) => &[
            "2022-09-01",
            "2023-01-01",
            "2023-05-01",
            "2024-01-01",
            "2026-09-01",
        ],
        Route::Factories { .. }
        | Route::Factory(_)
        | Route::Runtimes(_)
        | Route::Runtime(..)
        | Route::Nowhere => route.provider().versions(),
    };
    if known.contains(&version.as_str()) {
        return Ok(());
    }
    let text = format!(
        "The api-version '{version}' is invalid. The supported versions are '{}'.",
        known.join(", ")
    );
    Err(error(400, "InvalidApiVersionParameter", &text))
}

fn meter(
    world: &mut World,
    subscription: &str,
    call: &Call,
    route: &Route,
) -> Result<u64, Refusal> {
    let (operation, provider) = (route.operation(), route.provider());
    let write = operation.metered_as_write(provider);
    if !world.settings.throttling {
        return Ok(bucket::full(write));
    }
    let others = &world.settings.others;
    let draw = bucket::Draw {
        subscription,
        caller: &call.caller.appid,
        write,
        others: if write { others.writes } else { others.reads },
    };
    world
        .buckets
        .take(&draw, call.now)
        .map_err(|wait| throttled(subscription, operation.action_at(provider), wait))
}

fn throttled(subscription: &str, action: &str, wait: Duration) -> Refusal {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let text = format!(
        "Number of requests for subscription '{subscription}' and operation '{action}' exceeded the backend storage limit. Please try again after '{seconds}' seconds."
    );
    let mut response = error(429, "SubscriptionRequestsThrottled", &text);
    set(&mut response, "retry-after", &seconds.to_string());
    response
}

/// What the storage service counts, after ARM has let the request through.
fn counted_by_storage(
    world: &mut World,
    subscription: &str,
    route: &Route,
    call: &Call,
) -> Result<(), Refusal> {
    let kind = match route {
        Route::Accounts { .. } => quota::Kind::List,
        Route::Account(_, AskAccount::Get | AskAccount::Keys) => quota::Kind::Read,
        Route::Account(_, AskAccount::Regenerate) => quota::Kind::Write,
        Route::Factories { .. }
        | Route::Factory(_)
        | Route::Runtimes(_)
        | Route::Runtime(..)
        | Route::ActivityLog { .. }
        | Route::Workspace(_)
        | Route::Permissions(..)
        | Route::Nowhere => return Ok(()),
    };
    if !world.settings.throttling {
        return Ok(());
    }
    let taken = world.quotas.take(subscription, kind, call.now);
    taken.map_err(|wait| {
        let text = format!(
            "The request is being throttled as the limit has been reached for operation type - {}. For more information, see - https://aka.ms/srpthrottlinglimits",
            kind.name()
        );
        let mut response = error(429, "TooManyRequests", &text);
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        set(&mut response, "retry-after", &seconds.to_string());
        response
    })
}

fn permitted(world: &World, route: &Route, call: &Call) -> Result<(), Refusal> {
    let operation = route.operation();
    let principals = world
        .tenants
        .iter()
        .flatten()
        .flat_map(|tenant| &tenant.principals);
    let mut own = principals.filter(|one| one.client_id.eq_ignore_ascii_case(&call.caller.appid));
    let log_closed = operation == Operation::ActivityLog
        && world
            .subscription_of(route)
            .is_some_and(|one| !one.activity_log_readable);
    let factory = route.target().and_then(|target| world.factory(target).ok());
    let factory_closed = factory.is_some_and(|factory| any_covers(&factory.forbidden, operation));
    let runtime = factory.and_then(|factory| runtimes::find(factory, route.target()?));
    let runtime_closed = runtime.is_some_and(|runtime| any_covers(&runtime.forbidden, operation));
    let account = route
        .account()
        .and_then(|target| world.account(target).ok());
    let account_closed = account.is_some_and(|one| any_covers(&one.forbidden, operation));
    let action = operation.action_at(route.provider());
    let closed = own.any(|one| one.may_not(operation, action))
        || log_closed
        || factory_closed
        || runtime_closed
        || account_closed;
    if !closed {
        return Ok(());
    }
    let text = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action '{}' over scope '{}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
        call.caller.appid,
        call.caller.oid,
        action,
        scope(call.request.path)
    );
    Err(error(403, "AuthorizationFailed", &text))
}

/// The resource that a path is about: without the verb at its end.
pub(crate) fn scope(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((resource, last)) if route::is_verb(last) => resource,
        _ => path,
    }
}

fn authorise(world: &World, request: &Incoming, now: Timestamp) -> Result<Claims, Refusal> {
    let token = bearer(request.header("authorization"));
    let claims = token
        .ok_or(Trouble::Missing)
        .and_then(|token| world.verify(token, Audience::ResourceManager, 0, now));
    claims.map_err(|trouble| {
        let (code, text) = match trouble {
            Trouble::Missing => ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."),
            Trouble::Invalid => ("InvalidAuthenticationToken", "The access token is invalid."),
            Trouble::Expired => ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than the current UTC time."),
            Trouble::Audience => {
                ("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource. It should exactly match one of the allowed audiences 'https://management.core.windows.net/','https://management.azure.com/'.")
            }
        };
        let mut response = error(401, code, text);
        let challenge = r#"Bearer authorization_uri="https://login.windows.net/common", error="invalid_token", error_description="The access token is not taken.""#;
        set(&mut response, "www-authenticate", challenge);
        response
    })
}

fn dress(response: &mut Response, request: &Incoming, id: &str, correlation: &str) {
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("expires", "-1"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-ms-request-id", id),
        ("x-ms-routing-request-id", id),
        ("x-ms-correlation-request-id", correlation),
    ] {
        set(response, name, value);
    }
    let wanted = request
        .header("x-ms-return-client-request-id")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let Some(own) = request.header("x-ms-client-request-id").filter(|_| wanted) {
        set(response, "x-ms-client-request-id", own);
    }
}

fn workspace(world: &World, target: &Target) -> Result<Response, Refusal> {
    let id = target.workspace_id();
    let found = world.workspaces.iter().find(|one| {
        one.resource_id
            .as_ref()
            .is_some_and(|own| own.eq_ignore_ascii_case(&id))
    });
    let Some(workspace) = found else {
        return Err(not_found(
            "Microsoft.Databricks/workspaces",
            &target.name,
            &target.group,
        ));
    };
    let own = workspace.resource_id.as_deref().unwrap_or_default();
    Ok(answer(
        200,
        &json!({
            "id": own, "name": own.rsplit('/').next(), "type": "Microsoft.Databricks/workspaces", "location": "westeurope",
            "sku": {"name": "premium"},
            "properties": {"workspaceId": workspace.number(), "workspaceUrl": workspace.address(), "provisioningState": "Succeeded"},
        }),
    ))
}

impl World {
    fn subscription_of(&self, route: &Route) -> Option<&Subscription> {
        let wanted = route.subscription()?;
        self.subscriptions
            .iter()
            .find(|one| one.id.eq_ignore_ascii_case(wanted))
    }

    /// Is anything in this group? One that a storage account has left is still there.
    fn has_group(&self, subscription: &str, group: &str) -> bool {
        let all = self.subscriptions.iter();
        let mut own = all.filter(|one| one.id.eq_ignore_ascii_case(subscription));
        own.any(|one| {
            let factories = one.factories.iter().map(|one| &one.resource_group);
            let accounts = one.storage_accounts.iter().chain(&one.gone_accounts);
            factories
                .chain(accounts.map(|one| &one.resource_group))
                .any(|known| known.eq_ignore_ascii_case(group))
        })
    }

    /// The factory a path names, or one of ARM's two kinds of 404.
    fn factory(&self, target: &Target) -> Result<&Factory, Refusal> {
        let subscription = self
            .subscriptions
            .iter()
            .find(|one| one.id.eq_ignore_ascii_case(&target.subscription));
        if !self.has_group(&target.subscription, &target.group) {
            return Err(no_group(&target.group));
        }
        let all = subscription
            .map(|one| one.factories.as_slice())
            .unwrap_or_default();
        let found = all.iter().find(|one| {
            one.provider == target.provider
                && one.name.eq_ignore_ascii_case(&target.name)
                && one.resource_group.eq_ignore_ascii_case(&target.group)
        });
        found.ok_or_else(|| not_found(target.provider.resource_type(), &target.name, &target.group))
    }
}
