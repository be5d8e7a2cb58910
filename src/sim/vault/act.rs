//! What changes secrets: a new version, other attributes, and deleting, recovering and purging.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::message::{Refusal, json as answer};
use super::super::secret::{Secret, State, Vault, Version};
use super::call::{Call, bad, because, error, no_secret};
use super::read::{deleted_body, not_deleted};
use super::show::{self, Head};
use crate::http::Response;
use crate::limits::{VAULT_TAG_CHARS_MAX, VAULT_TAGS_MAX, VAULT_VALUE_BYTES_MAX};

/// What a body asks for; absent: as it is.
#[derive(Default)]
struct Asked {
    value: Option<String>,
    content_type: Option<String>,
    enabled: Option<bool>,
    expires: Option<i64>,
    not_before: Option<i64>,
    tags: Option<BTreeMap<String, String>>,
}

impl Asked {
    fn of(body: &[u8]) -> Result<Self, Refusal> {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err(bad("The request body is not a JSON object."));
        };
        let none = Map::new();
        let attributes = match body.get("attributes") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(attributes)) => attributes,
            Some(_) => return Err(bad("Property attributes has an invalid value.")),
        };
        let text = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(bad(&format!("Property {name} has an invalid value."))),
        };
        let time = |name: &str| match attributes.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(time) => time
                .as_i64()
                .map(Some)
                .ok_or_else(|| bad(&format!("Property {name} has an invalid value."))),
        };
        Ok(Self {
            value: text("value")?,
            content_type: text("contentType")?,
            enabled: attributes.get("enabled").and_then(Value::as_bool),
            expires: time("exp")?,
            not_before: time("nbf")?,
            tags: tags(body.get("tags"))?,
        })
    }

    /// Writes all of it but the value.
    fn write(self, version: &mut Version) {
        version.enabled = self.enabled.unwrap_or(version.enabled);
        version.expires = self.expires.or(version.expires);
        version.not_before = self.not_before.or(version.not_before);
        version.content_type = self.content_type.or(version.content_type.take());
        if let Some(tags) = self.tags {
            version.tags = tags;
        }
    }
}

/// At most so many, none of them too long.
fn tags(written: Option<&Value>) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let written = match written {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(written)) => written,
        Some(_) => return Err(bad("Property tags has an invalid value.")),
    };
    if written.len() > VAULT_TAGS_MAX {
        let text = format!("The number of tags exceeds the maximum of {VAULT_TAGS_MAX}.");
        return Err(bad(&text));
    }
    let mut tags = BTreeMap::new();
    for (name, value) in written {
        let value = value.as_str().unwrap_or_default();
        let is_long = |text: &str| text.chars().count() > VAULT_TAG_CHARS_MAX;
        if is_long(name) || is_long(value) {
            let text = format!(
                "The name or the value of a tag has more than {VAULT_TAG_CHARS_MAX} characters."
            );
            return Err(bad(&text));
        }
        tags.insert(name.clone(), value.to_owned());
    }
    Ok(Some(tags))
}

/// A new version, also the first one. `count` is told which secret it was.
pub(super) fn set(
    vault: &mut Vault,
    root: &str,
    call: &Call,
    count: impl FnOnce(String),
) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let mut asked = Asked::of(call.request.body)?;
    let Some(value) = asked.value.take() else {
        return Err(bad("Property value is required."));
    };
    if value.len() > VAULT_VALUE_BYTES_MAX {
        return Err(bad("The value of the secret is too long."));
    }
    let state = vault.secret(name).map(|one| vault.state(one, call.now));
    match state {
        Some(State::Deleted) => {
            let text = format!(
                "Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged."
            );
            return Err(conflict(&text, "ObjectIsDeletedButRecoverable"));
        }
        Some(State::BeingDeleted) => {
            let text = format!(
                "Secret {name} is currently being deleted and cannot be re-created; retry later."
            );
            return Err(conflict(&text, "ObjectIsBeingDeleted"));
        }
        Some(State::BeingRecovered) => {
            let text = format!(
                "Secret {name} is currently being recovered and cannot be re-created; retry later."
            );
            return Err(conflict(&text, "ObjectIsBeingRecovered"));
        }
        Some(State::Present | State::Absent) | None => {}
    }
    let place = place_of(vault, name);
    let (vault_name, secret) = (vault.name.clone(), &mut vault.secrets[place]);
    if state == Some(State::Absent) {
        secret.purge();
    }
    let made = secret.make(root, &vault_name, call.now);
    asked.write(made);
    made.value = Some(value);
    let counted = format!("{vault_name}/{}", secret.name);
    count(counted);
    let (secret, origin) = (&vault.secrets[place], call.request.origin);
    let newest = secret.newest(call.now);
    let newest = newest.ok_or_else(|| no_secret(name))?;
    let value = newest.value(root);
    let body = show::version(vault, origin, secret, newest, &Head::Value(&value));
    Ok(answer(200, &body))
}

/// Where the secret of this name is, with a place for it if there was none.
pub(crate) fn place_of(vault: &mut Vault, name: &str) -> usize {
    if let Some(place) = vault.secrets.place(&name.to_ascii_lowercase()) {
        return place;
    }
    vault.secrets.push(Secret::new(name));
    vault.secrets.len() - 1
}

fn conflict(text: &str, inner: &str) -> Refusal {
    because(409, "Conflict", text, inner)
}

/// The place of a secret in this state.
fn place_in(vault: &Vault, name: &str, now: jiff::Timestamp, state: State) -> Option<usize> {
    let place = vault.secrets.place(&name.to_ascii_lowercase())?;
    (vault.state(&vault.secrets[place], now) == state).then_some(place)
}

/// Other attributes and tags of a version.
pub(super) fn update(vault: &mut Vault, call: &Call) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let asked = Asked::of(call.request.body)?;
    let place = place_in(vault, name, call.now, State::Present).ok_or_else(|| no_secret(name))?;
    let wanted = match &call.route.version {
        Some(id) => Some(id.clone()),
        None => vault.secrets[place]
            .newest(call.now)
            .map(|one| one.id.clone()),
    };
    let is_it = |one: &Version| wanted.as_ref() == Some(&one.id);
    let which = vault.secrets[place].versions.iter().position(is_it);
    let which = which.ok_or_else(|| no_secret(name))?;
    let version = &mut vault.secrets[place].versions[which];
    version.updated = call.now;
    asked.write(version);
    let (secret, origin) = (&vault.secrets[place], call.request.origin);
    let body = show::version(vault, origin, secret, &secret.versions[which], &Head::Plain);
    Ok(answer(200, &body))
}

pub(super) fn delete(vault: &mut Vault, call: &Call) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let place = place_in(vault, name, call.now, State::Present).ok_or_else(|| no_secret(name))?;
    let secret = &mut vault.secrets[place];
    (secret.deleted, secret.recovered) = (Some(call.now), None);
    let body = deleted_body(vault, &vault.secrets[place], call);
    body.map(|body| answer(200, &body))
        .ok_or_else(|| no_secret(name))
}

pub(super) fn recover(vault: &mut Vault, call: &Call) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let place = place_in(vault, name, call.now, State::Deleted).ok_or_else(|| not_deleted(name))?;
    let secret = &mut vault.secrets[place];
    (secret.deleted, secret.recovered) = (None, Some(call.now));
    let (secret, origin) = (&vault.secrets[place], call.request.origin);
    let newest = secret.newest(call.now).ok_or_else(|| not_deleted(name))?;
    let body = show::version(vault, origin, secret, newest, &Head::Plain);
    Ok(answer(200, &body))
}

pub(super) fn purge(vault: &mut Vault, call: &Call) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let place = place_in(vault, name, call.now, State::Deleted).ok_or_else(|| not_deleted(name))?;
    if vault.purge_protection {
        let text = "Operation \"purge\" is not allowed because purge protection is enabled for this vault.";
        return Err(error(403, "Forbidden", text));
    }
    vault.secrets[place].purge();
    let mut gone = answer(204, &Value::Null);
    gone.body = bytes::Bytes::new();
    Ok(gone)
}
