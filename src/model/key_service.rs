//! The services whose resources have two keys, and what each calls its own.

use super::address::{Identity, ResourceId};
use super::kind::Kind;
use super::runtime::slot::Slot;

/// A service whose resources have two keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyService {
    /// Azure Data Factory: integration runtimes of a factory.
    #[default]
    DataFactory,
    /// Azure Synapse Analytics: integration runtimes of a workspace.
    Synapse,
    /// Azure Storage: accounts of a subscription.
    Storage,
}

impl KeyService {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DataFactory, Self::Synapse, Self::Storage];

    /// The kind of document that connects to it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::DataFactory => Kind::DataFactory,
            Self::Synapse => Kind::SynapseWorkspace,
            Self::Storage => Kind::Subscription,
        }
    }

    /// The service that a resource with keys is of. A resource of another type is taken for a runtime: only such were known once.
    pub fn of(resource: &ResourceId) -> Self {
        let id = resource.folded();
        let is_of = |service: &Self| {
            let provider = format!("/providers/{}/", service.resource_type());
            id.contains(&provider.to_ascii_lowercase())
        };
        Self::ALL.into_iter().find(is_of).unwrap_or_default()
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::DataFactory => "Data Factory",
            Self::Synapse => "Synapse",
            Self::Storage => "Azure Storage",
        }
    }

    /// What people call one resource, in short.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::DataFactory | Self::Synapse => "runtime",
            Self::Storage => "storage account",
        }
    }

    /// Do machines register with its keys, so that a status tells of them?
    pub const fn has_nodes(self) -> bool {
        match self {
            Self::DataFactory | Self::Synapse => true,
            Self::Storage => false,
        }
    }

    /// The service's name for one of the two keys.
    pub const fn key_name(self, slot: Slot) -> &'static str {
        match (self, slot) {
            (Self::DataFactory | Self::Synapse, Slot::One) => "authKey1",
            (Self::DataFactory | Self::Synapse, Slot::Two) => "authKey2",
            (Self::Storage, Slot::One) => "key1",
            (Self::Storage, Slot::Two) => "key2",
        }
    }

    /// Reads the service's name for a key.
    pub fn key_named(self, text: &str) -> Option<Slot> {
        Slot::BOTH
            .into_iter()
            .find(|slot| self.key_name(*slot) == text)
    }

    /// The guardrail that bounds how many keys are regenerated in one of what holds its resources.
    pub const fn guardrail(self) -> &'static str {
        match self {
            Self::DataFactory | Self::Synapse => "maxRegenerations.perFactory",
            Self::Storage => "maxRegenerations.perSubscription",
        }
    }

    /// What is below the resource that such a guardrail speaks of, in ids in lower case.
    pub const fn below_holder(self) -> &'static str {
        match self {
            Self::DataFactory | Self::Synapse => "/integrationruntimes/",
            Self::Storage => "/resourcegroups/",
        }
    }

    /// The type of the resource that holds the keys, or that holds those which do.
    pub const fn resource_type(self) -> &'static str {
        match self {
            Self::DataFactory => "Microsoft.DataFactory/factories",
            Self::Synapse => "Microsoft.Synapse/workspaces",
            Self::Storage => "Microsoft.Storage/storageAccounts",
        }
    }
}

impl Identity {
    /// Whose keys it has. Of what has none, the default: nobody asks.
    pub fn key_service(&self) -> KeyService {
        match self {
            Self::Runtime(id) => KeyService::of(id),
            Self::Job(..) | Self::Submission(..) => KeyService::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_the_service_and_with_it_the_names_of_the_keys() {
        let key = |id: &str| KeyService::of(&ResourceId::new(id)).key_name(Slot::Two);
        let account =
            "/subscriptions/s/resourceGroups/rg/providers/microsoft.storage/STORAGEACCOUNTS/data";
        assert_eq!(key(account), "key2");
        let runtime = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Synapse/workspaces/w/integrationRuntimes/r";
        assert_eq!(key(runtime), "authKey2");
        assert_eq!(KeyService::Storage.key_named("key1"), Some(Slot::One));
        assert_eq!(KeyService::Storage.key_named("authKey1"), None);
    }
}
