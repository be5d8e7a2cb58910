//! Foreign words made harmless for a terminal: no escape sequence, no new line, no letter that turns the text around it.
//!
//! Refuses: nothing; what it does not let through it spells out, as in `\u{1b}`.

/// One line: white space of any kind becomes one blank, control and direction characters are spelled out.
pub(super) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' | '\r' | '\t' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// The lines of a text that has several, each made harmless; never none.
pub(super) fn lines(text: &str) -> Vec<String> {
    let all: Vec<String> = text.trim().lines().map(line).collect();
    if all.is_empty() {
        vec![String::new()]
    } else {
        all
    }
}

/// Control characters, and the ones that reorder text or take no room.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{line, lines};

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
}
