//! Who asks through a connection, and what it may do there.
//!
//! A token is never held here, only what it says of itself.

use super::address::ResourceId;
use super::runtime_service::RuntimeService;
use super::time::Timestamp;
use super::trouble::Trouble;

/// To see a Databricks job and its runs.
pub const CAN_VIEW: &str = "CAN VIEW";
/// To start and cancel runs of a Databricks job.
pub const CAN_MANAGE_RUN: &str = "CAN MANAGE RUN";

/// One place that is signed in to, and how that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The connection's name; `ledger` for the project's blob.
    pub name: String,
    /// What it leads to.
    pub place: Place,
    /// Whether it lets us in.
    pub entry: Entry,
    /// What is needed there, in the order in which the README tells it.
    pub rights: Vec<Right>,
}

/// What a connection leads to, in its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A Data Factory or a Synapse workspace, by its name.
    Factory(RuntimeService, String),
    /// The storage accounts of a subscription or a resource group, by its ARM id.
    Accounts(ResourceId),
    /// A Databricks workspace, by its host, or by its resource id where no host is given.
    Workspace(String),
    /// A key vault, by its name.
    Vault(String),
    /// The blob that the ledger lies in, by its address.
    Ledger(String),
}

/// Whether a place lets us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// There is no token.
    NoToken(Trouble),
    /// There is one, and the place refused it or did not answer.
    Refused(Identity, Trouble),
    /// The place took it.
    In(Identity),
}

/// Whom a token was given to, in the token's own words; nobody has checked its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// How it was come by: `environment (AZURE_CLIENT_SECRET)`, `Azure CLI`.
    pub credential: String,
    /// An application's client id (`appid`, `azp`).
    pub application: Option<String>,
    /// A person's sign-in name (`upn`, `preferred_username`), or what the service calls the caller.
    pub user: Option<String>,
    /// Its object id in its tenant (`oid`).
    pub object: Option<String>,
    /// Its tenant (`tid`).
    pub tenant: Option<String>,
    /// What the token is good for (`aud`).
    pub audience: Option<String>,
    /// When it ends (`exp`); `None`: it does not say.
    pub until: Option<Timestamp>,
}

/// Which command needs a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `plan`.
    Plan,
    /// `apply`, besides all that `plan` needs.
    Apply,
}

/// One right at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// What needs it.
    pub need: Need,
    /// An RBAC action, or a Databricks permission.
    pub name: String,
    /// The one thing in that place that it is about: a job. `None`: the place.
    pub on: Option<String>,
    /// Is it there?
    pub standing: Standing,
}

/// Is a right there?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is.
    Granted,
    /// It is not, and the service says so.
    Missing,
    /// Nobody may or can tell; why.
    Unknown(String),
}

impl Right {
    /// A right at the place itself.
    pub fn new(need: Need, name: &str, standing: Standing) -> Self {
        Self {
            need,
            name: name.to_owned(),
            on: None,
            standing,
        }
    }

    /// The same on one thing in that place.
    #[must_use]
    pub fn on(self, what: String) -> Self {
        Self {
            on: Some(what),
            ..self
        }
    }
}

impl Standing {
    /// What a read that takes the right tells about it. Only a 403 is a no.
    pub fn told_by<T>(outcome: &Result<T, Trouble>) -> Self {
        match outcome {
            Ok(_) => Self::Granted,
            Err(trouble) if trouble.kind.is_forbidden() => Self::Missing,
            Err(trouble) => Self::Unknown(trouble.to_string()),
        }
    }
}

impl Access {
    /// Can nothing be done through it?
    pub const fn is_closed(&self) -> bool {
        !matches!(self.entry, Entry::In(_))
    }

    /// Is a right surely missing that `need` takes?
    pub fn lacks(&self, need: Need) -> bool {
        let wanted = |right: &Right| right.need <= need && right.standing == Standing::Missing;
        self.rights.iter().any(wanted)
    }
}
