//! A method with everything it needs, however it was found.

use std::path::PathBuf;

use secrecy::SecretString;

use super::super::surroundings::Surroundings;
use super::device::Person;
use super::entra::{Principal, Proof};
use super::federated::Federated;
use super::managed::Identity;
use super::oauth::Application;
use super::token::{TokenFailure, Vouched};
use super::ways::Lack;

/// A method with all it needs.
pub(super) enum Source {
    /// A token that was handed in as it is.
    Fixed { token: SecretString, named: String },
    /// A service principal, with a secret or with what others say about this job.
    Principal(Principal),
    /// The machine's own identity.
    Managed(Identity),
    /// Whoever is signed in to the Azure CLI, after the ways of the chain that were not there.
    AzureCli {
        program: PathBuf,
        tenant: Option<String>,
        before: Vec<Lack>,
    },
    /// A person with a browser elsewhere.
    Person(Person),
    /// A service principal of Databricks.
    Databricks(Application),
}

impl Source {
    /// How people call it.
    pub fn origin(&self) -> String {
        match self {
            Self::Fixed { named, .. } => named.clone(),
            Self::Principal(principal) => principal.named.clone(),
            Self::Managed(identity) => identity.named(),
            Self::AzureCli { .. } => "Azure CLI".to_owned(),
            Self::Person(_) => "device code".to_owned(),
            Self::Databricks(application) => application.named.clone(),
        }
    }

    pub const fn vouched(&self) -> Vouched {
        match self {
            Self::Principal(_) | Self::Managed(_) => Vouched::Always,
            Self::AzureCli { .. } | Self::Person(_) => Vouched::IfTurnedAway,
            Self::Fixed { .. } | Self::Databricks(_) => Vouched::Never,
        }
    }
}

pub(super) fn federated(
    authority: String,
    tenant: &str,
    client_id: &str,
    federated: Federated,
) -> Source {
    Source::Principal(Principal {
        authority,
        tenant: tenant.to_owned(),
        client_id: client_id.to_owned(),
        named: federated.named(),
        proof: Proof::Federated(federated),
    })
}

pub(super) fn azure_cli(
    here: &Surroundings,
    tenant: Option<String>,
    before: Vec<Lack>,
) -> Result<Source, TokenFailure> {
    match here.azure_cli() {
        Some(program) => Ok(Source::AzureCli {
            program: program.clone(),
            tenant,
            before,
        }),
        None => Err(TokenFailure::new("there is no Azure CLI here")),
    }
}
