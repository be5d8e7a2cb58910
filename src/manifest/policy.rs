//! Reads a Policy, which is kept outside of the manifests.
//!
//! Any other document in its file is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::desired::LedgerPlace;
use crate::model::kind::Kind;
use crate::model::policy::{Policy, Requirements};
use crate::model::signing::Signing;
use crate::model::trust::{Allowed, HostPattern, Role};

use super::build::{freeze, guardrails};
use super::document::{Document, Spec};
use super::problem::{Findings, Problem};
use super::read::read_source;
use super::render::Problems;
use super::shape::leaf::Filled;
use super::shape::policy::{AllowText, ApprovalText, HostText, PolicySpec, RequireText};
use super::shape::project::LedgerText;
use super::shape::signer::{SignerText, usize_of};
use super::source::{self, Input};
use super::tree::Budget;

/// Reads the one Policy of a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_policy(path: &Path) -> Result<Policy, Problems> {
    let mut findings = Findings::default();
    let input = Input {
        paths: vec![path.to_owned()],
        ..Input::default()
    };
    let sources = source::gather(&input, &mut findings);
    let mut budget = Budget::of(sources.iter().map(|source| source.text.as_str()));
    let mut skipped = findings.fresh();
    let mut documents = Vec::new();
    for (file, source) in (0..).zip(&sources) {
        documents.extend(read_source(
            file,
            source,
            &mut budget,
            &mut findings,
            &mut skipped,
        ));
    }
    let policy = only(&documents, &mut findings).and_then(policy);
    match policy {
        Some(policy) if findings.error_count() == 0 => Ok(policy),
        _ => Err(Problems::of(findings, &sources)),
    }
}

/// The Policy, if there is nothing else.
fn only<'a>(documents: &'a [Document], findings: &mut Findings) -> Option<&'a Document> {
    let (policies, others): (Vec<&Document>, Vec<&Document>) = documents
        .iter()
        .partition(|document| document.kind == Kind::Policy);
    for other in others {
        let message = format!("a {} does not belong into a policy's file", other.kind);
        findings.add(Problem::at(other.mark, message).help("keep manifests elsewhere"));
    }
    if let [first, second, ..] = policies.as_slice() {
        let problem = Problem::at(second.mark, "there are two Policy documents").label("second");
        findings.add(problem.also(first.mark, "first"));
    }
    if policies.is_empty() && findings.error_count() == 0 {
        findings.add(
            Problem::nowhere("there is no Policy document").help("write one of `kind: Policy`"),
        );
    }
    policies.first().copied()
}

fn policy(document: &Document) -> Option<Policy> {
    let Some(Spec::Policy(spec)) = &document.spec else {
        return None;
    };
    let PolicySpec {
        reason,
        allow,
        require,
        freezes,
        approval,
    } = spec.as_ref();
    Some(Policy {
        name: Some(document.name.as_ref()?.value.clone()),
        reason: reason.as_ref().map(|text| text.0.clone()),
        allow: allow.as_ref().map(allowed).unwrap_or_default(),
        require: require.as_ref().map(required).unwrap_or_default(),
        freezes: freezes
            .iter()
            .flatten()
            .map(|text| freeze(&text.value))
            .collect(),
        is_approval_required: is_required(approval.as_ref()),
        signing: approval.as_ref().and_then(signing),
    })
}

fn is_required(approval: Option<&ApprovalText>) -> bool {
    let written = approval.and_then(|text| text.is_required);
    written.is_some_and(|truth| truth.0)
}

fn signing(approval: &ApprovalText) -> Option<Signing> {
    let signers = &approval.signers.as_ref()?.value;
    Some(Signing {
        signers: signers.iter().map(SignerText::signer).collect(),
        needed: approval.signatures.map_or(1, |at| usize_of(at.value)),
    })
}

fn allowed(text: &AllowText) -> Allowed {
    let hosts = |role: Role| {
        let hosts = text.hosts.as_ref()?;
        match role {
            Role::Authority => hosts.authority.as_ref(),
            Role::ResourceManager => hosts.resource_manager.as_ref(),
            Role::Databricks => hosts.databricks.as_ref(),
            Role::Vault => hosts.vault.as_ref(),
            Role::Storage => hosts.storage.as_ref(),
        }
    };
    let patterns = |all: &Vec<HostText>| -> Vec<HostPattern> {
        all.iter().map(|host| host.0.clone()).collect()
    };
    let named = |role: Role| Some((role, patterns(hosts(role)?)));
    let audiences = text.audiences.as_ref();
    let manager = audiences.and_then(|all| all.resource_manager.as_ref());
    let databricks = audiences.and_then(|all| all.databricks.as_ref());
    let vaults = audiences.and_then(|all| all.vault.as_ref());
    let audiences = [
        (Role::ResourceManager, manager),
        (Role::Databricks, databricks),
        (Role::Vault, vaults),
    ];
    let audiences = audiences
        .into_iter()
        .filter_map(|(role, all)| Some((role, texts(all?))));
    Allowed {
        commands: text
            .commands
            .iter()
            .flatten()
            .map(|argv| texts(argv))
            .collect(),
        hosts: Role::ALL.into_iter().filter_map(named).collect(),
        audiences: audiences.collect::<BTreeMap<_, Vec<String>>>(),
        variables: text
            .variables
            .iter()
            .flatten()
            .map(|one| one.0.clone())
            .collect(),
        files: text
            .files
            .iter()
            .flatten()
            .map(|one| one.0.clone())
            .collect(),
        service_connections: text
            .service_connections
            .as_ref()
            .map(|all| texts(all))
            .unwrap_or_default(),
    }
}

fn texts(all: &[Filled]) -> Vec<String> {
    all.iter().map(|text| text.0.clone()).collect()
}

fn required(text: &RequireText) -> Requirements {
    let lower = |text: &String| text.to_ascii_lowercase();
    let rules = text.key_age.as_ref();
    let suspend = text.suspend.as_ref().map(|word| word.0);
    Requirements {
        ledger: text.ledger.as_ref().map(|ledger| match ledger {
            LedgerText::File(path) => LedgerPlace::File(PathBuf::from(&path.0)),
            LedgerText::Blob(address) => {
                LedgerPlace::Blob(address.value.0.trim_end_matches('/').to_owned())
            }
        }),
        subscriptions: set(text.subscriptions.as_ref(), |one| lower(&one.0)),
        workspaces: set(text.workspaces.as_ref(), |one| lower(&one.0)),
        connections: set(text.connections.as_ref(), |one| one.0.clone()),
        credentials: set(text.credentials.as_ref(), |one| one.0.clone()),
        kinds: set(text.kinds.as_ref(), |one| one.0),
        suspend,
        ignore_windows: rules.and_then(|rules| Some(rules.ignore_windows.as_ref()?.0)),
        actions: set(text.actions.as_ref(), |one| one.0),
        vaults: set(text.vaults.as_ref(), |one| lower(&one.0)),
        guardrails: text.guardrails.as_ref().map(guardrails).unwrap_or_default(),
        age_max: rules.and_then(|rules| Some(rules.age_max.as_ref()?.0)),
        overlap_min: rules.and_then(|rules| Some(rules.overlap.as_ref()?.0)),
        unknown_age: rules.and_then(|rules| {
            Some(
                rules
                    .unknown_age
                    .as_ref()?
                    .iter()
                    .map(|word| word.0)
                    .collect(),
            )
        }),
        on_starvation: rules.and_then(|rules| {
            Some(
                rules
                    .on_starvation
                    .as_ref()?
                    .iter()
                    .map(|word| word.0)
                    .collect(),
            )
        }),
    }
}

fn set<T, V: Ord>(written: Option<&Vec<T>>, read: impl Fn(&T) -> V) -> Option<BTreeSet<V>> {
    written.map(|all| all.iter().map(read).collect())
}
