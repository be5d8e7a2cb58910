//! Whatever crashes, wherever: afterwards every effect has happened exactly once, and no doubt is left.
//!
//! A process is made to die at a door, before or after what is behind it, in worlds that lose answers, drop requests and lag in
//! lists; then new ones run until nothing is left to do. The judge is the false cloud's own count of effects: it must be what the same
//! estate gets in a faithful world without a crash.
//!
//! `AFRESH_CRASH_SEEDS=20000 cargo test --test crash` tries more. A failing seed is printed with the command that plays it again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use afresh::model::time::Span;
use afresh::model::verdict::{Plan, Verdict};
use support::doors::{WHENS, When};
use support::{Account, Estate, Job, Runtime, Standing, estate};

/// Seeds that are tried unless `AFRESH_CRASH_SEEDS` says otherwise.
const SEEDS: u64 = 150;
/// Processes that are run one after the other, after which nothing may be left to do.
const PROCESSES: usize = 10;
/// Minutes between two of the later ones: a cancelled run's successor waits 15.
const CALM_PAUSE: u64 = 16;
/// Doors of one apply of these estates, at most: crashes beyond the last door never happen.
const DOORS: u64 = 48;

/// What the world was made to do: `regenerate adf/gateway-0#authKey1`, `run job-1`, `cancel 3`, and how often.
type Deeds = BTreeMap<String, u64>;

/// A crash: of which process, at which of its doors.
#[derive(Clone, Copy, Debug)]
struct Crash {
    process: usize,
    door: u64,
    when: When,
}

#[derive(Clone, Debug)]
struct Trial {
    estate: Estate,
    crashes: Vec<Crash>,
    /// Minutes between two processes.
    pause: u64,
    /// A process that compacts the ledger follows each of the first two; the first one dies so at the door where it does.
    compacts: Option<When>,
}

fn deeds(standing: &Standing) -> Deeds {
    let world = standing.world();
    let effects = world.effects();
    assert_eq!(
        effects.runs_without_token, 0,
        "a run was started without a token"
    );
    for (token, count) in &effects.runs_by_token {
        assert_eq!(*count, 1, "token {token} started {count} runs");
    }
    let regenerated = effects.regenerations.iter();
    let regenerated = regenerated.map(|(key, count)| (format!("regenerate {key}"), *count));
    // A cancel may be asked for twice: it ends one run all the same.
    let cancelled = effects.cancellations.keys();
    let cancelled = cancelled.map(|run| (format!("cancel {run}"), 1));
    let started = u64::try_from(effects.runs_by_token.len()).unwrap();
    regenerated
        .chain(cancelled)
        .chain([("runs".to_owned(), started)])
        .collect()
}

/// The ledger's own account is the world's: whatever happened is written down as done by afresh.
fn agrees(standing: &Standing) {
    let memory = standing.memory();
    let rotated = memory
        .runtimes
        .values()
        .filter(|known| known.last_rotation().is_some())
        .count();
    let jobs = memory.jobs.values();
    let started = jobs.filter(|known| known.last_start.is_some()).count();
    let submitted: usize = memory
        .submissions
        .values()
        .map(|known| known.runs.len())
        .sum();
    let world = standing.world();
    let effects = world.effects();
    assert_eq!(
        rotated,
        effects.regenerations.len(),
        "regenerations that the ledger knows, and the world's"
    );
    assert_eq!(
        started + submitted,
        effects.runs_by_token.len(),
        "starts that the ledger knows, and the world's"
    );
}

/// Every key that afresh made last is what consumers get: the newest version of its secret.
fn handed_over(standing: &Standing) {
    let memory = standing.memory();
    let held = standing.world().keys_in_secrets();
    for (identity, known) in &memory.runtimes {
        let Some((slot, _)) = known.last_rotation() else {
            continue;
        };
        let id = identity.resource().unwrap();
        let key = identity.key_service().key_name(slot);
        let held = &held[&format!("kv-data/{}-key", id.name())];
        let is_it = |held: &String| held.ends_with(&format!("{}#{key}", id.name()));
        assert!(
            held.iter().any(is_it),
            "{id} {key} is not in its secret: {held:?}"
        );
    }
}

/// No second key is regenerated before the first one is in its secret.
fn none_too_early(standing: &Standing) {
    let world = standing.world();
    let effects = world.effects();
    let mut regenerated: BTreeMap<String, u64> = BTreeMap::new();
    for (key, count) in &effects.regenerations {
        let resource = key.split('#').next().unwrap();
        let name = resource.rsplit(['/', ':']).next().unwrap();
        *regenerated.entry(name.to_owned()).or_default() += count;
    }
    for (name, count) in regenerated {
        let secret = format!("kv-data/{name}-key");
        let written = effects.secret_versions.iter();
        let written = written
            .filter(|(of, _)| **of == secret)
            .map(|(_, count)| count);
        let written: u64 = written.sum();
        assert!(
            count <= written + 1,
            "{name} was regenerated {count} times, and handed over {written} times"
        );
    }
}

fn acts(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|step| matches!(step.verdict, Verdict::Act { .. }))
}

/// Runs processes that may die, then others until long after, and says what the world was made to do and how many died.
fn play(trial: &Trial) -> (Deeds, usize) {
    let mut standing = estate(&trial.estate);
    let mut died = 0;
    for process in 0..PROCESSES {
        let plan = standing.plan();
        match trial.crashes.iter().find(|crash| crash.process == process) {
            Some(crash) => standing.doors().die_at(crash.door, crash.when),
            None => standing.doors().open(),
        }
        if standing.try_apply(&plan).is_none() {
            died += 1;
        }
        standing.restart();
        if trial.estate.hands_over {
            none_too_early(&standing);
        }
        if let Some(when) = trial.compacts.filter(|_| process < 2) {
            if process == 0 {
                standing.doors().die_at(0, when);
            }
            died += usize::from(standing.try_compact().is_none());
            standing.restart();
        }
        let calm = process >= trial.crashes.len();
        standing.advance(Span::seconds(
            60 * if calm { CALM_PAUSE } else { trial.pause },
        ));
    }
    let doubts = standing.memory().doubts;
    assert!(doubts.is_empty(), "doubts are left: {doubts:?}");
    assert!(!acts(&standing.plan()), "something is left to do");
    agrees(&standing);
    if trial.estate.hands_over {
        handed_over(&standing);
    }
    (deeds(&standing), died)
}

/// What the same estate gets in a faithful world, where nothing crashes.
fn wanted(estate: &Estate, pause: u64) -> Deeds {
    let estate = Estate {
        faults: Vec::new(),
        ..estate.clone()
    };
    let calm = Trial {
        estate,
        crashes: Vec::new(),
        pause,
        compacts: None,
    };
    play(&calm).0
}

/// Gives how many processes died.
fn check(trial: &Trial, wanted: &Deeds) -> usize {
    let (done, died) = play(trial);
    assert_eq!(
        &done, wanted,
        "the world did something else than without crashes and faults"
    );
    died
}

fn check_seed(seed: u64) -> usize {
    let trial = trial(seed);
    check(&trial, &wanted(&trial.estate, trial.pause))
}

/// SplitMix64: the same seed always makes the same trial.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let a = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        b ^ (b >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

/// Lies that change nothing about what ought to happen.
const FAULTS: [&str; 26] = [
    "{on: regenerateAuthKey, do: loseAnswer, times: 1}",
    "{on: regenerateAuthKey, do: dropRequest, times: 1}",
    "{on: regenerateAuthKey, do: errorAfterActing, status: 500, times: 1}",
    "{on: regenerateAuthKey, do: throttle, retryAfter: 5s, times: 1}",
    "{on: run-now, do: loseAnswer, times: 7}",
    "{on: run-now, do: dropRequest, times: 7}",
    "{on: run-now, do: errorAfterActing, status: 503, times: 2}",
    "{on: runs/list, do: staleList, by: 2m, times: 4}",
    "{on: listAuthKeys, do: error, status: 503, times: 1}",
    "{on: runs/get, do: loseAnswer, times: 1}",
    "{on: runs/cancel, do: loseAnswer, times: 1}",
    "{on: run-now, do: slow, by: 20s, times: 2}",
    "{on: runs/list, do: staleList, by: 12m, times: 100}",
    "{on: regenerateAuthKey, do: delayRequest, by: 90s, times: 1}",
    "{on: runs/submit, do: loseAnswer, times: 7}",
    "{on: runs/submit, do: dropRequest, times: 7}",
    "{on: runs/submit, do: errorAfterActing, status: 503, times: 2}",
    "{on: regenerateKey, do: loseAnswer, times: 1}",
    "{on: regenerateKey, do: dropRequest, times: 1}",
    "{on: regenerateKey, do: errorAfterActing, status: 500, times: 1}",
    "{on: regenerateKey, do: delayRequest, by: 90s, times: 1}",
    "{on: listKeys, do: error, status: 503, times: 1}",
    "{on: setSecret, do: loseAnswer, times: 1}",
    "{on: setSecret, do: dropRequest, times: 1}",
    "{on: setSecret, do: errorAfterActing, status: 500, times: 1}",
    "{on: listSecretVersions, do: error, status: 503, times: 2}",
];

fn job(require: &'static str, policy: &'static str, active_hours: Option<u64>) -> Job {
    Job {
        ended: vec![(31, "SUCCESS")],
        active_hours,
        outcome: "SUCCESS",
        // A run that ended would have to be started again: how often would depend on how long one looks.
        takes: if require == "running" { "30d" } else { "10m" },
        require,
        policy,
        runs_max: 1,
    }
}

/// Both keys are as old as the runtime, and too old.
const fn due(days: u64) -> Runtime {
    Runtime {
        created: days,
        made: [days, days],
    }
}

/// What Azure tells of the times of an account's keys.
const TIMES: [&str; 4] = ["shown", "notInLists", "afterRotation", "hidden"];

/// A storage account with one key that is too old.
fn account(chance: &mut Chance) -> Account {
    Account {
        created: 300,
        made: [91 + chance.below(60), 2 + chance.below(80)],
        times: chance.of(&TIMES),
    }
}

fn trial(seed: u64) -> Trial {
    let mut chance = Chance(seed);
    let runtimes = (0..chance.below(3))
        .map(|_| match chance.below(3) {
            0 => Runtime {
                created: 120,
                made: [2 + chance.below(110), 2 + chance.below(110)],
            },
            _ => due(91 + chance.below(30)),
        })
        .collect();
    let accounts = (0..chance.below(3) / 2)
        .map(|_| account(&mut chance))
        .collect();
    let kinds = [
        job("succeeded", "Forbid", None),
        job("succeeded", "Replace", Some(9)),
        job("running", "Forbid", None),
        job("notRunning", "Forbid", Some(2)),
    ];
    let jobs = (0..=chance.below(2))
        .map(|_| kinds[usize::try_from(chance.below(4)).unwrap()].clone())
        .collect();
    let faults = (0..chance.below(3))
        .map(|_| chance.of(&FAULTS).to_owned())
        .collect();
    let crashes = (0..=chance.below(3))
        .map(|process| Crash {
            process: usize::try_from(process).unwrap(),
            door: chance.below(12),
            when: chance.of(&WHENS),
        })
        .collect();
    let hands_over = seed.is_multiple_of(3);
    Trial {
        estate: Estate {
            runtimes,
            accounts,
            jobs,
            submits: chance.below(3) / 2,
            age_max_days: 90,
            rotate_before_days: 0,
            unknown_age: "adopt",
            windowed: false,
            hands_over,
            log_readable: true,
            faults,
        },
        crashes,
        // Long enough for doubts to settle, or too short for it.
        pause: chance.of(&[1, 3, 6]),
        compacts: chance.of(&[None, None, Some(When::Before), Some(When::After)]),
    }
}

/// Plays seeds on all cores; gives how many processes died, and the seeds that failed.
fn sweep(seeds: impl Iterator<Item = u64> + Send) -> (usize, BTreeSet<u64>) {
    let seeds = std::sync::Mutex::new(seeds);
    let found = std::sync::Mutex::new((0, BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else {
                        break;
                    };
                    let outcome = catch_unwind(AssertUnwindSafe(|| check_seed(seed)));
                    let mut found = found.lock().unwrap();
                    match outcome {
                        Ok(died) => found.0 += died,
                        Err(_) => drop(found.1.insert(seed)),
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn whatever_crashes_every_effect_happens_exactly_once() {
    let count = std::env::var("AFRESH_CRASH_SEEDS").ok();
    let count = count.map_or(SEEDS, |text| {
        text.parse().expect("AFRESH_CRASH_SEEDS is a number")
    });
    let (died, failed) = sweep(0..count);
    for seed in &failed {
        eprintln!(
            "seed {seed} failed; to play it again:\n    AFRESH_CRASH_SEED={seed} cargo test --test crash replay -- --nocapture"
        );
    }
    assert!(
        failed.is_empty(),
        "{} of {count} seeds failed: {failed:?}",
        failed.len()
    );
    // A trial whose chosen doors are never reached proves nothing.
    let died = u64::try_from(died).unwrap();
    assert!(
        died >= count,
        "only {died} processes died in {count} trials"
    );
    eprintln!("{count} seeds, {died} processes died");
}

#[test]
fn replay() {
    let Some(seed) = std::env::var("AFRESH_CRASH_SEED").ok() else {
        return;
    };
    let trial = trial(seed.parse().expect("AFRESH_CRASH_SEED is a number"));
    let wanted = wanted(&trial.estate, trial.pause);
    eprintln!("{trial:#?}\nwanted: {wanted:#?}");
    eprintln!("processes died: {}", check(&trial, &wanted));
}

/// Estates small enough to die at every one of their doors.
fn small() -> Vec<Estate> {
    let of = |runtimes: Vec<Runtime>, jobs: Vec<Job>, faults: &[&str]| Estate {
        runtimes,
        accounts: Vec::new(),
        jobs,
        submits: 0,
        age_max_days: 90,
        rotate_before_days: 0,
        unknown_age: "adopt",
        windowed: false,
        hands_over: false,
        log_readable: true,
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
    };
    let handing = |faults: &[&str]| Estate {
        hands_over: true,
        ..of(vec![due(97)], vec![], faults)
    };
    let with_account = |times: &'static str, faults: &[&str]| Estate {
        accounts: vec![Account {
            created: 300,
            made: [95, 40],
            times,
        }],
        // Where nobody tells when a key was made, only the worst case is due.
        unknown_age: "rotate",
        ..of(vec![], vec![], faults)
    };
    vec![
        of(vec![due(97)], vec![], &[]),
        of(vec![due(97)], vec![], &[FAULTS[0]]),
        of(vec![], vec![job("succeeded", "Forbid", None)], &[]),
        of(vec![], vec![job("succeeded", "Forbid", None)], &[FAULTS[4]]),
        of(vec![], vec![job("succeeded", "Replace", Some(9))], &[]),
        of(
            vec![],
            vec![job("succeeded", "Replace", Some(9))],
            &[FAULTS[7]],
        ),
        of(
            vec![],
            vec![job("notRunning", "Forbid", Some(2))],
            &[FAULTS[10]],
        ),
        of(vec![], vec![job("running", "Forbid", None)], &[FAULTS[7]]),
        of(
            vec![due(97), due(99)],
            vec![job("succeeded", "Forbid", None)],
            &[],
        ),
        Estate {
            submits: 1,
            ..of(vec![], vec![], &[])
        },
        with_account("shown", &[]),
        with_account(
            "notInLists",
            &["{on: regenerateKey, do: loseAnswer, times: 1}"],
        ),
        with_account(
            "hidden",
            &["{on: regenerateKey, do: dropRequest, times: 1}"],
        ),
        Estate {
            submits: 1,
            ..of(vec![], vec![], &[FAULTS[14]])
        },
        handing(&[]),
        handing(&["{on: setSecret, do: loseAnswer, times: 1}"]),
        handing(&["{on: setSecret, do: dropRequest, times: 1}"]),
        Estate {
            hands_over: true,
            ..with_account(
                "shown",
                &["{on: setSecret, do: errorAfterActing, status: 500, times: 1}"],
            )
        },
    ]
}

#[test]
fn dying_at_every_door_once() {
    let mut died = 0;
    for estate in small() {
        let wanted = wanted(&estate, 6);
        for door in 0..DOORS {
            let mut reached = false;
            for when in WHENS {
                let crashes = vec![Crash {
                    process: 0,
                    door,
                    when,
                }];
                let trial = Trial {
                    estate: estate.clone(),
                    crashes,
                    pause: 6,
                    compacts: None,
                };
                let count = catch_unwind(AssertUnwindSafe(|| check(&trial, &wanted)))
                    .unwrap_or_else(|_| panic!("this fails: {trial:#?}"));
                died += count;
                reached |= count > 0;
            }
            if !reached {
                assert!(door > 3, "an apply has more doors than {door}: {estate:?}");
                break;
            }
            assert!(door + 1 < DOORS, "there are more doors than {DOORS}");
        }
    }
    eprintln!("{died} processes died");
}

#[test]
fn dying_twice_at_every_pair_of_doors() {
    // An account is acted on as a runtime is; its first doors differ, behind which its look is.
    for (estate, doors) in [
        (&small()[0], 10),
        (&small()[2], 10),
        (&small()[4], 10),
        (&small()[9], 10),
        (&small()[11], 5),
        (&small()[14], 12),
    ] {
        let wanted = wanted(estate, 6);
        for first in 0..doors {
            for second in 0..doors {
                for when in WHENS {
                    let crash = |process, door| Crash {
                        process,
                        door,
                        when,
                    };
                    let trial = Trial {
                        estate: estate.clone(),
                        crashes: vec![crash(0, first), crash(1, second)],
                        pause: 6,
                        compacts: None,
                    };
                    catch_unwind(AssertUnwindSafe(|| check(&trial, &wanted)))
                        .unwrap_or_else(|_| panic!("this fails: {trial:#?}"));
                }
            }
        }
    }
}
