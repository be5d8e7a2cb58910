//! What a pull request changes, as lines of Markdown: actions first, then rules and what holds for all, then hosts and credentials.

use super::escape;
use super::rows::changed_line;
use crate::review::pull::Pull;

/// One line for each difference.
pub(super) fn lines(pull: &Pull<'_>) -> Vec<String> {
    let differences = match pull.differences() {
        Ok(differences) => differences,
        Err(why) => return vec![format!("- not known: {}", escape::inline(why))],
    };
    let steps = differences.steps.iter().map(changed_line);
    let said = differences
        .settings
        .iter()
        .map(|one| format!("- {}", escape::inline(one)));
    let lines: Vec<String> = steps.chain(said).collect();
    if lines.is_empty() {
        return vec!["- nothing: everything below is due anyway".to_owned()];
    }
    lines
}

/// How many there are, in the head.
pub(super) fn tally(pull: &Pull<'_>) -> String {
    match pull.differences() {
        Ok(differences) => escape::inline(&differences.tally()),
        Err(why) => format!("not known: {}", escape::inline(why)),
    }
}
