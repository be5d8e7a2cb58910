//! Two rules may not claim one subject. What of that is visible without looking at the cloud is found here.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};

use crate::model::address::Name;
use crate::model::connection::{Factory, Workspace, WorkspaceHost};

use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::super::shape::leaf::{RuntimePattern, is_glob};
use super::super::shape::rule::{JobText, KeyAgeSpec};

/// Which integration runtimes KeyAge rules name.
#[derive(Debug, Default)]
pub struct RuntimeClaims {
    rules: Vec<RuntimeClaim>,
}

#[derive(Debug)]
struct RuntimeClaim {
    rule: Name,
    factory: String,
    named: Vec<(String, Mark)>,
    globs: Vec<(GlobMatcher, Mark)>,
    excluded: Vec<GlobMatcher>,
}

impl RuntimeClaims {
    /// Takes note of what a rule selects.
    pub fn add(&mut self, rule: &Name, factory: &Factory, spec: &KeyAgeSpec) {
        let select = &spec.select.value;
        let named = select.iter().filter(|pattern| !is_glob(&pattern.value.0));
        let globs = select.iter().filter(|pattern| is_glob(&pattern.value.0));
        let matcher = |pattern: &At<RuntimePattern>| matcher(&pattern.value.0);
        self.rules.push(RuntimeClaim {
            rule: rule.clone(),
            factory: format!(
                "{} {}",
                factory.cloud.resource_manager,
                factory.id().folded()
            ),
            named: named
                .map(|pattern| (pattern.value.0.clone(), pattern.mark))
                .collect(),
            globs: globs
                .filter_map(|pattern| Some((matcher(pattern)?, pattern.mark)))
                .collect(),
            excluded: spec.exclude.iter().flatten().filter_map(matcher).collect(),
        });
    }

    /// Notes every runtime that two rules, or one rule twice, lay claim to.
    pub fn check(&self, findings: &mut Findings) {
        let mut first: BTreeMap<(&str, String), (&Name, Mark)> = BTreeMap::new();
        for claim in &self.rules {
            for (name, mark) in &claim.named {
                self.check_name(claim, name, *mark, findings);
                let key = (claim.factory.as_str(), name.to_ascii_lowercase());
                if let Some((rule, other)) = first.get(&key) {
                    findings.add(twice(name, *mark, &claim.rule, *other, rule));
                } else {
                    first.insert(key, (&claim.rule, *mark));
                }
            }
        }
    }

    /// A runtime that one rule names and another's glob takes as well, or that its own rule leaves out.
    fn check_name(&self, claim: &RuntimeClaim, name: &str, mark: Mark, findings: &mut Findings) {
        if claim.excluded.iter().any(|glob| glob.is_match(name)) {
            let message = format!("`{name}` is named here and left out by `exclude`");
            findings.add(Problem::at(mark, message));
        }
        let others = self
            .rules
            .iter()
            .filter(|other| other.factory == claim.factory && other.rule != claim.rule);
        for other in others.filter(|other| !other.excluded.iter().any(|glob| glob.is_match(name))) {
            if let Some((_, glob_mark)) = other.globs.iter().find(|(glob, _)| glob.is_match(name)) {
                let help = format!("write `exclude: [{name}]` in `{}`", other.rule);
                findings.add(twice(name, mark, &claim.rule, *glob_mark, &other.rule).help(help));
            }
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

/// Names and globs are compared without regard to case, as Azure does.
fn matcher(pattern: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
    glob.ok().map(|glob| glob.compile_matcher())
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
        let tagged: Vec<_> = self
            .rules
            .iter()
            .filter_map(|(rule, workspace, job, mark)| match job {
                JobText::Tags(tags) => Some((rule, workspace, tags, mark)),
                JobText::Name(_) | JobText::Id(_) => None,
            })
            .collect();
        for (index, (rule, workspace, tags, mark)) in tagged.iter().enumerate() {
            for (other, other_workspace, other_tags, place) in &tagged[..index] {
                let within = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
                    a.iter().all(|(key, value)| b.get(key) == Some(value))
                };
                if workspace == other_workspace
                    && (within(tags, other_tags) || within(other_tags, tags))
                {
                    findings.add(both(
                        rule,
                        **mark,
                        other,
                        **place,
                        "jobs with the same tags",
                    ));
                }
            }
        }
    }
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
