//! `changesAt` and `validUntil` are exact.

use std::collections::BTreeMap;

use afresh::model::promise::Promise;
use afresh::model::runtime::LogSight;
use afresh::model::survey::{KeyReading, Looked, Subject, Survey};
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Cause, Hold, Plan, Step, Verdict};

use super::births::{facts_of, holders};
use crate::play::{History, LAG, said};
use crate::stand::Decided;
use crate::tally::Law;
use crate::truth::Holder;

const SECOND: Span = Span::seconds(1);

/// What has to be the same until something changes: verdict and promise without ages, which pass.
fn essence(step: &Step) -> String {
    // Since when a promise is proved to be broken may move: a log is read for the same time at every look.
    let part = match step.promise {
        Promise::Broken { part, .. } => Some(part),
        Promise::Kept | Promise::Unproven | Promise::Unknown => None,
    };
    format!(
        "{} {part:?}, attention {:?}, {}",
        step.promise.word(),
        step.attention,
        verdict(&step.verdict)
    )
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Keep(keep) => {
            use afresh::model::verdict::Keep;
            match keep {
                Keep::Fresh { warn, .. } => format!("keep, fresh, warn {warn}"),
                Keep::Young | Keep::Running { .. } | Keep::Idle | Keep::SucceededOnce { .. } => {
                    format!("keep, {keep:?}")
                }
            }
        }
        Verdict::Act { actions, because } => {
            let titles: Vec<String> = actions.iter().map(|one| format!("{one:?}")).collect();
            let outside = matches!(
                because,
                Cause::KeyDue {
                    outside_window: true,
                    ..
                }
            );
            format!("act, {titles:?}, outside its window {outside}")
        }
        Verdict::Hold { why, until } => match why {
            Hold::QueuedRun { run, .. } => format!("hold, run {run} is queued, until {until:?}"),
            Hold::AgeUnknown { slot, .. } => {
                format!("hold, age of {slot:?} unknown, until {until:?}")
            }
            Hold::Trouble(trouble) => format!("hold, {:?}, until {until:?}", trouble.kind),
            // When the window opens is in `until`; as people read it, a new year drops its number.
            Hold::Window {
                slot, breaks_limit, ..
            } => format!("hold, window of {slot:?}, too late {breaks_limit}, until {until:?}"),
            Hold::Starved { slot, .. } => format!("hold, {slot:?} starved, until {until:?}"),
            why => format!("hold, {why:?}, until {until:?}"),
        },
    }
}

/// Where only a new look can tell what became of something, the same look judged later tells nothing new.
fn needs_look(step: &Step) -> bool {
    matches!(
        step.verdict,
        Verdict::Hold {
            why: Hold::Doubt { .. } | Hold::Busy { .. },
            ..
        }
    )
}

/// Was nothing looked at the first time, and could it not be the second time for want of a right? That is known once there is something to
/// look at: some time before a key is due.
fn lacks_a_right(first: &Step, again: &Step) -> bool {
    let looked = facts_of(first).is_none_or(|facts| facts.read.at().is_some());
    let is_refused = matches!(
        &again.verdict,
        Verdict::Hold { why: Hold::Trouble(trouble), .. } if trouble.kind.is_forbidden()
    );
    !looked && is_refused
}

/// The same look judged for later, with its Activity Log read again then: nothing happens, so the log tells of nothing new.
fn read_again(survey: &Survey, at: Timestamp) -> Survey {
    let mut survey = survey.clone();
    for case in &mut survey.cases {
        if let Subject::Runtime(case) = case
            && let Looked::Seen(sight) = &mut case.sight
            && let LogSight::Read { until, .. } = &mut sight.log
        {
            *until = at.max(*until);
        }
    }
    survey
}

/// The same look judged for later: nothing but time passes. A plan is valid for what was seen, whatever a log tells later.
pub fn pure(history: &mut History, decided: &Decided) {
    let plan = &decided.plan;
    let mut later: BTreeMap<Timestamp, Plan> = BTreeMap::new();
    let changes = plan.steps.iter().filter_map(|step| step.changes_at);
    let instants = changes.flat_map(|at| [SECOND.before(at), at]);
    for at in instants.filter(|at| *at > plan.at) {
        let again = || {
            let survey = read_again(&decided.survey, at);
            history.standing.decide_at(&survey, at)
        };
        later.entry(at).or_insert_with(again);
    }
    let before_end = Some(SECOND.before(plan.valid_until)).filter(|at| *at > plan.at);
    let before_end = before_end.map(|at| history.standing.decide_at(&decided.survey, at));
    for (place, step) in plan.steps.iter().enumerate() {
        if let Some(at) = step.changes_at {
            let ahead = at > plan.at;
            history.tally.check(Law::ChangesAt, plan.at, ahead, || {
                format!("what changes has changed already: {}", said(step))
            });
            if let Some(again) = later.get(&SECOND.before(at)) {
                same(history, plan, step, &again.steps[place], Law::ChangesAt);
            }
            if let Some(again) = later.get(&at).filter(|_| !needs_look(step)) {
                differs(history, plan, step, &again.steps[place]);
            }
        }
        if let Some(again) = &before_end {
            proposes(history, plan, step, &again.steps[place]);
        }
    }
}

/// What is to be done is still to be done, unless a guardrail gives its place to another.
fn proposes(history: &mut History, plan: &Plan, step: &Step, again: &Step) {
    let displaced = matches!(
        again.verdict,
        Verdict::Hold {
            why: Hold::Deferred { .. },
            ..
        }
    );
    let own = step.proposal().filter(|_| !displaced);
    let is_same = own.is_none() || own == again.proposal();
    history.tally.check(Law::ValidUntil, plan.at, is_same, || {
        format!(
            "valid until {}, {} — but before, nothing else having happened: {}",
            plan.valid_until,
            said(step),
            said(again)
        )
    });
}

fn same(history: &mut History, plan: &Plan, step: &Step, again: &Step, law: Law) {
    let (was, is) = (essence(step), essence(again));
    history.tally.check(law, plan.at, was == is, || {
        format!(
            "valid until {}, {} — but before, nothing else having happened: {}",
            plan.valid_until,
            said(step),
            said(again)
        )
    });
}

fn differs(history: &mut History, plan: &Plan, step: &Step, again: &Step) {
    let changed = essence(step) != essence(again) || step.breaks_at != again.breaks_at;
    history.tally.check(Law::ChangesAt, plan.at, changed, || {
        format!("{} — but then it says the same", said(step))
    });
}

/// A new look a second before something is to change, and one when it does, in a world where nothing happens meanwhile. What was seen
/// before is remembered: without that every look is the first.
pub fn at_change(history: &mut History) {
    history.apply(0);
    let first = history.plan(KeyReading::Recorded).plan;
    let truth = history.truth();
    let moves_itself = history.script.jobs.iter().any(|job| job.every.is_some());
    let Some(at) = first.steps.iter().filter_map(|step| step.changes_at).min() else {
        return;
    };
    let busy = history.next_entry().is_some_and(|next| next <= at);
    // A request that arrives late, or an answer that fails, is something that happens.
    let faulty = ["delayRequest", "do: error"];
    let faulty = faulty.iter().any(|word| history.script.speaks_of(word));
    // What happened in the minutes that a log does not tell yet, the next look is told.
    let untold = |holder: &Holder| holder.is_remade_within(LAG, first.at);
    let untold = truth.holders.values().any(untold);
    // Nor can anybody know of an old value that came back, until a look shows it.
    let unseen = holders(&first, &truth).any(|(step, facts, holder)| {
        history.is_unseen_at(&step.address.subject, holder, facts, first.at)
    });
    if busy || faulty || unseen || moves_itself || untold || !truth.is_quiet() {
        return;
    }
    if SECOND.before(at) > history.standing.now() {
        history.standing.advance_to(SECOND.before(at));
        let again = history.plan(KeyReading::Recorded).plan;
        for (step, again) in first.steps.iter().zip(&again.steps) {
            if !lacks_a_right(step, again) {
                same(history, &first, step, again, Law::ChangesAt);
            }
        }
    }
    history.standing.advance_to(at);
    let again = history.plan(KeyReading::Recorded).plan;
    let pairs = || first.steps.iter().zip(&again.steps);
    let changed = pairs().any(|(step, again)| {
        step.changes_at == Some(at)
            && (essence(step) != essence(again) || step.breaks_at != again.breaks_at)
    });
    let told: Vec<String> = pairs().map(|(_, again)| said(again)).collect();
    history.tally.check(Law::ChangesAt, first.at, changed, || {
        let before: Vec<String> = first.steps.iter().map(said).collect();
        format!("{before:?} — looked at anew at {at}, it says the same: {told:?}")
    });
}
