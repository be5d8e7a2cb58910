//! The first lines: the hidden marker, and a line for each thing that decides.

use super::escape;
use super::limit::{Link, length};
use super::options::MarkdownOptions;
use super::pull;
use crate::model::time::minute;
use crate::model::verdict::{Counts, Plan, Step};
use crate::review::pull::bounds;
use crate::review::{change, text, words};

/// Longest title and marker.
const NAME_CHARS_MAX: usize = 80;
/// Longest list of guardrails, freezes or addresses in the head; the rest is counted.
const LISTED_MAX: usize = 3;
/// So much room all links take at most.
const LINKS_UNITS_MAX: usize = 600;
/// Longest entry of such a list.
const ENTRY_CHARS_MAX: usize = 60;
/// Most entries of what somebody had to allow: a reviewer decides about them.
const TRUST_LISTED_MAX: usize = 10;
/// Longest of them: a host has 253 characters.
const TRUST_CHARS_MAX: usize = 300;

pub(super) fn lines(plan: &Plan, options: &MarkdownOptions) -> Vec<String> {
    let counts = plan.counts();
    let mut lines = vec![
        marker_line(options.marker),
        format!("### {}: {}", title(options.title), pending(plan, counts)),
        format!("- **Promises:** {}", promises(plan, counts)),
    ];
    lines.extend(
        plan.part
            .map(|part| format!("- **Part:** {}", words::part(part))),
    );
    let pull = options.pull.map(pull::tally);
    lines.extend(pull.map(|pull| format!("- **This pull request changes:** {pull}")));
    lines.extend([
        format!("- **Needs attention:** {}", problems(plan)),
        format!("- **Guardrails:** {}", guardrails(plan, options)),
        format!(
            "- **Validity:** valid until {}; made for {}; {}",
            minute(plan.valid_until),
            minute(plan.at),
            words::requests(&plan.requests)
        ),
        format!("- **Decisions:** {}", decisions(plan, options)),
    ]);
    let marked: Vec<String> = options.uses.marked().map(ToString::to_string).collect();
    let marked = listed_up_to(&marked, TRUST_LISTED_MAX, TRUST_CHARS_MAX);
    lines.extend(marked.map(|marked| format!("- **Trust:** beyond Azure's own: {marked}")));
    lines.extend(links(options.links));
    lines
}

/// What a pipeline finds its comment by.
pub(super) fn marker_line(name: &str) -> String {
    format!("<!-- afresh-plan:{} -->", marker(name))
}

/// Pages with more: as many as a short comment has room for.
pub(super) fn links(links: &[Link]) -> Option<String> {
    let mut room = LINKS_UNITS_MAX;
    let fits = |shown: &String| -> bool {
        let fits = length(shown) <= room;
        room -= if fits { length(shown) } else { 0 };
        fits
    };
    let shown: Vec<String> = links.iter().filter_map(Link::shown).filter(fits).collect();
    (!shown.is_empty()).then(|| format!("- **Links:** {}", shown.join(" · ")))
}

/// A name that can stand in a comment of HTML.
fn marker(name: &str) -> String {
    name.chars()
        .take(NAME_CHARS_MAX)
        .map(|c| {
            let plain = c.is_ascii_alphanumeric() || c == '.';
            if plain { c } else { '-' }
        })
        .collect()
}

pub(super) fn title(text: &str) -> String {
    escape::inline(&clip(text, NAME_CHARS_MAX))
}

/// What is done, or what could not be read: that is no plan with nothing to do.
fn pending(plan: &Plan, counts: Counts) -> String {
    let tally = words::counts(counts);
    let unread = words::unread(counts, plan.refresh);
    match (counts.pending(), unread) {
        (true, None) => tally,
        (true, Some(unread)) => format!("{tally}. {unread}"),
        (false, Some(unread)) => format!("{unread}. {tally}"),
        (false, None) => {
            let nothing = words::nothing(plan.part).replacen('N', "n", 1);
            format!("{nothing}, {tally}")
        }
    }
}

fn promises(plan: &Plan, counts: Counts) -> String {
    let tally = words::promises(counts);
    match words::as_of_last_read(plan.refresh) {
        Some(as_of) => format!("{tally}. {as_of}"),
        None => tally,
    }
}

/// What bounds one apply, and what of that is reached. That nothing does is a warning.
fn guardrails(plan: &Plan, options: &MarkdownOptions) -> String {
    let reached: Vec<String> = plan.exceeded.iter().map(words::exceeded).collect();
    let unreached = match plan.part {
        Some(_) => "held when the plans of all shards are merged",
        None => "none reached",
    };
    let reached = listed(&reached).unwrap_or_else(|| unreached.to_owned());
    let mut text = match options.guardrails.map(bounds) {
        Some(bounds) if bounds.is_empty() => {
            "⚠️ **none set**: nothing bounds what one apply does".to_owned()
        }
        Some(bounds) => {
            let set = bounds.iter().map(|(name, bound)| format!("{name} {bound}"));
            format!("{}; {reached}", set.collect::<Vec<_>>().join(", "))
        }
        None => reached,
    };
    if plan.refused {
        text.push_str(". **This plan cannot be applied**");
    }
    let freezes: Vec<String> = text::near_freezes(plan).collect();
    match listed(&freezes) {
        Some(freezes) => format!("{text}; {freezes}"),
        None => text,
    }
}

fn problems(plan: &Plan) -> String {
    let problems = plan.steps.iter().filter(|step| step.attention.is_some());
    let addresses: Vec<String> = problems
        .map(|step: &Step| step.address.to_string())
        .collect();
    match listed(&addresses) {
        Some(listed) => format!("{}: {listed}", addresses.len()),
        None => "nothing".to_owned(),
    }
}

fn decisions(plan: &Plan, options: &MarkdownOptions) -> String {
    let digest: String = options
        .digest
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(12)
        .collect();
    let since = options.previous.map(|previous| {
        format!(
            "since the last plan: {}",
            change::tally(
                &change::changes(previous, plan),
                &change::frame(previous, plan)
            )
        )
    });
    let actions = options.actions.map(|actions| {
        let actions: String = actions.chars().filter(char::is_ascii_hexdigit).collect();
        format!("actions digest <code>{actions}</code>")
    });
    let parts = since.into_iter().chain(actions);
    let parts = parts.chain([format!("plan digest <code>{digest}</code>")]);
    parts.collect::<Vec<_>>().join("; ")
}

/// The first few, escaped, and how many more; `None` of nothing.
fn listed(entries: &[String]) -> Option<String> {
    listed_up_to(entries, LISTED_MAX, ENTRY_CHARS_MAX)
}

fn listed_up_to(entries: &[String], most: usize, longest: usize) -> Option<String> {
    let shown: Vec<String> = entries
        .iter()
        .take(most)
        .map(|entry| escape::inline(&clip(entry.trim_end_matches('.'), longest)))
        .collect();
    let more = entries.len() - shown.len();
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join("; ")),
        (false, more) => Some(format!("{}; and {more} more", shown.join("; "))),
    }
}

pub(super) fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(most).collect();
    clipped.push('…');
    clipped
}
