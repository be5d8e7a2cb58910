//! `kept` and `broken` against what is true.

use afresh::model::promise::{BrokenPart, Promise};
use afresh::model::runtime::Slot;
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Plan, Step, Target};

use super::births::{holders, seen_at};
use crate::play::{History, LAG, said};
use crate::script::JobRule;
use crate::tally::{Fate, Law};
use crate::truth::{Job, Run, Truth};

pub fn all(history: &mut History, plan: &Plan, truth: &Truth) {
    keys(history, plan, truth);
    for step in &plan.steps {
        match &step.target {
            Some(Target::Job(target)) => job(history, step, target.job.0, truth),
            Some(Target::Submission(_)) => submit(history, step, truth),
            Some(Target::Runtime(_)) | None => {}
        }
    }
}

fn keys(history: &mut History, plan: &Plan, truth: &Truth) {
    let limit = history.rules.keys.age_max;
    for (step, facts, holder) in holders(plan, truth) {
        let name = &step.address.subject;
        let unseen = history.is_unseen_at(name, holder, facts, plan.at);
        if unseen || history.is_beyond(name, holder, plan.at) {
            continue;
        }
        let ends = [0, 1].map(|slot| limit.after(holder.slots[slot].born));
        // `Date` has whole seconds: whoever reads it knows no fraction.
        if ends.iter().any(|end| within_a_second(*end, plan.at)) {
            continue;
        }
        let passed = ends.map(|end| end <= plan.at);
        let late = seen_at(facts).is_none() && holder.is_remade_within(LAG, plan.at);
        let sort = holder.kind.sort();
        let true_word = match step.promise {
            Promise::Kept => {
                history.tally.meet(sort, Fate::Kept);
                passed == [false; 2]
            }
            Promise::Broken { part, since } => {
                history.tally.meet(sort, Fate::Broken);
                let since = since.map(|since| Span::seconds(1).after(since));
                let since = since.is_none_or(|since| ends.iter().any(|end| *end <= since));
                late || since && is_broken(part, passed)
            }
            Promise::Unproven => {
                history.tally.meet(sort, Fate::Unproven);
                continue;
            }
            Promise::Unknown => continue,
        };
        history
            .tally
            .check(Law::KeyPromises, plan.at, true_word, || {
                format!(
                    "the keys' limits end at {} and {}, and it says {}",
                    ends[0],
                    ends[1],
                    said(step)
                )
            });
    }
}

fn within_a_second(one: Timestamp, other: Timestamp) -> bool {
    Span::between(one.min(other), one.max(other)) <= Span::seconds(1)
}

const fn is_broken(part: BrokenPart, [one, two]: [bool; 2]) -> bool {
    match part {
        BrokenPart::Key(Slot::One) => one,
        BrokenPart::Key(Slot::Two) => two,
        BrokenPart::BothKeys => one && two,
        BrokenPart::EitherKey => one || two,
        BrokenPart::Whole => false,
    }
}

/// The ends of the right successes: those that have to count, and all that may.
struct Successes {
    sure: Vec<Timestamp>,
    all: Vec<Timestamp>,
}

fn successes(truth: &Truth, id: i64, rule: &JobRule, job: &Job) -> Successes {
    let at = truth.at;
    let mut found = Successes {
        sure: Vec::new(),
        all: Vec::new(),
    };
    // What an own start was not told, only afresh can know, and only while its ledger is there. Where the rule gives nothing, it is no matter.
    let must_count = |run: &Run| {
        let is_untold = truth.is_own(run) && !run.tells_parameters();
        !run.is_gone(at) && (!is_untold || rule.parameters.is_empty())
    };
    for run in truth.runs(id).filter(|run| run.is_right(rule, job)) {
        found.all.extend(run.replaced_successes(at));
        if let Some(end) = run.has_succeeded(at) {
            found.all.push(end);
            found.sure.extend(must_count(run).then_some(end));
        }
    }
    found
}

fn job(history: &mut History, step: &Step, id: i64, truth: &Truth) {
    let at = truth.at;
    let number = step.rule.as_str().trim_start_matches("job-");
    let rule = number.parse::<usize>().ok();
    let Some(rule) = rule
        .and_then(|place| history.rules.jobs.get(place))
        .cloned()
    else {
        return;
    };
    if history.script.speaks_of("staleList") {
        return;
    }
    let Some(own) = truth.jobs.get(&id) else {
        let kept = step.promise == Promise::Kept;
        history.tally.check(Law::JobPromises, at, !kept, || {
            format!("job {id} is not there any more, and it says {}", said(step))
        });
        return;
    };
    let (may_be_kept, may_be_broken, what) = match rule.require {
        "succeeded" => {
            let found = successes(truth, id, &rule, own);
            let fresh = |end: &Timestamp| rule.error_after.after(*end) > at;
            (
                found.all.iter().any(fresh),
                !found.sure.iter().any(fresh),
                format!(
                    "the last right success ended {:?} (of those that have to count {:?})",
                    found.all.iter().max().map(ToString::to_string),
                    found.sure.iter().max().map(ToString::to_string)
                ),
            )
        }
        "running" => {
            let running = truth.runs(id).any(|run| run.is_running(at));
            (running, !running, format!("a run is running: {running}"))
        }
        _ => {
            let active = truth.runs(id).any(|run| run.is_active(at));
            (!active, active, format!("a run is active: {active}"))
        }
    };
    let true_word = match step.promise {
        Promise::Kept => may_be_kept,
        Promise::Broken { .. } => may_be_broken,
        Promise::Unproven | Promise::Unknown => return,
    };
    history.tally.check(Law::JobPromises, at, true_word, || {
        format!("{what}, wanted {rule:?}, and it says {}", said(step))
    });
}

fn submit(history: &mut History, step: &Step, truth: &Truth) {
    let at = truth.at;
    let number = step.rule.as_str().trim_start_matches("backfill-");
    let rule = number.parse::<usize>().ok();
    let Some(rule) = rule.and_then(|place| history.rules.submits.get(place)) else {
        return;
    };
    let runs: Vec<&Run> = truth.submitted(step.rule.as_str(), rule.content).collect();
    let succeeded = runs.iter().any(|run| run.has_succeeded(at).is_some());
    // Without the ledger nobody can know of a run that is not told any more.
    let lost = !history.ledgers_lost.is_empty() && runs.iter().any(|run| run.is_gone(at));
    let true_word = match step.promise {
        Promise::Kept => succeeded,
        Promise::Broken { .. } => !succeeded || lost,
        Promise::Unproven | Promise::Unknown => return,
    };
    history.tally.check(Law::SubmitPromises, at, true_word, || {
        format!(
            "a run with this content has succeeded: {succeeded}, and it says {}",
            said(step)
        )
    });
}
