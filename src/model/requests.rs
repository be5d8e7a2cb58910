//! How many requests were sent, by what services meter them by.

use std::collections::BTreeMap;

/// Requests by class, and within it by kind (`adf.listAuthKeys`), repeats included.
pub type Requests = BTreeMap<RequestClass, BTreeMap<String, u64>>;

/// What a request is metered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestClass {
    /// Azure Resource Manager: what its RBAC calls a read.
    ArmReads,
    /// Azure Resource Manager: everything else. Listing keys is among it.
    ArmWrites,
    /// A Databricks workspace.
    Databricks,
    /// A key vault.
    Vault,
    /// Token services.
    SignIns,
    /// The ledger, where it lies in Azure Storage.
    Ledger,
}

#[cfg(test)]
impl RequestClass {
    /// In their order.
    pub const ALL: [Self; 6] = [
        Self::ArmReads,
        Self::ArmWrites,
        Self::Databricks,
        Self::Vault,
        Self::SignIns,
        Self::Ledger,
    ];
}

/// Requests of all classes together.
pub fn sum(requests: &Requests) -> u64 {
    requests.values().map(of_class).fold(0, u64::saturating_add)
}

/// Requests of one class.
pub fn of_class(kinds: &BTreeMap<String, u64>) -> u64 {
    kinds.values().copied().fold(0, u64::saturating_add)
}
