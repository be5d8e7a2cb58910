//! Says what is wrong with a line that is not YAML, in the terms of its author: most often a value begins with a special character and is
//! not in quotes.
//!
//! It does not guess: where the line does not show what is wrong, the parser's message stays.

use super::mask::{self, clipped};

/// What is wrong, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong, where that can be said better than the parser does.
    pub message: Option<String>,
    help: &'static str,
    /// What is to be put in quotes.
    value: Option<String>,
}

impl Advice {
    /// What to do.
    pub fn help(&self) -> String {
        match &self.value {
            Some(value) => format!("{}: `{}`", self.help, clipped(value)),
            None => self.help.to_owned(),
        }
    }
}

/// For an error of the parser at a 0-based column of `line`. What a line holds that may be a secret is not repeated.
pub fn of(info: &str, line: &str, column: usize, is_secret: bool) -> Option<Advice> {
    let mut advice = found(info, line, column)?;
    if is_secret || !mask::hidden(line, false).is_empty() {
        advice.value = None;
    }
    Some(advice)
}

fn found(info: &str, line: &str, column: usize) -> Option<Advice> {
    let at = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at);
    let (before, rest) = line.split_at(at);
    if info.contains("tab") {
        return Some(help("indent with spaces"));
    }
    if info.contains("quoted scalar") && !info.contains("double-quoted scalar") {
        return Some(help("a quote that was opened here is not closed"));
    }
    if info.contains("trailing content after") {
        let start = opening_quote(before)?;
        let message = "text stands behind the closing quote";
        return Some(quote(message.to_owned(), &line[start..]));
    }
    if info.contains("mapping values are not allowed") {
        let value = value_of(before)?;
        let message = "a colon and a space inside a value begin a mapping".to_owned();
        return Some(quote(message, &line[value..]));
    }
    if info.contains("block sequence entries are not allowed") {
        let message = "a list item cannot stand on the line of its key".to_owned();
        return Some(quote(message, rest));
    }
    if let Some((open, what)) = closed_before(before) {
        let opening = &line[open..=open];
        let message =
            format!("a value that begins with `{opening}` is {what}, and more text follows it");
        return Some(quote(message, &line[open..]));
    }
    begins_with(rest)
}

const fn help(help: &'static str) -> Advice {
    Advice {
        message: None,
        help,
        value: None,
    }
}

fn quote(message: String, value: &str) -> Advice {
    Advice {
        message: Some(message),
        help: "put the whole value in quotes",
        value: Some(quoted(value)),
    }
}

/// A value up to the end of its line, as it would be written in quotes.
fn quoted(value: &str) -> String {
    let value = value.split(" #").next().unwrap_or(value).trim();
    let plain = value.replace(['"', '\''], "");
    format!("\"{}\"", without_closing(&plain).trim_end())
}

/// Without the brackets and what follows a comma that belong to a list or mapping around the value.
fn without_closing(value: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in value.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' | ',' if depth == 0 => return &value[..at],
            ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    value
}

/// If the text ends with a closed bracket: where that was opened, and what it makes of a value.
fn closed_before(before: &str) -> Option<(usize, &'static str)> {
    let closed = before.trim_end();
    let what = match closed.chars().next_back()? {
        ']' => "a list",
        '}' => "a mapping",
        _ => return None,
    };
    let mut depth = 0_usize;
    for (at, c) in closed.char_indices().rev() {
        match c {
            ']' | '}' => depth += 1,
            '[' | '{' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((at, what));
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the quoted text that ends `before` was opened.
fn opening_quote(before: &str) -> Option<usize> {
    let closed = before.trim_end();
    let quote = closed.chars().next_back()?;
    if !matches!(quote, '"' | '\'') {
        return None;
    }
    closed[..closed.len() - 1].rfind(quote)
}

/// Where the value of the first key of a line begins.
fn value_of(line: &str) -> Option<usize> {
    let colon = line.find(": ")?;
    let value = line[colon + 1..].trim_start();
    Some(line.len() - value.len())
}

fn begins_with(value: &str) -> Option<Advice> {
    let what = match value.chars().next()? {
        '*' => "a value that begins with `*` is an alias",
        '&' => "a value that begins with `&` is an anchor",
        '|' | '>' => "a value that begins with `|` or `>` is a block of lines",
        '@' | '`' | '%' | ',' | ']' | '}' | '?' => {
            let message = format!("a value cannot begin with `{}`", &value[..1]);
            return Some(quote(message, value));
        }
        _ => return None,
    };
    Some(quote(what.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_as_far_as_it_goes() {
        assert_eq!(quoted("[dev someone] nightly"), "\"[dev someone] nightly\"");
        assert_eq!(quoted("[dev a] nightly}, id: 5"), "\"[dev a] nightly\"");
        assert_eq!(quoted("*-west]  # all"), "\"*-west\"");
        assert_eq!(quoted("\"nightly\" sales"), "\"nightly sales\"");
    }
}
