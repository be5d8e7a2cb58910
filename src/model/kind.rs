//! The kinds of documents. Their names stand here and nowhere else in the program.

use std::fmt;

macro_rules! kinds {
    ($($(#[doc = $about:literal])* $kind:ident),* $(,)?) => {
        /// A kind of document: what a manifest's `kind:` says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[doc = $about])* $kind),* }

        impl Kind {
            /// All of them, in the order in which the reference tells of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name in a manifest.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind)),* }
            }
        }
    };
}

kinds! {
    /// What holds for all rules of a folder.
    Project,
    /// A connection: the integration runtimes of a Data Factory.
    DataFactory,
    /// A connection: the integration runtimes of a Synapse workspace.
    SynapseWorkspace,
    /// A connection: the storage accounts of an Azure subscription.
    Subscription,
    /// A connection: the jobs of a Databricks workspace.
    DatabricksWorkspace,
    /// An Azure of its own.
    Cloud,
    /// Who asks.
    Credential,
    /// A rule about keys.
    KeyAge,
    /// A rule about jobs.
    JobRun,
    /// What manifests may do.
    Policy,
    /// What somebody approved.
    Approval,
}

impl Kind {
    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// Documents of kinds with the same namespace have different names: addresses begin with the name of a connection.
    #[must_use]
    pub const fn namespace(self) -> Self {
        match self.key_age_field() {
            Some(_) => Self::DataFactory,
            None => self,
        }
    }

    /// The field of a `KeyAge` that names a connection of this kind; `None`: its keys are none of a `KeyAge`.
    pub const fn key_age_field(self) -> Option<&'static str> {
        match self {
            Self::DataFactory => Some("factory"),
            Self::SynapseWorkspace => Some("synapse"),
            Self::Subscription => Some("subscription"),
            Self::Project
            | Self::DatabricksWorkspace
            | Self::Cloud
            | Self::Credential
            | Self::KeyAge
            | Self::JobRun
            | Self::Policy
            | Self::Approval => None,
        }
    }

    /// Does a document of it promise something?
    pub const fn is_rule(self) -> bool {
        match self {
            Self::KeyAge | Self::JobRun => true,
            Self::Project
            | Self::DataFactory
            | Self::SynapseWorkspace
            | Self::Subscription
            | Self::DatabricksWorkspace
            | Self::Cloud
            | Self::Credential
            | Self::Policy
            | Self::Approval => false,
        }
    }

    /// Is it one that no other program has? Then a document of it is meant for afresh, whatever else its header says.
    pub const fn is_ours_alone(self) -> bool {
        match self {
            Self::DataFactory
            | Self::SynapseWorkspace
            | Self::DatabricksWorkspace
            | Self::KeyAge
            | Self::JobRun => true,
            Self::Project
            | Self::Subscription
            | Self::Cloud
            | Self::Credential
            | Self::Policy
            | Self::Approval => false,
        }
    }

    /// May a policy name it? There is always a Project, a Policy is not read from manifests, and an Approval asks for nothing.
    pub const fn is_chosen(self) -> bool {
        match self {
            Self::Project | Self::Policy | Self::Approval => false,
            Self::DataFactory
            | Self::SynapseWorkspace
            | Self::Subscription
            | Self::DatabricksWorkspace
            | Self::Cloud
            | Self::Credential
            | Self::KeyAge
            | Self::JobRun => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
