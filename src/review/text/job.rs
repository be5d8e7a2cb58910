//! What a job's or a one-time submit's verdict rests on: the last success, failures since, active runs, how far back was read.

use super::label::{labelled, when};
use crate::escape::line;
use crate::model::job::{ActivePhase, Continuous, Phase, Requirement, Run, RunId, RunResult};
use crate::model::time::{Span, Timestamp, minute};
use crate::model::verdict::{Dismissed, Hold, JobFacts, SubmissionFacts, Verdict};
use crate::review::words;

/// Runs that are listed one by one; the rest is counted.
const RUNS_SHOWN_MAX: usize = 10;

pub(super) fn why(facts: &JobFacts, verdict: &Verdict, now: Timestamp) -> Vec<String> {
    let mut lines = vec![labelled("requires", &requires(&facts.require))];
    lines.extend(facts.name.as_ref().map(|name| labelled("job", &line(name))));
    // Of a job that must not run, nothing but what is active was read.
    let history_counts = facts.require != Requirement::NotRunning;
    if history_counts {
        lines.push(labelled("success", &last_success(facts, now)));
    }
    lines.extend(dismissed(facts, now));
    lines.extend(attempts(facts));
    lines.extend(failures(&facts.failures, now));
    lines.extend(lost(facts, now));
    lines.extend(runs("undated", &facts.undated, now));
    lines.extend(back_off(&facts.failures, verdict));
    lines.extend(runs("active", &facts.active, now));
    if facts.active.is_empty() {
        let was_read = facts.history_since.is_some();
        lines.push(labelled(
            "active",
            if was_read { "no run" } else { "not read" },
        ));
    }
    if history_counts {
        lines.push(labelled("history", &history(facts.history_since, verdict)));
    }
    lines.extend(continuous(facts.continuous));
    lines.extend(firing(facts));
    lines.extend(unsuited(facts).map(|text| labelled("warning", &text)));
    lines
}

/// What a row says below its reason.
pub(super) fn notes(facts: &JobFacts, now: Timestamp) -> Vec<String> {
    let dismissed = facts.dismissed.first();
    let dismissed = dismissed.map(|run| dismissed_line(run, now));
    dismissed.into_iter().chain(unsuited(facts)).collect()
}

fn dismissed(facts: &JobFacts, now: Timestamp) -> Vec<String> {
    let all = facts.dismissed.iter().map(|run| dismissed_line(run, now));
    all.map(|text| labelled("success", &text)).collect()
}

fn dismissed_line(dismissed: &Dismissed, now: Timestamp) -> String {
    let ended = dismissed
        .at
        .map_or_else(String::new, |at| format!(" ended {}", when(at, now)));
    format!(
        "run {}{ended} does not count: {}",
        dismissed.run,
        line(&dismissed.why)
    )
}

fn attempts(facts: &JobFacts) -> Option<String> {
    let failed = usize::try_from(facts.failed()).unwrap_or(usize::MAX);
    let since = if facts.last_success.is_some() {
        " since the last success"
    } else {
        ""
    };
    (failed > 0).then(|| {
        let count = words::count(failed, "failure", "failures");
        labelled("attempts", &format!("{count}{since}"))
    })
}

fn lost(facts: &JobFacts, now: Timestamp) -> Vec<String> {
    let line = |(run, at): &(RunId, Timestamp)| {
        let text = format!(
            "run {run}, started by afresh {}: its end was never seen",
            when(*at, now)
        );
        labelled("failure", &text)
    };
    let mut lines: Vec<String> = facts.lost.iter().take(RUNS_SHOWN_MAX).map(line).collect();
    lines.extend(more(facts.lost.len()));
    lines
}

fn firing(facts: &JobFacts) -> Option<String> {
    let firing = facts.firing.as_ref()?;
    let next = firing.next.map(|next| format!(", next {}", minute(next)));
    let text = format!("{}{}", line(&firing.by), next.unwrap_or_default());
    Some(labelled("trigger", &text))
}

fn unsuited(facts: &JobFacts) -> Option<String> {
    let why = facts.unsuited.as_ref()?;
    Some(format!(
        "the job's scheduled runs do not count: {}; with `counts: any` they would",
        line(why)
    ))
}

pub(super) fn submission(
    facts: &SubmissionFacts,
    verdict: &Verdict,
    now: Timestamp,
) -> Vec<String> {
    let mut lines = vec![
        labelled("requires", "this content succeeds once"),
        labelled("content", &format!("SHA-256 {}", line(&facts.digest))),
    ];
    if facts.runs.is_empty() {
        lines.push(labelled("runs", "none was found"));
    }
    lines.extend(runs("run", &facts.runs, now));
    lines.extend(failures(&facts.failures, now));
    let former: Vec<Run> = facts
        .former
        .iter()
        .map(|former| former.run.clone())
        .collect();
    lines.extend(runs("former", &former, now));
    let failed: Vec<(RunId, Timestamp, RunResult)> = facts
        .runs
        .iter()
        .filter_map(ended)
        .chain(facts.failures.iter().cloned())
        .collect();
    lines.extend(back_off(&failed, verdict));
    lines
}

fn requires(require: &Requirement) -> String {
    match require {
        Requirement::Succeeded {
            start_after,
            warn_after,
            error_after,
        } => {
            let warn = warn_after
                .map(|warn| format!("; a warning after {warn}"))
                .unwrap_or_default();
            let start = match start_after {
                Some(start) if start < error_after => format!("a run is started after {start}"),
                _ => "a run is started when that is broken (`startAfter` starts it before)"
                    .to_owned(),
            };
            format!("a success within {error_after}, by the end of the run{warn}; {start}")
        }
        Requirement::Running => "a run is active and not queued".to_owned(),
        Requirement::NotRunning => "no run is active or queued".to_owned(),
    }
}

fn last_success(facts: &JobFacts, now: Timestamp) -> String {
    match facts.last_success {
        Some((run, at)) => {
            let untold = match (facts.untold, facts.tasks_untold) {
                (false, false) => "",
                (true, false) => "; it counts, since the service does not report its parameters",
                (false, true) => {
                    "; it counts, since the service does not report which tasks it ran"
                }
                (true, true) => {
                    "; it counts, since the service reports neither its parameters nor which tasks it ran"
                }
            };
            let uncompared = match facts.uncompared.as_slice() {
                [] => String::new(),
                names => format!(
                    "; its {} was not compared, since the rule takes it from a variable",
                    line(&names.join(" and its "))
                ),
            };
            format!("run {run} ended {}{untold}{uncompared}", when(at, now))
        }
        None => "none was found".to_owned(),
    }
}

fn failures(failures: &[(RunId, Timestamp, RunResult)], now: Timestamp) -> Vec<String> {
    let mut lines: Vec<String> = failures
        .iter()
        .take(RUNS_SHOWN_MAX)
        .map(|(run, at, result)| {
            let result = line(result.as_str());
            labelled(
                "failure",
                &format!("run {run} ended {result} {}", when(*at, now)),
            )
        })
        .collect();
    lines.extend(more(failures.len()));
    lines
}

fn more(all: usize) -> Option<String> {
    all.checked_sub(RUNS_SHOWN_MAX)
        .filter(|more| *more > 0)
        .map(|more| labelled("", &format!("and {more} more")))
}

/// How the pause follows from the failures: it doubles with each.
fn back_off(failures: &[(RunId, Timestamp, RunResult)], verdict: &Verdict) -> Option<String> {
    let Verdict::Hold {
        why: Hold::BackOff { failures: n },
        until: Some(until),
    } = verdict
    else {
        return None;
    };
    let last = failures.iter().map(|(_, at, _)| *at).max()?;
    let pause = Span::between(last, *until);
    Some(labelled(
        "back-off",
        &format!(
            "{}; the last ended {}, and the pause after it is {pause} (doubled with each failure, up to backoffMax): until {}",
            words::count(
                usize::try_from(*n).unwrap_or(usize::MAX),
                "failure",
                "failures"
            ),
            minute(last),
            minute(*until)
        ),
    ))
}

fn runs(label: &str, runs: &[Run], now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for run in runs.iter().take(RUNS_SHOWN_MAX) {
        lines.push(labelled(label, &run_line(run, now)));
        lines.extend(run.url.as_ref().map(|url| labelled("", &line(url))));
        lines.extend(run.message.as_ref().map(|text| labelled("", &line(text))));
    }
    lines.extend(more(runs.len()));
    lines
}

fn run_line(run: &Run, now: Timestamp) -> String {
    let started = match (run.started, run.queued_since) {
        (Some(at), _) => format!(", started {}", when(at, now)),
        (None, Some(at)) => format!(" since {}", when(at, now)),
        (None, None) => String::new(),
    };
    match &run.phase {
        Phase::Active(phase) => format!("run {} is {}{started}", run.id, phase_word(phase)),
        Phase::Ended { at, result } => {
            let result = line(result.as_str());
            match at {
                Some(at) => format!("run {} ended {result} {}", run.id, when(*at, now)),
                None => format!(
                    "run {} ended {result}, the service does not tell when{started}",
                    run.id
                ),
            }
        }
    }
}

fn phase_word(phase: &ActivePhase) -> String {
    match phase {
        ActivePhase::Queued => "queued".to_owned(),
        ActivePhase::Pending => "pending".to_owned(),
        ActivePhase::Running => "running".to_owned(),
        ActivePhase::Terminating => "terminating".to_owned(),
        ActivePhase::Waiting => "waiting".to_owned(),
        ActivePhase::Unknown(word) => {
            format!("in a phase that afresh does not know, {}", line(word))
        }
    }
}

fn ended(run: &Run) -> Option<(RunId, Timestamp, RunResult)> {
    match &run.phase {
        Phase::Ended { result, .. } => Some((run.id, run.ended_no_earlier_than()?, result.clone())),
        Phase::Active(_) => None,
    }
}

fn history(since: Option<Timestamp>, verdict: &Verdict) -> String {
    let failed = matches!(
        verdict,
        Verdict::Hold {
            why: Hold::Trouble(_),
            ..
        }
    );
    match since {
        Some(since) => format!("every run that began since {} was read", minute(since)),
        None if failed => "could not be read: what the ledger proves still holds".to_owned(),
        None => "not read (the ledger was enough, or --refresh none)".to_owned(),
    }
}

fn continuous(continuous: Option<Continuous>) -> Option<String> {
    let text = match continuous? {
        Continuous::No => return None,
        Continuous::Unpaused => "a continuous job: it restarts itself",
        Continuous::Paused => "a continuous job that is paused",
    };
    Some(labelled("trigger", text))
}
