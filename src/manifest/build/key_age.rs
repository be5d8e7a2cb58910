//! KeyAge documents.
//!
//! A rule with an empty `select` is an error.

use std::collections::BTreeMap;

use crate::limits::{GLOBS_MAX, GLOBS_OF_FACTORY_MAX};
use crate::model::desired::KeyAgeRule;
use crate::model::hand_off::{HandOff, Serves};
use crate::model::kind::Kind;
use crate::model::name_glob::NameGlob;
use crate::model::nodes::NodeRule;
use crate::model::runtime::RuntimeSpec;
use crate::model::selector::Selector;
use crate::model::window::Window;

use super::super::document::{Document, Spec};
use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::super::shape::check::{OVERLAP_DEFAULT, rotate_before_default};
use super::super::shape::leaf::{Reference, is_glob};
use super::super::shape::number::Length;
use super::super::shape::rule::{KeyAgeSpec, WindowText};
use super::claims::RuntimeClaims;
use super::context::{Context, named};
use super::hand_off::{self, Selection, Vaults};
use super::nodes;
use super::unlikely;

/// All KeyAge rules by name, `None` if one is missing; and the Key Vaults that they hand keys to.
pub fn build(context: &mut Context<'_>) -> (Option<Vec<KeyAgeRule>>, Vaults) {
    let mut vaults = Vaults::default();
    let mut claims = RuntimeClaims::default();
    let (mut rules, mut globs) = (Vec::new(), Globs::default());
    for (name, document) in Context::of_kind(context.documents, Kind::KeyAge) {
        let Some(Spec::KeyAge(spec)) = &document.spec else {
            rules.push(None);
            continue;
        };
        let Some(written) = Written::of(document, spec, context.findings) else {
            rules.push(None);
            continue;
        };
        let connection = named(&context.key_connections, &written.connection.value.0);
        let is_bounded = globs.count(&written, context.findings);
        // Too many of them have been told, and are not made ready.
        let (select, exclude) = if is_bounded {
            (
                selectors(&written.select, context.findings),
                selectors(&written.exclude, context.findings),
            )
        } else {
            (Vec::new(), Vec::new())
        };
        unlikely::excludes(&select, &exclude, context.findings);
        unlikely::ids(&written.select, written.one, context.findings);
        let tags = spec.tags.as_ref().map(|at| at.value.clone());
        if let Some(connection) = &connection
            && context.is_clear(connection.service().kind(), connection.name())
        {
            // Which accounts have the tags only the cloud knows.
            let is_sure = |(selector, _): &&(Selector, Mark)| {
                tags.is_none() || matches!(selector, Selector::Named(_))
            };
            let sure: Selectors = select.iter().filter(is_sure).cloned().collect();
            claims.add(&name, connection, &sure, &exclude);
        }
        let is_several = select.len() > 1
            || select
                .iter()
                .any(|(one, _)| matches!(one, Selector::Glob(_)));
        let rule = connection.as_ref().and_then(|connection| {
            let selection = Selection {
                connection,
                is_several,
            };
            let serves = hand_off::serves(context, spec.serves.as_ref(), connection.service());
            let nodes = nodes::build(spec.nodes.as_ref(), connection.service(), context.findings);
            let hand_offs = hand_off::build(context, &mut vaults, spec, &selection)?;
            Some((hand_offs, serves, nodes))
        });
        let built = rule.and_then(|rule| runtime_spec(spec, rule));
        check_selectors(spec, &written, context.findings);
        rules.push(connection.zip(built).map(|(connection, built)| KeyAgeRule {
            name,
            connection: connection.name().clone(),
            select: without_marks(select),
            exclude: without_marks(exclude),
            tags: tags.unwrap_or_default(),
            allow_empty: spec.allow_empty.as_ref().is_some_and(|at| at.value.0),
            spec: built,
            born_after_at: spec.born_after.as_ref().map(|at| context.place(at.mark)),
            suspend: spec.suspend.as_ref().map(|at| at.value.suspension()),
            place: context.place(document.mark),
        }));
    }
    claims.check(context.findings);
    (rules.into_iter().collect(), vaults)
}

/// What a rule selects, and through which connection.
struct Written<'a> {
    connection: &'a At<Reference>,
    /// What people call what it selects.
    what: &'static str,
    /// In short, with its article.
    one: &'static str,
    /// Where the list of what it selects stands.
    mark: Mark,
    select: Vec<(&'a str, Mark)>,
    exclude: Vec<(&'a str, Mark)>,
}

impl<'a> Written<'a> {
    /// `None`: it does not say which connection, or what; that has been noted.
    fn of(document: &Document, spec: &'a KeyAgeSpec, findings: &mut Findings) -> Option<Self> {
        let connections = [&spec.factory, &spec.synapse, &spec.subscription];
        let mut given = connections.into_iter().flatten();
        let Some(connection) = given.next() else {
            let help = "write `factory: NAME` with the name of a DataFactory document, `synapse: NAME` with that of a SynapseWorkspace, or `subscription: NAME` with that of a Subscription";
            let message = "a KeyAge needs `factory`, `synapse` or `subscription`";
            findings.add(Problem::at(document.mark, message).help(help));
            return None;
        };
        if let Some(second) = given.next() {
            let message = "a KeyAge has one of `factory`, `synapse` and `subscription`";
            let problem = Problem::at(second.mark, message).label("second");
            findings.add(problem.also(connection.mark, "first"));
            return None;
        }
        let exclude = spec.exclude.iter().flatten();
        let exclude = exclude.map(|at| (at.value.0.as_str(), at.mark)).collect();
        let (what, one, mark, select) = match (&spec.subscription, &spec.accounts, &spec.runtimes) {
            (Some(_), Some(accounts), None) => {
                let all = accounts.value.iter();
                let all = all.map(|at| (at.value.0.as_str(), at.mark)).collect();
                ("storage account", "an account", accounts.mark, all)
            }
            (None, None, Some(runtimes)) => {
                let all = runtimes.value.iter();
                let all = all.map(|at| (at.value.0.as_str(), at.mark)).collect();
                ("integration runtime", "a runtime", runtimes.mark, all)
            }
            (subscription, accounts, runtimes) => {
                let of_accounts = subscription.is_some();
                let strange = if of_accounts {
                    runtimes.as_ref().map(|at| at.mark)
                } else {
                    accounts.as_ref().map(|at| at.mark)
                };
                misplaced(of_accounts, strange.unwrap_or(connection.mark), findings);
                return None;
            }
        };
        if let (None, Some(tags)) = (&spec.subscription, &spec.tags) {
            let message = "`tags` goes with `subscription`: integration runtimes have none";
            findings.add(Problem::at(tags.mark, message).help("leave it out"));
        }
        Some(Self {
            connection,
            what,
            one,
            mark,
            select,
            exclude,
        })
    }
}

/// What a rule selects is missing, or is not of its connection.
fn misplaced(of_accounts: bool, mark: Mark, findings: &mut Findings) {
    let (message, help) = if of_accounts {
        (
            "a KeyAge with `subscription` selects `storageAccounts`",
            "write names or globs: `storageAccounts: [\"data*\"]`",
        )
    } else {
        (
            "a KeyAge with `factory` or `synapse` selects `integrationRuntimes`",
            "write names or globs: `integrationRuntimes: [\"gateway-*\"]`",
        )
    };
    findings.add(Problem::at(mark, message).help(help));
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
    fn count(&mut self, written: &Written<'a>, findings: &mut Findings) -> bool {
        let factory = written.connection.value.0.as_str();
        let of_factory = self.of.entry(factory).or_default();
        let all = written.select.iter().chain(&written.exclude);
        for (_, mark) in all.filter(|(pattern, _)| is_glob(pattern)) {
            self.all += 1;
            *of_factory += 1;
            let message = if *of_factory == GLOBS_OF_FACTORY_MAX + 1 {
                format!("the rules of {factory} have more than {GLOBS_OF_FACTORY_MAX} patterns")
            } else if self.all == GLOBS_MAX + 1 {
                format!("the rules of this project have more than {GLOBS_MAX} patterns")
            } else {
                continue;
            };
            let help = format!("write fewer, wider ones, or names of each {}", written.what);
            findings.add(Problem::at(*mark, message).help(help));
        }
        *of_factory <= GLOBS_OF_FACTORY_MAX && self.all <= GLOBS_MAX
    }
}

fn selectors(patterns: &[(&str, Mark)], findings: &mut Findings) -> Selectors {
    let mut selectors = Vec::new();
    for (pattern, mark) in patterns {
        if let Some(selector) = selector(pattern, *mark, findings) {
            selectors.push((selector, *mark));
        }
    }
    selectors
}

fn selector(text: &str, mark: Mark, findings: &mut Findings) -> Option<Selector> {
    if !is_glob(text) {
        return Some(Selector::Named(text.to_owned()));
    }
    let glob = NameGlob::parse(text).map_err(|why| {
        let message = format!("`{text}` is not a pattern for names");
        findings.add(Problem::at(mark, message).help(why));
    });
    glob.ok().map(Selector::Glob)
}

fn check_selectors(spec: &KeyAgeSpec, written: &Written<'_>, findings: &mut Findings) {
    let what = written.what;
    if written.select.is_empty() {
        let problem = Problem::at(written.mark, format!("this rule selects no {what}"));
        findings.add(problem.help("write names or globs: `[\"gateway-*\"]`"));
    }
    if written.select.iter().any(|(pattern, _)| is_glob(pattern)) {
        return;
    }
    if let Some(allow) = &spec.allow_empty {
        let message = format!(
            "`allowEmpty` goes with globs: {} that is named must be there",
            written.one
        );
        findings.add(Problem::at(allow.mark, message).help("leave it out"));
    }
    if let Some(tags) = &spec.tags {
        let message = "`tags` goes with globs: an account that is named is selected by its name";
        findings.add(Problem::at(tags.mark, message).help("leave it out, or write `\"*\"`"));
    }
}

fn runtime_spec(
    spec: &KeyAgeSpec,
    (hand_offs, serves, nodes): (Vec<HandOff>, Serves, NodeRule),
) -> Option<RuntimeSpec> {
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
        hand_offs,
        serves,
        born_after: spec.born_after.as_ref().map(|at| at.value.0),
        ignore_windows: spec.ignore_windows.as_ref().is_some_and(|at| at.value.0),
        nodes,
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
