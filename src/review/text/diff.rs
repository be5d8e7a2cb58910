//! Two plans beside each other: which subjects came, went, or are decided differently.

use similar::{ChangeTag, TextDiff};

use crate::escape::line;
use crate::model::survey::SubmissionTarget;
use crate::model::time::minute;
use crate::model::verdict::{Plan, Step, Target};
use crate::review::change::{Change, changes, frame, tally};
use crate::review::sentence::sentence;

/// What the new plan decides differently, with a line end at its end.
pub fn diff(old: &Plan, new: &Plan) -> String {
    let (changes, frame) = (changes(old, new), frame(old, new));
    let all = frame.iter().map(|told| format!("~ {}", line(told)));
    let mut lines: Vec<String> = all.chain(changes.iter().flat_map(change_lines)).collect();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!(
        "From the plan of {} to the plan of {}: {}.",
        minute(old.at),
        minute(new.at),
        tally(&changes, &frame)
    ));
    lines.join("\n") + "\n"
}

fn change_lines(change: &Change) -> Vec<String> {
    let address = line(&change.address().to_string());
    match change {
        Change::Added(step) => vec![format!("+ {address}: {}", sentence(step))],
        Change::Removed(step) => vec![format!("- {address}: {}", sentence(step))],
        Change::Changed(old, new) => {
            let mut lines = vec![
                format!("~ {address}"),
                format!("  - {}", sentence(old)),
                format!("  + {}", sentence(new)),
            ];
            lines.extend(presumptions(old, new));
            lines.extend(content(old, new));
            lines
        }
    }
}

/// Two sentences that read the same, though what they presume differs.
fn presumptions(old: &Step, new: &Step) -> Option<String> {
    let same_words = sentence(old) == sentence(new);
    (same_words && old.verdict != new.verdict)
        .then(|| "    what it presumes differs: a key, a run or a token is another one".to_owned())
}

fn submission(step: &Step) -> Option<&SubmissionTarget> {
    step.target.as_ref().and_then(Target::submission)
}

/// The content of a one-time run, line by line.
fn content(old: &Step, new: &Step) -> Vec<String> {
    let (Some(old), Some(new)) = (submission(old), submission(new)) else {
        return Vec::new();
    };
    let (before, after) = (pretty(old), pretty(new));
    TextDiff::from_lines(&before, &after)
        .iter_all_changes()
        .filter_map(|change| {
            let sign = match change.tag() {
                ChangeTag::Equal => return None,
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let text = change.value().trim_end_matches('\n');
            let indent = text.len() - text.trim_start_matches(' ').len();
            Some(format!("    {sign} {}{}", " ".repeat(indent), line(text)))
        })
        .collect()
}

/// One-line JSON spread over lines; anything else as it is.
fn pretty(target: &SubmissionTarget) -> String {
    let spread = serde_json::from_str::<serde_json::Value>(&target.body)
        .map_or_else(|_| target.body.clone(), |value| format!("{value:#}"));
    spread + "\n"
}
