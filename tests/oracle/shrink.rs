//! The smallest script that still breaks a law: entries are taken away, many at first, then one by one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::play::play;
use crate::script::Script;
use crate::tally::{Breach, Law, Tally};

/// Plays it. What panics breaks the law that commands are sound; a history that cannot be breaks none.
pub fn tried(script: &Script) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| play(script))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let mut tally = Tally::default();
        tally.check(Law::Sound, script.begins, false, || {
            text.unwrap_or_else(|| "it panics".to_owned())
        });
        Ok(tally)
    })
}

fn breach(script: &Script, law: Law) -> Option<Breach> {
    tried(script).ok()?.breaches.remove(&law)
}

/// Gives the smaller script and what it breaks.
pub fn shrink(script: &Script, law: Law) -> Option<(Script, Breach)> {
    let mut found = breach(script, law)?;
    let mut smallest = script.clone();
    let mut size = smallest.entries.len().div_ceil(2).max(1);
    loop {
        let mut smaller = false;
        let mut from = 0;
        while from < smallest.entries.len() {
            let mut candidate = smallest.clone();
            let to = (from + size).min(candidate.entries.len());
            candidate.entries.drain(from..to);
            if let Some(now) = breach(&candidate, law) {
                (smallest, found, smaller) = (candidate, now, true);
            } else {
                from += size;
            }
        }
        if size == 1 && !smaller {
            return Some(bare(smallest, found, law));
        }
        size = (size / 2).max(1);
    }
}

/// Without the subjects, faults and freezes that have nothing to do with it. Only the last subject of a kind can go: the others are numbered.
fn bare(mut smallest: Script, mut found: Breach, law: Law) -> (Script, Breach) {
    let less: [fn(&mut Script); 8] = [
        |script| script.faults.clear(),
        |script| script.rules.freezes.clear(),
        |script| script.rules.keys.window = None,
        |script| {
            script.runtimes.pop();
        },
        |script| {
            script.accounts.pop();
        },
        |script| script.runtimes.clear(),
        |script| {
            script.jobs.pop();
            script.rules.jobs.pop();
        },
        |script| {
            script.rules.submits.pop();
        },
    ];
    for reduce in less.iter().chain(&less) {
        let mut candidate = smallest.clone();
        reduce(&mut candidate);
        if let Some(now) = breach(&candidate, law) {
            (smallest, found) = (candidate, now);
        }
    }
    (smallest, found)
}
