//! Two rules may not claim one subject. What of that is visible without looking at the cloud is found here.
//!
//! Each two rules are told of one subject once. What only follows from another problem is not told: a name that its own rule leaves out, or a
//! rule whose connection is not the one that is meant.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::Name;
use crate::model::connection::{KeyConnection, Workspace, WorkspaceHost};
use crate::model::name_glob::{NameGlob, NameGlobs};
use crate::model::selector::{Patterns, Selector};

use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::super::shape::rule::JobText;

/// Which integration runtimes and storage accounts KeyAge rules name.
#[derive(Debug, Default)]
pub struct RuntimeClaims {
    rules: Vec<RuntimeClaim>,
}

#[derive(Debug)]
struct RuntimeClaim {
    rule: Name,
    factory: String,
    named: Vec<(String, Mark)>,
    globs: Vec<(NameGlob, Mark)>,
    excluded: Patterns,
}

/// The globs of all rules of one factory, and of each its rule and its place.
struct Globs<'a> {
    set: NameGlobs,
    of: Vec<(&'a RuntimeClaim, Mark)>,
}

/// Most other rules that are told of one name.
const OTHERS_TOLD_MAX: usize = 3;

impl RuntimeClaims {
    /// Takes note of what a rule selects.
    pub fn add(
        &mut self,
        rule: &Name,
        connection: &KeyConnection,
        select: &[(Selector, Mark)],
        exclude: &[(Selector, Mark)],
    ) {
        let (mut named, mut globs) = (Vec::new(), Vec::new());
        for (selector, mark) in select {
            match selector {
                Selector::Named(name) => named.push((name.clone(), *mark)),
                Selector::Glob(glob) => globs.push((glob.clone(), *mark)),
            }
        }
        let exclude = exclude.iter().map(|(selector, _)| selector);
        self.rules.push(RuntimeClaim {
            rule: rule.clone(),
            factory: format!(
                "{} {}",
                connection.cloud().resource_manager,
                connection.id().folded()
            ),
            named,
            globs,
            excluded: Patterns::of(exclude),
        });
    }

    /// Notes every one that two rules, or one rule twice, lay claim to.
    pub fn check(&self, findings: &mut Findings) {
        let mut first: BTreeMap<(&str, String), (&Name, Mark)> = BTreeMap::new();
        let globs = self.globs();
        let mut told = Told::default();
        for claim in &self.rules {
            for (name, mark) in &claim.named {
                let folded = name.to_ascii_lowercase();
                if claim.excluded.take(name) {
                    let message = format!("`{name}` is named here and left out by `exclude`");
                    findings.add(Problem::at(*mark, message));
                    continue;
                }
                if let Some(globs) = globs.get(claim.factory.as_str()) {
                    globs.check_name(claim, name, *mark, &mut told, findings);
                }
                let key = (claim.factory.as_str(), folded);
                if let Some((rule, other)) = first.get(&key) {
                    if told.is_first(&key.1, &claim.rule, rule) {
                        findings.add(twice(name, *mark, &claim.rule, *other, rule));
                    }
                } else {
                    first.insert(key, (&claim.rule, *mark));
                }
            }
        }
    }

    fn globs(&self) -> BTreeMap<&str, Globs<'_>> {
        let mut of: BTreeMap<&str, Vec<(&RuntimeClaim, &NameGlob, Mark)>> = BTreeMap::new();
        for claim in &self.rules {
            let globs = claim.globs.iter().map(|(glob, mark)| (claim, glob, *mark));
            of.entry(claim.factory.as_str()).or_default().extend(globs);
        }
        let each = of.into_iter().map(|(factory, all)| {
            let set = NameGlobs::of(all.iter().map(|(_, glob, _)| *glob));
            let of = all
                .into_iter()
                .map(|(claim, _, mark)| (claim, mark))
                .collect();
            (factory, Globs { set, of })
        });
        each.collect()
    }
}

/// Of which subject which two rules have been told.
#[derive(Default)]
struct Told(BTreeSet<(String, Name, Name)>);

impl Told {
    fn is_first(&mut self, subject: &str, rule: &Name, other: &Name) -> bool {
        let (low, high) = (rule.min(other), rule.max(other));
        self.0
            .insert((subject.to_owned(), low.clone(), high.clone()))
    }
}

impl Globs<'_> {
    /// A runtime that one rule names and another's glob takes as well. Of each other rule the first such glob is told.
    fn check_name(
        &self,
        claim: &RuntimeClaim,
        name: &str,
        mark: Mark,
        told: &mut Told,
        findings: &mut Findings,
    ) {
        if findings.is_full() || !self.set.match_any(name) {
            return;
        }
        let matches = self.set.matches(name).into_iter();
        let mut others: Vec<&(&RuntimeClaim, Mark)> =
            matches.filter_map(|index| self.of.get(index)).collect();
        others.dedup_by_key(|(other, _)| &other.rule);
        let takes = |(other, _): &&&(&RuntimeClaim, Mark)| {
            other.rule != claim.rule && !other.excluded.take(name)
        };
        let folded = name.to_ascii_lowercase();
        for (other, glob_mark) in others.iter().filter(takes).take(OTHERS_TOLD_MAX) {
            if !told.is_first(&folded, &claim.rule, &other.rule) {
                continue;
            }
            let help = format!("write `exclude: [{name}]` in `{}`", other.rule);
            findings.add(twice(name, mark, &claim.rule, *glob_mark, &other.rule).help(help));
        }
    }
}

fn twice(name: &str, mark: Mark, rule: &Name, other: Mark, other_rule: &Name) -> Problem {
    let message = if rule == other_rule {
        format!("the KeyAge `{rule}` names `{name}` twice")
    } else {
        format!("the KeyAges `{other_rule}` and `{rule}` both claim `{name}`")
    };
    Problem::at(mark, message)
        .label(format!("by `{rule}`"))
        .also(other, format!("by `{other_rule}`"))
}

/// Which jobs JobRun rules name.
#[derive(Debug, Default)]
pub struct JobClaims {
    rules: Vec<(Name, String, JobText, Mark)>,
}

impl JobClaims {
    /// Takes note of what a rule selects.
    pub fn add(&mut self, rule: &Name, workspace: &Workspace, job: &At<JobText>) {
        let key = key(workspace);
        self.rules
            .push((rule.clone(), key, job.value.clone(), job.mark));
    }

    /// Notes every two rules of which each job of one is a job of the other.
    pub fn check(&self, findings: &mut Findings) {
        let mut first: BTreeMap<(&str, String), (&Name, Mark)> = BTreeMap::new();
        for (rule, workspace, job, mark) in &self.rules {
            let Some(words) = exact(job) else { continue };
            let key = (workspace.as_str(), words.clone());
            if let Some((other, place)) = first.get(&key) {
                findings.add(both(rule, *mark, other, *place, &words));
            } else {
                first.insert(key, (rule, *mark));
            }
        }
        self.check_tags(findings);
    }

    fn check_tags(&self, findings: &mut Findings) {
        let mut first: BTreeMap<(&str, &Tags), (&Name, Mark)> = BTreeMap::new();
        for (rule, workspace, job, mark) in &self.rules {
            let JobText::Tags(tags) = job else { continue };
            if tags.is_empty() {
                continue;
            }
            match first.entry((workspace, tags)) {
                Entry::Vacant(place) => {
                    place.insert((rule, *mark));
                }
                Entry::Occupied(known) => {
                    let (other, place) = *known.get();
                    findings.add(both(rule, *mark, other, place, SAME_TAGS));
                }
            }
        }
        let tagged: Vec<Tagged<'_>> = first
            .into_iter()
            .map(|((workspace, tags), (rule, mark))| Tagged {
                rule,
                mark,
                workspace,
                tags,
            })
            .collect();
        for (narrow, wide) in within_each_other(&tagged) {
            let (early, late) = if narrow.mark < wide.mark {
                (narrow, wide)
            } else {
                (wide, narrow)
            };
            findings.add(both(
                late.rule, late.mark, early.rule, early.mark, SAME_TAGS,
            ));
        }
    }
}

const SAME_TAGS: &str = "jobs with the same tags";

/// A rule for jobs with tags; no two of one workspace have all tags in common.
struct Tagged<'a> {
    rule: &'a Name,
    mark: Mark,
    workspace: &'a str,
    tags: &'a Tags,
}

type Tags = BTreeMap<String, String>;

/// A workspace, and a tag's key and value.
type Tag<'a> = (&'a str, &'a str, &'a str);

impl<'a> Tagged<'a> {
    fn each(&self) -> impl Iterator<Item = Tag<'a>> {
        let workspace = self.workspace;
        self.tags
            .iter()
            .map(move |(key, value)| (workspace, key.as_str(), value.as_str()))
    }

    fn is_within(&self, other: &Self) -> bool {
        let all = self.tags.iter();
        self.tags.len() < other.tags.len()
            && all
                .into_iter()
                .all(|(key, value)| other.tags.get(key) == Some(value))
    }
}

/// Of each rule, another one whose jobs include all of its own: that one has some of its tags, and is looked for under its rarest.
fn within_each_other<'a>(tagged: &'a [Tagged<'a>]) -> Vec<(&'a Tagged<'a>, &'a Tagged<'a>)> {
    let mut counts: BTreeMap<Tag<'_>, usize> = BTreeMap::new();
    for tag in tagged.iter().flat_map(Tagged::each) {
        *counts.entry(tag).or_default() += 1;
    }
    let mut by_rarest: BTreeMap<Tag<'_>, Vec<&Tagged<'_>>> = BTreeMap::new();
    for one in tagged {
        if let Some(tag) = one.each().min_by_key(|tag| counts.get(tag)) {
            by_rarest.entry(tag).or_default().push(one);
        }
    }
    let wider = |one: &Tagged<'_>| {
        let mut others = one.each().filter_map(|tag| by_rarest.get(&tag)).flatten();
        others.find(|other| other.is_within(one)).copied()
    };
    tagged
        .iter()
        .filter_map(|one| Some((one, wider(one)?)))
        .collect()
}

/// What tells workspaces apart, whatever their connections are called.
fn key(workspace: &Workspace) -> String {
    let resource = workspace.resource_id.as_ref().map(ToString::to_string);
    match &workspace.host {
        WorkspaceHost::Given(host) => host.clone(),
        WorkspaceHost::FromResource => resource.unwrap_or_default().to_ascii_lowercase(),
    }
}

/// Which contents JobRun rules submit.
#[derive(Debug, Default)]
pub struct ContentClaims {
    rules: Vec<(Name, String, String, Mark)>,
}

impl ContentClaims {
    /// Takes note of what a rule submits.
    pub fn add(&mut self, rule: &Name, workspace: &Workspace, digest: &str, mark: Mark) {
        let claim = (rule.clone(), key(workspace), digest.to_owned(), mark);
        self.rules.push(claim);
    }

    /// Notes every two rules that submit the same to one workspace: it would succeed once for both.
    pub fn check(&self, findings: &mut Findings) {
        let mut first: BTreeMap<(&str, &str), (&Name, Mark)> = BTreeMap::new();
        for (rule, workspace, digest, mark) in &self.rules {
            if let Some((other, place)) = first.get(&(workspace.as_str(), digest.as_str())) {
                let message = format!(
                    "the JobRuns `{other}` and `{rule}` submit the same content, which succeeds once"
                );
                let problem = Problem::at(*mark, message).label(format!("by `{rule}`"));
                let problem = problem.also(*place, format!("by `{other}`"));
                findings.add(problem.help(
                    "leave one of them out; to run it twice, tell them apart by a parameter of a task",
                ));
            } else {
                first.insert((workspace, digest), (rule, *mark));
            }
        }
    }
}

fn exact(job: &JobText) -> Option<String> {
    match job {
        JobText::Name(name) => Some(format!("the job `{}`", name.0)),
        JobText::Id(id) => Some(format!("the job {}", id.0)),
        JobText::Tags(_) => None,
    }
}

fn both(rule: &Name, mark: Mark, other: &Name, place: Mark, what: &str) -> Problem {
    Problem::at(
        mark,
        format!("the JobRuns `{other}` and `{rule}` both claim {what}"),
    )
    .label(format!("by `{rule}`"))
    .also(place, format!("by `{other}`"))
}
