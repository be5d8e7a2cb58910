//! Paths of Azure Resource Manager, compared without regard to case. A known path with the wrong verb is an error.

use super::super::message::Incoming;
use super::super::operation::Operation;
use super::super::provider::Provider;

/// A resource in a resource group: a factory with perhaps a runtime in it, a workspace, or a storage account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) subscription: String,
    pub(crate) group: String,
    /// The factory, the workspace or the account.
    pub(crate) name: String,
    /// Which service it is of.
    pub(crate) provider: Provider,
    pub(crate) runtime: String,
}

impl Target {
    /// The id of the Databricks workspace that this names.
    pub(crate) fn workspace_id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Databricks/workspaces/{}",
            self.subscription, self.group, self.name
        )
    }
}

/// What is asked of one runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Get,
    Status,
    Keys,
    Regenerate,
}

/// What is asked of one storage account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskAccount {
    Get,
    Keys,
    Regenerate,
}

/// At what permissions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Subscription,
    Group,
    Factory,
    Account,
}

/// Where a request to ARM leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Factories {
        provider: Provider,
        subscription: String,
        group: Option<String>,
    },
    Factory(Target),
    Runtimes(Target),
    Runtime(Target, Ask),
    ActivityLog {
        subscription: String,
    },
    Workspace(Target),
    /// Of the target only what its scope has.
    Permissions(Target, Scope),
    Accounts {
        subscription: String,
        group: Option<String>,
    },
    Account(Target, AskAccount),
    Nowhere,
}

const VERBS: [&str; 5] = [
    "getStatus",
    "listAuthKeys",
    "regenerateAuthKey",
    "listKeys",
    "regenerateKey",
];

/// Is `segment` something that is done to a resource, not its name?
pub(crate) fn is_verb(segment: &str) -> bool {
    VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(segment))
}

impl Route {
    pub(crate) fn of(request: &Incoming) -> Self {
        let segments = request.segments();
        let lower: Vec<String> = segments
            .iter()
            .map(|segment| segment.to_ascii_lowercase())
            .collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let at = |place: usize| segments.get(place).cloned().unwrap_or_default();
        let target = || Target {
            subscription: at(1),
            group: at(3),
            name: at(7),
            provider: Provider::DataFactory,
            runtime: at(9),
        };
        let method = request.method.as_str();
        match lower.as_slice() {
            ["subscriptions", _, "providers", rest @ ..] if method == "GET" => {
                in_subscription(rest, at(1))
            }
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                provider,
                rest @ ..,
            ] => in_group(method, provider, rest, target()),
            _ => Self::Nowhere,
        }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Factories { .. } => Operation::ListFactories,
            Self::Factory(_) => Operation::GetFactory,
            Self::Runtimes(_) => Operation::ListRuntimes,
            Self::Runtime(_, Ask::Get) => Operation::GetRuntime,
            Self::Runtime(_, Ask::Status) => Operation::GetStatus,
            Self::Runtime(_, Ask::Keys) => Operation::ListAuthKeys,
            Self::Runtime(_, Ask::Regenerate) => Operation::RegenerateAuthKey,
            Self::ActivityLog { .. } => Operation::ActivityLog,
            Self::Workspace(_) => Operation::GetWorkspace,
            Self::Permissions(..) => Operation::Permissions,
            Self::Accounts { .. } => Operation::ListStorageAccounts,
            Self::Account(_, AskAccount::Get) => Operation::GetStorageAccount,
            Self::Account(_, AskAccount::Keys) => Operation::ListStorageKeys,
            Self::Account(_, AskAccount::Regenerate) => Operation::RegenerateStorageKey,
            Self::Nowhere => Operation::Unknown,
        }
    }

    pub(crate) fn subscription(&self) -> Option<&str> {
        match self {
            Self::Factories { subscription, .. }
            | Self::Accounts { subscription, .. }
            | Self::ActivityLog { subscription } => Some(subscription),
            Self::Factory(target)
            | Self::Runtimes(target)
            | Self::Runtime(target, _)
            | Self::Workspace(target)
            | Self::Account(target, _)
            | Self::Permissions(target, _) => Some(&target.subscription),
            Self::Nowhere => None,
        }
    }

    /// The service whose runtimes it is about.
    pub(crate) fn provider(&self) -> Provider {
        match self {
            Self::Factories { provider, .. } => *provider,
            other => other
                .target()
                .map_or(Provider::DataFactory, |target| target.provider),
        }
    }

    /// The factory, and perhaps the runtime, that it is about.
    pub(crate) fn target(&self) -> Option<&Target> {
        match self {
            Self::Factory(target)
            | Self::Runtimes(target)
            | Self::Runtime(target, _)
            | Self::Permissions(target, Scope::Factory) => Some(target),
            Self::Factories { .. }
            | Self::ActivityLog { .. }
            | Self::Workspace(_)
            | Self::Permissions(_, Scope::Subscription | Scope::Group | Scope::Account)
            | Self::Accounts { .. }
            | Self::Account(..)
            | Self::Nowhere => None,
        }
    }

    /// The storage account that it is about.
    pub(crate) fn account(&self) -> Option<&Target> {
        match self {
            Self::Account(target, _) | Self::Permissions(target, Scope::Account) => Some(target),
            Self::Factories { .. }
            | Self::Factory(_)
            | Self::Runtimes(_)
            | Self::Runtime(..)
            | Self::ActivityLog { .. }
            | Self::Workspace(_)
            | Self::Permissions(_, Scope::Subscription | Scope::Group | Scope::Factory)
            | Self::Accounts { .. }
            | Self::Nowhere => None,
        }
    }
}

fn in_subscription(rest: &[&str], subscription: String) -> Route {
    match rest {
        ["microsoft.datafactory", "factories"] => Route::Factories {
            provider: Provider::DataFactory,
            subscription,
            group: None,
        },
        ["microsoft.synapse", "workspaces"] => Route::Factories {
            provider: Provider::Synapse,
            subscription,
            group: None,
        },
        ["microsoft.storage", "storageaccounts"] => Route::Accounts {
            subscription,
            group: None,
        },
        ["microsoft.authorization", "permissions"] => Route::Permissions(
            Target {
                subscription,
                ..Target::default()
            },
            Scope::Subscription,
        ),
        ["microsoft.insights", "eventtypes", "management", "values"] => {
            Route::ActivityLog { subscription }
        }
        _ => Route::Nowhere,
    }
}

fn in_group(method: &str, provider: &str, rest: &[&str], target: Target) -> Route {
    match (provider, method, rest) {
        ("microsoft.authorization", "GET", ["permissions"]) => {
            Route::Permissions(target, Scope::Group)
        }
        ("microsoft.storage", "GET", ["storageaccounts"]) => Route::Accounts {
            subscription: target.subscription,
            group: Some(target.group),
        },
        ("microsoft.storage", _, ["storageaccounts", rest @ ..]) => account(method, rest, target),
        ("microsoft.databricks", "GET", ["workspaces", _]) => Route::Workspace(target),
        ("microsoft.datafactory", "GET", ["factories"]) => Route::Factories {
            provider: Provider::DataFactory,
            subscription: target.subscription,
            group: Some(target.group),
        },
        ("microsoft.datafactory", _, ["factories", rest @ ..]) => factory(method, rest, target),
        ("microsoft.synapse", "GET", ["workspaces"]) => Route::Factories {
            provider: Provider::Synapse,
            subscription: target.subscription,
            group: Some(target.group),
        },
        ("microsoft.synapse", _, ["workspaces", rest @ ..]) => {
            let provider = Provider::Synapse;
            factory(method, rest, Target { provider, ..target })
        }
        _ => Route::Nowhere,
    }
}

fn factory(method: &str, rest: &[&str], target: Target) -> Route {
    match (method, rest) {
        ("GET", [_]) => Route::Factory(target),
        ("GET", [_, "providers", "microsoft.authorization", "permissions"]) => {
            let runtime = String::new();
            Route::Permissions(Target { runtime, ..target }, Scope::Factory)
        }
        ("GET", [_, "integrationruntimes"]) => Route::Runtimes(target),
        ("GET", [_, "integrationruntimes", _]) => Route::Runtime(target, Ask::Get),
        ("POST", [_, "integrationruntimes", _, "getstatus"]) => Route::Runtime(target, Ask::Status),
        ("POST", [_, "integrationruntimes", _, "listauthkeys"]) => {
            Route::Runtime(target, Ask::Keys)
        }
        ("POST", [_, "integrationruntimes", _, "regenerateauthkey"]) => {
            Route::Runtime(target, Ask::Regenerate)
        }
        _ => Route::Nowhere,
    }
}

fn account(method: &str, rest: &[&str], target: Target) -> Route {
    match (method, rest) {
        ("GET", [_]) => Route::Account(target, AskAccount::Get),
        ("GET", [_, "providers", "microsoft.authorization", "permissions"]) => {
            Route::Permissions(target, Scope::Account)
        }
        ("POST", [_, "listkeys"]) => Route::Account(target, AskAccount::Keys),
        ("POST", [_, "regeneratekey"]) => Route::Account(target, AskAccount::Regenerate),
        _ => Route::Nowhere,
    }
}
