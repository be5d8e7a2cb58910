//! The two services that have integration runtimes, by the names that Azure has for them.

use serde::{Deserialize, Serialize};

/// Which service a factory is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Provider {
    #[default]
    DataFactory,
    /// A Synapse workspace has runtimes as a factory has them.
    Synapse,
}

impl Provider {
    /// As ids spell it.
    pub(crate) fn resource_type(self) -> &'static str {
        match self {
            Self::DataFactory => "Microsoft.DataFactory/factories",
            Self::Synapse => "Microsoft.Synapse/workspaces",
        }
    }

    /// What is before a name where effects are counted: both services may have a resource of one name.
    pub(crate) fn counted_as(self) -> &'static str {
        match self {
            Self::DataFactory => "",
            Self::Synapse => "synapse:",
        }
    }

    /// The list of a world file that its resources stand in.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::DataFactory => "factories",
            Self::Synapse => "synapseWorkspaces",
        }
    }

    /// The field in which the status of a runtime names the resource that has it.
    pub(crate) fn holder_field(self) -> &'static str {
        match self {
            Self::DataFactory => "dataFactoryName",
            Self::Synapse => "workspaceName",
        }
    }

    /// The versions of its API that it takes.
    pub(crate) fn versions(self) -> &'static [&'static str] {
        match self {
            Self::DataFactory => &["2018-06-01"],
            Self::Synapse => &["2021-03-01", "2021-06-01"],
        }
    }

    /// The service's name in the Activity Log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DataFactory => "Microsoft.DataFactory",
            Self::Synapse => "Microsoft.Synapse",
        }
    }
}
