//! Approvals: each has to be of this project, whole, and in a folder of its own, which a repository can protect.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::approval::{Approval, Named, digest_over};
use crate::model::desired::Project;
use crate::model::kind::Kind;

use super::super::document::{Document, Spec};
use super::super::problem::Problem;
use super::super::shape::approval::ApprovalSpec;
use super::context::Context;

/// The folder, at any depth below what is named.
const FOLDER: &str = "approvals";

/// All of them, in the order of their names.
pub fn build(context: &mut Context<'_>, project: Option<&Project>) -> Vec<Approval> {
    let documents = Context::of_kind(context.documents, Kind::Approval);
    let mut all = Vec::new();
    for (name, document) in documents {
        let Some(Spec::Approval(spec)) = &document.spec else {
            continue;
        };
        let problems = problems(context, document, spec, project);
        if problems.is_empty() {
            all.push(Approval {
                name,
                digest: spec.digest.value.0.clone(),
                actions: actions(spec),
                by: spec.by.as_ref().map(|by| by.0.clone()),
                until: spec.until.as_ref().map(|until| until.0),
                place: context.place(document.mark).to_string(),
            });
        }
        for problem in problems {
            context.findings.add(problem);
        }
    }
    all
}

fn actions(spec: &ApprovalSpec) -> BTreeMap<String, Named> {
    let named = spec.actions.iter().map(|action| {
        let named = Named {
            subject: action.value.subject.clone(),
            action: action.value.action.clone(),
        };
        (action.value.digest.0.clone(), named)
    });
    named.collect()
}

fn problems(
    context: &Context<'_>,
    document: &Document,
    spec: &ApprovalSpec,
    project: Option<&Project>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !lies_apart(context.folder(document.mark)) {
        let message = format!("an Approval lies in a folder `{FOLDER}`");
        let help = "move it there, so that a repository can say who may approve";
        problems.push(Problem::at(document.mark, message).help(help));
    }
    let foreign = project.filter(|project| project.name != spec.project.value.0);
    if let Some(project) = foreign {
        let message = format!(
            "this approves a plan of the project `{}`, and these manifests are of `{}`",
            spec.project.value.0, project.name
        );
        problems.push(Problem::at(spec.project.mark, message).help("remove it"));
    }
    let over = digest_over(spec.actions.iter().map(|action| &action.value.digest.0));
    if over != spec.digest.value.0 {
        let message = "this is not the digest over the actions that are listed";
        let help = "a list that was changed by hand approves nothing: write it anew with `afresh approve PLANFILE`";
        problems.push(Problem::at(spec.digest.mark, message).help(help));
    }
    problems
}

fn lies_apart(folder: &Path) -> bool {
    folder.components().any(|part| part.as_os_str() == FOLDER)
}
