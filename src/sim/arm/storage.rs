//! Storage accounts and their keys, as api-version 2023-05-01 shows them.
//!
//! Both answers about keys hold both keys, whichever was made anew. A keyName must be `key1` or `key2`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::account::{Account, KeyTimes, SLOTS};
use super::super::message::{Refusal, json as answer};
use super::super::operation::{Operation, any_covers};
use super::super::times::azure;
use super::super::world::World;
use super::call::{Call, error, no_group, not_found, paged};
use super::route::{AskAccount, Target};
use crate::http::Response;

/// As ids spell it.
const RESOURCE_TYPE: &str = "Microsoft.Storage/storageAccounts";

/// The accounts of a subscription or of one of its groups. What may not be read is not listed.
pub(crate) fn list(
    world: &World,
    subscription: &str,
    group: Option<&str>,
    call: &Call,
) -> Result<Response, Refusal> {
    if let Some(group) = group
        && !world.has_group(subscription, group)
    {
        return Err(no_group(group));
    }
    let known = world.subscriptions.iter();
    let known = known.filter(|one| one.id == subscription);
    let all = known.flat_map(|one| &one.storage_accounts);
    let in_group =
        |one: &&Account| group.is_none_or(|group| one.resource_group.eq_ignore_ascii_case(group));
    let is_shown = |one: &&Account| {
        one.created <= call.seen && !any_covers(&one.forbidden, Operation::GetStorageAccount)
    };
    let wanted: Vec<&Account> = all.filter(in_group).filter(is_shown).collect();
    let show = |one: &Account| {
        body(
            subscription,
            one,
            call.seen,
            one.key_times != KeyTimes::NotInLists,
        )
    };
    let size = world.settings.page_storage_accounts;
    paged(wanted, show, size, false, call)
}

/// What is asked of one account.
pub(crate) fn one(
    world: &mut World,
    subscription: &str,
    target: &Target,
    ask: AskAccount,
    call: &Call,
) -> Result<Response, Refusal> {
    let account = world.account(target)?;
    match ask {
        AskAccount::Get => Ok(answer(200, &body(subscription, account, call.seen, true))),
        AskAccount::Keys => Ok(answer(200, &keys(world, account, call.seen))),
        AskAccount::Regenerate => regenerate(world, target, call),
    }
}

/// The id of an account.
pub(crate) fn account_id(subscription: &str, account: &Account) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{}/providers/{RESOURCE_TYPE}/{}",
        account.resource_group, account.name
    )
}

fn body(subscription: &str, account: &Account, seen: Timestamp, tells_times: bool) -> Value {
    let name = &account.name;
    let endpoint = |service: &str| format!("https://{name}.{service}.core.windows.net/");
    let mut properties = json!({
        "creationTime": azure(account.created), "provisioningState": "Succeeded",
        "primaryLocation": account.location, "statusOfPrimary": "available", "supportsHttpsTrafficOnly": true,
        "primaryEndpoints": {"blob": endpoint("blob"), "file": endpoint("file"), "queue": endpoint("queue"), "table": endpoint("table")},
    });
    if tells_times {
        properties["keyCreationTime"] = match account.key_times {
            KeyTimes::Hidden => Value::Null,
            KeyTimes::Shown | KeyTimes::NotInLists | KeyTimes::AfterRotation | KeyTimes::Ahead => {
                let time = |slot| account.key_time(slot, seen).map(azure);
                json!({SLOTS[0]: time(0), SLOTS[1]: time(1)})
            }
        };
    }
    if let Some(allowed) = account.allow_shared_key_access {
        properties["allowSharedKeyAccess"] = json!(allowed);
    }
    json!({
        "id": account_id(subscription, account), "kind": "StorageV2", "location": account.location, "name": name,
        "properties": properties, "sku": {"name": "Standard_LRS", "tier": "Standard"}, "tags": account.tags,
        "type": RESOURCE_TYPE,
    })
}

fn keys(world: &World, account: &Account, at: Timestamp) -> Value {
    let root = world.root();
    let key = |slot: usize| {
        json!({
            "creationTime": account.key_time(slot, at).map(azure), "keyName": SLOTS[slot],
            "value": account.key_value(&root, slot, at), "permissions": "FULL",
        })
    };
    json!({"keys": [key(0), key(1)]})
}

/// Which slot a body names, or a refusal. Assumed: what is said of a body that cannot be read.
fn slot(body: &[u8]) -> Result<usize, Refusal> {
    let Ok(Value::Object(asked)) = serde_json::from_slice(body) else {
        let text = "The request content was invalid and could not be deserialized.";
        return Err(error(400, "InvalidRequestContent", text));
    };
    let name = asked.get("keyName").and_then(Value::as_str);
    let slot = name.and_then(|name| SLOTS.iter().position(|one| one.eq_ignore_ascii_case(name)));
    let text = "Values for request parameters are invalid: keyName.";
    slot.ok_or_else(|| error(400, "InvalidValuesForRequestParameters", text))
}

fn regenerate(world: &mut World, target: &Target, call: &Call) -> Result<Response, Refusal> {
    let slot = slot(call.request.body)?;
    let making = call.making();
    if let Some(account) = world.account_mut(target) {
        account.keys.remake(slot, making, call.lie);
    }
    let account = world.account(target)?;
    let counted = format!("storage:{}#{}", account.name, SLOTS[slot]);
    let body = keys(world, account, call.now);
    world.effects.regenerations.count(counted);
    world.changed = true;
    Ok(answer(200, &body))
}

impl World {
    /// The account a path names, or one of ARM's two kinds of 404.
    pub(super) fn account(&self, target: &Target) -> Result<&Account, Refusal> {
        if !self.has_group(&target.subscription, &target.group) {
            return Err(no_group(&target.group));
        }
        let mut all = self.subscriptions.iter();
        let own = all.find(|one| one.id.eq_ignore_ascii_case(&target.subscription));
        let found = own.and_then(|one| {
            one.storage_accounts
                .find(&target.name.to_ascii_lowercase())
                .filter(|account| is_in_group(account, target))
        });
        found.ok_or_else(|| not_found(RESOURCE_TYPE, &target.name, &target.group))
    }

    fn account_mut(&mut self, target: &Target) -> Option<&mut Account> {
        let mut all = self.subscriptions.iter_mut();
        let own = all.find(|one| one.id.eq_ignore_ascii_case(&target.subscription))?;
        let accounts = &mut own.storage_accounts;
        let place = accounts.place(&target.name.to_ascii_lowercase());
        accounts
            .get_mut(place?)
            .filter(|account| is_in_group(account, target))
    }
}

fn is_in_group(account: &Account, target: &Target) -> bool {
    account.resource_group.eq_ignore_ascii_case(&target.group)
}
