//! How much is said: the same comment at four levels of detail, each whole in itself.

use super::{MarkdownOptions, escape, head, rows};
use crate::model::verdict::Plan;

/// Levels of detail, the fullest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Tables, and the evidence behind each row, folded.
    Full,
    /// Tables of what changes and what waits.
    Rows,
    /// Counts for each connection.
    Groups,
    /// The head alone.
    Counts,
}

impl Level {
    pub(super) const ALL: [Self; 4] = [Self::Full, Self::Rows, Self::Groups, Self::Counts];
}

/// The comment at one level of detail, with a line end at its end.
pub(super) fn comment(plan: &Plan, options: &MarkdownOptions, level: Level) -> String {
    let mut parts = vec![head::lines(plan, options).join("\n")];
    match level {
        Level::Full => {
            parts.extend(rows::tables(plan));
            parts.extend(rows::since_last(plan, options));
            parts.extend(rows::evidence(plan));
            parts.extend(rows::up_to_date(plan));
        }
        Level::Rows => {
            parts.extend(rows::tables(plan));
            parts.push(shortened(
                "evidence, and names of up-to-date resources",
                options,
            ));
        }
        Level::Groups => {
            parts.extend(rows::groups(plan));
            parts.push(shortened("names of resources", options));
        }
        Level::Counts => parts.push(shortened("everything but the counts", options)),
    }
    parts.join("\n\n") + "\n"
}

/// That something is left out, and where it is.
fn shortened(what: &str, options: &MarkdownOptions) -> String {
    let where_else = options
        .artifact_url
        .and_then(|url| escape::link("the whole plan", url))
        .unwrap_or_else(|| "the saved plan with `afresh show`".to_owned());
    format!("_Shortened to fit the comment: {what} omitted. See {where_else}._")
}
