//! What afresh did: attempts, one-time runs, and the overlap of two keys.

use std::collections::BTreeSet;

use afresh::model::time::{Span, Timestamp};

use crate::play::{History, LAG};
use crate::tally::Law;
use crate::truth::{Run, Truth};

/// Regenerations that have been judged: whose, slot, instant.
#[derive(Default)]
pub struct Seen(BTreeSet<(String, usize, Timestamp)>);

pub fn all(history: &mut History, truth: &Truth) {
    overlap(history, truth);
    attempts(history, truth);
    once(history, truth);
}

/// The twin has to be as old as the overlap, whoever made it.
fn overlap(history: &mut History, truth: &Truth) {
    let overlap = history.rules.keys.overlap;
    for (name, holder) in &truth.holders {
        let beyond = history.is_beyond(name, holder, truth.at);
        for place in [0, 1] {
            let makings = &holder.slots[place].makings;
            let own = makings.iter().filter(|making| making.by_afresh);
            for making in own.filter(|making| !making.silent) {
                if !history.applied.0.insert((name.clone(), place, making.at)) {
                    continue;
                }
                let twin = holder.slots[1 - place].makings.iter();
                let before = twin.filter(|twin| twin.at <= making.at && !twin.silent);
                let Some(twin) = before.max_by_key(|twin| twin.at) else {
                    continue;
                };
                // Services date their answers in whole seconds.
                let apart = Span::between(twin.at, making.at).plus(Span::seconds(1));
                let lost = history.ledgers_lost.iter().any(|lost| *lost >= twin.at);
                let unseen = !twin.by_afresh && (beyond || apart <= LAG) || lost;
                let unseen = unseen && !holder.is_always_told();
                if unseen || holder.is_odd_between(holder.created, truth.at) {
                    continue;
                }
                history.tally.check(Law::Overlap, truth.at, apart >= overlap, || {
                    format!(
                        "{name}: a key was regenerated at {}, and its twin was made at {} (by afresh: {})",
                        making.at, twin.at, twin.by_afresh
                    )
                });
            }
        }
    }
}

/// Starts of afresh that failed since a success, by whomever, or since the rule changed.
fn attempts(history: &mut History, truth: &Truth) {
    let rules = history.rules.clone();
    for (place, rule) in rules.jobs.iter().enumerate() {
        let name = format!("job-{place}");
        for id in truth
            .jobs
            .keys()
            .filter(|id| usize::try_from(**id / 100) == Ok(place + 1))
        {
            let runs: Vec<&Run> = truth.runs(*id).collect();
            count(history, truth, &name, rule.attempts_max, &runs);
        }
    }
    for (place, rule) in rules.submits.iter().enumerate() {
        let name = format!("backfill-{place}");
        let runs: Vec<&Run> = truth.submitted(&name, rule.content).collect();
        count(history, truth, &name, rule.attempts_max, &runs);
    }
}

fn count(history: &mut History, truth: &Truth, name: &str, most: u32, runs: &[&Run]) {
    let at = truth.at;
    let resets = history.changes.iter();
    let of_rule = |rule: &Option<String>| rule.as_deref().is_none_or(|rule| rule == name);
    let resets = resets
        .filter(|(rule, _)| of_rule(rule))
        .map(|(_, at)| *at)
        .chain(runs.iter().filter_map(|run| run.has_succeeded(at)))
        .chain(runs.iter().flat_map(|run| run.replaced_successes(at)));
    let since = resets.max();
    let failed: Vec<String> = runs
        .iter()
        .filter(|run| truth.is_own(run) && run.has_failed(at))
        // Of a run that was removed nobody may have seen the end.
        .filter(|run| !run.is_gone(at))
        .filter(|run| since.is_none_or(|since| run.created > since))
        .map(|run| run.created.to_string())
        .collect();
    let kept = failed.len() <= usize::try_from(most).unwrap();
    history.tally.check(Law::Attempts, at, kept, || {
        format!(
            "{name}: maxAttempts is {most}, and these starts failed since {since:?}: {failed:?}"
        )
    });
}

fn once(history: &mut History, truth: &Truth) {
    let rules = history.rules.clone();
    for (place, rule) in rules.submits.iter().enumerate() {
        let name = format!("backfill-{place}");
        for content in 0..=rule.content {
            let runs: Vec<&Run> = truth.submitted(&name, content).collect();
            let good = runs
                .iter()
                .filter(|run| run.has_succeeded(truth.at).is_some());
            let good: Vec<String> = good.map(|run| run.created.to_string()).collect();
            let gone = runs.iter().any(|run| run.is_gone(truth.at));
            if gone && !history.ledgers_lost.is_empty() {
                continue;
            }
            history
                .tally
                .check(Law::Once, truth.at, good.len() <= 1, || {
                    format!("{name}: content c{content} succeeded with the runs of {good:?}")
                });
        }
    }
}
