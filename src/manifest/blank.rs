//! Characters that look like a space, or like nothing, and that YAML does not take as a space. They come with text that was copied from a
//! web page or a chat.
//!
//! They are reported, and never accepted as spaces. The rest of the document is read as if they were spaces, so that one such character is
//! one problem and not many.

use super::mark::{Mark, to_u32};
use super::problem::{Findings, Problem};
use super::split;
use super::tree::{Node, Value};

/// What a person calls the character; `None` if it can be seen, or is an ordinary space.
fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '\t' => "tab",
        '\u{a0}' => "no-break space",
        '\u{ad}' => "soft hyphen",
        '\u{2000}'..='\u{200a}' | '\u{205f}' | '\u{3000}' => "wide or narrow space",
        '\u{200b}'..='\u{200d}' | '\u{2060}' => "character without width",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "mark for the direction of text"
        }
        '\u{2028}' | '\u{2029}' | '\u{85}' => "line separator",
        '\u{202f}' => "narrow no-break space",
        '\u{feff}' => "byte order mark",
        _ => return None,
    })
}

/// Is it one that nobody types on purpose? A tab may stand before a comment.
fn is_odd(c: char) -> bool {
    c != '\t' && name(c).is_some()
}

/// `no-break space (U+00A0)`.
fn described(c: char) -> String {
    let name = name(c).unwrap_or("character");
    format!("{name} (U+{:04X})", u32::from(c))
}

/// Does the text begin or end with one? Then this says which, and where.
pub fn at_an_end(text: &str) -> Option<String> {
    let first = text.chars().next().filter(|c| is_odd(*c));
    let last = text.chars().next_back().filter(|c| is_odd(*c));
    first
        .map(|c| format!("begins with a {}", described(c)))
        .or_else(|| last.map(|c| format!("ends with a {}", described(c))))
}

/// The first one of a line, as a note beside another problem on it.
pub fn note(line: &str) -> Option<String> {
    let (column, c) = (1..).zip(line.chars()).find(|(_, c)| is_odd(*c))?;
    let described = described(c);
    Some(format!(
        "this line holds a {described} in column {column}, which YAML does not take as a space"
    ))
}

/// Is there a key with one at its beginning or end?
pub fn in_keys(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(_) => false,
        Value::List(items) => items.iter().any(|item| in_keys(item)),
        Value::Map(entries) => entries.iter().any(|entry| {
            let odd = |c: char| name(c).is_some();
            let key = &entry.key;
            key.plain && (key.text.starts_with(odd) || key.text.ends_with(odd))
                || in_keys(&entry.value)
        }),
    }
}

/// The same text with an ordinary space for each of them, so that every column stays.
pub fn as_spaces(text: &str) -> String {
    let space = |c: char| if name(c).is_some() { ' ' } else { c };
    text.chars().map(space).collect()
}

/// Notes each line that has one where YAML wants a space: before its first word, or beside a colon, a comma or a dash.
pub fn note_lines(file: u32, first_line: u32, text: &str, findings: &mut Findings) {
    for (line, (_, content)) in (first_line..).zip(split::lines(text)) {
        let Some((column, length, c)) = misplaced(content) else {
            continue;
        };
        let mark = Mark {
            end_column: to_u32(column + length),
            ..Mark::point(file, line, to_u32(column))
        };
        let (what, help) = match c {
            '\t' => ("tab".to_owned(), "indent with spaces"),
            c => (described(c), "replace it with an ordinary space"),
        };
        let message = format!("a {what} stands where YAML wants a space");
        findings.add(Problem::at(mark, message).help(help));
    }
}

/// The first stretch of them in a line that touches its structure: its column, its length, and its first character.
fn misplaced(line: &str) -> Option<(usize, usize, char)> {
    let letters: Vec<char> = line.chars().collect();
    let odd = |at: usize| letters.get(at).is_some_and(|c| name(*c).is_some());
    let starts = (0..letters.len()).filter(|at| odd(*at) && (*at == 0 || !odd(at - 1)));
    for start in starts {
        let length = (start..letters.len()).take_while(|at| odd(*at)).count();
        let indents = letters[..start].iter().all(|c| c.is_whitespace());
        let after = start > 0 && ":-,[{?".contains(letters[start - 1]);
        let before = letters.get(start + length) == Some(&':');
        if indents || after || before {
            return Some((start, length, letters[start]));
        }
    }
    None
}
