//! What a pull request changes: two sets of manifests, decided from one survey at one instant. What is due anyway is in neither side's
//! difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::change::{Change, changes};
use super::uses::Uses;
use super::words;
use crate::model::connection::{KeyConnection, Workspace};
use crate::model::desired::{
    Desired, Guardrails, JobRunRule, JobRunWhat, JobSelector, KeyAgeRule, LedgerPlace,
};
use crate::model::job::{JobSpec, Requirement, SubmissionSpec};
use crate::model::selector::Selector;
use crate::model::time::{Span, minute};
use crate::model::verdict::Plan;

/// One set of manifests, and what was decided by it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What is decided.
    pub plan: &'a Plan,
    /// What is declared.
    pub desired: &'a Desired,
    /// Where its credentials come from and go to.
    pub uses: Uses<'a>,
}

/// What a pull request is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Pull<'a> {
    /// The manifests of its base, decided from the same survey.
    Compared {
        /// Those of the base.
        before: Side<'a>,
        /// Its own.
        after: Side<'a>,
    },
    /// Nothing: the manifests of its base cannot be used.
    Unknown {
        /// Why not.
        why: &'a str,
    },
}

/// What differs.
pub struct Differences<'a> {
    /// Subjects that are decided differently: those with actions first.
    pub(super) steps: Vec<Change<'a>>,
    /// Rules, connections, guardrails, freezes, the ledger, hosts and credentials, each in a line.
    pub(super) settings: Vec<String>,
}

impl<'a> Pull<'a> {
    /// What differs.
    ///
    /// # Errors
    /// Why that is not known.
    pub fn differences(&self) -> Result<Differences<'a>, &'a str> {
        let (before, after) = match *self {
            Self::Unknown { why } => return Err(why),
            Self::Compared { before, after } => (before, after),
        };
        let mut steps = changes(before.plan, after.plan);
        steps.sort_by_key(|change| !is_about_actions(change));
        let mut settings = rules(before.desired, after.desired);
        settings.extend(project(before.desired, after.desired));
        settings.extend(connections(before.desired, after.desired));
        settings.extend(before.uses.changes(after.uses));
        Ok(Differences { steps, settings })
    }
}

impl Differences<'_> {
    /// `2 actions added, 1 removed, 0 changed; 3 other decisions; 4 settings`.
    pub fn tally(&self) -> String {
        let (mut added, mut removed, mut changed, mut other) = (0, 0, 0, 0);
        for change in &self.steps {
            match acts(change) {
                (false, true) => added += 1,
                (true, false) => removed += 1,
                (true, true) => changed += 1,
                (false, false) => other += 1,
            }
        }
        if self.steps.is_empty() && self.settings.is_empty() {
            return "nothing: everything is due anyway".to_owned();
        }
        let settings = self.settings.len();
        format!(
            "subjects with actions: {added} added, {removed} removed, {changed} changed; {}; {}",
            words::count(other, "other decision", "other decisions"),
            words::count(
                settings,
                "line of rules and settings",
                "lines of rules and settings"
            )
        )
    }

    /// One line for each, for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let steps = self.steps.iter().map(super::change::said);
        steps.chain(self.settings.iter().cloned()).collect()
    }
}

/// Did its subject have actions, and has it now?
fn acts(change: &Change<'_>) -> (bool, bool) {
    match change {
        Change::Added(new) => (false, new.proposal().is_some()),
        Change::Removed(old) => (old.proposal().is_some(), false),
        Change::Changed(old, new) => (old.proposal().is_some(), new.proposal().is_some()),
    }
}

fn is_about_actions(change: &Change<'_>) -> bool {
    let (before, after) = acts(change);
    before || after
}

/// The parts of a rule by their names in a manifest; `None`: too long to be shown, so only that it changed is said.
type Terms = Vec<(&'static str, Option<String>, String)>;

fn shown(name: &'static str, value: impl Into<String>) -> (&'static str, Option<String>, String) {
    let text = value.into();
    (name, Some(text.clone()), text)
}

fn opaque(name: &'static str, value: &impl Debug) -> (&'static str, Option<String>, String) {
    (name, None, format!("{value:?}"))
}

fn span(name: &'static str, value: Option<Span>) -> (&'static str, Option<String>, String) {
    shown(
        name,
        value.map_or_else(|| "none".to_owned(), |span| span.to_string()),
    )
}

fn rules(before: &Desired, after: &Desired) -> Vec<String> {
    let key_ages = |desired: &Desired| -> BTreeMap<String, Terms> {
        let rules = desired.key_ages.iter();
        rules
            .map(|rule| (format!("KeyAge {}", rule.name), of_keys(rule)))
            .collect()
    };
    let job_runs = |desired: &Desired| -> BTreeMap<String, Terms> {
        let rules = desired.job_runs.iter();
        rules
            .map(|rule| (format!("JobRun {}", rule.name), of_jobs(rule)))
            .collect()
    };
    let mut lines = compared(&key_ages(before), &key_ages(after));
    lines.extend(compared(&job_runs(before), &job_runs(after)));
    lines
}

fn compared(before: &BTreeMap<String, Terms>, after: &BTreeMap<String, Terms>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let line = |name: &String| match (before.get(name), after.get(name)) {
        (None, Some(terms)) => Some(format!("new: {name}: {}", listed(terms))),
        (Some(_), None) => Some(format!("gone: {name}")),
        (Some(old), Some(new)) => {
            let differences = differing(old, new);
            (!differences.is_empty()).then(|| format!("{name}: {}", differences.join("; ")))
        }
        (None, None) => None,
    };
    names.into_iter().filter_map(line).collect()
}

fn listed(terms: &Terms) -> String {
    let shown = terms.iter().filter_map(|(name, value, _)| {
        let value = value
            .as_ref()
            .filter(|value| !value.is_empty() && *value != "none")?;
        Some(format!("{name} {value}"))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn differing(old: &Terms, new: &Terms) -> Vec<String> {
    let of = |terms: &Terms, name: &str| {
        let found = terms.iter().find(|(known, ..)| *known == name);
        found.map(|(_, shown, whole)| (shown.clone(), whole.clone()))
    };
    let names: BTreeSet<&str> = old.iter().chain(new).map(|(name, ..)| *name).collect();
    let differs = |name: &str| {
        let (was, is) = (of(old, name), of(new, name));
        if was.as_ref().map(|(_, whole)| whole) == is.as_ref().map(|(_, whole)| whole) {
            return None;
        }
        let word = |one: Option<(Option<String>, String)>| match one {
            None => Some("none".to_owned()),
            Some((shown, _)) => shown.map(|text| {
                if text.is_empty() {
                    "none".to_owned()
                } else {
                    text
                }
            }),
        };
        Some(match (word(was), word(is)) {
            (Some(was), Some(is)) => format!("{name} {is}, was {was}"),
            _ => format!("{name} changed"),
        })
    };
    names.into_iter().filter_map(differs).collect()
}

fn selected(all: &[Selector]) -> String {
    let names = all.iter().map(|one| match one {
        Selector::Named(name) => name.as_str(),
        Selector::Glob(glob) => glob.as_str(),
    });
    names.collect::<Vec<_>>().join(" ")
}

fn tags(tags: &BTreeMap<String, String>) -> String {
    let pairs = tags.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join(" ")
}

fn of_keys(rule: &KeyAgeRule) -> Terms {
    let spec = &rule.spec;
    vec![
        shown("connection", rule.connection.as_str()),
        shown("selects", selected(&rule.select)),
        shown("exclude", selected(&rule.exclude)),
        shown("tags", tags(&rule.tags)),
        span("maxAge", Some(spec.age_max)),
        span("rotateBefore", Some(spec.rotate_before)),
        span("overlap", Some(spec.overlap)),
        span("jitter", Some(spec.jitter)),
        opaque("unknownAge", &spec.unknown_age),
        opaque("windows", &spec.windows),
        opaque("onWindowStarvation", &spec.on_starvation),
        opaque("allowEmpty", &rule.allow_empty),
        shown("nodes", spec.nodes.to_string()),
    ]
}

fn of_jobs(rule: &JobRunRule) -> Terms {
    let mut terms = vec![
        shown("workspace", rule.workspace.as_str()),
        opaque("allowEmpty", &rule.allow_empty),
    ];
    match &rule.what {
        JobRunWhat::Job(selector, spec) => {
            terms.push(shown(
                "job",
                match selector {
                    JobSelector::Name(name) => name.clone(),
                    JobSelector::Id(id) => id.to_string(),
                    JobSelector::Tags(all) => tags(all),
                },
            ));
            terms.extend(of_job(spec));
        }
        JobRunWhat::Submission(spec) => terms.extend(of_submission(spec)),
    }
    terms
}

fn of_job(spec: &JobSpec) -> Terms {
    let mut terms = match spec.require {
        Requirement::Succeeded {
            start_after,
            warn_after,
            error_after,
        } => vec![
            shown("require", "succeeded"),
            span("startAfter", start_after),
            span("warnAfter", warn_after),
            span("errorAfter", Some(error_after)),
        ],
        Requirement::Running => vec![shown("require", "running")],
        Requirement::NotRunning => vec![shown("require", "notRunning")],
    };
    terms.extend([
        span("maxDuration", spec.duration_max),
        span("maxQueue", spec.queue_max),
        span("waitFor", spec.wait_max),
        opaque("concurrencyPolicy", &spec.concurrency),
        opaque("acceptResults", &spec.accept),
        opaque("counts", &spec.counts),
        opaque("retry", &spec.retry),
        // Values may be secrets.
        opaque("parameters", &spec.parameters),
    ]);
    terms
}

fn of_submission(spec: &SubmissionSpec) -> Terms {
    vec![
        shown("submit", spec.digest.get(..8).unwrap_or(&spec.digest)),
        opaque("content", &spec.digest),
        opaque("acceptResults", &spec.accept),
        opaque("concurrencyPolicy", &spec.concurrency),
        opaque("retry", &spec.retry),
        span("waitFor", spec.wait_max),
    ]
}

/// The guardrails that are set, by their names in a manifest.
pub(super) fn bounds(guardrails: &Guardrails) -> Vec<(&'static str, u32)> {
    let all = [
        (
            "maxRegenerations.perApply",
            guardrails.regenerations_per_apply,
        ),
        (
            "maxRegenerations.perFactory",
            guardrails.regenerations_per_factory,
        ),
        (
            "maxRegenerations.perSubscription",
            guardrails.regenerations_per_subscription,
        ),
        ("maxRuns.perApply", guardrails.runs_per_apply),
        (
            "maxCancellations.perApply",
            guardrails.cancellations_per_apply,
        ),
    ];
    let set = all
        .into_iter()
        .filter_map(|(name, bound)| Some((name, bound?)));
    set.collect()
}

fn project(before: &Desired, after: &Desired) -> Vec<String> {
    let terms = |desired: &Desired| -> Terms {
        let project = &desired.project;
        let bounds = bounds(&project.guardrails).into_iter();
        let mut terms: Terms = bounds
            .map(|(name, bound)| shown(name, bound.to_string()))
            .collect();
        terms.push(shown("onExceed", project.guardrails.on_exceed.word()));
        let freezes = project.freezes.iter().map(|freeze| {
            format!(
                "{} to {} ({})",
                minute(freeze.from),
                minute(freeze.to),
                freeze.reason
            )
        });
        terms.push(shown("freezes", freezes.collect::<Vec<_>>().join(", ")));
        terms.push(shown(
            "ledger",
            match &project.ledger {
                LedgerPlace::File(path) => path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                LedgerPlace::Blob(address) => address.clone(),
            },
        ));
        terms
    };
    differing(&terms(before), &terms(after))
}

fn connections(before: &Desired, after: &Desired) -> Vec<String> {
    let all = |desired: &Desired| -> BTreeMap<String, Terms> {
        let keys = desired.key_connections.iter();
        let keys = keys.map(|(name, one)| (format!("connection {name}"), of_connection(one)));
        let workspaces = desired.workspaces.iter();
        let workspaces =
            workspaces.map(|(name, one)| (format!("connection {name}"), of_workspace(one)));
        keys.chain(workspaces).collect()
    };
    compared(&all(before), &all(after))
}

fn of_connection(connection: &KeyConnection) -> Terms {
    vec![
        shown("id", connection.id().to_string()),
        shown("cloud", connection.cloud().name.as_str()),
        opaque("the cloud's addresses", connection.cloud()),
        shown("credential", connection.credential().method()),
        opaque("how it signs in", connection.credential()),
    ]
}

fn of_workspace(workspace: &Workspace) -> Terms {
    vec![
        shown("workspace", workspace.known_as()),
        shown("cloud", workspace.cloud.name.as_str()),
        opaque("the cloud's addresses", &workspace.cloud),
        shown("credential", workspace.credential.method()),
        opaque("how it signs in", &workspace.credential),
    ]
}
