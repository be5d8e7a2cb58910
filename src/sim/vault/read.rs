//! What is told of secrets: lists without values, one version with its value, and deleted secrets.

use super::super::message::{Refusal, json as answer};
use super::super::secret::{Secret, State, Vault, Version};
use super::call::{Call, because, error, no_secret, paged};
use super::show::{self, Head};
use crate::http::Response;

/// All secrets, in the order of their names.
pub(super) fn secrets(vault: &Vault, call: &Call) -> Result<Response, Refusal> {
    listed(vault, call, State::Present, |_| Head::Plain)
}

/// All that can be recovered.
pub(super) fn deleted(vault: &Vault, call: &Call) -> Result<Response, Refusal> {
    listed(vault, call, State::Deleted, |secret| {
        secret.deleted.map_or(Head::Plain, Head::Deleted)
    })
}

fn listed(
    vault: &Vault,
    call: &Call,
    state: State,
    head: impl Fn(&Secret) -> Head<'static>,
) -> Result<Response, Refusal> {
    let in_state = |one: &&Secret| vault.state(one, call.seen) == state;
    let mut all: Vec<(&Secret, &Version)> = vault
        .secrets
        .iter()
        .filter(in_state)
        .filter_map(|one| Some((one, one.newest(call.seen)?)))
        .collect();
    all.sort_by_key(|(secret, _)| secret.name.to_ascii_lowercase());
    let origin = call.request.origin;
    paged(
        all,
        |(secret, newest)| show::secret(vault, origin, secret, newest, &head(secret)),
        call,
    )
}

/// All versions, in the order of their ids, which says nothing of their age. Of a secret that is not there, an empty list.
pub(super) fn versions(vault: &Vault, call: &Call) -> Result<Response, Refusal> {
    let secret = present(vault, call);
    let mut all: Vec<(&Secret, &Version)> = secret
        .into_iter()
        .flat_map(|one| one.versions.iter().map(move |version| (one, version)))
        .filter(|(_, version)| version.created <= call.seen)
        .collect();
    all.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    let origin = call.request.origin;
    paged(
        all,
        |(secret, version)| show::version(vault, origin, secret, version, &Head::Plain),
        call,
    )
}

/// A version with its value. One that is disabled is not given out; one that has expired is.
pub(super) fn one(vault: &Vault, root: &str, call: &Call) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let secret = present(vault, call).ok_or_else(|| no_secret(name))?;
    let version = match &call.route.version {
        None => secret.newest(call.seen),
        Some(id) => secret.versions.iter().find(|one| one.id == *id),
    };
    let version = version.ok_or_else(|| no_secret(name))?;
    if !version.enabled {
        let text = "Operation get is not allowed on a disabled secret.";
        return Err(because(403, "Forbidden", text, "SecretDisabled"));
    }
    let (value, origin) = (version.value(root), call.request.origin);
    let body = show::version(vault, origin, secret, version, &Head::Value(&value));
    Ok(answer(200, &body))
}

/// One deleted secret.
pub(super) fn one_deleted(vault: &Vault, call: &Call) -> Result<Response, Refusal> {
    let name = &call.route.name;
    let secret = vault.secret(name);
    let secret = secret.filter(|one| vault.state(one, call.seen) == State::Deleted);
    let secret = secret.ok_or_else(|| not_deleted(name))?;
    let body = deleted_body(vault, secret, call);
    body.map(|body| answer(200, &body))
        .ok_or_else(|| not_deleted(name))
}

/// A secret that is deleted, as it is shown.
pub(super) fn deleted_body(
    vault: &Vault,
    secret: &Secret,
    call: &Call,
) -> Option<serde_json::Value> {
    let head = Head::Deleted(secret.deleted?);
    let newest = secret.newest(call.now)?;
    let origin = call.request.origin;
    Some(show::version(vault, origin, secret, newest, &head))
}

pub(super) fn not_deleted(name: &str) -> Refusal {
    let text = format!("Deleted Secret not found: {name}");
    error(404, "SecretNotFound", &text)
}

fn present<'a>(vault: &'a Vault, call: &Call) -> Option<&'a Secret> {
    let secret = vault.secret(&call.route.name)?;
    (vault.state(secret, call.seen) == State::Present).then_some(secret)
}
