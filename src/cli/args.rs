//! What was typed. What it means is each command's own file.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit_code::kinds::{FailOn, TABLE};
use super::inventory_args::Inventory;
use super::shard_of::ShardOf;
use super::terms;
use crate::limits::PARALLELISM_MAX;
use crate::model::address::{Address, Name};
use crate::model::survey::KeyReading;
use crate::model::time::{Span, Timestamp, in_calendar};
use crate::review::markdown::{Limit, Link};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

/// Keeps promises about time on Azure: no key of an integration runtime or a storage account is older than it may be, and Databricks
/// jobs have succeeded, run, or do not run.
#[derive(Debug, Parser)]
#[command(name = "afresh", version, styles = STYLES, after_help = TABLE, after_long_help = terms::after_help(), max_term_width = 100)]
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
    /// Use the simulated cloud described by this file instead of Azure
    #[arg(long, global = true, value_name = "WORLD.yaml")]
    pub sim: Option<PathBuf>,
    /// Append each request that the simulated cloud receives to a file
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub sim_log: Option<PathBuf>,
    /// What manifests may name and must keep to (also: AFRESH_POLICY) [default: policy.yaml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Trust loopback hosts, if the cloud and the ledger have no others (also: AFRESH_ALLOW_LOOPBACK=1 or true)
    #[arg(long, global = true)]
    pub allow_loopback: bool,
    /// Run the commands of hand-offs (without it, only those that the policy allows)
    #[arg(long, global = true)]
    pub allow_commands: bool,
    /// Print errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more: subjects that are up to date, what is waited for (-v), each request (-vv); for validate, what each document declares
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Start no new work after this time, e.g. 30m [default: 1h; an apply also waits for the runs it starts]
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
    /// JSON, for programs.
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
    /// Compare manifests with live Azure and show what would be done; changes nothing
    #[command(after_long_help = terms::ADDRESSES)]
    Plan(Plan),
    /// Make the changes: plan and apply manifests, or apply a saved plan
    #[command(after_long_help = terms::ADDRESSES)]
    Apply(Apply),
    /// Write an Approval of a saved plan's actions, to be committed beside the manifests
    Approve(Approve),
    /// Make one plan of the saved plans of all shards, offline, with guardrails held against all of them together
    Merge(Merge),
    /// Show a saved plan, offline, also when it is stale
    Show(Show),
    /// Compare two saved plans
    Diff(Diff),
    /// Show why afresh decided that about one subject: promise, evidence, windows, and when it will change
    #[command(after_help = terms::ADDRESSES)]
    Why(Why),
    /// Show who each connection is signed in as, until when, and which rights are there; never a token
    Auth(Auth),
    /// List every key of whole subscriptions, how old it is and which rule covers it; needs read rights only
    Inventory(Inventory),
    /// Show, correct and maintain the ledger
    #[command(subcommand)]
    Ledger(Ledger),
    /// Serve, advance or reset the simulated cloud
    #[command(subcommand)]
    Sim(Sim),
    /// Describe a kind or a field of the manifests, with its default and an example
    Explain(Explain),
    /// Print a JSON Schema: `afresh schema manifest` describes every field of the manifests
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
    /// Check only PATH, and look up the documents that it refers to in this file or folder (repeatable)
    #[arg(long, value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// Treat warnings as errors: exit with 1 if there is one
    #[arg(long)]
    pub strict: bool,
    /// How problems are printed: for people, for programs, or as annotations of a pull request
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FindingFormat,
}

/// How problems of manifests are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    /// With the line beneath each, on stderr.
    Text,
    /// A JSON array.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Logging commands of Azure Pipelines.
    Azure,
}

/// How to look.
#[derive(Args, Clone, Debug)]
pub struct Looking {
    /// What to read from Azure: `auto` (what the ledger can't prove), `all`, `none`
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub refresh: RefreshHow,
    /// Only this subject, as in ingest/gateway-west; for a job, the name of its JobRun document: analytics/nightly-sales (repeatable)
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub target: Vec<Address>,
    /// Only the part K of N of all subjects, with K from 1: each subject is in one part, whatever else there is. /N takes K from JOB_COMPLETION_INDEX, which
    /// counts from 0 (Kubernetes). N workers at once share each request budget
    #[arg(long, value_name = "K/N", value_parser = ShardOf::parse, conflicts_with = "target")]
    pub shard: Option<ShardOf>,
    /// Maximum number of concurrent requests, and of concurrent actions in each subscription and workspace [default: 256 requests, of which 64 to each subscription and workspace, and 10 actions in each]
    #[arg(long, value_name = "N", value_parser = parallelism)]
    pub parallelism: Option<usize>,
}

/// What to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RefreshHow {
    /// What the ledger can't prove.
    Auto,
    /// Everything.
    All,
    /// Nothing: the ledger alone decides.
    None,
}

/// What ages are proved by, besides the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvidenceOf {
    /// Also fingerprints of the keys.
    Keys,
    /// Only `createTime` and the Activity Log.
    Status,
}

impl EvidenceOf {
    /// Which keys a command lists; `is_recorded`: what it reads may get into the ledger.
    pub const fn keys(self, is_recorded: bool) -> KeyReading {
        match (self, is_recorded) {
            (Self::Status, _) => KeyReading::Never,
            (Self::Keys, true) => KeyReading::Recorded,
            (Self::Keys, false) => KeyReading::Needed,
        }
    }
}

fn timeout(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span == Span::default() {
        return Err("--timeout must be greater than zero".to_owned());
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
    /// What to read.
    #[command(flatten)]
    pub looking: Looking,
    /// What ages are proved by: `keys` (listed where the decision needs them), or `status` (never listed: what only a key's
    /// fingerprint tells is not seen)
    #[arg(long, value_name = "WHAT", default_value = "keys")]
    pub evidence: EvidenceOf,
    /// Save the plan, for `apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the plan is printed: text, json (the lines of a plan file) or markdown; `markdown=FILE` writes to a file, also where the plan fails: then the
    /// reasons (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    pub format: Vec<Output>,
    /// The manifests before a pull request: text and Markdown say what it changes, apart from what is due anyway
    #[arg(long, value_name = "PATH", conflicts_with = "shard")]
    pub base: Option<PathBuf>,
    /// How long Markdown may be, and what it links to.
    #[command(flatten)]
    pub comment: Comment,
    /// Exit with 2 if there is an action, an operation to resolve, or a wait to resume
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// What counts as a failure.
    #[command(flatten)]
    pub failing: Failing,
    /// Decide for this later time, as if nothing happened until then: RFC 3339 or a date
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Timestamp>,
}

/// How long Markdown may be, and what it links to.
#[derive(Args, Clone, Debug)]
pub struct Comment {
    /// What Markdown has to fit: a comment of github, gitlab, azureDevOps or bitbucket, a step summary (githubSummary), or N characters (at least 10000)
    #[arg(long, value_name = "FORGE|N", default_value = "github", value_parser = Limit::parse)]
    pub limit: Limit,
    /// A saved plan: Markdown says what has changed since
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// A page that Markdown links to, first the one with the whole plan (repeatable) [default: the run and the commit, from the variables of
    /// GitHub, GitLab, Azure Pipelines and Bitbucket]
    #[arg(long, value_name = "NAME=URL", value_parser = Link::parse)]
    pub link: Vec<Link>,
    /// The name in the hidden marker that Markdown begins with, by which a pipeline finds its comment [default: the project's name]
    #[arg(long, value_name = "NAME")]
    pub marker: Option<String>,
}

/// What counts as a failure.
#[derive(Args, Clone, Debug)]
pub struct Failing {
    /// Exit with 3 if a subject is of a kind in this list of `unknown`, `attention`, `broken` and `unproven`; or `none`
    #[arg(long, value_name = "KINDS", default_value = "unknown,attention", value_parser = FailOn::parse)]
    pub fail_on: FailOn,
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
            other => return Err(format!("`{other}` is not one of text, json, markdown")),
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
    let instant = text.parse().ok().or_else(midnight);
    let instant = instant.ok_or("a time reads 2026-12-24T18:00:00Z or 2026-12-24")?;
    in_calendar(instant)
}

/// Reads SHA-256 in hex: all of it, since a part of it is easily forged.
fn digest(text: &str) -> Result<String, String> {
    let is_digest = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_digest
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "a digest has 64 hexadecimal digits".to_owned())
}

/// Options of `apply`.
#[derive(Args, Debug)]
pub struct Apply {
    /// A saved plan, or files and folders of manifests [default: .]
    #[arg(value_name = "PLANFILE | PATH")]
    pub paths: Vec<PathBuf>,
    /// What to read.
    #[command(flatten)]
    pub looking: Looking,
    /// Do not ask for approval
    #[arg(long)]
    pub auto_approve: bool,
    /// How progress is printed: text, or JSON lines
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: LogFormat,
    /// Wait for the end of every run that is started, also without `waitFor`
    #[arg(long)]
    pub wait: bool,
    /// Record in the ledger what is read and do nothing else; read rights are enough
    #[arg(long, conflicts_with = "wait")]
    pub refresh_only: bool,
    /// What counts as a failure.
    #[command(flatten)]
    pub failing: Failing,
    /// What was approved.
    #[command(flatten)]
    pub approving: Approving,
    /// Refuse a saved plan whose actions these manifests do not ask for any more (repeatable)
    #[arg(long, value_name = "PATH")]
    pub against: Vec<PathBuf>,
}

/// What was approved before.
#[derive(Args, Clone, Debug)]
pub struct Approving {
    /// Do only what was approved under this digest of a plan's actions, as the plan prints it; leave and name what is new since then
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub require_digest: Option<String>,
    /// Do only those actions that this saved plan has, too, however old it is; leave and name the others
    #[arg(long, value_name = "PLANFILE")]
    pub approved_plan: Option<PathBuf>,
    /// Do only those actions that an Approval beside the manifests covers (those of a saved plan: --against); leave and name the others
    #[arg(long)]
    pub approved: bool,
    /// A signature of the saved plan by a signer of the policy, made with `ssh-keygen -Y sign -n afresh-plan` (repeatable); PLANFILE.sig is found
    /// without this
    #[arg(long, value_name = "FILE")]
    pub signature: Vec<PathBuf>,
}

/// Options of `approve`.
#[derive(Args, Debug)]
pub struct Approve {
    /// A saved plan; - is stdin
    pub planfile: PathBuf,
    /// Until when it holds: RFC 3339 or a date [default: as long as it lies beside the manifests]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub until: Option<Timestamp>,
    /// Who approves
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Write it to a file, as in approvals/monday.yaml
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Options of `merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// The saved plans of all shards, each once, in any order
    #[arg(value_name = "PLANFILE", required = true)]
    pub planfiles: Vec<PathBuf>,
    /// Save the merged plan, for `apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the plan is printed: text, json (the lines of a plan file) or markdown; `markdown=FILE` writes to a file, also where the plans cannot be merged:
    /// then the reasons (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    pub format: Vec<Output>,
    /// How long Markdown may be, and what it links to.
    #[command(flatten)]
    pub comment: Comment,
    /// Exit with 2 if there is an action, an operation to resolve, or a wait to resume
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// What counts as a failure.
    #[command(flatten)]
    pub failing: Failing,
}

/// Options of `show`.
#[derive(Args, Debug)]
pub struct Show {
    /// A saved plan; - is stdin
    pub planfile: PathBuf,
    /// How it is printed: text, json (the lines of a plan file) or markdown; `markdown=FILE` writes to a file (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    pub format: Vec<Output>,
    /// How long Markdown may be, and what it links to.
    #[command(flatten)]
    pub comment: Comment,
}

/// Options of `diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The older saved plan
    pub old: PathBuf,
    /// The newer one
    pub new: PathBuf,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Printed,
}

/// Options of `why`.
#[derive(Args, Debug)]
pub struct Why {
    /// Which subject, as in ingest/gateway-west or analytics/nightly-sales (for a job, the name of its JobRun document)
    pub address: String,
    /// Where the manifests are.
    #[command(flatten)]
    pub paths: Paths,
    /// What to read from Azure: `auto` (what the ledger can't prove), `all`, `none`
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub refresh: RefreshHow,
    /// What ages are proved by: `keys` (listed where the decision needs them), or `status` (never listed)
    #[arg(long, value_name = "WHAT", default_value = "keys")]
    pub evidence: EvidenceOf,
    /// Decide for this later time, as if nothing happened until then
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Timestamp>,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Printed,
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
    /// List every subject in the ledger
    List {
        /// How it is printed
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Printed,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Show everything the ledger knows about one subject
    #[command(after_help = terms::ADDRESSES)]
    Show {
        /// Which subject, as in ingest/gateway-west or analytics/nightly-sales (for a job, the name of its JobRun document)
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// How it is printed
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Printed,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Record when a key was created
    #[command(after_help = terms::ADDRESSES)]
    Declare {
        /// Which key, as in ingest/gateway-west#authKey1
        #[arg(value_name = "ADDRESS#SLOT")]
        slot: String,
        /// When it was created: RFC 3339 or a date
        #[arg(long, value_name = "TIME", value_parser = instant)]
        born: Timestamp,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Record that a one-time run whose end was never seen has succeeded
    #[command(after_help = terms::ADDRESSES)]
    Confirm {
        /// Which subject, as in analytics/backfill (for a one-time run, the name of its JobRun document)
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// Which hand-off of its key, as the plan calls it: keyVault kv-data/gateway-west
        #[arg(long, value_name = "DESTINATION")]
        destination: Option<String>,
        /// How you know
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Forget everything about one subject, or only its failed attempts or unresolved operations
    #[command(after_help = terms::ADDRESSES)]
    Forget {
        /// Which subject, as in ingest/gateway-west or analytics/nightly-sales (for a job, the name of its JobRun document)
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// Forget only its failed attempts: they are counted anew
        #[arg(long, conflicts_with = "unresolved")]
        attempts: bool,
        /// Mark its unresolved operations as not done; everything else is kept
        #[arg(long, alias = "doubts")]
        unresolved: bool,
        /// Also unresolved starts whose run was not found within a day (the job may start twice)
        #[arg(long, requires = "unresolved")]
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
    /// Drop superseded events (a backup is kept)
    Compact {
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
}

/// Commands of `sim`.
#[derive(Debug, Subcommand)]
pub enum Sim {
    /// Serve a simulated cloud on loopback, for other clients, until Ctrl-C
    Serve {
        /// What the cloud holds
        #[arg(value_name = "WORLD.yaml")]
        world: PathBuf,
        /// Port of Entra ID and Resource Manager; each workspace takes one of the next [default: any free port]
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        port: u16,
        /// Delay each answer by this time
        #[arg(long, value_name = "TIME", value_parser = |text: &str| text.parse::<Span>())]
        latency: Option<Span>,
        /// Keep the world in this file between runs
        #[arg(long, value_name = "FILE")]
        store: Option<PathBuf>,
        /// Write Cloud and connection manifests that point here
        #[arg(long, value_name = "FILE")]
        write_manifests: Option<PathBuf>,
    },
    /// Advance the clock of a simulated cloud that sets one (with --sim)
    Advance {
        /// How far, as in 2h or 1d12h
        #[arg(value_parser = |text: &str| text.parse::<Span>())]
        by: Span,
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
    /// Forget what happened in a simulated cloud: its world and its ledger (with --sim)
    Reset {
        /// Where the manifests are.
        #[command(flatten)]
        paths: Paths,
    },
}

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// What to describe, as in KeyAge or KeyAge.windows.cron [default: the kinds]
    #[arg(value_name = "KIND[.FIELD]")]
    pub path: Option<String>,
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
    /// Of `inventory --format json`.
    Inventory,
    /// Of `validate --format json`.
    Validate,
    /// Of a line of `apply --format json`.
    Apply,
    /// Of `why --format json`.
    Why,
    /// Of `diff --format json`.
    Diff,
    /// Of `auth --format json`.
    Auth,
    /// Of `ledger list` and `ledger show` with `--format json`.
    Ledger,
}
