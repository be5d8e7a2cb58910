//! What manifests and saved plans ask for, and what would allow it.

use std::fmt;

use super::host::Host;
use super::role::Role;
use super::source::Source;
use crate::escape::{line, quoted};
use crate::model::connection::Cloud;
use crate::model::desired::{LedgerPlace, Place};

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

    /// What a vault at `host` asks beside what its cloud does: the host, and the audience of its tokens.
    pub fn of_vault(cloud: &Cloud, host: &Host) -> [Self; 2] {
        [
            Self::Host {
                role: Role::Vault,
                host: host.clone(),
                cloud: Some(Box::new(cloud.clone())),
            },
            Self::Audience {
                role: Role::Vault,
                host: host.clone(),
                audience: cloud.vault_resource.clone(),
                cloud: Box::new(cloud.clone()),
            },
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
