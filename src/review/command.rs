//! Proposed commands, quoted for a shell.
//!
//! No word can be taken for something else by a shell or a terminal.

use crate::escape;

/// `afresh ledger confirm analytics/backfill estate`: `words`, and behind them what was `given`, which is quoted already.
pub(super) fn afresh(words: &[&str], given: &str) -> String {
    let words = words.iter().map(|word| escape::word(word));
    let given = (!given.is_empty()).then(|| given.to_owned());
    let all: Vec<String> = std::iter::once("afresh".to_owned())
        .chain(words)
        .chain(given)
        .collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::afresh;

    #[test]
    fn a_command_ends_with_what_was_given() {
        let words = ["ledger", "confirm", "a/my job"];
        assert_eq!(afresh(&words, ""), "afresh ledger confirm 'a/my job'");
        assert_eq!(
            afresh(&words, "estate --sim world.yaml"),
            "afresh ledger confirm 'a/my job' estate --sim world.yaml"
        );
    }
}
