//! One request to a service: who sends it, where to and what for; and what an error response means.
//!
//! A token is sent only to hosts of the cloud that it was issued for.

use std::fmt;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::denial::Denial;
use super::fields::{asks_to_wait, id_in};
use super::refusal::{self, Refusal};
use super::who::{Service, Who, host_and_port};
use crate::http::{Bucket, Cause, Class, Failure, Meter, Repeat, Response, Sent, patience, wire};
use crate::limits::{STORAGE_LISTS, STORAGE_READS, STORAGE_WRITES, VAULT_REQUESTS};
use crate::model::connection::{Credential, Rate};
use crate::model::time::Timestamp;
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};

/// What is left of the buckets that a read is drawn from, in Resource Manager's words. The provider's own comes last.
const READS_LEFT: &[&str] = &[
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-resource-requests",
];
/// The same for a write.
const WRITES_LEFT: &[&str] = &[
    "x-ms-ratelimit-remaining-subscription-writes",
    "x-ms-ratelimit-remaining-subscription-resource-requests",
];

/// One request, before it has a token.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub who: Who<'a>,
    /// `list the keys of gateway-west`: completes the sentence "cannot ...".
    pub doing: String,
    /// What the caller must be allowed to do: an RBAC action or a Databricks permission.
    pub right: &'static str,
    /// What counts call it.
    pub kind: &'static str,
    pub method: Method,
    pub url: Url,
    pub body: Option<Body>,
    pub repeat: Repeat,
    /// It is not sent if it could still be under way after this.
    pub act_by: Option<Timestamp>,
    /// The bucket of the storage provider that it is drawn from; `None`: it goes to another one.
    pub storage: Option<StorageBucket>,
    pub id: Uuid,
}

/// What a request carries.
#[derive(Clone)]
pub(super) enum Body {
    Json(Value),
    /// JSON with a secret in it, wiped with the last clone. `Debug` does not show it.
    Secret(Bytes),
}

impl Body {
    /// As it is sent.
    pub fn bytes(&self) -> Bytes {
        match self {
            Self::Json(value) => value.to_string().into(),
            Self::Secret(bytes) => bytes.clone(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(value) => value.fmt(f),
            Self::Secret(_) => f.write_str("(secret)"),
        }
    }
}

/// A bucket of the storage provider, which is smaller than that of Resource Manager.
#[derive(Clone, Copy, Debug)]
pub(super) enum StorageBucket {
    Reads,
    Lists,
    Writes,
}

impl StorageBucket {
    const fn word(self) -> &'static str {
        match self {
            Self::Reads => "storage account reads",
            Self::Lists => "storage account lists",
            Self::Writes => "storage account writes",
        }
    }

    const fn rate(self) -> (u32, u32, u32) {
        match self {
            Self::Reads => STORAGE_READS,
            Self::Lists => STORAGE_LISTS,
            Self::Writes => STORAGE_WRITES,
        }
    }
}

impl Call<'_> {
    /// May a token of this caller go to this address?
    pub fn permitted(&self) -> Result<(), Trouble> {
        let owned = match self.who.service {
            Service::Arm => Url::parse(&self.who.cloud.resource_manager)
                .is_ok_and(|manager| manager.origin() == self.url.origin()),
            Service::Databricks(_) => self
                .who
                .cloud
                .owns_databricks_host(&host_and_port(&self.url)),
            Service::Vault => self.who.cloud.owns_vault_host(&host_and_port(&self.url)),
        };
        let fault = match wire::permitted(&self.url) {
            Err(fault) => fault,
            Ok(()) if owned => return Ok(()),
            Ok(()) => format!(
                "{} is not a host of the cloud {}; refusing to send a token there",
                host_and_port(&self.url),
                self.who.cloud.name
            ),
        };
        Err(self.trouble(TroubleKind::Misfit, fault, RequestIds::default()))
    }

    pub fn trouble(
        &self,
        kind: TroubleKind,
        message: impl Into<String>,
        ids: RequestIds,
    ) -> Trouble {
        Trouble {
            kind,
            doing: self.doing.clone(),
            message: message.into(),
            ids: Box::new(ids),
        }
    }

    /// All that can be told of a request whose answer is lost or says nothing of itself.
    pub fn ids(&self) -> RequestIds {
        RequestIds {
            client: Some(self.id.to_string()),
            ..RequestIds::default()
        }
    }

    /// What an answer calls its request.
    pub fn ids_of(&self, response: &Response) -> RequestIds {
        let request = match self.who.service {
            Service::Arm | Service::Vault => id_in(response, &["x-ms-request-id"]),
            Service::Databricks(_) => id_in(response, &["x-request-id", "x-databricks-request-id"]),
        };
        RequestIds {
            request,
            correlation: id_in(response, &["x-ms-correlation-request-id"]),
            client: match self.who.service {
                Service::Arm | Service::Vault => self.ids().client,
                // Its logs do not keep ours.
                Service::Databricks(_) => None,
            },
        }
    }

    /// Its class, and the bucket that the service draws it from: Resource Manager's are for each subscription and principal, and
    /// a right that ends with `/read` is a read, whatever the verb; Databricks's are for each workspace, Key Vault's for each vault.
    pub fn meter(&self) -> Meter {
        let limits = &self.who.cloud.limits;
        let host = host_and_port(&self.url);
        let (class, name, rate, remaining) = match self.who.service {
            Service::Databricks(_) => {
                let name = format!("Databricks ({host})");
                (Class::Databricks, name, limits.databricks, &[][..])
            }
            Service::Vault => {
                let name = format!("Key Vault ({host})");
                (Class::Vault, name, limits.reads, &[][..])
            }
            Service::Arm if self.right.ends_with("/read") => {
                let name = format!("ARM reads of {} ({host})", subscription(&self.url));
                (Class::ArmReads, name, limits.reads, READS_LEFT)
            }
            Service::Arm => {
                let name = format!("ARM writes of {} ({host})", subscription(&self.url));
                (Class::ArmWrites, name, limits.writes, WRITES_LEFT)
            }
        };
        let (name, (burst, gain, seconds)) = match self.storage {
            Some(bucket) if rate != Rate::UNLIMITED => {
                let whose = subscription(&self.url);
                (
                    format!("{} of {whose} ({host})", bucket.word()),
                    bucket.rate(),
                )
            }
            Some(_) | None if class == Class::Vault && rate != Rate::UNLIMITED => {
                (name, VAULT_REQUESTS)
            }
            Some(_) | None => (name, (rate.burst, rate.per_second, 1)),
        };
        let bucket = Bucket {
            name,
            principal: match self.who.service {
                Service::Arm => principal(self.who.credential),
                Service::Databricks(_) | Service::Vault => String::new(),
            },
            rate: crate::http::Rate {
                burst,
                gain,
                seconds,
            },
            remaining: if rate == Rate::UNLIMITED {
                &[]
            } else {
                remaining
            },
        };
        Meter {
            class,
            bucket: Some(bucket),
        }
    }

    /// No answer came.
    pub fn unanswered(&self, failure: &Failure) -> Trouble {
        let host = host_and_port(&self.url);
        self.trouble(
            match failure.cause {
                Cause::Network | Cause::Late => TroubleKind::Unreachable,
                Cause::Throttled => TroubleKind::Throttled,
                Cause::TimeOver => TroubleKind::TimeOver,
            },
            match (failure.sent, failure.cause) {
                (Sent::No, Cause::Network) => format!("{host} was not reached: {failure}"),
                (Sent::No, Cause::TimeOver) => failure.what.clone(),
                (Sent::No, _) => format!("{host} was not asked: {failure}"),
                (Sent::Maybe, _) => format!("{host} gave no answer: {failure}"),
            },
            match failure.sent {
                Sent::No => RequestIds::default(),
                Sent::Maybe => self.ids(),
            },
        )
    }

    /// Why an answer turned whoever asks away, if it did.
    pub fn denial(&self, response: &Response) -> Option<Denial> {
        matches!(response.status, 401 | 403).then(|| self.refusal(response).denial)?
    }

    fn refusal(&self, response: &Response) -> Refusal {
        match self.who.service {
            Service::Arm => refusal::arm::read(response),
            Service::Databricks(_) => refusal::databricks::read(response),
            Service::Vault => {
                let resource = &self.who.cloud.vault_resource;
                refusal::vault::read(response, &host_and_port(&self.url), resource)
            }
        }
    }

    /// An answer came, and it is not a success.
    pub fn refused(&self, response: &Response) -> Trouble {
        let refusal = self.refusal(response);
        let kind = match (response.status, refusal.denial) {
            (_, Some(Denial::Right)) => TroubleKind::Forbidden {
                right: self.right.to_owned(),
            },
            (_, Some(Denial::Address(_) | Denial::Firewall(_) | Denial::Policy)) => {
                TroubleKind::Blocked
            }
            (_, Some(Denial::Tenant)) => TroubleKind::SignedOut,
            (_, Some(Denial::Elsewhere)) => TroubleKind::Misfit,
            (_, Some(_)) => TroubleKind::Unauthenticated,
            (429, None) => TroubleKind::Throttled,
            _ if patience::says_not_now(response) => TroubleKind::Throttled,
            _ if refusal.missing => TroubleKind::NotFound,
            _ if refusal.taken => TroubleKind::Misfit,
            _ => TroubleKind::Unexpected,
        };
        let asked = asks_to_wait(response)
            .map(|asked| format!("{}{asked}", refusal.message.trim_end_matches('.')));
        let message = asked.unwrap_or(refusal.message);
        self.trouble(kind, message, self.ids_of(response))
    }
}

/// The id behind `/subscriptions/`.
fn subscription(url: &Url) -> String {
    let segments = url.path_segments().into_iter().flatten();
    let mut ids = segments.skip_while(|segment| !segment.eq_ignore_ascii_case("subscriptions"));
    ids.nth(1).unwrap_or_default().to_ascii_lowercase()
}

/// Who has buckets of its own. A credential without an application id is told apart by how it is written.
fn principal(credential: &Credential) -> String {
    match credential {
        Credential::ServicePrincipal { client_id, .. }
        | Credential::GithubOidc { client_id, .. }
        | Credential::AzurePipelines { client_id, .. } => client_id.to_ascii_lowercase(),
        other => format!("{other:?}"),
    }
}
