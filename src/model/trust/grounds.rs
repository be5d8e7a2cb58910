//! What says yes to a use of a credential.

/// What says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grounds {
    /// It belongs to Azure itself, or is a source that needs no leave.
    BuiltIn,
    /// The simulator stands in for every host.
    Simulator,
    /// `AZURE_AUTHORITY_HOST`, which is the operator's own word.
    Environment,
    /// `--allow-loopback`.
    Loopback,
    /// A policy.
    Policy,
    /// A person, now or in an earlier command.
    Person,
}

impl Grounds {
    /// For people; `None`: nobody had to allow it.
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Self::BuiltIn | Self::Simulator => None,
            Self::Environment => Some("set by AZURE_AUTHORITY_HOST"),
            Self::Loopback => Some("allowed by --allow-loopback"),
            Self::Policy => Some("allowed by policy"),
            Self::Person => Some("allowed by a person"),
        }
    }
}
