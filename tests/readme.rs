//! The README says what the program says: every `console` block in it is played, in order, in a folder with the examples.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;
use std::process::{Command, Stdio};

/// The commands of all `console` blocks, each with the output that follows it.
fn transcript(readme: &str) -> Vec<(String, String)> {
    let mut played: Vec<(String, String)> = Vec::new();
    let blocks = readme.split("```console\n").skip(1);
    for line in blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines()) {
        match (line.strip_prefix("$ "), played.last_mut()) {
            (Some(command), _) => played.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => output.extend([line, "\n"]),
            (None, None) => panic!("a console block begins with a command: {line}"),
        }
    }
    played
}

fn play(folder: &Path, command: &str) -> String {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("afresh"), "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_afresh"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{command}");
    String::from_utf8(output.stdout).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn the_readme_tells_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    copy(
        &root.join("examples/quickstart"),
        &folder.path().join("examples/quickstart"),
    );
    let played = transcript(&std::fs::read_to_string(root.join("README.md")).unwrap());
    assert!(played.len() >= 4, "{played:?}");
    for (command, expected) in played {
        assert_eq!(play(folder.path(), &command), expected, "{command}");
    }
}
