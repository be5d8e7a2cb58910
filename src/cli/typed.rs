//! What was typed, so that a command that is proposed can be run as it is printed.
//!
//! Refuses: to repeat what does not matter to the other command. Its manifests and its world do.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::args::{Afresh, Command, Ledger, Sim};

/// What a proposed command has to repeat.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    all: Vec<OsString>,
    paths: Vec<PathBuf>,
    sim: Option<PathBuf>,
}

impl Typed {
    /// Of this command line.
    pub fn new(afresh: &Afresh, all: impl IntoIterator<Item = OsString>) -> Self {
        Self {
            all: without_log(all.into_iter().skip(1)),
            paths: paths(&afresh.command),
            sim: afresh.global.sim.clone(),
        }
    }

    /// Another command on the same manifests and the same world: `afresh ledger list estate --sim world.yaml`.
    pub fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        let words = words.into_iter().map(OsString::from);
        self.line(words.chain(self.paths.iter().map(|path| operand(path))))
    }

    /// A command that takes a file in the place of manifests: `afresh apply plan.json --sim world.yaml`.
    pub fn command_on<'a>(&self, words: impl IntoIterator<Item = &'a str>, file: &Path) -> String {
        let words = words.into_iter().map(OsString::from);
        self.line(words.chain([operand(file)]))
    }

    /// A new plan in the place of one whose ledger lies here. Its manifests are where a ledger lies beside them.
    pub fn plan_again(&self, out: &Path, ledger: Option<&Path>) -> String {
        let kept = |folder: &&Path| folder.ends_with(".afresh");
        let folder = ledger
            .and_then(|path| path.ancestors().find(kept))
            .and_then(Path::parent)
            .filter(|folder| folder.is_dir());
        let words = ["plan"].map(OsString::from).into_iter();
        let words = words.chain(folder.map(operand));
        self.line(words.chain([OsString::from("--out"), operand(out)]))
    }

    /// The same command with more words.
    pub fn again<'a>(&self, more: impl IntoIterator<Item = &'a str>) -> String {
        let words = self.all.iter().cloned();
        joined(words.chain(more.into_iter().map(OsString::from)))
    }

    fn line(&self, words: impl Iterator<Item = OsString>) -> String {
        let sim = self
            .sim
            .iter()
            .flat_map(|world| [OsString::from("--sim"), world.clone().into_os_string()]);
        joined(words.chain(sim))
    }
}

/// Without `--sim-log`, which is for tests and stands in no help.
fn without_log(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut is_value = false;
    let kept = words.filter(|word| {
        let skipped = std::mem::replace(&mut is_value, word == "--sim-log");
        !skipped && !is_value && !word.as_encoded_bytes().starts_with(b"--sim-log=")
    });
    kept.collect()
}

/// The manifests that the command line names.
fn paths(command: &Command) -> Vec<PathBuf> {
    let paths = match command {
        Command::Validate(args) => &args.paths,
        Command::Plan(args) => &args.paths,
        Command::Why(args) => &args.paths,
        Command::Auth(args) => &args.paths,
        Command::Apply(args) if args.paths.iter().any(|path| is_plan_file(path)) => {
            return Vec::new();
        }
        Command::Apply(args) => return args.paths.clone(),
        Command::Ledger(
            Ledger::List { paths }
            | Ledger::Show { paths, .. }
            | Ledger::Declare { paths, .. }
            | Ledger::Confirm { paths, .. }
            | Ledger::Forget { paths, .. }
            | Ledger::Export { paths }
            | Ledger::Compact { paths },
        )
        | Command::Sim(Sim::Advance { paths, .. } | Sim::Reset { paths }) => paths,
        Command::Sim(Sim::Serve { .. })
        | Command::Show(_)
        | Command::Diff(_)
        | Command::Schema(_)
        | Command::Completions { .. }
        | Command::Man => return Vec::new(),
    };
    paths.paths.clone()
}

/// A saved plan is JSON; no manifest begins with a brace.
pub fn is_plan_file(path: &Path) -> bool {
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    let mut start = [0_u8; 64];
    let mut read = || {
        let mut file = std::fs::File::open(path)?;
        std::io::Read::read(&mut file, &mut start)
    };
    is_file && read().is_ok_and(|count| start[..count].trim_ascii_start().starts_with(b"{"))
}

/// A path that cannot be taken for an option.
fn operand(path: &Path) -> OsString {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") && path != Path::new("-") {
        Path::new(".").join(path).into_os_string()
    } else {
        path.as_os_str().to_owned()
    }
}

fn joined(words: impl Iterator<Item = OsString>) -> String {
    let mut line = "afresh".to_owned();
    for word in words {
        line.push(' ');
        line.push_str(&quoted(&word));
    }
    line
}

/// As a shell takes it for one word.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:=@%+#".contains(c);
    if !word.is_empty() && !word.starts_with('#') && word.chars().all(is_plain) {
        return word.into_owned();
    }
    if word.chars().any(char::is_control) {
        let escaped = word.chars().map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
            c => c.to_string(),
        });
        return format!("$'{}'", escaped.collect::<String>());
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn typed(line: &[&str]) -> Typed {
        let all: Vec<OsString> = line.iter().map(OsString::from).collect();
        Typed::new(&Afresh::try_parse_from(&all).unwrap(), all)
    }

    #[test]
    fn a_proposed_command_names_the_same_manifests_and_world() {
        let plan = typed(&[
            "afresh",
            "plan",
            "my estate",
            "--sim",
            "it's.yaml",
            "--refresh",
            "all",
        ]);
        assert_eq!(
            plan.command(["ledger", "show", "a/b"]),
            "afresh ledger show a/b 'my estate' --sim 'it'\\''s.yaml'"
        );
        assert_eq!(
            plan.command_on(["apply"], Path::new("-plan.json")),
            "afresh apply ./-plan.json --sim 'it'\\''s.yaml'"
        );
        assert_eq!(
            plan.again(["--verbose"]),
            "afresh plan 'my estate' --sim 'it'\\''s.yaml' --refresh all --verbose"
        );
        assert_eq!(typed(&["afresh", "apply"]).command(["plan"]), "afresh plan");
        let ledger = Path::new("src/cli/.afresh/sim/ledger.jsonl");
        assert_eq!(
            typed(&["afresh", "show", "plan.json"])
                .plan_again(Path::new("plan.json"), Some(ledger)),
            "afresh plan src/cli --out plan.json"
        );
    }

    #[test]
    fn words_that_mean_something_to_a_shell_are_quoted() {
        for (word, shown) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("$HOME", "'$HOME'"),
            ("*", "'*'"),
            ("~/x", "'~/x'"),
            ("#x", "'#x'"),
            ("in/gateway-west#authKey1", "in/gateway-west#authKey1"),
            ("ä", "ä"),
            ("a\u{1b}[31m", "$'a\\x1b[31m'"),
        ] {
            assert_eq!(quoted(OsStr::new(word)), shown);
        }
    }
}
