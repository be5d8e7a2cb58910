//! A token that is requested, one that is held, and why there is none. Tokens are fetched elsewhere, and `Debug` does not show them.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::who::Who;
use crate::http::{Cause, Client, Failure};
use crate::model::connection::Cloud;
use crate::model::time::Timestamp;

/// Audience of Azure Storage, the same for every account of every cloud ("Authorize with Microsoft Entra ID").
const STORAGE: &str = "https://storage.azure.com";

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::cloud) enum Purpose {
    /// Azure Resource Manager.
    Arm,
    /// A Databricks workspace.
    Databricks,
    /// To show a workspace that a service principal may manage it in Azure.
    DatabricksManagement,
    /// A key vault.
    Vault,
    /// Azure Storage, where a ledger may lie.
    Storage,
}

impl Purpose {
    /// How long before its end a token is renewed. Databricks refuses tokens with 30 s left or less.
    pub(super) const fn margin(self) -> Duration {
        match self {
            Self::Arm | Self::Vault | Self::Storage => Duration::from_mins(5),
            Self::Databricks | Self::DatabricksManagement => Duration::from_mins(2),
        }
    }

    /// What it opens, as Entra ID calls it.
    fn resource(self, cloud: &Cloud) -> &str {
        match self {
            Self::Arm => &cloud.audience,
            Self::Databricks => &cloud.databricks_resource,
            Self::DatabricksManagement => &cloud.databricks_management,
            Self::Vault => &cloud.vault_resource,
            Self::Storage => STORAGE,
        }
    }
}

/// A token that is wanted: by whom, for what, and at which workspace or vault.
#[derive(Clone, Copy, Debug)]
pub(in crate::cloud) struct Want<'a> {
    pub who: Who<'a>,
    pub purpose: Purpose,
    /// The address of the workspace or the vault that is asked, whose host was checked.
    pub at: Option<&'a Url>,
}

impl<'a> Want<'a> {
    /// The same for another purpose.
    pub const fn for_purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    pub(super) fn resource(&self) -> &'a str {
        self.purpose.resource(self.who.cloud)
    }

    /// The v2 scope. A resource that ends in a slash keeps it, so that two stand in a row.
    pub(super) fn scope(&self) -> String {
        format!("{}/.default", self.resource())
    }
}

/// Whether a management token is shown to a workspace, as proof of rights on it in Azure: it lets in who is no member of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum Vouched {
    /// Principals of Azure: as the tools of Databricks do.
    Always,
    /// People, who are members as a rule; and getting one may take a slow program another start.
    IfTurnedAway,
    /// Tokens of the workspace's own.
    Never,
}

/// A token, and how it was come by.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct Held {
    pub token: Arc<SecretString>,
    /// `environment (AZURE_CLIENT_SECRET)`, for people.
    pub origin: String,
    /// Whether a workspace is shown a management token beside it.
    pub vouched: Vouched,
    /// Another one can be had when this one is refused.
    pub renewable: bool,
    pub(super) renew_at: Timestamp,
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
pub(in crate::cloud) struct TokenFailure {
    /// What happened and what to do.
    pub message: String,
    /// The authority's trace id.
    pub request_id: Option<String>,
    /// What it means for what comes next.
    pub why: Why,
}

/// What a failure to get a token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum Why {
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
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            request_id: None,
            why: Why::Refused,
        }
    }

    /// Whoever `named` is gave no answer, or was not asked any more.
    pub(super) fn unanswered(named: &str, failure: &Failure) -> Self {
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
pub(super) fn until(client: &Client, end: Timestamp) -> Duration {
    let left = end.duration_since(client.clock().now());
    Duration::try_from(left).unwrap_or(Duration::ZERO)
}

/// A token as its source gave it.
pub(super) struct Fresh {
    pub token: SecretString,
    pub lifetime: Duration,
}

pub(super) fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
