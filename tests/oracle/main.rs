//! An oracle that knows the truth: whatever happened in the world, afresh says no wrong word about it.
//!
//! A script is invented from a seed: an estate, its rules, and a list of instants with a happening each, for weeks or months. Others rotate
//! keys, take rights away, repair and delete runs, move a factory; afresh plans and applies at random times, or daily. The real survey, plan,
//! apply and ledger work on the simulated cloud in process. What really is, is read from the world and never from what afresh remembers.
//!
//! For each law that is broken the smallest script is told that still breaks it, and the command that plays it again:
//! `ORACLE_SEED=123 cargo test --test oracle replay -- --nocapture`. `ORACLE_SEEDS=20000 cargo test --test oracle` tries more seeds than the
//! usual ones, `ORACLE_FROM=5000` others, and `ORACLE_LIST=10` tells so many seeds of each broken law.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

mod chance;
mod estate;
mod invent;
mod laws;
mod play;
mod script;
mod shrink;
mod stand;
mod tally;
mod truth;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use tally::{Breach, Fate, Law, Sort};

/// Seeds that are tried unless `ORACLE_SEEDS` says otherwise.
const SEEDS: u64 = 300;

/// So many meet everything that becomes of keys.
const ENOUGH: u64 = 100;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What a sweep over seeds found.
#[derive(Default)]
struct Found {
    asked: BTreeMap<Law, u64>,
    met: BTreeMap<(Sort, Fate), u64>,
    /// What broke each law, by seed.
    broken: BTreeMap<Law, BTreeMap<u64, Breach>>,
    /// Seeds that invented what cannot be, and why.
    impossible: Vec<(u64, String)>,
}

impl Found {
    fn add(&mut self, seed: u64, tried: Result<tally::Tally, String>) {
        match tried {
            Ok(tally) => {
                for (law, count) in tally.asked {
                    *self.asked.entry(law).or_default() += count;
                }
                for (met, count) in tally.met {
                    *self.met.entry(met).or_default() += count;
                }
                for (law, breach) in tally.breaches {
                    self.broken.entry(law).or_default().insert(seed, breach);
                }
            }
            Err(why) => self.impossible.push((seed, why)),
        }
    }
}

/// Plays seeds on all cores.
fn sweep(seeds: impl Iterator<Item = u64> + Send) -> Found {
    let seeds = Mutex::new(seeds);
    let found = Mutex::new(Found::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else {
                        break;
                    };
                    let tried = shrink::tried(&invent::script(seed));
                    found.lock().unwrap().add(seed, tried);
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// The smallest script of a seed that breaks `law`, in words.
fn told(seed: u64, law: Law) -> String {
    match shrink::shrink(&invent::script(seed), law) {
        Some((script, breach)) => format!("{breach}\n{script}"),
        None => format!("law {law}: seed {seed} does not break it when it is played again"),
    }
}

/// Tells of one law what was found. Gives whether it is broken.
fn tell(law: Law, found: &Found) -> bool {
    let asked = found.asked.get(&law).copied().unwrap_or(0);
    let none = BTreeMap::new();
    let broken = found.broken.get(&law).unwrap_or(&none);
    eprintln!(
        "{law}: asked {asked} times, broken by {} seeds",
        broken.len()
    );
    let Some(seed) = broken.keys().next() else {
        return false;
    };
    let listed = usize::try_from(number("ORACLE_LIST").unwrap_or(0)).unwrap();
    for (seed, breach) in broken.iter().take(listed) {
        eprintln!(
            "  {seed}: {}",
            breach.what.lines().next().unwrap_or_default()
        );
    }
    eprintln!("{}", told(*seed, law));
    eprintln!(
        "To play it again:\n    ORACLE_SEED={seed} cargo test --test oracle replay -- --nocapture\n"
    );
    true
}

/// Tells what became of keys. Gives what became of none.
fn unmet(found: &Found) -> Vec<(Sort, Fate)> {
    let all = Sort::ALL.into_iter();
    let all = all.flat_map(|sort| Fate::ALL.map(|fate| (sort, fate)));
    let count = |met: &(Sort, Fate)| found.met.get(met).copied().unwrap_or(0);
    for (sort, fate) in all.clone() {
        eprintln!("{sort:?} {fate:?}: {} times", count(&(sort, fate)));
    }
    all.filter(|met| count(met) == 0).collect()
}

#[test]
fn no_word_is_wrong() {
    let count = number("ORACLE_SEEDS").unwrap_or(SEEDS);
    let first = number("ORACLE_FROM").unwrap_or(0);
    let begun = Instant::now();
    // Panics are breaches, told with their script.
    std::panic::set_hook(Box::new(|_| {}));
    let found = sweep(first..first + count);
    eprintln!("{count} seeds in {:?}", begun.elapsed());
    let broken: Vec<Law> = Law::ALL
        .into_iter()
        .filter(|law| tell(*law, &found))
        .collect();
    let _ = std::panic::take_hook();
    // A law that is never asked proves nothing.
    let asked = |law: &Law| {
        found
            .asked
            .get(law)
            .is_some_and(|asked| asked * 50 >= count)
    };
    let unasked: Vec<Law> = Law::ALL
        .into_iter()
        .filter(|law| *law != Law::Sound && count >= SEEDS && !asked(law))
        .collect();
    assert!(
        unasked.is_empty(),
        "laws that were hardly asked: {unasked:?}"
    );
    let unmet = unmet(&found);
    assert!(
        count < ENOUGH || unmet.is_empty(),
        "what never became of any key: {unmet:?}"
    );
    assert!(
        found.impossible.is_empty(),
        "these histories cannot be: {:?}",
        &found.impossible[..found.impossible.len().min(3)]
    );
    assert!(broken.is_empty(), "broken laws: {broken:?}");
}

#[test]
fn replay() {
    let Some(seed) = number("ORACLE_SEED") else {
        return;
    };
    let script = invent::script(seed);
    let tally = shrink::tried(&script).unwrap();
    eprintln!("{script}\nasked: {:?}", tally.asked);
    for law in tally.breaches.keys() {
        eprintln!("{}", told(seed, *law));
    }
    assert!(tally.breaches.is_empty());
}
