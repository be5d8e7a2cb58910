//! Commands in the README and the pages: `console` blocks are played with their output; commands that stand alone are typed, with names
//! in the place of words in capitals. `UPDATE_DOCS=1 cargo test --test docs` writes the output in the README anew.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{read, root};

/// The commands of all `console` blocks, each with the output that follows it.
fn transcript(page: &str) -> Vec<(String, String)> {
    let mut played: Vec<(String, String)> = Vec::new();
    let blocks = page.split("```console\n").skip(1);
    for line in blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines()) {
        match (line.strip_prefix("$ "), played.last_mut()) {
            (Some(command), _) => played.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => output.extend([line, "\n"]),
            (None, None) => panic!("a console block begins with a command: {line}"),
        }
    }
    played
}

fn run(folder: &Path, command: &str) -> Output {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("afresh"), "{command}");
    Command::new(env!("CARGO_BIN_EXE_afresh"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn the_readme_tells_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &root().join("examples/quickstart"),
        &folder.path().join("examples/quickstart"),
    );
    let mut readme = read("README.md");
    let played = transcript(&readme);
    assert!(played.len() >= 3, "{played:?}");
    let is_updated = std::env::var_os("UPDATE_DOCS").is_some();
    for (command, expected) in played {
        let output = run(folder.path(), &command);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let said = String::from_utf8(output.stdout).unwrap();
        if is_updated {
            let shown = |output: &str| format!("$ {command}\n{output}");
            readme = readme.replace(&shown(&expected), &shown(&said));
        } else {
            assert_eq!(
                said, expected,
                "{command}: UPDATE_DOCS=1 cargo test --test docs"
            );
        }
    }
    if is_updated {
        std::fs::write(root().join("README.md"), readme).unwrap();
    }
}

/// The manifest that the README shows is a whole project.
#[test]
fn the_manifest_in_the_readme_is_valid() {
    let readme = read("README.md");
    let manifest = readme.split("```yaml\n").nth(1).unwrap();
    let manifest = manifest.split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("afresh.yaml"), manifest).unwrap();
    let output = run(folder.path(), "afresh validate .");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Lines that are indented and begin with `afresh` are commands to type. Wrong usage has its own exit code.
#[test]
fn commands_to_type_are_understood() {
    let mut typed = 0;
    for page in super::pages() {
        let text = read(&page);
        let commands = text
            .lines()
            .filter(|line| line.starts_with("    "))
            .filter_map(|line| line.trim().strip_prefix("afresh "));
        for command in commands {
            typed += 1;
            let command = command
                .replace("ADDRESS", "ingest/gateway-west")
                .replace("TEXT", "known");
            let folder = tempfile::tempdir().unwrap();
            let output = run(folder.path(), &format!("afresh {command}"));
            let said = String::from_utf8_lossy(&output.stderr);
            assert_ne!(
                output.status.code(),
                Some(64),
                "{}: {command}\n{said}",
                page.display()
            );
        }
    }
    assert!(typed > 5, "only {typed} commands were found");
}
