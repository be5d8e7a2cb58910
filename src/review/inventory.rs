//! An inventory of keys, for programs: JSON with a version of its own, and CSV. What text and Markdown say of a key stands here as well.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::words;
use crate::escape::line;
use crate::model::inventory::{Inventory, InventoryKey, KeyState, OLD};
use crate::model::key_service::KeyService;
use crate::model::requests;

/// The version of the JSON.
pub const FORMAT: &str = "afresh-inventory/1";

/// Every key of some subscriptions: how old it is, by what evidence, and which rule covers it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "an afresh inventory")]
struct Document {
    /// The version of this shape.
    format: &'static str,
    /// When it was read.
    at: String,
    /// Ids of the subscriptions.
    subscriptions: Vec<String>,
    counts: Counts,
    /// The keys, the oldest possible first.
    keys: Vec<Key>,
    /// What could not be read, so that keys may be missing.
    troubles: Vec<String>,
    /// How many requests were sent.
    requests: u64,
}

/// How many keys there are.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Counts {
    keys: usize,
    /// Covered by a rule.
    covered: usize,
    /// Covered by none.
    not_covered: usize,
    /// Those that may be older than 90 days.
    may_be_older_than_90_days: usize,
    /// Of accounts that take no keys.
    disabled: usize,
    /// Of resources that could not be read.
    unread: usize,
}

/// One key. It is never read itself.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "it is the name in the output")]
struct Key {
    /// The ARM id of the runtime or storage account.
    resource_id: String,
    service: Service,
    /// The factory or workspace of a runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// The runtime's or account's own name.
    resource: String,
    /// What the service calls the key.
    key: &'static str,
    state: State,
    /// It was not made before this; absent: nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_after: Option<String>,
    /// It was not made after this; absent: nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_before: Option<String>,
    /// It is at least so many seconds old.
    age_at_least: u64,
    /// It is at most so many seconds old; absent: nothing bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_at_most: Option<u64>,
    /// What that rests on, in words.
    evidence: Vec<String>,
    /// The rule that covers it; absent: none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// That rule is suspended.
    suspended: bool,
    /// Why its resource could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Service {
    DataFactory,
    Synapse,
    Storage,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum State {
    Enabled,
    /// The account takes none of its keys.
    Disabled,
    /// The resource could not be read.
    Unread,
}

impl Service {
    const fn of(service: KeyService) -> Self {
        match service {
            KeyService::DataFactory => Self::DataFactory,
            KeyService::Synapse => Self::Synapse,
            KeyService::Storage => Self::Storage,
        }
    }
}

impl State {
    const fn of(state: &KeyState) -> Self {
        match state {
            KeyState::Enabled => Self::Enabled,
            KeyState::Disabled => Self::Disabled,
            KeyState::Unread(_) => Self::Unread,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Unread => "unread",
        }
    }
}

/// The JSON Schema of [`json`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// As JSON.
///
/// # Errors
/// It cannot be written as JSON.
pub fn json(inventory: &Inventory) -> Result<String, serde_json::Error> {
    let counts = inventory.counts();
    serde_json::to_string_pretty(&Document {
        format: FORMAT,
        at: inventory.at.to_string(),
        subscriptions: inventory.subscriptions.clone(),
        counts: Counts {
            keys: counts.keys,
            covered: counts.covered,
            not_covered: counts.not_covered,
            may_be_older_than_90_days: counts.may_be_old,
            disabled: counts.disabled,
            unread: counts.unread,
        },
        keys: inventory.keys.iter().map(Key::of).collect(),
        troubles: inventory.troubles.iter().map(ToString::to_string).collect(),
        requests: requests::sum(&inventory.requests),
    })
}

impl Key {
    fn of(key: &InventoryKey) -> Self {
        let service = key.service();
        let evidence = key.birth.evidence.iter();
        Self {
            resource_id: key.resource.to_string(),
            service: Service::of(service),
            holder: key.holder().map(str::to_owned),
            resource: key.resource.name().to_owned(),
            key: service.key_name(key.slot),
            state: State::of(&key.state),
            made_after: key.birth.earliest.map(|at| at.to_string()),
            made_before: key.birth.latest.map(|at| at.to_string()),
            age_at_least: key.age.at_least.as_secs(),
            age_at_most: key.age.at_most.map(crate::model::time::Span::as_secs),
            evidence: evidence.map(|one| words::evidence(one, service)).collect(),
            rule: key.rule.as_ref().map(ToString::to_string),
            suspended: key.suspended,
            trouble: trouble(key),
        }
    }
}

fn trouble(key: &InventoryKey) -> Option<String> {
    match &key.state {
        KeyState::Unread(trouble) => Some(trouble.to_string()),
        KeyState::Enabled | KeyState::Disabled => None,
    }
}

/// As CSV, with a head. A spreadsheet that opens it runs nothing: what it would take for a formula has a quote before it.
///
/// # Errors
/// It cannot be written.
pub fn csv(inventory: &Inventory) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "resource_id",
        "service",
        "holder",
        "resource",
        "key",
        "state",
        "made_after",
        "made_before",
        "age_at_least_days",
        "age_at_most_days",
        "evidence",
        "rule",
        "suspended",
    ])?;
    let days = |seconds: u64| (seconds / 86_400).to_string();
    for key in inventory.keys.iter().map(Key::of) {
        let service = match key.service {
            Service::DataFactory => "dataFactory",
            Service::Synapse => "synapse",
            Service::Storage => "storage",
        };
        let evidence = key.trouble.into_iter().chain(key.evidence);
        let cells = [
            key.resource_id,
            service.to_owned(),
            key.holder.unwrap_or_default(),
            key.resource,
            key.key.to_owned(),
            key.state.word().to_owned(),
            key.made_after.unwrap_or_default(),
            key.made_before.unwrap_or_default(),
            days(key.age_at_least),
            key.age_at_most.map(days).unwrap_or_default(),
            evidence.collect::<Vec<_>>().join("; "),
            key.rule.unwrap_or_default(),
            key.suspended.to_string(),
        ];
        writer.write_record(cells.iter().map(|cell| harmless(cell)))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that no spreadsheet takes for a formula, on one line.
fn harmless(cell: &str) -> String {
    let cell = line(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// The age of a key, as a person reads it.
pub(super) fn age(key: &InventoryKey) -> String {
    key.age.to_string()
}

/// Which rule covers a key: `onprem-gateways`, `lake (suspended)`, `none`.
pub(super) fn rule(key: &InventoryKey) -> String {
    match (&key.rule, key.suspended) {
        (Some(rule), false) => rule.to_string(),
        (Some(rule), true) => format!("{rule} (suspended)"),
        (None, _) => "none".to_owned(),
    }
}

/// What an age rests on, and what is special about the key.
pub(super) fn evidence(key: &InventoryKey) -> String {
    let rests = words::birth(&key.birth, key.service());
    match &key.state {
        KeyState::Enabled => rests,
        KeyState::Disabled => format!("disabled; {rests}"),
        KeyState::Unread(trouble) => line(&trouble.to_string()),
    }
}

/// `12 keys in 1 subscription: 8 covered by a rule, 4 not covered; 5 may be older than 90d, 2 disabled.`
pub(super) fn summary(inventory: &Inventory) -> String {
    let counts = inventory.counts();
    let places = inventory.subscriptions.len();
    let covered = if inventory.has_rules {
        format!(
            ": {} covered by a rule, {} not covered",
            counts.covered, counts.not_covered
        )
    } else {
        String::new()
    };
    let mut text = format!(
        "{} in {}{covered}; {} may be older than {OLD}",
        words::count(counts.keys, "key", "keys"),
        words::count(places, "subscription", "subscriptions"),
        counts.may_be_old,
    );
    for (n, what) in [(counts.disabled, "disabled"), (counts.unread, "not read")] {
        if n > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {n} {what}");
        }
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula_and_none_has_a_second_line() {
        for (cell, told) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("+2", "'+2"),
            ("gateway-west", "gateway-west"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(harmless(cell), told);
        }
    }
}
