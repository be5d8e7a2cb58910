//! What was typed. What it means is each command's own file.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::limits::{PARALLELISM_DEFAULT, PARALLELISM_MAX};
use crate::model::address::{Address, Name};
use crate::model::time::{Span, Timestamp};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

const EXIT_CODES: &str = "Exit codes:
  0  as wanted
  1  error
  2  changes pending (plan --detailed-exitcode)
  3  partly applied, in doubt, or something needs a person: a subject, or a right (auth)
  4  plan stale, expired, or for another ledger
  5  refused by a guardrail
  6  busy: another apply's intent is open
  7  a run that was waited for did not succeed
  8  interrupted, or its time was over (--timeout)
 64  usage";

/// Keeps promises about time on Azure: no auth key of an integration runtime is older than it may be, and Databricks jobs have
/// succeeded, run, or do not run.
#[derive(Debug, Parser)]
#[command(name = "afresh", version, styles = STYLES, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Afresh {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
}

/// What holds for every command.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Run against the embedded cloud that this file describes, instead of Azure
    #[arg(long, global = true, value_name = "WORLD.yaml")]
    pub sim: Option<PathBuf>,
    /// Append each request that the embedded cloud receives to a file
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub sim_log: Option<PathBuf>,
    /// Print errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: subjects in order, what is waited for (-v), each request (-vv)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Begin nothing more after so long, as in 30m [default: 1h; an apply also waits for the runs it starts]
    #[arg(long, global = true, value_name = "TIME", value_parser = timeout)]
    pub timeout: Option<Span>,
    /// How logs are written to stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check manifests offline: everything that can be known without a network
    Validate(Validate),
    /// Compare manifests with live Azure and show what would be done; writes nothing
    Plan(Plan),
    /// Do what a plan says: plan afresh, or take a saved plan
    Apply(Apply),
    /// Show a saved plan, offline, also when it is stale
    Show(Show),
    /// Compare two saved plans
    Diff(Diff),
    /// Show the evidence, windows and rules behind one verdict, and when it will change
    Why(Why),
    /// Show who each connection is signed in as, until when, and which rights are there; never a token
    Auth(Auth),
    /// Look at what is remembered, or tell what a person knows
    #[command(subcommand)]
    Ledger(Ledger),
    /// The embedded cloud: serve it, move its clock, forget it
    #[command(subcommand)]
    Sim(Sim),
    /// Print a JSON Schema, as in `schema/`
    Schema(Schema),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Where the manifests are.
#[derive(Args, Clone, Debug)]
pub struct Paths {
    /// Files or folders of manifests [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Stands for stdin.
pub const STDIN: &str = "-";

impl Paths {
    /// What was named, or the present folder.
    pub fn or_here(&self) -> Vec<PathBuf> {
        if self.paths.is_empty() {
            vec![PathBuf::from(".")]
        } else {
            self.paths.clone()
        }
    }
}

/// Options of `validate`.
#[derive(Args, Debug)]
pub struct Validate {
    /// Where the manifests are.
    #[command(flatten)]
    pub paths: Paths,
    /// Check PATH only, and find what it refers to here: a file or folder (repeatable)
    #[arg(long, value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// How problems are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: LogFormat,
}

/// How to look.
#[derive(Args, Clone, Debug)]
pub struct Looking {
    /// How eagerly to look: where the ledger is no proof, at everything, or at nothing
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub refresh: RefreshHow,
    /// Only this subject (repeatable)
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub target: Vec<Address>,
    /// Most requests under way at a time, and most moves in each subscription and workspace
    #[arg(long, value_name = "N", default_value_t = PARALLELISM_DEFAULT, value_parser = parallelism)]
    pub parallelism: usize,
}

/// How eagerly to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RefreshHow {
    /// Where the ledger is no proof.
    Auto,
    /// At everything.
    All,
    /// At nothing: from the ledger alone.
    None,
}

fn timeout(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span == Span::default() {
        return Err("in no time nothing can be done".to_owned());
    }
    Ok(span)
}

fn parallelism(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=PARALLELISM_MAX).contains(n))
        .ok_or_else(|| format!("a whole number from 1 to {PARALLELISM_MAX}"))
}

/// Options of `plan`.
#[derive(Args, Debug)]
pub struct Plan {
    /// Where the manifests are.
    #[command(flatten)]
    pub paths: Paths,
    /// How to look.
    #[command(flatten)]
    pub looking: Looking,
    /// Save the plan, for `apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the plan is printed: text, json or markdown; `markdown=FILE` writes to a file (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    pub format: Vec<Output>,
    /// Exit with 2 if changes are pending
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Decide for this time instead of now, RFC 3339 or a date
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Timestamp>,
}

/// A format, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Which format.
    pub format: PlanFormat,
    /// A file; `None`: stdout.
    pub file: Option<PathBuf>,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

impl Output {
    fn parse(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("after `=` comes a file's name".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match format {
            "text" => PlanFormat::Text,
            "json" => PlanFormat::Json,
            "markdown" => PlanFormat::Markdown,
            other => return Err(format!("`{other}` is none of text, json, markdown")),
        };
        Ok(Self { format, file })
    }
}

/// Reads RFC 3339, or a date as midnight UTC.
fn instant(text: &str) -> Result<Timestamp, String> {
    let midnight = || {
        text.parse::<jiff::civil::Date>()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .map(|day| day.timestamp())
    };
    text.parse()
        .ok()
        .or_else(midnight)
        .ok_or_else(|| "a time reads 2026-12-24T18:00:00Z or 2026-12-24".to_owned())
}

/// Options of `apply`.
#[derive(Args, Debug)]
pub struct Apply {
    /// A saved plan, or files and folders of manifests [default: .]
    #[arg(value_name = "PLANFILE | PATH")]
    pub paths: Vec<PathBuf>,
    /// How to look.
    #[command(flatten)]
    pub looking: Looking,
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,
    /// How progress is printed: text, or JSON lines
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: LogFormat,
    /// Wait for the end of every run that is started, also without `waitFor`
    #[arg(long)]
    pub wait: bool,
}

/// Options of `show`.
#[derive(Args, Debug)]
pub struct Show {
    /// A saved plan
    pub planfile: PathBuf,
    /// How it is printed: text, json or markdown; `markdown=FILE` writes to a file (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    pub format: Vec<Output>,
}

/// Options of `diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The older saved plan
    pub old: PathBuf,
    /// The newer one
    pub new: PathBuf,
}

/// Options of `why`.
#[derive(Args, Debug)]
pub struct Why {
    /// Which subject, as in ingest/gateway-west
    pub address: String,
    /// Where the manifests are.
    #[command(flatten)]
    pub paths: Paths,
    /// How eagerly to look
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub refresh: RefreshHow,
    /// Decide for this time instead of now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Timestamp>,
}

/// Options of `auth`.
#[derive(Args, Debug)]
pub struct Auth {
    /// Where the manifests are.
    #[command(flatten)]
    pub paths: Paths,
    /// Only this connection, or `ledger` (repeatable)
    #[arg(long, value_name = "NAME", value_parser = Name::parse)]
    pub connection: Vec<Name>,
    /// Whose rights decide the exit code
    #[arg(long = "for", value_name = "COMMAND", default_value = "plan")]
    pub need: NeedOf,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Printed,
}

/// How something that is no log is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Printed {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Whose rights decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NeedOf {
    /// Those that `plan` needs.
    Plan,
    /// Those that `apply` needs as well.
    Apply,
}

/// Commands of `ledger`.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// List every subject that is remembered
    List {
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Show all that is remembered of one subject
    Show {
        /// Which subject
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Tell when a key was made, where a person knows
    Declare {
        /// Which key, as in ingest/gateway-west#authKey1
        #[arg(value_name = "ADDRESS#SLOT")]
        slot: String,
        /// When it was made: RFC 3339 or a date
        #[arg(long, value_name = "TIME", value_parser = instant)]
        born: Timestamp,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Forget all that is known of one subject, or only its doubts
    Forget {
        /// Which subject
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// End only its intents without an end, as not done; what was seen and done stays
        #[arg(long)]
        doubts: bool,
        /// Also that of a run which nobody has found within a day: a later apply may start it once more
        #[arg(long, requires = "doubts")]
        may_run_twice: bool,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Print every event as a JSON line
    Export {
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Keep only the lines that the memory rests on; the lines before stay beside them
    Compact {
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
}

/// Commands of `sim`.
#[derive(Debug, Subcommand)]
pub enum Sim {
    /// Serve an embedded cloud on loopback, for other clients, until Ctrl-C
    Serve {
        /// What the cloud holds
        #[arg(value_name = "WORLD.yaml")]
        world: PathBuf,
        /// Port of Entra ID and Resource Manager; each workspace takes one of the next [default: any free port]
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        port: u16,
        /// Take this long for each answer
        #[arg(long, value_name = "TIME", value_parser = |text: &str| text.parse::<Span>())]
        latency: Option<Span>,
        /// Keep the world in this file between runs
        #[arg(long, value_name = "FILE")]
        store: Option<PathBuf>,
        /// Write Cloud and connection manifests that point here
        #[arg(long, value_name = "FILE")]
        write_manifests: Option<PathBuf>,
    },
    /// Move the clock of a world that sets one (with --sim)
    Advance {
        /// How far, as in 2h or 1d12h
        #[arg(value_parser = |text: &str| text.parse::<Span>())]
        by: Span,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Forget what happened in an embedded cloud: its world and its ledger (with --sim)
    Reset {
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
}

/// Options of `schema`.
#[derive(Args, Debug)]
pub struct Schema {
    /// Which schema
    #[arg(default_value = "manifest")]
    pub which: SchemaOf,
}

/// Which schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Of manifests.
    Manifest,
    /// Of saved plans.
    Plan,
    /// Of the ledger's events.
    Events,
}
