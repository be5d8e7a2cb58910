//! All tokens of one command, in memory until shortly before they expire.
//!
//! No token is written anywhere. Requests that need the same token at the same time share one fetch.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use url::Url;

use super::super::surroundings::Surroundings;
use super::super::who::host_and_port;
use super::device::People;
use super::managed::Machine;
use super::source::Source;
use super::token::{Held, Purpose, TokenFailure, Want, Why, later};
use super::ways::{self, Around, Lack};
use super::{azure_cli, chain, entra, managed, oauth};
use crate::http::Client;
use crate::limits::TOKEN_FAILURE_KEPT;
use crate::model::connection::Credential;
use crate::model::time::Timestamp;
use crate::model::trust::{Denied, Host, Role, Trust};
use crate::mutex::Mutex;

/// What one slot of the vault holds.
enum Kept {
    Token(Held),
    /// A failure is kept for a moment: a thousand requests must not each run a slow sign-in that cannot work.
    Failure(TokenFailure, Timestamp),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    credential: Credential,
    authority: String,
    scope: String,
    purpose: Purpose,
    /// Where tokens are a workspace's own.
    host: Option<String>,
}

type Place = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// All tokens of one command.
pub(in crate::cloud) struct Vault {
    client: Client,
    surroundings: Surroundings,
    trust: Trust,
    places: Mutex<HashMap<Key, Place>>,
    people: People,
    machine: Machine,
    /// How many workspaces the `DATABRICKS_` variables may be meant for; 0: nobody has said.
    meant_by_variables: AtomicUsize,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    pub fn new(client: Client, surroundings: Surroundings, trust: Trust) -> Self {
        Self {
            client,
            surroundings,
            trust,
            places: Mutex::default(),
            people: People::default(),
            machine: Machine::default(),
            meant_by_variables: AtomicUsize::new(0),
        }
    }

    /// The environment that it looks in.
    pub const fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// There are so many workspaces that the `DATABRICKS_` variables may be meant for.
    pub fn mean_by_variables(&self, workspaces: usize) {
        self.meant_by_variables.store(workspaces, Ordering::Relaxed);
    }

    /// What is trusted in this command.
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// May whoever gives this token be shown a secret, and may the token go where it is wanted? The one place where that is asked:
    /// without a yes there is no token. Of a ledger's blob `storage` has asked.
    fn cleared(&self, want: &Want<'_>) -> Result<(), Denied> {
        let (cloud, trust) = (want.who.cloud, &self.trust);
        let authority = Host::of_address(&cloud.authority);
        trust.host(Role::Authority, &authority, Some(cloud))?;
        let (role, host) = match want.purpose {
            Purpose::Storage => return Ok(()),
            Purpose::Arm => (
                Role::ResourceManager,
                Host::of_address(&cloud.resource_manager),
            ),
            Purpose::Databricks | Purpose::DatabricksManagement => {
                (Role::Databricks, host_of(want))
            }
            Purpose::Vault => (Role::Vault, host_of(want)),
        };
        trust.host(role, &host, Some(cloud))?;
        trust.audience(role, &host, want.resource(), cloud)?;
        Ok(())
    }

    /// A token that does not end soon. Requests that want the same one wait for one fetch.
    pub async fn token(&self, want: &Want<'_>) -> Result<Held, TokenFailure> {
        let cleared = self.cleared(want);
        cleared.map_err(|denied| TokenFailure::new(denied.to_string()))?;
        let place = self.place(want);
        let mut kept = place.lock().await;
        let now = self.client.clock().now();
        match &*kept {
            Some(Kept::Token(held)) if now < held.renew_at => return Ok(held.clone()),
            Some(Kept::Failure(failure, until)) if now < *until => return Err(failure.clone()),
            _ => {}
        }
        let fetched = self.fetch(want).await;
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
    pub async fn forget(&self, want: &Want<'_>, refused: &Held) {
        let place = self.place(want);
        let mut kept = place.lock().await;
        if matches!(&*kept, Some(Kept::Token(held)) if Arc::ptr_eq(&held.token, &refused.token)) {
            *kept = None;
        }
    }

    fn place(&self, want: &Want<'_>) -> Place {
        let key = Key {
            credential: want.who.credential.clone(),
            authority: want.who.cloud.authority.clone(),
            scope: want.scope(),
            purpose: want.purpose,
            host: self.own_host(want),
        };
        let mut places = self.places.lock();
        Arc::clone(places.entry(key).or_default())
    }

    /// One token of Entra ID opens all workspaces; one that a workspace gives, or that is for one host, opens that one alone.
    fn own_host(&self, want: &Want<'_>) -> Option<String> {
        let set = |name: &&str| self.surroundings.var(name).is_some();
        let is_own = match want.who.credential {
            Credential::DatabricksOauth { .. } => true,
            Credential::Default => [
                "DATABRICKS_TOKEN",
                "DATABRICKS_CLIENT_ID",
                "DATABRICKS_CLIENT_SECRET",
                "DATABRICKS_CONFIG_PROFILE",
                "DATABRICKS_AUTH_TYPE",
            ]
            .iter()
            .any(set),
            _ => false,
        };
        want.at.filter(|_| is_own).map(host_and_port)
    }

    async fn fetch(&self, want: &Want<'_>) -> Result<Held, TokenFailure> {
        let source = self.resolve(want).await?;
        let found = match &source {
            Source::Managed(identity) => identity.by_chance().cloned(),
            _ => None,
        };
        let first = self.fetch_from(source, want).await;
        let gives = match &first {
            Ok(_) => Some(Ok(())),
            Err((_, failure)) if failure.why == Why::Absent => Some(Err(failure.message.clone())),
            Err(_) => None,
        };
        if let (Some(which), Some(gives)) = (found, gives)
            && self.machine.settle(&which, gives).await.is_err()
        {
            // The machine turned out to have no identity to give: the chain goes on behind it.
            let second = self.fetch_from(self.resolve(want).await?, want).await;
            return second.map_err(|(source, failure)| explained(source, failure, want.purpose));
        }
        first.map_err(|(source, failure)| explained(source, failure, want.purpose))
    }

    async fn resolve(&self, want: &Want<'_>) -> Result<Source, TokenFailure> {
        let around = Around {
            client: &self.client_for(want.purpose),
            here: &self.surroundings,
            machine: &self.machine,
            trust: &self.trust,
            meant_by_variables: self.meant_by_variables.load(Ordering::Relaxed),
        };
        chain::resolve(&around, want).await
    }

    /// What was done is written down also after the command's time, and a ledger in a blob wants to know by whom.
    fn client_for(&self, purpose: Purpose) -> Client {
        match purpose {
            Purpose::Storage => self.client.for_the_ledger(),
            Purpose::Arm | Purpose::Databricks | Purpose::DatabricksManagement | Purpose::Vault => {
                self.client.clone()
            }
        }
    }

    /// A failure comes back with its source, since what it means depends on that.
    async fn fetch_from(
        &self,
        source: Source,
        want: &Want<'_>,
    ) -> Result<Held, (Source, TokenFailure)> {
        let client = &self.client_for(want.purpose);
        let (scope, now) = (want.scope(), client.clock().now());
        let (origin, vouched) = (source.origin(), source.vouched());
        let fetched = match &source {
            Source::Fixed { token, .. } => {
                return Ok(Held {
                    token: Arc::new(token.clone()),
                    origin,
                    vouched,
                    renewable: false,
                    renew_at: Timestamp::MAX,
                });
            }
            Source::Principal(principal) => entra::token(client, principal, &scope).await,
            Source::Managed(identity) => managed::token(client, identity, want.resource()).await,
            Source::AzureCli {
                program, tenant, ..
            } => azure_cli::token(program, tenant.as_deref(), &scope, now).await,
            Source::Person(person) => {
                let here = &self.surroundings;
                self.people.token(client, here, person, &scope).await
            }
            Source::Databricks(application) => match want.at {
                Some(workspace) => oauth::token(client, application, workspace).await,
                None => Err(TokenFailure::new("it opens workspaces only")),
            },
        };
        let fresh = fetched.map_err(|failure| (source, failure))?;
        // A person or a slow program may have taken its time.
        let now = self.client.clock().now();
        // A token that lives no longer than the margin would be fetched for every request.
        let margin = want.purpose.margin().min(fresh.lifetime / 4);
        Ok(Held {
            token: Arc::new(fresh.token),
            origin,
            vouched,
            renewable: true,
            renew_at: later(now, fresh.lifetime.saturating_sub(margin)),
        })
    }
}

/// The host of the workspace or the vault that is asked; of none, one that nobody trusts.
fn host_of(want: &Want<'_>) -> Host {
    Host::of_address(want.at.map_or("", Url::as_str))
}

/// Names the source. At the end of the chain an Azure CLI that nobody is signed in to is one more way that is not there.
fn explained(source: Source, failure: TokenFailure, purpose: Purpose) -> TokenFailure {
    match source {
        Source::AzureCli { mut before, .. } if failure.why == Why::Absent && !before.is_empty() => {
            before.push(Lack::new("Azure CLI", failure.message));
            ways::none(&before, purpose)
        }
        source => TokenFailure {
            message: format!("no token from {}: {}", source.origin(), failure.message),
            ..failure
        },
    }
}
