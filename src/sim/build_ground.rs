//! What all builders of a world share. Two things with the same name are an error.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

/// What a builder needs besides its own part of the file.
pub(crate) struct Ground<'a> {
    pub(crate) root: &'a str,
    pub(crate) beginning: Timestamp,
}

/// Calls `each` for every copy: once with the name itself, or with `name-0001` and so on, where `joint` is the hyphen.
pub(crate) fn copies(
    name: &str,
    joint: &str,
    count: Option<u32>,
    mut each: impl FnMut(String, u32) -> Result<(), String>,
) -> Result<(), String> {
    match count {
        None => each(name.to_owned(), 0),
        Some(count) => {
            (0..count).try_for_each(|copy| each(format!("{name}{joint}{:04}", copy + 1), copy))
        }
    }
}

/// Refuses two equal names, compared as Azure does: without case.
pub(crate) fn unique<'a>(at: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    let twice: BTreeSet<&str> = names
        .filter(|name| !seen.insert(name.to_ascii_lowercase()))
        .collect();
    match twice.first() {
        None => Ok(()),
        Some(name) => Err(format!("{at}: `{name}` is there twice")),
    }
}
