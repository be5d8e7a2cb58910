//! The one Project: ledger, guardrails, freezes.

use crate::model::desired::{Guardrails, LedgerPlace, Project};
use crate::model::kind::Kind;
use crate::model::time::Freeze;
use crate::model::trust::Host;

use super::super::document::{Document, Spec};
use super::super::mark::Mark;
use super::super::problem::{Findings, Problem};
use super::super::shape::leaf::Filled;
use super::super::shape::project::{
    ApplyBound, FreezeText, GuardrailsText, LedgerText, ProjectSpec,
};
use super::super::source::Source;
use super::cloud;
use super::context::{folder, resolved};

/// Where the ledger is unless the Project says something else, relative to the Project's folder.
const LEDGER_DEFAULT: &str = ".afresh/ledger.jsonl";

/// The Project. That there is none, or more than one, is noted.
pub fn build(
    documents: &[Document],
    sources: &[Source],
    findings: &mut Findings,
) -> Option<Project> {
    let mut projects = documents
        .iter()
        .filter(|document| document.kind == Kind::Project);
    let Some(first) = projects.next() else {
        // A part refers to connections; the whole it belongs to is checked elsewhere.
        let is_part = sources.iter().any(|source| source.aside);
        if !is_part && (!documents.is_empty() || findings.error_count() == 0) {
            findings.add(missing());
        }
        return None;
    };
    for other in projects {
        let problem = Problem::at(other.mark, "there are two Project documents").label("second");
        findings.add(
            problem
                .also(first.mark, "first")
                .help("one folder of manifests has one Project"),
        );
    }
    let Some(Spec::Project(spec)) = &first.spec else {
        return None;
    };
    project(first, spec, sources, findings)
}

fn missing() -> Problem {
    let help = "write one document of `kind: Project`: it says where the ledger is and how much one apply may do";
    Problem::nowhere("there is no Project document")
        .help(help)
        .misses_document()
}

fn project(
    document: &Document,
    spec: &ProjectSpec,
    sources: &[Source],
    findings: &mut Findings,
) -> Option<Project> {
    let ledger = ledger(document, spec, sources, findings);
    let guardrails = spec
        .guardrails
        .as_ref()
        .map(|at| guardrails(&at.value))
        .unwrap_or_default();
    let freezes = spec.freezes.iter().flatten();
    Some(Project {
        name: document.name.as_ref()?.value.clone(),
        ledger: ledger?,
        guardrails,
        freezes: freezes.map(|text| freeze(&text.value)).collect(),
    })
}

fn ledger(
    document: &Document,
    spec: &ProjectSpec,
    sources: &[Source],
    findings: &mut Findings,
) -> Option<LedgerPlace> {
    let folder = folder(sources, document.mark);
    match spec.ledger.as_ref().map(|at| &at.value) {
        None => Some(LedgerPlace::File(resolved(folder, LEDGER_DEFAULT))),
        Some(LedgerText::File(Filled(path))) => Some(LedgerPlace::File(resolved(folder, path))),
        Some(LedgerText::Blob(address)) => {
            let checked = cloud::address(address, "the ledger's blob", findings)?;
            blob(address.mark, checked, findings)
        }
    }
}

/// A blob by its whole address; of an emulator on this machine the account stands in front of the container. Whether the host may be
/// sent a credential is asked elsewhere.
fn blob(mark: Mark, address: String, findings: &mut Findings) -> Option<LedgerPlace> {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_near = Host::of_address(&address).is_loopback();
    let parts = path.split('/').filter(|part| !part.is_empty()).count();
    let fault = if address.contains(['?', '#']) {
        "the ledger's blob is named with more than its address"
    } else if parts < if is_near { 3 } else { 2 } || path.ends_with('/') {
        "the ledger's blob has no name"
    } else {
        return Some(LedgerPlace::Blob(address));
    };
    findings.add(Problem::at(mark, fault).help(
        "it reads https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME; a shared access signature comes from AZURE_STORAGE_SAS_TOKEN, never from a manifest",
    ));
    None
}

/// Bounds as they are written.
pub fn guardrails(text: &GuardrailsText) -> Guardrails {
    let regenerations = text.regenerations.as_ref();
    let apply = |bound: &Option<ApplyBound>| {
        bound
            .as_ref()
            .and_then(|bound| bound.per_apply)
            .map(|count| count.0)
    };
    Guardrails {
        regenerations_per_apply: regenerations
            .and_then(|bounds| bounds.per_apply)
            .map(|count| count.0),
        regenerations_per_factory: regenerations
            .and_then(|bounds| bounds.per_factory)
            .map(|count| count.0),
        regenerations_per_subscription: regenerations
            .and_then(|bounds| bounds.per_subscription)
            .map(|count| count.0),
        runs_per_apply: apply(&text.runs),
        cancellations_per_apply: apply(&text.cancellations),
        on_exceed: text
            .on_exceed
            .as_ref()
            .map(|word| word.0)
            .unwrap_or_default(),
    }
}

/// A freeze as it is written.
pub fn freeze(text: &FreezeText) -> Freeze {
    Freeze {
        from: text.from.value.0,
        to: text.to.value.0,
        reason: text.reason.0.clone(),
        firm: false,
    }
}
