//! A Rust source file reduced to the code that ships: no comments, no text in quotes, no tests. It is not a parser of Rust beyond that.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of the source tree.
pub struct Source {
    /// From the project root, with `/`: `src/plan/runtime.rs`.
    pub path: String,
    /// As it is on disk.
    pub raw: String,
    /// The same lines with comments, text in quotes and test modules blanked.
    pub code: String,
}

impl Source {
    /// A file of this path and text.
    pub fn new(path: &str, raw: &str) -> Self {
        let code = without_tests(&without_text(raw));
        Self {
            path: path.to_owned(),
            raw: raw.to_owned(),
            code,
        }
    }

    /// The folder, or the file, right under `src`: `plan` of `src/plan/runtime.rs`, `clock` of `src/clock.rs`.
    pub fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules lie above this one's content: 1 in `src/plan/mod.rs`, 2 in `src/plan/runtime.rs`.
    pub fn depth(&self) -> usize {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let folders = inside.matches('/').count();
        let own = !inside.ends_with("mod.rs") && !["lib.rs", "main.rs"].contains(&inside);
        folders + usize::from(own)
    }

    /// Is all of it for tests only?
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

/// Every source file under `root/src` that is not for tests only, in the order of their paths.
pub fn tree(root: &Path) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let inside = path.strip_prefix(root).expect("under the root");
        let name = inside.to_string_lossy().replace('\\', "/");
        Source::new(&name, &fs::read_to_string(path).expect("a readable source"))
    };
    let all: Vec<Source> = paths.iter().map(read).collect();
    let hidden: Vec<String> = all.iter().flat_map(test_children).collect();
    let ships = |one: &Source| !one.is_test() && !hidden.contains(&one.path);
    all.into_iter().filter(ships).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Files that `#[cfg(test)] mod name;` declares.
fn test_children(parent: &Source) -> Vec<String> {
    let text = without_text(&parent.raw);
    let folder = parent.path.strip_suffix("mod.rs").map_or_else(
        || format!("{}/", parent.path.trim_end_matches(".rs")),
        str::to_owned,
    );
    let after = text.split("#[cfg(test)]").skip(1).map(str::trim_start);
    let names = after.filter_map(|rest| {
        let declared = rest
            .trim_start_matches("pub(crate) ")
            .strip_prefix("mod ")?;
        let (name, _) = declared.split_once(';')?;
        name.chars().all(is_word).then_some(name)
    });
    names.map(|name| format!("{folder}{name}.rs")).collect()
}

/// Is `c` part of a name?
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Blanks comments and what stands in quotes; keeps every line end.
fn without_text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        let length = comment(rest).or_else(|| quoted(rest, &out)).unwrap_or(0);
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { c } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    out
}

/// The length of the comment that `text` begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let mut inner = text.strip_prefix("/*")?;
    let mut open = 1;
    while open > 0 && !inner.is_empty() {
        let step = match inner.get(..2) {
            Some("/*") => {
                open += 1;
                2
            }
            Some("*/") => {
                open -= 1;
                2
            }
            _ => inner.chars().next().map_or(0, char::len_utf8),
        };
        inner = &inner[step..];
    }
    Some(text.len() - inner.len())
}

/// The length of the string or character that `text` begins with; `before` is what stands in front of it.
fn quoted(text: &str, before: &str) -> Option<usize> {
    let fresh = !before.ends_with(is_word) || before.ends_with('b') || before.ends_with('c');
    if fresh && let Some(length) = raw_string(text) {
        return Some(length);
    }
    if let Some(inner) = text.strip_prefix('"') {
        return Some(1 + escaped_until(inner, '"'));
    }
    let inner = text.strip_prefix('\'')?;
    let is_char = inner.starts_with('\\') || inner.chars().nth(1) == Some('\'');
    is_char.then(|| 1 + escaped_until(inner, '\''))
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text
        .strip_prefix('r')?
        .chars()
        .take_while(|c| *c == '#')
        .count();
    let inner = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(2 + hashes + length)
}

fn escaped_until(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == end => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Blanks every `#[cfg(test)] mod … { … }`, also of tests for some systems only.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = ["#[cfg(test)]", "#[cfg(all(test,"]
        .iter()
        .find_map(|mark| out.find(mark))
    {
        let end = block_end(&out, start);
        let blank: String = out[start..end]
            .chars()
            .map(|c| if c == '\n' { c } else { ' ' })
            .collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// Where the item that begins at `start` ends: behind its `;` or its closing brace.
pub fn block_end(code: &str, start: usize) -> usize {
    enclosed_end(code, start, ('{', '}'))
}

/// The same of what these two enclose: `(` and `)` for a call.
pub fn enclosed_end(code: &str, start: usize, (opening, closing): (char, char)) -> usize {
    let mut open = 0_usize;
    for (at, c) in code[start..].char_indices() {
        if c == opening {
            open += 1;
        } else if c == closing && open == 1 || c == ';' && open == 0 {
            return start + at + 1;
        } else if c == closing {
            open = open.saturating_sub(1);
        }
    }
    code.len()
}
