//! The rules, each a function from a file to its offences: `path:line: what, and why not`. What they allow is in `table`.

use crate::source::{Source, block_end, enclosed_end, is_word};
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

/// Enums with a variant for each kind of subject, or for each thing that is done to one. A new kind has to be met wherever they are told
/// apart, and the compiler names these places only where every variant is named.
const OF_KINDS: [&str; 7] = [
    "Action",
    "Facts",
    "Identity",
    "KeyConnection",
    "KeyService",
    "Subject",
    "Target",
];

/// Places outside `model` that look for one kind and pass over all others, also those that will be added: `if let`, `let else`, `matches!`
/// and arms for everything else.
pub fn passed_over(source: &Source) -> Vec<String> {
    if source.room() == "model" {
        return Vec::new();
    }
    let code = &source.code;
    let mut found = Vec::new();
    for at in whole_words(code, "let") {
        // A pattern ends at the first `=`, a declared type begins before it.
        let pattern = code[at..].split(['=', ';']).next().unwrap_or_default();
        if names_a_kind(pattern) {
            found.push((at, "`let` with a pattern of one kind"));
        }
    }
    for at in whole_words(code, "matches!") {
        let call = &code[at..enclosed_end(code, at, ('(', ')'))];
        let pattern = call.split_once(',').map_or("", |(_, pattern)| pattern);
        if names_a_kind(pattern) {
            found.push((at, "`matches!` with one kind"));
        }
    }
    for at in whole_words(code, "match") {
        let body = code[at..].find('{').map_or(at, |open| at + open);
        let heads = arm_heads(&code[body..block_end(code, body)]);
        if heads.iter().any(|head| names_a_kind(head)) && heads.iter().any(|head| takes_all(head)) {
            found.push((at, "a `match` over kinds with an arm for all others"));
        }
    }
    let told = found.into_iter().map(|(at, what)| {
        format!(
            "{}: {what}: name every kind, or add a method in `model` that does",
            place(source, code, at)
        )
    });
    told.collect()
}

fn names_a_kind(pattern: &str) -> bool {
    OF_KINDS.iter().any(|name| {
        whole_words(pattern, name).into_iter().any(|at| {
            let variant = pattern[at + name.len()..].strip_prefix("::");
            variant.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
        })
    })
}

/// A pattern that fits everything, or everything that is there: `_`, a name alone, `Some` of it, or a tuple of these. One with a guard
/// leaves something to the others.
fn takes_all(head: &str) -> bool {
    let head = head.trim();
    let inside = head.strip_suffix(')').and_then(|head| {
        let tuple = head
            .strip_prefix("Some(")
            .or_else(|| head.strip_prefix('('));
        tuple.map(|inside| inside.split(',').all(takes_all))
    });
    let is_name = |c: char| c == '_' || c == '.' || c.is_ascii_lowercase();
    inside.unwrap_or_else(|| !head.is_empty() && head.chars().all(is_name))
}

/// What stands before the `=>` of each arm of a match; `body` begins with its brace.
fn arm_heads(body: &str) -> Vec<&str> {
    let (mut heads, mut depth, mut head) = (Vec::new(), 0_usize, Some(1));
    for (at, c) in body.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match head {
            Some(from) if depth == 1 && body[at..].starts_with("=>") => {
                heads.push(body[from..at].trim_start_matches([',', ' ', '\n']));
                head = None;
            }
            // An arm ends with its comma, or with its block.
            None if depth == 1 && matches!(c, ',' | '}') => head = Some(at + 1),
            Some(_) | None => {}
        }
    }
    heads
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
