//! Tokens: who proves what to whom, kept in memory until shortly before they end.
//!
//! Refuses: writing a token anywhere; fetching one twice because two requests want it at the same time.

mod advice;
mod azure_cli;
mod certificate;
mod chain;
mod entra;
mod federated;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::call::Who;
use super::surroundings::Surroundings;
use crate::http::Client;
use crate::limits::TOKEN_FAILURE_KEPT;
use crate::model::time::Timestamp;
use chain::Source;

/// Audience of Azure Storage, the same for every account of every cloud ("Authorize with Microsoft Entra ID").
const STORAGE: &str = "https://storage.azure.com";

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// Azure Resource Manager.
    Arm,
    /// A Databricks workspace.
    Databricks,
    /// To show a workspace that a service principal may manage it in Azure.
    DatabricksManagement,
    /// Azure Storage, where a ledger may lie.
    Storage,
}

impl Purpose {
    /// How long before its end a token is renewed. Databricks refuses tokens with 30 s left or less.
    const fn margin(self) -> Duration {
        match self {
            Self::Arm | Self::Storage => Duration::from_mins(5),
            Self::Databricks | Self::DatabricksManagement => Duration::from_mins(2),
        }
    }

    /// The v2 scope. A resource that ends in a slash keeps it, so that two stand in a row.
    fn scope(self, who: &Who<'_>) -> String {
        let resource = match self {
            Self::Arm => &who.cloud.audience,
            Self::Databricks => &who.cloud.databricks_resource,
            Self::DatabricksManagement => &who.cloud.databricks_management,
            Self::Storage => STORAGE,
        };
        format!("{resource}/.default")
    }
}

/// A token, and how it was come by.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub token: Arc<SecretString>,
    /// `environment (AZURE_CLIENT_SECRET)`, for people.
    pub origin: String,
    /// It was given to a service principal.
    pub is_principal: bool,
    /// Another one can be had when this one is refused.
    pub renewable: bool,
    renew_at: Timestamp,
}

impl Held {
    /// Two audiences must not be given one token: Databricks refuses it, and it opens more than it should.
    pub fn is_same(&self, other: &Self) -> bool {
        self.token.expose_secret() == other.token.expose_secret()
    }
}

#[cfg(test)]
impl Held {
    /// One that came from nowhere.
    pub fn for_tests(token: &str, origin: &str) -> Self {
        Self {
            token: Arc::new(token.into()),
            origin: origin.to_owned(),
            is_principal: false,
            renewable: false,
            renew_at: Timestamp::MAX,
        }
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenFailure {
    /// What happened and what to do.
    pub message: String,
    /// The authority's trace id.
    pub request_id: Option<String>,
}

impl TokenFailure {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            request_id: None,
        }
    }
}

/// A token as its source gave it.
struct Fresh {
    token: SecretString,
    lifetime: Duration,
}

/// What one slot of the vault holds.
enum Kept {
    Token(Held),
    /// A failure is kept for a moment: a thousand requests must not each run a slow sign-in that cannot work.
    Failure(TokenFailure, Timestamp),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    credential: String,
    authority: String,
    scope: String,
    purpose: Purpose,
}

type Place = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// All tokens of one command.
pub(super) struct Vault {
    client: Client,
    surroundings: Surroundings,
    places: Mutex<HashMap<Key, Place>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    pub fn new(client: Client, surroundings: Surroundings) -> Self {
        Self {
            client,
            surroundings,
            places: Mutex::default(),
        }
    }

    /// A token that does not end soon. Requests that want the same one wait for one fetch.
    pub async fn token(&self, who: &Who<'_>, purpose: Purpose) -> Result<Held, TokenFailure> {
        let place = self.place(who, purpose);
        let mut kept = place.lock().await;
        let now = self.client.clock().now();
        match &*kept {
            Some(Kept::Token(held)) if now < held.renew_at => return Ok(held.clone()),
            Some(Kept::Failure(failure, until)) if now < *until => return Err(failure.clone()),
            _ => {}
        }
        let fetched = self.fetch(who, purpose).await;
        *kept = Some(match &fetched {
            Ok(held) => Kept::Token(held.clone()),
            Err(failure) => {
                let until = later(self.client.clock().now(), TOKEN_FAILURE_KEPT);
                Kept::Failure(failure.clone(), until)
            }
        });
        fetched
    }

    /// Drops a token that was refused, unless another request has already fetched a newer one.
    pub async fn forget(&self, who: &Who<'_>, purpose: Purpose, refused: &Held) {
        let place = self.place(who, purpose);
        let mut kept = place.lock().await;
        if matches!(&*kept, Some(Kept::Token(held)) if Arc::ptr_eq(&held.token, &refused.token)) {
            *kept = None;
        }
    }

    fn place(&self, who: &Who<'_>, purpose: Purpose) -> Place {
        let key = Key {
            // A credential says where secrets are, never what they are: its text may be a key.
            credential: format!("{:?}", who.credential),
            authority: who.cloud.authority.clone(),
            scope: purpose.scope(who),
            purpose,
        };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(key).or_default())
    }

    async fn fetch(&self, who: &Who<'_>, purpose: Purpose) -> Result<Held, TokenFailure> {
        let (scope, now) = (purpose.scope(who), self.client.clock().now());
        let source = chain::resolve(who, purpose, &self.surroundings).await?;
        let (origin, is_principal) = (source.origin(), source.is_principal());
        let fetched = match source {
            Source::Fixed { token, .. } => {
                return Ok(Held {
                    token: Arc::new(token),
                    origin,
                    is_principal,
                    renewable: false,
                    renew_at: Timestamp::MAX,
                });
            }
            Source::Principal(principal) => entra::token(&self.client, &principal, &scope).await,
            Source::AzureCli { program, tenant } => {
                azure_cli::token(&program, tenant.as_deref(), &scope, now).await
            }
        };
        let fresh = fetched.map_err(|failure| TokenFailure {
            message: format!("no token from {origin}: {}", failure.message),
            ..failure
        })?;
        // A token that lives no longer than the margin would be fetched for every request.
        let margin = purpose.margin().min(fresh.lifetime / 4);
        Ok(Held {
            token: Arc::new(fresh.token),
            origin,
            is_principal,
            renewable: true,
            renew_at: later(now, fresh.lifetime.saturating_sub(margin)),
        })
    }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
