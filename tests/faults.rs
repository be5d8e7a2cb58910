//! Whatever a network does to answers: every command ends, in bounded time, and no verdict is wrong.
//!
//! By seed, answers come late, in part, as HTML, as another type, twice, or not at all. What is planned then is compared with what is
//! planned in the faithful world: each subject is judged the same, or held. What is applied then happens once at most, and once the
//! network is itself again everything is as it would have been. Commands that only look (`why`, `auth`, `ledger list`) are run as they were
//! built, in a world that lies.
//!
//! `AFRESH_FAULT_SEEDS=20000 cargo test --test faults` tries more. A failing seed is printed with the command that plays it again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use afresh::model::time::Span;
use afresh::model::verdict::{Hold, Plan, Step, Verdict};
use support::weather::{Dice, Weather};
use support::{Estate, Job, Runtime, Standing, estate};

/// Seeds that are tried unless `AFRESH_FAULT_SEEDS` says otherwise.
const SEEDS: u64 = 400;
/// Longest that one command may take in the world's time: every request of these estates out of patience, one after the other.
const COMMAND_MAX: Span = Span::hours(3);
/// Processes in fair weather after which nothing may be left to do.
const PROCESSES: usize = 4;

/// One subject's verdict, as far as it has to be the same in every weather.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judged {
    Kept,
    Acts(Vec<String>),
    Held,
    /// Held because it could not be looked at.
    Unseen,
}

fn judged(step: &Step) -> Judged {
    match &step.verdict {
        Verdict::Keep(_) => Judged::Kept,
        Verdict::Act { actions, .. } => Judged::Acts(
            actions
                .iter()
                .map(|action| action.title(step.key_service()))
                .collect(),
        ),
        Verdict::Hold {
            why: Hold::Trouble(_),
            ..
        } => Judged::Unseen,
        Verdict::Hold { .. } => Judged::Held,
    }
}

fn verdicts(plan: &Plan) -> BTreeMap<String, Judged> {
    let judged = |step: &Step| (step.address.to_string(), judged(step));
    plan.steps.iter().map(judged).collect()
}

/// Every subject of the faithful plan is judged the same, or could not be looked at; then the trouble may be told of its whole rule.
fn compare(faithful: &Plan, stormy: &Plan) {
    let (wanted, found) = (verdicts(faithful), verdicts(stormy));
    for (address, wanted) in &wanted {
        let connection = address.split('/').next().unwrap_or_default();
        let rule_unseen = || {
            let of_connection = |(other, judged): (&String, &Judged)| {
                other.starts_with(connection) && *judged == Judged::Unseen
            };
            found.iter().any(of_connection)
        };
        match found.get(address) {
            Some(found) if found == wanted || *found == Judged::Unseen => {}
            None if rule_unseen() => {}
            found => {
                let steps = stormy.steps.iter();
                let step = steps.filter(|step| step.address.to_string() == *address);
                let step: Vec<&Step> = step.collect();
                panic!("{address}: {wanted:?} in fair weather, {found:?} in this: {step:#?}")
            }
        }
    }
}

fn pick<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    from[usize::try_from(dice.below(from.len() as u64)).unwrap()]
}

fn described(dice: &mut Dice) -> Estate {
    let runtimes = (0..dice.below(4)).map(|_| {
        // What happened in the log's last minutes nobody sees yet, in any weather.
        let created = 3 + dice.below(300);
        Runtime {
            created,
            made: [2, 2].map(|least| least + dice.below(created - least)),
        }
    });
    let runtimes = runtimes.collect();
    let jobs = (0..dice.below(4)).map(|_| Job {
        ended: (0..dice.below(3))
            .map(|_| (1 + dice.below(60), pick(dice, &["SUCCESS", "FAILED"])))
            .collect(),
        active_hours: (dice.below(4) == 0).then(|| 1 + dice.below(20)),
        outcome: "SUCCESS",
        takes: "10m",
        require: pick(dice, &["succeeded", "succeeded", "running", "notRunning"]),
        policy: pick(dice, &["Forbid", "Replace"]),
        runs_max: 1,
    });
    let jobs = jobs.collect();
    Estate {
        submits: 0,
        runtimes,
        accounts: Vec::new(),
        jobs,
        age_max_days: 90,
        rotate_before_days: 7,
        unknown_age: pick(dice, &["adopt", "rotate"]),
        windowed: false,
        hands_over: false,
        log_readable: true,
        faults: Vec::new(),
    }
}

fn timed<T>(standing: &Standing, what: &str, command: impl FnOnce() -> T) -> T {
    let begun = standing.now();
    let done = command();
    let took = Span::between(begun, standing.now());
    assert!(took <= COMMAND_MAX, "{what} took {took}");
    done
}

fn play(seed: u64) {
    let mut dice = Dice::new(seed);
    let described = described(&mut dice);
    let (fair, mut standing) = (estate(&described), estate(&described));
    let faithful = fair.plan();
    let weather = Weather::of(&mut dice);
    standing.weather(Some(weather.clone()));
    let stormy = timed(&standing, "plan", || standing.plan());
    compare(&faithful, &stormy);
    timed(&standing, "apply", || standing.apply(&stormy));
    standing.weather(None);
    for _ in 0..PROCESSES {
        standing.restart();
        standing.advance(Span::seconds(16 * 60));
        let plan = standing.plan();
        timed(&standing, "apply", || standing.apply(&plan));
    }
    assert!(
        standing.memory().doubts.is_empty(),
        "doubts are left: {:?}",
        standing.memory().doubts
    );
    once(&fair, &faithful, &standing);
}

/// What the world was made to do is what the faithful one would have been, each once.
fn once(fair: &Standing, faithful: &Plan, standing: &Standing) {
    fair.apply(faithful);
    let world = standing.world();
    let effects = world.effects();
    assert_eq!(effects.runs_without_token, 0);
    for (token, count) in &effects.runs_by_token {
        assert_eq!(*count, 1, "token {token} started {count} runs");
    }
    for (key, count) in &effects.regenerations {
        assert_eq!(*count, 1, "{key} was regenerated {count} times");
    }
    let fair = fair.world();
    for key in fair.effects().regenerations.keys() {
        assert!(
            effects.regenerations.contains_key(key),
            "{key} was not regenerated"
        );
    }
}

fn seeds(usual: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    match number("AFRESH_FAULT_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("AFRESH_FAULT_SEEDS").unwrap_or(usual)).collect(),
    }
}

fn every(seeds: &[u64], play: fn(u64)) {
    for seed in seeds {
        if catch_unwind(AssertUnwindSafe(|| play(*seed))).is_err() {
            eprintln!(
                "seed {seed} fails. To play it again:\n    AFRESH_FAULT_SEED={seed} cargo test --test faults"
            );
            panic!("seed {seed}");
        }
    }
}

#[test]
fn no_weather_makes_a_verdict_wrong_or_an_effect_twice() {
    every(&seeds(SEEDS), play);
}

#[test]
fn no_lie_keeps_a_command_from_ending_as_documented_or_makes_it_write() {
    every(&seeds(COMMAND_SEEDS), look);
}

/// What the simulated cloud can be asked to get wrong on the way of a command that only looks.
const LIES: [&str; 6] = [
    "do: loseAnswer",
    "do: dropRequest",
    "do: throttle, retryAfter: 3s",
    "do: error, status: 500",
    "do: error, status: 403",
    "do: slow, by: 20s",
];
const ASKED: [&str; 9] = [
    "token",
    "listRuntimes",
    "getFactory",
    "getStatus",
    "listAuthKeys",
    "activityLog",
    "permissions",
    "jobs/list",
    "runs/list",
];
/// What every key and every token of the simulated cloud begins with.
const SECRETS: [&str; 2] = ["IR@", "eyJ"];
/// Seeds that the built binary is tried with.
const COMMAND_SEEDS: u64 = 40;

/// Everything in a folder but the world that stands in for the cloud and its journal, with what is in it.
fn kept(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(kept(&path));
        } else if !path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("world.json")
        {
            all.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    all
}

/// Exit code and all that was said.
fn afresh(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_afresh"))
        .args(arguments)
        .args(["-vvv", "--sim", "world.yaml"])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Each command that only looks, behind an apply, in a world that lies by the seed: it ends with a code that is documented for it, shows no secret, and writes nothing.
fn look(seed: u64) {
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    std::fs::create_dir(folder.join("estate")).unwrap();
    std::fs::copy(
        example.join("afresh.yaml"),
        folder.join("estate/afresh.yaml"),
    )
    .unwrap();
    let mut world = std::fs::read_to_string(example.join("world.yaml")).unwrap();
    std::fs::write(folder.join("world.yaml"), &world).unwrap();
    let (code, said) = afresh(folder, &["apply", "estate", "--auto-approve"]);
    assert_eq!(code, Some(0), "{said}");
    // A world that lies is another one; the ledger stays.
    std::fs::remove_file(folder.join("estate/.afresh/sim/world.json")).unwrap();
    assert!(!world.contains("\nfaults:"));
    world += "faults:\n";
    for on in ASKED {
        if dice.below(2) == 0 {
            let lie = pick(&mut dice, &LIES);
            let (nth, times) = (1 + dice.below(3), pick(&mut dice, &[1, 3, 1000]));
            let _ = writeln!(world, "- {{on: {on}, {lie}, nth: {nth}, times: {times}}}");
        }
    }
    std::fs::write(folder.join("world.yaml"), world).unwrap();
    for (command, codes) in [
        (&["ledger", "list", "estate"][..], &[0][..]),
        (&["why", "ingest/gateway-west", "estate"], &[0, 1]),
        (&["why", "analytics/nightly-sales", "estate"], &[0, 1]),
        (&["auth", "estate"], &[0, 1, 3]),
        (&["auth", "estate", "--format", "json"], &[0, 1, 3]),
        (&["ledger", "list", "estate"], &[0]),
    ] {
        let before = kept(folder);
        let (code, said) = afresh(folder, command);
        assert!(
            code.is_some_and(|code| codes.contains(&code)),
            "{command:?} ended with {code:?}: {said}"
        );
        for secret in SECRETS {
            assert!(!said.contains(secret), "{command:?} shows {secret}: {said}");
        }
        assert_eq!(before, kept(folder), "{command:?} wrote something");
    }
}
