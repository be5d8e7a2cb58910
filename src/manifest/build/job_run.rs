//! JobRun documents: jobs, and one-time runs.
//!
//! A field that has no effect beside the others is an error, since its author meant something by it.

use std::collections::BTreeMap;

use crate::limits::PARAMETERS_BYTES_MAX;
use crate::model::address::Name;
use crate::model::connection::Workspace;
use crate::model::desired::{JobRunRule, JobRunWhat, JobSelector};
use crate::model::job::{
    JobId, JobSpec, ParameterValue, Requirement, Retry, RunResult, SubmissionSpec,
};
use crate::model::kind::Kind;

use super::super::document::{Document, Spec};
use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::super::shape::json::Json;
use super::super::shape::rule::{JobRunSpec, JobText, Require, RetryText};
use super::claims::{ContentClaims, JobClaims};
use super::clear;
use super::context::{Context, named};
use super::unlikely;

mod digest;
mod meaning;

/// All JobRun rules by name; `None` if one is missing.
pub fn build(context: &mut Context<'_>) -> Option<Vec<JobRunRule>> {
    let mut claims = JobClaims::default();
    let mut contents = ContentClaims::default();
    let mut rules = Vec::new();
    for (name, document) in Context::of_kind(context.documents, Kind::JobRun) {
        let Some(Spec::JobRun(spec)) = &document.spec else {
            rules.push(None);
            continue;
        };
        let workspace = named(&context.workspaces, &spec.workspace.value.0);
        let clear = workspace
            .as_ref()
            .filter(|workspace| context.is_clear(Kind::DatabricksWorkspace, &workspace.name));
        if let (Some(workspace), Some(job), None) = (clear, &spec.job, &spec.submit) {
            claims.add(&name, workspace, job);
        }
        let built = rule(name.clone(), document, spec, workspace.clone(), context);
        let clear = workspace
            .as_ref()
            .filter(|workspace| context.is_clear(Kind::DatabricksWorkspace, &workspace.name));
        if let (Some(workspace), Some(submit)) = (clear, &spec.submit)
            && let Some(JobRunWhat::Submission(once)) = built.as_ref().map(|rule| &rule.what)
        {
            contents.add(&name, workspace, &once.digest, submit.mark);
        }
        rules.push(built);
    }
    claims.check(context.findings);
    contents.check(context.findings);
    rules.into_iter().collect()
}

fn rule(
    name: Name,
    document: &Document,
    spec: &JobRunSpec,
    workspace: Option<Workspace>,
    context: &mut Context<'_>,
) -> Option<JobRunRule> {
    let findings = &mut *context.findings;
    let what = match (&spec.job, &spec.submit) {
        (Some(job), None) => {
            unlikely::job(job, findings);
            let selector = selector(&job.value);
            job_spec(spec, &selector, findings).map(|built| JobRunWhat::Job(selector, built))
        }
        (None, Some(submit)) => submission(spec, submit, findings).map(JobRunWhat::Submission),
        (Some(job), Some(submit)) => {
            let problem = Problem::at(submit.mark, "a JobRun has `job` or `submit`, not both")
                .label("second");
            findings.add(problem.also(job.mark, "first"));
            None
        }
        (None, None) => {
            let problem = Problem::at(document.mark, "a JobRun needs `job` or `submit`");
            findings.add(problem.help("write `job: {name: …}` for a job of the workspace, or `submit: {tasks: […]}` for a one-time run"));
            None
        }
    };
    if let Some(allow) = &spec.allow_empty
        && !matches!(&spec.job, Some(job) if matches!(job.value, JobText::Tags(_)))
    {
        let message = "`allowEmpty` goes with `job: {tags: …}`: a job that is named must be there";
        findings.add(Problem::at(allow.mark, message).help("leave it out"));
    }
    if let Some(JobRunWhat::Job(JobSelector::Tags(tags), _)) = &what
        && tags.is_empty()
    {
        let mark = spec.job.as_ref().map_or(document.mark, |job| job.mark);
        findings.add(
            Problem::at(mark, "`tags` without a tag would select every job")
                .help("write one tag at least"),
        );
    }
    Some(JobRunRule {
        name,
        workspace: workspace?.name,
        what: what?,
        allow_empty: spec.allow_empty.as_ref().is_some_and(|at| at.value.0),
        suspend: spec.suspend.as_ref().map(|at| at.value.suspension()),
        place: context.place(document.mark),
    })
}

fn selector(job: &JobText) -> JobSelector {
    match job {
        JobText::Name(name) => JobSelector::Name(name.0.clone()),
        JobText::Id(id) => JobSelector::Id(JobId(id.0)),
        JobText::Tags(tags) => JobSelector::Tags(tags.clone()),
    }
}

fn job_spec(spec: &JobRunSpec, selector: &JobSelector, findings: &mut Findings) -> Option<JobSpec> {
    meaning::check(spec, findings);
    let require = requirement(spec, findings);
    let accept = accepted(spec, findings);
    let retry = retry(spec.retry.as_ref().map(|at| &at.value), findings);
    let parameters = parameters(spec, findings);
    let counts = spec.counts.as_ref().map(|at| at.value.0);
    let (counts, accept, parameters) = (counts.unwrap_or_default(), accept?, parameters?);
    Some(JobSpec {
        digest: digest::of_rule(selector, &parameters, &accept, &retry),
        asks: digest::of_question(counts, &parameters),
        require: require?,
        duration_max: spec.duration_max.as_ref().map(|at| at.value.0),
        queue_max: spec.queue_max.as_ref().map(|at| at.value.0),
        counts,
        concurrency: spec
            .concurrency
            .as_ref()
            .map(|at| at.value.0)
            .unwrap_or_default(),
        accept,
        retry,
        parameters,
        wait_max: spec.wait_for.as_ref().map(|wait| wait.value.end.0),
    })
}

fn requirement(spec: &JobRunSpec, findings: &mut Findings) -> Option<Requirement> {
    match (spec.require.value.0, &spec.freshness) {
        (Require::Succeeded, Some(freshness)) => {
            let (warn, error) = (&freshness.value.warn_after, &freshness.value.error_after);
            let start = &freshness.value.start_after;
            Some(Requirement::Succeeded {
                start_after: start.as_ref().map(|at| at.value.0),
                warn_after: warn.as_ref().map(|at| at.value.0),
                error_after: error.value.0,
            })
        }
        (Require::Succeeded, None) => {
            let problem = Problem::at(spec.require.mark, "`require: succeeded` needs `freshness`");
            findings.add(
                problem
                    .help("say how old the newest success may be: `freshness: {errorAfter: 24h}`"),
            );
            None
        }
        (other, freshness) => {
            if let Some(freshness) = freshness {
                let problem = Problem::at(
                    freshness.mark,
                    "`freshness` goes with `require: succeeded` only",
                );
                findings.add(
                    problem
                        .also(spec.require.mark, "required here")
                        .help("leave it out"),
                );
            }
            Some(if other == Require::Running {
                Requirement::Running
            } else {
                Requirement::NotRunning
            })
        }
    }
}

fn accepted(spec: &JobRunSpec, findings: &mut Findings) -> Option<Vec<RunResult>> {
    let Some(written) = &spec.accept else {
        return Some(vec![RunResult::Success]);
    };
    let mut accept: Vec<RunResult> = Vec::new();
    for word in &written.value {
        if !accept.contains(&word.0) {
            accept.push(word.0.clone());
        }
    }
    if accept.is_empty() {
        let problem = Problem::at(
            written.mark,
            "`acceptResults` without a result would never be satisfied",
        );
        findings.add(problem.help("write `[SUCCESS]`, or leave it out"));
        return None;
    }
    Some(accept)
}

fn retry(text: Option<&RetryText>, findings: &mut Findings) -> Retry {
    let default = Retry::default();
    let Some(text) = text else {
        return default;
    };
    let backoff = text
        .backoff
        .as_ref()
        .map_or(default.backoff, |at| at.value.0);
    let backoff_max = text
        .backoff_max
        .as_ref()
        .map_or(default.backoff_max, |at| at.value.0);
    let attempts = text.attempts_max.as_ref().map(|at| at.value.0);
    if let Some(at) = text
        .backoff
        .as_ref()
        .or(text.backoff_max.as_ref())
        .filter(|_| backoff > backoff_max)
    {
        let message =
            format!("`backoff` ({backoff}) must not be longer than `backoffMax` ({backoff_max})");
        findings.add(Problem::at(at.mark, message));
    }
    Retry {
        backoff,
        backoff_max,
        attempts_max: attempts.unwrap_or(default.attempts_max),
    }
}

fn parameters(
    spec: &JobRunSpec,
    findings: &mut Findings,
) -> Option<BTreeMap<String, ParameterValue>> {
    let Some(written) = &spec.parameters else {
        return Some(BTreeMap::new());
    };
    clear::parameters(&written.value, findings);
    let given = written.value.iter();
    let given: BTreeMap<String, ParameterValue> = given
        .map(|(name, value)| (name.clone(), ParameterValue::from(&value.value)))
        .collect();
    // What comes from variables is measured once it is there.
    let plain = given.iter();
    let plain: BTreeMap<&String, &str> = plain
        .filter_map(|(name, value)| Some((name, value.text()?)))
        .collect();
    let size = serde_json::to_string(&plain).map_or(usize::MAX, |text| text.len());
    if size > PARAMETERS_BYTES_MAX {
        let message = format!(
            "the parameters are {size} bytes of JSON, and Databricks takes {PARAMETERS_BYTES_MAX}"
        );
        findings.add(
            Problem::at(written.mark, message)
                .help("put the data in a file, and its path in a parameter"),
        );
        return None;
    }
    Some(given)
}

fn submission(
    spec: &JobRunSpec,
    submit: &At<BTreeMap<String, At<Json>>>,
    findings: &mut Findings,
) -> Option<SubmissionSpec> {
    check_only_once(spec, findings);
    check_submit(submit, findings);
    clear::submit(&submit.value, findings);
    let accept = accepted(spec, findings);
    let retry = retry(spec.retry.as_ref().map(|at| &at.value), findings);
    let body: serde_json::Map<String, serde_json::Value> = submit
        .value
        .iter()
        .map(|(key, value)| (key.clone(), value.value.0.clone()))
        .collect();
    let body = serde_json::Value::Object(body).to_string();
    Some(SubmissionSpec {
        digest: digest::sha256(&body),
        body,
        accept: accept?,
        concurrency: spec
            .concurrency
            .as_ref()
            .map(|at| at.value.0)
            .unwrap_or_default(),
        retry,
        wait_max: spec.wait_for.as_ref().map(|wait| wait.value.end.0),
    })
}

/// Fields that mean nothing for a one-time run.
fn check_only_once(spec: &JobRunSpec, findings: &mut Findings) {
    if spec.require.value.0 != Require::Succeeded {
        let problem = Problem::at(
            spec.require.mark,
            "a one-time run can only be required to have succeeded",
        );
        findings.add(problem.help("write `require: succeeded`"));
    }
    let fields: [(&str, Option<Mark>, &str); 5] = [
        (
            "freshness",
            spec.freshness.as_ref().map(|at| at.mark),
            "it succeeds once per content",
        ),
        (
            "maxDuration",
            spec.duration_max.as_ref().map(|at| at.mark),
            "write `timeout_seconds` in `submit`",
        ),
        (
            "maxQueue",
            spec.queue_max.as_ref().map(|at| at.mark),
            "write `timeout_seconds` in `submit`",
        ),
        (
            "counts",
            spec.counts.as_ref().map(|at| at.mark),
            "only runs of this very content count",
        ),
        (
            "parameters",
            spec.parameters.as_ref().map(|at| at.mark),
            "write them into the tasks of `submit`",
        ),
    ];
    for (field, mark, why) in fields {
        if let Some(mark) = mark {
            let message = format!("`{field}` means nothing for a one-time run");
            findings.add(Problem::at(mark, message).help(why));
        }
    }
}

fn check_submit(submit: &At<BTreeMap<String, At<Json>>>, findings: &mut Findings) {
    for (key, why) in [
        (
            "run_name",
            "afresh names the run after this document, to find it again",
        ),
        (
            "idempotency_token",
            "afresh chooses the token, so that a crash cannot start the run twice",
        ),
    ] {
        if let Some(value) = submit.value.get(key) {
            let problem = Problem::at(value.mark, format!("`{key}` cannot be given in `submit`"));
            findings.add(problem.label("leave it out").help(why));
        }
    }
    let tasks = submit.value.get("tasks");
    let filled = tasks.is_some_and(|tasks| {
        tasks
            .value
            .0
            .as_array()
            .is_some_and(|list| !list.is_empty())
    });
    if !filled {
        let mark = tasks.map_or(submit.mark, |tasks| tasks.mark);
        let problem = Problem::at(mark, "`submit` needs `tasks`, a list of one task at least");
        findings.add(problem.help("it is the body of Databricks' `runs/submit`"));
    }
}
