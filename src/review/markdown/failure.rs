//! A comment that says why there is no plan, in the place of the last one: a comment that stays when its plan fails would be believed.

use std::fmt::Write as _;

use super::escape;
use super::head;
use super::limit::{Limit, Link};

/// Why a command failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// What failed: `The plan failed`.
    pub what: &'a str,
    /// The first sentence of the error.
    pub summary: &'a str,
    /// All that was found, in lines.
    pub details: &'a str,
    /// What to do about it.
    pub advice: Option<&'a str>,
}

/// A comment with the marker of the plan's own, at most as long as `limit`.
pub fn failure(failed: &Failed<'_>, marker: &str, links: &[Link], limit: Limit) -> String {
    let mut text = format!(
        "{}\n### {}: {}\n- **Error:** {}\n",
        head::marker_line(marker),
        head::title(marker),
        failed.what,
        escape::inline(&head::clip(failed.summary, SUMMARY_CHARS_MAX))
    );
    if let Some(line) = head::links(links) {
        text.push_str(&line);
        text.push('\n');
    }
    let room = limit
        .units()
        .max(Limit::UNITS_MIN)
        .saturating_sub(limit.measure(&text) + FRAME_MAX);
    let all: Vec<&str> = failed
        .details
        .lines()
        .chain(failed.advice.into_iter().flat_map(str::lines))
        .collect();
    let (mut shown, mut used) = (Vec::new(), 0);
    for line in &all {
        // Escaped, a character may take several.
        used += limit.measure(&escape::fenced(line)) + 1;
        if used > room {
            break;
        }
        shown.push(*line);
    }
    if !shown.is_empty() {
        text.push('\n');
        text.push_str(&escape::fenced(&shown.join("\n")));
        text.push('\n');
    }
    if shown.len() < all.len() {
        let left = all.len() - shown.len();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n_Shortened to fit the comment: {left} of {} lines omitted._",
            all.len()
        );
    }
    text
}

/// Longest first sentence.
const SUMMARY_CHARS_MAX: usize = 1_000;
/// What stands around the lines.
const FRAME_MAX: usize = 400;
