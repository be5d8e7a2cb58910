//! Puts all documents together: resolves names, checks lengths of time against each other, and checks that no two rules claim one subject.
//!
//! Two documents of a kind with the same name are an error, and so are a reference to nothing and a second Project.

mod approval;
mod asks;
mod claims;
mod clear;
mod cloud;
mod connection;
mod context;
mod credential;
mod hand_off;
mod job_run;
mod key_age;
mod nodes;
mod own_name;
mod policy;
mod project;
mod unlikely;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::Name;
use crate::model::desired::Desired;
use crate::model::kind::Kind;
use crate::model::policy::Policy;
use crate::model::trust::Asked;

use super::document::Document;
use super::mark::Mark;
use super::mask::clipped;
use super::problem::{Findings, Mention, Problem, nearest};
use super::source::Source;

use context::{Context, Declared};
pub use project::{freeze, guardrails};

/// Everything the documents say together, `None` if a part is missing, and then at least one problem was noted; and what they ask of
/// whoever runs afresh.
pub fn build(
    documents: &[Document],
    sources: &[Source],
    policy: &Policy,
    findings: &mut Findings,
) -> (Option<Desired>, Vec<Asked>) {
    let unclear = check_names(documents, findings);
    let project = project::build(documents, sources, findings);
    let mut context = Context {
        documents,
        sources,
        findings,
        clouds: Declared::new(),
        credentials: Declared::new(),
        key_connections: Declared::new(),
        workspaces: Declared::new(),
        unclear,
    };
    context.clouds = cloud::clouds(&mut context);
    context.credentials = credential::credentials(&mut context);
    context.key_connections = connection::to_keys(&mut context);
    context.workspaces = connection::workspaces(&mut context);
    context.check_mentions();
    policy::check_misplaced(&mut context);
    policy::check_places(&mut context, policy, project.as_ref());
    let (key_ages, vaults) = key_age::build(&mut context);
    let asks = asks::all(&context, project.as_ref(), &vaults);
    let job_runs = job_run::build(&mut context);
    policy::check_rules(
        &mut context,
        policy,
        key_ages.as_ref(),
        job_runs.as_ref(),
        &vaults,
    );
    let approvals = approval::build(&mut context, project.as_ref());
    if !documents.iter().any(Document::is_rule) && context.findings.error_count() == 0 {
        context.findings.add(no_rule());
    }
    let whole = |context: Context<'_>| {
        Some(Desired {
            project: policy.tightened(project?),
            key_connections: complete(context.key_connections)?,
            vaults: vaults.connections(),
            workspaces: complete(context.workspaces)?,
            key_ages: key_ages?,
            job_runs: job_runs?,
            approvals,
        })
    };
    (whole(context), asks)
}

/// Connections alone promise nothing, and a plan of them would be empty for ever.
fn no_rule() -> Problem {
    Problem::nowhere("there is no rule: nothing is promised, and there is nothing to plan")
        .help("write a document of `kind: KeyAge` or `kind: JobRun`")
        .warning()
}

fn complete<T>(declared: Declared<T>) -> Option<BTreeMap<Name, T>> {
    declared
        .into_iter()
        .map(|(name, value)| Some((name, value?)))
        .collect()
}

/// Two documents of one kind may not have one name, nor two connections to integration runtimes: addresses begin with it. The names that
/// two have.
fn check_names(documents: &[Document], findings: &mut Findings) -> BTreeSet<(Kind, Name)> {
    let mut twice = BTreeSet::new();
    let mut first: BTreeMap<(Kind, &Name), (Kind, Mark)> = BTreeMap::new();
    for document in documents
        .iter()
        .filter(|document| document.kind != Kind::Project)
    {
        let Some(name) = &document.name else { continue };
        let key = (document.kind.namespace(), &name.value);
        if let Some((kind, mark)) = first.get(&key) {
            let message = if *kind == document.kind {
                format!("two {kind} documents are called `{}`", name.value)
            } else {
                format!(
                    "a {kind} and a {} are both called `{}`",
                    document.kind, name.value
                )
            };
            findings.add(
                Problem::at(name.mark, message)
                    .label("second")
                    .also(*mark, "first"),
            );
            twice.insert((key.0, name.value.clone()));
        } else {
            first.insert(key, (document.kind, name.mark));
        }
    }
    twice
}

impl Context<'_> {
    /// What is mentioned must be there.
    fn check_mentions(&mut self) {
        let mut all: BTreeMap<Kind, BTreeSet<&str>> = BTreeMap::new();
        all.entry(Kind::Cloud).or_default().extend(cloud::BUILT_IN);
        all.entry(Kind::Credential).or_default().insert("default");
        for document in self.documents {
            let name = document.name.as_ref().map(|name| name.value.as_str());
            all.entry(document.kind).or_default().extend(name);
        }
        let nothing = BTreeSet::new();
        for mention in self.findings.take_mentions() {
            let known = all.get(&mention.kind).unwrap_or(&nothing);
            if !known.contains(mention.name.as_str()) {
                let other = Kind::ALL.iter().copied().find(|kind| {
                    *kind != mention.kind
                        && all
                            .get(kind)
                            .is_some_and(|names| names.contains(mention.name.as_str()))
                });
                // Only for the problems that are kept: it looks through all documents.
                self.findings.add_with(|| {
                    let own = own_name::find(self.documents, mention.kind, &mention.name);
                    dangling(&mention, known, other, own)
                });
            }
        }
    }
}

/// A name that no document of its kind has. `own` is a document whose resource is called so, or has this id.
fn dangling(
    mention: &Mention,
    known: &BTreeSet<&str>,
    other: Option<Kind>,
    own: Option<&str>,
) -> Problem {
    let Mention { kind, name, mark } = mention;
    let help = match (own, other, nearest(name, known.iter().copied())) {
        (Some(own), ..) => format!(
            "that is what Azure calls it; the name of the {kind} document is wanted: write `{own}`"
        ),
        (None, _, Some(near)) => format!("did you mean `{near}`?"),
        (None, Some(other), None) => {
            let field = kind.key_age_field().and(other.key_age_field());
            let field = field.map(|field| format!(": write `{field}: {name}`"));
            format!(
                "`{name}` is a {other}; a {kind} is wanted here{}",
                field.unwrap_or_default()
            )
        }
        (None, None, None) => own_name::missing(*kind, name).unwrap_or_else(|| {
            format!("write a document of `kind: {kind}` with that name, or name one that is there")
        }),
    };
    Problem::at(*mark, format!("there is no {kind} `{}`", clipped(name)))
        .help(help)
        .misses_document()
}
