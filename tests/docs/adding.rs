//! `docs/adding-a-kind.md` is a list of places that somebody follows. It has to name all of them, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{read, root};

/// The kind that the list was made from.
const KIND: &str = "synapse";

/// Source files below a folder, without tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// Does the program itself name the kind, and not only a comment?
fn speaks(text: &str) -> bool {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.map(str::to_lowercase).any(|line| line.contains(KIND))
}

#[test]
fn the_list_of_places_is_complete() {
    let page = read("docs/adding-a-kind.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<String> = rows
        .filter_map(|row| row.split_once('`'))
        .map(|(path, _)| path.to_owned())
        .collect();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let found: BTreeSet<String> = files
        .iter()
        .filter(|path| speaks(&fs::read_to_string(path).unwrap()))
        .map(|path| {
            let path = path.strip_prefix(root()).unwrap();
            path.to_string_lossy().replace('\\', "/")
        })
        .collect();
    assert!(found.len() > 10, "{found:?}");
    let missing: Vec<_> = found.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&found).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/adding-a-kind.md lacks {missing:?} and names {stale:?}, which do not speak of it"
    );
}

#[test]
fn a_comment_is_no_place_and_a_test_is_none_either() {
    assert!(speaks("fn f() { \"Synapse\" }"));
    assert!(!speaks("// Synapse\n/// and Synapse\nfn f() {}"));
    assert!(!speaks(
        "fn f() {}\n#[cfg(test)]\nmod tests { const A: &str = \"synapse\"; }"
    ));
}
