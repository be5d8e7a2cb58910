//! Rules about jobs that may not do what their author expects of them. They are valid, so this only warns.

use crate::model::desired::{Desired, Guardrails, JobRunRule, JobRunWhat, OnExceed};
use crate::model::finding::{Finding, Severity};
use crate::model::job::{JobSpec, Requirement};

/// What is doubtful about all rules, in the order of their names, and then about their guardrails.
pub fn warnings(desired: &Desired) -> Vec<Finding> {
    let rules = desired.job_runs.iter();
    let mut found: Vec<Finding> = rules
        .filter_map(|rule| match &rule.what {
            JobRunWhat::Job(_, spec) => of_job(rule, spec),
            JobRunWhat::Submission(_) => None,
        })
        .collect();
    found.extend(too_few_runs(&desired.project.guardrails, &desired.job_runs));
    found
}

/// A promise of a success that a run cannot keep, since it starts too late.
fn of_job(rule: &JobRunRule, spec: &JobSpec) -> Option<Finding> {
    let (start, limit) = match &spec.require {
        Requirement::Succeeded {
            start_after,
            error_after,
            ..
        } => (*start_after, *error_after),
        Requirement::Running | Requirement::NotRunning => return None,
    };
    let (message, help) = match (start, spec.duration_max) {
        (_, Some(longest)) if longest >= limit => (
            format!(
                "a run for `{}` may take up to {longest} (`maxDuration`), and its success counts for {limit} only (`errorAfter`)",
                rule.name
            ),
            "write a longer `errorAfter`, or a shorter `maxDuration`".to_owned(),
        ),
        (None, _) => (
            format!(
                "`{}` has no `startAfter`, so a run is started only when the promise is broken already",
                rule.name
            ),
            format!(
                "write a `startAfter` that is shorter than `errorAfter` ({limit}) by as much time as a run takes; or `startAfter: {limit}`, if something else starts the job in time"
            ),
        ),
        // Who writes that says that something else starts the job in time.
        (Some(start), _) if start == limit => return None,
        (Some(start), Some(longest)) if start.plus(longest) > limit => (
            format!(
                "a run for `{}` may take up to {longest} (`maxDuration`), and `startAfter` leaves {} until the promise is broken",
                rule.name,
                limit.minus(start)
            ),
            format!(
                "write `startAfter: {}` or less, or a shorter `maxDuration`",
                limit.minus(longest)
            ),
        ),
        (Some(_), _) => return None,
    };
    Some(Finding {
        severity: Severity::Warning,
        place: Some(rule.place.clone()),
        message,
        help: Some(help),
    })
}

/// A bound on started runs that one bad night exceeds, where nothing at all is applied then.
fn too_few_runs(guardrails: &Guardrails, rules: &[JobRunRule]) -> Option<Finding> {
    let most = guardrails.runs_per_apply?;
    let starting = rules.iter().filter(|rule| may_start(rule)).count();
    let exceeds = u32::try_from(starting).is_ok_and(|starting| starting > most);
    if !exceeds || guardrails.on_exceed != OnExceed::Fail {
        return None;
    }
    Some(Finding {
        severity: Severity::Warning,
        place: None,
        message: format!(
            "{starting} rules may want a run at the same time, and the guardrail `maxRuns: {{perApply: {most}}}` with `onExceed: fail` then applies nothing"
        ),
        help: Some(format!(
            "write `maxRuns: {{perApply: {starting}}}` or more; or `onExceed: defer`, which starts the most urgent ones first and leaves the others to the next apply"
        )),
    })
}

fn may_start(rule: &JobRunRule) -> bool {
    match &rule.what {
        JobRunWhat::Job(_, spec) => match spec.require {
            Requirement::Succeeded { .. } | Requirement::Running => true,
            Requirement::NotRunning => false,
        },
        JobRunWhat::Submission(_) => true,
    }
}
