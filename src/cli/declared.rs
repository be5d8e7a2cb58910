//! `afresh validate --verbose`: what each document declares, which addresses its rules cover, and which values are defaults.

use std::collections::BTreeMap;

use crate::manifest::{OVERLAP_DEFAULT, rotate_before_default};
use crate::model::address::Name;
use crate::model::connection::KeyConnection;
use crate::model::desired::{
    Desired, Guardrails, JobRunRule, JobRunWhat, JobSelector, KeyAgeRule, LedgerPlace, OnExceed,
    Project,
};
use crate::model::job::{Concurrency, Counting, JobSpec, Requirement, Retry, RunResult};
use crate::model::kind::Kind;
use crate::model::nodes::NodeRule;
use crate::model::runtime::{OnStarvation, RuntimeSpec, UnknownAge};
use crate::model::selector::Selector;
use crate::model::time::Span;

/// Values of one document: those that are not the default, and those that are.
#[derive(Default)]
struct Values {
    own: Vec<String>,
    default: Vec<String>,
}

impl Values {
    /// Takes note of a field, and whether its value is what holds without it.
    fn add(&mut self, field: &str, value: &str, is_default: bool) {
        let list = if is_default {
            &mut self.default
        } else {
            &mut self.own
        };
        list.push(format!("{field} {value}"));
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        let line = |label: &str, values: &[String]| {
            (!values.is_empty()).then(|| labelled(label, &values.join(", ")))
        };
        let lines = [line("values", &self.own), line("defaults", &self.default)];
        lines.into_iter().flatten()
    }
}

fn labelled(label: &str, text: &str) -> String {
    format!("      {label:<10}{text}")
}

/// All documents: the Project, connections with their rules, then rules with what they cover.
pub fn declared(desired: &Desired) -> String {
    let mut lines = project(&desired.project);
    let of_keys = desired.key_ages.iter();
    let of_keys = by_connection(of_keys.map(|rule| (&rule.connection, &rule.name)));
    for (name, connection) in &desired.key_connections {
        lines.push(headline(connection.service().kind(), name));
        lines.push(labelled("leads to", &place(connection)));
        lines.push(labelled("rules", &names(of_keys.get(name))));
    }
    let of_jobs = desired.job_runs.iter();
    let of_jobs = by_connection(of_jobs.map(|rule| (&rule.workspace, &rule.name)));
    for (name, workspace) in &desired.workspaces {
        lines.push(headline(Kind::DatabricksWorkspace, name));
        lines.push(labelled("leads to", &workspace.known_as()));
        lines.push(labelled("rules", &names(of_jobs.get(name))));
    }
    lines.extend(desired.key_ages.iter().flat_map(key_age));
    lines.extend(desired.job_runs.iter().flat_map(job_run));
    lines.join("\n")
}

fn headline(kind: Kind, name: &Name) -> String {
    format!("  {kind} {name}")
}

/// The rules of each connection, in their order.
fn by_connection<'a>(
    rules: impl Iterator<Item = (&'a Name, &'a Name)>,
) -> BTreeMap<&'a Name, Vec<&'a str>> {
    let mut found: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for (connection, rule) in rules {
        found.entry(connection).or_default().push(rule.as_str());
    }
    found
}

fn names(rules: Option<&Vec<&str>>) -> String {
    rules.map_or_else(
        || "none, so nothing is promised about it".to_owned(),
        |rules| rules.join(", "),
    )
}

fn place(connection: &KeyConnection) -> String {
    match connection {
        KeyConnection::Factory(factory) => format!(
            "{} in {}, subscription {}",
            factory.factory, factory.resource_group, factory.subscription
        ),
        KeyConnection::Subscription(one) => one.resource_group.as_ref().map_or_else(
            || format!("subscription {}", one.subscription),
            |group| format!("{group}, subscription {}", one.subscription),
        ),
    }
}

fn project(project: &Project) -> Vec<String> {
    let mut lines = vec![headline(Kind::Project, &project.name)];
    lines.push(labelled(
        "ledger",
        &match &project.ledger {
            LedgerPlace::File(path) => path.display().to_string(),
            LedgerPlace::Blob(address) => address.clone(),
        },
    ));
    let mut values = Values::default();
    let Guardrails {
        regenerations_per_apply,
        regenerations_per_factory,
        regenerations_per_subscription,
        runs_per_apply,
        cancellations_per_apply,
        on_exceed,
    } = project.guardrails;
    for (field, bound) in [
        ("maxRegenerations.perApply", regenerations_per_apply),
        ("maxRegenerations.perFactory", regenerations_per_factory),
        (
            "maxRegenerations.perSubscription",
            regenerations_per_subscription,
        ),
        ("maxRuns.perApply", runs_per_apply),
        ("maxCancellations.perApply", cancellations_per_apply),
    ] {
        let shown = bound.map_or_else(|| "without bound".to_owned(), |bound| bound.to_string());
        values.add(field, &shown, bound.is_none());
    }
    let is_default = on_exceed == OnExceed::default();
    values.add("onExceed", on_exceed.word(), is_default);
    if !project.freezes.is_empty() {
        values.add("freezes", &project.freezes.len().to_string(), false);
    }
    lines.extend(values.lines());
    lines
}

fn key_age(rule: &KeyAgeRule) -> Vec<String> {
    let text = |selector: &Selector| match selector {
        Selector::Named(name) => name.clone(),
        Selector::Glob(glob) => glob.as_str().to_owned(),
    };
    let selected = rule.select.iter().map(text);
    let selected: Vec<String> = selected
        .map(|name| format!("{}/{name}", rule.connection))
        .collect();
    let with = if rule.tags.is_empty() {
        String::new()
    } else {
        format!(" with {}", tags(&rule.tags))
    };
    let left: Vec<String> = rule.exclude.iter().map(text).collect();
    let without = if left.is_empty() {
        String::new()
    } else {
        format!(", without {}", left.join(", "))
    };
    let covers = format!("{}{with}{without}", selected.join(", "));
    told(Kind::KeyAge, &rule.name, &covers, &of_keys(&rule.spec))
}

fn of_keys(spec: &RuntimeSpec) -> Values {
    let mut values = Values::default();
    values.add("maxAge", &spec.age_max.to_string(), false);
    values.add(
        "rotateBefore",
        &spec.rotate_before.to_string(),
        spec.rotate_before == rotate_before_default(spec.age_max, spec.overlap),
    );
    values.add(
        "overlap",
        &spec.overlap.to_string(),
        spec.overlap == OVERLAP_DEFAULT,
    );
    let is_default = spec.unknown_age == UnknownAge::default();
    values.add("unknownAge", spec.unknown_age.word(), is_default);
    let windows: Vec<String> = spec
        .windows
        .iter()
        .map(|window| {
            format!(
                "{} {} for {}",
                window.cron_text(),
                window.zone_name(),
                window.length()
            )
        })
        .collect();
    if windows.is_empty() {
        values.add("windows", "at any time", true);
    } else {
        values.add("windows", &windows.join(" and "), false);
    }
    let is_default = spec.on_starvation == OnStarvation::default();
    values.add("onWindowStarvation", spec.on_starvation.word(), is_default);
    values.add(
        "jitter",
        &spec.jitter.to_string(),
        spec.jitter == Span::ZERO,
    );
    let handed = match spec.hand_offs.len() {
        0 => "none".to_owned(),
        some => some.to_string(),
    };
    values.add("handOff", &handed, spec.hand_offs.is_empty());
    let nodes = spec.nodes;
    values.add("nodes", &nodes.to_string(), nodes == NodeRule::default());
    values
}

fn told(kind: Kind, name: &Name, covers: &str, values: &Values) -> Vec<String> {
    let mut lines = vec![headline(kind, name), labelled("covers", covers)];
    lines.extend(values.lines());
    lines
}

fn tags(tags: &BTreeMap<String, String>) -> String {
    let pairs = tags.iter().map(|(key, value)| format!("{key}: {value}"));
    format!("the tags {}", pairs.collect::<Vec<_>>().join(", "))
}

fn job_run(rule: &JobRunRule) -> Vec<String> {
    let address = format!("{}/{}", rule.workspace, rule.name);
    let (covers, values) = match &rule.what {
        JobRunWhat::Job(selector, spec) => {
            let covers = match selector {
                JobSelector::Name(name) => format!("{address}: the job `{name}`"),
                JobSelector::Id(id) => format!("{address}: the job {id}"),
                JobSelector::Tags(all) => format!(
                    "{}/NAME for the NAME of each job with {}",
                    rule.workspace,
                    tags(all)
                ),
            };
            (covers, of_job(spec))
        }
        JobRunWhat::Submission(once) => {
            let mut values = Values::default();
            values.add("require", "succeeded", false);
            concurrency(&mut values, once.concurrency);
            accepted(&mut values, &once.accept);
            retry(&mut values, &once.retry);
            waiting(&mut values, once.wait_max);
            (format!("{address}: a one-time run"), values)
        }
    };
    told(Kind::JobRun, &rule.name, &covers, &values)
}

fn of_job(spec: &JobSpec) -> Values {
    let mut values = Values::default();
    match &spec.require {
        Requirement::Succeeded {
            start_after,
            warn_after,
            error_after,
        } => {
            values.add("require", "succeeded", false);
            values.add("errorAfter", &error_after.to_string(), false);
            let start = start_after.unwrap_or(*error_after);
            values.add("startAfter", &start.to_string(), start_after.is_none());
            if let Some(warn) = warn_after {
                values.add("warnAfter", &warn.to_string(), false);
            }
            let counts = match spec.counts {
                Counting::SameParameters => "sameParameters",
                Counting::Any => "any",
            };
            values.add("counts", counts, spec.counts == Counting::default());
            accepted(&mut values, &spec.accept);
        }
        Requirement::Running => values.add("require", "running", false),
        Requirement::NotRunning => values.add("require", "notRunning", false),
    }
    let longest = |bound: Option<Span>| {
        bound.map_or_else(|| "without bound".to_owned(), |bound| bound.to_string())
    };
    let (lasting, queued) = (spec.duration_max, spec.queued_max());
    values.add("maxDuration", &longest(lasting), lasting.is_none());
    values.add("maxQueue", &longest(queued), spec.queue_max.is_none());
    match &spec.require {
        Requirement::Succeeded { .. } | Requirement::Running => {
            concurrency(&mut values, spec.concurrency);
            retry(&mut values, &spec.retry);
            waiting(&mut values, spec.wait_max);
        }
        // It starts nothing.
        Requirement::NotRunning => {}
    }
    values
}

fn concurrency(values: &mut Values, policy: Concurrency) {
    let word = match policy {
        Concurrency::Forbid => "Forbid",
        Concurrency::Replace => "Replace",
        Concurrency::Allow => "Allow",
    };
    values.add("concurrencyPolicy", word, policy == Concurrency::default());
}

fn accepted(values: &mut Values, accept: &[RunResult]) {
    let words: Vec<&str> = accept.iter().map(RunResult::as_str).collect();
    let is_default = accept == [RunResult::Success];
    values.add("acceptResults", &words.join(" or "), is_default);
}

fn retry(values: &mut Values, retry: &Retry) {
    let default = Retry::default();
    values.add(
        "backoff",
        &retry.backoff.to_string(),
        retry.backoff == default.backoff,
    );
    values.add(
        "backoffMax",
        &retry.backoff_max.to_string(),
        retry.backoff_max == default.backoff_max,
    );
    values.add(
        "maxAttempts",
        &retry.attempts_max.to_string(),
        retry.attempts_max == default.attempts_max,
    );
}

fn waiting(values: &mut Values, longest: Option<Span>) {
    let shown = longest.map_or_else(|| "not at all".to_owned(), |longest| longest.to_string());
    values.add("waitFor", &shown, longest.is_none());
}
