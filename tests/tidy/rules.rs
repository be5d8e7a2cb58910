//! The rules, each a function from a file to its offences: `path:line: what, and why not`. What they allow is in `table`.

use crate::source::{Source, block_end, is_word};
use crate::table::{FILE_CODE_LINES_MAX, FUNCTION_LINES_MAX, MAY_USE, NEVERS};

/// Uses of rooms that the table does not allow.
pub fn trespasses(source: &Source) -> Vec<String> {
    let room = source.room();
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == room) else {
        return Vec::new();
    };
    let used = used_rooms(source);
    let known = |name: &str| MAY_USE.iter().any(|(room, _)| *room == name);
    let foreign = |name: &str| known(name) && name != room && !allowed.contains(&name);
    let offences = used.into_iter().filter(|(_, name)| foreign(name));
    offences
        .map(|(at, name)| {
            format!(
                "{}: `{room}` must not use `{name}`",
                place(source, &source.code, at)
            )
        })
        .collect()
}

/// A room that has no line in the table.
pub fn unknown_room(source: &Source) -> Option<String> {
    let known = MAY_USE.iter().any(|(room, _)| *room == source.room());
    (!known).then(|| {
        format!(
            "{}: `{}` has no line in tests/tidy/table.rs",
            source.path,
            source.room()
        )
    })
}

/// Words that stand where they must not.
pub fn broken_nevers(source: &Source) -> Vec<String> {
    let begins = |paths: &[&str]| paths.iter().any(|path| source.path.starts_with(path));
    let mut offences = Vec::new();
    for never in &NEVERS {
        if !begins(never.holds_in) || begins(never.except_in) {
            continue;
        }
        for word in never.words {
            let places = whole_words(&source.code, word).into_iter();
            offences.extend(places.map(|at| {
                format!(
                    "{}: `{word}`: {}",
                    place(source, &source.code, at),
                    never.because
                )
            }));
        }
    }
    offences
}

/// A file that does not open with what it is for.
pub fn silent_opening(source: &Source) -> Option<String> {
    let opens = source.raw.starts_with("//! ");
    (!opens).then(|| {
        format!(
            "{}:1: open with `//!`: what it is for and what it keeps",
            source.path
        )
    })
}

/// Marks of unfinished work, also in comments.
pub fn leftovers(source: &Source) -> Vec<String> {
    let marks = ["TODO", "FIXME", "XXX", "HACK"];
    let found = marks.iter().flat_map(|mark| {
        let places = whole_words(&source.raw, mark).into_iter();
        places.map(move |at| (at, mark))
    });
    found
        .map(|(at, mark)| {
            format!(
                "{}: `{mark}`: do it, or write an issue",
                place(source, &source.raw, at)
            )
        })
        .collect()
}

/// Functions and files that do not fit the eye.
pub fn too_long(source: &Source) -> Vec<String> {
    let mut offences = Vec::new();
    for at in whole_words(&source.code, "fn") {
        let lines = source.code[at..block_end(&source.code, at)].lines().count();
        if lines > FUNCTION_LINES_MAX {
            offences.push(format!(
                "{}: a function of {lines} lines, at most {FUNCTION_LINES_MAX}",
                place(source, &source.code, at)
            ));
        }
    }
    let lines = source
        .code
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count();
    if lines > FILE_CODE_LINES_MAX {
        offences.push(format!(
            "{}: {lines} lines of code, at most {FILE_CODE_LINES_MAX}: split it by what it does",
            source.path
        ));
    }
    offences
}

/// Every room of the crate that is named, and where: through `crate::`, `afresh::`, or enough `super::`.
fn used_rooms(source: &Source) -> Vec<(usize, String)> {
    let climb = "super::".repeat(source.depth().max(1));
    let mut found = Vec::new();
    for root in ["crate::", "afresh::", climb.as_str()] {
        for at in whole_words(&source.code, root) {
            let names = first_names(&source.code[at + root.len()..]);
            found.extend(names.into_iter().map(|name| (at, name)));
        }
    }
    found
}

/// The first name of a path, or of each path in a group: `a` and `b` of `{a::x, b::{c, d}}`.
fn first_names(text: &str) -> Vec<String> {
    let Some(group) = text.strip_prefix('{') else {
        return vec![text.chars().take_while(|c| is_word(*c)).collect()];
    };
    let inside = &group[..block_end(text, 0).saturating_sub(2).min(group.len())];
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    let mut in_name = true;
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.push(String::new());
                in_name = true;
            }
            c if depth == 0 && in_name && is_word(c) => {
                if let Some(name) = names.last_mut() {
                    name.push(c);
                }
            }
            c if c.is_whitespace() => {}
            _ => in_name = false,
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Where `word` stands in `text` and is not a part of a longer name.
fn whole_words(text: &str, word: &str) -> Vec<usize> {
    let open_end = word.ends_with(is_word);
    let stands_alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !(before.is_some_and(is_word) || open_end && after.is_some_and(is_word))
    };
    let all = text.match_indices(word).map(|(at, _)| at);
    all.filter(|at| stands_alone(*at)).collect()
}

/// `path:line` of a place in one of the source's two texts; both have the same lines.
fn place(source: &Source, text: &str, at: usize) -> String {
    let line = text[..at].matches('\n').count() + 1;
    format!("{}:{line}", source.path)
}
