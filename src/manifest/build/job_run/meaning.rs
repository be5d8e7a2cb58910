//! Fields that mean nothing beside what a JobRun requires: someone meant something by them.

use super::super::super::mark::Mark;
use super::super::super::problem::{Findings, Problem};
use super::super::super::shape::rule::{JobRunSpec, Require};

/// Notes every field that nothing would come of.
pub(super) fn check(spec: &JobRunSpec, findings: &mut Findings) {
    let require = spec.require.value.0;
    let (word, fields): (&str, Vec<(&str, Option<Mark>)>) = match require {
        Require::Succeeded => return,
        Require::Running => ("running", vec![("counts", mark(spec.counts.as_ref()))]),
        Require::NotRunning => ("notRunning", of_not_running(spec)),
    };
    let fields = fields.into_iter();
    for (field, mark) in fields.filter_map(|(field, mark)| Some((field, mark?))) {
        let message = format!("`{field}` means nothing with `require: {word}`");
        let problem = Problem::at(mark, message).also(spec.require.mark, "required here");
        let why = match require {
            Require::NotRunning => "every active run is cancelled, and none is started",
            Require::Running | Require::Succeeded => "an active run is all that is asked for",
        };
        findings.add(problem.help(format!("leave it out: {why}")));
    }
}

fn of_not_running(spec: &JobRunSpec) -> Vec<(&'static str, Option<Mark>)> {
    vec![
        ("maxDuration", mark(spec.duration_max.as_ref())),
        ("maxQueue", mark(spec.queue_max.as_ref())),
        ("concurrencyPolicy", mark(spec.concurrency.as_ref())),
        ("acceptResults", mark(spec.accept.as_ref())),
        ("counts", mark(spec.counts.as_ref())),
        ("retry", mark(spec.retry.as_ref())),
        ("parameters", mark(spec.parameters.as_ref())),
        ("waitFor", mark(spec.wait_for.as_ref())),
    ]
}

fn mark<T>(field: Option<&super::super::super::mark::At<T>>) -> Option<Mark> {
    field.map(|at| at.mark)
}
