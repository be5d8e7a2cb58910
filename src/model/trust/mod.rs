//! What a credential may be used for. A manifest or a saved plan asks. The answer comes from outside both: from built-in clouds, a policy,
//! a person, or the command line.
//!
//! Nothing is trusted on the word of the document that asks for it. Each role of a cloud is judged by itself.

mod host;
mod source;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::connection::{Cloud, DATABRICKS_APPLICATION, blob_cloud};
use super::desired::{LedgerPlace, Place};
use crate::escape::{line, quoted};

pub use host::{Host, HostPattern};
pub use source::{SECRET_FOLDERS, Source, VariablePattern};
pub use used::{Use, Used};

/// What a host does for afresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Entra ID: gives tokens, and is shown secrets for them.
    Authority,
    /// Azure Resource Manager.
    ResourceManager,
    /// A Databricks workspace.
    Databricks,
    /// Azure Storage, where a ledger may lie.
    Storage,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [
        Self::Authority,
        Self::ResourceManager,
        Self::Databricks,
        Self::Storage,
    ];

    /// Its field in a policy.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::ResourceManager => "resourceManager",
            Self::Databricks => "databricks",
            Self::Storage => "storage",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "authority",
            Self::ResourceManager => "Resource Manager",
            Self::Databricks => "Databricks",
            Self::Storage => "storage",
        })
    }
}

/// What says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grounds {
    /// It belongs to Azure itself, or is a source that needs no leave.
    BuiltIn,
    /// The simulator stands in for every host.
    Simulator,
    /// `AZURE_AUTHORITY_HOST`, which is the operator's own word.
    Environment,
    /// `--allow-loopback`.
    Loopback,
    /// A policy.
    Policy,
    /// A person, now or in an earlier command.
    Person,
}

/// Something that a manifest or a saved plan names and that needs a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// May credentials go to this host?
    Host {
        /// What it is there for.
        role: Role,
        /// Which.
        host: Host,
        /// The cloud that names it; of a ledger's blob, none.
        cloud: Option<Box<Cloud>>,
    },
    /// May a token of this audience go to this host?
    Audience {
        /// What the host is there for.
        role: Role,
        /// Where the token goes.
        host: Host,
        /// What it opens.
        audience: String,
        /// The cloud that says so.
        cloud: Box<Cloud>,
    },
    /// May a secret come from there?
    Source(Source),
}

/// A question, and where it stands in the manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What is asked.
    pub ask: Ask,
    /// Where; of a saved plan, nowhere.
    pub place: Option<Place>,
}

/// Why there is no yes, for people: what is asked, and what to allow where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was asked for.
    pub ask: Ask,
    /// What is lacking.
    pub lack: Lack,
}

/// What is lacking for a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A policy, or a person.
    Leave,
    /// `--allow-loopback`.
    LoopbackFlag,
    /// Loopback is allowed, but not beside hosts that are none.
    OnlyLoopback,
}

/// What a policy allows beyond what needs no leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Hosts by role.
    pub hosts: BTreeMap<Role, Vec<HostPattern>>,
    /// Audiences of tokens, by the role of the host that they go to.
    pub audiences: BTreeMap<Role, Vec<String>>,
    /// Environment variables that a secret may come from.
    pub variables: Vec<VariablePattern>,
    /// Folders and files that a secret may come from, with links resolved.
    pub files: Vec<PathBuf>,
    /// Ids of service connections of Azure Pipelines.
    pub service_connections: Vec<String>,
}

/// Everything that is trusted in one command. By default: Azure's own hosts and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// No request leaves this process.
    pub is_simulated: bool,
    /// `--allow-loopback` was given.
    pub allows_loopback: bool,
    /// The host of the ledger's blob, if it is one.
    pub ledger: Option<Host>,
    /// A connection's cloud has a host that is none of this machine's.
    pub reaches_beyond: bool,
    /// What the policy allows.
    pub allowed: Allowed,
    /// Hosts that a person has allowed.
    pub remembered: BTreeSet<(Role, HostPattern)>,
    /// Folders whose files a manifest may name as a secret's source, with links resolved: the project's, and where secrets are mounted.
    pub folders: Vec<PathBuf>,
    /// The service connection that the pipeline itself has, by its variables.
    pub service_connection: Option<String>,
}

impl Trust {
    /// For a command whose requests all go to the simulator.
    pub fn simulated() -> Self {
        Self {
            is_simulated: true,
            ..Self::default()
        }
    }

    /// With this ledger, beside these clouds of connections: on loopback is all of it or nothing.
    #[must_use]
    pub fn whole<'a>(
        self,
        place: &LedgerPlace,
        mut clouds: impl Iterator<Item = &'a Cloud>,
    ) -> Self {
        let ledger = match place {
            LedgerPlace::File(_) => None,
            LedgerPlace::Blob(address) => Some(Host::of_address(address)),
        };
        let reaches_beyond = clouds.any(|cloud| !cloud.is_loopback());
        Self {
            ledger,
            reaches_beyond,
            ..self
        }
    }

    /// May credentials go to this host? `cloud` is the one that names it; of a ledger's blob, none.
    ///
    /// # Errors
    /// What is lacking.
    pub fn host(&self, role: Role, host: &Host, cloud: Option<&Cloud>) -> Result<Grounds, Denied> {
        let denied = |lack| Denied {
            ask: Ask::Host {
                role,
                host: host.clone(),
                cloud: cloud.cloned().map(Box::new),
            },
            lack,
        };
        if self.is_simulated {
            return Ok(Grounds::Simulator);
        }
        if home(role, host).is_some() {
            return Ok(Grounds::BuiltIn);
        }
        if host.is_loopback() {
            // A ledger belongs to every cloud beside it.
            let is_whole = cloud.map_or(!self.reaches_beyond, Cloud::is_loopback)
                && self.ledger.as_ref().is_none_or(Host::is_loopback);
            return match (self.allows_loopback, is_whole) {
                (false, _) => Err(denied(Lack::LoopbackFlag)),
                (true, false) => Err(denied(Lack::OnlyLoopback)),
                (true, true) => Ok(Grounds::Loopback),
            };
        }
        let patterns = self.allowed.hosts.get(&role);
        // Which host of a domain a workspace has is looked up. Where the policy names hosts of it, that one is asked about before a token is
        // fetched for it.
        let covers = |one: &HostPattern| one.covers(host) || one.is_one_of(host);
        if patterns.is_some_and(|all| all.iter().any(covers)) {
            return Ok(Grounds::Policy);
        }
        let is_it = |(known, pattern): &(Role, HostPattern)| *known == role && pattern.covers(host);
        if self.remembered.iter().any(is_it) {
            return Ok(Grounds::Person);
        }
        Err(denied(Lack::Leave))
    }

    /// May a token of this audience go to this host, which may have credentials? Audiences of Azure's own services go to their own
    /// hosts; a host of another cloud gets tokens for itself, and for Databricks.
    ///
    /// # Errors
    /// The audience is another service's, and the policy does not allow it.
    pub fn audience(
        &self,
        role: Role,
        host: &Host,
        audience: &str,
        cloud: &Cloud,
    ) -> Result<Grounds, Denied> {
        if self.is_simulated {
            return Ok(Grounds::Simulator);
        }
        let bare = audience.trim_end_matches('/');
        let fits = match (role, home(role, host)) {
            (Role::Authority | Role::Storage, _) => false,
            (Role::Databricks, _) if audience == DATABRICKS_APPLICATION => true,
            (_, Some(home)) => home.manager_audiences().contains(&bare),
            (_, None) if host.is_loopback() => is_manager_audience(bare) || is_own(cloud, bare),
            (_, None) => is_own(cloud, bare),
        };
        if fits {
            return Ok(Grounds::BuiltIn);
        }
        let allowed = self.allowed.audiences.get(&role);
        if allowed.is_some_and(|all| all.iter().any(|one| one.trim_end_matches('/') == bare)) {
            return Ok(Grounds::Policy);
        }
        Err(Denied {
            ask: Ask::Audience {
                role,
                host: host.clone(),
                audience: audience.to_owned(),
                cloud: Box::new(cloud.clone()),
            },
            lack: Lack::Leave,
        })
    }

    /// Answers one question. `resolve` gives a file's path without links.
    ///
    /// # Errors
    /// What is lacking.
    pub fn judge(
        &self,
        ask: &Ask,
        resolve: impl Fn(&std::path::Path) -> PathBuf,
    ) -> Result<Grounds, Denied> {
        match ask {
            Ask::Host { role, host, cloud } => self.host(*role, host, cloud.as_deref()),
            Ask::Audience {
                role,
                host,
                audience,
                cloud,
            } => self.audience(*role, host, audience, cloud),
            Ask::Source(Source::File(path)) => self.file(path, &resolve(path)),
            Ask::Source(source) => self.source(source),
        }
    }
}

/// The built-in cloud that this host belongs to in this role.
fn home(role: Role, host: &Host) -> Option<Cloud> {
    if !host.is_name() {
        return None;
    }
    if role == Role::Storage {
        return blob_cloud(host.as_str());
    }
    Cloud::built_in_all().into_iter().find(|cloud| match role {
        Role::Authority => Host::of_address(&cloud.authority) == *host,
        Role::ResourceManager => Host::of_address(&cloud.resource_manager) == *host,
        Role::Databricks => {
            cloud.owns_databricks_host(host.as_str()) || cloud.databricks_domain == host.as_str()
        }
        Role::Storage => false,
    })
}

fn is_manager_audience(bare: &str) -> bool {
    let all = Cloud::built_in_all();
    all.iter()
        .any(|cloud| cloud.manager_audiences().contains(&bare))
}

/// Is it the address of the cloud's own Resource Manager, which is none of Azure's?
fn is_own(cloud: &Cloud, bare: &str) -> bool {
    let manager = Host::of_address(&cloud.resource_manager);
    home(Role::ResourceManager, &manager).is_none()
        && !is_manager_audience(bare)
        && bare.starts_with("http")
        && Host::of_address(bare) == manager
}

impl Ask {
    /// The hosts that every connection to a cloud reaches: its authority and Resource Manager, and the audience of tokens for that.
    pub fn of_cloud(cloud: &Cloud) -> [Self; 3] {
        let manager = Host::of_address(&cloud.resource_manager);
        [
            Self::Host {
                role: Role::Authority,
                host: Host::of_address(&cloud.authority),
                cloud: Some(Box::new(cloud.clone())),
            },
            Self::Host {
                role: Role::ResourceManager,
                host: manager.clone(),
                cloud: Some(Box::new(cloud.clone())),
            },
            Self::Audience {
                role: Role::ResourceManager,
                host: manager,
                audience: cloud.audience.clone(),
                cloud: Box::new(cloud.clone()),
            },
        ]
    }

    /// What a workspace at `host` asks beside that: the host, the audience of its tokens, and that of the management token that it is
    /// shown.
    pub fn of_workspace(cloud: &Cloud, host: &Host) -> [Self; 3] {
        let audience = |audience: &String| Self::Audience {
            role: Role::Databricks,
            host: host.clone(),
            audience: audience.clone(),
            cloud: Box::new(cloud.clone()),
        };
        [
            Self::Host {
                role: Role::Databricks,
                host: host.clone(),
                cloud: Some(Box::new(cloud.clone())),
            },
            audience(&cloud.databricks_resource),
            audience(&cloud.databricks_management),
        ]
    }

    /// What a ledger asks, if it is a blob.
    pub fn of_ledger(place: &LedgerPlace) -> Option<Self> {
        match place {
            LedgerPlace::File(_) => None,
            LedgerPlace::Blob(address) => Some(Self::Host {
                role: Role::Storage,
                host: Host::of_address(address),
                cloud: None,
            }),
        }
    }

    /// What to write below `spec.allow` of a policy.
    pub fn allowance(&self) -> String {
        match self {
            Self::Host { role, host, .. } => format!("hosts: {{{}: [\"{host}\"]}}", role.field()),
            Self::Audience { role, audience, .. } => {
                format!("audiences: {{{}: [{}]}}", role.field(), quoted(audience))
            }
            Self::Source(source) => source.allowance(),
        }
    }
}

impl fmt::Display for Ask {
    /// `the authority 127.0.0.1:4771 of the cloud evil`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host {
                role: Role::Storage,
                host,
                ..
            } => write!(f, "the ledger's host {host}"),
            Self::Host { role, host, cloud } => {
                write!(f, "the {role} host {host}")?;
                cloud
                    .iter()
                    .try_for_each(|cloud| write!(f, " of the cloud {}", cloud.name))
            }
            Self::Audience {
                host,
                audience,
                cloud,
                ..
            } => write!(
                f,
                "the audience {} for tokens to {host} of the cloud {}",
                line(audience),
                cloud.name
            ),
            Self::Source(source) => source.fmt(f),
        }
    }
}

impl Denied {
    /// What is lacking, and how it is given, in one line.
    pub fn advice(&self) -> String {
        match self.lack {
            Lack::LoopbackFlag => {
                "give --allow-loopback if whatever listens there may have your credentials".to_owned()
            }
            Lack::OnlyLoopback => "--allow-loopback holds only if every host of the cloud and of the ledger is loopback".to_owned(),
            Lack::Leave => format!(
                "allow it in a policy, outside the manifests (--policy FILE): `allow: {{{}}}`",
                self.ask.allowance()
            ),
        }
    }
}

impl fmt::Display for Denied {
    /// `the authority host login.evil.example of the cloud evil is not trusted: allow it in a policy …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not trusted: {}", self.ask, self.advice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_enough_for_a_workspace_whose_host_is_looked_up() {
        let pattern = HostPattern::parse("adb-1.lab.example.com").unwrap();
        let hosts = BTreeMap::from([(Role::Databricks, vec![pattern])]);
        let trust = Trust {
            allowed: Allowed {
                hosts,
                ..Allowed::default()
            },
            ..Trust::default()
        };
        for (role, host, is_allowed) in [
            (Role::Databricks, ".lab.example.com", true),
            (Role::Databricks, "adb-1.lab.example.com", true),
            // What Azure names is asked about anew.
            (Role::Databricks, "adb-2.lab.example.com", false),
            (Role::Databricks, "lab.example.com", false),
            (Role::Databricks, ".evil.example", false),
            (Role::Databricks, ".west.lab.example.com", false),
            (Role::Authority, ".lab.example.com", false),
        ] {
            let found = trust.host(role, &Host::named(host), None);
            assert_eq!(found == Ok(Grounds::Policy), is_allowed, "{host}");
        }
    }

    #[test]
    fn what_only_ends_like_a_host_of_azure_is_none() {
        let trust = Trust::default();
        let storage = |address: &str| trust.host(Role::Storage, &Host::of_address(address), None);
        assert_eq!(
            storage("https://me.blob.core.windows.net/c/n"),
            Ok(Grounds::BuiltIn)
        );
        for address in [
            "https://me@evil.example/.blob.core.windows.net",
            "https://me:x@evil.example/?.blob.core.windows.net",
            "http://evil.example/.blob.core.windows.net",
            "https://evil.example:99999/.blob.core.windows.net",
            "evil.example/.blob.core.windows.net",
            "https://me.blob.core.windows.net@evil.example",
            "https://me.blob.core.windows.net:8443/c/n",
            "https://me.blob.core.windows.net./c/n",
            "https://me.blob.core.windows.net.evil.example/c/n",
        ] {
            assert!(storage(address).is_err(), "{address}");
        }
        let public = Cloud::named("public").unwrap();
        let workspace = |host: &str| {
            let host = Host::named(host);
            trust.host(Role::Databricks, &host, Some(&public))
        };
        assert_eq!(
            workspace("adb-1.7.azuredatabricks.net"),
            Ok(Grounds::BuiltIn)
        );
        for host in [
            "evil.example/.azuredatabricks.net",
            "evil.example#.azuredatabricks.net",
            "evil.example?.azuredatabricks.net",
            "evil.example\\.azuredatabricks.net",
            "me@evil.azuredatabricks.net",
            "evil.example\t.azuredatabricks.net",
            "adb-1.7.azuredatabricks.net.",
            "adb-1.7.azuredatabricks.net:8443",
        ] {
            assert!(workspace(host).is_err(), "{host}");
        }
    }
}
