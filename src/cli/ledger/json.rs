//! `ledger list` and `show` for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::list::{by_address, in_brief};
use crate::model::address::{Address, Identity};
use crate::model::memory::{Doubt, Memory};
use crate::model::nodes::NodeRecord;
use crate::model::runtime::Slot;
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::Refusal;

/// The version of this shape.
const FORMAT: &str = "afresh-ledger/1";

/// What the ledger holds of some subjects.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "what afresh ledger list and show print with --format json")]
pub struct Document {
    /// The version of this shape.
    format: &'static str,
    /// When it was read.
    at: String,
    /// In the order of their addresses; of one address the latest first.
    subjects: Vec<Subject>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Subject {
    address: String,
    /// What it is, whatever people call it.
    identity: String,
    /// The last that is known, in a sentence.
    text: String,
    /// The keys of a runtime or a storage account.
    keys: Vec<Key>,
    /// Operations of which nobody knows yet whether they happened.
    unresolved: Vec<Unresolved>,
    /// The last action that the service refused, while nothing alike has been done since.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "it is the name in the output")]
struct Key {
    /// What the service calls the key.
    key: &'static str,
    /// The SHA-256 of the key that was seen last, never the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<String>,
    /// When a person said that it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<String>,
    /// What its last regeneration did to the nodes of a runtime, where they were looked at before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Nodes>,
    /// It is at least so many seconds old.
    age_at_least: u64,
    /// It is at most so many seconds old; absent: nothing bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_at_most: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Nodes {
    /// When they were looked at before it.
    before: String,
    /// Those that were online then.
    online: Vec<String>,
    /// When they were looked at last after it; absent: nobody has looked since, or it was not regenerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Those that were not online any more.
    lost: Vec<String>,
    /// How many had connected since.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<u32>,
}

impl Nodes {
    fn of(record: &NodeRecord) -> Self {
        let after = record.after.as_ref();
        Self {
            before: record.before.at.to_string(),
            online: record.before.online.clone(),
            after: after.map(|after| after.at.to_string()),
            lost: record.lost().to_vec(),
            reported: after.map(|after| after.reported),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Unresolved {
    /// Its number in the ledger.
    intent: String,
    /// What it meant to do.
    action: String,
    at: String,
    /// Whose apply wrote it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Refused {
    /// What it was to do.
    action: String,
    at: String,
    why: String,
}

/// All that have an address.
pub(super) fn all(memory: &Memory, now: Timestamp) -> Document {
    let called = by_address(memory).into_iter();
    let named: Vec<(&Address, &Identity)> = called
        .flat_map(|(address, identities)| identities.into_iter().map(move |one| (address, one)))
        .collect();
    document(memory, &named, now)
}

/// Those that have this address: the one of today, then those before it.
pub(super) fn of(memory: &Memory, address: &Address, now: Timestamp) -> Document {
    let named: Vec<(&Address, &Identity)> = memory
        .all_called(address)
        .into_iter()
        .map(|identity| (address, identity))
        .collect();
    document(memory, &named, now)
}

fn document(memory: &Memory, named: &[(&Address, &Identity)], now: Timestamp) -> Document {
    let subjects = named.iter().map(|(address, identity)| Subject {
        address: address.to_string(),
        identity: identity.to_string(),
        text: in_brief(memory, identity),
        keys: keys(memory, identity, now),
        unresolved: memory
            .doubts(identity)
            .iter()
            .map(|doubt| unresolved(doubt, identity))
            .collect(),
        refused: memory
            .refusals
            .get(identity)
            .map(|(action, refusal): &(_, Refusal)| Refused {
                action: action.title(identity.key_service()),
                at: refusal.at.to_string(),
                why: refusal.why.clone(),
            }),
    });
    Document {
        format: FORMAT,
        at: now.to_string(),
        subjects: subjects.collect(),
    }
}

fn keys(memory: &Memory, identity: &Identity, now: Timestamp) -> Vec<Key> {
    if !memory.runtimes.contains_key(identity) {
        return Vec::new();
    }
    let runtime = memory.runtime(identity);
    let births = runtime.births().births;
    let key = |slot: Slot| {
        let (known, age) = (runtime.slots.get(slot), births.get(slot).age(now));
        Key {
            key: identity.key_service().key_name(slot),
            fingerprint: known
                .fingerprint
                .as_ref()
                .map(|print| print.as_str().to_owned()),
            last_seen: known.last_seen.map(|at| at.to_string()),
            declared: known.declared.map(|said| said.born.to_string()),
            nodes: runtime.nodes.get(slot).as_ref().map(Nodes::of),
            age_at_least: age.at_least.as_secs(),
            age_at_most: age.at_most.map(Span::as_secs),
        }
    };
    Slot::BOTH.map(key).into()
}

fn unresolved(doubt: &Doubt, identity: &Identity) -> Unresolved {
    Unresolved {
        intent: doubt.intent.clone(),
        action: doubt.action.title(identity.key_service()),
        at: doubt.at.to_string(),
        by: doubt.by.clone(),
    }
}
