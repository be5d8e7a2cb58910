//! Makes text from outside harmless for the output that it goes to: names, messages of services, file names, lines of a ledger, errors of
//! parsers. Each output has one escape: a line or a page for people and for the logs of pipelines, JSON, a word of a shell's command, a
//! string to write into a manifest. Markdown has its own, on top of [`line`], in `review`.
//!
//! Nothing but white space is dropped: what is not let through is spelled out, as in `\u{1b}`. Escaping a line, a page or JSON again
//! changes nothing.

use std::fmt::Write as _;

/// What begins a command to the agent that reads a pipeline's log, anywhere in a line: `##vso[` and `##[` of Azure Pipelines and of
/// GitHub's older runners, `##teamcity[`.
const COMMAND: &str = "##";
/// The same at the beginning of a line: `::error::` of GitHub Actions.
const COMMAND_FIRST: &str = "::";
/// Not a command, though it begins like one: what stands before the second place of a problem.
const SECOND_PLACE: &str = "::: ";
/// How far lines after the first are set in, so that none looks like one of ours.
const INDENT: &str = "  ";

/// One line: white space of any kind becomes one blank, control and direction characters are spelled out.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' | '\r' | '\t' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => push(&mut out, c),
        }
    }
    without_command(out)
}

/// The lines of a text that has several, each made harmless; never none.
pub fn lines(text: &str) -> Vec<String> {
    let all: Vec<String> = text.trim().lines().map(line).collect();
    if all.is_empty() {
        vec![String::new()]
    } else {
        all
    }
}

/// Text of which only the first line may stand at the left edge; the others keep how far they are set in, and are at least a little.
pub fn paragraph(text: &str) -> String {
    let mut all = text.trim().lines();
    let mut out = line(all.next().unwrap_or_default());
    for more in all {
        let blanks = more.len() - more.trim_start_matches(' ').len();
        out.push('\n');
        out.push_str(&" ".repeat(blanks.max(INDENT.len())));
        out.push_str(&line(more));
    }
    out
}

/// A whole page of ours, at the door to a terminal or a log: line ends, tabs and, if `color` is wanted, colours stay.
pub fn page(text: &str, color: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, one) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let mut clean = String::with_capacity(one.len());
        let mut rest = one;
        while let Some(c) = rest.chars().next() {
            let whole = match colour(rest) {
                Some(length) if color => length,
                _ => c.len_utf8(),
            };
            if whole > c.len_utf8() || c == '\t' {
                clean.push_str(&rest[..whole]);
            } else {
                push(&mut clean, c);
            }
            rest = &rest[whole..];
        }
        out.push_str(&without_command(clean));
    }
    out
}

/// A part of a line that is shown behind its number, and where these of its bytes are then; tabs stay.
pub fn excerpt<const N: usize>(text: &str, at: [usize; N]) -> (String, [usize; N]) {
    let mut out = String::with_capacity(text.len());
    let mut moved = [None; N];
    for (start, c) in text.char_indices() {
        for (place, moved) in at.iter().zip(&mut moved) {
            if *place <= start {
                moved.get_or_insert(out.len());
            }
        }
        if c == '\t' {
            out.push(c);
        } else {
            push(&mut out, c);
        }
    }
    let end = out.len();
    (out, moved.map(|place| place.unwrap_or(end)))
}

/// Serialized JSON, which means the same afterwards. Line ends stay: JSON has them between its values only.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c => push_json(&mut out, c),
        }
    }
    out
}

/// As a shell takes it for one word. Bash and zsh read the `$'…'` that spells out what cannot be shown.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:=@%+#".contains(c);
    let commands = text.contains(COMMAND) || text.starts_with(COMMAND_FIRST);
    if !text.is_empty() && !text.starts_with('#') && !commands && text.chars().all(is_plain) {
        return text.to_owned();
    }
    if !commands && !text.chars().any(is_hidden) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut spelled = String::new();
    for c in text.chars() {
        match c {
            '\'' | '\\' => spelled.extend(['\\', c]),
            '#' if spelled.ends_with('#') => spelled.push_str("\\x23"),
            c if is_hidden(c) => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = if c.is_ascii() {
                    write!(spelled, "\\x{code:02x}")
                } else {
                    write!(spelled, "\\U{code:08x}")
                };
            }
            c => spelled.push(c),
        }
    }
    format!("$'{spelled}'")
}

/// A string between double quotes, as YAML and JSON read it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '\n' | '\t' => push_units(&mut out, c),
            '"' | '\\' => out.extend(['\\', c]),
            c => push_json(&mut out, c),
        }
    }
    out.push('"');
    out
}

/// A name with every blank but the space spelled out, so that it can be seen: `a\u{a0}b`.
pub fn exact(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c != ' ' && is_blank(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// White space, or nothing that can be seen.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_hidden(c)
}

fn push(out: &mut String, c: char) {
    if is_hidden(c) || (c == '#' && out.ends_with('#')) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

fn push_json(out: &mut String, c: char) {
    if is_hidden(c) || (c == '#' && out.ends_with('#')) {
        push_units(out, c);
    } else {
        out.push(c);
    }
}

fn push_units(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Spells the first character of a command that only counts at the beginning of a line.
fn without_command(line: String) -> String {
    let text = line.trim_start();
    if !text.starts_with(COMMAND_FIRST) || text.starts_with(SECOND_PLACE) {
        return line;
    }
    let (blanks, command) = line.split_at(line.len() - text.len());
    format!("{blanks}{}{}", ':'.escape_unicode(), &command[1..])
}

/// The length of a sequence that sets a colour, if one begins `text`.
fn colour(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    rest[end..]
        .starts_with('m')
        .then_some(text.len() - rest.len() + end + 1)
}

/// Control characters, and the ones that reorder text, take no room, or are tags of a text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(line("a\u{1b}[31mred"), "a\\u{1b}[31mred");
        assert_eq!(line("one\r\n\ttwo"), "one two");
        assert_eq!(line("abc\u{202e}txt.exe"), "abc\\u{202e}txt.exe");
        assert_eq!(line("\u{9b}2J"), "\\u{9b}2J");
        assert_eq!(line("größe 東京"), "größe 東京");
        assert_eq!(
            lines("none:\r\n    a\u{1b}\n  b\n"),
            ["none:", "a\\u{1b}", "b"]
        );
        assert_eq!(lines(" \n"), [""]);
    }

    #[test]
    fn a_name_cannot_command_an_agent() {
        assert_eq!(line("::error::x"), "\\u{3a}:error::x");
        assert_eq!(line("a ::error::x"), "a ::error::x");
        assert_eq!(line("x ##vso[task]"), "x #\\u{23}vso[task]");
        assert_eq!(line("###[x]"), "#\\u{23}#[x]");
        assert_eq!(page("a\n  ::stop::x", false), "a\n  \\u{3a}:stop::x");
    }

    #[test]
    fn only_the_first_line_of_a_paragraph_stands_at_the_edge() {
        assert_eq!(
            paragraph("one\nPlan: nothing\n    two\r\n ::x\n"),
            "one\n  Plan: nothing\n    two\n  \\u{3a}:x"
        );
        assert_eq!(paragraph(""), "");
    }

    #[test]
    fn of_all_sequences_only_colours_pass_and_only_if_they_are_wanted() {
        let text = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[2J \u{1b}]0;t\u{7}\ttab\r";
        assert_eq!(
            page(text, true),
            "\u{1b}[1;31mred\u{1b}[0m \\u{1b}[2J \\u{1b}]0;t\\u{7}\ttab\\u{d}"
        );
        assert!(!page(text, false).contains('\u{1b}'));
        assert_eq!(page("\u{1b}[31", true), "\\u{1b}[31");
    }

    #[test]
    fn a_place_in_a_line_stays_where_it_is() {
        let (text, [start, end]) = excerpt("a\u{9b}: \u{202e}b#", [4, 9]);
        assert_eq!(
            (text.as_str(), &text[start..end]),
            ("a\\u{9b}: \\u{202e}b#", " \\u{202e}b")
        );
        assert_eq!(excerpt("#\t#", [1, 3]), ("#\t#".to_owned(), [1, 3]));
        assert_eq!(excerpt("###", [1, 2]).0, "#\\u{23}#");
    }

    #[test]
    fn words_that_mean_something_to_a_shell_are_quoted() {
        for (text, shown) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("$HOME", "'$HOME'"),
            ("*", "'*'"),
            ("~/x", "'~/x'"),
            ("#x", "'#x'"),
            ("in/gateway-west#authKey1", "in/gateway-west#authKey1"),
            ("ä", "ä"),
            ("a\u{1b}[31m", "$'a\\x1b[31m'"),
            ("a\u{9b}", "$'a\\U0000009b'"),
            ("a\u{202e}'", "$'a\\U0000202e\\''"),
            ("a##vso[x]", "$'a#\\x23vso[x]'"),
        ] {
            assert_eq!(word(text), shown);
        }
    }

    #[test]
    fn a_string_to_write_stays_between_its_quotes() {
        assert_eq!(
            quoted("a\"]\\\nü\u{202e}\u{e0001}##"),
            r#""a\"]\\\u000aü\u202e\udb40\udc01#\u0023""#
        );
    }

    #[test]
    fn a_blank_that_looks_like_another_can_be_seen() {
        assert_eq!(exact("a\u{a0}b c\u{200b}"), "a\\u{a0}b c\\u{200b}");
        assert_eq!(exact("[dev] tägliche"), "[dev] tägliche");
    }

    /// Text of what hurts and of anything else.
    fn hostile() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            any::<String>(),
            any::<char>().prop_map(String::from),
            prop::sample::select(vec![
                "\n",
                "\r",
                "::",
                "##",
                "#",
                ":",
                "\u{1b}",
                "\u{1b}[31m",
                "[",
                "m",
                "\u{9b}",
                "\u{202e}",
                " ",
                "\t",
                "'",
                "\\",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    fn is_harmless(text: &str) -> bool {
        !text.contains(COMMAND)
            && text
                .lines()
                .map(str::trim_start)
                .all(|line| !line.starts_with(COMMAND_FIRST) || line.starts_with(SECOND_PLACE))
            && !text.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t')
    }

    proptest! {
        #[test]
        fn what_comes_out_is_harmless_and_comes_out_again(text in hostile()) {
            let one = line(&text);
            prop_assert!(is_harmless(&one) && !one.contains(['\n', '\t']));
            prop_assert_eq!(line(&one), one.as_str());
            let all = page(&text, false);
            prop_assert!(is_harmless(&all));
            prop_assert_eq!(all.lines().count(), text.split('\n').count() - usize::from(text.is_empty() || text.ends_with('\n')));
            prop_assert_eq!(page(&all, false), all.as_str());
            prop_assert_eq!(page(&one, true), one.as_str());
            let told = paragraph(&text);
            prop_assert!(is_harmless(&told) && told.lines().skip(1).all(|line| line.starts_with(INDENT)));
            prop_assert!(is_harmless(&word(&text)));
            let name = line(&exact(&text));
            prop_assert!(!name.chars().any(|c| c != ' ' && is_blank(c)), "{}", name);
        }

        #[test]
        fn a_string_means_what_it_meant(text in hostile()) {
            let shown = quoted(&text);
            prop_assert!(is_harmless(&shown) && line(&shown) == shown);
            let again: String = serde_json::from_str(&shown).unwrap();
            prop_assert_eq!(again, text);
        }

        #[test]
        fn json_means_what_it_meant(text in hostile()) {
            let value = serde_json::json!({ text.clone(): [text] });
            let shown = json(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert!(is_harmless(&shown));
            let again: serde_json::Value = serde_json::from_str(&shown).unwrap();
            prop_assert_eq!(again, value);
        }
    }
}
