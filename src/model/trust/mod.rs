//! What a credential may be used for. A manifest or a saved plan asks. The answer comes from outside both: from built-in clouds, a policy,
//! a person, or the command line.
//!
//! Nothing is trusted on the word of the document that asks for it. Each role of a cloud is judged by itself. Without a policy, a manifest may
//! name only variables and files that are there for secrets. Otherwise it could send the content of any other one to a service.

mod ask;
mod denied;
mod grounds;
pub(super) mod host;
mod role;
pub(super) mod source;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::connection::{Cloud, DATABRICKS_APPLICATION, blob_cloud};
use super::desired::LedgerPlace;

pub use ask::{Ask, Asked};
pub use denied::{Denied, Lack};
pub use grounds::Grounds;
pub use host::{Host, HostPattern};
pub use role::Role;
pub use source::{SECRET_FOLDERS, Source, VariablePattern};
pub use used::{Use, Used};

/// Variables that are there for credentials: a manifest may name any that begins so.
const SECRET_PREFIXES: [&str; 4] = ["AZURE_", "ARM_", "DATABRICKS_", "AFRESH_SECRET_"];

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
    /// Commands that may get a key: the program with all its arguments.
    pub commands: Vec<Vec<String>>,
}

/// Which commands of hand-offs may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// Those that the policy allows, word for word.
    #[default]
    Listed,
    /// All: `--allow-commands` was given.
    All,
}

/// Everything that is trusted in one command. By default: Azure's own hosts and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// No request leaves this process.
    pub is_simulated: bool,
    /// `--allow-loopback` was given.
    pub allows_loopback: bool,
    /// Which commands of hand-offs may run.
    pub commands: Commands,
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
    /// May a key be given to this program with these arguments? A manifest alone runs nothing, not even where everything is simulated.
    pub fn may_run(&self, argv: &[String]) -> bool {
        match self.commands {
            Commands::All => true,
            Commands::Listed => self.allowed.commands.iter().any(|known| known == argv),
        }
    }

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
    /// hosts; a host of another cloud gets tokens for itself, and for Databricks. A vault gets tokens for vaults of its own domain.
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
            (Role::Vault, Some(home)) => home.vault_resource == bare,
            (Role::Vault, None) => {
                is_of_vaults(cloud, bare) || host.is_loopback() && is_vault_audience(bare)
            }
            (Role::ResourceManager | Role::Databricks, Some(home)) => {
                home.manager_audiences().contains(&bare)
            }
            (Role::ResourceManager | Role::Databricks, None) => {
                is_own(cloud, bare) || host.is_loopback() && is_manager_audience(bare)
            }
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

    /// May a secret come from there? Files are asked about with [`Trust::file`].
    ///
    /// # Errors
    /// The policy does not allow it.
    pub fn source(&self, source: &Source) -> Result<Grounds, Denied> {
        if self.is_simulated {
            return Ok(Grounds::Simulator);
        }
        let allowed = &self.allowed;
        let (is_free, is_allowed) = match source {
            Source::Variable(name) => (
                SECRET_PREFIXES
                    .iter()
                    .any(|prefix| name.starts_with(prefix)),
                allowed.variables.iter().any(|pattern| pattern.covers(name)),
            ),
            Source::ServiceConnection(id) => {
                let is_it = |known: &String| known.eq_ignore_ascii_case(id);
                (
                    self.service_connection.as_ref().is_some_and(is_it),
                    allowed.service_connections.iter().any(is_it),
                )
            }
            Source::File(path) => return self.file(path, path),
        };
        self.answer(is_free, is_allowed, source.clone())
    }

    /// May a secret come from this file, which lies at `resolved` when links are followed?
    ///
    /// # Errors
    /// It lies elsewhere, and the policy does not allow it.
    pub fn file(&self, written: &Path, resolved: &Path) -> Result<Grounds, Denied> {
        let below = |folder: &PathBuf| resolved.starts_with(folder);
        self.answer(
            self.folders.iter().any(below),
            self.allowed.files.iter().any(below),
            Source::File(written.to_owned()),
        )
    }

    fn answer(&self, is_free: bool, is_allowed: bool, source: Source) -> Result<Grounds, Denied> {
        match (self.is_simulated, is_free, is_allowed) {
            (true, ..) => Ok(Grounds::Simulator),
            (_, true, _) => Ok(Grounds::BuiltIn),
            (_, _, true) => Ok(Grounds::Policy),
            (false, false, false) => Err(Denied {
                ask: Ask::Source(source),
                lack: Lack::Leave,
            }),
        }
    }

    /// Answers one question. `resolve` gives a file's path without links.
    ///
    /// # Errors
    /// What is lacking.
    pub fn judge(&self, ask: &Ask, resolve: impl Fn(&Path) -> PathBuf) -> Result<Grounds, Denied> {
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
        Role::Vault => cloud.owns_vault_host(host.as_str()) || cloud.vault_domain == host.as_str(),
        Role::Storage => false,
    })
}

fn is_manager_audience(bare: &str) -> bool {
    let all = Cloud::built_in_all();
    all.iter()
        .any(|cloud| cloud.manager_audiences().contains(&bare))
}

fn is_vault_audience(bare: &str) -> bool {
    let all = Cloud::built_in_all();
    all.iter().any(|cloud| cloud.vault_resource == bare)
}

/// Is it the address of the cloud's own domain of vaults, which is none of Azure's?
fn is_of_vaults(cloud: &Cloud, bare: &str) -> bool {
    let domain = Host::named(
        cloud
            .vault_domain
            .strip_prefix('.')
            .unwrap_or(&cloud.vault_domain),
    );
    !is_vault_audience(bare)
        && !is_manager_audience(bare)
        && bare.starts_with("http")
        && Host::of_address(bare) == domain
}

/// Is it the address of the cloud's own Resource Manager, which is none of Azure's?
fn is_own(cloud: &Cloud, bare: &str) -> bool {
    let manager = Host::of_address(&cloud.resource_manager);
    home(Role::ResourceManager, &manager).is_none()
        && !is_manager_audience(bare)
        && bare.starts_with("http")
        && Host::of_address(bare) == manager
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
    fn a_vault_gets_tokens_for_vaults_of_its_own_domain_and_nobody_else_does() {
        let (trust, public) = (Trust::default(), Cloud::named("public").unwrap());
        let goes = |role, host: &str, audience: &str| {
            let host = Host::named(host);
            let host_is_trusted = trust.host(role, &host, Some(&public)).is_ok();
            host_is_trusted && trust.audience(role, &host, audience, &public).is_ok()
        };
        let (vaults, manager) = ("https://vault.azure.net", "https://management.azure.com");
        assert!(goes(Role::Vault, "kv-data.vault.azure.net", vaults));
        for (role, host, audience) in [
            (Role::Vault, "kv-data.vault.azure.net", manager),
            (
                Role::Vault,
                "kv-data.vault.azure.net",
                "https://vault.azure.cn",
            ),
            (
                Role::Vault,
                "kv-data.vault.azure.net",
                "https://storage.azure.com",
            ),
            (
                Role::Vault,
                "kv-data.vault.azure.net",
                DATABRICKS_APPLICATION,
            ),
            (Role::Vault, "kv-data.vault.azure.cn", vaults),
            (Role::Vault, "kv-data.vault.azure.net:8443", vaults),
            (Role::Vault, "kv-data.vault.azure.net.evil.example", vaults),
            (Role::Vault, "evil.example/kv-data.vault.azure.net", vaults),
            (Role::Vault, "adb-1.7.azuredatabricks.net", vaults),
            (Role::Vault, "127.0.0.1:4203", vaults),
            (Role::ResourceManager, "management.azure.com", vaults),
            (Role::ResourceManager, "kv-data.vault.azure.net", vaults),
            (Role::Databricks, "adb-1.7.azuredatabricks.net", vaults),
            (Role::Databricks, "kv-data.vault.azure.net", vaults),
        ] {
            assert!(!goes(role, host, audience), "{role} {host} {audience}");
        }
        // A cloud of one's own, whose hosts a person or a policy has allowed.
        let lab = Cloud {
            vault_domain: ".vaults.lab.example.com".to_owned(),
            ..public
        };
        let host = Host::named("kv-data.vaults.lab.example.com");
        let takes = |audience: &str| trust.audience(Role::Vault, &host, audience, &lab).is_ok();
        assert!(takes("https://vaults.lab.example.com"));
        for foreign in [
            vaults,
            manager,
            "https://lab.example.com",
            "https://evil.example",
        ] {
            assert!(!takes(foreign), "{foreign}");
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
