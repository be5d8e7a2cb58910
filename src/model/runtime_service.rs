//! The services that have integration runtimes. They speak the same verbs, and each has its own names for them.

use super::key_service::KeyService;

/// A service with integration runtimes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuntimeService {
    /// Azure Data Factory: runtimes of a factory.
    #[default]
    DataFactory,
    /// Azure Synapse Analytics: runtimes of a workspace.
    Synapse,
}

impl RuntimeService {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::DataFactory, Self::Synapse];

    /// It as a service that has keys.
    pub const fn keys(self) -> KeyService {
        match self {
            Self::DataFactory => KeyService::DataFactory,
            Self::Synapse => KeyService::Synapse,
        }
    }

    /// What people call the resource that holds the runtimes, with the service's name.
    pub const fn holder(self) -> &'static str {
        match self {
            Self::DataFactory => "Data Factory",
            Self::Synapse => "Synapse workspace",
        }
    }

    /// Is reading the status of a runtime an action, for which a role that only reads has no right?
    pub const fn status_is_action(self) -> bool {
        match self {
            Self::DataFactory => false,
            Self::Synapse => true,
        }
    }
}
