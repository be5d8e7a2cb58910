//! `docs/adding-a-kind.md` is a list of places that somebody follows. It has to name all of them, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{read, root};

/// A section of the page, the words by which code speaks of its service, and where the section looks.
const SECTIONS: [(&str, &[&str], Option<&str>); 2] = [
    ("A service with integration runtimes", &["synapse"], None),
    (
        "Another service with two keys",
        &[
            "keyservice::storage",
            "kind::subscription",
            "self::subscription",
            "keyconnection::subscription",
            "spec::subscription",
            "subscriptionspec",
            "storage account",
            "storageaccount",
            "listedaccount",
            "mod account",
        ],
        Some("src/sim/"),
    ),
];

/// Source files below a folder, without tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && name != "tests.rs"
            && name != "testing.rs"
        {
            found.push(path);
        }
    }
}

/// Does the program itself speak of the service, and not only a comment or a test?
fn speaks(text: &str, words: &[&str]) -> bool {
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = code.unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines
        .map(str::to_lowercase)
        .any(|line| words.iter().any(|word| line.contains(word)))
}

/// The paths in the first column of a section's table.
fn listed(section: &str) -> BTreeSet<String> {
    let page = read("docs/adding-a-kind.md");
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`'))
        .map(|(path, _)| path.to_owned())
        .collect()
}

#[test]
fn the_list_of_places_is_complete() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for (section, words, elsewhere) in SECTIONS {
        let listed = listed(section);
        let found: BTreeSet<String> = files
            .iter()
            .filter(|path| speaks(&fs::read_to_string(path).unwrap(), words))
            .map(|path| {
                let path = path.strip_prefix(root()).unwrap();
                path.to_string_lossy().replace('\\', "/")
            })
            .filter(|path| elsewhere.is_none_or(|folder| !path.starts_with(folder)))
            .collect();
        assert!(found.len() > 10, "{found:?}");
        let missing: Vec<_> = found.difference(&listed).collect();
        let stale: Vec<_> = listed.difference(&found).collect();
        assert!(
            missing.is_empty() && stale.is_empty(),
            "docs/adding-a-kind.md, {section}: lacks {missing:?} and names {stale:?}, which do not speak of it"
        );
    }
}

#[test]
fn a_comment_is_no_place_and_a_test_is_none_either() {
    assert!(speaks("fn f() { \"Synapse\" }", &["synapse"]));
    assert!(!speaks(
        "// Synapse\n/// and Synapse\nfn f() {}",
        &["synapse"]
    ));
    assert!(!speaks(
        "fn f() {}\n#[cfg(test)]\nmod tests { const A: &str = \"synapse\"; }",
        &["synapse"]
    ));
}
