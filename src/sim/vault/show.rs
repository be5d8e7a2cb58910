//! How secrets are shown. Only what was asked for by the right to read values holds one.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::secret::{Secret, Vault, Version};
use super::super::times::after;

/// What a bundle begins with.
pub(super) enum Head<'a> {
    /// Nothing: attributes and tags alone.
    Plain,
    /// The value.
    Value(&'a str),
    /// When it was deleted.
    Deleted(Timestamp),
}

/// A secret's version, as it is by itself. `origin`: what the client calls the vault.
pub(super) fn version(
    vault: &Vault,
    origin: &str,
    secret: &Secret,
    version: &Version,
    head: &Head,
) -> Value {
    let id = format!("{origin}/secrets/{}/{}", secret.name, version.id);
    bundle(vault, origin, secret, version, head, &id)
}

/// A secret as a list has it: its newest version, under the id of the secret.
pub(super) fn secret(
    vault: &Vault,
    origin: &str,
    secret: &Secret,
    newest: &Version,
    head: &Head,
) -> Value {
    let id = format!("{origin}/secrets/{}", secret.name);
    bundle(vault, origin, secret, newest, head, &id)
}

fn bundle(
    vault: &Vault,
    origin: &str,
    secret: &Secret,
    version: &Version,
    head: &Head,
    id: &str,
) -> Value {
    let mut body = Map::new();
    match head {
        Head::Plain => {}
        Head::Value(value) => {
            body.insert("value".to_owned(), json!(value));
        }
        Head::Deleted(at) => {
            let recovery = format!("{origin}/deletedsecrets/{}", secret.name);
            let purge = after(*at, vault.kept_for());
            body.insert("recoveryId".to_owned(), json!(recovery));
            body.insert("deletedDate".to_owned(), json!(at.as_second()));
            body.insert("scheduledPurgeDate".to_owned(), json!(purge.as_second()));
        }
    }
    if let Some(kind) = &version.content_type {
        body.insert("contentType".to_owned(), json!(kind));
    }
    body.insert("id".to_owned(), json!(id));
    body.insert("attributes".to_owned(), attributes(vault, version));
    if !version.tags.is_empty() {
        body.insert("tags".to_owned(), json!(version.tags));
    }
    Value::Object(body)
}

fn attributes(vault: &Vault, version: &Version) -> Value {
    let mut all = Map::new();
    all.insert("enabled".to_owned(), json!(version.enabled));
    for (name, time) in [("nbf", version.not_before), ("exp", version.expires)] {
        if let Some(time) = time {
            all.insert(name.to_owned(), json!(time));
        }
    }
    all.insert("created".to_owned(), json!(version.created.as_second()));
    all.insert("updated".to_owned(), json!(version.updated.as_second()));
    all.insert("recoveryLevel".to_owned(), json!(vault.recovery_level()));
    all.insert("recoverableDays".to_owned(), json!(vault.recoverable_days));
    Value::Object(all)
}
