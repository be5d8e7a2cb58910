//! What happens in one history: a list of instants with a happening each. The shrinker takes entries away.

use std::collections::BTreeMap;
use std::fmt;

use afresh::model::time::{Span, Timestamp};

/// Minutes since the history's beginning.
pub type Minute = u64;

pub const DAY: Minute = 24 * 60;
/// The resource group of most storage accounts.
pub const LAKE: &str = "rg-lake";
pub const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";
pub const HOST: &str = "adb-1234567890123456.7.azuredatabricks.net";

/// One whole history: the world and the rules as they are at the beginning, and what happens.
#[derive(Clone, Debug)]
pub struct Script {
    pub seed: u64,
    pub begins: Timestamp,
    pub runtimes: Vec<KeysPast>,
    pub accounts: Vec<AccountPast>,
    pub jobs: Vec<JobPast>,
    /// How one-time runs end, in order; the last one repeats.
    pub submit_outcomes: Vec<&'static str>,
    pub faults: Vec<String>,
    pub rules: Rules,
    /// An apply every day, and none at another time.
    pub daily: bool,
    pub entries: Vec<Entry>,
}

/// What has two keys, in days before the beginning.
#[derive(Clone, Debug)]
pub struct KeysPast {
    pub created: u64,
    pub made: [u64; 2],
}

#[derive(Clone, Debug)]
pub struct AccountPast {
    pub keys: KeysPast,
    /// `keyTimes` of the world file.
    pub times: &'static str,
    pub group: &'static str,
    /// Has it the tag that a rule may ask for?
    pub tagged: bool,
    /// `allowSharedKeyAccess: false`.
    pub disabled: bool,
}

#[derive(Clone, Debug)]
pub struct JobPast {
    /// Hours between two scheduled runs.
    pub every: Option<u64>,
    pub takes: &'static str,
    pub outcomes: Vec<&'static str>,
    pub runs_max: u64,
    pub queue: bool,
    pub parameters: BTreeMap<String, String>,
    /// Hours ago, how it ended.
    pub ended: Vec<(u64, &'static str)>,
}

/// What is promised, and where things are.
#[derive(Clone, Debug)]
pub struct Rules {
    pub factory: String,
    pub group: String,
    /// Of runtimes and storage accounts alike.
    pub keys: KeyRule,
    pub accounts: AccountRule,
    pub jobs: Vec<JobRule>,
    pub submits: Vec<SubmitRule>,
    /// From and to.
    pub freezes: Vec<(Minute, Minute)>,
}

#[derive(Clone, Debug)]
pub struct KeyRule {
    pub age_max: Span,
    pub rotate_before: Option<Span>,
    pub overlap: Span,
    pub unknown_age: &'static str,
    /// Cron, timezone, duration.
    pub window: Option<(&'static str, &'static str, &'static str)>,
    pub on_starvation: &'static str,
}

#[derive(Clone, Debug)]
pub struct AccountRule {
    pub select: Select,
    /// The connection reaches [`LAKE`] alone.
    pub one_group: bool,
}

/// Which storage accounts the rule selects.
#[derive(Clone, Debug)]
pub enum Select {
    ByName,
    ByGlob {
        /// Only those with the tag.
        tagged: bool,
        excludes_first: bool,
        allows_empty: bool,
    },
}

#[derive(Clone, Debug)]
pub struct JobRule {
    pub require: &'static str,
    pub warn_after: Option<Span>,
    pub error_after: Span,
    pub duration_max: Option<Span>,
    pub policy: &'static str,
    pub attempts_max: u32,
    pub parameters: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct SubmitRule {
    /// Which content.
    pub content: u32,
    pub attempts_max: u32,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Minute,
    pub what: Happening,
}

#[derive(Clone, Debug)]
pub enum Happening {
    /// By other hands, as the world file writes it.
    Outside(String),
    /// The factory gets another id, and the manifests say so at once.
    Action(String, String),
    /// A rule changes.
    Change(Change),
    /// The ledger is lost with its mark.
    LoseLedger,
    /// `afresh plan`.
    Plan,
    /// `afresh apply` and `afresh plan` now, and a plan when that one says that something changes, and a second before.
    PlanAtChange,
    /// `afresh apply`: the plan is applied so many minutes after it was made.
    Apply(Minute),
    /// `afresh ledger compact`.
    Compact,
}

#[derive(Clone, Debug)]
pub enum Change {
    AgeMax(Span),
    UnknownAge(&'static str),
    JobParameters(usize, BTreeMap<String, String>),
    Attempts(usize, u32),
    Content(usize, u32),
}

impl Script {
    pub fn instant(&self, minute: Minute) -> Timestamp {
        Span::seconds(minute * 60).after(self.begins)
    }

    /// Does any entry or fault speak of this?
    pub fn speaks_of(&self, word: &str) -> bool {
        let outside = |entry: &Entry| match &entry.what {
            Happening::Outside(text) => text.contains(word),
            _ => false,
        };
        self.entries.iter().any(outside) || self.faults.iter().any(|fault| fault.contains(word))
    }

    /// When a storage account gets another id.
    pub fn moves_of(&self, account: &str) -> impl Iterator<Item = Timestamp> {
        let word = format!("moveStorageAccount: {{storageAccount: {account},");
        let is_move = move |entry: &&Entry| match &entry.what {
            Happening::Outside(text) => text.starts_with(&word),
            _ => false,
        };
        let moves = self.entries.iter().filter(is_move);
        moves.map(|entry| self.instant(entry.at))
    }
}

impl Rules {
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::AgeMax(age) => self.keys.age_max = *age,
            Change::UnknownAge(how) => self.keys.unknown_age = how,
            Change::JobParameters(job, parameters) => {
                self.jobs[*job].parameters.clone_from(parameters);
            }
            Change::Attempts(job, most) => self.jobs[*job].attempts_max = *most,
            Change::Content(submit, content) => self.submits[*submit].content = *content,
        }
    }
}

/// Names of accounts have no hyphens.
pub fn account_name(place: usize) -> String {
    format!("lake{place}")
}

impl fmt::Display for KeysPast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([one, two], created) = (self.made, self.created);
        write!(
            f,
            "created {created}d ago, first key made {one}d ago, second {two}d ago"
        )
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, from {}", self.seed, self.begins)?;
        for (place, runtime) in self.runtimes.iter().enumerate() {
            writeln!(f, "  gateway-{place}: {runtime}")?;
        }
        for (place, account) in self.accounts.iter().enumerate() {
            writeln!(f, "  {}: {}", account_name(place), account.keys)?;
            writeln!(f, "    {account:?}")?;
        }
        if !self.accounts.is_empty() {
            writeln!(f, "  {:?}", self.rules.accounts)?;
        }
        if !self.runtimes.is_empty() || !self.accounts.is_empty() {
            writeln!(f, "  {:?}", self.rules.keys)?;
        }
        for (place, (job, rule)) in self.jobs.iter().zip(&self.rules.jobs).enumerate() {
            writeln!(f, "  job-{place}: {job:?}\n    {rule:?}")?;
        }
        for (place, rule) in self.rules.submits.iter().enumerate() {
            writeln!(
                f,
                "  backfill-{place}: {rule:?}, its runs end {:?}",
                self.submit_outcomes
            )?;
        }
        for (from, to) in &self.rules.freezes {
            writeln!(
                f,
                "  frozen from {} to {}",
                self.instant(*from),
                self.instant(*to)
            )?;
        }
        for fault in &self.faults {
            writeln!(f, "  fault {fault}")?;
        }
        for entry in &self.entries {
            writeln!(f, "  {}  {}", self.instant(entry.at), entry.what)?;
        }
        Ok(())
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside(text) => write!(f, "outside: {text}"),
            Self::Action(group, name) => write!(f, "the factory becomes {name} in {group}"),
            Self::Change(change) => write!(f, "rule: {change:?}"),
            Self::LoseLedger => f.write_str("the ledger is lost"),
            Self::Plan => f.write_str("plan"),
            Self::PlanAtChange => {
                f.write_str("apply, plan, and plan when something changes, and a second before")
            }
            Self::Apply(0) => f.write_str("apply"),
            Self::Apply(minutes) => write!(f, "plan, and apply it {minutes}m later"),
            Self::Compact => f.write_str("compact the ledger"),
        }
    }
}
