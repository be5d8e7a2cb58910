//! Tokens: who proves what to whom, kept in memory until shortly before they end.
//!
//! Refuses: writing a token anywhere; fetching one twice because two requests want it at the same time.
//!
//! # Why not the official crate
//! `azure_identity` 1.0.0 was tried for what it covers; `benches/official_credentials/run` shows what it costs and, by checks against the
//! crate itself, what it conflicts with. Its `Secret` can be serialised and compared, and is not wiped. A refusal of Entra ID as it
//! really is (with an escape in its text) comes out as an error of the JSON reader, without status and AADSTS number, so that nobody can
//! be told what to do. Lifetimes come as text from some services and as numbers from others; it takes one of them at each place. It reckons
//! a token's end by the machine's clock, where ours can be set. It repeats requests by itself, nine sends of one refused request, beside
//! our patience, deadlines and counts. It reads the process's environment by itself, which only `cli` may. The metadata service cannot
//! be moved to loopback, and an authority there needs TLS, so the simulated cloud could not be asked. The Azure CLI goes through a shell.
//! A managed identity of App Service cannot be named by resource id. GitHub, device codes, a certificate without OpenSSL, Databricks and
//! the chain are not in it: most of what is here would stay.
//!
//! # What is wiped
//! Tokens, secrets, forms, header fields and answers, when the last copy goes. Not wiped: the environment that the kernel keeps for this
//! process, pages of files in its cache, buffers of hyper, HTTP/2 and rustls, and the reader's scratch space for a string with escapes.

mod advice;
mod azure_cli;
mod certificate;
mod chain;
mod databricks;
mod device;
mod entra;
mod federated;
mod grant;
mod lookup;
mod managed;
mod oauth;
mod profile;

pub(super) use lookup::CONNECTIONS;
pub use lookup::{AUTHORITY_HOST, public_authority};

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::call::{Who, host_and_port};
use super::surroundings::Surroundings;
use crate::http::{Cause, Client, Failure};
use crate::limits::TOKEN_FAILURE_KEPT;
use crate::model::connection::{Cloud, Credential};
use crate::model::time::Timestamp;
use crate::model::trust::{Denied, Host, Role, Trust};
use crate::mutex::Mutex;

use chain::Source;
use device::People;
use lookup::{Around, Lack};
use managed::Machine;

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

    /// What it opens, as Entra ID calls it.
    fn resource(self, cloud: &Cloud) -> &str {
        match self {
            Self::Arm => &cloud.audience,
            Self::Databricks => &cloud.databricks_resource,
            Self::DatabricksManagement => &cloud.databricks_management,
            Self::Storage => STORAGE,
        }
    }
}

/// A token that is wanted: by whom, for what, and at which workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want<'a> {
    pub who: Who<'a>,
    pub purpose: Purpose,
    /// The address of the workspace that is asked, whose host was checked.
    pub workspace: Option<&'a Url>,
}

impl<'a> Want<'a> {
    /// The same for another purpose.
    pub const fn for_purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    fn resource(&self) -> &'a str {
        self.purpose.resource(self.who.cloud)
    }

    /// The v2 scope. A resource that ends in a slash keeps it, so that two stand in a row.
    fn scope(&self) -> String {
        format!("{}/.default", self.resource())
    }
}

/// Whether a management token is shown to a workspace, as proof of rights on it in Azure: it lets in who is no member of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vouched {
    /// Principals of Azure: as the tools of Databricks do.
    Always,
    /// People, who are members as a rule; and getting one may take a slow program another start.
    IfTurnedAway,
    /// Tokens of the workspace's own.
    Never,
}

/// A token, and how it was come by.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub token: Arc<SecretString>,
    /// `environment (AZURE_CLIENT_SECRET)`, for people.
    pub origin: String,
    /// Whether a workspace is shown a management token beside it.
    pub vouched: Vouched,
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
            vouched: Vouched::Never,
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
    /// What it means for what comes next.
    pub why: Why,
}

/// What a failure to get a token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The method is there and fails.
    Refused,
    /// The method is not there after all: the `default` chain goes on.
    Absent,
    /// Nobody was asked any more: the command's time was over.
    TimeOver,
    /// It worked, and does not any more until a person does something.
    Ended,
}

impl TokenFailure {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            request_id: None,
            why: Why::Refused,
        }
    }

    /// Whoever `named` is gave no answer, or was not asked any more.
    fn unanswered(named: &str, failure: &Failure) -> Self {
        match failure.cause {
            Cause::TimeOver => Self {
                why: Why::TimeOver,
                ..Self::new(failure.what.as_str())
            },
            _ => Self::new(format!("{named} gave no answer: {failure}")),
        }
    }
}

/// The time that is left until `end`.
fn until(client: &Client, end: Timestamp) -> Duration {
    let left = end.duration_since(client.clock().now());
    Duration::try_from(left).unwrap_or(Duration::ZERO)
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
    /// Where tokens are a workspace's own.
    host: Option<String>,
}

type Place = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// All tokens of one command.
pub(super) struct Vault {
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
                let address = want.workspace.map_or("", Url::as_str);
                (Role::Databricks, Host::of_address(address))
            }
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
            // A credential says where secrets are, never what they are: its text may be a key.
            credential: format!("{:?}", want.who.credential),
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
        want.workspace.filter(|_| is_own).map(host_and_port)
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
            return second.map_err(|(source, failure)| explained(source, failure));
        }
        first.map_err(|(source, failure)| explained(source, failure))
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
            Purpose::Arm | Purpose::Databricks | Purpose::DatabricksManagement => {
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
            Source::Databricks(application) => match want.workspace {
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

/// Names the source. At the end of the chain an Azure CLI that nobody is signed in to is one more way that is not there.
fn explained(source: Source, failure: TokenFailure) -> TokenFailure {
    match source {
        Source::AzureCli { mut before, .. } if failure.why == Why::Absent && !before.is_empty() => {
            before.push(Lack::new("Azure CLI", failure.message));
            lookup::none(&before)
        }
        source => TokenFailure {
            message: format!("no token from {}: {}", source.origin(), failure.message),
            ..failure
        },
    }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
