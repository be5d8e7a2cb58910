//! What has two keys, what its rules are, and what others do to it.

use afresh::model::time::Span;

use super::{Inventor, outside};
use crate::chance::Chance;
use crate::script::{
    AccountPast, AccountRule, Change, DAY, Entry, Happening, KeyRule, KeysPast, LAKE, Minute,
    SUBSCRIPTION, Script, Select, account_name,
};

const WINDOWS: [(&str, &str, &str); 5] = [
    ("0 2 * * 6", "Europe/Paris", "4h"),
    ("30 2 * * *", "Europe/Paris", "90m"),
    ("30 1 * * 0", "America/New_York", "3h"),
    ("0 22 1 * *", "UTC", "12h"),
    ("0 9 * * 1-5", "Australia/Lord_Howe", "8h"),
];

pub fn rule(chance: &mut Chance) -> KeyRule {
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
pub fn calm(chance: &mut Chance, rule: &mut KeyRule) {
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

pub fn runtimes(chance: &mut Chance) -> Vec<KeysPast> {
    (0..chance.within(1, 2)).map(|_| past(chance)).collect()
}

fn past(chance: &mut Chance) -> KeysPast {
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
    KeysPast {
        created,
        made: [one, two],
    }
}

pub fn accounts(chance: &mut Chance) -> Vec<AccountPast> {
    (0..chance.within(1, 3))
        .map(|_| AccountPast {
            keys: past(chance),
            times: chance.of(&[
                "shown",
                "shown",
                "notInLists",
                "afterRotation",
                "hidden",
                "hidden",
            ]),
            group: chance.of(&[LAKE, LAKE, LAKE, "rg-data"]),
            tagged: chance.percent(80),
            disabled: chance.percent(10),
        })
        .collect()
}

pub fn account_rule(chance: &mut Chance) -> AccountRule {
    AccountRule {
        select: if chance.percent(40) {
            Select::ByName
        } else {
            Select::ByGlob {
                tagged: chance.percent(30),
                excludes_first: chance.percent(10),
                allows_empty: chance.percent(50),
            }
        },
        one_group: chance.percent(30),
    }
}

/// What goes wrong with the requests for keys.
pub fn faults(chance: &mut Chance, script: &mut Script) {
    let runtimes = ["regenerateAuthKey", "listAuthKeys"];
    let accounts = ["regenerateKey", "listKeys"];
    let services = [
        (!script.runtimes.is_empty()).then_some(runtimes),
        (!script.accounts.is_empty()).then_some(accounts),
    ];
    for [regenerate, list] in services.into_iter().flatten() {
        let fault = match chance.below(20) {
            0..=1 => {
                let what = chance.of(&["changeNothing", "changeBoth"]);
                format!("on: {regenerate}, times: 1, do: {what}")
            }
            2..=5 => {
                let what = chance.of(&["loseAnswer", "dropRequest", "errorAfterActing"]);
                format!("on: {regenerate}, times: 1, do: {what}")
            }
            6 => format!("on: {regenerate}, times: 1, do: delayRequest, by: 50s"),
            7 => format!("on: {list}, times: 1, do: loseAnswer"),
            8 => format!("on: {list}, times: 20, do: error"),
            _ => continue,
        };
        let nth = chance.within(1, 5);
        script.faults.push(format!("{{{fault}, nth: {nth}}}"));
    }
    if !script.accounts.is_empty() && chance.percent(5) {
        let nth = chance.within(1, 5);
        script.faults.push(format!(
            "{{on: listStorageAccounts, nth: {nth}, times: 20, do: error}}"
        ));
    }
}

/// Something with two keys, as entries of a world file call it and its keys.
struct Holder {
    named: String,
    keys: [&'static str; 2],
}

impl Inventor<'_> {
    pub(super) fn with_keys(&mut self, script: &Script, at: Minute) -> Vec<Entry> {
        let runtimes = script.runtimes.len();
        let all = (runtimes + self.accounts.len()) as u64;
        if all == 0 {
            return Vec::new();
        }
        let place = usize::try_from(self.chance.below(all)).unwrap();
        if let Some(place) = place.checked_sub(runtimes) {
            self.with_account(at, place)
        } else {
            self.with_runtime(at, place)
        }
    }

    fn with_runtime(&mut self, at: Minute, place: usize) -> Vec<Entry> {
        let holder = Holder {
            named: format!("runtime: {}/gateway-{place}", self.factory),
            keys: ["authKey1", "authKey2"],
        };
        let named = &holder.named;
        let what = match self.chance.below(20) {
            9 => outside(format!("swapKeys: {{{named}}}")),
            10 => outside(format!("restoreKey: {{{named}, key: authKey1}}")),
            11 => outside(format!("recreateRuntime: {{{named}}}")),
            12 => {
                let name = format!("adf-{at}");
                self.factory.clone_from(&name);
                Happening::Action(format!("rg-{at}"), name)
            }
            18 => outside(format!("forbid: {{operations: [listAuthKeys], {named}}}")),
            19 => {
                let operation = self.chance.of(&["regenerateAuthKey", "getStatus"]);
                outside(format!("forbid: {{operations: [{operation}], {named}}}"))
            }
            usual => return self.with_any(at, usual, &holder),
        };
        vec![Entry { at, what }]
    }

    fn with_account(&mut self, at: Minute, place: usize) -> Vec<Entry> {
        let holder = Holder {
            named: format!("storageAccount: {}", account_name(self.accounts[place])),
            keys: ["key1", "key2"],
        };
        let named = &holder.named;
        let what = match self.chance.below(20) {
            8 => outside(format!("recreateStorageAccount: {{{named}}}")),
            9 => {
                self.accounts.remove(place);
                outside(format!("deleteStorageAccount: {{{named}}}"))
            }
            10..=12 => {
                let group = self.chance.of(&[LAKE, "rg-data"]);
                outside(format!(
                    "moveStorageAccount: {{{named}, resourceGroup: {group}}}"
                ))
            }
            18 => outside(format!("forbid: {{operations: [listKeys], {named}}}")),
            19 => {
                let operation = self.chance.of(&["regenerateKey", "getStorageAccount"]);
                outside(format!("forbid: {{operations: [{operation}], {named}}}"))
            }
            usual => return self.with_any(at, usual, &holder),
        };
        vec![Entry { at, what }]
    }

    /// What can happen to the keys of either service.
    fn with_any(&mut self, at: Minute, kind: u64, holder: &Holder) -> Vec<Entry> {
        let what = match kind {
            13 => {
                let delay = self.chance.of(&["1m", "10m", "19m"]);
                outside(format!("logDelay: {delay}"))
            }
            14 => Happening::Change(Change::AgeMax(Span::days(self.chance.of(&[12, 25, 50])))),
            15 => Happening::Change(Change::UnknownAge(
                self.chance.of(&["adopt", "rotate", "fail"]),
            )),
            16..=17 => return self.without_log_for_a_while(at),
            _ => {
                let [one, two] = holder.keys;
                let key = self.chance.of(&[one, two, one, two, "both"]);
                outside(format!("regenerateKey: {{{}, key: {key}}}", holder.named))
            }
        };
        vec![Entry { at, what }]
    }

    /// The right to read the log is taken away, and mostly given back.
    fn without_log_for_a_while(&mut self, at: Minute) -> Vec<Entry> {
        let right = format!("{{operations: [activityLog], subscription: {SUBSCRIPTION}}}");
        let mut entries = vec![Entry {
            at,
            what: outside(format!("forbid: {right}")),
        }];
        if self.chance.percent(80) {
            let at = at + self.chance.of(&[60, DAY, 20 * DAY, 95 * DAY]);
            entries.push(Entry {
                at,
                what: outside(format!("allow: {right}")),
            });
        }
        entries
    }
}
