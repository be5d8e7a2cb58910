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

    /// The service's name in the Activity Log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DataFactory => "Microsoft.DataFactory",
            Self::Synapse => "Microsoft.Synapse",
        }
    }
}
