//! What was typed, so that a proposed command can be run as it is printed.
//!
//! Only what matters to the other command is repeated: its manifests, its world, and what is trusted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{Afresh, Command, Ledger, Sim};
use crate::escape;

/// Where manifests have to be named and nothing tells which: as in a usage line.
const MANIFESTS: &str = "PATH";

/// What a proposed command has to repeat.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    all: Vec<OsString>,
    paths: Vec<PathBuf>,
    sim: Option<PathBuf>,
    policy: Option<PathBuf>,
    allows_loopback: bool,
    allows_commands: bool,
}

impl Typed {
    /// Of this command line.
    pub fn new(afresh: &Afresh, all: impl IntoIterator<Item = OsString>) -> Self {
        Self {
            all: without_log(all.into_iter().skip(1)),
            paths: paths(&afresh.command),
            sim: afresh.global.sim.clone(),
            policy: afresh.global.policy.clone(),
            allows_loopback: afresh.global.allow_loopback,
            allows_commands: afresh.global.allow_commands,
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

    /// What a command on the same manifests and the same world ends with: `estate --sim world.yaml`, quoted.
    pub fn given(&self) -> String {
        let words = self.paths.iter().map(|path| operand(path));
        words_in_a_row(words.chain(self.around()))
    }

    /// As if the manifests of a saved plan, whose ledger lies here, had been named: they are where a ledger lies beside them. Where
    /// nothing tells, a person has to fill them in.
    pub fn of_plan(&self, ledger: Option<&Path>) -> Self {
        let paths = match beside(ledger) {
            Some(folder) if folder == Path::new("") => Vec::new(),
            Some(folder) => vec![folder.to_owned()],
            None => vec![PathBuf::from(MANIFESTS)],
        };
        Self {
            paths,
            ..self.clone()
        }
    }

    /// A new plan in the place of the one in this file.
    pub fn plan_again(&self, out: &Path) -> String {
        let words = ["plan"].map(OsString::from).into_iter();
        let words = words.chain(self.paths.iter().map(|path| operand(path)));
        self.line(words.chain([OsString::from("--out"), operand(out)]))
    }

    /// The same command with more words.
    pub fn again<'a>(&self, more: impl IntoIterator<Item = &'a str>) -> String {
        let words = self.all.iter().cloned();
        joined(words.chain(more.into_iter().map(OsString::from)))
    }

    fn line(&self, words: impl Iterator<Item = OsString>) -> String {
        joined(words.chain(self.around()))
    }

    /// The world, the policy and the trust that were given: a command that is proposed needs them, too.
    fn around(&self) -> impl Iterator<Item = OsString> {
        let named = |flag: &'static str, file: &Option<PathBuf>| {
            let file = file.clone();
            file.map(|file| [OsString::from(flag), file.into_os_string()])
        };
        let files = [named("--sim", &self.sim), named("--policy", &self.policy)];
        let flags = [
            ("--allow-loopback", self.allows_loopback),
            ("--allow-commands", self.allows_commands),
        ];
        let flags = flags.into_iter().filter(|(_, is_given)| *is_given);
        let flags = flags.map(|(flag, _)| OsString::from(flag));
        files.into_iter().flatten().flatten().chain(flags)
    }
}

/// The folder of manifests that a ledger lies beside, if it is there; empty: the current one.
fn beside(ledger: Option<&Path>) -> Option<&Path> {
    let kept = |folder: &&Path| folder.ends_with(".afresh");
    let kept = ledger?.ancestors().find(kept)?;
    let folder = kept.parent()?;
    let is_current = folder == Path::new("") && kept.is_dir();
    (is_current || folder.is_dir()).then_some(folder)
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
        Command::Inventory(args) => return args.paths.clone(),
        Command::Ledger(
            Ledger::List { paths, .. }
            | Ledger::Show { paths, .. }
            | Ledger::Declare { paths, .. }
            | Ledger::Confirm { paths, .. }
            | Ledger::Forget { paths, .. }
            | Ledger::Export { paths }
            | Ledger::Compact { paths },
        )
        | Command::Sim(Sim::Advance { paths, .. } | Sim::Reset { paths }) => paths,
        Command::Sim(Sim::Serve { .. })
        | Command::Approve(_)
        | Command::Merge(_)
        | Command::Show(_)
        | Command::Diff(_)
        | Command::Explain(_)
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
    words_in_a_row(std::iter::once(OsString::from("afresh")).chain(words))
}

fn words_in_a_row(words: impl Iterator<Item = OsString>) -> String {
    let words: Vec<String> = words
        .map(|word| escape::word(&word.to_string_lossy()))
        .collect();
    words.join(" ")
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
        assert_eq!(plan.given(), "'my estate' --sim 'it'\\''s.yaml'");
        assert_eq!(typed(&["afresh", "apply"]).command(["plan"]), "afresh plan");
        assert_eq!(typed(&["afresh", "apply"]).given(), "");
        let ledger = Path::new("src/cli/.afresh/sim/ledger.jsonl");
        let show = typed(&["afresh", "show", "plan.json", "--sim", "world.yaml"]);
        assert_eq!(
            show.of_plan(Some(ledger)).given(),
            "src/cli --sim world.yaml"
        );
        let again = |ledger: Option<&str>| {
            typed(&["afresh", "show", "plan.json"])
                .of_plan(ledger.map(Path::new))
                .plan_again(Path::new("plan.json"))
        };
        for (ledger, command) in [
            (ledger.to_str(), "afresh plan src/cli --out plan.json"),
            (
                Some("gone/.afresh/ledger.jsonl"),
                "afresh plan PATH --out plan.json",
            ),
            (
                Some(".afresh/ledger.jsonl"),
                "afresh plan PATH --out plan.json",
            ),
            (None, "afresh plan PATH --out plan.json"),
        ] {
            assert_eq!(again(ledger), command);
        }
    }
}
