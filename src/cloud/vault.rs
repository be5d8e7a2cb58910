//! Secrets of a key vault (data plane, API 7.5): what their versions tell, and a new version.
//!
//! Values are written and never read: the right to read one is not needed. What a new version holds is wiped from memory when it was sent.

use std::collections::BTreeMap;

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::answer::{ActFailure, Dated};
use super::arm;
use super::call::{Body, Call};
use super::key_pair;
use super::secret;
use super::session::Session;
use super::soft::{self, Soft, Words};
use super::who::Who;
use crate::http::{Place, Repeat, wire};
use crate::limits::VAULT_VALUE_BYTES_MAX;
use crate::model::time::Timestamp;
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};
use crate::model::vault::{
    DeletedSecret, NewVersion, SecretName, SecretSight, SecretVersion, SecretVersions,
    VaultConnection,
};

const VERSION: &str = "7.5";
/// Sees attributes and tags of secrets, also of deleted ones. In an access policy: secrets, list.
pub(super) const READ: &str = "Microsoft.KeyVault/vaults/secrets/readMetadata/action";
/// Writes a new version. In an access policy: secrets, set.
pub(super) const SET: &str = "Microsoft.KeyVault/vaults/secrets/setSecret/action";
/// No character takes more in JSON: `\u001f`.
const ESCAPED_MAX: usize = 6;

/// A secret or one of its versions, as lists have it. An answer with the value in it is read as this, too, and the value is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default, deserialize_with = "soft::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    attributes: Option<Attributes>,
    #[serde(default, deserialize_with = "soft::text")]
    content_type: Option<String>,
    tags: Option<Soft<BTreeMap<String, Words>>>,
    #[serde(default, deserialize_with = "soft::whole")]
    deleted_date: Option<i64>,
    #[serde(default, deserialize_with = "soft::whole")]
    scheduled_purge_date: Option<i64>,
}

#[derive(Default, Deserialize)]
struct Attributes {
    #[serde(default, deserialize_with = "soft::text")]
    enabled: Option<String>,
    #[serde(default, deserialize_with = "soft::whole")]
    created: Option<i64>,
    #[serde(default, deserialize_with = "soft::whole")]
    updated: Option<i64>,
    #[serde(default, deserialize_with = "soft::whole")]
    exp: Option<i64>,
    #[serde(default, deserialize_with = "soft::whole")]
    nbf: Option<i64>,
}

/// Whole seconds since 1970.
fn instant(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok())
}

impl Item {
    /// What stands in its id behind `secrets/NAME`; `None`: it is about another secret.
    fn version_of(&self, secret: &SecretName) -> Option<String> {
        let id = Url::parse(self.id.as_deref()?).ok()?;
        let mut path = id.path_segments()?;
        let is_secret = path.next() == Some("secrets");
        let name = path.next()?;
        let version = path.next().unwrap_or_default().to_owned();
        (is_secret && name.eq_ignore_ascii_case(secret.as_str())).then_some(version)
    }

    fn tags(&mut self) -> BTreeMap<String, String> {
        let Soft(tags) = self.tags.take().unwrap_or_default();
        let tags = tags.into_iter();
        tags.filter_map(|(tag, Words(value))| Some((tag, value?)))
            .collect()
    }

    /// A version of this secret. Which one is newest, and whether it can be read, is what is looked for: without that it is none.
    fn version(mut self, secret: &SecretName) -> Option<SecretVersion> {
        let id = self.version_of(secret).filter(|id| !id.is_empty())?;
        let tags = self.tags();
        let attributes = self.attributes?;
        Some(SecretVersion {
            id,
            enabled: attributes.enabled? == "true",
            created: instant(attributes.created)?,
            updated: instant(attributes.updated),
            expires: instant(attributes.exp),
            not_before: instant(attributes.nbf),
            content_type: self.content_type.filter(|text| !text.is_empty()),
            tags,
        })
    }

    fn deleted(mut self) -> DeletedSecret {
        DeletedSecret {
            deleted: instant(self.deleted_date),
            purged: instant(self.scheduled_purge_date),
            tags: self.tags(),
        }
    }
}

/// All versions of a secret, every page, or what else is known of its name.
pub(super) async fn secret(
    session: &Session,
    vault: &VaultConnection,
    secret: &SecretName,
) -> Result<Dated<SecretSight>, Trouble> {
    let doing = format!(
        "list the versions of the secret {secret} in {}",
        vault.vault
    );
    let ask = (Method::GET, READ, "vault.versions");
    let call = call(vault, doing, &["secrets", secret.as_str(), "versions"], ask)?;
    let strange = call.trouble(
        TroubleKind::Unexpected,
        "an entry of the list is not a version of this secret, or does not tell when it was made",
        call.ids(),
    );
    let Dated { at, said } = match arm::pages::<Item>(session, call).await {
        Ok(pages) => pages,
        Err(trouble) if trouble.kind == TroubleKind::NotFound => {
            return without_versions(session, vault, secret).await;
        }
        Err(trouble) => return Err(hinted(vault, trouble)),
    };
    let versions: Option<Vec<SecretVersion>> =
        said.into_iter().map(|item| item.version(secret)).collect();
    match versions.map(SecretVersions::new) {
        Some(Some(versions)) => Ok(Dated {
            at,
            said: SecretSight::Versions(versions),
        }),
        // A list that is empty is what some servers say of a secret that is not there.
        Some(None) => without_versions(session, vault, secret).await,
        None => Err(strange),
    }
}

/// Is it deleted, or was it never there? The list of deleted secrets takes no more than the right to list; one of them alone takes the right
/// to read values, where access policies decide.
async fn without_versions(
    session: &Session,
    vault: &VaultConnection,
    secret: &SecretName,
) -> Result<Dated<SecretSight>, Trouble> {
    let doing = format!("list the deleted secrets of {}", vault.vault);
    let ask = (Method::GET, READ, "vault.deleted");
    let call = call(vault, doing, &["deletedsecrets"], ask)?;
    let mut pages = arm::Pages::<Item>::new(session, call);
    let mut first = None;
    loop {
        let page = match pages.next().await {
            Ok(page) => page,
            Err(trouble) if trouble.kind.is_forbidden() => {
                let at = first.unwrap_or_else(|| session.client.clock().now());
                let said = SecretSight::AbsentOrDeleted(Box::new(trouble));
                return Ok(Dated { at, said });
            }
            Err(trouble) => return Err(trouble),
        };
        let Some(Dated { at, said }) = page else {
            let at = first.unwrap_or_else(|| session.client.clock().now());
            let said = SecretSight::Absent;
            return Ok(Dated { at, said });
        };
        first = first.or(Some(at));
        let mut said = said.into_iter();
        if let Some(found) = said.find(|item| item.version_of(secret).is_some()) {
            let said = SecretSight::Deleted(found.deleted());
            return Ok(Dated { at, said });
        }
        pages.hold()?;
    }
}

/// A host that cannot be reached may be one that is not there: a vault's name is a part of it.
fn hinted(vault: &VaultConnection, trouble: Trouble) -> Trouble {
    if trouble.kind != TroubleKind::Unreachable {
        return trouble;
    }
    Trouble {
        message: format!(
            "{}; is {} the name of a vault, and can this machine reach it?",
            trouble.message.trim_end_matches('.'),
            vault.vault
        ),
        ..trouble
    }
}

/// How a new version may be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    /// A second version with the same value does no harm, but is one.
    pub repeat: Repeat,
    /// It is not sent if it could still be under way after this.
    pub act_by: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewBody<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    attributes: NewAttributes,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct NewAttributes {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// Writes a new version, which is the one that consumers read from now on.
///
/// # Errors
/// As of every effect. A value, tag or content type that the vault would not take is not sent.
pub(super) async fn set(
    session: &Session,
    vault: &VaultConnection,
    secret: &SecretName,
    (value, new): (&SecretString, &NewVersion),
    sending: Sending,
) -> Result<Dated<SecretVersion>, ActFailure> {
    let put = put(vault, secret).map_err(ActFailure::Refused)?;
    let body = match body(value, new) {
        Ok(body) => body,
        Err(fault) => {
            let misfit = put.trouble(TroubleKind::Misfit, fault, RequestIds::default());
            return Err(ActFailure::Refused(misfit));
        }
    };
    let call = Call {
        body: Some(body),
        repeat: sending.repeat,
        act_by: Some(sending.act_by),
        ..put
    };
    let answer = session.act::<Item>(&call).await;
    let Dated { at, said } = answer.map_err(|failure| match failure {
        ActFailure::Refused(trouble) => ActFailure::Refused(hinted(vault, trouble)),
        lost @ ActFailure::Lost(_) => lost,
    })?;
    match said.version(secret) {
        Some(said) => Ok(Dated { at, said }),
        None => Err(ActFailure::Lost(call.trouble(
            TroubleKind::Unexpected,
            "the answer is not about a version of this secret",
            call.ids(),
        ))),
    }
}

/// Waits for what [`set`] draws from its bucket.
pub(super) async fn room(
    session: &Session,
    vault: &VaultConnection,
    secret: &SecretName,
) -> Result<Option<Place>, Trouble> {
    key_pair::room(session, &put(vault, secret)?, 1).await
}

fn put<'a>(vault: &'a VaultConnection, secret: &SecretName) -> Result<Call<'a>, Trouble> {
    let doing = format!("write the secret {secret} in {}", vault.vault);
    let path = ["secrets", secret.as_str()];
    call(vault, doing, &path, (Method::PUT, SET, "vault.set"))
}

/// A body with the value in it; or what the vault would not take.
fn body(value: &SecretString, new: &NewVersion) -> Result<Body, String> {
    new.check()?;
    let value = value.expose_secret();
    if value.is_empty() || value.len() > VAULT_VALUE_BYTES_MAX {
        let most = VAULT_VALUE_BYTES_MAX / 1024;
        return Err(format!("a secret's value has 1 byte to {most} KiB"));
    }
    let with = |value| NewBody {
        value,
        content_type: new.content_type.as_deref(),
        attributes: NewAttributes {
            enabled: true,
            exp: new.expires.map(Timestamp::as_second),
        },
        tags: &new.tags,
    };
    let around = serde_json::to_vec(&with("")).map_err(|error| error.to_string())?;
    let room = around.len() + ESCAPED_MAX * value.len();
    // The error could only be of memory: it quotes nothing.
    secret::json(&with(value), room)
        .map(Body::Secret)
        .map_err(|error| error.to_string())
}

/// Method, right, and what counts call it.
type Verb = (Method, &'static str, &'static str);

/// A request that may be repeated, without a body.
///
/// # Errors
/// The cloud has no vaults, or its domain is none.
fn call<'a>(
    vault: &'a VaultConnection,
    doing: String,
    path: &[&str],
    (method, right, kind): Verb,
) -> Result<Call<'a>, Trouble> {
    let mut url = address(vault).map_err(|trouble| Trouble {
        doing: doing.clone(),
        ..trouble
    })?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(path);
    }
    url.query_pairs_mut().append_pair("api-version", VERSION);
    Ok(Call {
        who: Who::of_vault(vault),
        doing,
        right,
        kind,
        method,
        url,
        body: None,
        repeat: Repeat::Safe,
        act_by: None,
        storage: None,
        id: super::request_id::plain(),
    })
}

/// The address of a vault.
///
/// # Errors
/// The cloud has no vaults, or its domain is none.
pub(super) fn address(vault: &VaultConnection) -> Result<Url, Trouble> {
    let host = vault.cloud.vault_host(&vault.vault);
    host.and_then(|host| spoken(&host, vault))
        .ok_or_else(|| Trouble {
            kind: TroubleKind::Misfit,
            doing: format!("reach the vault {}", vault.vault),
            message: format!(
                "the cloud {} does not say where its key vaults are",
                vault.cloud.name
            ),
            ids: Box::default(),
        })
}

/// A test server speaks plain http as its Resource Manager does; only loopback may.
fn spoken(host: &str, vault: &VaultConnection) -> Option<Url> {
    let secure = Url::parse(&format!("https://{host}/")).ok()?;
    if vault.cloud.resource_manager.starts_with("http://") && wire::is_loopback(&secure) {
        return Url::parse(&format!("http://{host}/")).ok();
    }
    Some(secure)
}
