//! Holds documents to the policy: each violation is a problem at its place, with the policy's own reason.

use crate::model::desired::{JobRunRule, KeyAgeRule, LedgerPlace, Project};
use crate::model::kind::Kind;
use crate::model::policy::{ActionKind, Part, Policy, Violation};

use super::super::document::{Document, Spec};
use super::super::mark::Mark;
use super::super::problem::Problem;
use super::super::shape::connection::DatabricksWorkspaceSpec;
use super::super::shape::project::ProjectSpec;
use super::super::shape::rule::KeyAgeSpec;
use super::super::source::is_same;
use super::connection::Written;
use super::context::{Context, Declared, named, resolved};
use super::hand_off::Vaults;

/// A Policy among manifests allows nothing: whoever writes those could write it as well.
pub fn check_misplaced(context: &mut Context<'_>) {
    for document in context
        .documents
        .iter()
        .filter(|document| document.kind == Kind::Policy)
    {
        let problem = Problem::at(document.mark, "a Policy is not read from manifests")
            .help("keep it outside of what is planned, and give it with --policy");
        context.findings.add(problem);
    }
}

/// Holds the Project and the connections to it.
pub fn check_places(context: &mut Context<'_>, policy: &Policy, project: Option<&Project>) {
    for document in context.documents {
        let kind = Some(document.kind).filter(|kind| kind.is_chosen());
        let violation = kind.and_then(|kind| policy.of_kind(kind));
        note(context, policy, violation, document, |_| None);
        let Some(spec) = &document.spec else { continue };
        match spec {
            Spec::Project(spec) => {
                if let Some(project) = project {
                    check_project(context, policy, project, document, spec);
                }
            }
            Spec::DataFactory(_) | Spec::SynapseWorkspace(_) | Spec::Subscription(_) => {
                let connection = called(&context.key_connections, document);
                let found = connection.map(|connection| policy.of_key_connection(&connection));
                let found = found.into_iter().flatten();
                note(context, policy, found, document, |part| {
                    in_key_connection(&Written::of(document)?, part)
                });
            }
            Spec::DatabricksWorkspace(spec) => {
                let workspace = called(&context.workspaces, document);
                let found = workspace.map(|workspace| policy.of_workspace(&workspace));
                let found = found.into_iter().flatten();
                note(context, policy, found, document, |part| {
                    in_workspace(spec, part)
                });
            }
            Spec::Cloud(_)
            | Spec::Credential(_)
            | Spec::KeyAge(_)
            | Spec::JobRun(_)
            | Spec::Policy(_)
            | Spec::Approval(_) => {}
        }
    }
}

/// What a document became.
fn called<T: Clone>(declared: &Declared<T>, document: &Document) -> Option<T> {
    named(declared, document.name.as_ref()?.value.as_str())
}

fn check_project(
    context: &mut Context<'_>,
    policy: &Policy,
    project: &Project,
    document: &Document,
    spec: &ProjectSpec,
) {
    let folder = context.folder(document.mark).to_owned();
    let is_ledger = |fixed: &LedgerPlace| match (fixed, &project.ledger) {
        (LedgerPlace::File(fixed), LedgerPlace::File(own)) => {
            resolved(&folder, &fixed.to_string_lossy()) == *own
                || fixed.is_absolute() && is_same(fixed, own)
        }
        (fixed, own) => fixed == own,
    };
    let place = |part| match part {
        Part::Ledger => spec.ledger.as_ref().map(|at| at.mark),
        Part::Guardrails => spec.guardrails.as_ref().map(|at| at.mark),
        _ => None,
    };
    let found = policy.of_ledger(is_ledger).into_iter();
    let found = found.chain(policy.of_guardrails(project));
    note(context, policy, found, document, place);
}

/// Holds the rules to it.
pub fn check_rules(
    context: &mut Context<'_>,
    policy: &Policy,
    key_ages: Option<&Vec<KeyAgeRule>>,
    job_runs: Option<&Vec<JobRunRule>>,
    vaults: &Vaults,
) {
    for (vault, _, mark) in vaults.iter() {
        for Violation { message, .. } in policy.of_vault(vault) {
            let problem = Problem::at(mark, message).help(policy.told());
            context.findings.add(problem.by_policy());
        }
    }
    let documents = Context::of_kind(context.documents, Kind::KeyAge);
    for rule in key_ages.into_iter().flatten() {
        if let Some(document) = documents.get(&rule.name)
            && let Some(Spec::KeyAge(spec)) = &document.spec
        {
            let found = policy.of_key_age(&rule.spec).into_iter();
            let found = found.chain(policy.of_suspension(rule.suspend.as_ref()));
            note(context, policy, found, document, |part| {
                in_key_age(spec, part)
            });
        }
    }
    let documents = Context::of_kind(context.documents, Kind::JobRun);
    for rule in job_runs.into_iter().flatten() {
        if let Some(document) = documents.get(&rule.name)
            && let Some(Spec::JobRun(spec)) = &document.spec
        {
            let found = policy
                .of_actions(ActionKind::of_rule(&rule.what))
                .into_iter();
            let found = found.chain(policy.of_suspension(rule.suspend.as_ref()));
            note(context, policy, found, document, |part| match part {
                Part::Suspend => spec.suspend.as_ref().map(|at| at.mark),
                _ => None,
            });
        }
    }
}

fn note(
    context: &mut Context<'_>,
    policy: &Policy,
    found: impl IntoIterator<Item = Violation>,
    document: &Document,
    place: impl Fn(Part) -> Option<Mark>,
) {
    for Violation { part, message } in found {
        let mark = place(part).unwrap_or(document.mark);
        let problem = Problem::at(mark, message).help(policy.told());
        context.findings.add(problem.by_policy());
    }
}

fn in_key_connection(spec: &Written<'_>, part: Part) -> Option<Mark> {
    match part {
        Part::Subscription => Some(spec.subscription.mark),
        Part::Credential => spec.credential.map(|at| at.mark),
        _ => None,
    }
}

fn in_workspace(spec: &DatabricksWorkspaceSpec, part: Part) -> Option<Mark> {
    let host = spec.host.as_ref().map(|at| at.mark);
    let id = spec.resource_id.as_ref().map(|at| at.mark);
    match part {
        Part::Workspace => host.or(id),
        Part::Subscription => id,
        Part::Credential => spec.credential.as_ref().map(|at| at.mark),
        _ => None,
    }
}

fn in_key_age(spec: &KeyAgeSpec, part: Part) -> Option<Mark> {
    match part {
        Part::AgeMax => Some(spec.age_max.mark),
        Part::Overlap => spec.overlap.as_ref().map(|at| at.mark),
        Part::UnknownAge => spec.unknown_age.as_ref().map(|at| at.mark),
        Part::Starvation => spec.on_starvation.as_ref().map(|at| at.mark),
        Part::IgnoreWindows => spec.ignore_windows.as_ref().map(|at| at.mark),
        Part::Suspend => spec.suspend.as_ref().map(|at| at.mark),
        _ => None,
    }
}
