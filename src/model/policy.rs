//! What whoever runs afresh requires of manifests: what they may name, and bounds that their rules keep.
//!
//! A policy never loosens a promise: it forbids, tightens and adds freezes. What it allows is only where credentials may go and come from
//! ([`Allowed`]).

use std::collections::BTreeSet;
use std::fmt;

use super::address::Name;
use super::connection::{Credential, KeyConnection, Workspace, WorkspaceHost};
use super::desired::{Guardrails, JobRunWhat, LedgerPlace, OnExceed, Project};
use super::hand_off::HandOff;
use super::job::{Concurrency, Requirement};
use super::key_service::KeyService;
use super::kind::Kind;
use super::runtime::{OnStarvation, RuntimeSpec, UnknownAge};
use super::signing::Signing;
use super::suspension::Suspending;
use super::time::{Freeze, Span};
use super::trust::Allowed;
use super::vault::VaultConnection;
use super::verdict::{Action, Counts};

mod leak;
mod suspend;

/// A policy. By default: none, which bounds nothing and allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its name; `None`: there is no policy.
    pub name: Option<Name>,
    /// Why it is as it is, in its author's words: told with every violation.
    pub reason: Option<String>,
    /// What manifests may name beyond what needs no leave.
    pub allow: Allowed,
    /// What manifests must keep to.
    pub require: Requirements,
    /// Times in which nothing is applied, whatever the Project says.
    pub freezes: Vec<Freeze>,
    /// An apply does only what an approval beside the manifests covers.
    pub is_approval_required: bool,
    /// An apply does only what stands in a signed plan; `None`: nobody has to sign.
    pub signing: Option<Signing>,
}

/// What manifests must keep to. `None` is no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The one ledger. A file is named as the Project would name it; only an absolute path is exactly one file.
    pub ledger: Option<LedgerPlace>,
    /// Subscriptions, in lower case: of Data Factories, and of workspaces that [`Requirements::workspaces`] does not name by host.
    pub subscriptions: Option<BTreeSet<String>>,
    /// Workspaces by host or ARM id, in lower case.
    pub workspaces: Option<BTreeSet<String>>,
    /// Names of connections.
    pub connections: Option<BTreeSet<Name>>,
    /// Methods of credentials: `default`, `workloadIdentity`, …
    pub credentials: Option<BTreeSet<String>>,
    /// Kinds of documents.
    pub kinds: Option<BTreeSet<Kind>>,
    /// What rules may lead to.
    pub actions: Option<BTreeSet<ActionKind>>,
    /// Key Vaults that keys may be handed to, in lower case.
    pub vaults: Option<BTreeSet<String>>,
    /// Bounds on one apply; those of the Project are at most these.
    pub guardrails: Guardrails,
    /// Greatest `maxAge`.
    pub age_max: Option<Span>,
    /// Least `overlap`.
    pub overlap_min: Option<Span>,
    /// Choices of `unknownAge`.
    pub unknown_age: Option<Vec<UnknownAge>>,
    /// Choices of `onWindowStarvation`.
    pub on_starvation: Option<Vec<OnStarvation>>,
    /// Whether `ignoreWindows: true` is allowed.
    pub ignore_windows: Option<bool>,
    /// How rules may be suspended; `None`: as they like.
    pub suspend: Option<Suspending>,
}

/// What a rule may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// A key is regenerated.
    Regenerate,
    /// A key is handed over.
    HandOver,
    /// A job is run.
    Run,
    /// A one-time run is submitted.
    Submit,
    /// A run is cancelled.
    Cancel,
}

impl ActionKind {
    /// Its word in a policy.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regenerate => "regenerate",
            Self::HandOver => "handOver",
            Self::Run => "run",
            Self::Submit => "submit",
            Self::Cancel => "cancel",
        }
    }

    /// What a planned action is.
    pub const fn of(action: &Action) -> Self {
        match action {
            Action::Regenerate { .. } => Self::Regenerate,
            Action::HandOver { .. } => Self::HandOver,
            Action::Start { .. } => Self::Run,
            Action::Submit { .. } => Self::Submit,
            Action::Cancel { .. } => Self::Cancel,
        }
    }

    /// What a rule about jobs may lead to.
    pub fn of_rule(what: &JobRunWhat) -> BTreeSet<Self> {
        let (own, cancels) = match what {
            JobRunWhat::Job(_, spec) => {
                let own = match spec.require {
                    Requirement::Succeeded { .. } | Requirement::Running => Some(Self::Run),
                    Requirement::NotRunning => None,
                };
                let is_bounded = spec.queued_max().is_some() || spec.duration_max.is_some();
                (
                    own,
                    own.is_none() || is_bounded || spec.concurrency == Concurrency::Replace,
                )
            }
            JobRunWhat::Submission(spec) => {
                (Some(Self::Submit), spec.concurrency == Concurrency::Replace)
            }
        };
        own.into_iter()
            .chain(cancels.then_some(Self::Cancel))
            .collect()
    }
}

/// Which part of a document breaks the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The document as a whole.
    Whole,
    /// Where its ledger is.
    Ledger,
    /// Its guardrails.
    Guardrails,
    /// `subscription`.
    Subscription,
    /// `host` or `resourceId`.
    Workspace,
    /// `credential`.
    Credential,
    /// `maxAge`.
    AgeMax,
    /// `overlap`.
    Overlap,
    /// `unknownAge`.
    UnknownAge,
    /// `onWindowStarvation`.
    Starvation,
    /// `suspend`.
    Suspend,
    /// `ignoreWindows`.
    IgnoreWindows,
}

/// What breaks the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub part: Part,
    /// A sentence: what is not allowed, and what is.
    pub message: String,
}

/// More than a guardrail allows; `these` says what there are.
fn beyond(name: &str, bound: Option<u32>, own: usize, these: &str) -> Option<Violation> {
    let bound = bound.filter(|bound| u32::try_from(own).map_or(true, |own| own > *bound))?;
    let message = format!("the policy allows at most {bound} for `{name}`, and these are {these}");
    Some(violation(Part::Guardrails, message))
}

fn violation(part: Part, message: impl Into<String>) -> Violation {
    let message = message.into();
    Violation { part, message }
}

/// `a, b, c`.
fn listed<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    words.join(", ")
}

/// What is not among the allowed ones.
fn outside<'a, T: Ord + fmt::Display + 'a>(
    allowed: Option<&'a BTreeSet<T>>,
    one: &T,
    what: &str,
    part: Part,
) -> Option<Violation> {
    let allowed = allowed.filter(|allowed| !allowed.contains(one))?;
    Some(violation(
        part,
        format!(
            "the policy does not allow the {what} {one}; it allows: {}",
            listed(allowed)
        ),
    ))
}

impl Policy {
    /// Why it is as it is, or whose it is.
    pub fn told(&self) -> String {
        match (&self.reason, &self.name) {
            (Some(reason), _) => reason.clone(),
            (None, Some(name)) => format!("the policy is called {name}"),
            (None, None) => String::new(),
        }
    }

    /// What a document breaks by being there.
    pub fn of_kind(&self, kind: Kind) -> Option<Violation> {
        let allowed = self.require.kinds.as_ref();
        outside(allowed, &kind, "kind", Part::Whole)
    }

    /// What a ledger breaks that is not the fixed one.
    pub fn of_ledger(&self, is_it: impl Fn(&LedgerPlace) -> bool) -> Option<Violation> {
        let fixed = self.require.ledger.as_ref().filter(|fixed| !is_it(fixed))?;
        let fixed = match fixed {
            LedgerPlace::File(path) => format!("the file {}", path.display()),
            LedgerPlace::Blob(address) => address.clone(),
        };
        Some(violation(
            Part::Ledger,
            format!("the policy fixes the ledger: {fixed}"),
        ))
    }

    /// What the Project's guardrails break.
    pub fn of_guardrails(&self, project: &Project) -> Vec<Violation> {
        let (bounds, own) = (&self.require.guardrails, &project.guardrails);
        let guardrails = [
            (
                "maxRegenerations.perApply",
                bounds.regenerations_per_apply,
                own.regenerations_per_apply,
            ),
            (
                KeyService::DataFactory.guardrail(),
                bounds.regenerations_per_factory,
                own.regenerations_per_factory,
            ),
            (
                KeyService::Storage.guardrail(),
                bounds.regenerations_per_subscription,
                own.regenerations_per_subscription,
            ),
            (
                "maxRuns.perApply",
                bounds.runs_per_apply,
                own.runs_per_apply,
            ),
            (
                "maxCancellations.perApply",
                bounds.cancellations_per_apply,
                own.cancellations_per_apply,
            ),
        ];
        let loosened = guardrails.into_iter().filter_map(|(name, bound, own)| {
            let (bound, own) = (bound?, own?);
            (own > bound).then(|| {
                violation(
                    Part::Guardrails,
                    format!("the policy allows at most {bound} for `{name}`, and this is {own}"),
                )
            })
        });
        loosened.collect()
    }

    /// What a plan breaks that regenerates so many keys through one connection to this service.
    pub fn of_key_count(
        &self,
        service: KeyService,
        connection: impl fmt::Display,
        own: usize,
    ) -> Option<Violation> {
        let bound = self.require.guardrails.regenerations_within(service);
        let these = format!("{own} of {connection}");
        beyond(service.guardrail(), bound, own, &these)
    }

    /// What a plan breaks that does more than one apply may.
    pub fn of_counts(&self, counts: &Counts) -> Vec<Violation> {
        let bounds = &self.require.guardrails;
        let bounded = [
            (
                "maxRegenerations.perApply",
                bounds.regenerations_per_apply,
                counts.regenerate,
            ),
            ("maxRuns.perApply", bounds.runs_per_apply, counts.run),
            (
                "maxCancellations.perApply",
                bounds.cancellations_per_apply,
                counts.cancel,
            ),
        ];
        let broken = bounded
            .into_iter()
            .filter_map(|(name, bound, own)| beyond(name, bound, own, &own.to_string()));
        broken.collect()
    }

    fn of_connection(&self, name: &Name) -> Option<Violation> {
        let allowed = self.require.connections.as_ref();
        outside(allowed, name, "connection", Part::Whole)
    }

    fn of_method(&self, credential: &Credential) -> Option<Violation> {
        let (allowed, method) = (self.require.credentials.as_ref(), credential.method());
        outside(allowed, &method.to_owned(), "credential", Part::Credential)
    }

    /// What a connection to resources with keys breaks.
    pub fn of_key_connection(&self, connection: &KeyConnection) -> Vec<Violation> {
        let require = &self.require;
        let subscription = connection.subscription().to_ascii_lowercase();
        [
            self.of_connection(connection.name()),
            outside(
                require.subscriptions.as_ref(),
                &subscription,
                "subscription",
                Part::Subscription,
            ),
            self.of_method(connection.credential()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What a workspace breaks. One is allowed by its host, or by its ARM id where no host is written.
    pub fn of_workspace(&self, workspace: &Workspace) -> Vec<Violation> {
        let require = &self.require;
        let host = match &workspace.host {
            WorkspaceHost::Given(host) => host.to_ascii_lowercase(),
            WorkspaceHost::FromResource => workspace.known_as(),
        };
        [
            self.of_connection(&workspace.name),
            outside(
                require.workspaces.as_ref(),
                &host,
                "workspace",
                Part::Workspace,
            ),
            self.of_subscription(workspace),
            self.of_method(&workspace.credential),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Where subscriptions are fixed, a workspace has to lie in one of them. Whose host is written shows that by nothing, whatever id stands
    /// beside it: a policy that allows it names its host.
    fn of_subscription(&self, workspace: &Workspace) -> Option<Violation> {
        let allowed = self.require.subscriptions.as_ref()?;
        let id = workspace.resource_id.as_ref();
        let own = id.and_then(|id| id.folded().split('/').nth(2).map(str::to_owned));
        let named =
            own.and_then(|own| outside(Some(allowed), &own, "subscription", Part::Workspace));
        let is_shown = match &workspace.host {
            WorkspaceHost::Given(_) => self.require.workspaces.is_some(),
            WorkspaceHost::FromResource => true,
        };
        named.or_else(|| {
            let message = format!(
                "the policy fixes the subscriptions ({}), and a workspace that is given by host is in none of them for sure; give its `resourceId` alone, or have the policy name its host in `workspaces`",
                listed(allowed)
            );
            (!is_shown).then(|| violation(Part::Workspace, message))
        })
    }

    /// What a Key Vault breaks that keys are handed to.
    pub fn of_vault(&self, vault: &VaultConnection) -> Vec<Violation> {
        let name = vault.vault.to_string();
        let is_allowed = outside(self.require.vaults.as_ref(), &name, "vault", Part::Whole);
        is_allowed
            .into_iter()
            .chain(self.of_method(&vault.credential))
            .collect()
    }

    /// What a rule about keys breaks.
    pub fn of_key_age(&self, spec: &RuntimeSpec) -> Vec<Violation> {
        let require = &self.require;
        let age = require
            .age_max
            .filter(|bound| spec.age_max > *bound)
            .map(|bound| {
                let own = spec.age_max;
                violation(
                    Part::AgeMax,
                    format!("the policy allows a `maxAge` of at most {bound}, and this is {own}"),
                )
            });
        let overlap = require
            .overlap_min
            .filter(|bound| spec.overlap < *bound)
            .map(|bound| {
                let own = spec.overlap;
                violation(
                    Part::Overlap,
                    format!(
                        "the policy asks for an `overlap` of at least {bound}, and this is {own}"
                    ),
                )
            });
        let unknown = require.unknown_age.as_ref();
        let unknown = unknown
            .filter(|allowed| !allowed.contains(&spec.unknown_age))
            .map(|allowed| {
                let (own, allowed) = (
                    spec.unknown_age.word(),
                    allowed.iter().map(|one| one.word()),
                );
                violation(
                    Part::UnknownAge,
                    format!(
                        "the policy does not allow `unknownAge: {own}`; it allows: {}",
                        listed(allowed)
                    ),
                )
            });
        let starvation = require.on_starvation.as_ref();
        let starvation = starvation
            .filter(|allowed| !allowed.contains(&spec.on_starvation))
            .map(|allowed| {
                let (own, allowed) = (
                    spec.on_starvation.word(),
                    allowed.iter().map(|one| one.word()),
                );
                violation(
                    Part::Starvation,
                    format!(
                        "the policy does not allow `onWindowStarvation: {own}`; it allows: {}",
                        listed(allowed)
                    ),
                )
            });
        let hands_over = spec.hand_offs.iter().any(HandOff::is_automatic);
        let hands_over = hands_over.then_some(ActionKind::HandOver);
        let actions = std::iter::once(ActionKind::Regenerate).chain(hands_over);
        let actions = self.of_actions(actions);
        let ignored = self.of_ignored_windows(spec);
        [age, overlap, unknown, starvation, ignored]
            .into_iter()
            .flatten()
            .chain(actions)
            .collect()
    }

    /// What may be done and is not allowed.
    pub fn of_actions(&self, actions: impl IntoIterator<Item = ActionKind>) -> Vec<Violation> {
        let Some(allowed) = &self.require.actions else {
            return Vec::new();
        };
        let denied: BTreeSet<ActionKind> = actions
            .into_iter()
            .filter(|one| !allowed.contains(one))
            .collect();
        let told = listed(allowed.iter().map(|one| one.word()));
        let say = |one: ActionKind| {
            violation(
                Part::Whole,
                format!(
                    "the policy does not allow the action {}; it allows: {told}",
                    one.word()
                ),
            )
        };
        denied.into_iter().map(say).collect()
    }

    /// The Project with the policy's bounds where it has none or looser ones, and with the policy's freezes.
    #[must_use]
    pub fn tightened(&self, project: Project) -> Project {
        let (bounds, own) = (self.require.guardrails, project.guardrails);
        let least = |bound: Option<u32>, own: Option<u32>| match (bound, own) {
            (Some(bound), Some(own)) => Some(bound.min(own)),
            (one, other) => one.or(other),
        };
        let guardrails = Guardrails {
            regenerations_per_apply: least(
                bounds.regenerations_per_apply,
                own.regenerations_per_apply,
            ),
            regenerations_per_factory: least(
                bounds.regenerations_per_factory,
                own.regenerations_per_factory,
            ),
            regenerations_per_subscription: least(
                bounds.regenerations_per_subscription,
                own.regenerations_per_subscription,
            ),
            runs_per_apply: least(bounds.runs_per_apply, own.runs_per_apply),
            cancellations_per_apply: least(
                bounds.cancellations_per_apply,
                own.cancellations_per_apply,
            ),
            on_exceed: match bounds.on_exceed {
                OnExceed::Fail => OnExceed::Fail,
                OnExceed::Defer => own.on_exceed,
            },
        };
        let freezes = project
            .freezes
            .into_iter()
            .chain(self.freezes.iter().map(|freeze| Freeze {
                firm: true,
                ..freeze.clone()
            }));
        Project {
            guardrails,
            freezes: freezes.collect(),
            ..project
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn project(regenerations: Option<u32>) -> Project {
        Project {
            name: Name::parse("p").unwrap(),
            ledger: LedgerPlace::File(PathBuf::from("ledger.jsonl")),
            guardrails: Guardrails {
                regenerations_per_apply: regenerations,
                ..Guardrails::default()
            },
            freezes: Vec::new(),
        }
    }

    fn at_most(regenerations: u32) -> Policy {
        let guardrails = Guardrails {
            regenerations_per_apply: Some(regenerations),
            on_exceed: OnExceed::Fail,
            ..Guardrails::default()
        };
        let require = Requirements {
            guardrails,
            ..Requirements::default()
        };
        Policy {
            require,
            ..Policy::default()
        }
    }

    #[test]
    fn guardrails_are_only_tightened() {
        for (own, left, is_broken) in [
            (None, 5, false),
            (Some(3), 3, false),
            (Some(5), 5, false),
            (Some(6), 5, true),
        ] {
            let policy = at_most(5);
            let tightened = policy.tightened(project(own)).guardrails;
            assert_eq!(tightened.regenerations_per_apply, Some(left), "{own:?}");
            assert_eq!(tightened.on_exceed, OnExceed::Fail);
            let broken = policy.of_guardrails(&project(own));
            assert_eq!(!broken.is_empty(), is_broken, "{own:?}");
        }
        let free = Policy::default().tightened(project(Some(6)));
        assert_eq!(free, project(Some(6)));
    }

    #[test]
    fn a_plan_does_no_more_than_one_apply_may() {
        let plan = |regenerate| Counts {
            regenerate,
            ..Counts::default()
        };
        assert_eq!(at_most(5).of_counts(&plan(5)), Vec::new());
        assert_eq!(at_most(5).of_counts(&plan(6)).len(), 1);
        assert_eq!(Policy::default().of_counts(&plan(6)), Vec::new());
    }

    #[test]
    fn a_workspace_is_allowed_by_its_host_or_else_by_its_id() {
        let allowed = |one: &str| {
            let require = Requirements {
                workspaces: Some(BTreeSet::from([one.to_owned()])),
                ..Requirements::default()
            };
            Policy {
                require,
                ..Policy::default()
            }
        };
        let id = "/subscriptions/12345678-1234-1234-1234-1234567890ab/resourceGroups/rg/providers/Microsoft.Databricks/workspaces/w";
        let workspace = |host: Option<&str>| Workspace {
            name: Name::parse("w").unwrap(),
            host: host.map_or(WorkspaceHost::FromResource, |host| {
                WorkspaceHost::Given(host.to_owned())
            }),
            resource_id: Some(super::super::address::ResourceId::new(id)),
            cloud: super::super::connection::Cloud::named("public").unwrap(),
            credential: super::super::connection::Credential::Default,
        };
        let folded = id.to_lowercase();
        let is_kept = |policy: &Policy, host| policy.of_workspace(&workspace(host)).is_empty();
        assert!(is_kept(
            &allowed("a.azuredatabricks.net"),
            Some("A.azuredatabricks.net")
        ));
        assert!(is_kept(&allowed(&folded), None));
        let bounded = |subscription: &str, host: Option<&str>| {
            let require = Requirements {
                subscriptions: Some(BTreeSet::from([subscription.to_owned()])),
                workspaces: host.map(|host| BTreeSet::from([host.to_owned()])),
                ..Requirements::default()
            };
            Policy {
                require,
                ..Policy::default()
            }
        };
        let (own, other) = (
            "12345678-1234-1234-1234-1234567890ab",
            "00000000-0000-0000-0000-000000000001",
        );
        let host = "a.azuredatabricks.net";
        // A host lies in a subscription if the policy says so; an id beside it shows nothing, but must not say otherwise.
        for (policy, given, kept) in [
            (bounded(own, None), None, true),
            (bounded(other, None), None, false),
            (bounded(own, None), Some(host), false),
            (bounded(own, Some(host)), Some(host), true),
            (bounded(other, Some(host)), Some(host), false),
            (
                bounded(own, Some("b.azuredatabricks.net")),
                Some(host),
                false,
            ),
        ] {
            assert_eq!(is_kept(&policy, given), kept, "{policy:?} {given:?}");
        }
        let bare = Workspace {
            resource_id: None,
            ..workspace(Some(host))
        };
        assert_eq!(bounded(own, None).of_workspace(&bare).len(), 1);
        assert_eq!(bounded(own, Some(host)).of_workspace(&bare), Vec::new());
        // A host that is written counts, whatever id stands beside it.
        assert!(!is_kept(&allowed(&folded), Some("b.azuredatabricks.net")));
        assert!(!is_kept(&allowed("a.azuredatabricks.net"), None));
    }
}
