//! Commands that a message tells to run next, with the arguments that were given.
//!
//! Refuses: a command that would work on something else than the one before it.

use std::path::{Path, PathBuf};

use super::args::Global;
use crate::model::address::Address;

/// `afresh apply --refresh-only estate --target a/b --sim world.yaml`.
pub fn command(verb: &str, paths: &[PathBuf], targets: &[Address], global: &Global) -> String {
    let mut words = vec!["afresh".to_owned(), verb.to_owned()];
    words.extend(paths.iter().map(|path| quoted(&shown(path))));
    for target in targets {
        words.extend(["--target".to_owned(), quoted(&target.to_string())]);
    }
    if let Some(world) = &global.sim {
        words.extend(["--sim".to_owned(), quoted(&shown(world))]);
    }
    words.join(" ")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,#".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("estate/a-1.yaml"), "estate/a-1.yaml");
        assert_eq!(quoted("my estate"), "'my estate'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
