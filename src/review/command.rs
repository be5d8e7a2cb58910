//! Commands that are proposed, as a shell takes them.
//!
//! Refuses: a word that a shell or a terminal would take for something else.

use super::escape::is_hidden;

/// `afresh ledger confirm analytics/backfill estate`: `words`, and behind them what was `given`, which is quoted already.
pub(super) fn afresh(words: &[&str], given: &str) -> String {
    let words = words.iter().map(|word| quoted(word));
    let given = (!given.is_empty()).then(|| given.to_owned());
    let all: Vec<String> = std::iter::once("afresh".to_owned())
        .chain(words)
        .chain(given)
        .collect();
    all.join(" ")
}

/// As a shell takes it for one word, and a terminal for nothing but letters.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:=@%+#".contains(c);
    if !word.is_empty() && !word.starts_with('#') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if word.chars().any(is_hidden) {
        let escaped = word.chars().map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if !is_hidden(c) => c.to_string(),
            c if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
            c => format!("\\U{:08x}", u32::from(c)),
        });
        return format!("$'{}'", escaped.collect::<String>());
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{afresh, quoted};

    #[test]
    fn words_that_mean_something_to_a_shell_are_quoted() {
        for (word, shown) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("$HOME", "'$HOME'"),
            ("*", "'*'"),
            ("~/x", "'~/x'"),
            ("#x", "'#x'"),
            ("in/gateway-west#authKey1", "in/gateway-west#authKey1"),
            ("ä", "ä"),
            ("a\u{1b}[31m", "$'a\\x1b[31m'"),
            ("it's \u{202e}x", "$'it\\'s \\U0000202ex'"),
        ] {
            assert_eq!(quoted(word), shown);
        }
    }

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
