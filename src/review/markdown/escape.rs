//! Makes text from outside harmless for a forge's Markdown: no markup, no HTML, no link, no mention, no table cell of its own.
//!
//! A forge looks for mentions, references, emoji and bare links after it has rendered Markdown, when an entity has become its character
//! again. So such characters are also separated from what follows by an empty comment.
//!
//! Text is escaped and never dropped.

use crate::escape::{line, page};

const CUT: &str = "<!-- -->";

/// One line of text, for a paragraph or a table cell.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = line(text);
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        if c == '.' && ends_in_www(before) {
            out.push_str(CUT);
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '$' | '!' | '@' | '#' => {
                entity(&mut out, c);
            }
            c => out.push(c),
        }
        let is_cut = match c {
            '@' | '#' => true,
            // Changes, snippets, labels, epics, milestones and alerts of GitLab.
            '!' | '$' | '~' | '&' | '%' | '^' => begins_word(after) || after.starts_with('"'),
            ':' => !after.is_empty() && !after.starts_with(' ') && !is_clock(before, after),
            '-' => is_key(before, after),
            _ => false,
        };
        if is_cut {
            out.push_str(CUT);
        }
    }
    out
}

/// A name in type of fixed width. Entities stay entities there, since it is HTML and not a code span.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", inline(text))
}

/// Text between fences that nothing in it can close.
pub(super) fn fenced(text: &str) -> String {
    let text = page(text, false);
    let mut longest = 2;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// The address of a page that this program was told to link to; nothing else than https, and nothing that ends a link early.
pub(super) fn link(text: &str, url: &str) -> Option<String> {
    let safe = url.starts_with("https://")
        && url
            .chars()
            .all(|c| c.is_ascii_graphic() && !"()<>[]\\`\"'|".contains(c));
    safe.then(|| format!("[{text}]({url})"))
}

fn ends_in_www(before: &str) -> bool {
    let last = before.chars().rev().take(3);
    last.filter(|c| c.eq_ignore_ascii_case(&'w')).count() == 3
}

/// Between two digits, as in `03:00`, a colon begins neither a link nor an emoji.
fn is_clock(before: &str, after: &str) -> bool {
    before.ends_with(|c: char| c.is_ascii_digit())
        && after.starts_with(|c: char| c.is_ascii_digit())
}

/// Is this the minus sign in an issue's key, as in `GH-2` and `OPS-17`?
fn is_key(before: &str, after: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let project = &before[before.trim_end_matches(is_part).len()..];
    let is_project = project.eq_ignore_ascii_case("gh")
        || project.starts_with(|c: char| c.is_ascii_uppercase())
            && !project.contains(|c: char| c.is_ascii_lowercase());
    is_project && after.starts_with(|c: char| c.is_ascii_digit())
}

fn begins_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
}

fn entity(out: &mut String, c: char) {
    out.extend(["&#", &u32::from(c).to_string(), ";"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_mark_up_mention_or_link() {
        for (name, shown) in [
            ("a|b", "a&#124;b"),
            ("`x`", "&#96;x&#96;"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("@octocat", "&#64;<!-- -->octocat"),
            ("#12", "&#35;<!-- -->12"),
            ("see GH-2, gh-3", "see GH-<!-- -->2, gh-<!-- -->3"),
            ("OPS-17 of 2026-11-24", "OPS-<!-- -->17 of 2026-11-24"),
            (
                "!7 ~\"a\" %v1 &4",
                "&#33;<!-- -->7 &#126;<!-- -->\"a\" %<!-- -->v1 &amp;<!-- -->4",
            ),
            ("50% done", "50% done"),
            ("https://evil.example", "https:<!-- -->//evil.example"),
            ("www.evil.example", "www<!-- -->.evil.example"),
            ("[a](b)", "&#91;a&#93;(b)"),
            ("one\ntwo", "one two"),
            ("-->", "--&gt;"),
            ("&#64;", "&amp;&#35;<!-- -->64;"),
        ] {
            assert_eq!(inline(name), shown);
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_in_its_text() {
        assert_eq!(fenced("a ```` b\n"), "`````text\na ```` b\n`````");
    }

    #[test]
    fn only_a_plain_https_address_is_linked() {
        assert_eq!(
            link("plan", "https://x.example/a?b=1").as_deref(),
            Some("[plan](https://x.example/a?b=1)")
        );
        for bad in [
            "javascript:alert(1)",
            "http://x",
            "https://x) [y](z",
            "https://x y",
        ] {
            assert_eq!(link("plan", bad), None);
        }
    }
}
