//! Access tokens: shaped like the real ones, signed with the world's seed, so that a restarted server still knows them.
//!
//! A token that has expired, or that is for another service or of another world, is rejected.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest;
use super::world::World;
use crate::loopback::is_loopback;

/// The application that every Databricks workspace of Azure is, in all clouds.
pub(crate) const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
/// Life of a token in seconds, as in recorded answers.
pub(crate) const LIFE: i64 = 3_599;
/// Databricks does not take a token in its last seconds.
pub(crate) const DATABRICKS_MARGIN: i64 = 30;

/// Hosts of the resources that ARM answers for.
const ARM_HOSTS: [&str; 6] = [
    "management.core.windows.net",
    "management.azure.com",
    "management.core.usgovcloudapi.net",
    "management.usgovcloudapi.net",
    "management.core.chinacloudapi.cn",
    "management.chinacloudapi.cn",
];

/// Hosts of the resources that key vaults answer for.
const VAULT_HOSTS: [&str; 3] = [
    "vault.azure.net",
    "vault.usgovcloudapi.net",
    "vault.azure.cn",
];

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) appid: String,
    pub(crate) oid: String,
    /// A workspace's own tokens have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) tid: String,
    /// Of a person only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upn: Option<String>,
}

impl Claims {
    /// Whom a service takes the caller for.
    pub(crate) fn caller(self) -> String {
        self.upn.unwrap_or(self.appid)
    }
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Missing,
    Invalid,
    Expired,
    Audience,
}

/// The service that a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    ResourceManager,
    Databricks,
    /// Key vaults; each cloud's have their own domain.
    Vault,
    /// Azure Storage, which this cloud has no part of: a real emulator beside it takes the token.
    Storage,
}

/// The service behind a `resource` or a v2 scope without `/.default`; `None`: nobody knows it.
pub(crate) fn audience(resource: &str, world: &World) -> Option<Audience> {
    if resource.trim_end_matches('/') == DATABRICKS {
        return Some(Audience::Databricks);
    }
    let url = url::Url::parse(resource).ok()?;
    let host = url.host_str()?;
    let own = world
        .settings
        .resource_managers
        .iter()
        .any(|own| own.eq_ignore_ascii_case(host));
    let mut domains = world.vaults.iter().map(|vault| vault.domain.as_str());
    if VAULT_HOSTS.contains(&host) || domains.any(|domain| domain.eq_ignore_ascii_case(host)) {
        return Some(Audience::Vault);
    }
    if host == "storage.azure.com" {
        return Some(Audience::Storage);
    }
    let is_here = url.host().is_some_and(|host| is_loopback(&host));
    (ARM_HOSTS.contains(&host) || own || is_here).then_some(Audience::ResourceManager)
}

impl World {
    /// A token for `resource`, signed.
    pub(crate) fn mint(
        &self,
        resource: &str,
        client: &str,
        tenant: &str,
        now: Timestamp,
    ) -> (String, Claims) {
        self.mint_for(None, resource, client, tenant, now)
    }

    /// The same for a person who uses the application `client`, or for `client` itself.
    pub(crate) fn mint_for(
        &self,
        person: Option<&str>,
        resource: &str,
        client: &str,
        tenant: &str,
        now: Timestamp,
    ) -> (String, Claims) {
        let issued = now.as_second();
        let claims = Claims {
            upn: person.map(str::to_owned),
            aud: resource.to_owned(),
            iss: if tenant.is_empty() {
                resource.to_owned()
            } else {
                format!("https://sts.windows.net/{tenant}/")
            },
            iat: issued,
            nbf: issued,
            exp: issued + LIFE,
            appid: client.to_owned(),
            oid: object_id(person.unwrap_or(client)),
            tid: tenant.to_owned(),
        };
        let body = serde_json::to_vec(&claims).unwrap_or_default();
        let signed = format!(
            "{}.{}",
            digest::base64url(br#"{"typ":"JWT","alg":"HS256"}"#),
            digest::base64url(&body)
        );
        let signature = self.sign(&signed);
        (format!("{signed}.{signature}"), claims)
    }

    /// What a bearer token says, if this world gave it out, it is for `wanted`, and it has more than `margin` seconds to live.
    pub(crate) fn verify(
        &self,
        token: &str,
        wanted: Audience,
        margin: i64,
        now: Timestamp,
    ) -> Result<Claims, Trouble> {
        let claims = self.read(token)?;
        if claims.exp <= now.as_second().saturating_add(margin) {
            return Err(Trouble::Expired);
        }
        if audience(&claims.aud, self) != Some(wanted) {
            return Err(Trouble::Audience);
        }
        Ok(claims)
    }

    /// What a token says, if this world gave it out.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, Trouble> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Trouble::Invalid)?;
        if signature != self.sign(signed) {
            return Err(Trouble::Invalid);
        }
        let body = signed
            .split_once('.')
            .and_then(|(_, body)| digest::from_base64url(body))
            .ok_or(Trouble::Invalid)?;
        serde_json::from_slice(&body).map_err(|_| Trouble::Invalid)
    }

    pub(crate) fn sign(&self, text: &str) -> String {
        digest::base64url(&digest::digest(&[&self.root(), "token", text]))
    }
}

/// The object id that stands for an application in its tenant.
pub(crate) fn object_id(client: &str) -> String {
    digest::guid(&["service principal", client])
}

/// The bearer token of an `Authorization` header.
pub(crate) fn bearer(header: Option<&str>) -> Option<&str> {
    let (scheme, token) = header?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}
