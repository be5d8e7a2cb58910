//! Whether a job is started, cancelled, waited for or left alone, and why.
//!
//! A run in an unknown phase is active and never a success. An unresolved start is sent again with its own token, so that it cannot start a
//! second run.

use super::promise::Judged;
use super::retry;
use super::ruling::{Draft, Moment, Ruling, busy, doubtful, settlement};
use super::step::step;
use super::wait::wait;
use super::{promise, settle};
use crate::model::job::{JobMemory, JobSight, OwnStart, Requirement, Run};
use crate::model::memory::Doubt;
use crate::model::promise::Attention;
use crate::model::survey::{JobCase, Looked};
use crate::model::time::Timestamp;
use crate::model::verdict::{
    Action, Facts, Firing, Hold, JobFacts, NonEmpty, Receipt, Settled, Settlement, Target, Verdict,
};

mod freshness;
mod record;
mod rules;
pub(super) mod run;
mod view;

use freshness::Freshness;
use record::Record;
use view::View;

pub(super) fn draft(case: &JobCase, moment: Moment) -> Draft {
    let sight = match &case.sight {
        Looked::Seen(sight) => Some(sight),
        Looked::NotAsked | Looked::Failed(_) => None,
    };
    let mut opened = open(case, sight, moment.now);
    let facts = facts(case, &opened.memory, sight, moment.now);
    let ruling = match (opened.blocked.take(), sight) {
        (Some(blocked), _) => blocked,
        (None, None) => {
            rule_unseen(case, &facts, moment).unless_suspended(case.suspend.as_ref(), moment)
        }
        (None, Some(sight)) => {
            let view = View::new(case, sight, &opened.memory, &facts, moment);
            let ruling = view
                .rule()
                .unless_suspended(case.suspend.as_ref(), moment)
                .unless_frozen(moment);
            repeat(ruling, sight, &mut opened, moment.now)
        }
    };
    let judged = promise::job(case, &facts, sight, moment);
    let (attention, blocks_at) = blocked(case, sight, &ruling, &judged, moment.now);
    let ruling = ruling.changing(moment, blocks_at);
    let mut step = step(&case.address, &case.rule, &ruling, &judged, moment);
    step.target = Some(Target::Job(case.target.clone()));
    let own = opened.memory.last_start.as_ref().map(|own| own.run);
    step.wait = wait(&ruling, case.spec.wait_max, &case.spec.accept, own);
    step.facts = Facts::Job(Box::new(facts));
    step.settlements = opened.settlements;
    Draft {
        step,
        broken_at: ruling.broken_at,
        attention,
        proposal_ends: None,
    }
}

/// Whether a run has been in the way for longer than the promise allows, and when it will have been.
fn blocked(
    case: &JobCase,
    sight: Option<&JobSight>,
    ruling: &Ruling,
    judged: &Judged,
    now: Timestamp,
) -> (Option<Attention>, Option<Timestamp>) {
    let (Requirement::Succeeded { error_after, .. }, Some(sight)) = (&case.spec.require, sight)
    else {
        return (None, None);
    };
    let waits = matches!(
        &ruling.verdict,
        Verdict::Hold {
            why: Hold::ActiveRun { .. } | Hold::QueuedRun { .. },
            ..
        }
    );
    let since = |run: &Run| run.active_since().map(|at| (error_after.after(at), run.id));
    match sight.active.iter().filter_map(since).min() {
        Some((at, run)) if waits && at <= now && judged.promise.is_broken() => {
            (Some(Attention::Blocked { run }), None)
        }
        Some((at, _)) if waits => (None, Some(at)),
        _ => (None, None),
    }
}

/// A job after its open intents have been gone through.
struct Opened<'a> {
    settlements: Vec<Settlement>,
    /// As it will be once the settlements are written.
    memory: JobMemory,
    /// Starts that only sending again can settle.
    repeats: Vec<&'a Doubt>,
    blocked: Option<Ruling>,
}

fn open<'a>(case: &'a JobCase, sight: Option<&JobSight>, now: Timestamp) -> Opened<'a> {
    let mut opened = Opened {
        settlements: Vec::new(),
        memory: case.memory.clone(),
        repeats: Vec::new(),
        blocked: busy(&case.doubts, now),
    };
    if opened.blocked.is_some() {
        return opened;
    }
    if let Looked::Failed(trouble) = &case.sight {
        opened.blocked = Some(Ruling::hold(Hold::Trouble(trouble.clone()), None));
        return opened;
    }
    for doubt in &case.doubts {
        match sight.and_then(|sight| settle::job(doubt, sight, now)) {
            None => opened.blocked = Some(doubtful(doubt, None)),
            Some(Settled::Repeat) => opened.repeats.push(doubt),
            Some(settled) => {
                if let Settled::Done(Receipt::Started { run, answered }) = settled
                    && let Some(parameters) = doubt.action.started_with()
                {
                    opened.memory.start(OwnStart {
                        run,
                        at: answered,
                        parameters: parameters.clone(),
                        rule: doubt.rule.clone(),
                    });
                }
                opened.settlements.push(settlement(doubt, settled));
            }
        }
    }
    opened
}

/// A start in doubt is sent again, as it was, where a start is wanted. Where nothing is wanted any more, or the rule is suspended, it is given up after
/// the settling time: lists lag, but a run that shows up later still harms nothing. Until then nobody can tell.
fn repeat(mut ruling: Ruling, sight: &JobSight, opened: &mut Opened, now: Timestamp) -> Ruling {
    let Some(newest) = opened.repeats.last().copied() else {
        return ruling;
    };
    match &mut ruling.verdict {
        Verdict::Act { actions, .. } => {
            if send_again(actions, newest) {
                opened.settlements.push(settlement(newest, Settled::Repeat));
            }
            ruling
        }
        Verdict::Keep(_)
        | Verdict::Hold {
            why: Hold::Suspended { .. },
            ..
        } => {
            let settles_at = |doubt: &&Doubt| doubt.act_by <= sight.at;
            if let Some(open) = opened.repeats.iter().find(|doubt| !settles_at(doubt)) {
                let until = Some(open.act_by).filter(|until| *until > now);
                return doubtful(open, until);
            }
            let given_up = opened.repeats.iter();
            opened
                .settlements
                .extend(given_up.map(|doubt| settlement(doubt, Settled::NotDone)));
            ruling
        }
        Verdict::Hold { .. } => ruling,
    }
}

/// Puts the intent's own start, with its token, in the place of a new one; false if none is wanted.
fn send_again(actions: &mut NonEmpty<Action>, doubt: &Doubt) -> bool {
    let mut all = std::iter::once(&mut actions.first).chain(&mut actions.rest);
    let place = all.find(|action| action.started_with().is_some());
    place.is_some_and(|start| start.send_again(&doubt.action))
}

fn facts(case: &JobCase, memory: &JobMemory, sight: Option<&JobSight>, now: Timestamp) -> JobFacts {
    let spec = &case.spec;
    let record = Record::of(spec, memory, sight, now);
    let ended = sight.map(|sight| sight.ended.as_slice());
    let name = sight.map(|sight| sight.name.clone());
    let success = record.success.as_ref();
    JobFacts {
        require: spec.require.clone(),
        accept: spec.accept.clone(),
        name: name.or_else(|| memory.name.clone()),
        rule: spec.digest.clone(),
        asks: spec.asks.clone(),
        last_success: success.map(|success| (success.run, success.at)),
        untold: success.is_some_and(|success| success.untold),
        tasks_untold: success.is_some_and(|success| success.tasks_untold),
        uncompared: success.map_or_else(Vec::new, |success| success.uncompared.clone()),
        success_result: record.success.map(|success| success.result),
        dismissed: record.dismissed,
        failures: record.failures,
        undated_failures: record.undated_failures,
        lost: record.lost,
        undated: retry::undated(ended.unwrap_or_default()).cloned().collect(),
        active: sight.map(|sight| sight.active.clone()).unwrap_or_default(),
        history_since: sight.map(|sight| sight.history_since),
        continuous: sight.map(|sight| sight.continuous),
        firing: sight.and_then(|sight| firing(sight, now)),
        unsuited: sight.and_then(|sight| spec.unsuited(&sight.trigger, &sight.parameters)),
    }
}

fn firing(sight: &JobSight, now: Timestamp) -> Option<Firing> {
    Some(Firing {
        by: sight.trigger.words()?,
        next: sight.trigger.next(now),
    })
}

/// From the ledger alone: a past success stays past, so freshness is the one thing that it can prove.
fn rule_unseen(case: &JobCase, facts: &JobFacts, moment: Moment) -> Ruling {
    match (Freshness::of(&case.spec.require), facts.last_success) {
        (Some(freshness), Some((_, end))) if moment.now < freshness.due_at(end) => {
            freshness.keep(end, moment)
        }
        _ => Ruling::not_looked_at(),
    }
}
