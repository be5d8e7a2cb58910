//! Hides secrets in the lines that are shown.
//!
//! It hides too much rather than too little: everything after a key that sounds like a secret.

use crate::model::job::{ends_with_any, names_secret};

/// Beginnings of well-known tokens: Databricks access tokens and OAuth secrets, integration runtime keys, JSON web tokens.
const TOKEN_STARTS: &[(&str, usize)] = &[("dapi", 20), ("dose", 20), ("IR@", 20), ("eyJ", 30)];

/// Fewest bytes of any of them.
const TOKEN_LENGTH_MIN: usize = 20;

/// The field of a shared access signature that is the secret.
const SIGNATURE: &str = "sig=";
/// Fewest characters after it that make it one (43 and their padding, in truth).
const SIGNATURE_LENGTH_MIN: usize = 20;

/// What stands for hidden text.
const HIDDEN: &str = "***";

/// The stretches of `line` (in bytes) that must not be shown; `carried` if the line before says that this one is a secret.
pub fn hidden(line: &str, carried: bool) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    if carried {
        let start = line.len() - line.trim_start().len();
        ranges.push(start..line.len());
    }
    ranges.extend(after_keys(line));
    ranges.extend(tokens(line));
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    merged(ranges)
}

/// Does the line end right after a key that sounds like a secret, so that the secret stands on the next?
pub fn carries(line: &str) -> bool {
    let open = line
        .trim_end()
        .trim_end_matches(['|', '>', '-', '+'])
        .trim_end();
    open.strip_suffix(':')
        .is_some_and(|before| sounds_secret(last_word(before)))
}

/// `text` without the tokens that it holds.
pub fn without_tokens(text: &str) -> String {
    let mut shown = text.to_owned();
    for range in tokens(text).into_iter().rev() {
        shown.replace_range(range, HIDDEN);
    }
    shown
}

/// Is there a well-known token in `text`, a signature, or an address with a password? A name before a host alone may be none:
/// `abfss://CONTAINER@ACCOUNT...`.
pub fn holds_token(text: &str) -> bool {
    // Most words of a manifest are too short for one, and have neither `=` nor `:`; looking for words in them costs more than that.
    let has = |byte: u8| text.as_bytes().contains(&byte);
    let signed = || has(b'=') && signatures(text).any(|range| range.len() >= SIGNATURE_LENGTH_MIN);
    let opened = || has(b':') && passwords(text).any(|range| text[range].contains(':'));
    let is_known = || text.len() >= TOKEN_LENGTH_MIN && !well_known(text).is_empty();
    signed() || opened() || is_known()
}

/// The line with its hidden stretches replaced, and `column` (in bytes) where it is now.
pub fn masked(line: &str, hidden: &[std::ops::Range<usize>], columns: &mut [usize]) -> String {
    let mut shown = line.to_owned();
    for range in hidden.iter().rev() {
        shown.replace_range(range.clone(), HIDDEN);
        for column in columns.iter_mut() {
            if *column >= range.end {
                *column = *column + HIDDEN.len() - range.len();
            } else if *column > range.start {
                *column = range.start;
            }
        }
    }
    shown
}

fn merged(ranges: Vec<std::ops::Range<usize>>) -> Vec<std::ops::Range<usize>> {
    let mut merged: Vec<std::ops::Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

fn after_keys(line: &str) -> Vec<std::ops::Range<usize>> {
    line.match_indices(':')
        .filter(|(colon, _)| sounds_secret(last_word(&line[..*colon])))
        .filter_map(|(colon, _)| {
            let rest = &line[colon + 1..];
            let start = colon + 1 + (rest.len() - rest.trim_start().len());
            let value = &line[start..];
            let mapping =
                value.is_empty() || value.starts_with(['{', '#']) || value == "|" || value == ">";
            (!mapping && !is_pattern(last_word(&line[..colon]), value))
                .then(|| start..start + secret_length(value))
        })
        .collect()
}

/// A name of a secret with what stands for other names in it, as hand-offs have them: `secret: "{runtime}-key"`. It is not its value.
fn is_pattern(key: &str, value: &str) -> bool {
    const NAMES: [&str; 5] = [
        "{runtime}",
        "{account}",
        "{factory}",
        "{connection}",
        "{slot}",
    ];
    key == "secret" && NAMES.iter().any(|name| value.contains(name))
}

/// A quoted value ends with its quote, any other with the line.
fn secret_length(value: &str) -> usize {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return value.trim_end().len();
    };
    let escaped = |at: usize| quote == '"' && value[..at].ends_with('\\');
    value
        .match_indices(quote)
        .skip(1)
        .find(|(at, _)| !escaped(*at))
        .map_or(value.len(), |(at, _)| at + 1)
}

fn last_word(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| inside(*c))
        .last();
    start.map_or("", |(at, _)| &text[at..])
}

/// A key called `value` may stand beside the name of a secret.
fn sounds_secret(key: &str) -> bool {
    names_secret(key) || ends_with_any(key, &["value"])
}

fn tokens(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = well_known(text);
    found.extend(signatures(text));
    found.extend(passwords(text));
    found.sort_by_key(|range| (range.start, range.end));
    merged(found)
}

fn well_known(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (start, least) in TOKEN_STARTS {
        for (at, _) in text.match_indices(start) {
            let inside = |c: char| c.is_ascii_alphanumeric() || "-_.@=+/".contains(c);
            let length = text[at..].chars().take_while(|c| inside(*c)).count();
            let digits = text[at..at + length].bytes().any(|b| b.is_ascii_digit());
            if length >= *least && digits {
                found.push(at..at + length);
            }
        }
    }
    found
}

/// Values of `sig=` among the fields of a shared access signature.
fn signatures(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
    // As long as the text itself: only ASCII letters change.
    let plain = text.to_ascii_lowercase();
    let found: Vec<_> = plain
        .match_indices(SIGNATURE)
        .filter(|(at, _)| !plain[..*at].ends_with(|c: char| c.is_ascii_alphanumeric()))
        .map(|(at, field)| at + field.len())
        .map(|start| start..start + stretch(&text[start..], &['&', '#']))
        .filter(|range| !range.is_empty())
        .collect();
    found.into_iter()
}

/// What stands between `://` and the `@` before a host. A name alone is hidden too: for some services it is the token.
fn passwords(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let authority = &text[start..][..stretch(&text[start..], &['/', '?', '#'])];
        // An unescaped slash in a password ends the authority too early.
        let whole = &text[start..][..stretch(&text[start..], &[])];
        let (_, password) = authority.split_once(':').unwrap_or_default();
        let port = password.bytes().all(|byte| byte.is_ascii_digit());
        let end = authority
            .rfind('@')
            .or_else(|| whole.rfind('@').filter(|_| !port))?;
        Some(start..start + end)
    })
}

/// How far an address goes on: to a blank, a quote, or one of `ends`.
fn stretch(text: &str, ends: &[char]) -> usize {
    let over =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>') || ends.contains(&c);
    text.find(over).unwrap_or(text.len())
}

/// At most 60 characters of `text`, for a message.
pub fn clipped(text: &str) -> String {
    let text = without_tokens(text);
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(59).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        masked(line, &hidden(line, false), &mut [])
    }

    #[test]
    fn what_follows_a_secret_key_is_hidden() {
        for (line, safe) in [
            (r#"clientSecret: "abc""#, "clientSecret: ***"),
            ("    token: abc def # words", "    token: ***"),
            (
                r#"{clientId: x, "clientSecret": 'a b', tenant: y}"#,
                r#"{clientId: x, "clientSecret": ***, tenant: y}"#,
            ),
            (
                "clientSecret: {env: AZURE_CLIENT_SECRET}",
                "clientSecret: {env: AZURE_CLIENT_SECRET}",
            ),
            ("clientSecret: {value: abc}", "clientSecret: {value: ***"),
            ("va-lue_: abc", "va-lue_: ***"),
            (r#"password: "a\"b" # c"#, "password: *** # c"),
            ("servicePrincipal:", "servicePrincipal:"),
            ("databricksToken:", "databricksToken:"),
        ] {
            assert_eq!(shown(line), safe);
        }
        assert!(carries("  clientSecret: |") && carries("token:") && !carries("tenant:"));
        assert_eq!(hidden("  abc", true), vec![2..5]);
    }

    #[test]
    fn well_known_tokens_are_hidden_wherever_they_stand() {
        let token = format!("dapi{}", "0123456789abcdef".repeat(2));
        assert_eq!(shown(&format!("day: {token} # x")), "day: *** # x");
        assert_eq!(without_tokens("dapi is a word"), "dapi is a word");
    }

    #[test]
    fn what_opens_an_address_is_hidden_and_the_address_is_not() {
        for (line, safe) in [
            (
                r#"ledger: {blob: "https://a.blob.core.windows.net/c/n?sv=2024&Sig=aB%2Fc/d+e%3D&se=1"} # x"#,
                r#"ledger: {blob: "https://a.blob.core.windows.net/c/n?sv=2024&Sig=***&se=1"} # x"#,
            ),
            ("blob: sig=abc", "blob: sig=***"),
            ("https://u:PW@host.example/c", "https://***@host.example/c"),
            ("https://u:P/W@host.example/c", "https://***@host.example/c"),
            ("http://u:1@[::1]:8/x", "http://***@[::1]:8/x"),
            (
                "https://host:443/a@b design=1",
                "https://host:443/a@b design=1",
            ),
            ("https://host/~me@home?x=1", "https://host/~me@home?x=1"),
            (
                "{a: 'https://ü:ß@h', b: sig=}",
                "{a: 'https://***@h', b: sig=***",
            ),
        ] {
            assert_eq!(shown(line), safe);
        }
    }

    #[test]
    fn a_container_before_its_account_is_no_secret() {
        let signature = "aB3".repeat(14);
        for (text, is_secret) in [
            ("abfss://raw@acct.dfs.core.windows.net/day", false),
            ("https://org@dev.azure.com/org/repo", false),
            ("select sig=1", false),
            ("https://org:PW@dev.azure.com/org/repo", true),
            (&format!("?sv=1&sig={signature}"), true),
        ] {
            assert_eq!(holds_token(text), is_secret, "{text}");
        }
    }

    #[test]
    fn columns_move_with_what_is_hidden() {
        let line = "{token: 'abcdef', x: 1}";
        let mut columns = [18, 10, 1];
        assert_eq!(
            masked(line, &hidden(line, false), &mut columns),
            "{token: ***, x: 1}"
        );
        assert_eq!(columns, [13, 8, 1]);
    }
}
