//! What really is, read from the world and never from what afresh remembers or says.

use std::collections::BTreeMap;
use std::time::Duration;

use afresh::model::time::{Span, Timestamp};
use afresh::sim::World;
use serde::Deserialize;

use crate::script::JobRule;
use crate::tally::Sort;

/// Whoever does what the script says that others do.
const OPERATOR: &str = "operator@example.com";

/// The world at one instant.
pub struct Truth {
    pub at: Timestamp,
    /// What has two keys, by name.
    pub holders: BTreeMap<String, Holder>,
    /// By id.
    pub jobs: BTreeMap<i64, Job>,
    runs: Vec<Run>,
    /// Runs that afresh started.
    own: BTreeMap<i64, String>,
}

/// What has two keys.
pub struct Holder {
    pub kind: Kind,
    pub created: Timestamp,
    pub slots: [Slot; 2],
}

pub enum Kind {
    Runtime,
    Account(Account),
}

/// What is true of a storage account beside its keys.
pub struct Account {
    times: KeyTimes,
    pub group: String,
    pub tagged: bool,
    pub disabled: bool,
    /// No list shows it.
    pub hidden: bool,
}

/// Where an account tells when its keys were made.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum KeyTimes {
    Shown,
    NotInLists,
    AfterRotation,
    Hidden,
}

pub struct Slot {
    /// When the value that it holds was made, wherever it was made.
    pub born: Timestamp,
    /// When it came to hold that value.
    pub held_since: Timestamp,
    /// Does the service tell when that value was made?
    pub is_told: bool,
    pub makings: Vec<Making>,
}

#[derive(Clone, Debug)]
pub struct Making {
    pub at: Timestamp,
    pub by_afresh: bool,
    /// Did it give an earlier value, or leave the one that was there?
    pub old_value: bool,
    /// The log does not tell it.
    pub silent: bool,
}

pub struct Job {
    pub tasks: Vec<String>,
}

#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    subscriptions: Vec<KeptSubscription>,
    #[serde(default)]
    workspaces: Vec<KeptWorkspace>,
}

#[derive(Deserialize)]
struct KeptSubscription {
    factories: Vec<KeptFactory>,
    storage_accounts: Vec<KeptAccount>,
}

#[derive(Deserialize)]
struct KeptFactory {
    runtimes: Vec<KeptRuntime>,
}

#[derive(Deserialize)]
struct KeptRuntime {
    name: String,
    created: Timestamp,
    keys: [KeptKey; 2],
}

#[derive(Deserialize)]
struct KeptAccount {
    name: String,
    resource_group: String,
    created: Timestamp,
    tags: BTreeMap<String, String>,
    allow_shared_key_access: Option<bool>,
    key_times: KeyTimes,
    keys: [KeptKey; 2],
    forbidden: Vec<String>,
}

#[derive(Deserialize)]
struct KeptKey {
    makings: Vec<KeptMaking>,
}

#[derive(Clone, Deserialize)]
struct KeptMaking {
    at: Timestamp,
    caller: String,
    client_request: Option<String>,
    value: Option<KeptValue>,
    #[serde(default)]
    silent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
struct KeptValue {
    slot: usize,
    generation: usize,
}

#[derive(Deserialize)]
struct KeptWorkspace {
    jobs: Vec<KeptJob>,
    runs: Vec<Run>,
    idempotency: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct KeptJob {
    id: i64,
    tasks: Vec<String>,
}

/// One run, or one of its attempts.
#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    pub id: i64,
    pub job: i64,
    kind: String,
    name: String,
    pub created: Timestamp,
    started: Option<Timestamp>,
    starts_in: Duration,
    takes: Option<Duration>,
    outcome: String,
    skipped: bool,
    cancel: Option<(Timestamp, Timestamp)>,
    parameters: BTreeMap<String, String>,
    defaults: Option<BTreeMap<String, String>>,
    #[serde(default)]
    overriding: BTreeMap<String, String>,
    tasks: Vec<String>,
    #[serde(default)]
    earlier: Vec<Run>,
    #[serde(default)]
    removed: Option<Timestamp>,
}

fn after(instant: Timestamp, by: Duration) -> Timestamp {
    Span::seconds(by.as_secs()).after(instant)
}

impl Truth {
    pub fn of(world: &World, at: Timestamp) -> Self {
        let text = serde_json::to_vec(world).unwrap();
        let kept: Kept = serde_json::from_slice(&text).unwrap();
        let mut holders = BTreeMap::new();
        for subscription in kept.subscriptions {
            let factories = subscription.factories.into_iter();
            let runtimes = factories.flat_map(|one| one.runtimes).map(|one| {
                let holder = holder(Kind::Runtime, one.created, one.keys, at);
                (one.name, holder)
            });
            let accounts = subscription.storage_accounts.into_iter().map(|one| {
                let kind = Kind::Account(account(&one));
                (one.name, holder(kind, one.created, one.keys, at))
            });
            holders.extend(runtimes.chain(accounts));
        }
        let mut truth = Self {
            at,
            holders,
            jobs: BTreeMap::new(),
            runs: Vec::new(),
            own: BTreeMap::new(),
        };
        for workspace in kept.workspaces {
            let jobs = workspace.jobs.into_iter();
            truth
                .jobs
                .extend(jobs.map(|job| (job.id, Job { tasks: job.tasks })));
            truth.runs.extend(workspace.runs);
            let own = workspace.idempotency.into_iter();
            truth.own.extend(own.map(|(token, run)| (run, token)));
        }
        truth
    }

    /// Runs of a job, removed ones too, oldest first.
    pub fn runs(&self, job: i64) -> impl Iterator<Item = &Run> {
        let of_job = move |run: &&Run| run.kind == "Job" && run.job == job;
        self.runs.iter().filter(of_job)
    }

    /// One-time runs of a rule with a content, oldest first.
    pub fn submitted(&self, rule: &str, content: u32) -> impl Iterator<Item = &Run> {
        let (rule, content) = (rule.to_owned(), format!("c{content}"));
        self.runs.iter().filter(move |run| {
            run.kind == "Submit" && run.name.contains(&rule) && run.tasks == [content.as_str()]
        })
    }

    pub fn is_own(&self, run: &Run) -> bool {
        self.own.contains_key(&run.id)
    }

    /// Is anything active, or waiting, at the time of this truth?
    pub fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| run.ended(self.at).is_some())
    }
}

fn account(kept: &KeptAccount) -> Account {
    let hides = |operation: &String| operation == "getStorageAccount";
    Account {
        times: kept.key_times,
        group: kept.resource_group.clone(),
        tagged: !kept.tags.is_empty(),
        disabled: kept.allow_shared_key_access == Some(false),
        hidden: kept.forbidden.iter().any(hides),
    }
}

fn holder(kind: Kind, created: Timestamp, keys: [KeptKey; 2], at: Timestamp) -> Holder {
    // By instant, the one at creation first.
    let makings = keys.map(|key| {
        let mut all = key.makings;
        all.retain(|making| making.at <= at);
        if all.len() > 1 {
            all[1..].sort_by_key(|making| making.at);
        }
        all
    });
    let slots = [0, 1].map(|slot| {
        let own = &makings[slot];
        let now = value(own, slot, own.len() - 1);
        let since = (0..own.len()).rev();
        let since = since.take_while(|place| value(own, slot, *place) == now);
        Slot {
            born: makings[now.slot][now.generation].at,
            held_since: since.last().map_or(created, |place| own[place].at),
            is_told: kind.tells(now),
            makings: own.iter().map(making).collect(),
        }
    });
    Holder {
        kind,
        created,
        slots,
    }
}

fn making(kept: &KeptMaking) -> Making {
    Making {
        at: kept.at,
        by_afresh: kept.client_request.is_some() && kept.caller != OPERATOR,
        old_value: kept.value.is_some(),
        silent: kept.silent,
    }
}

/// The value after the making at `place`.
fn value(makings: &[KeptMaking], slot: usize, place: usize) -> KeptValue {
    let told = makings[place].value.filter(|_| place > 0);
    told.unwrap_or(KeptValue {
        slot,
        generation: place,
    })
}

impl Kind {
    /// Does the service tell when this value was made?
    const fn tells(&self, value: KeptValue) -> bool {
        match self {
            Self::Runtime => false,
            Self::Account(account) => match account.times {
                KeyTimes::Shown | KeyTimes::NotInLists => true,
                KeyTimes::AfterRotation => value.generation > 0,
                KeyTimes::Hidden => false,
            },
        }
    }

    /// Are its keys of any use, so that they are regenerated?
    pub const fn has_keys(&self) -> bool {
        match self {
            Self::Runtime => true,
            Self::Account(account) => !account.disabled,
        }
    }

    pub const fn sort(&self) -> Sort {
        match self {
            Self::Runtime => Sort::Runtime,
            Self::Account(_) => Sort::Account,
        }
    }
}

impl Holder {
    /// Has the service always told when its keys were made? Then nothing else has to prove it.
    pub const fn is_always_told(&self) -> bool {
        match &self.kind {
            Kind::Runtime => false,
            Kind::Account(account) => match account.times {
                KeyTimes::Shown | KeyTimes::NotInLists => true,
                KeyTimes::AfterRotation | KeyTimes::Hidden => false,
            },
        }
    }

    /// Of each key that came back: when it was made, and when it was first replaced.
    pub fn returned(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let back = self.slots.iter().filter(|slot| slot.held_since > slot.born);
        back.filter_map(|slot| {
            let home = self.slots.iter().map(|home| &home.makings);
            let mut home = home.filter(|all| all.iter().any(|making| making.at == slot.born));
            let later = home.next()?.iter().filter(|making| making.at > slot.born);
            Some((slot.born, later.map(|making| making.at).min()?))
        })
    }

    /// Has somebody put an old value back, or a regenerate changed nothing, after `since` and until `at`?
    pub fn is_odd_between(&self, since: Timestamp, at: Timestamp) -> bool {
        let odd = |making: &Making| {
            (making.old_value || making.silent) && since < making.at && making.at <= at
        };
        self.slots.iter().any(|slot| slot.makings.iter().any(odd))
    }

    /// Did others remake a key in the `span` until `at`?
    pub fn is_remade_within(&self, span: Span, at: Timestamp) -> bool {
        let from = span.before(at);
        let recent = |making: &Making| making.at > from && making.at <= at && !making.by_afresh;
        self.slots
            .iter()
            .any(|slot| slot.makings.iter().any(recent))
    }
}

impl Run {
    fn decided_end(&self) -> Option<Timestamp> {
        if self.skipped {
            return Some(self.created);
        }
        if let Some((_, over)) = self.cancel {
            return Some(over);
        }
        let begun = after(self.started?, self.starts_in);
        self.takes.map(|takes| after(begun, takes))
    }

    /// When it ended, if it has by `at`.
    pub fn ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.decided_end().filter(|end| *end <= at)
    }

    /// The service tells it no more: somebody removed it, or it is older than 60 days.
    pub fn is_gone(&self, at: Timestamp) -> bool {
        self.removed.is_some() || Span::days(60).after(self.created) <= at
    }

    /// It runs, or is about to: it waits in no queue.
    pub fn is_running(&self, at: Timestamp) -> bool {
        self.started.is_some_and(|started| started <= at) && self.ended(at).is_none()
    }

    pub fn is_active(&self, at: Timestamp) -> bool {
        self.ended(at).is_none()
    }

    pub fn has_succeeded(&self, at: Timestamp) -> Option<Timestamp> {
        let good = !self.skipped && self.cancel.is_none() && self.outcome == "SUCCESS";
        self.ended(at).filter(|_| good)
    }

    pub fn has_failed(&self, at: Timestamp) -> bool {
        self.ended(at).is_some() && !self.skipped && self.has_succeeded(at).is_none()
    }

    /// Successes of attempts that a repair has replaced.
    pub fn replaced_successes(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.earlier
            .iter()
            .filter_map(move |run| run.has_succeeded(at))
    }

    /// Does the service tell any parameter of it?
    pub fn tells_parameters(&self) -> bool {
        let defaults = self.defaults.iter().flat_map(BTreeMap::keys);
        defaults.chain(self.parameters.keys()).next().is_some()
    }

    /// Did it run with what the rule wants, and all of it?
    pub fn is_right(&self, rule: &JobRule, job: &Job) -> bool {
        let none = BTreeMap::new();
        let defaults = self.defaults.as_ref().unwrap_or(&none);
        let own = defaults.keys().chain(self.parameters.keys());
        // What the rule gives beyond the job's own parameters no run of others can have. Of a job without any nothing is told, and it counts.
        let tells = self.tells_parameters();
        let names = own.chain(rule.parameters.keys().filter(|_| tells));
        let fits = |name: &String| {
            let default = defaults.get(name);
            let wanted = rule.parameters.get(name).or(default);
            self.parameters.get(name).or(default) == wanted
        };
        self.overriding.is_empty() && self.tasks == job.tasks && names.into_iter().all(fits)
    }
}
