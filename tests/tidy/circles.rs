//! Files that import each other in a circle, found by the paths that stand in their code.
//!
//! A path is resolved to a file and no further: a name that a `mod.rs` re-exports from a child counts as an import of the `mod.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::source::{Source, block_end, is_word};

/// For each file that imports: the files of its room that it imports, and the names it takes from each.
type Imports<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>;

/// Every file by the module that it is.
type Modules<'a> = BTreeMap<Vec<&'a str>, &'a Source>;

/// Files that import each other in a circle.
#[derive(Debug)]
pub struct Circle<'a> {
    /// In order.
    files: Vec<&'a str>,
    /// What ties them: `file -> file: names`.
    ties: Vec<String>,
}

impl fmt::Display for Circle<'_> {
    /// `a circle of 2 files:`, and a line for each tie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ties = self.ties.join("\n  ");
        write!(f, "a circle of {} files:\n  {ties}", self.files.len())
    }
}

/// Every circle within a room; `sources` are all files there are.
///
/// A parent that uses its child, and the child that uses the parent's items, are one. `mod child;` alone is no import.
pub fn circles<'a>(sources: &[&'a Source]) -> Vec<Circle<'a>> {
    let imports = imports(sources);
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|file| (*file, reachable(&imports, file)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (file, ahead) in &reached {
        if seen.contains(file) || !ahead.contains(file) {
            continue;
        }
        let comes_back = |other: &&&str| reached.get(**other).is_some_and(|it| it.contains(file));
        let files: Vec<&str> = ahead.iter().filter(comes_back).copied().collect();
        seen.extend(files.iter().copied());
        let ties = ties(&imports, &files);
        found.push(Circle { files, ties });
    }
    found
}

fn ties(imports: &Imports, files: &[&str]) -> Vec<String> {
    let from = files
        .iter()
        .filter_map(|file| Some((*file, imports.get(file)?)));
    let all =
        from.flat_map(|(file, taken)| taken.iter().map(move |(other, names)| (file, other, names)));
    let inside = all.filter(|(_, other, _)| files.contains(other));
    inside
        .map(|(file, other, names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("{file} -> {other}: {}", names.join(", "))
        })
        .collect()
}

/// All files that `start` imports, and that those import, and so on.
fn reachable<'a>(imports: &Imports<'a>, start: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut ahead = vec![start];
    while let Some(file) = ahead.pop() {
        for other in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(*other) {
                ahead.push(other);
            }
        }
    }
    found
}

fn imports<'a>(sources: &[&'a Source]) -> Imports<'a> {
    let modules: Modules = sources.iter().map(|one| (module(one), *one)).collect();
    let mut imports = Imports::new();
    for source in sources {
        for path in paths(source, &modules) {
            let Some((file, name)) = resolved(&path, &modules) else {
                continue;
            };
            if file.path != source.path && file.room() == source.room() {
                let taken = imports.entry(&source.path).or_default();
                let names: &mut BTreeSet<String> = taken.entry(&file.path).or_default();
                names.insert(name.to_owned());
            }
        }
    }
    imports
}

/// The file that a path leads into, by the longest part of it that is one, and the name that is taken from it: its own, where it is taken whole.
fn resolved<'a>(path: &[&'a str], modules: &Modules<'a>) -> Option<(&'a Source, &'a str)> {
    let mut splits = (1..=path.len()).rev().map(|length| path.split_at(length));
    let (file, rest) = splits.find_map(|(module, rest)| Some((*modules.get(module)?, rest)))?;
    Some((file, rest.first().or(path.last())?))
}

/// The module that a file is: `cloud`, `databricks` and `jobs` for `src/cloud/databricks/jobs.rs`.
fn module(source: &Source) -> Vec<&str> {
    let inside = source
        .path
        .trim_start_matches("src/")
        .trim_end_matches(".rs");
    let mut names: Vec<&str> = inside.split('/').collect();
    if names
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(last))
    {
        names.pop();
    }
    names
}

/// Every path of the crate that stands in the code, from the root: through `crate::`, `super::`, `self::` or the name of a child.
fn paths<'a>(source: &'a Source, modules: &Modules<'a>) -> Vec<Vec<&'a str>> {
    let own = module(source);
    let is_child = |name: &'a str| modules.contains_key(&[&own[..], &[name]].concat());
    let mut found = Vec::new();
    for (at, word) in first_words(&source.code) {
        let base = match word {
            "crate" => Vec::new(),
            "self" | "super" => own.clone(),
            name if is_child(name) => own.clone(),
            _ => continue,
        };
        spread(&source.code[at..], &base, &mut found);
    }
    found
}

/// The first word of every path of more than one name, and where it stands. That something may be seen `in` a module is no import.
fn first_words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut ends_at = 0;
    code.match_indices("::").filter_map(move |(colons, _)| {
        let start = code[..colons].trim_end_matches(is_word).len();
        let before = &code[..start];
        let is_inside = start < ends_at;
        let after = colons + "::".len();
        if code[after..].starts_with('{') {
            ends_at = block_end(code, after).max(ends_at);
        }
        let goes_on = is_inside || before.ends_with("::") || before.ends_with("(in ");
        (!goes_on && start < colons).then(|| (start, &code[start..colons]))
    })
}

/// Adds the paths that `text` begins with, one for each name of a group, to `found`; they go on from `base`.
fn spread<'a>(text: &'a str, base: &[&'a str], found: &mut Vec<Vec<&'a str>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let inside = &group[..block_end(text, 0).saturating_sub(2).min(group.len())];
        for one in apart(inside) {
            spread(one, base, found);
        }
        return;
    }
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    let mut path = base.to_vec();
    match name {
        "crate" | "self" | "" => {}
        "super" => drop(path.pop()),
        name => path.push(name),
    }
    match rest.strip_prefix("::") {
        Some(more) => spread(more, &path, found),
        None => found.push(path),
    }
}

/// The parts of a group: `a` and `b::{c, d}` of `a, b::{c, d}`.
fn apart(group: &str) -> impl Iterator<Item = &str> {
    let mut open = 0_usize;
    let parts = group.split(move |c| {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        c == ',' && open == 0
    });
    parts.filter(|part| !part.trim().is_empty())
}
