//! What a pull request changes, as text.

use crate::review::pull::Pull;

/// A line for each difference below a headline, with an empty line before it and a line end at its end.
pub fn pull(pull: &Pull<'_>) -> String {
    let mut lines = match pull.differences() {
        Ok(differences) => {
            let head = format!("This pull request changes: {}.", differences.tally());
            let lines = differences.lines().into_iter();
            let lines = lines.map(|line| format!("  {line}"));
            std::iter::once(head).chain(lines).collect::<Vec<_>>()
        }
        Err(why) => vec![format!(
            "What this pull request changes is not known: {why}."
        )],
    };
    lines.insert(0, String::new());
    lines.join("\n") + "\n"
}
