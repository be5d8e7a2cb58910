//! What a caller may do at a factory or a storage account, in a resource group or a subscription, derived from what the world forbids it.
//!
//! What is forbidden at a single runtime is not listed: it shows only when it is tried, as with a role that is assigned below.

use serde_json::{Value, json};

use super::super::message::{Refusal, json as answer};
use super::super::operation::{Operation, any_covers};
use super::super::world::{Principal, World};
use super::call::Call;
use super::route::{Scope, Target};
use crate::http::Response;

/// What a role of its own gives: the patterns of its actions, and which operations of the world lie under them.
const ROLES: [(&[&str], &[Operation]); 3] = [
    (
        &["Microsoft.DataFactory/*", "Microsoft.Synapse/*"],
        &[
            Operation::ListFactories,
            Operation::ListRuntimes,
            Operation::GetStatus,
            Operation::ListAuthKeys,
            Operation::RegenerateAuthKey,
        ],
    ),
    (
        &["Microsoft.Storage/storageAccounts/*"],
        &[
            Operation::ListStorageAccounts,
            Operation::GetStorageAccount,
            Operation::ListStorageKeys,
            Operation::RegenerateStorageKey,
        ],
    ),
    (
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/eventtypes/*",
            "Microsoft.Databricks/workspaces/read",
        ],
        &[Operation::ActivityLog, Operation::GetWorkspace],
    ),
];

/// One entry for each role, as "Permissions - List For Resource" gives them.
pub(crate) fn list(
    world: &World,
    target: &Target,
    scope: Scope,
    call: &Call,
) -> Result<Response, Refusal> {
    let forbidden_here: &[Operation] = match scope {
        Scope::Subscription | Scope::Group => &[],
        Scope::Factory => &world.factory(target)?.forbidden,
        Scope::Account => &world.account(target)?.forbidden,
    };
    let log_closed = world
        .subscriptions
        .iter()
        .any(|one| one.id.eq_ignore_ascii_case(&target.subscription) && !one.activity_log_readable);
    let own = world
        .tenants
        .iter()
        .flatten()
        .flat_map(|tenant| &tenant.principals)
        .filter(|one| one.client_id.eq_ignore_ascii_case(&call.caller.appid));
    let own: Vec<&Principal> = own.collect();
    if let Some(roles) = own.iter().find_map(|one| one.roles.as_ref()) {
        return Ok(answer(200, &json!({"value": roles})));
    }
    let mut forbidden: Vec<Operation> = own.iter().flat_map(|one| one.forbidden.clone()).collect();
    forbidden.extend(forbidden_here);
    if log_closed {
        forbidden.push(Operation::ActivityLog);
    }
    let roles: Vec<Value> = ROLES
        .iter()
        .map(|(actions, operations)| {
            let closed = operations
                .iter()
                .filter(|operation| any_covers(&forbidden, **operation));
            let mut not_actions: Vec<&str> = closed
                .map(|operation| operation.action_at(target.provider))
                .collect();
            // Two operations may need one right.
            not_actions.dedup();
            json!({"actions": actions, "notActions": not_actions, "dataActions": [], "notDataActions": []})
        })
        .collect();
    Ok(answer(200, &json!({"value": roles})))
}
