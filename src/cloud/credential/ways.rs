//! The methods that the `default` chain tries, why each may be skipped, and the context in which they are looked for.
//!
//! A method that is switched off is not tried (`ARM_USE_…=false`, `AZURE_TOKEN_CREDENTIALS`, `DATABRICKS_AUTH_TYPE`).

use super::super::surroundings::Surroundings;
use super::managed::Machine;
use super::token::{Purpose, TokenFailure};
use crate::http::Client;
use crate::model::trust::Trust;

/// What methods are looked for in.
pub(super) struct Around<'a> {
    pub client: &'a Client,
    pub here: &'a Surroundings,
    pub machine: &'a Machine,
    /// What a manifest may take secrets from.
    pub trust: &'a Trust,
    /// How many workspaces of the project the `DATABRICKS_` variables may be meant for.
    pub meant_by_variables: usize,
}

/// A way that is not there: how people call it, and what it lacks.
#[derive(Clone, Debug)]
pub(super) struct Lack {
    way: &'static str,
    what: String,
}

impl Lack {
    pub fn new(way: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { way, what }
    }
}

/// No credential was found: a line for each way that was tried. Manifests cannot name a credential for the ledger, so its advice differs.
pub(super) fn none(lacks: &[Lack], purpose: Purpose) -> TokenFailure {
    let other = match purpose {
        Purpose::Storage => "AZURE_STORAGE_SAS_TOKEN, which only the ledger uses",
        Purpose::Arm | Purpose::Databricks | Purpose::DatabricksManagement | Purpose::Vault => {
            "name a credential in the manifest"
        }
    };
    let lines: Vec<String> = lacks
        .iter()
        .map(|lack| format!("\n    {}: {}", lack.way, lack.what))
        .collect();
    TokenFailure::new(format!(
        "no credential was found; set one of these up, or {other}:{}",
        lines.join(";")
    ))
}

/// The ways of Azure, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Environment,
    WorkloadIdentity,
    Github,
    Pipelines,
    Managed,
    AzureCli,
}

impl Way {
    pub const ALL: [Self; 6] = [
        Self::Environment,
        Self::WorkloadIdentity,
        Self::Github,
        Self::Pipelines,
        Self::Managed,
        Self::AzureCli,
    ];

    pub const fn named(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::WorkloadIdentity => "workload identity",
            Self::Github => "GitHub OIDC",
            Self::Pipelines => "Azure Pipelines OIDC",
            Self::Managed => "managed identity",
            Self::AzureCli => "Azure CLI",
        }
    }

    /// Terraform's switch for it.
    const fn switch(self) -> Option<&'static str> {
        match self {
            Self::Environment => None,
            Self::WorkloadIdentity | Self::Github | Self::Pipelines => Some("ARM_USE_OIDC"),
            Self::Managed => Some("ARM_USE_MSI"),
            Self::AzureCli => Some("ARM_USE_CLI"),
        }
    }

    /// Is it one of those that `AZURE_TOKEN_CREDENTIALS` leaves? `None`: the word is none of those of the SDKs.
    fn is_among(self, chosen: &str) -> Option<bool> {
        Some(match chosen.to_ascii_lowercase().as_str() {
            "dev" | "azureclicredential" => self == Self::AzureCli,
            "prod" => self != Self::AzureCli,
            "environmentcredential" => self == Self::Environment,
            "workloadidentitycredential" => self == Self::WorkloadIdentity,
            "managedidentitycredential" => self == Self::Managed,
            _ => return None,
        })
    }

    /// Why it is passed over although it may be there.
    pub fn switched_off(
        self,
        here: &Surroundings,
        auth_type: Option<AuthType>,
    ) -> Result<Option<String>, TokenFailure> {
        const CHOICE: &str = "AZURE_TOKEN_CREDENTIALS";
        if auth_type.is_some_and(|meant| meant != AuthType::Azure(self)) {
            return Ok(Some(format!("{AUTH_TYPE} leaves it out")));
        }
        if let Some(chosen) = here.var(CHOICE) {
            let among = self.is_among(chosen).ok_or_else(|| {
                TokenFailure::new(format!(
                    "{CHOICE} is {chosen}; it may be dev, prod, EnvironmentCredential, WorkloadIdentityCredential, \
                     ManagedIdentityCredential or AzureCliCredential here"
                ))
            })?;
            if !among {
                return Ok(Some(format!("{CHOICE}={chosen} leaves it out")));
            }
        }
        let switch = self.switch().filter(|name| is(here, name, ["false", "0"]));
        Ok(switch.map(|name| format!("{name} switches it off")))
    }
}

pub(super) fn is(here: &Surroundings, name: &str, values: [&str; 2]) -> bool {
    let set = here.var(name).unwrap_or_default();
    values.iter().any(|value| set.eq_ignore_ascii_case(value))
}

/// Leaves one way into workspaces, as for the tools of Databricks.
pub(super) const AUTH_TYPE: &str = "DATABRICKS_AUTH_TYPE";

/// What an `auth_type` of Databricks means here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthType {
    Token,
    Oauth,
    Azure(Way),
}

impl AuthType {
    /// `None`: this version does not know that way.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "pat" => Self::Token,
            "oauth-m2m" => Self::Oauth,
            "azure-client-secret" => Self::Azure(Way::Environment),
            "azure-msi" => Self::Azure(Way::Managed),
            "azure-cli" => Self::Azure(Way::AzureCli),
            "github-oidc-azure" => Self::Azure(Way::Github),
            _ => return None,
        })
    }
}
