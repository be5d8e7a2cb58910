//! KeyAge documents.
//!
//! A rule with an empty `select` is an error.

use std::collections::BTreeMap;

use crate::limits::{GLOBS_MAX, GLOBS_OF_FACTORY_MAX};
use crate::model::desired::{KeyAgeRule, Selector};
use crate::model::kind::Kind;
use crate::model::name_glob::NameGlob;
use crate::model::runtime::RuntimeSpec;
use crate::model::time::Window;

use super::super::document::{Document, Spec};
use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::super::shape::check::{OVERLAP_DEFAULT, rotate_before_default};
use super::super::shape::leaf::{Reference, RuntimePattern, is_glob};
use super::super::shape::number::Length;
use super::super::shape::rule::{KeyAgeSpec, WindowText};
use super::claims::RuntimeClaims;
use super::context::{Context, named};

/// All KeyAge rules by name; `None` if one is missing.
pub fn build(context: &mut Context<'_>) -> Option<Vec<KeyAgeRule>> {
    let mut claims = RuntimeClaims::default();
    let (mut rules, mut globs) = (Vec::new(), Globs::default());
    for (name, document) in Context::of_kind(context.documents, Kind::KeyAge) {
        let Some(Spec::KeyAge(spec)) = &document.spec else {
            rules.push(None);
            continue;
        };
        let connection = connection(document, spec, context.findings);
        let factory = connection.and_then(|at| named(&context.factories, &at.value.0));
        let is_bounded = globs.count(spec, context.findings);
        // Too many of them have been told, and are not made ready.
        let (select, exclude) = if is_bounded {
            let exclude = spec.exclude.iter().flatten();
            (
                selectors(&spec.select.value, context.findings),
                selectors(exclude, context.findings),
            )
        } else {
            (Vec::new(), Vec::new())
        };
        if let Some(factory) = &factory {
            claims.add(&name, factory, &select, &exclude);
        }
        let built = runtime_spec(spec);
        check_selectors(spec, context.findings);
        rules.push(factory.zip(built).map(|(factory, built)| KeyAgeRule {
            name,
            factory: factory.name,
            select: without_marks(select),
            exclude: without_marks(exclude),
            allow_empty: spec.allow_empty.as_ref().is_some_and(|at| at.value.0),
            spec: built,
            place: context.place(document.mark),
        }));
    }
    claims.check(context.findings);
    rules.into_iter().collect()
}

/// The connection that a rule selects in.
fn connection<'a>(
    document: &Document,
    spec: &'a KeyAgeSpec,
    findings: &mut Findings,
) -> Option<&'a At<Reference>> {
    match (&spec.factory, &spec.synapse_workspace) {
        (Some(connection), None) | (None, Some(connection)) => Some(connection),
        (Some(first), Some(second)) => {
            let message = "a KeyAge has `factory` or `synapseWorkspace`, not both";
            let problem = Problem::at(second.mark, message).label("second");
            findings.add(problem.also(first.mark, "first"));
            None
        }
        (None, None) => {
            let message = "a KeyAge needs `factory` or `synapseWorkspace`";
            let help = "write `factory: NAME` with the name of a DataFactory document, or `synapseWorkspace: NAME`";
            findings.add(Problem::at(document.mark, message).help(help));
            None
        }
    }
}

/// What a rule selects or leaves out, and where it says so.
pub type Selectors = Vec<(Selector, Mark)>;

fn without_marks(selectors: Selectors) -> Vec<Selector> {
    selectors
        .into_iter()
        .map(|(selector, _)| selector)
        .collect()
}

/// How many globs there are: each costs time to make ready, and again for each runtime of its factory.
#[derive(Default)]
struct Globs<'a> {
    all: usize,
    of: BTreeMap<&'a str, usize>,
}

impl<'a> Globs<'a> {
    /// Are there few enough of them, with those of this rule?
    fn count(&mut self, spec: &'a KeyAgeSpec, findings: &mut Findings) -> bool {
        let connection = spec.factory.as_ref().or(spec.synapse_workspace.as_ref());
        let factory = connection.map_or("", |at| at.value.0.as_str());
        let of_factory = self.of.entry(factory).or_default();
        let selected = spec.select.value.iter();
        let all = selected.chain(spec.exclude.iter().flatten());
        for pattern in all.filter(|pattern| is_glob(&pattern.value.0)) {
            self.all += 1;
            *of_factory += 1;
            let message = if *of_factory == GLOBS_OF_FACTORY_MAX + 1 {
                format!("the rules of {factory} have more than {GLOBS_OF_FACTORY_MAX} patterns")
            } else if self.all == GLOBS_MAX + 1 {
                format!("the rules of this project have more than {GLOBS_MAX} patterns")
            } else {
                continue;
            };
            let help = "write fewer, wider ones, or the names of the runtimes";
            findings.add(Problem::at(pattern.mark, message).help(help));
        }
        *of_factory <= GLOBS_OF_FACTORY_MAX && self.all <= GLOBS_MAX
    }
}

fn selectors<'a>(
    patterns: impl IntoIterator<Item = &'a At<RuntimePattern>>,
    findings: &mut Findings,
) -> Selectors {
    let selector =
        |pattern: &At<RuntimePattern>| Some((selector(pattern, findings)?, pattern.mark));
    patterns.into_iter().filter_map(selector).collect()
}

fn selector(pattern: &At<RuntimePattern>, findings: &mut Findings) -> Option<Selector> {
    let text = pattern.value.0.as_str();
    if !is_glob(text) {
        return Some(Selector::Named(text.to_owned()));
    }
    let glob = NameGlob::parse(text).map_err(|why| {
        let message = format!("`{text}` is not a pattern for names");
        findings.add(Problem::at(pattern.mark, message).help(why));
    });
    glob.ok().map(Selector::Glob)
}

fn check_selectors(spec: &KeyAgeSpec, findings: &mut Findings) {
    if spec.select.value.is_empty() {
        let problem = Problem::at(spec.select.mark, "this rule selects no integration runtime");
        findings.add(problem.help("write names or globs: `[\"gateway-*\"]`"));
    }
    let is_glob = |pattern: &At<RuntimePattern>| is_glob(&pattern.value.0);
    if let Some(allow) = &spec.allow_empty
        && !spec.select.value.iter().any(is_glob)
    {
        let problem = Problem::at(
            allow.mark,
            "`allowEmpty` goes with globs: a runtime that is named must be there",
        );
        findings.add(problem.help("leave it out"));
    }
}

fn runtime_spec(spec: &KeyAgeSpec) -> Option<RuntimeSpec> {
    let limit = spec.age_max.value.0;
    let written = |length: &Option<At<Length>>| length.as_ref().map(|at| at.value.0);
    let overlap = written(&spec.overlap).unwrap_or(OVERLAP_DEFAULT);
    let rotate_before =
        written(&spec.rotate_before).unwrap_or_else(|| rotate_before_default(limit, overlap));
    let jitter = written(&spec.jitter).unwrap_or_default();
    let windows: Vec<_> = spec
        .windows
        .iter()
        .flatten()
        .map(|text| window(&text.value))
        .collect();
    Some(RuntimeSpec {
        age_max: limit,
        rotate_before,
        overlap,
        unknown_age: spec
            .unknown_age
            .as_ref()
            .map(|word| word.value.0)
            .unwrap_or_default(),
        windows: windows.into_iter().collect::<Option<_>>()?,
        on_starvation: spec
            .on_starvation
            .as_ref()
            .map(|word| word.value.0)
            .unwrap_or_default(),
        jitter,
    })
}

fn window(text: &WindowText) -> Option<Window> {
    Window::new(
        &text.cron.value.0,
        &text.time_zone.as_ref().or(text.timezone.as_ref())?.value.0,
        text.duration.value.0,
    )
    .ok()
}
