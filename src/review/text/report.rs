//! What an apply did: one line for each thing that happened, and a summary that ends with what is left to do.

use crate::escape::{line, lines};
use crate::model::job::RunId;
use crate::model::key_service::KeyService;
use crate::model::outcome::{Happened, NodesEnd, Report, RunEnd};
use crate::model::verdict::{Action, Receipt};
use crate::review::command;
use crate::review::tally::Tally;
use crate::review::words;

/// Lines of a failing task's error that are shown.
const ERROR_LINES_MAX: usize = 20;

/// One line, and those that a reason has beyond its first; without a line end: `ingest/gateway-west  regenerate authKey1: done (new key 1a2b3c4d)`.
pub fn report(report: &Report) -> String {
    format!(
        "{}  {}",
        line(&report.address.to_string()),
        happened(&report.what, report.service)
    )
}

fn happened(what: &Happened, service: KeyService) -> String {
    let title = |action: &Action| line(&action.title(service));
    match what {
        Happened::Intended(action) => format!("{} ...", title(action)),
        Happened::Done(action, receipt) => {
            format!("{}: done ({})", title(action), words::left_behind(receipt))
        }
        Happened::Already(action, receipt) => {
            format!(
                "{}: already done ({})",
                title(action),
                words::left_behind(receipt)
            )
        }
        Happened::Stale(action, why) => {
            format!("{}: stale, not done: {}", title(action), several(why))
        }
        Happened::Busy(action, why) => {
            format!("{}: busy, not done: {}", title(action), several(why))
        }
        Happened::Refused(action, trouble) => {
            format!(
                "{}: refused: {}",
                title(action),
                several(&trouble.to_string())
            )
        }
        Happened::NotDone(action, why) | Happened::Besides(action, why) => {
            format!("{}: {}", title(action), several(why))
        }
        Happened::InDoubt(action, why) => format!(
            "{}: unresolved: {}; the next apply finds out whether it happened",
            title(action),
            several(why)
        ),
        Happened::NotBegun(action, why) => {
            format!("{}: not started: {}", title(action), several(why))
        }
        Happened::Settled(action, how) => resolved(&title(action), how),
        Happened::Waiting { run, phase } => format!("run {run} is {}", line(phase)),
        Happened::Ended(end) => ended(end),
        Happened::StillGoing { run, url, why } => {
            format!(
                "run {run} is still running: {}{}",
                several(why),
                page(url.as_deref())
            )
        }
        Happened::Nodes { slot, text, .. } => {
            format!("after {}: {}", service.key_name(*slot), several(text))
        }
        Happened::OutOfSight { run, url, why } => format!(
            "lost track of run {run}, which may still be running: {}{}",
            several(why),
            page(url.as_deref())
        ),
    }
}

/// `resolved: the earlier "run now" did happen`.
fn resolved(title: &str, how: &str) -> String {
    let how = match how {
        "it happened" => " did happen".to_owned(),
        "it did not happen" => " did not happen".to_owned(),
        other => format!(": {}", line(other)),
    };
    format!("resolved: the earlier \"{title}\"{how}")
}

/// A reason, which may have lines of its own: those that follow are indented.
fn several(text: &str) -> String {
    lines(text).join("\n      ")
}

fn ended(end: &RunEnd) -> String {
    let judged = if end.accepted {
        ""
    } else {
        ", which is not accepted"
    };
    let skipped = end
        .skipped
        .as_ref()
        .map(|why| format!(": {}", several(why)));
    let skipped = skipped.unwrap_or_default();
    let failure = end
        .failure
        .as_ref()
        .map(|failure| format!("; task {} failed", line(&failure.task)))
        .unwrap_or_default();
    format!(
        "run {} ended {}{judged}{skipped}{failure}{}",
        end.run,
        line(end.result.as_str()),
        page(end.url.as_deref())
    )
}

fn page(url: Option<&str>) -> String {
    url.map(|url| format!("  {}", line(url)))
        .unwrap_or_default()
}

/// From so many reports on, trouble has scrolled away by the end and is told once more.
const LONG: usize = 30;

/// What became of an apply, with a line end at its end: runs that failed with their task's error, after a long apply
/// everything else that was not done, then `Applied: 2 done, 1 stale, 1 unresolved, …`. Commands that are proposed end with what was
/// `given`.
pub fn outcome(reports: &[Report], given: &str) -> String {
    let told =
        |report: &&Report| reports.len() >= LONG || matches!(report.what, Happened::Ended(_));
    let mut lines: Vec<String> = reports.iter().filter(told).flat_map(trouble).collect();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(Tally::of(reports).sentence());
    lines.extend(advice(reports, given));
    lines.join("\n") + "\n"
}

/// What a person should look at: a run that failed, or an action that was not done.
fn trouble(report: &Report) -> Vec<String> {
    let address = line(&report.address.to_string());
    match &report.what {
        Happened::Ended(end) if !end.accepted => run_failed(&address, end),
        Happened::Stale(..)
        | Happened::Busy(..)
        | Happened::Refused(..)
        | Happened::NotDone(..)
        | Happened::Besides(..)
        | Happened::InDoubt(..)
        | Happened::NotBegun(..)
        | Happened::StillGoing { .. }
        | Happened::Nodes {
            how: NodesEnd::Lost | NodesEnd::TooMany | NodesEnd::Unknown,
            ..
        }
        | Happened::OutOfSight { .. } => {
            vec![format!(
                "  {address}  {}",
                happened(&report.what, report.service)
            )]
        }
        _ => Vec::new(),
    }
}

fn run_failed(address: &str, end: &RunEnd) -> Vec<String> {
    let (run, result) = (end.run, line(end.result.as_str()));
    let mut lines = vec![format!("  {address}  run {run} ended {result}")];
    lines.extend(end.url.as_ref().map(|url| format!("      {}", line(url))));
    if let Some(failure) = &end.failure {
        lines.push(format!("      task {}:", line(&failure.task)));
        let error: Vec<&str> = failure.error.lines().collect();
        let shown = error.iter().take(ERROR_LINES_MAX);
        lines.extend(shown.map(|text| format!("        {}", line(text)).trim_end().to_owned()));
        if error.len() > ERROR_LINES_MAX {
            lines.push(format!(
                "        and {} more lines",
                error.len() - ERROR_LINES_MAX
            ));
        }
    }
    lines
}

/// What to do about what is left.
fn advice(reports: &[Report], given: &str) -> Option<String> {
    let any = |is: fn(&Happened) -> bool| reports.iter().any(|report| is(&report.what));
    if any(|what| matches!(what, Happened::InDoubt(..))) {
        let why = "The next apply resolves these operations before anything else:";
        Some(format!("{why}\n    {}", command::afresh(&["apply"], given)))
    } else if any(|what| {
        matches!(
            what,
            Happened::Stale(..)
                | Happened::Busy(..)
                | Happened::NotDone(..)
                | Happened::NotBegun(..)
        )
    }) {
        Some("Plan again for what was not done.".to_owned())
    } else if any(|what| matches!(what, Happened::OutOfSight { .. })) {
        let why = "The ledger knows the run, and the next apply goes on with a declared wait, once the run can be read again:";
        Some(format!("{why}\n    {}", command::afresh(&["apply"], given)))
    } else {
        None
    }
}

/// What `--refresh-only` wrote down: `Recorded 4 observations in .afresh/ledger.jsonl.`
pub fn recorded(observations: usize, ledger: &str) -> String {
    match observations {
        0 => format!("Recorded nothing: {} is up to date.", line(ledger)),
        n => format!(
            "Recorded {} in {}.",
            words::count(n, "observation", "observations"),
            line(ledger)
        ),
    }
}

/// The run that a report is about, if it is about one.
pub(in crate::review) fn run_of(what: &Happened) -> Option<RunId> {
    match what {
        Happened::Done(_, Receipt::Started { run, .. } | Receipt::Cancelled { run, .. })
        | Happened::Already(_, Receipt::Started { run, .. } | Receipt::Cancelled { run, .. }) => {
            Some(*run)
        }
        Happened::Waiting { run, .. }
        | Happened::StillGoing { run, .. }
        | Happened::OutOfSight { run, .. } => Some(*run),
        Happened::Ended(end) => Some(end.run),
        _ => None,
    }
}
