//! Messages that are explained exist, the architecture page has the table that is enforced, and old words stay away.

#[path = "../tidy/source.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    reason = "only the texts are read here"
)]
mod source;
#[path = "../tidy/table.rs"]
#[allow(dead_code, reason = "only the table of who may use whom is read here")]
mod table;

use super::{read, root};

/// Everything that the stories show: lines of stdout and stderr.
fn shown() -> String {
    let mut shown = String::new();
    for entry in std::fs::read_dir(root().join("tests/stories")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let story = std::fs::read_to_string(path).unwrap();
        let lines = story.lines();
        let lines = lines.filter(|line| line.starts_with("| ") || line.starts_with("! "));
        for line in lines {
            shown.push_str(&line[2..]);
            shown.push('\n');
        }
    }
    shown
}

/// A heading in backticks is a message; `…` in it stands for anything.
#[test]
fn messages_that_are_explained_are_shown_somewhere() {
    let page = read("docs/troubleshooting.md");
    let (stories, sources) = (shown(), source::tree(root()));
    let headings: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .collect();
    assert!(headings.len() > 20, "{headings:?}");
    for heading in headings {
        let parts: Vec<&str> = heading.split('…').map(str::trim).collect();
        let in_a_story = stories.lines().any(|line| {
            let mut rest = line;
            parts.iter().all(|part| match rest.find(part) {
                Some(at) => {
                    rest = &rest[at + part.len()..];
                    true
                }
                None => false,
            })
        });
        let longest = parts.iter().max_by_key(|part| part.len()).unwrap();
        assert!(
            in_a_story || sources.iter().any(|source| source.raw.contains(longest)),
            "nothing says: {heading}"
        );
    }
}

#[test]
fn the_architecture_page_has_the_table_that_is_enforced() {
    let page = read("docs/architecture.md");
    let rows: Vec<String> = table::MAY_USE
        .iter()
        .filter(|(_, used)| !used.is_empty())
        .map(|(room, used)| {
            let used: Vec<String> = used.iter().map(|used| format!("`{used}`")).collect();
            format!("| `{room}` | {} |", used.join(", "))
        })
        .collect();
    let missing: Vec<&String> = rows.iter().filter(|row| !page.contains(*row)).collect();
    assert!(
        missing.is_empty(),
        "docs/architecture.md lacks:\n{missing:#?}"
    );
    let written = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(written, rows.len(), "it has rows that are not in the table");
}

/// The old words of the glossary: its last column.
fn old_words(glossary: &str) -> Vec<String> {
    let rows = glossary.lines().filter(|line| line.starts_with("| "));
    let last = rows.filter_map(|row| row.trim_end_matches('|').trim().rsplit('|').next());
    let words = last.flat_map(|cell| cell.split(','));
    let words = words.map(|word| word.trim().to_owned());
    words
        .filter(|word| !word.is_empty() && word != "not" && !word.starts_with('-'))
        .collect()
}

/// Does this line use an old word by itself, and not as a part of another word? Names of the ledger's format do not move.
fn uses(line: &str, old: &str) -> bool {
    let line = line.to_lowercase();
    let mut from = 0;
    while let Some(at) = line[from..].find(old) {
        let (start, end) = (from + at, from + at + old.len());
        let before = line[..start].chars().next_back();
        let after = line[end..].chars().next();
        let is_part = |c: Option<char>| {
            c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '"' | '-' | '_'))
        };
        if !is_part(before) && !is_part(after) {
            return true;
        }
        from = end;
    }
    false
}

#[test]
fn old_words_stay_away() {
    let old = old_words(&read("docs/glossary.md"));
    assert!(old.len() > 8, "{old:?}");
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_afresh"))
        .arg("man")
        .output()
        .unwrap();
    let mut texts = vec![
        ("the stories".to_owned(), shown()),
        (
            "afresh man".to_owned(),
            String::from_utf8(help.stdout).unwrap(),
        ),
        (
            "schema/manifest.json".to_owned(),
            read("schema/manifest.json"),
        ),
    ];
    let pages = super::pages().into_iter();
    let pages =
        pages.filter(|page| !page.ends_with("docs/glossary.md") && !page.ends_with("CHANGELOG.md"));
    texts.extend(pages.map(|page| (page.display().to_string(), read(&page))));
    let mut found = Vec::new();
    for (name, text) in &texts {
        for (line, word) in text
            .lines()
            .flat_map(|line| old.iter().map(move |word| (line, word)))
        {
            if uses(line, word) {
                found.push(format!("{name}: `{word}` in: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_old_word_is_found() {
    assert!(uses("it is In Doubt now", "in doubt"));
    assert!(!uses("in doubtful cases", "in doubt"));
    assert!(!uses(r#"{"move": 1}"#, "move"));
}
