//! What hosts are there for: each role of a cloud is judged by itself.

use std::fmt;

/// What a host does for afresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Entra ID: gives tokens, and is shown secrets for them.
    Authority,
    /// Azure Resource Manager.
    ResourceManager,
    /// A Databricks workspace.
    Databricks,
    /// A key vault.
    Vault,
    /// Azure Storage, where a ledger may lie.
    Storage,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Authority,
        Self::ResourceManager,
        Self::Databricks,
        Self::Vault,
        Self::Storage,
    ];

    /// Its field in a policy.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::ResourceManager => "resourceManager",
            Self::Databricks => "databricks",
            Self::Vault => "vault",
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
            Self::Vault => "key vault",
            Self::Storage => "storage",
        })
    }
}
