//! Invents a script from a seed.

mod keys;

use std::collections::BTreeMap;

use afresh::model::time::Span;

use crate::chance::Chance;
use crate::script::{
    Change, DAY, Entry, HOST, Happening, JobPast, JobRule, Minute, Rules, Script, SubmitRule,
};

/// What a history is mostly about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Theme {
    Keys,
    Jobs,
    Submits,
    All,
}

pub fn script(seed: u64) -> Script {
    let mut chance = Chance::new(seed);
    let theme = chance.of(&[
        Theme::Keys,
        Theme::Keys,
        Theme::Keys,
        Theme::Keys,
        Theme::Jobs,
        Theme::Jobs,
        Theme::Jobs,
        Theme::Submits,
        Theme::All,
    ]);
    let has = |wanted: Theme| theme == wanted || theme == Theme::All;
    let keys = keys::rule(&mut chance);
    let (has_runtimes, has_accounts) = match theme {
        Theme::Keys => chance.of(&[(true, false), (false, true), (true, true)]),
        Theme::All => (true, true),
        Theme::Jobs | Theme::Submits => (false, false),
    };
    let runtimes = has_runtimes.then(|| keys::runtimes(&mut chance));
    let accounts = has_accounts.then(|| keys::accounts(&mut chance));
    let jobs: Vec<(JobPast, JobRule)> = if has(Theme::Jobs) {
        (0..chance.within(1, 2)).map(|_| job(&mut chance)).collect()
    } else {
        Vec::new()
    };
    let submits = if has(Theme::Submits) {
        (0..chance.within(1, 2))
            .map(|_| SubmitRule {
                content: 0,
                attempts_max: u32::try_from(chance.within(1, 3)).unwrap(),
            })
            .collect()
    } else {
        Vec::new()
    };
    let (jobs, job_rules): (Vec<JobPast>, Vec<JobRule>) = jobs.into_iter().unzip();
    let days = match theme {
        Theme::Keys => chance.of(&[60, 120, 220]),
        Theme::Jobs | Theme::All => chance.of(&[12, 30, 70]),
        Theme::Submits => chance.of(&[5, 20, 100]),
    };
    let begins = chance.of(&["2026-02-03T09:00:00Z", "2026-09-20T22:30:00Z"]);
    let mut script = Script {
        seed,
        begins: begins.parse().unwrap(),
        runtimes: runtimes.unwrap_or_default(),
        accounts: accounts.unwrap_or_default(),
        jobs,
        submit_outcomes: outcomes(&mut chance),
        faults: Vec::new(),
        rules: Rules {
            factory: "adf-ingest".to_owned(),
            group: "rg-data".to_owned(),
            keys,
            accounts: keys::account_rule(&mut chance),
            jobs: job_rules,
            submits,
            freezes: Vec::new(),
        },
        daily: chance.percent(10),
        entries: Vec::new(),
    };
    afresh(&mut chance, &mut script, days);
    if script.daily && chance.percent(60) {
        keys::calm(&mut chance, &mut script.rules.keys);
    } else {
        freezes(&mut chance, &mut script, days);
        faults(&mut chance, &mut script);
        others(&mut chance, &mut script, days);
    }
    // What others do at an instant is done when afresh comes.
    script.entries.sort_by_key(|entry| {
        let ours = !matches!(entry.what, Happening::Outside(_) | Happening::Action(..));
        (entry.at, ours)
    });
    script
}

fn outcomes(chance: &mut Chance) -> Vec<&'static str> {
    (0..chance.within(1, 4))
        .map(|_| chance.of(&["SUCCESS", "SUCCESS", "FAILED", "TIMEDOUT"]))
        .collect()
}

const PARAMETERS: [&[(&str, &str)]; 4] = [
    &[],
    &[("day", "today")],
    &[("day", "monday")],
    &[("day", "today"), ("mode", "full")],
];

fn parameters(chance: &mut Chance) -> BTreeMap<String, String> {
    let pairs = chance.of(&PARAMETERS).iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn job(chance: &mut Chance) -> (JobPast, JobRule) {
    let require = chance.of(&[
        "succeeded",
        "succeeded",
        "succeeded",
        "running",
        "notRunning",
    ]);
    let own = parameters(chance);
    let error_after = Span::hours(chance.of(&[12, 24, 36, 170]));
    let wanted: BTreeMap<String, String> = if chance.percent(40) {
        let values = ["today", "monday"];
        let keys = own.keys().cloned();
        keys.map(|key| (key, chance.of(&values).to_owned()))
            .collect()
    } else {
        BTreeMap::new()
    };
    let past = JobPast {
        every: chance.of(&[None, None, Some(24), Some(7), Some(168)]),
        takes: if require == "running" {
            chance.of(&["3h", "40h"])
        } else {
            chance.of(&["10m", "10m", "3h", "30h"])
        },
        outcomes: outcomes(chance),
        runs_max: chance.of(&[1, 1, 2]),
        queue: chance.percent(30),
        parameters: own,
        ended: (0..chance.below(4))
            .map(|place| {
                (
                    4 + place * 20 + chance.below(15),
                    chance.of(&["SUCCESS", "FAILED"]),
                )
            })
            .collect(),
    };
    let rule = JobRule {
        require,
        warn_after: chance
            .percent(40)
            .then(|| Span::hours(error_after.as_secs() / 7200)),
        error_after,
        duration_max: chance
            .percent(40)
            .then(|| Span::hours(chance.of(&[2, 8, 50]))),
        policy: chance.of(&["Forbid", "Forbid", "Replace", "Allow"]),
        attempts_max: u32::try_from(chance.within(1, 4)).unwrap(),
        parameters: wanted,
    };
    (past, rule)
}

fn freezes(chance: &mut Chance, script: &mut Script, days: u64) {
    if chance.percent(25) {
        let from = chance.below(days * DAY);
        let to = from + chance.of(&[DAY / 2, 3 * DAY, 12 * DAY, 25 * DAY]);
        script.rules.freezes.push((from, to));
    }
}

fn faults(chance: &mut Chance, script: &mut Script) {
    keys::faults(chance, script);
    if !script.jobs.is_empty() && chance.percent(10) {
        let fault = chance.of(&[
            "{on: run-now, do: loseAnswer, times: 1}",
            "{on: runs/list, do: staleList, by: 3m, times: 9}",
        ]);
        script.faults.push(fault.to_owned());
    }
}

/// When afresh comes, and what for.
fn afresh(chance: &mut Chance, script: &mut Script, days: u64) {
    let mut push = |at, what| script.entries.push(Entry { at, what });
    if script.daily {
        let hour = chance.below(24) * 60;
        for day in 0..days.min(45) {
            push(day * DAY + hour, Happening::Apply(0));
        }
        return;
    }
    let gap = days * DAY / chance.within(3, 9);
    let mut at = chance.below(gap);
    while at < days * DAY {
        let what = match chance.below(20) {
            0..=8 => Happening::Apply(0),
            9..=10 => Happening::Apply(chance.of(&[5, 60, 300])),
            11..=14 => Happening::Plan,
            15..=17 => Happening::PlanAtChange,
            18 => Happening::Compact,
            _ if chance.percent(40) => Happening::LoseLedger,
            _ => Happening::Plan,
        };
        push(at, what);
        at += 1 + match chance.below(4) {
            0 => chance.below(50),
            1 => chance.below(gap / 4),
            _ => chance.below(2 * gap),
        };
    }
}

/// An instant: anywhere, or close before something that afresh does.
fn instant(chance: &mut Chance, script: &Script, days: u64) -> Minute {
    if chance.percent(30) && !script.entries.is_empty() {
        let place = chance.below(script.entries.len() as u64);
        let near = script.entries[usize::try_from(place).unwrap()].at;
        return near.saturating_sub(chance.below(90)).max(1);
    }
    1 + chance.below(days * DAY)
}

fn others(chance: &mut Chance, script: &mut Script, days: u64) {
    let most = if script.daily { 3 } else { 8 };
    let count = chance.below(most);
    let mut instants: Vec<Minute> = (0..count).map(|_| instant(chance, script, days)).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut inventor = Inventor {
        chance,
        factory: script.rules.factory.clone(),
        accounts: (0..script.accounts.len()).collect(),
        jobs: (0..script.jobs.len())
            .map(|place| 101 + 100 * place)
            .collect(),
        contents: 0,
    };
    let mut entries = Vec::new();
    for at in instants {
        entries.extend(inventor.next(script, at));
    }
    script.entries.extend(entries);
}

/// What things are called after all that has happened so far.
struct Inventor<'a> {
    chance: &'a mut Chance,
    factory: String,
    /// Places of those that are still there.
    accounts: Vec<usize>,
    /// Their ids.
    jobs: Vec<usize>,
    contents: u32,
}

impl Inventor<'_> {
    fn next(&mut self, script: &Script, at: Minute) -> Vec<Entry> {
        let mut kinds = Vec::new();
        let has_keys = !script.runtimes.is_empty() || !script.accounts.is_empty();
        kinds.extend(has_keys.then_some(0));
        kinds.extend((!script.jobs.is_empty()).then_some(1));
        kinds.extend((!script.rules.submits.is_empty()).then_some(2));
        match self.chance.of(&kinds) {
            0 => self.with_keys(script, at),
            1 => self.with_jobs(script, at),
            _ => self.with_submits(script, at),
        }
    }

    fn with_jobs(&mut self, script: &Script, at: Minute) -> Vec<Entry> {
        let place = usize::try_from(self.chance.below(script.jobs.len() as u64)).unwrap();
        let id = self.jobs[place];
        let what = match self.chance.below(18) {
            0..=4 => outside(self.start(id)),
            5 => outside(format!("cancelRuns: {{job: {id}}}")),
            6..=8 => {
                let result = self.chance.of(&["SUCCESS", "SUCCESS", "FAILED"]);
                let takes = self.chance.of(&["10m", "4h"]);
                outside(format!(
                    "repairRun: {{job: {id}, result: {result}, takes: {takes}}}"
                ))
            }
            9 => outside(format!(
                "deleteRuns: {{job: {id}, keep: {}}}",
                self.chance.below(2)
            )),
            10 => {
                self.jobs[place] += 1;
                outside(format!("recreateJob: {{job: {id}, id: {}}}", id + 1))
            }
            11 => {
                let day = self.chance.of(&["today", "monday"]);
                outside(format!(
                    "setParameters: {{job: {id}, parameters: {{day: {day}}}}}"
                ))
            }
            12 if script.jobs[place].every.is_some() => outside(format!("pauseJob: {{job: {id}}}")),
            13 if script.jobs[place].every.is_some() => {
                outside(format!("unpauseJob: {{job: {id}}}"))
            }
            14 => outside(format!("forbid: {{operations: [run-now], job: {id}}}")),
            15 => Happening::Change(Change::Attempts(
                place,
                1 + u32::try_from(self.chance.below(4)).unwrap(),
            )),
            16 => {
                let day = self.chance.of(&["today", "monday"]).to_owned();
                let parameters = BTreeMap::from([("day".to_owned(), day)]);
                Happening::Change(Change::JobParameters(place, parameters))
            }
            _ => outside(format!("renameJob: {{job: {id}, name: job-{place}}}")),
        };
        vec![Entry { at, what }]
    }

    fn start(&mut self, id: usize) -> String {
        let result = self.chance.of(&["SUCCESS", "SUCCESS", "FAILED"]);
        let takes = self.chance.of(&["10m", "6h", "50h"]);
        let how = self.chance.of(&[
            "",
            "",
            ", parameters: {day: monday}",
            ", parameters: {day: today}",
            ", only: [load]",
            ", overriding: {mode: full}",
        ]);
        format!("startJob: {{job: {id}, result: {result}, takes: {takes}{how}}}")
    }

    fn with_submits(&mut self, script: &Script, at: Minute) -> Vec<Entry> {
        let place = usize::try_from(self.chance.below(script.rules.submits.len() as u64)).unwrap();
        let what = match self.chance.below(4) {
            0 => {
                self.contents += 1;
                Happening::Change(Change::Content(place, self.contents))
            }
            1 => Happening::Change(Change::Content(place, 0)),
            2 => outside(format!(
                "deleteRuns: {{workspace: {HOST}, keep: {}}}",
                self.chance.below(2)
            )),
            _ => outside(format!(
                "forbid: {{operations: [{}], workspace: {HOST}}}",
                self.chance.of(&["runs/list", "runs/get"])
            )),
        };
        vec![Entry { at, what }]
    }
}

fn outside(text: impl Into<String>) -> Happening {
    Happening::Outside(text.into())
}
