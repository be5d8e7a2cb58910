//! Invents a script from a seed.

use std::collections::BTreeMap;

use afresh::model::time::Span;

use crate::chance::Chance;
use crate::script::{
    Change, DAY, Entry, HOST, Happening, JobPast, JobRule, KeyRule, Minute, Rules, RuntimePast,
    SUBSCRIPTION, Script, SubmitRule,
};

/// What a history is mostly about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Theme {
    Keys,
    Jobs,
    Submits,
    All,
}

const WINDOWS: [(&str, &str, &str); 5] = [
    ("0 2 * * 6", "Europe/Paris", "4h"),
    ("30 2 * * *", "Europe/Paris", "90m"),
    ("30 1 * * 0", "America/New_York", "3h"),
    ("0 22 1 * *", "UTC", "12h"),
    ("0 9 * * 1-5", "Australia/Lord_Howe", "8h"),
];

pub fn script(seed: u64) -> Script {
    let mut chance = Chance::new(seed);
    let theme = chance.of(&[
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
    let keys = key_rule(&mut chance);
    let runtimes = if has(Theme::Keys) {
        runtimes(&mut chance)
    } else {
        Vec::new()
    };
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
        runtimes,
        jobs,
        submit_outcomes: outcomes(&mut chance),
        faults: Vec::new(),
        rules: Rules {
            factory: "adf-ingest".to_owned(),
            group: "rg-data".to_owned(),
            keys,
            jobs: job_rules,
            submits,
            freezes: Vec::new(),
        },
        daily: chance.percent(10),
        entries: Vec::new(),
    };
    afresh(&mut chance, &mut script, days);
    if script.daily && chance.percent(60) {
        calm(&mut chance, &mut script.rules.keys);
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

fn key_rule(chance: &mut Chance) -> KeyRule {
    let age_max = Span::days(chance.of(&[10, 20, 30, 60, 90]));
    let before = chance.of(&[None, None, Some(1), Some(5), Some(8)]);
    KeyRule {
        age_max,
        rotate_before: before.map(Span::days),
        overlap: Span::hours(chance.of(&[1, 24, 24, 48])),
        unknown_age: chance.of(&["adopt", "rotate", "rotate", "fail"]),
        window: chance.percent(35).then(|| chance.of(&WINDOWS)),
        on_starvation: chance.of(&["wait", "rotate", "rotate", "fail"]),
    }
}

/// A rule whose limits nothing need break.
fn calm(chance: &mut Chance, rule: &mut KeyRule) {
    let overlap = Span::hours(chance.of(&[1, 24]));
    *rule = KeyRule {
        age_max: Span::days(chance.of(&[10, 15, 20])),
        rotate_before: chance
            .percent(60)
            .then(|| overlap.plus(overlap).plus(Span::days(2))),
        overlap,
        unknown_age: "rotate",
        on_starvation: "rotate",
        ..rule.clone()
    };
}

fn runtimes(chance: &mut Chance) -> Vec<RuntimePast> {
    (0..chance.within(1, 2))
        .map(|_| {
            let created = chance.of(&[1, 5, 20, 80, 100, 300]) + chance.below(20);
            let made = |chance: &mut Chance| {
                if chance.percent(50) {
                    created
                } else {
                    chance.within(1, created)
                }
            };
            let (one, two) = (made(chance), made(chance));
            // Two requests are never answered at one instant.
            let two = if one == two { created } else { two };
            RuntimePast {
                created,
                made: [one, two],
            }
        })
        .collect()
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
    if !script.runtimes.is_empty() && chance.percent(10) {
        let nth = chance.within(1, 5);
        let what = chance.of(&["changeNothing", "changeBoth"]);
        let fault = format!("{{on: regenerateAuthKey, nth: {nth}, times: 1, do: {what}}}");
        script.faults.push(fault);
    }
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
    /// Their ids.
    jobs: Vec<usize>,
    contents: u32,
}

impl Inventor<'_> {
    fn next(&mut self, script: &Script, at: Minute) -> Vec<Entry> {
        let mut kinds = Vec::new();
        kinds.extend((!script.runtimes.is_empty()).then_some(0));
        kinds.extend((!script.jobs.is_empty()).then_some(1));
        kinds.extend((!script.rules.submits.is_empty()).then_some(2));
        match self.chance.of(&kinds) {
            0 => self.with_keys(script, at),
            1 => self.with_jobs(script, at),
            _ => self.with_submits(script, at),
        }
    }

    fn with_keys(&mut self, script: &Script, at: Minute) -> Vec<Entry> {
        let place = self.chance.below(script.runtimes.len() as u64);
        let runtime = format!("{}/gateway-{place}", self.factory);
        let key = self
            .chance
            .of(&["authKey1", "authKey2", "authKey1", "authKey2", "both"]);
        let what = match self.chance.below(20) {
            0..=8 => outside(format!("regenerateKey: {{runtime: {runtime}, key: {key}}}")),
            9 => outside(format!("swapKeys: {{runtime: {runtime}}}")),
            10 => outside(format!("restoreKey: {{runtime: {runtime}, key: authKey1}}")),
            11 => outside(format!("recreateRuntime: {{runtime: {runtime}}}")),
            12 => {
                let name = format!("adf-{at}");
                self.factory.clone_from(&name);
                Happening::Action(format!("rg-{at}"), name)
            }
            13 => {
                let delay = self.chance.of(&["1m", "10m", "19m"]);
                outside(format!("logDelay: {delay}"))
            }
            14 => Happening::Change(Change::AgeMax(Span::days(self.chance.of(&[12, 25, 50])))),
            15 => Happening::Change(Change::UnknownAge(
                self.chance.of(&["adopt", "rotate", "fail"]),
            )),
            16..=17 => {
                return self.for_a_while(
                    at,
                    &format!("operations: [activityLog], subscription: {SUBSCRIPTION}"),
                );
            }
            18 => {
                return self.for_a_while(
                    at,
                    &format!("operations: [listAuthKeys], runtime: {runtime}"),
                );
            }
            _ => {
                let operation = self.chance.of(&["regenerateAuthKey", "getStatus"]);
                return self.for_a_while(
                    at,
                    &format!("operations: [{operation}], runtime: {runtime}"),
                );
            }
        };
        vec![Entry { at, what }]
    }

    /// A right is taken away, and mostly given back. A runtime that was moved meanwhile keeps what it was refused.
    fn for_a_while(&mut self, at: Minute, right: &str) -> Vec<Entry> {
        let mut entries = vec![Entry {
            at,
            what: outside(format!("forbid: {{{right}}}")),
        }];
        if self.chance.percent(80) && right.contains("subscription") {
            let at = at + self.chance.of(&[60, DAY, 20 * DAY, 95 * DAY]);
            entries.push(Entry {
                at,
                what: outside(format!("allow: {{{right}}}")),
            });
        }
        entries
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
